"""Profiles of real places, by the names that users call."""

import pyarrow.compute as pc
import pytest

from healthsim.generation import ProfileExecutor, ReferenceProfileResolver, create_hybrid_profile

SAN_DIEGO, HARRIS = {"type": "county", "fips": "06073"}, {"type": "county", "fips": "48201"}


def share(people, column, value):
    return pc.mean(pc.equal(people[column].cast("string"), value).cast("float64")).as_py()


def test_the_resolver_finds_what_is_published_of_a_county():
    facts = ReferenceProfileResolver().resolve(SAN_DIEGO)

    assert sorted(facts["demographics"]) == ["age", "ethnicity", "race", "sex"]
    assert {"E11", "I10"} <= {condition["code"] for condition in facts["clinical"]["conditions"]}


def test_two_counties_are_as_different_as_they_are():
    hispanic = {}
    for place in (SAN_DIEGO, HARRIS):
        people = ProfileExecutor(create_hybrid_profile(place), count=4_000, seed=1).execute().entities
        hispanic[place["fips"]] = share(people, "ethnicity", "hispanic")

    assert hispanic["06073"] == pytest.approx(0.34, abs=0.04)
    assert hispanic["48201"] == pytest.approx(0.44, abs=0.04)


def test_a_hybrid_profile_keeps_what_is_stated_and_takes_the_rest_from_the_place():
    profile = create_hybrid_profile(
        HARRIS, {"demographics": {"age": {"type": "uniform", "min": 65, "max": 90}}}, id="seniors"
    )
    result = ProfileExecutor(profile, count=500).execute()

    assert result.validation.passed
    assert pc.min(result.entities["age"]).as_py() >= 65
    assert set(result.entities["county_fips"].to_pylist()) == {"48201"}
    assert 0.25 < share(result.entities, "ethnicity", "hispanic") < 0.65


def test_keywords_state_as_a_mapping_does():
    by_keyword = create_hybrid_profile(HARRIS, demographics={"age": 70})
    by_mapping = create_hybrid_profile(HARRIS, {"demographics": {"age": 70}})

    assert by_keyword == by_mapping
