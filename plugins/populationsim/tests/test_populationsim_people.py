"""People as a county's facts describe them."""

import numpy as np
import populationsim
import pytest
from populationsim.facts import AGE_BANDS, Facts, bundled, nation
from populationsim.generation import POPULATION_PROFILE_TEMPLATES, PopulationProfileExecutor, create_population_profile
from populationsim.prevalence import by_age, patterns, people_by_year

from healthsim_core import ProfileSpecification

COUNTIES = sorted({place for place in bundled()["place"].to_pylist() if place != "00000"})
PEOPLE = 60_000
WIDE = 4.5  # standard errors: one honest figure in 150,000 lies beyond


@pytest.fixture(scope="module")
def facts():
    return Facts(lambda place: None)


@pytest.fixture(scope="module")
def harris():
    result = PopulationProfileExecutor(
        POPULATION_PROFILE_TEMPLATES["harris-county-residents"], count=PEOPLE, seed=7
    ).execute()
    return result.entities, result


def near(share, expected, count):
    return abs(share - expected) <= WIDE * np.sqrt(expected * (1 - expected) / count) + 1e-9


def column(people, name):
    return np.array(people[name].to_pylist())


@pytest.mark.parametrize("fips", COUNTIES)
def test_every_countys_description_is_a_profile(facts, fips):
    profile = ProfileSpecification.read(facts.describe(fips))

    assert {"age", "sex", "race", "ethnicity"} <= profile.demographics.model_fields_set


@pytest.mark.parametrize("measure", sorted(patterns()))
@pytest.mark.parametrize("fips", ["06073", "48201", "36061", "12099"])
def test_prevalence_by_age_gives_back_the_crude_prevalence_of_adults(facts, fips, measure):
    structure = facts.place(fips).structure
    people = people_by_year(structure)
    crude = 0.2

    prevalence = by_age(measure, crude, structure)

    of_age = np.zeros(100)
    for band, share in prevalence.items():
        low, _, high = band.rstrip("+").partition("-")
        of_age[int(low) : int(high) + 1 if high else 100] = share
    assert (people * of_age)[18:].sum() / people[18:].sum() == pytest.approx(crude, abs=1e-4)


@pytest.mark.parametrize("crude", [0.001, 0.5, 0.95])
@pytest.mark.parametrize("measure", sorted(patterns()))
def test_no_prevalence_leaves_zero_to_one_and_the_order_of_ages_is_kept(measure, crude):
    prevalence = list(by_age(measure, crude, nation().structure).values())
    national = [band.share for band in patterns()[measure]]

    assert all(0 <= share <= 1 for share in prevalence)
    assert np.argsort(prevalence, kind="stable").tolist() == np.argsort(national, kind="stable").tolist()


@pytest.mark.parametrize("measure", sorted(patterns()))
def test_a_pattern_covers_every_age_once(measure):
    ages = [age for band in patterns()[measure] for age in range(band.low, band.high + 1)]

    assert ages == list(range(111))


def test_the_people_have_the_countys_structure_by_sex_and_age(harris, facts):
    people, _ = harris
    structure = facts.place("48201").structure / facts.place("48201").structure.sum()
    band = np.minimum(column(people, "age") // 5, len(AGE_BANDS) - 1)
    sex = column(people, "sex")

    for index, letter in enumerate("FM"):
        for number in range(len(AGE_BANDS)):
            assert near(np.mean((sex == letter) & (band == number)), structure[index, number], PEOPLE)


def test_the_people_have_the_countys_origins(harris, facts):
    people, _ = harris
    place = facts.place("48201")
    hispanic, race = column(people, "ethnicity") == "hispanic", column(people, "race")

    assert near(hispanic.mean(), place.figure("EP_HISP") / 100, PEOPLE)
    assert near(np.mean(~hispanic & (race == "black")), place.figure("EP_AFAM") / 100, PEOPLE)
    assert abs(np.mean(~hispanic & (race == "white")) - (1 - place.figure("EP_MINRTY") / 100)) < 0.01


ADULT_MEASURES = {"E11": "DIABETES", "I10": "BPHIGH", "J44": "COPD", "J45": "CASTHMA", "F17.210": "CSMOKING"}


@pytest.mark.parametrize(("code", "measure"), ADULT_MEASURES.items())
def test_the_adults_have_the_countys_prevalence(harris, facts, code, measure):
    people, result = harris
    adults = set(people["person_id"].to_numpy()[column(people, "age") >= 18].tolist())
    condition = result.tables["core.condition"]
    having = {
        p
        for p, c in zip(condition["person_id"].to_pylist(), condition["category"].to_pylist(), strict=True)
        if c == code
    }

    assert near(len(having & adults) / len(adults), facts.place("48201").figure(measure, "crude") / 100, len(adults))


def test_older_people_have_more_diabetes(harris):
    people, result = harris
    condition = result.tables["core.condition"]
    having = {
        p
        for p, c in zip(condition["person_id"].to_pylist(), condition["category"].to_pylist(), strict=True)
        if c == "E11"
    }
    age, has = column(people, "age"), np.array([person in having for person in people["person_id"].to_pylist()])

    assert (
        has[age >= 65].mean()
        > has[(age >= 45) & (age < 65)].mean()
        > has[(age >= 18) & (age < 45)].mean()
        > has[age < 10].mean()
        == 0
    )


def test_what_the_profile_states_is_not_replaced():
    stated = {"demographics": {"age": 70}, "clinical": {"conditions": [{"code": "E11", "prevalence": 1}]}}
    profile = create_population_profile("06073", id="seniors", **stated)
    result = PopulationProfileExecutor(profile, count=200).execute()
    condition = result.tables["core.condition"]

    assert set(result.entities["age"].to_pylist()) == {70}
    assert condition["category"].to_pylist().count("E11") == 200
    assert 0 < condition["category"].to_pylist().count("I10") < 200


def test_a_households_stated_members_keep_their_ages_and_conditions():
    members = [
        {"role": "subscriber", "age": 42, "conditions": ["E11"]},
        {"role": "spouse", "age": 40},
        {"role": "dependent", "age": 16},
    ]
    result = PopulationProfileExecutor(create_population_profile("06073", members=members), count=100).execute()
    people = result.entities
    subscribers = {
        p for p, r in zip(people["person_id"].to_pylist(), people["role"].to_pylist(), strict=True) if r == "subscriber"
    }
    condition = result.tables["core.condition"]
    diabetics = {
        p
        for p, c in zip(condition["person_id"].to_pylist(), condition["category"].to_pylist(), strict=True)
        if c == "E11"
    }

    assert people["age"].to_pylist() == [42, 40, 16] * 100
    assert subscribers <= diabetics
    assert len(diabetics - subscribers) < 30


def test_stated_ages_keep_the_county_s_share_of_women_at_each_age():
    profile = {"id": "old", "source": "populationsim", "reference": {"type": "county", "fips": "48201"},
               "demographics": {"age": {"type": "uniform", "min": 65, "max": 90}}}  # fmt: skip
    people = populationsim.generate(profile, count=10_000, persist=False).tables["core.person"].to_pylist()
    women = [person["sex"] == "F" for person in people]
    assert 0.55 < sum(women) / len(women) < 0.59
    oldest = [person["sex"] == "F" for person in people if person["age"] >= 85]
    assert sum(oldest) / len(oldest) > 0.6


def test_an_open_band_follows_the_county_s_ages():
    def mean_age(fips):
        adults = {"age": {"type": "age_bands", "bands": {"20+": 1}}}
        profile = {"id": "old", "reference": {"type": "county", "fips": fips}, "demographics": adults}
        ages = populationsim.generate(profile, count=4_000, persist=False).tables["core.person"]["age"].to_pylist()
        return sum(ages) / len(ages)

    assert mean_age("12099") > mean_age("48201") + 4  # Palm Beach is older than Harris
