"""Official files, read into the fact table: CDC PLACES, CDC/ATSDR SVI, Census county population."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from healthsim_core import declared_rows, official
from populationsim.facts import AGE_BANDS
from populationsim.tables import FACT

COUNTY_WIDTH, TRACT_WIDTH = 5, 11
NATION_CODE = "00059"  # PLACES counts the United States as a location
_STATISTICS = {
    "crdprv": "crude",
    "crude prevalence": "crude",
    "ageadjprv": "age_adjusted",
    "age-adjusted prevalence": "age_adjusted",
}
_MELTED = {"_crudeprev": ("crude", "_crude95ci"), "_adjprev": ("age_adjusted", "_adj95ci")}
_SEX_COLUMNS = {"F": "FEM", "M": "MALE"}
_AGE_COLUMNS = (
    "AGE04", "AGE59", "AGE1014", "AGE1519", "AGE2024", "AGE2529", "AGE3034", "AGE3539", "AGE4044", "AGE4549", "AGE5054",
    "AGE5559",
    "AGE6064", "AGE6569", "AGE7074", "AGE7579", "AGE8084", "AGE85PLUS",
)  # fmt: skip
_RACE_COLUMNS = {"WA": "white", "BA": "black", "IA": "aian", "AA": "asian", "NA": "nhpi", "TOM": "multiple"}
_ORIGIN_COLUMNS = {"H": "hispanic", "NH": "not_hispanic"}


def read_places_long(path: Path) -> pa.Table:
    """PLACES, one row a measure of a county or tract."""
    names = (
        "Year", "LocationID", "MeasureId", "DataValueTypeID", "Data_Value_Type", "Data_Value_Unit", "Data_Value",
        "Low_Confidence_Limit", "High_Confidence_Limit",
    )  # fmt: skip
    raw = official.read_columns(path, names)
    place = _places(raw["LocationID"])
    statistic = pc.utf8_lower(pc.coalesce(raw["DataValueTypeID"], raw["Data_Value_Type"])).to_pylist()
    columns = {
        "place": place,
        "measure": pc.utf8_upper(raw["MeasureId"]),
        "statistic": pa.array([_STATISTICS.get(name or "") for name in statistic], pa.string()),
        "value": _nullable(official.numbers(raw["Data_Value"])),
        "low": _nullable(official.numbers(raw["Low_Confidence_Limit"])),
        "high": _nullable(official.numbers(raw["High_Confidence_Limit"])),
        "unit": pc.coalesce(raw["Data_Value_Unit"], pa.scalar("%")),
        "source": "CDC PLACES, long layout",
        "vintage": _whole(official.numbers(raw["Year"])),
    }
    known = pc.and_(pc.is_valid(place), pc.is_valid(columns["statistic"]))
    return _kept(columns, raw.num_rows, known)


def read_places_wide(path: Path) -> pa.Table:
    """PLACES, one row a county or tract, a pair of columns a measure ("GIS-friendly")."""
    header = official.header(path)
    tract = next((name for name in header if name.lower() == "tractfips"), None)
    melted = [
        (name, name[: -len(suffix)].upper(), statistic, f"{name[: -len(suffix)]}{interval}")
        for name in header for suffix, (statistic, interval) in _MELTED.items() if name.lower().endswith(suffix)
    ]  # fmt: skip
    intervals = [interval for *_, interval in melted]
    raw = official.read_columns(path, (tract or "CountyFIPS", *(name for name, *_ in melted), *intervals))
    place = _places(raw[tract or "CountyFIPS"])
    parts = [FACT.empty()]
    for name, measure, statistic, interval in melted:
        low, high = map(_nullable, official.interval(raw[interval]))
        columns = {
            "place": place, "measure": measure, "statistic": statistic, "value": _nullable(official.numbers(raw[name])),
            "low": low, "high": high, "unit": "%", "source": "CDC PLACES, GIS-friendly layout",
        }  # fmt: skip
        parts.append(_kept(columns, raw.num_rows, pc.is_valid(place)))
    return _united(parts)


def read_svi(path: Path) -> pa.Table:
    """SVI of counties or tracts: percentages, percentile ranks and total population; -999 is null."""
    header = official.header(path)
    percents = [name for name in header if name.upper().startswith("EP_") and name.upper() != "EP_PCI"]
    ranks = [name for name in header if name.upper().startswith("RPL_THEME")]
    counts = [name for name in header if name.upper() in ("E_TOTPOP", "EP_PCI")]
    raw = official.read_columns(path, ("FIPS", *percents, *ranks, *counts))
    place = _places(raw["FIPS"])
    vintage = _svi_vintage(header, place)
    kinds = {**dict.fromkeys(percents, ("percent", "%")), **dict.fromkeys(ranks, ("percentile", None))}
    parts = [FACT.empty()]
    for name in (*percents, *ranks, *counts):
        statistic, unit = kinds.get(name, ("count", "people" if name.upper() == "E_TOTPOP" else "dollars"))
        columns = {
            "place": place, "measure": name.upper(), "statistic": statistic,
            "value": _nullable(official.numbers(raw[name])),
            "unit": unit, "source": f"CDC/ATSDR SVI {vintage or ''}".strip(), "vintage": vintage,
        }  # fmt: skip
        parts.append(_kept(columns, raw.num_rows, pc.is_valid(place)))
    return _united(parts)


def read_census_agesex(path: Path) -> pa.Table:
    """Census cc-est age and sex: eighteen five-year bands of each county, the latest year that the file holds."""
    ages = zip(AGE_BANDS, _AGE_COLUMNS, strict=True)
    counted = [(band, sex, f"{age}_{word}") for band, age in ages for sex, word in _SEX_COLUMNS.items()]
    raw = official.read_columns(path, ("FIPS", "STATE", "COUNTY", "YEAR", *(name for *_, name in counted)))
    raw, vintage = _latest(raw)
    place = _census_places(raw)
    parts = [FACT.empty()]
    for band, sex, name in counted:
        parts.append(_people(place, official.numbers(raw[name]), sex, band, vintage, "US Census Bureau, cc-est agesex"))
    return _united(parts)


def read_census_alldata(path: Path) -> pa.Table:
    """Census cc-est alldata: each county by age, sex, race and Hispanic origin, the latest year that the file holds."""
    cells = [
        (o, r, s, f"{o}{r}_{word}")
        for o in _ORIGIN_COLUMNS
        for r in _RACE_COLUMNS
        for s, word in (("F", "FEMALE"), ("M", "MALE"))
    ]
    raw = official.read_columns(path, ("FIPS", "STATE", "COUNTY", "YEAR", "AGEGRP", *(name for *_, name in cells)))
    raw, vintage = _latest(raw)
    group = official.numbers(raw["AGEGRP"])
    raw, group = raw.filter(pa.array(group >= 1)), group[group >= 1].astype(int)
    bands = pa.array([AGE_BANDS[index - 1] for index in group.tolist()], pa.string())
    place = _census_places(raw)
    parts = [FACT.empty()]
    for origin, race, sex, name in cells:
        people, source = official.numbers(raw[name]), "US Census Bureau, cc-est alldata"
        parts.append(_people(place, people, sex, bands, vintage, source, _RACE_COLUMNS[race], _ORIGIN_COLUMNS[origin]))
    return _united(parts)


def _places(codes: pa.ChunkedArray) -> pa.Array:
    trimmed = pc.utf8_trim_whitespace(codes)
    county, tract = official.zero_padded(trimmed, COUNTY_WIDTH), official.zero_padded(trimmed, TRACT_WIDTH)
    short, long = pc.utf8_length(county), pc.utf8_length(tract)
    is_county = pc.and_(pc.equal(short, COUNTY_WIDTH), pc.not_equal(county, NATION_CODE))
    is_tract = pc.and_(pc.greater_equal(short, TRACT_WIDTH - 1), pc.equal(long, TRACT_WIDTH))
    return pc.if_else(is_county, county, pc.if_else(is_tract, tract, pa.scalar(None, pa.string())))


def _census_places(raw: pa.Table) -> pa.Array:
    whole = official.zero_padded(raw["FIPS"], COUNTY_WIDTH)
    state, county = official.zero_padded(raw["STATE"], 2), official.zero_padded(raw["COUNTY"], 3)
    joined = pc.if_else(
        pc.equal(pc.utf8_length(county), COUNTY_WIDTH), county, pc.binary_join_element_wise(state, county, "")
    )
    joined = pc.if_else(
        pc.equal(pc.utf8_length(county), COUNTY_WIDTH - 1), pc.utf8_lpad(county, width=5, padding="0"), joined
    )
    return pc.coalesce(whole, joined)


def _latest(raw: pa.Table) -> tuple[pa.Table, int | None]:
    year = official.numbers(raw["YEAR"])
    if np.isnan(year).all():
        return raw, None
    latest = int(np.nanmax(year))
    kept = raw.filter(pa.array(year == latest))
    if latest >= 1_900:
        return kept, latest
    # codes of the 2010s begin with the census of 2010, later ones with 2020
    return kept, latest + (2_007 if latest >= 10 else 2_018)


def _svi_vintage(header: list[str], place: pa.Array) -> int | None:
    if "ep_pov150" not in {name.lower() for name in header}:
        return 2018
    counties = set(pc.utf8_slice_codeunits(pc.unique(place), 0, COUNTY_WIDTH).to_pylist())
    # Connecticut's counties gave way in 2022
    return 2022 if "09110" in counties else 2020 if "09001" in counties else None


def _people(
    place: pa.Array, people: NDArray[np.float64], sex: str, band: str | pa.Array, vintage: int | None, source: str,
    race: str | None = None, ethnicity: str | None = None,
) -> pa.Table:  # fmt: skip
    columns = {
        "place": place, "measure": "POPULATION", "statistic": "count", "sex": sex, "age": band, "race": race,
        "ethnicity": ethnicity,
        "value": _nullable(people), "unit": "people", "source": source, "vintage": vintage,
    }  # fmt: skip
    return _kept(columns, len(people), pc.is_valid(place))


def _kept(columns: dict[str, pa.Array | str | int | None], rows: int, known: pa.Array) -> pa.Table:
    return declared_rows(FACT, columns, rows).filter(known)


def _united(parts: list[pa.Table]) -> pa.Table:
    return pa.concat_tables(parts).unify_dictionaries().combine_chunks()


def _nullable(values: NDArray[np.float64]) -> pa.Array:
    return pa.array(values, mask=np.isnan(values))


def _whole(values: NDArray[np.float64]) -> pa.Array:
    null = np.isnan(values)
    return pa.array(np.where(null, 0, values).astype(np.int32), mask=null)
