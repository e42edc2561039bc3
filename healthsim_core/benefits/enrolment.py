"""Coverages of a chunk's people, from who they are and what befalls their coverage.

Somebody who is insured is covered from the first of the year in which the run starts for them (from birth, and in
Medicare not before the month of the 65th birthday), unless the first event of that coverage enrolls them. An event
counts from the day on which it takes effect, whenever the plan learns of it. One of a subscriber counts for the
household, but for plans that each member holds alone; a member who is first enrolled for a stated reason (marriage)
joins then, with the plan that the subscriber has. A change to a plan of another coverage type than the person's
changes nothing. The uninsured have no coverage, and it ends with life.
"""

from __future__ import annotations

import attrs
import numpy as np
from numpy.typing import NDArray

from healthsim_core.benefits.covered import RANKS, Coverages, Versions, slot_of
from healthsim_core.benefits.learned import versions_of
from healthsim_core.benefits.openings import CHANGE, ENROLL, TERMINATE, Changes, Openings, effective
from healthsim_core.benefits.plans import Plans
from healthsim_core.columns import Columns, Text, concat
from healthsim_core.groups import rank_within
from healthsim_core.lookup import first_of, latest_of, matches

EVENT_TYPES = {"new_enrollment": ENROLL, "plan_change": CHANGE, "termination": TERMINATE}
SPANS = 1_024  # spans of one person, as coverage ids are addressed
BIRTH, DEATH, ENROLLMENT, PLAN_CHANGE, RETURN, END = (
    "birth", "death", "initial enrollment", "plan change", "re-enrollment", "termination",
)  # fmt: skip
TAKEN_BACK = "taken back"
_NEVER, _LONG_AGO = (np.datetime64(day, "D").astype(np.int64) for day in ("9999-01-01", "0001-01-01"))
_OLD_AGE = 65  # at which Medicare begins (42 USC 1395c)

Days = NDArray[np.datetime64]
Rows = NDArray[np.int64]


@attrs.frozen(eq=False)
class CoverageEvents:
    """What befalls coverages; all columns are (events,).

    Attributes:
        row: Row of whom it befalls.
        time: When the plan learns of it.
        kind: Value of `EVENT_TYPES`.
        plan: The plan that it names; null for none.
        reason: Why, in words; null for none.
        rank: Of the coverage that it is about.
        effective: Day from which it counts.
    """

    row: NDArray[np.intp]
    time: NDArray[np.datetime64]
    kind: NDArray[np.int64]
    plan: Text
    reason: Text
    rank: NDArray[np.int64]
    effective: Days


@attrs.frozen(eq=False)
class _Own:
    """What people have without an event that says so, by slot; and whose household they are of, by row.

    Attributes:
        plan: Index of the plan (slots,); -1 for none.
        name: The plan as the person names it.
        kind: Coverage type.
        alone: Whether the person holds the coverage alone.
        subscriber: Row of the subscriber (people,); the person's own where that is not here.
    """

    plan: Rows
    name: Text
    kind: Text
    alone: NDArray[np.bool_]
    subscriber: Rows

    @classmethod
    def of(cls, people: Columns, plans: Plans) -> _Own:
        rows = people.rows
        stated = [
            tuple(people.text(name) if name in people else Text.constant(None, rows) for name in columns_of(rank))
            for rank in range(1, RANKS + 1)
        ]
        kind, name = (_interleaved([texts[part] for texts in stated]) for part in range(2))
        plan = np.where(kind.is_null(), -1, plans.codes(name, kind))
        names = Text(np.where(plan >= 0, plan, -1), list(plans.names))
        ids, holder = people.array("person_id"), people.array("subscriber_id")
        found, at = matches(ids, holder)
        subscriber = np.arange(rows)
        subscriber[found] = at
        return cls(plan, name.or_else(names), kind, _alone(plan, plans), subscriber)


def columns_of(rank: int) -> tuple[str, str]:
    """The columns of people that say the coverage type and the plan of a rank."""
    return ("coverage_type", "plan") if rank == 1 else (f"coverage_type_{rank}", f"plan_{rank}")


def _interleaved(ranks: list[Text]) -> Text:
    """One text by slot of a text by row for each rank."""
    joined = concat(ranks)
    assert isinstance(joined, Text)
    return Text(joined.codes.reshape(len(ranks), -1).T.ravel(), joined.values)


def coverages_of(people: Columns, begin: Days, told: CoverageEvents, plans: Plans, as_of: np.datetime64) -> Coverages:
    """The coverages of everybody in a chunk.

    Args:
        people: The chunk's people, sorted by person.
        begin: Day on which the run starts for each of them.
        told: What befalls their coverages.
        plans: The plans of the run.
        as_of: The run's today.
    """
    own = _Own.of(people, plans)
    changes = _shared(told, own, plans)
    changes = _with_default(changes, people, begin, own, plans)
    changes = _until_death(changes, people, as_of)
    birth = people.array("birth_date").astype("datetime64[D]")
    final = Openings.of(changes, np.flatnonzero(effective(changes.slot, changes.kind)), birth)
    return _coverages(people, own, plans, changes, final, versions_of(changes, final, birth))


def _alone(plan: Rows, plans: Plans) -> NDArray[np.bool_]:
    return np.asarray(np.append(plans.individual, False)[plan])


def _shared(told: CoverageEvents, own: _Own, plans: Plans) -> Changes:
    """What befalls each coverage, in order: what is told of a subscriber befalls the household's too."""
    cause, slot = _reached(told, own, plans)
    named = told.plan[cause]
    kind = own.kind[slot].or_else(_type_of(named, plans))
    foreign = plans.are_foreign(named, kind)
    plan = np.where(named.is_null() | foreign, -1, plans.codes(named, kind))
    nameless = told.kind[cause] != TERMINATE
    nothing = (nameless & (plan < 0) & (own.plan[slot] < 0)) | ((told.kind[cause] == CHANGE) & foreign)
    insured = own.plan[slot_of(slot // RANKS, 1)] >= 0
    day, learned = told.effective[cause].astype("datetime64[D]"), told.time[cause]
    order = np.lexsort((told.kind[cause], learned.astype(np.int64), day.astype(np.int64), slot))
    changes = Changes(
        slot, day, learned.astype("datetime64[D]"), told.kind[cause], plan, named.only(~foreign), told.reason[cause]
    )
    return changes.take(order[(insured & ~nothing)[order]])


def _reached(told: CoverageEvents, own: _Own, plans: Plans) -> tuple[Rows, Rows]:
    """Events and the coverages that each befalls."""
    events = np.arange(len(told.row))
    mine = slot_of(told.row, told.rank)
    brought = plans.codes(told.plan, own.kind[mine].or_else(_type_of(told.plan, plans)))
    shared = np.flatnonzero(~np.where(own.plan[mine] >= 0, own.alone[mine], _alone(brought, plans)))
    held, member = matches(own.subscriber, told.row[shared].astype(np.int64))
    cause = shared[held]
    slot = slot_of(member, told.rank[cause])
    others = (member != told.row[cause]) & ~own.alone[slot] & (told.effective[cause] > _joined(told, own)[slot])
    return np.concatenate([events, cause[others]]), np.concatenate([mine, slot[others]])


def _joined(told: CoverageEvents, own: _Own) -> Days:
    """By slot, the day on which a member joins the subscriber's coverage; before all days for those there all along."""
    day = told.effective.astype("datetime64[D]").astype(np.int64)
    slot, dependent = slot_of(told.row, told.rank), own.subscriber[told.row] != told.row
    joins = dependent & (told.kind == ENROLL) & ~told.reason.is_null()
    first, first_joining = (_earliest(slot[mask], day[mask], len(own.plan)) for mask in (dependent, joins))
    joined = (first_joining < _NEVER) & (first_joining <= first) & ~own.alone
    return np.where(joined, first_joining, _LONG_AGO).astype("datetime64[D]")


def _earliest(slot: Rows, day: Rows, slots: int) -> Rows:
    first = np.full(slots, _NEVER)
    np.minimum.at(first, slot, day)
    return first


def _type_of(named: Text, plans: Plans) -> Text:
    """The coverage type of each plan that is known by its name."""
    types = {name.lower(): kind for name, kind in zip(plans.names, plans.coverage_types, strict=True)}
    return named.recode(lambda name: types.get(name.lower()))


def _with_default(changes: Changes, people: Columns, begin: Days, own: _Own, plans: Plans) -> Changes:
    """The changes, and before them the enrolment of those whom no event enrolls first."""
    enrolled = np.append(changes.kind, -1)[first_of(changes.slot, len(own.plan))] == ENROLL
    slot = np.flatnonzero((own.plan >= 0) & (own.plan[slot_of(np.arange(len(own.plan)) // RANKS, 1)] >= 0) & ~enrolled)
    start = _default_start(people, begin, slot, own, plans)
    rows = len(slot)
    nothing = Text.constant(None, rows)
    begins = np.full(len(own.plan), np.datetime64(int(_LONG_AGO), "D"))
    begins[slot] = start  # before it there is nothing to change
    day = np.where(changes.kind == CHANGE, np.maximum(changes.day, begins[changes.slot]), changes.day)
    changes = attrs.evolve(changes, day=day)
    default = Changes(slot, start, start, np.full(rows, ENROLL), np.full(rows, -1), nothing, nothing).with_others(
        changes
    )
    return default.take(np.argsort(default.slot, kind="stable"))


def _default_start(people: Columns, begin: Days, slot: Rows, own: _Own, plans: Plans) -> Days:
    row = slot // RANKS
    birth, begins = people.array("birth_date").astype("datetime64[D]")[row], begin.astype("datetime64[D]")[row]
    start = np.maximum(begins.astype("datetime64[Y]").astype("datetime64[D]"), birth)
    medicare = np.array([kind == "Medicare" for kind in plans.coverage_types], bool)[own.plan[slot]]
    eligible = (birth.astype("datetime64[M]") + _OLD_AGE * 12).astype("datetime64[D]")
    return np.where(medicare & (eligible > start) & (eligible <= begins), eligible, start)


def _until_death(changes: Changes, people: Columns, as_of: np.datetime64) -> Changes:
    """The changes, of those who die up to their death, which ends all."""
    death = people.array("death_date").astype("datetime64[D]")
    dies = ~np.isnat(death) & (death <= as_of)
    if not dies.any():
        return changes
    of_slot = np.where(dies, death, np.datetime64(int(_NEVER), "D"))[changes.slot // RANKS]
    alive = changes.take(np.flatnonzero(changes.day <= of_slot))
    slot = np.unique(alive.slot[dies[alive.slot // RANKS]])
    day, rows = death[slot // RANKS], len(slot)
    end = Changes(
        slot, day, day, np.full(rows, TERMINATE), np.full(rows, -1), Text.constant(None, rows),
        Text.constant(DEATH, rows),
    )  # fmt: skip
    joined = alive.with_others(end)
    return joined.take(np.argsort(joined.slot, kind="stable"))


def _coverages(
    people: Columns,
    own: _Own,
    plans: Plans,
    changes: Changes,
    final: Openings,
    late: tuple[Versions | None, Rows, Days],
) -> Coverages:
    versions, gone, gone_known = late
    change = np.union1d(final.change, gone)
    slot, opened, withdrawn = changes.slot[change], changes.take(change), np.isin(change, gone)
    row = slot // RANKS
    birth = people.array("birth_date").astype("datetime64[D]")[row]
    at = np.searchsorted(change, final.change)
    start = np.maximum(opened.day, birth)
    start[at] = final.start
    end, end_known, end_reason = _ends(changes, final, at, len(change))
    end[withdrawn] = start[withdrawn] - 1
    end_known[withdrawn] = gone_known
    plan, name = _plans(opened, own, plans, start, end)
    keep = np.flatnonzero(np.isnat(end) | (end >= start) | withdrawn)
    if versions is not None:
        versions = attrs.evolve(versions, span=np.searchsorted(change[keep], versions.span))
    return Coverages(
        row=row[keep],
        coverage_id=(people.array("person_id")[row] * SPANS + rank_within(row))[keep],
        rank=(slot % RANKS + 1)[keep],
        start=start[keep],
        end=end[keep],
        start_known=opened.known[keep],
        end_known=end_known[keep],
        plan=plan[keep],
        plan_name=name[keep],
        holder=np.where(_alone(plan, plans), row, own.subscriber[row])[keep],
        start_reason=_start_reason(opened, start == birth)[keep],
        end_reason=Text.constant(TAKEN_BACK, len(change)).only(withdrawn).or_else(end_reason)[keep],
        versions=versions,
    )


def _ends(changes: Changes, final: Openings, at: Rows, spans: int) -> tuple[Days, Days, Text]:
    """Last day of each span, when the plan learned of it, and why; of one that is not so in the end, nothing.

    Args:
        changes: All changes.
        final: The spans that are so in the end.
        at: Their places among all.
        spans: How many there are.
    """
    end, then = np.full(spans, np.datetime64("NaT", "D")), np.full(spans, -1)
    end[at], then[at] = final.end, final.next
    ended = then >= 0
    known = np.where(ended, changes.known[then], np.datetime64("NaT", "D"))
    said = (
        changes.reason[then]
        .only(changes.kind[then] == TERMINATE)
        .or_else(Text((changes.kind[then] != TERMINATE).astype(np.int32), [END, PLAN_CHANGE]))
    )
    return end, known, said.only(ended)


def _start_reason(opened: Changes, born: NDArray[np.bool_]) -> Text:
    again = np.where(rank_within(opened.slot) > 0, 2, 3)
    usual = np.where(born, 0, np.where(opened.kind == CHANGE, 1, again))
    return opened.reason.or_else(Text(usual, [BIRTH, PLAN_CHANGE, RETURN, ENROLLMENT]))


def _plans(opened: Changes, own: _Own, plans: Plans, start: Days, end: Days) -> tuple[Rows, Text]:
    """The plan of each span: that which the event names, else the one to which the subscriber had changed by its
    first day, else the person's own."""
    row, rank = opened.slot // RANKS, opened.slot % RANKS + 1
    holder = own.subscriber[row]
    joins = np.flatnonzero((opened.plan < 0) & (opened.kind == ENROLL) & (holder != row) & ~own.alone[opened.slot])
    known = np.flatnonzero(np.isnat(end) | (end >= start))
    theirs = latest_of(opened.slot[known], start[known], slot_of(holder[joins], rank[joins]), start[joins])
    theirs = np.append(known, -1)[theirs]
    kinds = np.unique(np.array([*plans.coverage_types, ""]), return_inverse=True)[1]
    over = start[joins] > np.append(end, np.datetime64("NaT", "D"))[theirs]
    named = np.append(opened.plan, -1)[theirs]
    takes = (theirs >= 0) & ~over & (named >= 0) & (kinds[named] == kinds[own.plan[opened.slot[joins]]])
    source = np.arange(len(row))
    source[joins[takes]] = theirs[takes]
    plan, name = opened.plan[source], opened.plan_name[source]
    return np.where(plan >= 0, plan, own.plan[opened.slot]), name.or_else(own.name[opened.slot])
