"""What closes something that is open: at the latest a death does, whatever was planned; the rest is cancelled."""

from __future__ import annotations

import datetime
from typing import Any

import clinic
import pytest

from healthsim_core import Closing, EventHandler, Trigger
from healthsim_core.generation.memory import run_in_memory
from healthsim_core.planning.compiling import compile_plan
from healthsim_core.planning.request import make_request

HANDLERS = [
    EventHandler("clinic_visit", clinic.visit, writes=[clinic.VISIT], parameters=[clinic.REASON, clinic.SCORE]),
    EventHandler(
        ("clinic_opens", "clinic_closes", "clinic_bill"), clinic.bill, writes=[clinic.BILL], parameters=[clinic.REASON],
        closings=(Closing("clinic_closes", "clinic_opens", {"reason": "died"}),),
    ),
]  # fmt: skip
BILLED = Trigger("clinic_closes", "clinic_bill", delay=(3, 5), carry=("reason",), outlives=True)


def lived(
    *events: dict[str, Any],
    count: int = 40,
    chunk_size: int | None = None,
    days: int = 100,
    triggers: Any = (BILLED,),
    **request: Any,
) -> Any:
    catalog = clinic.catalog(healthsim_event_handlers=HANDLERS, healthsim_triggers=list(triggers))
    asked = make_request(
        clinic.adults(), clinic.journey(*events, duration_days=days), catalog=catalog, count=count, **request
    )
    return run_in_memory(compile_plan(asked, catalog), chunk_size)


def opens(days: Any = 10) -> dict[str, Any]:
    return clinic.event("opens", "clinic_opens", delay={"days": days})


def closes(days: Any = 20, after: str = "opens", **more: Any) -> dict[str, Any]:
    return clinic.event(
        "closes", "clinic_closes", depends_on=after, delay={"days": days}, parameters={"reason": "planned"}, **more
    )


def dies(days: Any, after: str = "opens", **more: Any) -> dict[str, Any]:
    return clinic.event("dies", "death", depends_on=after, delay={"days": days}, **more)


def timeline(result: Any) -> dict[int, dict[str, datetime.datetime]]:
    found: dict[int, dict[str, datetime.datetime]] = {}
    for row in result.timeline.to_pylist():
        found.setdefault(row["person_id"], {})[row["node"]] = row["time"]
    return found


def reasons(result: Any) -> set[str]:
    return {row["reason"] for row in result.tables["clinic.bill"].to_pylist() if row["reason"]}


def test_what_is_open_at_a_death_is_closed_at_its_moment() -> None:
    result = lived(opens(), dies([1, 9]), closes())
    people = timeline(result)
    assert len(people) == 40
    assert all(each["closes"] == each["dies"] > each["opens"] for each in people.values())
    assert reasons(result) == {"died"}
    assert result.validation.passed


def test_what_follows_a_closing_and_outlives_runs_from_the_death() -> None:
    people = timeline(lived(opens(), dies([1, 9]), closes()))
    waits = {(each["closes>clinic.clinic_bill"].date() - each["dies"].date()).days for each in people.values()}
    assert waits == {3, 4, 5}


def test_what_does_not_outlive_is_cancelled_by_the_death() -> None:
    visit = Trigger("clinic_closes", "clinic_visit", delay=(1, 2))
    people = timeline(lived(opens(), dies(5), closes(), triggers=[visit]))
    assert not any("closes>clinic.clinic_visit" in each for each in people.values())


def test_a_closing_before_the_death_stays_as_it_was_planned() -> None:
    result = lived(opens(), dies(30), closes())
    assert all((each["closes"] - each["opens"]).days in (19, 20) for each in timeline(result).values())
    assert reasons(result) == {"planned"}


def test_what_opens_after_the_death_is_never_closed() -> None:
    people = timeline(lived(clinic.event("dies", "death", delay={"days": 5}), opens(), closes()))
    assert all(set(each) == {"dies"} for each in people.values())


def test_what_is_not_planned_to_be_closed_is_not() -> None:
    people = timeline(lived(opens(), dies(5), closes(probability=0.5), count=200))
    closed = sum("closes" in each for each in people.values())
    assert 60 < closed < 140


def test_a_closing_that_depends_on_what_the_death_has_cancelled_still_closes() -> None:
    moves = clinic.event("moves", "clinic_visit", depends_on="opens", delay={"days": 12})
    result = lived(opens(), dies(5), moves, closes(3, after="moves"))
    ids = {row["event_id"]: row["node"] for row in result.timeline.to_pylist()}
    closing = [row for row in result.timeline.to_pylist() if row["node"] == "closes"]
    assert len(closing) == 40 and not any("moves" in each for each in timeline(result).values())
    assert {ids[row["cause_id"]] for row in closing} == {"opens"}


@pytest.mark.parametrize("days", [22, 25])
def test_a_closing_that_is_planned_beyond_the_journey_is_brought_forward_too(days: int) -> None:
    result = lived(opens(), dies([1, 9]), closes(20), days=days)
    assert all(each["closes"] == each["dies"] for each in timeline(result).values())
    assert result.validation.passed


def test_a_closing_beyond_the_worlds_today_is_brought_forward_too() -> None:
    people = timeline(lived(opens(), dies(5), closes(20), start="2025-12-10", as_of="2026-01-01"))
    assert all(each["closes"] == each["dies"] for each in people.values())


def test_of_several_openings_each_is_closed_once() -> None:
    first = clinic.event("early", "clinic_closes", depends_on="opens", delay={"days": 3})
    people = timeline(lived(opens(), first, dies(5), closes(20)))
    assert all("early" in each and "closes" not in each for each in people.values())


def test_an_end_of_the_journey_cancels_no_closing() -> None:
    leaves = clinic.event("leaves", "milestone", depends_on="opens", delay={"days": 2}, ends="journey")
    later = clinic.event("later", "clinic_visit", depends_on="opens", delay={"days": 10})
    people = timeline(lived(opens(), leaves, later, closes(after="later", days=10)))
    assert all("later" not in each and "closes" in each for each in people.values())


def test_a_death_that_an_end_of_its_journey_has_cancelled_ends_nothing() -> None:
    leaves = clinic.event("leaves", "milestone", depends_on="opens", delay={"days": 2}, ends="journey")
    result = lived(opens(), leaves, dies(5), closes())
    assert result.entities["death_date"].null_count == 40
    assert reasons(result) == {"planned"}


@pytest.mark.parametrize("chunk_size", [1, 7])
def test_endings_are_the_same_for_any_chunking(chunk_size: int) -> None:
    events = (opens([5, 15]), dies([1, 40], probability=0.5), closes([3, 60]))
    assert lived(*events, chunk_size=chunk_size).timeline.equals(lived(*events).timeline)
    assert lived(*events, chunk_size=chunk_size).tables["clinic.bill"].equals(lived(*events).tables["clinic.bill"])
