"""Where people live and who they are there: counties by population, women at each age, ages within open bands."""

from __future__ import annotations

from collections import Counter

import clinic
import numpy as np
import pytest

from healthsim_core.generation.result import Result
from healthsim_core.planning.compiling import NO_PLACE
from healthsim_core.reference.ages import nation
from healthsim_core.reference.places import counties
from healthsim_core.spec.distribution.parameters import OLDEST

OLD = {"demographics": {"age": {"type": "uniform", "min": 65, "max": 90}}}


def made(profile: dict, count: int = 8_000) -> Result:
    return clinic.run(profile, count=count)


def share_of_women(result: Result, low: int, high: int) -> float:
    people = result.tables["core.person"]
    age, sex = np.array(people["age"].to_pylist()), np.array(people["sex"].to_pylist())
    return float((sex[(age >= low) & (age <= high)] == "F").mean())


def test_without_a_place_people_live_in_all_counties_by_population_and_the_run_says_so():
    result = made({"id": "anywhere"})
    lived = Counter(result.tables["core.person"]["state"].to_pylist())
    total = sum(county.population for county in counties().values())
    for state in ("CA", "TX", "OH", "WY"):
        share = sum(county.population for county in counties().values() if county.state == state) / total
        assert abs(lived[state] / 8_000 - share) < 5 * (share * (1 - share) / 8_000) ** 0.5 + 1e-3
    assert NO_PLACE in result.notes


@pytest.mark.parametrize("place", [{"fips": "39035"}, {"counties": {"39035": 0.5, "41051": 0.5}}], ids=["one", "two"])
def test_a_stated_place_is_where_people_live(place):
    result = made({"demographics": {"geography": place}}, count=200)
    assert set(result.tables["core.person"]["county_fips"].to_pylist()) <= {"39035", "41051"}
    assert NO_PLACE not in result.notes


def test_women_are_as_common_at_each_age_as_in_the_nation():
    result, women = (
        made({"demographics": {"age": {"type": "uniform", "min": 0, "max": 100}}}, 20_000),
        nation(OLDEST).share_of_women,
    )
    assert (
        share_of_women(result, 85, 99)
        > 0.6
        > 0.56
        > share_of_women(result, 65, 74)
        > 0.5
        > share_of_women(result, 0, 17)
    )
    assert abs(share_of_women(result, 85, 99) - women[85:100].mean()) < 0.04


def test_a_stated_sex_is_the_sex_stated_at_any_age():
    sexes = {"type": "categorical", "weights": {"F": 0.3, "M": 0.7}}
    result = made({"demographics": {**OLD["demographics"], "sex": sexes}})
    assert abs(share_of_women(result, 65, 90) - 0.3) < 5 * (0.3 * 0.7 / 8_000) ** 0.5


@pytest.mark.parametrize(
    "profile",
    [
        {"demographics": {"age": {"type": "conditional", "rules": [{"if": "sex == 'F'", "then": 80}], "default": 70}}},
        {"demographics": {"age": {"type": "derived", "expression": "level"}}, "attributes": {
            "level": {"type": "conditional", "rules": [{"if": "sex == 'F'", "then": 80}], "default": 70}}},
        {"correlate": [{"attributes": ["age", "sex"], "matrix": [[1, 0.2], [0.2, 1]]}], **OLD},
    ],
    ids=["directly", "by way of another", "correlated"],
)  # fmt: skip
def test_ages_that_follow_from_sex_are_no_circle(profile):
    assert 0.45 < share_of_women(made(profile, 2_000), 0, 120) < 0.56


def test_stated_ages_in_open_bands_pass_their_own_validation():
    assert made(
        {"demographics": {"age": {"type": "age_bands", "bands": {"18-64": 0.7, "65-84": 0.2, "85+": 0.1}}}}
    ).validation.passed
