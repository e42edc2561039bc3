"""The official files that PopulationSim loads: how each is recognised, and what its columns may hold."""

from __future__ import annotations

from healthsim_core import FileColumn, FileLayout
from populationsim.layouts import read_census_agesex, read_census_alldata, read_places_long, read_places_wide, read_svi

_YEAR = FileColumn("Year", "count", least=1_990, most=2_100)
_INTERVAL, _LIMITS = r"\(\s*[\d.]+\s*,\s*[\d.]+\s*\)", 'two limits such as "(11.9, 14.2)"'
_FIPS = FileColumn("FIPS", "place", required=True)
_OFTEN_SMALL = (  # percentages that lie below 1 in whole states
    "LIMENG", "MUNIT", "MOBILE", "CROWD", "NOVEH", "GROUPQ", "NOINT", "AFAM", "HISP", "ASIAN", "AIAN", "NHPI",
    "TWOMORE", "OTHERRACE",
)  # fmt: skip

_PLACES_LONG = (
    _YEAR,
    FileColumn("LocationID", "place", required=True),
    FileColumn("MeasureId", form=r"\w+", looks="a measure's short name, such as DIABETES", required=True),
    FileColumn("DataValueTypeID", form="(?i)CrdPrv|AgeAdjPrv", looks="CrdPrv or AgeAdjPrv"),
    FileColumn(
        "Data_Value_Type",
        form="(?i)(Crude|Age-adjusted) prevalence",
        looks="Crude prevalence or Age-adjusted prevalence",
    ),
    FileColumn("Data_Value_Unit", form="%", looks="the unit %"),
    FileColumn("Data_Value", "percent", by="MeasureId"),
    FileColumn("Low_Confidence_Limit", "share"),
    FileColumn("High_Confidence_Limit", "share"),
    FileColumn("TotalPop*", "count"),
)
_PLACES_WIDE = (
    FileColumn("CountyFIPS", "place", required=True),
    FileColumn("TractFIPS", "place", required=True),
    FileColumn("TotalPop*", "count"),
    FileColumn("*_CrudePrev", "percent"),
    FileColumn("*_AdjPrev", "percent"),
    FileColumn("*_Crude95CI", form=_INTERVAL, looks=_LIMITS),
    FileColumn("*_Adj95CI", form=_INTERVAL, looks=_LIMITS),
)
_SVI = (
    _FIPS,
    FileColumn("E_TOTPOP", "count"),
    FileColumn("EP_PCI", "number", least=0),
    *(FileColumn(f"EP_{name}", "share") for name in _OFTEN_SMALL),
    FileColumn("EP_*", "percent"),
    FileColumn("RPL_THEME*", "number", least=0, most=1),
)
_CENSUS = (
    _FIPS,
    FileColumn("STATE", "count", least=1, most=99),
    FileColumn("COUNTY", "place", required=True, within="STATE"),
    FileColumn("YEAR", "count", least=1),
)
_AGE_SEX = (*_CENSUS, *(FileColumn(f"{start}*", "count") for start in ("POPEST", "AGE")))
_ALL_DATA = (
    *_CENSUS,
    FileColumn("AGEGRP", "count", most=18),
    *(FileColumn(f"*_{sex}", "count") for sex in ("MALE", "FEMALE", "POP")),
)
_COUNTED = ("FIPS", "STATE", "COUNTY", "YEAR")

LAYOUTS = (
    FileLayout(
        "CDC PLACES, long",
        (
            "Year",
            "StateAbbr",
            "Measure",
            "Data_Value_Unit",
            "Data_Value_Type",
            "Data_Value",
            "LocationID",
            "MeasureId",
            "DataValueTypeID",
        ),
        read_places_long,
        columns=_PLACES_LONG,
        key=("Year", "LocationID", "MeasureId", "DataValueTypeID"),
        limits=(("Data_Value", "Low_Confidence_Limit", "High_Confidence_Limit"),),
    ),
    FileLayout(
        "CDC PLACES, GIS-friendly",
        ("StateAbbr", "CountyName", "CountyFIPS", "TotalPopulation", "DIABETES_CrudePrev"),
        read_places_wide,
        columns=_PLACES_WIDE,
        key=("CountyFIPS", "TractFIPS"),
        limits=(("*_CrudePrev", "*_Crude95CI"), ("*_AdjPrev", "*_Adj95CI")),
    ),
    FileLayout(
        "CDC/ATSDR SVI, 2020 and later",
        ("ST_ABBR", "FIPS", "LOCATION", "E_TOTPOP", "EP_POV150", "EP_UNINSUR", "RPL_THEMES"),
        read_svi,
        columns=_SVI,
        key=("FIPS",),
    ),
    FileLayout(
        "CDC/ATSDR SVI, to 2018",
        ("ST_ABBR", "FIPS", "LOCATION", "E_TOTPOP", "EP_POV", "EP_UNINSUR", "RPL_THEMES"),
        read_svi,
        columns=_SVI,
        key=("FIPS",),
    ),
    FileLayout(
        "Census cc-est agesex, FIPS",
        ("FIPS", "POPESTIMATE", "AGE04_MALE", "AGE04_FEM", "AGE85PLUS_FEM"),
        read_census_agesex,
        columns=_AGE_SEX,
        key=_COUNTED,
    ),
    FileLayout(
        "Census cc-est agesex",
        ("STATE", "COUNTY", "YEAR", "POPESTIMATE", "AGE04_MALE", "AGE85PLUS_FEM"),
        read_census_agesex,
        columns=_AGE_SEX,
        key=_COUNTED,
    ),
    FileLayout(
        "Census cc-est alldata",
        ("STATE", "COUNTY", "YEAR", "AGEGRP", "TOT_POP", "HWA_MALE", "NHWA_MALE"),
        read_census_alldata,
        columns=_ALL_DATA,
        key=(*_COUNTED, "AGEGRP"),
    ),
)
