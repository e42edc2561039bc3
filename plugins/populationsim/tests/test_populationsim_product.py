"""PopulationSim as a product: profiles, journeys, generate, tables."""

import populationsim
import pyarrow.compute as pc
import pytest
import simple_icd_10_cm as icd
from populationsim.facts import rows
from populationsim.generation import JOURNEYS, POPULATION_PROFILE_TEMPLATES, PopulationProfileExecutor

from healthsim_core import JourneySpecification


@pytest.fixture(scope="module")
def result():
    return populationsim.generate(
        "harris-county-residents", ["community-screening-year", "social-needs-outreach"], count=300
    )


def test_the_run_is_valid_and_holds_populationsims_tables_alone(result):
    assert result.validation.passed
    assert {name.split(".")[0] for name in result.tables} == {"core", "populationsim"}


def test_the_runs_county_stands_with_its_figures(result):
    (county,) = result.tables["populationsim.county"].to_pylist()

    assert (county["county_fips"], county["name"], county["state"], county["population"]) == (
        "48201",
        "Harris County",
        "TX",
        4_726_177,
    )


def test_everybody_has_a_community_of_the_countys_figures(result):
    community = result.tables["populationsim.community"]
    (county,) = result.tables["populationsim.county"].to_pylist()

    assert community["person_id"].to_pylist() == result.entities["person_id"].to_pylist()
    assert set(community["svi_percentile"].to_pylist()) == {county["svi_percentile"]}
    assert set(community["svi_quartile"].to_pylist()) == {"high"}


def test_age_bands_hold_the_ages(result):
    for age, band in zip(
        result.entities["age"].to_pylist(),
        result.tables["populationsim.community"]["age_band"].to_pylist(),
        strict=True,
    ):
        low, _, high = band.rstrip("+").partition("-")
        assert int(low) <= age <= int(high or 110)


def test_a_county_without_facts_is_said_to_be_unknown():
    result = populationsim.generate({"id": "loving", "demographics": {"geography": {"fips": "48301"}}}, count=5)
    (county,) = result.tables["populationsim.county"].to_pylist()

    assert (county["known"], county["population"], county["sources"]) == (False, None, None)
    assert result.tables["populationsim.community"]["svi_quartile"].to_pylist() == [None] * 5


def test_only_women_of_the_age_have_mammography(result):
    screening = result.tables["populationsim.screening"]
    screened = screening.filter(pc.equal(screening["measure"].cast("string"), "MAMMOUSE"))
    sex = dict(zip(result.entities["person_id"].to_pylist(), result.entities["sex"].to_pylist(), strict=True))

    assert screened.num_rows > 0
    assert {sex[person] for person in screened["person_id"].to_pylist()} == {"F"}


def test_milestones_without_a_measure_are_no_screening(result):
    assert "Invitation to screening" not in result.tables["populationsim.screening"]["label"].to_pylist()


@pytest.mark.parametrize("row", rows("conditions"), ids=lambda row: row["code"])
def test_condition_codes_are_icd_10_cm(row):
    assert icd.is_valid_item(row["code"])


@pytest.mark.parametrize("journey", JOURNEYS, ids=lambda journey: journey.name)
def test_every_journey_is_well_formed(journey):
    assert journey.specification.stem == JourneySpecification.read(journey.specification).journey_id


@pytest.mark.parametrize("name", list(POPULATION_PROFILE_TEMPLATES))
def test_every_template_makes_people(name):
    result = PopulationProfileExecutor(POPULATION_PROFILE_TEMPLATES[name], count=5).execute()

    assert result.tables["populationsim.community"].num_rows == 5


def test_seniors_with_diabetes_all_have_it():
    result = PopulationProfileExecutor(POPULATION_PROFILE_TEMPLATES["county-seniors-with-diabetes"], count=50).execute()

    assert result.tables["core.condition"]["category"].to_pylist().count("E11") == 50
    assert min(result.entities["age"].to_pylist()) >= 65
