"""A lookup that asks what else the person has: one coding in the profile, in journeys and asked by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from clinic import adults, catalog, event, journey

from healthsim_core import Columns, Draws, SkillResolver, read_skill
from healthsim_core.generation.executor import ProfileJourneyOrchestrator
from healthsim_core.generation.result import Result

SKILL = """+++
skill = "sugar-care"
version = "1.0"
conditions = ["E11"]
+++

## diagnosis

| by condition.N18 | by severity | code | description |
|---|---|---|---|
| yes | * | E11.22 | With kidney disease |
| no | bad | E11.65 | High |
| no | * | E11.9 | Plain |

## clinic_visit

| by condition.N18 | reason |
|---|---|
| yes | both |
| * | sugar |
"""
SUGAR: dict[str, Any] = {
    "code": "E11",
    "prevalence": 0.7,
    "severity": {"type": "categorical", "weights": {"mild": 0.5, "bad": 0.5}},
}
KIDNEY: dict[str, Any] = {"code": "N18", "prevalence": 0.5}


@pytest.fixture
def skill(tmp_path: Path) -> SkillResolver:
    path = tmp_path / "sugar-care.md"
    path.write_text(SKILL, encoding="utf-8")
    return read_skill(path)


def lived(skill: SkillResolver, conditions: list[dict[str, Any]], *events: dict[str, Any]) -> Result:
    made = journey(*events) if events else []
    world = catalog(healthsim_skill_resolvers=[skill])
    return ProfileJourneyOrchestrator(
        adults(clinical={"conditions": conditions}), made, count=300, catalog=world
    ).execute()


def codes(result: Result) -> dict[int, dict[str, tuple[str, str | None]]]:
    found: dict[int, dict[str, tuple[str, str | None]]] = {}
    for row in result.tables["core.condition"].to_pylist():
        found.setdefault(row["person_id"], {})[row["category"]] = (row["code"], row["severity"])
    return found


def expected(own: dict[str, tuple[str, str | None]]) -> str:
    return "E11.22" if "N18" in own else "E11.65" if own["E11"][1] == "bad" else "E11.9"


@pytest.mark.parametrize("kidney", [KIDNEY, {**KIDNEY, "when": "condition.E11"}])
def test_a_condition_is_coded_by_what_else_the_person_has(skill: SkillResolver, kidney: dict[str, Any]) -> None:
    with_sugar = [own for own in codes(lived(skill, [SUGAR, kidney])).values() if "E11" in own]
    assert {own["E11"][0] for own in with_sugar} == {"E11.22", "E11.65", "E11.9"}
    assert all(own["E11"][0] == expected(own) for own in with_sugar)


def test_what_a_skill_asks_for_those_have_too_who_have_a_code_below_it(skill: SkillResolver) -> None:
    with_sugar = [own for own in codes(lived(skill, [SUGAR, {**KIDNEY, "code": "N18.4"}])).values() if "E11" in own]
    assert {(own["E11"][0] == "E11.22", "N18.4" in own) for own in with_sugar} == {(True, True), (False, False)}


def test_of_a_profile_without_the_other_condition_nobody_has_it(skill: SkillResolver) -> None:
    assert {own["E11"][0] for own in codes(lived(skill, [SUGAR])).values()} == {"E11.65", "E11.9"}


def test_the_other_condition_changes_nobody_s_draws(skill: SkillResolver) -> None:
    alone, both = codes(lived(skill, [SUGAR])), codes(lived(skill, [SUGAR, KIDNEY]))
    assert {person: own["E11"][1] for person, own in alone.items()} == {
        p: own["E11"][1] for p, own in both.items() if "E11" in own
    }


@pytest.mark.parametrize("reference", ["sugar-care", {"skill": "sugar-care", "lookup": "clinic_visit", "context": {}}])
def test_an_event_need_not_say_what_the_person_has(skill: SkillResolver, reference: Any) -> None:
    result = lived(skill, [SUGAR, KIDNEY], event("see", "clinic_visit", parameters={"skill_ref": reference}))
    own = codes(result)
    visits = result.tables["clinic.visit"].to_pylist()
    assert {visit["reason"] for visit in visits} == {"both", "sugar"}
    assert all((visit["reason"] == "both") == ("N18" in own.get(visit["person_id"], {})) for visit in visits)


def test_asked_by_hand_the_other_condition_is_given_or_absent(skill: SkillResolver) -> None:
    draw, severity = Draws(1, "hand", np.arange(1, 3)), ["mild", "mild"]
    given = {"severity": severity, "condition.N18": np.array([True, False])}
    assert skill.resolve("diagnosis", Columns(given, 2), draw)["code"].to_pylist() == ["E11.22", "E11.9"]
    assert skill.resolve("diagnosis", Columns({"severity": severity}, 2), draw)["code"].to_pylist() == [
        "E11.9",
        "E11.9",
    ]
