"""Events with diagnoses that are of one sex or of some ages: refused where they may come to others, or kept from them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from clinic import VISIT, catalog, event, journey

from healthsim_core import EventHandler, Field, SpecificationError, whole_years
from healthsim_core.generation.executor import ProfileJourneyOrchestrator
from healthsim_core.generation.result import Result

CODE = Field("code", "category", "Diagnosis.", nullable=True, codes="icd-10-cm")
WOMEN_SAID = "Add the condition \"sex == 'F'\" to the event or its journey."


def seen(events: Any) -> dict[str, Any]:
    return {VISIT.name: {"visit_id": events.id, "person_id": events.person, "reason": events.parameters["code"]}}


def ran(code: str, age: Any = 40, sex: Any = None, also: dict[str, Any] | None = None, **fields: Any) -> Result:
    offers = catalog(
        healthsim_event_handlers=[EventHandler("clinic_visit", seen, writes=[VISIT], parameters=[CODE])], healthsim_triggers=[]
    )
    demographics = {"age": age, **({"sex": sex} if sex is not None else {})}
    visit = event("visit", "clinic_visit", parameters={"code": code}, delay={"days": [0, 300]}, **(also or {}))
    made = journey(visit, **fields)
    return ProfileJourneyOrchestrator({"id": "some", "demographics": demographics}, made, count=300, catalog=offers).execute()


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
        np.array([born[person] for _, person in rows], "datetime64[D]"), np.array([times[visit] for visit, _ in rows], "datetime64[D]")
    )
    assert len(rows) > 0 and ages.max() == 17
    assert any("0 to 17 years alone; it does not happen to others" in note for note in result.notes)


def test_an_event_that_nobody_reaches_is_no_mistake() -> None:
    assert ran("Z00.129", also={"conditions": ["age < 18"]}).tables["clinic.visit"].num_rows == 0
