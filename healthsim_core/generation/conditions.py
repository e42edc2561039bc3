"""`core.condition`: what ails people, when it began, when it was found, and when it ended."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from healthsim_core.columns import Columns, Text, concat
from healthsim_core.handling.dispatch import Dispatcher
from healthsim_core.lookup import latest_of, next_of
from healthsim_core.patterns.timing import DAY, NEVER, Minutes, minutes, moments
from healthsim_core.person_state.changed import changed_by
from healthsim_core.person_state.keys import packed, within_of
from healthsim_core.person_state.recoding import CodeByState, alike
from healthsim_core.person_state.sources import CONDITION as OF_CONDITIONS
from healthsim_core.planning.plan import Plan
from healthsim_core.tables import Field
from healthsim_core.world import CONDITION

_SAID = (
    Field("description", "category", "The code in words.", nullable=True),
    Field("severity", "category", "Severity.", nullable=True),
)
Rows = NDArray[np.intp]


def condition_rows(plan: Plan, people: Columns, dispatcher: Dispatcher) -> Columns:
    """Rows of `core.condition`, sorted by person: of the profile, then what events find and begin."""
    told = [part for part in _of_profile(plan, people) if part.rows]
    said = [part for part in (*_found(plan, dispatcher), *_begun(plan, dispatcher)) if part.rows]
    if not told and not said:
        return Columns({field.name: field.nulls(0) for field in CONDITION.fields}, 0)
    rows = _joined([*told, *said])
    if said:
        rules = plan.sharing.sources.codes
        begun = _ended(rows, rules)
        rows = _revealed(_of_codes(begun), rules) if begun.rows else begun
        rows = rows.assign(description=_worded(rows, plan))
    ids, until = np.asarray(people["person_id"])[rows.array("row")], rows.array("until")
    until = np.where(until < int(minutes(np.array([plan.run.as_of]))[0]) + DAY, until, NEVER)
    dates = {"onset_date": "minute", "diagnosis_date": "found"}
    days = {date: _days(rows.array(name)) for date, name in dates.items()}
    kept = rows.select(["category", "code", "description", "severity", "primary", "event_id"])
    whole = kept.assign(person_id=ids, end_date=_days(until), **days)
    return whole.take(np.argsort(ids, kind="stable"))


def _worded(rows: Columns, plan: Plan) -> Text:
    words = rows.text("description")
    if not words.is_null().any():
        return words
    return words.or_else(rows.text("code").recode(plan.catalog.code_systems["icd-10-cm"].display))


def _of_profile(plan: Plan, people: Columns) -> Iterator[Columns]:
    for condition in plan.people.conditions:
        row = np.flatnonzero(np.asarray(people[f"condition.{condition.category}"]))
        code, words, severity = (
            people.text(f"{name}.{condition.category}")[row] for name in ("code", "description", "severity")
        )
        yield _told(
            row, minutes(people.array(f"onset.{condition.category}")[row]), code, description=words,
            severity=severity, category=condition.category, primary=condition.primary,
        )  # fmt: skip


def _found(plan: Plan, dispatcher: Dispatcher) -> Iterator[Columns]:
    """What events find or end, as products say of them."""
    of_conditions = {
        change: None
        for changes in plan.sharing.sources.by_type.values()
        for change in changes
        if change.kind == OF_CONDITIONS
    }
    for change in of_conditions:
        at = dispatcher.at(change.event_types)
        own = {field.name for field in change.parameters}
        fields = (*change.parameters, *(field for field in _SAID if field.name not in own))
        parameters = dispatcher.batch(at, fields, f"{change.product}.condition").parameters
        given = Columns({"days": np.nan, "stops": False, **changed_by(change, parameters)}, len(at))
        code, days, minute = given.text("name"), given.array("days"), dispatcher.chain.minute[at]
        until = np.where(np.isnan(days), NEVER, minute + np.rint(np.nan_to_num(days) * DAY).astype(np.int64))
        said = {field.name: parameters[field.name] for field in _SAID}
        yield _told(
            dispatcher.row[at], minute, code, event_id=dispatcher.chain.id[at], until=until,
            stops=given.array("stops"), rank=_ranks(plan, dispatcher, at), **said,
        ).take(np.flatnonzero(~code.is_null()))  # fmt: skip


def _begun(plan: Plan, dispatcher: Dispatcher) -> Iterator[Columns]:
    """What events say themselves that they begin, of which nobody knows yet, or end."""
    node = dispatcher.chain.node[:-1]
    for index, told in enumerate(plan.nodes):
        for said in (said for said in told.said if said.kind == OF_CONDITIONS):
            at = np.flatnonzero(node == index)
            minute = dispatcher.chain.minute[at]
            yield _told(
                dispatcher.row[at], minute, Text.constant(said.name, len(at)), found=np.full(len(at), NEVER),
                event_id=dispatcher.chain.id[at], stops=said.stops, rank=_ranks(plan, dispatcher, at),
            )  # fmt: skip


def _ranks(plan: Plan, dispatcher: Dispatcher, at: Rows) -> NDArray[np.int64]:
    return np.array([node.rank for node in plan.nodes], np.int64)[dispatcher.chain.node[at]]


def _told(row: Rows, minute: Minutes, code: Text, **others: Any) -> Columns:
    """What is said of conditions: whose, since when, which; until when it lasts, when it is found."""
    cells = {
        "category": code.recode(lambda said: said.partition(".")[0]), "description": None, "severity": None,
        "primary": False, "event_id": 0, "until": NEVER, "stops": False, "rank": 0, "found": minute, **others,
    }  # fmt: skip
    return Columns({"row": row, "minute": minute, "code": code, **cells}, len(row))


def _ended(told: Columns, rules: Sequence[CodeByState]) -> Columns:
    """What begins, until something ends it: what ends E11 ends all of its codes."""
    stops = told.array("stops")
    begins, ends = told.take(np.flatnonzero(~stops)), told.take(np.flatnonzero(stops))
    until, names, moment = begins.array("until").copy(), ends.text("code"), _moments(begins)
    for name in sorted(set(filter(None, names.to_pylist()))):
        these = ends.take(np.flatnonzero(names == name))
        some = np.flatnonzero(_begin_with(begins.text("code"), alike(name, rules)))
        next_ = next_of(these.array("row"), _moments(these), begins.array("row")[some], moment[some])
        until[some] = np.minimum(until[some], np.append(these.array("minute"), NEVER)[next_])
    return begins.assign(until=until)


def _of_codes(told: Columns) -> Columns:
    """A row for each code of a person: when it first began and was first found, and when it ended last; those of the
    profile come first, then the others in the order in which they began."""
    code = told.text("code").recode(str)
    group = np.unique(told.array("row") * len(code.values) + code.codes, return_inverse=True)[1]
    order = np.lexsort((told.array("rank"), told.array("minute"), group))
    starts = np.flatnonzero(np.diff(group[order], prepend=-1))
    first = order[starts]
    rows = told.take(first).assign(
        found=np.minimum.reduceat(told.array("found")[order], starts),
        until=np.maximum.reduceat(told.array("until")[order], starts),
    )
    place = np.where(rows.array("event_id") == 0, first, told.rows)
    return rows.take(np.lexsort((rows.array("rank"), rows.array("minute"), place)))


def _revealed(rows: Columns, rules: Sequence[CodeByState]) -> Columns:
    """What began before anybody knew, and is found under a code that says more of it, is that code's beginning; where
    it is found under a code by state, it is known from then on."""
    row, code, until = rows.array("row"), rows.text("code"), rows.array("until")
    minute, found, event = (rows.array(name).copy() for name in ("minute", "found", "event_id"))
    kept = np.ones(rows.rows, bool)
    for name in sorted(set(filter(None, code[found == NEVER].to_pylist()))):
        hidden = np.flatnonzero((found == NEVER) & np.asarray(code == name))
        shown = np.flatnonzero((found < NEVER) & _begin_with(code, alike(name, rules)))
        shown = shown[np.lexsort((rows.array("rank")[shown], found[shown], row[shown]))]
        shown = shown[np.flatnonzero(np.diff(row[shown], prepend=-1))]  # of each person what was found first
        of_them = latest_of(row[shown], found[shown], row[hidden], until[hidden])
        hidden, shown = hidden[of_them >= 0], shown[of_them[of_them >= 0]]
        says_more = _begin_with(code[shown], (name,))
        found[hidden[~says_more]] = found[shown[~says_more]]
        hidden, shown = hidden[says_more], shown[says_more]
        kept[hidden] = False
        earlier = minute[hidden] < minute[shown]
        minute[shown[earlier]], event[shown[earlier]] = minute[hidden[earlier]], event[hidden[earlier]]
    return rows.assign(minute=minute, found=found, event_id=event).take(np.flatnonzero(kept))


def _begin_with(code: Text, stems: tuple[str, ...]) -> NDArray[np.bool_]:
    return np.asarray(code.map(lambda said: said.startswith(stems), bool, False))


def _moments(told: Columns) -> NDArray[np.int64]:
    return within_of(packed(told.array("row"), told.array("minute"), told.array("rank")))


def _days(minute: Minutes) -> NDArray[np.datetime64]:
    known = minute < NEVER
    return np.where(known, moments(np.where(known, minute, 0)).astype("datetime64[D]"), np.datetime64("NaT", "D"))


def _joined(parts: Sequence[Columns]) -> Columns:
    return Columns({name: concat([part[name] for part in parts]) for name in parts[0]}, sum(p.rows for p in parts))
