"""Official files, recognised by their headers and read into the fact table."""

from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from populationsim.facts import Facts
from populationsim.offered_layouts import LAYOUTS
from populationsim.tables import FACT

from healthsim_core import generate, official
from healthsim_core.reference.init import initialize

SHARED = Path(__file__).resolve().parents[4] / "shared" / "reference"


def shared(name):
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"{name} is not beside the repository")
    return path


def read(path):
    layout = official.recognised(path, LAYOUTS)
    table = layout.read(path)
    assert table.schema.equals(FACT.schema)
    return layout.name, table.to_pylist()


def one(rows, **wanted):
    found = [row for row in rows if all(row[name] == value for name, value in wanted.items())]
    assert len(found) == 1
    return found[0]


def place_of(rows, fips):
    return Facts(lambda place: pa.Table.from_pylist([row for row in rows if row["place"] == fips], FACT.schema)).place(
        fips
    )


@pytest.mark.parametrize("name", ["places_long_official_header_sample.csv", "places_long_sample_rows.csv"])
def test_places_long_is_recognised_in_both_headers(name):
    layout, rows = read(shared(name))

    assert layout == "CDC PLACES, long"
    assert all(len(row["place"]) == 5 and row["place"] != "00059" for row in rows)


def test_places_long_gives_value_interval_year_and_kind():
    row = one(read(shared("places_long_official_header_sample.csv"))[1], place="01057", measure="CHD")
    told = {name: row[name] for name in ("statistic", "value", "low", "high", "unit", "vintage")}

    assert told == {"statistic": "age_adjusted", "value": 6.9, "low": 6.1, "high": 7.9, "unit": "%", "vintage": 2021}


def test_places_parquet_with_integer_locations_is_zero_padded():
    _, rows = read(shared("places_long_CHD_2023release_county.parquet"))

    assert min(row["place"] for row in rows) == "01001"
    assert len(rows) == 6_152  # the two rows of the United States are left out


def test_places_wide_in_official_case_and_with_intervals(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text(
        "StateAbbr,StateDesc,CountyName,CountyFIPS,TotalPopulation,TotalPop18plus,DIABETES_CrudePrev,DIABETES_Crude95CI,DIABETES_AdjPrev,"
        'DIABETES_Adj95CI\nAL,Alabama,Autauga,1001,58761,45000,13.0,"(11.9, 14.2)",12.1,"( 9.8, 13.0)"\n',
        encoding="utf-8-sig",
    )
    layout, rows = read(path)

    assert layout == "CDC PLACES, GIS-friendly"
    crude, adjusted = one(rows, statistic="crude"), one(rows, statistic="age_adjusted")
    assert (crude["place"], crude["measure"], crude["value"], crude["low"], crude["high"]) == (
        "01001",
        "DIABETES",
        13.0,
        11.9,
        14.2,
    )
    assert (adjusted["value"], adjusted["low"]) == (12.1, 9.8)


def test_places_wide_of_tracts_in_lower_case(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text(
        "stateabbr,statedesc,countyname,countyfips,tractfips,totalpopulation,diabetes_crudeprev,diabetes_crude95ci\n"
        'AL,Alabama,Autauga,01001,1001020100,1775,11.5,"(10.2, 12.8)"\n',
        encoding="utf-8",
    )

    assert [(row["place"], row["measure"], row["value"]) for row in read(path)[1]] == [
        ("01001020100", "DIABETES", 11.5)
    ]


@pytest.mark.parametrize(("year", "poverty"), [(2022, "EP_POV150"), (2018, "EP_POV")])
def test_svi_of_both_kinds(year, poverty):
    _, rows = read(shared(f"svi_county_{year}.parquet"))
    harris = {row["measure"]: row for row in rows if row["place"] == "48201"}

    assert {harris["RPL_THEMES"]["vintage"], harris[poverty]["vintage"]} == {year}
    assert 0 <= harris["RPL_THEMES"]["value"] <= 1
    assert (harris["E_TOTPOP"]["statistic"], harris["E_TOTPOP"]["unit"]) == ("count", "people")


def test_svi_minus_999_is_null():
    _, rows = read(shared("svi_county_2018.parquet"))

    assert one(rows, place="35039", measure="EP_POV")["value"] is None  # Rio Arriba County, New Mexico
    assert min(row["value"] for row in rows if row["value"] is not None) >= 0


def test_svi_csv_with_byte_order_mark_and_unpadded_codes(tmp_path):
    table = pq.read_table(shared("svi_county_2022.parquet")).slice(0, 3)
    table = table.set_column(table.schema.get_field_index("FIPS"), "FIPS", table["FIPS"].cast(pa.int64()))
    path = tmp_path / "SVI.csv"
    pa.csv.write_csv(table, path)
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())

    layout, rows = read(path)
    assert layout == "CDC/ATSDR SVI, 2020 and later"
    assert {row["place"] for row in rows} == {"01001", "01003", "01005"}


def test_census_age_and_sex_gives_a_countys_structure():
    _, rows = read(shared("county_agesex_2019.csv"))
    structure = place_of(rows, "01001").structure

    assert (structure[0, 0], structure[1, 0], structure.sum()) == (1564, 1713, 55_869)


def test_census_official_age_and_sex_in_latin_1_takes_the_last_year(tmp_path):
    bands = ["AGE04", *(f"AGE{low}{low + 4}" for low in range(5, 85, 5)), "AGE85PLUS"]
    counts = [f"{band}_{word}" for band in bands for word in ("TOT", "MALE", "FEM")]
    header = ",".join(
        ["SUMLEV", "STATE", "COUNTY", "STNAME", "CTYNAME", "YEAR", "POPESTIMATE", "POPEST_MALE", "POPEST_FEM", *counts]
    )
    years = ((3, "1"), (12, "7"))
    lines = [
        ",".join([f"050,35,13,New Mexico,Doña Ana County,{year},9,9,9", *[value] * len(counts)])
        for year, value in years
    ]
    path = tmp_path / "cc.csv"
    path.write_text("\n".join([header, *lines]) + "\n", encoding="latin-1")

    layout, rows = read(path)
    assert (layout, len(rows)) == ("Census cc-est agesex", 36)
    assert {(row["place"], row["value"], row["vintage"]) for row in rows} == {("35013", 7.0, 2019)}


def test_census_alldata_counts_each_person_once():
    path = shared("ny_county_age_sex_race_2019.parquet")
    _, rows = read(path)
    official_rows = pq.read_table(path).to_pylist()
    albany = next(r for r in official_rows if r["COUNTY"] == 1 and r["AGEGRP"] == 0)
    place = place_of(rows, "36001")

    assert place.structure.sum() == albany["TOT_POP"] == sum(place.origins.values())
    assert place.structure[0].sum() == albany["TOT_FEMALE"]
    hispanic = [people for (ethnicity, _), people in place.origins.items() if ethnicity == "hispanic"]
    assert sum(hispanic) == albany["H_MALE"] + albany["H_FEMALE"]


OTHERS = ("fips_county.csv", "cms_hospital_general_info.csv", "places_measure_lookup.csv", "top50_counties_joined.csv")


@pytest.mark.parametrize("name", OTHERS)
def test_other_files_are_not_taken_for_one_of_these(name):
    assert official.recognised(shared(name), LAYOUTS) is None


PLACES = (
    "Year,StateAbbr,Measure,Data_Value_Unit,Data_Value_Type,Data_Value,Low_Confidence_Limit,High_Confidence_Limit,LocationID,MeasureId,"
    "DataValueTypeID\n2022,TX,Asthma,%,Crude prevalence,9.5,9.0,10.1,48201,CASTHMA,CrdPrv\n"
)
WIDE = "StateAbbr,CountyName,CountyFIPS,TotalPopulation,DIABETES_CrudePrev,DIABETES_Crude95CI\n"
SVI = (
    "ST_ABBR,FIPS,LOCATION,E_TOTPOP,EP_POV150,EP_NHPI,EP_UNINSUR,RPL_THEMES\n"
    "TX,48201,Harris,4728030,26.1,0.1,20.4,0.8\n"
)
CENSUS = "STATE,COUNTY,YEAR,POPESTIMATE,AGE04_MALE,AGE85PLUS_FEM\n48,201,12,9,1,2\n"
ALL_DATA = "STATE,COUNTY,YEAR,AGEGRP,TOT_POP,HWA_MALE,NHWA_MALE\n48,201,12,1,9,1,2\n"


@pytest.mark.parametrize(
    ("before", "line", "told"),
    [
        (
            PLACES,
            "2022,CA,Asthma,%,Crude prevalence,179,,,06073,CASTHMA,CrdPrv",
            "line 3, Data_Value: 179 is more than 100 %",
        ),
        (
            PLACES,
            "2022,CA,Asthma,%,Crude prevalence,9,9.5,8,06073,CASTHMA,CrdPrv",
            "line 3, Low_Confidence_Limit: the limits 9.5 and 8",
        ),
        (
            PLACES,
            "2022,TX,Asthma,%,Crude prevalence,8,,,48201,CASTHMA,CrdPrv",
            "line 3, Data_Value: 8 is a second figure",
        ),
        (
            PLACES,
            "2022,TX,Asthma,%,Crude prevalence,8,,,48202,CASTHMA,CrdPrv",
            'line 3, LocationID: no county has the FIPS code "48202"',
        ),
        (
            PLACES,
            "2022,CA,Asthma,%,,9,,,06073,CASTHMA,CrdPrev",
            'line 3, DataValueTypeID: "CrdPrev" is not CrdPrv or AgeAdjPrv',
        ),
        (
            PLACES,
            "2022,CA,Asthma,%,Crude rate,9,,,06073,CASTHMA,",
            'line 3, Data_Value_Type: "Crude rate" is not Crude prevalence or',
        ),
        (
            PLACES,
            "2022,CA,Asthma,per 1000,,9,,,06073,CASTHMA,CrdPrv",
            'line 3, Data_Value_Unit: "per 1000" is not the unit %',
        ),
        (PLACES, "2022,CA,Asthma,%,,9,,,06073,,CrdPrv", "line 3, MeasureId: is missing."),
        (
            WIDE,
            'TX,Harris,48201,4728030,10.1,"(12.0, 9.0)"',
            "line 2, DIABETES_Crude95CI: the limits 12 and 9 are the wrong way",
        ),
        (WIDE, 'TX,Harris,48201,4728030,10.1,"about ten"', 'line 2, DIABETES_Crude95CI: "about ten" is not two limits'),
        (WIDE, "TX,Harris,48201,-5,10.1,", "line 2, TotalPopulation: -5 is less than 0"),
        (WIDE, "TX,Harris,48201,5,0.101,", "line 2, DIABETES_CrudePrev: all values lie from 0 to 1"),
        (SVI, "CA,06073,San Diego,3289701,101,0.5,7,0.5", "line 3, EP_POV150: 101 is more than 100 %"),
        (SVI, "CA,06073,San Diego,-7,16,0.5,7,0.5", "line 3, E_TOTPOP: -7 is less than 0"),
        (SVI, "CA,06073,San Diego,3289701,16,0.5,7,50", "line 3, RPL_THEMES: 50 is more than 1"),
        (CENSUS, "06,073,12,9,-1,2", "line 3, AGE04_MALE: -1 is less than 0"),
        (CENSUS, "6,73,12,9,seven,2", 'line 3, AGE04_MALE: "seven" is no whole number'),
        (CENSUS, "06,073,12,9,1.5,2", 'line 3, AGE04_MALE: "1.5" is no whole number'),
        (CENSUS, "06,074,12,9,1,2", 'line 3, COUNTY: no county has the FIPS code "06074"'),
        (CENSUS, "48,201,12,9,5,2", "line 3, AGE04_MALE: 5 is a second figure for 48, 201, 12, beside 1"),
        (ALL_DATA, "48,201,12,19,9,1,2", "line 3, AGEGRP: 19 is more than 18"),
        (ALL_DATA, "48,201,12,2,-9,1,2", "line 3, TOT_POP: -9 is less than 0"),
    ],
)
def test_a_mistaken_figure_is_refused_by_line_and_column(tmp_path, before, line, told):
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "any.csv").write_text(f"{before}{line}\n")
    (refused,) = initialize(tmp_path / "x.duckdb", tmp_path / "files").refused

    assert [each for each in refused.mistakes if not each.startswith(told)] == []
    assert len(refused.mistakes) == 1


def test_a_loaded_former_county_gives_its_people(tmp_path):
    (tmp_path / "files").mkdir()
    lines = [f"2022,CT,Asthma,%,Crude prevalence,9.5,,,{fips},CASTHMA,CrdPrv\n" for fips in ("09001", "02261")]
    (tmp_path / "files" / "any.csv").write_text(PLACES + "".join(lines))
    assert initialize(tmp_path / "x.duckdb", tmp_path / "files").passed

    for fips in ("09001", "02261"):
        profile = {"id": "former", "reference": {"type": "county", "fips": fips}}
        result = generate(profile=profile, count=30, database=tmp_path / "x.duckdb")
        assert result.validation.passed
        assert set(result.entities["county_fips"].to_pylist()) == {fips}
