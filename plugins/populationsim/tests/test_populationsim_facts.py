"""The bundled facts, against the files that they come from."""

import csv
from pathlib import Path

import pyarrow as pa
import pytest
from populationsim.facts import AGE_BANDS, NATION, Facts, bundled, nation, sources
from populationsim.tables import FACT

from healthsim_core import declared_rows, places

CHECK_SHEET = Path(__file__).resolve().parents[4] / "shared" / "reference" / "top50_counties_joined.csv"
MEASURES = {
    "diabetes_pct": ("DIABETES", "crude"), "hypertension_pct": ("BPHIGH", "crude"), "copd_pct": ("COPD", "crude"),
    "asthma_pct": ("CASTHMA", "crude"), "obesity_pct": ("OBESITY", "crude"), "smoking_pct": ("CSMOKING", "crude"),
    "E_TOTPOP": ("E_TOTPOP", "count"), "EP_POV150": ("EP_POV150", "percent"), "EP_UNINSUR": ("EP_UNINSUR", "percent"),
    "EP_HISP": ("EP_HISP", "percent"), "EP_MINRTY": ("EP_MINRTY", "percent"),
    "RPL_THEMES": ("RPL_THEMES", "percentile"),
}  # fmt: skip
CENSUS = ["AGE04", *(f"AGE{low}{low + 4}" for low in range(5, 85, 5)), "AGE85PLUS"]


def nothing_stored(place):
    return None


@pytest.fixture(scope="module")
def facts():
    return Facts(nothing_stored)


@pytest.fixture(scope="module")
def check_sheet():
    if not CHECK_SHEET.exists():
        pytest.skip("the check sheet of the 50 counties is not beside the repository")
    with CHECK_SHEET.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def by_population(facts):
    fips = {place for place in bundled()["place"].to_pylist() if place != NATION}
    return sorted(fips, key=lambda code: -facts.place(code).figure("E_TOTPOP", "count"))


def test_harris_is_third_and_san_diego_fifth_of_fifty(facts):
    order = by_population(facts)

    assert (len(order), order[2], order[4]) == (50, "48201", "06073")


@pytest.mark.parametrize("column", list(MEASURES))
def test_every_figure_is_that_of_the_check_sheet(facts, check_sheet, column):
    published = {row["FIPS"]: float(row[column]) if row[column] else None for row in check_sheet}

    assert {fips: facts.place(fips).figure(*MEASURES[column]) for fips in published} == published


def test_people_by_sex_and_age_are_those_of_the_check_sheet(facts, check_sheet):
    for row in check_sheet:
        structure = facts.place(row["FIPS"]).structure
        for index, word in enumerate(("FEM", "MALE")):
            assert structure[index].tolist() == [float(row[f"{column}_{word}"]) for column in CENSUS]


def test_florida_has_no_blood_pressure_and_none_is_invented(facts):
    miami = facts.place("12086")

    assert (miami.figure("BPHIGH", "crude"), miami.figure("CHD", "crude")) == (None, None)
    assert {c["code"] for c in facts.describe("12086")["clinical"]["conditions"]} == {
        "E11",
        "J44",
        "J45",
        "E66",
        "F17.210",
    }


def test_every_figure_names_a_source_that_is_listed_and_a_year():
    rows = bundled().to_pylist()

    assert {row["source"] for row in rows} == set(sources())
    assert {row["vintage"] for row in rows} == {2019, 2021, 2022}


def test_percentages_and_percentiles_lie_in_their_range():
    rows = [row for row in bundled().to_pylist() if row["value"] is not None]

    assert all(0 <= row["value"] <= 100 for row in rows if row["unit"] == "%")
    assert all(0 <= row["value"] <= 1 for row in rows if row["statistic"] == "percentile")


def test_the_nation_has_more_people_than_its_fifty_largest_counties_together(facts):
    assert nation().structure.sum() > sum(facts.place(fips).structure.sum() for fips in by_population(facts))


def test_a_county_that_nobody_has_stored_is_not_described(facts):
    assert facts.describe("48301") is None


def stored(**figures):
    names = {"POPULATION": "count", "DIABETES": "crude", "BPHIGH": "crude"}
    rows = len(figures)
    columns = {
        "place": pa.array(["x"] * rows), "measure": pa.array(list(figures)),
        "statistic": pa.array([names[name] for name in figures]),
        "value": pa.array(list(figures.values()), pa.float64()), "source": pa.array(["stored"] * rows),
        "vintage": pa.array([2023] * rows, pa.int32()),
    }  # fmt: skip
    return declared_rows(FACT, columns, rows)


def test_stored_facts_add_a_county():
    found = Facts(lambda place: stored(DIABETES=20.0)).describe("48301")

    assert [condition["code"] for condition in found["clinical"]["conditions"]] == ["E11"]
    assert found["demographics"] == {}


def test_stored_facts_fill_what_a_bundled_county_lacks_and_replace_nothing():
    miami = Facts(lambda place: stored(DIABETES=99.0, BPHIGH=33.0)).place("12086")

    assert miami.figure("BPHIGH", "crude") == 33.0
    assert miami.figure("DIABETES", "crude") < 20


def test_a_complete_county_is_not_looked_up():
    def refuse(place):
        raise AssertionError(place)

    assert Facts(refuse).place("48201").fips == "48201"


def test_of_two_years_the_later_counts():
    figure = {"place": "x", "measure": "DIABETES", "statistic": "crude", "source": "a"}
    early = declared_rows(FACT, {**figure, "value": pa.array([5.0]), "vintage": 2018}, 1)
    late = declared_rows(FACT, {**figure, "value": pa.array([7.0]), "vintage": 2022}, 1)

    assert Facts(lambda place: pa.concat_tables([late, early])).place("48301").figure("DIABETES", "crude") == 7.0


def test_every_bundled_place_is_a_county_of_the_core():
    assert set(bundled()["place"].to_pylist()) - {NATION} <= set(places.counties())


def test_a_county_has_all_age_bands_of_both_sexes(facts):
    assert facts.place("06073").structure.shape == (2, len(AGE_BANDS))
