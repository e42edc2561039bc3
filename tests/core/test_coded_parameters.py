"""Coded parameters of events: what is no code is refused with its path, what is one goes on as its system writes it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from clinic import BILL, VISIT, adults, bill, catalog, event, journey

from healthsim_core import EventHandler, Field, SpecificationError, Trigger, read_skill
from healthsim_core.generation.executor import ProfileJourneyOrchestrator
from healthsim_core.generation.result import Result

PARAMETERS = (
    Field("reason", "category", "Why.", nullable=True),
    Field("code", "category", "Diagnosis.", nullable=True, codes="icd-10-cm"),
    Field("loinc", "category", "Test.", nullable=True, codes="loinc"),
    Field("value", "number", "Its value.", nullable=True, least=0, signed_by="loinc"),
    Field("days", "number", "Days.", nullable=True, least=1, most=365),
    Field("amount", "number", "Amount.", nullable=True, above=0),
    Field("done", "category", "Procedure.", nullable=True, codes="[system]"),
    Field("system", "category", "Its system.", nullable=True, codes="procedure-system"),
    Field("place", "category", "Where.", nullable=True, codes="place-of-service"),
)
SKILL = """+++
skill = "coding"
version = "1.0"
+++

## wrong

| by sex | code |
|---|---|
| F | E11.9 |
| M | E11.99X |

## without_dots

| by sex | code |
|---|---|
| * | e119 |

## by_system

| by sex | done | system |
|---|---|---|
| F | `08` | CVX |
| M | G0438 | CVX |
"""


def seen(events: Any) -> dict[str, Any]:
    """A visit for each event: its reason is the first code that the handler was given, its score the number."""
    given = events.parameters
    said = given["code"].or_else(given["done"]).or_else(given["place"]).or_else(given["loinc"]).or_else(given["reason"])
    return {VISIT.name: {"visit_id": events.id, "person_id": events.person, "reason": said, "score": given["days"]}}


def ran(*events: dict[str, Any], count: int = 40, profile: dict[str, Any] | None = None, **changes: Any) -> Result:
    handlers = [
        EventHandler("clinic_visit", seen, writes=[VISIT], parameters=PARAMETERS),
        EventHandler(
            "clinic_bill", bill, writes=[BILL], parameters=[Field("reason", "category", "Why.", codes="icd-10-cm")]
        ),
    ]
    offers = catalog(healthsim_event_handlers=handlers, **{"healthsim_triggers": [], **changes})
    return ProfileJourneyOrchestrator(profile or adults(), journey(*events), count=count, catalog=offers).execute()


def visit(**parameters: Any) -> dict[str, Any]:
    return event("visit", "clinic_visit", parameters=parameters)


def reasons(result: Result, table: str = "clinic.visit") -> set[str | None]:
    return set(result.tables[table]["reason"].to_pylist())


def said_of(*events: dict[str, Any], **changes: Any) -> str:
    with pytest.raises(SpecificationError) as refused:
        ran(*events, **changes)
    return str(refused.value)


@pytest.mark.parametrize(
    ("parameters", "path", "remedy"),
    [
        ({"code": "J45.90"}, "code", "J45.901"),
        ({"code": "Z99.ZZZ"}, "code", "Z99."),
        ({"loinc": "8480-7"}, "loinc", "check digit"),
        ({"loinc": "8480-6", "value": -1}, "value", "Give 0 or more."),
        ({"days": 0}, "days", "Give 1 to 365."),
        ({"days": 366}, "days", "Give 1 to 365."),
        ({"days": -30}, "days", "Give 1 to 365."),
        ({"amount": 0}, "amount", "Give more than 0."),
        ({"specialty": "cardiolgy"}, "specialty", '"cardiology"'),
        ({"class": "INPATIENT"}, "class", "IMP"),
        ({"class": "AMBX"}, "class", '"AMB"'),
        ({"done": "99", "system": "CVX"}, "done", "CVX"),
        ({"done": "08", "system": "CVXX"}, "system", '"CVX"'),
        ({"place": 5}, "place", '"05"'),
    ],
)
def test_what_is_no_code_or_out_of_bounds_is_refused_with_its_path(
    parameters: dict[str, Any], path: str, remedy: str
) -> None:
    told = said_of(visit(**parameters))
    assert told.startswith(f"journey.events[0].parameters.{path}: ") and remedy in told


def test_every_mistake_of_a_journey_is_told_at_once() -> None:
    told = said_of(
        visit(code="X99", loinc="1-1", days=-3), event("late", "clinic_visit", parameters={"code": "banana"})
    )
    assert [line.split(":")[0] for line in told.splitlines() if not line.startswith(" ")] == [
        "journey.events[0].parameters.code", "journey.events[0].parameters.loinc", "journey.events[0].parameters.days",
        "journey.events[1].parameters.code",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("parameters", "written"),
    [
        ({"code": "e119"}, "E11.9"),
        ({"place": 11}, "11"),
        ({"done": "g0438", "system": "hcpcs"}, "G0438"),
        ({"reason": "amb"}, "amb"),
    ],
)
def test_a_constant_goes_on_as_its_system_writes_it(parameters: dict[str, Any], written: str) -> None:
    assert reasons(ran(visit(**parameters))) == {written}


def test_a_value_that_may_be_negative_by_its_loinc_is_taken() -> None:
    assert ran(visit(loinc="11555-0", value=-4.5)).validation.passed


def test_conditions_read_a_constant_as_its_system_writes_it() -> None:
    bills = [Trigger("clinic_visit", "clinic_bill", where="parameters.code == 'E11.9'", carry={"code": "reason"})]
    assert reasons(ran(visit(code="e119"), healthsim_triggers=bills), "clinic.bill") == {"E11.9"}


def test_a_carried_constant_is_a_code_of_the_parameter_that_takes_it() -> None:
    told = said_of(
        visit(reason="toothache"), healthsim_triggers=[Trigger("clinic_visit", "clinic_bill", carry=("reason",))]
    )
    assert '"toothache" is no billable ICD-10-CM code.' in told


def test_a_constant_of_an_inline_trigger_is_checked_with_its_path() -> None:
    follows = [{"event_type": "clinic_bill", "delay": {"days": 1}, "parameters": {"reason": "K35.8"}}]
    told = said_of({**visit(), "triggers": follows})
    assert told.startswith('journey.events[0].triggers[0].parameters.reason: "K35.8" is no billable ICD-10-CM code.')


def test_what_an_outcome_may_give_is_checked_before_anything_is_made() -> None:
    codes = {"type": "categorical", "weights": {"I10": 0.99, "I11": 0.01}}
    told = said_of({**visit(code="${outcome.found}"), "outcomes": {"found": codes}})
    assert '"I11" is no billable ICD-10-CM code.' in told


def test_what_an_outcome_gives_goes_on_as_its_system_writes_it() -> None:
    codes = {"type": "categorical", "weights": {"i10": 0.5, "e119": 0.5}}
    assert reasons(ran({**visit(code="${outcome.found}"), "outcomes": {"found": codes}})) == {"I10", "E11.9"}


def test_what_a_profile_gives_is_checked() -> None:
    profile = adults(attributes={"seen_at": {"type": "categorical", "weights": {"11": 0.5, "77": 0.5}}})
    assert '"77" is no CMS place of service.' in said_of(visit(place="${entity.seen_at}"), profile=profile)


def test_what_is_known_only_while_drawing_stops_the_run_in_one_line() -> None:
    profile = adults(attributes={"seen_at": {"type": "uniform", "min": 11.0, "max": 12.0}})
    told = said_of(visit(place="${entity.seen_at}"), profile=profile)
    assert told.startswith("journey.events[0].parameters.place: ") and "CMS place of service" in told


@pytest.fixture
def coding(tmp_path: Path) -> list[Any]:
    (tmp_path / "coding.md").write_text(SKILL, encoding="utf-8")
    return [read_skill(tmp_path / "coding.md")]


def asked(lookup: str, **parameters: Any) -> dict[str, Any]:
    return visit(skill_ref={"skill": "coding", "lookup": lookup, "context": {"sex": "${entity.sex}"}}, **parameters)


def test_what_a_skill_may_give_is_checked_and_its_cell_named(coding: list[Any]) -> None:
    told = said_of(asked("wrong"), healthsim_skill_resolvers=coding)
    assert told.startswith('journey.events[0].parameters.skill_ref: "wrong" of "coding" gives as code: "E11.99X" is no')


def test_rows_of_a_skill_that_a_constant_context_excludes_are_not_asked(coding: list[Any]) -> None:
    used = {"skill": "coding", "lookup": "wrong", "context": {"sex": "F"}}
    assert reasons(ran(visit(skill_ref=used), healthsim_skill_resolvers=coding)) == {"E11.9"}


def test_what_a_skill_gives_goes_on_as_its_system_writes_it(coding: list[Any]) -> None:
    assert reasons(ran(asked("without_dots"), healthsim_skill_resolvers=coding)) == {"E11.9"}


def test_codes_of_a_skill_are_those_of_the_system_in_their_row(coding: list[Any]) -> None:
    assert '"G0438" is no CVX code.' in said_of(asked("by_system"), healthsim_skill_resolvers=coding)


@pytest.mark.parametrize(
    "law",
    [
        {"type": "uniform", "min": -3, "max": 30},
        {"type": "normal", "mean": 30, "std_dev": 20, "min": -10},
        {"type": "normal", "mean": -500, "std_dev": 5},
        {"type": "explicit", "values": [0, 30]},
        {"type": "uniform", "min": 30, "max": 400},
    ],
)
def test_an_outcome_that_says_itself_that_it_is_out_of_bounds_is_refused(law: dict[str, Any]) -> None:
    told = said_of({**visit(days="${outcome.supply}"), "outcomes": {"supply": law}})
    assert told.startswith("journey.events[0].outcomes.supply: ") and "Give 1 to 365." in told


def test_a_normal_that_may_just_go_beyond_is_kept_within() -> None:
    law = {"type": "normal", "mean": 3, "std_dev": 2}
    drawn = ran({**visit(days="${outcome.supply}"), "outcomes": {"supply": law}}, count=400).tables["clinic.visit"][
        "score"
    ]
    assert min(drawn.to_pylist()) == 1


@pytest.mark.parametrize(
    ("condition", "meant"),
    [
        ("code == 'e119'", 'Did you mean "E11.9"?'),
        ("place in ['11', '1']", 'Did you mean "01"?'),
        ("loinc == '4548-5'", "their check digit"),
    ],
)
def test_a_trigger_that_asks_for_what_is_no_code_is_refused(condition: str, meant: str) -> None:
    caused = [{"event_type": "milestone", "condition": condition}]
    with pytest.raises(SpecificationError, match="which it never is") as refused:
        ran(event("visit", "clinic_visit", parameters={"code": "E11.9"}, triggers=caused))
    assert meant in str(refused.value)
