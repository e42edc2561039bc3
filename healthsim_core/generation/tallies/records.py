"""Counts that validation needs of each chunk: whole numbers, so that their sum is the same for any chunking."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

import attrs
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from healthsim_core.columns import Columns, Text
from healthsim_core.draws import Floats
from healthsim_core.generation.distributions import AgeBands
from healthsim_core.generation.people_plan import Attribute, ConditionPlan, weights_of
from healthsim_core.generation.timing import DAY
from healthsim_core.tables import column_from_arrow

if TYPE_CHECKING:
    from healthsim_core.generation.dispatch import Dispatcher
    from healthsim_core.generation.plan import Plan
    from healthsim_core.generation.timeline import Timeline

BINS = 10  # of the probability integral transform of a continuous attribute
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
SCALE = 1 << 32  # a uniform is summed as a whole number of 2**-32

_Count: TypeAlias = int | np.integer[Any] | np.bool_  # numpy's stubs say that a sum of booleans is one


@attrs.define
class Tallies:
    """What was counted; `where` is a path in the specification or the name of a table.

    Attributes:
        proportions: (where, what, stated probability) to [times it was so, times it could have been].
        means: (where, what) to [sum of uniforms in units of 2**-32, how many].
        violations: (where, what) to rows that break a rule that has no exception.
    """

    proportions: dict[tuple[str, str, float], list[int]] = attrs.field(factory=dict)
    means: dict[tuple[str, str], list[int]] = attrs.field(factory=dict)
    violations: dict[tuple[str, str], int] = attrs.field(factory=dict)

    def proportion(self, where: str, what: str, stated: float, successes: _Count, trials: _Count) -> None:
        """Count something stated as a probability."""
        _add(self.proportions, (where, what, float(stated)), int(successes), int(trials))

    def mean(self, where: str, what: str, uniforms: Floats) -> None:
        """Count values that are uniform in 0..1 if what is stated is true."""
        _add(self.means, (where, what), int(np.sum((uniforms * SCALE).astype(np.int64))), len(uniforms))

    def violation(self, where: str, what: str, rows: _Count) -> None:
        """Count rows that break a rule; none is a count too, so that the rule is seen to have been checked."""
        self.violations[where, what] = self.violations.get((where, what), 0) + int(rows)

    def add(self, other: Tallies) -> None:
        """Add another chunk's."""
        for mine, theirs in ((self.proportions, other.proportions), (self.means, other.means)):
            for key, counts in theirs.items():
                _add(mine, key, *counts)
        for (where, what), rows in other.violations.items():
            self.violation(where, what, rows)


def _add(into: dict[Any, list[int]], key: Any, first: int, second: int) -> None:
    counts = into.setdefault(key, [0, 0])
    counts[0] += first
    counts[1] += second


def tally_people(tallies: Tallies, plan: Plan, people: Columns) -> None:
    """Count every attribute and condition that the profile states."""
    for attribute in plan.people.attributes:
        if attribute.stated and attribute.name in people:
            _tally_attribute(tallies, attribute, people)
    for condition in plan.people.conditions:
        _tally_condition(tallies, condition, people, len(plan.people.members))
    born, start = np.asarray(people["birth_date"]), np.asarray(people["start_date"])
    tallies.violation("core.person", "birth date and age agree at the start", np.sum(_age_on(born, start) != np.asarray(people["age"])))
    family = len(plan.people.members) - len(plan.births) > 1  # a child alone has a card of its own, and may become a mother
    child = (people["role"] == "subscriber") & (np.asarray(people["age"]) < 18) & family
    tallies.violation("core.person", "children do not subscribe", np.sum(child))


def _tally_attribute(tallies: Tallies, attribute: Attribute, people: Columns) -> None:
    distribution, values = attribute.by_member[0], people[attribute.name]
    weights = weights_of(distribution)
    if weights is not None:
        for value, weight in weights.items():
            there = values == value if isinstance(values, Text) else np.asarray(values) == float(value)
            tallies.proportion(attribute.where, f"share of {value}", min(weight, 1.0), np.sum(there), people.rows)
        return
    if isinstance(distribution, AgeBands):
        total, ages = sum(distribution.weights), np.asarray(values)
        for (low, high), weight in zip(distribution.bands, distribution.weights, strict=True):
            there = (ages >= low) & (ages <= high)
            tallies.proportion(attribute.where, f"share of {low}-{high}", weight / total, np.sum(there), people.rows)
        return
    if attribute.name == "age":
        return
    transformed = distribution.cdf(values, people) if distribution.continuous else None
    if transformed is not None and (distribution.below(values, people) == transformed).all():
        tallies.mean(attribute.where, "mean", transformed)
        counts, _ = np.histogram(transformed, bins=BINS, range=(0.0, 1.0))
        for index, count in enumerate(counts):
            tallies.proportion(attribute.where, f"share of tenth {index + 1}", 1 / BINS, count, people.rows)


def _tally_condition(tallies: Tallies, plan: ConditionPlan, people: Columns, size: int) -> None:
    position = np.asarray(people["person_id"]) % 16
    age, has = np.asarray(people["age"]), np.asarray(people[f"condition.{plan.category}"])
    for index, prevalence in enumerate(plan.by_member):
        if prevalence is None:
            continue
        mine = position == index
        if prevalence.when is not None:
            mine = mine & prevalence.when.holds(people, people.rows)
        for low, high, probability in prevalence.bands:
            asked = mine & (age >= low) & (age <= high)
            who = f" of member {index}" if size > 1 else ""
            band = f" at {low}-{high}" if len(prevalence.bands) > 1 else ""
            tallies.proportion(plan.where, f"prevalence of {plan.category}{who}{band}", probability, np.sum(has & asked), np.sum(asked))


def tally_timeline(tallies: Tallies, plan: Plan, timeline: Timeline, dispatcher: Dispatcher) -> None:
    """Count how often each event happened of the times it could, and check its delay and the bounds of life."""
    for index, node in enumerate(plan.nodes):
        happened = timeline.happened[index]
        if node.probability < 1:
            tallies.proportion(node.path, "probability", node.probability, happened.block.chosen, happened.block.eligible)
        if node.schedule is None:
            first = np.flatnonzero(happened.first)
            allowed = node.timing.within(timeline.anchors(node, happened, first), happened.minute[first])
            tallies.violation(node.path, "delay within its bounds", np.sum(~allowed))
    chain, people = dispatcher.chain, dispatcher.people
    day = (chain.minute // DAY).astype("datetime64[D]")
    born, died = np.asarray(people["birth_date"])[dispatcher.row], np.asarray(people["death_date"])[dispatcher.row]
    tallies.violation("core.event", "nothing happens before birth", np.sum(day < born))
    tallies.violation("core.event", "nothing happens after death", np.sum(day > died))
    caused = np.flatnonzero(chain.cause >= 0)
    tallies.violation("core.event", "cause before effect", np.sum(chain.minute[chain.cause[caused]] > chain.minute[caused]))
    tallies.violation("core.event", "nothing happens after as_of", np.sum(day > plan.run.as_of))


def tally_records(tallies: Tallies, plan: Plan, tables: Mapping[str, pa.Table]) -> None:
    """Check that keys are distinct and that references resolve within the chunk and the run's tables."""
    known = {name: np.sort(_key(tables[name], table.key)) for name, table in plan.tables.items()}
    for name, table in plan.tables.items():
        keys = known[name]
        tallies.violation(name, "keys are distinct", np.sum(keys[1:] == keys[:-1]))
        for field in table.fields:
            target = plan.tables.get(field.references)
            if target is not None and len(target.key) == 1:
                wanted, column = _key(tables[name], (field.name,)), tables[name][field.name]
                wanted = wanted[pc.is_valid(column).to_numpy()] if column.null_count else wanted
                tallies.violation(name, f"{field.name} is a {field.references}", _strangers(wanted, known[target.name]))


def _key(rows: pa.Table, names: tuple[str, ...]) -> NDArray[np.uint64]:
    """One word a row: equal for equal keys, and for others equal by a chance of 2**-64 a pair."""
    combined = np.zeros(rows.num_rows, np.uint64)
    for name in names:
        column = column_from_arrow(rows[name])
        words = column.map(_word, np.uint64, 0) if isinstance(column, Text) else _bits(column)
        combined = combined * _GOLDEN + words if len(names) > 1 else words
    return combined


def _bits(column: NDArray[Any]) -> NDArray[np.uint64]:
    return column.view(np.uint64) if column.dtype.kind == "f" else column.astype(np.int64).view(np.uint64)


@functools.lru_cache(maxsize=1 << 16)
def _word(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")


def _strangers(wanted: NDArray[np.uint64], known: NDArray[np.uint64]) -> int:
    if not len(known):
        return len(wanted)
    stays = np.concatenate([[False], wanted[1:] == wanted[:-1]]) if len(wanted) else np.zeros(0, bool)
    if not _missing(wanted[np.flatnonzero(~stays)], known).any():  # a person's rows stand together: one question for all of them
        return 0
    return int(np.sum(_missing(wanted, known)))


def _missing(wanted: NDArray[np.uint64], known: NDArray[np.uint64]) -> NDArray[np.bool_]:
    needles = np.sort(wanted)  # sorted needles are found ten times faster: the search stays in the cache
    found = np.minimum(np.searchsorted(known, needles), len(known) - 1)
    return np.asarray(known[found] != needles)


def _age_on(born: NDArray[Any], day: NDArray[Any]) -> NDArray[np.int64]:
    months = day.astype("datetime64[M]").astype(np.int64) - born.astype("datetime64[M]").astype(np.int64)
    day_of = (day - day.astype("datetime64[M]")).astype(np.int64)
    born_of = (born - born.astype("datetime64[M]")).astype(np.int64)
    month = day.astype("datetime64[M]")
    length = ((month + 1).astype("datetime64[D]") - month.astype("datetime64[D]")).astype(np.int64)
    not_yet = day_of < np.minimum(born_of, length - 1)
    return np.asarray((months - not_yet) // 12)
