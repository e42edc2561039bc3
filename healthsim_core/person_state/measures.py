"""Measures of the body: people's levels, and what they are at a moment, in closed form for whole columns.

A level is drawn once for a person: by a score that follows those of other measures, and the declared law. At a moment
it has wandered, drifted, and been moved by what held until then: an interval from a to b contributes at t
`size * (exp(-(t - min(t, b)) / days) - exp(-(t - a) / days))`, so that intervals that touch add up to one. What held
before the run started is in the level, so its end takes its effect away: `size * (exp(-(t - min(t, b)) / days) - 1)`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, Protocol

import attrs
import numpy as np
from numpy.typing import NDArray

from healthsim_core import portable
from healthsim_core.columns import Column, Text
from healthsim_core.distributions import Distribution
from healthsim_core.draws import Draws
from healthsim_core.expressions.asking import HAS, drug_key
from healthsim_core.expressions.expression import Expression
from healthsim_core.patterns.timing import DAY, Minutes
from healthsim_core.person_state.intervals import Intervals

YEAR = 365.25 * DAY
OWN = "level"  # in a formula: what comes of the measure's own level
Floats = NDArray[np.float64]
Rows = NDArray[np.intp]
_APART = 1 << 28  # minutes, by which moments of two people are apart as draws are addressed
_UNIT = (2.0**-53, 1 - 2.0**-53)


class Bodies(Protocol):
    """The people whose measures are asked."""

    seed: int
    person_id: NDArray[np.int64]
    start: Minutes
    people: Mapping[str, Any]

    def intervals(self, kind: str, name: str) -> Intervals:
        """When something held, of everybody."""


@attrs.frozen(eq=False)
class Cause:
    """What moves a measure: a treatment taken or ordered, a condition, a circumstance."""

    kind: str
    name: str


@attrs.frozen(eq=False)
class Effect:
    """A compiled effect of first order.

    Attributes:
        cause: What has it.
        size: A number, or an expression over `level` and columns of people; of a share, the part of the level.
        share: Whether it is a part of the level.
        days: When about two thirds of it are there.
        doses: By drug, doses a day in rising order from 0, and the part of the effect that each has.
    """

    cause: Cause
    size: float | Expression
    share: bool
    days: float
    doses: Mapping[str, tuple[Sequence[float], Sequence[float]]]


@attrs.frozen(eq=False)
class Scatter:
    """How far values lie apart that a person has at different times, or that are measured at one.

    Attributes:
        size: Standard deviation.
        relative: Whether it is a part of the level.
        follows: Loadings on the same of other measures.
        rest: The part that is its own.
        days: Of wandering: within how many days a value is another one.
    """

    size: float
    relative: bool
    follows: tuple[tuple[str, float], ...]
    rest: float = 1.0
    days: float = 1.0


@attrs.frozen(eq=False)
class Law:
    """One measure, compiled.

    Attributes:
        name: Its name.
        level: The law of levels; None where it is made of others alone.
        follows: Loadings on the scores of others.
        rest: The part of its score that is its own.
        wanders: How far it wanders; None for not at all.
        noise: How far off measuring is.
        drifts: Causes, and the change a year while they last.
        effects: What moves it.
        bounds: Least and greatest value of a body.
        formula: Of other measures, and of what comes of its own level as `level`; None where it has none.
        decimals: With how many it is reported.
    """

    name: str
    level: Distribution | None
    follows: tuple[tuple[str, float], ...]
    rest: float
    wanders: Scatter | None
    noise: Scatter | None
    drifts: tuple[tuple[Cause, float], ...]
    effects: tuple[Effect, ...]
    bounds: tuple[float, float]
    formula: Expression | None
    decimals: int

    @property
    def causes(self) -> Iterator[Cause]:
        """All that changes it."""
        yield from (cause for cause, _ in self.drifts)
        yield from (effect.cause for effect in self.effects)


class Measures:
    """The measures of a catalog, each after those that it follows or is made of.

    Args:
        laws: The compiled measures, in that order.
    """

    def __init__(self, laws: Sequence[Law] = ()) -> None:
        self.laws = {law.name: law for law in laws}

    def __contains__(self, name: object) -> bool:
        return name in self.laws

    def needed(self, names: Collection[str]) -> frozenset[str]:
        """Some measures, and those that they follow or are made of."""
        found, left = set[str](), [name for name in names if name in self.laws]
        while left:
            law = self.laws[left.pop()]
            found.add(law.name)
            left += [name for name in self._made_of(law) if name not in found]
        return frozenset(found)

    def causes(self, name: str) -> frozenset[tuple[str, str]]:
        """Kind and name of all that changes a measure, or what it is made of."""
        law = self.laws[name]
        parts = law.formula.names & self.laws.keys() if law.formula is not None else ()
        own = {(cause.kind, cause.name) for cause in law.causes}
        return frozenset(own).union(*(self.causes(part) for part in parts))

    def levels(
        self, people: Mapping[str, Any], person_id: NDArray[np.int64], seed: int, names: Collection[str]
    ) -> dict[str, Floats]:
        """The levels at the start, of all people: float arrays (people,) by name."""
        wanted, rows, scores = self.needed(names), len(person_id), dict[str, Floats]()
        levels: dict[str, Floats] = {}
        known = _Known(people, levels, rows)
        for name, law in self.laws.items():
            if name not in wanted or law.level is None:
                continue
            drawn = np.asarray(law.level.sample(self.unit(name, person_id, seed, scores), known), np.float64)
            stated = people.get(name)
            if isinstance(stated, np.ndarray) and stated.dtype.kind in "fiu":
                drawn = np.where(np.isnan(stated.astype(np.float64)), drawn, stated)
            levels[name] = np.clip(drawn, *law.bounds)
        return levels

    def unit(self, name: str, person_id: NDArray[np.int64], seed: int, scores: dict[str, Floats]) -> Floats:
        """Where people stand among their like in a measure, from 0 to 1: what draws its level.

        Args:
            name: The measure.
            person_id: Int array (people,).
            seed: The run's seed.
            scores: Scores of the same people that are known already; those of what it follows, and its own, are added.
        """
        self._score(name, person_id, seed, scores)
        return np.asarray(np.clip(portable.ndtr(scores[name]), *_UNIT), np.float64)

    def _score(self, name: str, person_id: NDArray[np.int64], seed: int, scores: dict[str, Floats]) -> Floats:
        if name not in scores:
            law = self.laws[name]
            followed = [(loading, self._score(other, person_id, seed, scores)) for other, loading in law.follows]
            own = portable.ndtri(Draws(seed, "measure", person_id).uniform(f"{name}.level"))
            scores[name] = np.add(law.rest * own, sum(loading * score for loading, score in followed))
        return scores[name]

    def true(self, name: str, bodies: Bodies, levels: Mapping[str, Floats], row: Rows, minute: Minutes) -> Floats:
        """What a measure is, of rows at moments."""
        law = self.laws[name]
        return self._made(law, self.true, bodies, levels, row, minute)

    def _made(
        self, law: Law, of_parts: Callable[..., Floats], bodies: Bodies, levels: Mapping[str, Floats], row: Rows,
        minute: Minutes,
    ) -> Floats:  # fmt: skip
        """What a measure is by its level and its formula, of what its parts are, or what is measured of them."""
        own = self._of_level(law, bodies, levels[law.name], row, minute) if law.level is not None else None
        if law.formula is None:
            assert own is not None
            return np.clip(own, *law.bounds)
        parts = {
            part: of_parts(part, bodies, levels, row, minute) for part in sorted(law.formula.names & self.laws.keys())
        }
        known = _Known(_Taken(bodies.people, row), parts if own is None else {**parts, OWN: own}, len(row))
        return np.clip(np.asarray(law.formula.values(known, len(row)), np.float64), *law.bounds)

    def _of_level(self, law: Law, bodies: Bodies, levels: Floats, row: Rows, minute: Minutes) -> Floats:
        level = levels[row]
        value = level + self._wandered(law, bodies, level, row, minute)
        for cause, per_year in law.drifts:
            value = value + per_year * _held(bodies, cause, row, minute) / YEAR
        for effect in law.effects:
            value = value + self._moved(effect, bodies, levels, row, minute)
        return np.asarray(value, np.float64)

    def measured(self, name: str, bodies: Bodies, levels: Mapping[str, Floats], row: Rows, minute: Minutes) -> Floats:
        """What is measured of it: what is taken at one moment is one specimen, whoever asks."""
        law = self.laws[name]
        value = self._made(law, self.measured, bodies, levels, row, minute)
        if law.noise is not None:
            at = np.asarray(minute)
            ids = bodies.person_id[row] * _APART + at % _APART
            off = self._scattered(name, "noise", "noise", ids, bodies.seed)
            value = value + off * (law.noise.size * np.abs(value) if law.noise.relative else law.noise.size)
        return np.asarray(np.round(np.clip(value, *law.bounds), law.decimals), np.float64)

    def _scattered(self, name: str, stream: str, of: str, ids: NDArray[np.int64], seed: int) -> Floats:
        """Normal draws, addressed, that follow those of other measures."""
        scatter = getattr(self.laws[name], of)
        own = portable.ndtri(Draws(seed, "measure", ids).uniform(f"{name}.{stream}"))
        followed = sum(loading * self._scattered(other, stream, of, ids, seed) for other, loading in scatter.follows)
        return np.asarray(scatter.rest * own + followed, np.float64)

    def _made_of(self, law: Law) -> list[str]:
        read = set(law.formula.names) if law.formula is not None else set()
        read |= law.level.names if law.level is not None else set()
        return [name for name in (*dict(law.follows), *sorted(read)) if name in self.laws]

    def _wandered(self, law: Law, bodies: Bodies, level: Floats, row: Rows, minute: Minutes) -> Floats | float:
        """A mix of the draws of two periods whose squared shares make one: its spread is the same at every moment."""
        if law.wanders is None:
            return 0.0
        at = np.asarray(minute, np.float64) / (law.wanders.days * DAY)
        period = np.floor(at).astype(np.int64)
        later, person = at - period, bodies.person_id[row] * _APART
        now, then = (
            self._scattered(law.name, "period", "wanders", person + (period + step) % _APART, bodies.seed)
            for step in (0, 1)
        )
        mixed = (np.sqrt(1 - later) * now + np.sqrt(later) * then) * law.wanders.size
        return np.asarray(mixed * level if law.wanders.relative else mixed)

    def _moved(self, effect: Effect, bodies: Bodies, levels: Floats, row: Rows, minute: Minutes) -> Floats | float:
        held = bodies.intervals(effect.cause.kind, effect.cause.name)
        if not len(held.row):
            return 0.0
        at, interval = held.pairs(row)
        begin, moment = held.begin[interval], minute[at]
        some = np.flatnonzero(begin < moment)
        at, interval, begin, moment = at[some], interval[some], begin[some], moment[some]
        span, in_level = effect.days * DAY, held.before[interval]
        since_end = moment - np.minimum(moment, held.end[interval])
        risen = np.where(in_level, 1.0, portable.exp(-(moment - begin) / span))
        share = (portable.exp(-since_end / span) - risen) * _dosed(effect.doses, held, interval)
        whole = np.bincount(at, weights=share, minlength=len(row))
        moved = np.flatnonzero(whole)
        result = np.zeros(len(row))
        result[moved] = whole[moved] * _size(effect, bodies, levels, row[moved])
        return result


def _size(effect: Effect, bodies: Bodies, levels: Floats, row: Rows) -> Floats | float:
    if effect.share:
        assert not isinstance(effect.size, Expression)
        return effect.size * levels[row]
    if isinstance(effect.size, Expression):
        known = _Known(_Taken(bodies.people, row), {"level": levels[row]}, len(row))
        return np.asarray(effect.size.values(known, len(row)), np.float64)
    return effect.size


def _dosed(doses: Mapping[str, tuple[Sequence[float], Sequence[float]]], held: Intervals, interval: Rows) -> Floats:
    """The part of the whole effect that each dose has; all where none is said."""
    part = np.ones(len(interval))
    keys = held.drug.recode(drug_key) if doses else held.drug
    for drug, (dose, of_effect) in doses.items():
        at = np.flatnonzero((keys == drug)[interval] & ~np.isnan(held.dose[interval]))
        part[at] = np.interp(held.dose[interval[at]], dose, of_effect)
    return part


def _held(bodies: Bodies, cause: Cause, row: Rows, minute: Minutes) -> Floats:
    """Minutes for which something has held since the start."""
    held = bodies.intervals(cause.kind, cause.name)
    at, interval = held.pairs(row)
    begin = np.maximum(held.begin[interval], bodies.start[row[at]])
    lasted = np.maximum(np.minimum(held.end[interval], minute[at]) - begin, 0)
    return np.asarray(np.bincount(at, weights=lasted.astype(np.float64), minlength=len(row)), np.float64)


class _Taken(Mapping[str, Any]):
    """Columns of some rows, each taken when it is asked for."""

    def __init__(self, columns: Mapping[str, Any], row: Rows) -> None:
        self._columns, self._row = columns, row

    def __getitem__(self, name: str) -> Any:
        return self._columns[name][self._row]

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)


class _Known(Mapping[str, Any]):
    """What a declaration may read: measures, and columns of people; of a condition that nobody states, that nobody
    has it."""

    def __init__(self, people: Mapping[str, Any], measures: Mapping[str, Any], rows: int) -> None:
        self._people, self._measures, self._rows = people, measures, rows

    def __getitem__(self, name: str) -> Any:
        if name in self._measures:
            return self._measures[name]
        if name in self._people:
            return self._people[name]
        for space in ("condition.", HAS):
            if name.startswith(space):
                return self._stated(name.removeprefix(space))
        return Text.constant(None, self._rows)

    def _stated(self, code: str) -> Column:
        words = self._people["conditions"] if "conditions" in self._people else Text.constant(None, self._rows)
        return np.asarray(words.map(lambda said: any(word.startswith(code) for word in said.split()), bool, False))

    def __iter__(self) -> Iterator[str]:
        return iter(self._people)

    def __len__(self) -> int:
        return len(self._people)
