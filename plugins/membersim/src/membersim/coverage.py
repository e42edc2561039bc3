"""Spans of coverage: who is covered from when to when, by which plan.

Somebody who is insured is covered from the first of the year in which the run starts for them (from birth, and in
Medicare not before the month of the 65th birthday), unless the first coverage event of their journeys enrols them. An
event of a subscriber counts for the household, except where plans are individual (Medicare, Medicaid). A change to a
plan of another coverage type than the person's changes nothing. The uninsured have no span.
"""

from __future__ import annotations

import attrs
import numpy as np
from numpy.typing import NDArray

from healthsim_core import Events, Text, first_of, latest_of, matches, rank_within
from membersim.facts import document
from membersim.plans import Plans

ENROLL, CHANGE, TERMINATE = 0, 1, 2
SPANS = 1_024  # spans of one person, as coverage ids are addressed
_TYPES = {"new_enrollment": ENROLL, "plan_change": CHANGE, "termination": TERMINATE}
_NEVER = np.datetime64("NaT", "D")

Days = NDArray[np.datetime64]


@attrs.frozen(eq=False)
class Spans:
    """Spans of coverage, sorted by person's row and start.

    Attributes:
        row: The person's row in the chunk.
        coverage_id: Int64.
        start: First covered day.
        end: Last covered day; NaT while it goes on.
        plan: Index of the plan's design.
        plan_name: The plan as the person or the change names it.
        start_reason: X12 maintenance reason.
        end_reason: X12 maintenance reason; null while it goes on.
    """

    row: NDArray[np.intp]
    coverage_id: NDArray[np.int64]
    start: Days
    end: Days
    plan: NDArray[np.int64]
    plan_name: Text
    start_reason: Text
    end_reason: Text

    def at(self, row: NDArray[np.intp], day: Days) -> NDArray[np.int64]:
        """Index of the span that covers each person's row on each day; -1 for none."""
        latest = latest_of(self.row, self.start, row, day)
        return np.where(day > np.append(self.end, _NEVER)[latest], -1, latest)


@attrs.frozen(eq=False)
class _Changes:
    """Coverage events by person: sorted by row and time; `plan` -1 is the person's own."""

    row: NDArray[np.intp]
    day: Days
    kind: NDArray[np.int64]
    plan: NDArray[np.int64]
    plan_name: Text
    reason: Text

    def take(self, index: NDArray[np.intp]) -> _Changes:
        return _Changes(*(getattr(self, field.name)[index] for field in attrs.fields(_Changes)))


def spans_of(events: Events, plans: Plans) -> Spans:
    """The spans of everybody in the chunk.

    Args:
        events: The chunk's events of type person, new_enrollment, plan_change and termination (others are passed over).
        plans: The plan designs.
    """
    own_plan = plans.codes(events.chunk["plan"], events.chunk["coverage_type"])
    individual = np.array(plans.given("individual", False), bool)[own_plan] & (own_plan >= 0)
    changes = _with_default(events, _changes(events, plans, individual), own_plan, plans)
    changes = changes.take(np.flatnonzero(own_plan[changes.row] >= 0))
    return _spans(events, changes.take(np.flatnonzero(_effective(changes))), own_plan, plans)


def _changes(events: Events, plans: Plans, individual: NDArray[np.bool_]) -> _Changes:
    kind = events.type.map(lambda name: _TYPES.get(name, -1), np.int64, -1)
    at = np.flatnonzero(kind >= 0)
    person = events.chunk.id
    shared = at[~individual[events.row[at]]]
    held, members = matches(events.chunk.columns.array("subscriber_id"), events.person[shared])
    cause = shared[held]
    other = person[members] != events.person[cause]
    row = np.concatenate([events.row[at], members[other]])
    cause = np.concatenate([at, cause[other]])
    named = _own(events.parameters.text("plan")[cause], events.chunk["coverage_type"][row], plans)
    plan = np.where(named.is_null(), -1, plans.codes(named, events.chunk["coverage_type"][row]))
    events_of_all = _Changes(row, events.date[cause], kind[cause], plan, named, events.parameters.text("reason")[cause])
    changes = (kind[cause] != CHANGE) | ~named.is_null() | events.parameters.text("plan")[cause].is_null()
    return events_of_all.take(_only(np.lexsort((kind[cause], events.time[cause], row)), changes))


def _own(named: Text, coverage_type: Text, plans: Plans) -> Text:
    """The plans that events name, where they are of the person's coverage type: a person never has one of another."""
    names, types = [*named.values.to_pylist(), None], [*coverage_type.values.to_pylist(), None]
    foreign = np.array([[plans.is_foreign(name, kind) for name in names] for kind in types])
    return named.only(~foreign[coverage_type.codes, named.codes])


def _only(order: NDArray[np.intp], wanted: NDArray[np.bool_]) -> NDArray[np.intp]:
    return order[wanted[order]]


def _with_default(events: Events, changes: _Changes, own_plan: NDArray[np.int64], plans: Plans) -> _Changes:
    people = len(events.chunk)
    enrolled = np.append(changes.kind, -1)[first_of(changes.row, people)] == ENROLL
    seen = np.zeros(people, bool)
    seen[events.row[events.type == "person"]] = True
    rows = np.flatnonzero(seen & ~enrolled)
    nowhere = np.full(len(rows), -1)
    before = np.concatenate([nowhere, np.arange(len(changes.row))])
    merged = _Changes(
        row=np.concatenate([rows, changes.row]),
        day=np.concatenate([_default_start(events, own_plan, plans)[rows], changes.day]),
        kind=np.concatenate([np.full(len(rows), ENROLL), changes.kind]),
        plan=np.concatenate([nowhere, changes.plan]),
        plan_name=changes.plan_name.take_or_null(before),
        reason=changes.reason.take_or_null(before),
    )
    return merged.take(np.argsort(merged.row, kind="stable"))


def _default_start(events: Events, own_plan: NDArray[np.int64], plans: Plans) -> Days:
    begin = np.full(len(events.chunk), events.run.start).astype("datetime64[D]")
    person = np.flatnonzero(events.type == "person")
    begin[events.row[person]] = events.date[person]
    birth = np.asarray(events.chunk["birth_date"])
    start = np.maximum(begin.astype("datetime64[Y]").astype("datetime64[D]"), birth)
    medicare = np.array([design["coverage_type"] == "Medicare" for design in plans.designs], bool)[own_plan] & (
        own_plan >= 0
    )
    eligible = (birth.astype("datetime64[M]") + 65 * 12).astype("datetime64[D]")
    return np.where(medicare & (eligible > start) & (eligible <= begin), eligible, start)


def _effective(changes: _Changes) -> NDArray[np.bool_]:
    """Whether each change does something: one enrols only who is out, and changes or ends what is there."""
    count = len(changes.row)
    if not count:
        return np.zeros(0, bool)
    index = np.arange(count)
    last = np.maximum.accumulate(np.where(changes.kind != CHANGE, index, -1))
    before = np.concatenate([[-1], last[:-1]])
    first = np.searchsorted(changes.row, changes.row)
    inside = (before >= first) & (changes.kind[np.maximum(before, 0)] == ENROLL)
    return np.asarray(np.where(changes.kind == ENROLL, ~inside, inside))


def _spans(events: Events, changes: _Changes, own_plan: NDArray[np.int64], plans: Plans) -> Spans:
    opens = np.flatnonzero(changes.kind != TERMINATE)
    row = changes.row[opens]
    birth = np.asarray(events.chunk["birth_date"])[row]
    start = np.maximum(changes.day[opens], birth)
    end, end_reason = _ends(changes, opens, row)
    end, end_reason = _until_death(events, row, end, end_reason)
    ordinal = rank_within(row)
    changed = changes.kind[opens] == CHANGE
    start_reason = np.where(changed, 2, np.where(ordinal > 0, 3, np.where(start == birth, 1, 0)))
    own_name = events.chunk["plan"][row].or_else(Text(own_plan[row], list(plans.names)))
    plan = np.where(changes.plan[opens] >= 0, changes.plan[opens], own_plan[row])
    keep = np.flatnonzero(np.isnat(end) | (end >= start))
    return Spans(
        row=row[keep],
        coverage_id=events.chunk.id[row[keep]] * SPANS + ordinal[keep],
        start=start[keep],
        end=end[keep],
        plan=plan[keep],
        plan_name=changes.plan_name[opens].or_else(own_name)[keep],
        start_reason=Text(start_reason[keep], ["28", "02", "22", "41"]),
        end_reason=end_reason[keep],
    )


def _ends(changes: _Changes, opens: NDArray[np.intp], row: NDArray[np.intp]) -> tuple[Days, Text]:
    reasons = document("payers")["termination_reasons"]
    following = np.minimum(opens + 1, max(len(changes.row) - 1, 0))
    has = (opens + 1 < len(changes.row)) & (changes.row[following] == row)
    terminated = changes.kind[following] == TERMINATE
    day = np.where(terminated, changes.day[following], changes.day[following] - 1)
    said = changes.reason[following].recode(
        lambda words: reasons["codes"].get(words.lower().replace("_", " "), reasons["default"])
    )
    said = said.or_else(reasons["default"])
    values = [*said.values.to_pylist(), "22"]
    codes = np.where(has, np.where(terminated, said.codes, len(values) - 1), -1)
    return np.where(has, day, _NEVER), Text(codes, values)


def _until_death(events: Events, row: NDArray[np.intp], end: Days, reason: Text) -> tuple[Days, Text]:
    death = np.asarray(events.chunk["death_date"])[row]
    dies = ~np.isnat(death) & (death <= events.run.as_of) & (np.isnat(end) | (end > death))
    values = [*reason.values.to_pylist(), "03"]
    return np.where(dies, death, end), Text(np.where(dies, len(values) - 1, reason.codes), values)
