"""Official files, recognised by their headers and read into the fact table."""

from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from populationsim.facts import Facts
from populationsim.layouts import LAYOUTS
from populationsim.tables import FACT

from healthsim_core import official

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
    return Facts(lambda place: pa.Table.from_pylist([row for row in rows if row["place"] == fips], FACT.schema)).place(fips)


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
    assert (crude["place"], crude["measure"], crude["value"], crude["low"], crude["high"]) == ("01001", "DIABETES", 13.0, 11.9, 14.2)
    assert (adjusted["value"], adjusted["low"]) == (12.1, 9.8)


def test_places_wide_of_tracts_in_lower_case(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text(
        "stateabbr,statedesc,countyname,countyfips,tractfips,totalpopulation,diabetes_crudeprev,diabetes_crude95ci\n"
        'AL,Alabama,Autauga,01001,1001020100,1775,11.5,"(10.2, 12.8)"\n',
        encoding="utf-8",
    )

    assert [(row["place"], row["measure"], row["value"]) for row in read(path)[1]] == [("01001020100", "DIABETES", 11.5)]


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
    header = ",".join(["SUMLEV", "STATE", "COUNTY", "STNAME", "CTYNAME", "YEAR", "POPESTIMATE", "POPEST_MALE", "POPEST_FEM", *counts])
    years = ((3, "1"), (12, "7"))
    lines = [",".join([f"050,35,13,New Mexico,Doña Ana County,{year},9,9,9", *[value] * len(counts)]) for year, value in years]
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
