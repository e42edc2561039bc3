"""`core.condition`: what ails people, since when, and since when it is known."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from healthsim_core.columns import Columns, Text, concat
from healthsim_core.handling.dispatch import Dispatcher
from healthsim_core.patterns.timing import moments
from healthsim_core.person_state.changed import changed_by
from healthsim_core.person_state.sources import CONDITION as OF_CONDITIONS
from healthsim_core.planning.plan import Plan
from healthsim_core.state_offers import StateChange
from healthsim_core.tables import Field
from healthsim_core.timeline.state import Timeline
from healthsim_core.world import CONDITION

_WORDS = Field("description", "category", "The code in words.", nullable=True)


def condition_rows(plan: Plan, people: Columns, timeline: Timeline, dispatcher: Dispatcher) -> Columns:
    """Rows of `core.condition`, sorted by person: of the profile, and what begins or is found in the run."""
    profile = [part for part in _of_profile(plan, people) if part.rows]
    found = [part for part in (*_found(plan, dispatcher), *_begun(plan, timeline)) if part.rows]
    if not profile and not found:
        return Columns({field.name: field.nulls(0) for field in CONDITION.fields}, 0)
    whole = _joined([*profile, *_first(found)])
    return _once(whole)


def _of_profile(plan: Plan, people: Columns) -> Iterator[Columns]:
    ids = np.asarray(people["person_id"])
    for condition in plan.people.conditions:
        has = np.flatnonzero(np.asarray(people[f"condition.{condition.category}"]))
        code, words, severity, onset = (
            people[f"{name}.{condition.category}"][has] for name in ("code", "description", "severity", "onset")
        )
        yield _rows(
            ids[has], code, np.asarray(onset).astype("datetime64[D]"), known=True, description=words,
            severity=severity, category=condition.category, primary=condition.primary,
        )  # fmt: skip


def _found(plan: Plan, dispatcher: Dispatcher) -> Iterator[Columns]:
    """What events find, as their products say."""
    for change in plan.catalog.of(StateChange):
        if change.kind == OF_CONDITIONS and change.product in plan.products:
            fields = (
                *change.parameters,
                *(() if _WORDS.name in {field.name for field in change.parameters} else (_WORDS,)),
            )
            events = dispatcher.events(change.event_types, fields, f"{change.product}.condition")
            code = Columns({"code": changed_by(change, events.parameters)["name"]}, len(events)).text("code")
            there = np.flatnonzero(~code.is_null())
            yield _rows(
                events.person[there], code[there], events.date[there], known=True,
                description=events.parameters.text(_WORDS.name)[there], event_id=events.id[there],
            )  # fmt: skip


def _begun(plan: Plan, timeline: Timeline) -> Iterator[Columns]:
    """What events say themselves that it begins: nobody knows of it yet."""
    ids = np.asarray(timeline.people["person_id"])
    for index, node in enumerate(plan.nodes):
        for said in node.said:
            if said.kind == OF_CONDITIONS and not said.stops:
                happened = timeline.happened[index]
                kept = np.flatnonzero(happened.kept)
                day = moments(happened.moment[kept]).astype("datetime64[D]")
                code = Text.constant(said.name, len(kept))
                yield _rows(ids[happened.row[kept]], code, day, known=False, event_id=happened.id[kept])


def _rows(
    person: NDArray[np.int64], code: Any, day: NDArray[Any], known: bool, category: str | None = None, **others: Any
) -> Columns:
    cells = {"description": None, "severity": None, "primary": False, "event_id": 0, **others}
    return Columns(
        {
            "person_id": person,
            "category": code.recode(lambda said: said.partition(".")[0]) if category is None else category,
            "code": code,
            "onset_date": day,
            "diagnosis_date": day if known else np.full(len(day), np.datetime64("NaT", "D")),
            **cells,
        },
        len(person),
    )


def _first(found: list[Columns]) -> list[Columns]:
    """Of what is found several times, when it was first; what began before anybody knew began then."""
    if not found:
        return []
    whole = _joined(found)
    person, onset, event = (np.asarray(whole[name]) for name in ("person_id", "onset_date", "event_id"))
    known, code = ~np.isnat(np.asarray(whole["diagnosis_date"])), whole.text("code")
    onset, kept = onset.copy(), np.ones(whole.rows, bool)
    for name in sorted(filter(None, set(code[~known].to_pylist()))):
        hidden = np.flatnonzero(~known & np.asarray(code == name))
        order = np.lexsort((onset[hidden], person[hidden]))
        first = hidden[order][np.flatnonzero(np.diff(person[hidden][order], prepend=-1))]
        same = np.flatnonzero(known & np.asarray(code.map(lambda said, stem=name: said.startswith(stem), bool, False)))  # type: ignore[misc]
        at = np.searchsorted(person[first], person[same])
        there = (at < len(first)) & (person[first][np.minimum(at, len(first) - 1)] == person[same])
        onset[same[there]] = np.minimum(onset[same[there]], onset[first[at[there]]])
        kept[hidden] = False
        kept[first] = ~np.isin(person[first], person[same])
    some = np.flatnonzero(kept)
    return [whole.assign(onset_date=onset).take(some[np.lexsort((event[some], onset[some]))])]


def _once(whole: Columns) -> Columns:
    """The first row of each code of a person, sorted by person."""
    person, codes = np.asarray(whole["person_id"]), whole.text("code").codes
    _, first = np.unique(np.stack([person, codes], axis=1), axis=0, return_index=True)
    first = np.sort(first)
    return whole.take(first[np.argsort(person[first], kind="stable")])


def _joined(parts: list[Columns]) -> Columns:
    return Columns({name: concat([part[name] for part in parts]) for name in parts[0]}, sum(p.rows for p in parts))
