"""Supervision of pregnancy is coded by the mother's age at the expected date of delivery and by the children whom she
has."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from healthsim_core import Result, generate

WEEK = 7  # days by which a birth may miss the expected date


def run(profile: dict[str, Any], count: int) -> Result:
    return generate(profile=profile, journey="pregnancy_journey", count=count, products=["patientsim"])


def supervised(result: Result) -> dict[int, str]:
    """The code under which each pregnancy stands in the chart."""
    found = result.tables["patientsim.condition"].to_pylist()
    return {row["person_id"]: row["code"] for row in found if row["code"].startswith(("O09", "Z34"))}


def test_women_who_are_35_when_the_child_is_due_are_elderly_gravidae_and_others_not() -> None:
    result = run(
        {"id": "about-35", "demographics": {"sex": "F", "age": {"type": "uniform", "min": 33, "max": 36}}}, 300
    )
    people = result.tables["core.person"].to_pylist()
    born = {person["household_id"]: person["birth_date"] for person in people if person["role"] == "newborn"}
    days = {
        p["person_id"]: (born[p["household_id"]] - p["birth_date"]).days - 35 * 365.2425
        for p in people
        if p["role"] != "newborn"
    }
    codes = supervised(result)
    clear = {person: since > 0 for person, since in days.items() if abs(since) > WEEK}
    assert {person: codes[person].startswith("O09.5") for person in clear} == clear
    assert 0.3 < sum(clear.values()) / len(clear) < 0.9


@pytest.mark.parametrize(("other", "code"), [
    ({"role": "dependent", "age": 3}, "O09.521"),
    ({"role": "spouse", "sex": "M", "age": 40}, "O09.511"),
])  # fmt: skip
def test_a_household_with_a_dependent_has_a_multigravida_and_one_without_a_primigravida(
    other: dict[str, Any], code: str
) -> None:
    mother = {"role": "subscriber", "sex": "F", "age": 38}
    assert set(supervised(run({"id": "household", "members": [mother, other]}, 20)).values()) == {code}


def test_of_women_alone_the_parity_is_that_of_the_nation() -> None:
    codes = list(supervised(run({"id": "alone", "demographics": {"sex": "F", "age": 40}}, 400)).values())
    assert 0.30 < codes.count("O09.511") / 400 < 0.46
    assert set(codes) == {"O09.511", "O09.521"}


def test_a_daughter_on_her_parents_policy_has_her_first_child() -> None:
    daughter = {"role": "dependent", "sex": "F", "age": 19}
    family = {"id": "grandparents", "members": [{"role": "subscriber", "sex": "M", "age": 50}, daughter]}
    assert set(supervised(run(family, 20)).values()) == {"Z34.01"}


def test_the_oswald_mother_of_a_teenager_is_an_elderly_multigravida() -> None:
    scenario = json.loads((Path(__file__).parents[3] / "examples/oswald_family.json").read_text(encoding="utf-8"))
    found = generate(scenario={**scenario, "outputs": []}, count=20, products=["patientsim"])
    assert set(supervised(found).values()) == {"O09.521"}
