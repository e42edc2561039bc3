"""Events with diagnoses that are of one sex or of some ages: refused where they may come to others,
or kept from them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from clinic import VISIT, catalog, event, journey

from healthsim_core import EventHandler, Field, SpecificationError, whole_years
from healthsim_core.generation.executor import ProfileJourneyOrchestrator
from healthsim_core.generation.result import Result
from healthsim_core.skills.document import read_skill

CODE = Field("code", "category", "Diagnosis.", nullable=True, codes="icd-10-cm")
WOMEN_SAID = "Add the condition \"sex == 'F'\" to the event or its journey."


def seen(events: Any) -> dict[str, Any]:
    return {VISIT.name: {"visit_id": events.id, "person_id": events.person, "reason": events.parameters["code"]}}


def ran(code: str, age: Any = 40, sex: Any = None, also: dict[str, Any] | None = None, **fields: Any) -> Result:
    offers = catalog(
        healthsim_event_handlers=[EventHandler("clinic_visit", seen, writes=[VISIT], parameters=[CODE])],
        healthsim_triggers=[],
    )
    demographics = {"age": age, **({"sex": sex} if sex is not None else {})}
    visit = event("visit", "clinic_visit", parameters={"code": code}, delay={"days": [0, 300]}, **(also or {}))
    made = journey(visit, **fields)
    return ProfileJourneyOrchestrator(
        {"id": "some", "demographics": demographics}, made, count=300, catalog=offers
    ).execute()


def told(code: str, **who: Any) -> str:
    with pytest.raises(SpecificationError) as refused:
        ran(code, **who)
    return str(refused.value)


@pytest.mark.parametrize(("code", "sex"), [("O80", "women"), ("C56.9", "women"), ("N40.0", "men"), ("C61", "men")])
def test_a_diagnosis_of_one_sex_is_refused_where_the_other_may_come(code: str, sex: str) -> None:
    said = told(code)
    assert said.startswith(f'journey.events[0].parameters.code: "{code}" is of {sex} ') and "Add the condition" in said


def test_the_remedy_is_a_condition_that_works() -> None:
    assert WOMEN_SAID in told("O80")
    assert ran("O80", also={"conditions": ["sex == 'F'"]}).tables["clinic.visit"].num_rows > 0


@pytest.mark.parametrize(
    "narrowed",
    [
        {"sex": "F"},
        {"requires": {"sex": "F"}},
        {"condition": "sex == 'F' and age > 12"},
        {"also": {"conditions": ["not sex != 'F'"]}},
        {"also": {"conditions": ["sex in ['F']", "age < 60"]}},
    ],
)
def test_whom_the_profile_the_journey_or_the_event_names_is_who_comes(narrowed: dict[str, Any]) -> None:
    assert ran("Z34.90", **narrowed).tables["clinic.visit"].num_rows > 0


@pytest.mark.parametrize("narrowed", [{"condition": "sex == 'F' or age > 12"}, {"also": {"conditions": ["age > 12"]}}])
def test_a_condition_that_does_not_keep_the_other_sex_out_is_not_enough(narrowed: dict[str, Any]) -> None:
    assert WOMEN_SAID in told("Z34.90", **narrowed)


def test_a_diagnosis_of_ages_that_nobody_has_is_refused() -> None:
    assert '"Z00.110" is of newborns alone, and nobody who comes here is.' in told("Z00.110")


def test_a_diagnosis_does_not_come_to_people_of_other_ages_and_the_plan_says_so() -> None:
    result = ran("Z00.129", age={"type": "uniform", "min": 10, "max": 30})
    visits, people = result.tables["clinic.visit"], result.entities
    born = dict(zip(people["person_id"].to_pylist(), people["birth_date"].to_pylist(), strict=True))
    times = dict(zip(result.timeline["event_id"].to_pylist(), result.timeline["time"].to_pylist(), strict=True))
    rows = list(zip(visits["visit_id"].to_pylist(), visits["person_id"].to_pylist(), strict=True))
    ages = whole_years(
        np.array([born[person] for _, person in rows], "datetime64[D]"),
        np.array([times[visit] for visit, _ in rows], "datetime64[D]"),
    )
    assert len(rows) > 0 and ages.max() == 17
    assert any("0 to 17 years alone; it does not happen to others" in note for note in result.notes)


def test_an_event_that_nobody_reaches_is_no_mistake() -> None:
    assert ran("Z00.129", also={"conditions": ["age < 18"]}).tables["clinic.visit"].num_rows == 0


MIXED = """+++
skill = "mixed"
version = "1.0"
+++

## care

{table}
"""
BY_SEX = "| by sex | code |\n|---|---|\n| F | {f} |\n| * | {m} |"
BY_AGE = "| by age | code |\n|---|---|\n| 0-17 | Z00.129 |\n| * | Z00.00 |"
BY_SMOKER = "| by smoker | code |\n|---|---|\n| yes | C61 |\n| no | I10 |"
DRAWN = "| weight | code |\n|---|---|\n| 9 | I10 |\n| 1 | C56.9 |"


def ran_by_skill(
    tmp_path: Path, table: str, age: Any = 40, context: dict[str, str] | None = None, sex: Any = None
) -> Result:
    (tmp_path / "mixed.md").write_text(MIXED.format(table=table), encoding="utf-8")
    offers = catalog(
        healthsim_event_handlers=[EventHandler("clinic_visit", seen, writes=[VISIT], parameters=[CODE])],
        healthsim_triggers=[],
        healthsim_skill_resolvers=[read_skill(tmp_path / "mixed.md")],
    )
    reference = {"skill_ref": {"skill": "mixed", "lookup": "care", "context": context or {}}}
    visit = event("visit", "clinic_visit", parameters=reference, delay={"days": [0, 300]})
    smoker = {"type": "categorical", "weights": {"yes": 0.5, "no": 0.5}}
    demographics = {"age": age, **({"sex": sex} if sex is not None else {})}
    profile = {"id": "some", "demographics": demographics, "attributes": {"smoker": smoker}}
    return ProfileJourneyOrchestrator(profile, journey(visit), count=300, catalog=offers).execute()


def codes_by(result: Result, column: str) -> dict[Any, set[str]]:
    of = dict(zip(result.entities["person_id"].to_pylist(), result.entities[column].to_pylist(), strict=True))
    found: dict[Any, set[str]] = {}
    for row in result.tables["clinic.visit"].to_pylist():
        found.setdefault(of[row["person_id"]], set()).add(row["reason"])
    return found


def test_a_skill_that_asks_for_the_sex_gives_each_sex_its_own(tmp_path: Path) -> None:
    result = ran_by_skill(tmp_path, BY_SEX.format(f="C56.9", m="C61"), context={"sex": "${entity.sex}"})
    assert codes_by(result, "sex") == {"F": {"C56.9"}, "M": {"C61"}}


@pytest.mark.parametrize(
    ("table", "context", "code"),
    [
        (BY_SEX.format(f="C61", m="I10"), {"sex": "${entity.sex}"}, "C61"),
        (BY_SEX.format(f="I10", m="O80"), {"sex": "${entity.sex}"}, "O80"),
        (DRAWN, {}, "C56.9"),
        (BY_SMOKER, {"smoker": "${entity.smoker}"}, "C61"),
    ],
)
def test_a_row_of_a_skill_that_gives_the_other_sexs_diagnosis_is_refused(
    tmp_path: Path, table: str, context: dict[str, str], code: str
) -> None:
    with pytest.raises(SpecificationError) as refused:
        ran_by_skill(tmp_path, table, context=context)
    assert str(refused.value).startswith(f'journey.events[0].parameters.code: "{code}" is of ')


def test_rows_for_the_other_sex_are_no_mistake_where_it_does_not_come(tmp_path: Path) -> None:
    assert codes_by(ran_by_skill(tmp_path, BY_SMOKER, context={"smoker": "${entity.smoker}"}, sex="M"), "sex") == {
        "M": {"C61", "I10"}
    }


def test_of_a_skills_diagnoses_of_several_ages_each_comes_to_its_own(tmp_path: Path) -> None:
    result = ran_by_skill(tmp_path, BY_AGE, {"type": "uniform", "min": 15, "max": 20}, {"age": "${entity.age}"})
    born = dict(zip(result.entities["person_id"].to_pylist(), result.entities["birth_date"].to_pylist(), strict=True))
    times = dict(zip(result.timeline["event_id"].to_pylist(), result.timeline["time"].to_pylist(), strict=True))
    visits = result.tables["clinic.visit"].to_pylist()
    grown = [
        (times[row["visit_id"]].date() - born[row["person_id"]]).days / 365.25
        for row in visits
        if row["reason"] == "Z00.129"
    ]
    assert 15 < len(grown) < 300 and max(grown) < 18.003
    assert any("what they diagnose is not of that age" in note for note in result.notes)


def test_what_a_trigger_diagnoses_is_looked_at_as_what_an_event_does() -> None:
    caused = {"triggers": [{"event_type": "clinic_visit", "parameters": {"code": "C61"}}]}
    offers = catalog(
        healthsim_event_handlers=[EventHandler("clinic_visit", seen, writes=[VISIT], parameters=[CODE])],
        healthsim_triggers=[],
    )
    made = journey(event("first", "milestone", **caused))
    with pytest.raises(SpecificationError, match=r'triggers\[0\]\.parameters\.code: "C61" is of men alone'):
        ProfileJourneyOrchestrator({"id": "some"}, made, count=10, catalog=offers).execute()
    caused["triggers"][0]["condition"] = "sex == 'M'"
    result = ProfileJourneyOrchestrator(
        {"id": "some"}, journey(event("first", "milestone", **caused)), count=50, catalog=offers
    ).execute()
    assert codes_by(result, "sex") == {"M": {"C61"}}
