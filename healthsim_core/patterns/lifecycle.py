"""Pass through states over years: hazards that compete, constant between birthdays, inverted exactly."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from healthsim_core import portable
from healthsim_core.columns import Text
from healthsim_core.distributions import Distribution, compile_distribution, condition
from healthsim_core.draws import Draws
from healthsim_core.errors import SpecificationError, suggestion
from healthsim_core.expressions.expression import Expression
from healthsim_core.patterns.timing import DAY, NEVER, Minutes, birthdays
from healthsim_core.spec.distribution import age_band
from healthsim_core.spec.distribution.parameters import OLDEST
from healthsim_core.spec.journey.patterns import Lifecycle as Written
from healthsim_core.spec.journey.patterns import Transition

Floats = NDArray[np.float64]
YEAR = 365.2425 * DAY
MOST_STEPS = 1_000  # states a person passes through; five times what is expected at most, so never reached
_SURE = 1 - 1e-9  # as near to certainty within a year as a hazard comes


@attrs.frozen
class Way:
    """A compiled transition: where to, at which yearly probability or hazard by age, for whom."""

    to: int
    yearly: bool
    bands: tuple[tuple[int, int, float], ...]
    when: Expression | None

    def at(self, age: int) -> float:
        """Yearly probability or hazard at an age; 0 outside its bands."""
        return next((value for low, high, value in self.bands if low <= age <= high), 0.0)


@attrs.frozen(eq=False)
class Passage:
    """Stays in states, in order of person and time.

    Attributes:
        who: Int array (stays,): the row that was given.
        step: Int array (stays,): 0 for the initial state.
        minute: Int array (stays,): when it is entered, minutes since 1970.
        state: Text (stays,).
        left: Int array (stays,): when it is left; the greatest int64 where it is not.
    """

    who: NDArray[np.intp]
    step: NDArray[np.int64]
    minute: Minutes
    state: Text
    left: Minutes


@attrs.frozen
class Lifecycle:
    """A compiled lifecycle.

    Attributes:
        name: Under which expressions read it: `state.` and its id.
        initial: Distribution of the state entered first.
        states: Names of the states.
        ways: Transitions out of each.
    """

    name: str
    initial: Distribution
    states: tuple[str, ...]
    ways: tuple[tuple[Way, ...], ...]

    @classmethod
    def of(cls, written: Written, where: str) -> Lifecycle:
        """The compiled form of a written lifecycle.

        Raises:
            SpecificationError: The initial state is not one of the states.
        """
        states = tuple(written.states)
        for value in _values(written.initial):
            if value not in states:
                raise SpecificationError(
                    f'no state is called "{value}".', f"{where}.initial", suggestion(str(value), states)
                )
        ways = tuple(
            tuple(
                _way(transition, states, f"{where}.states.{name}.transitions[{i}]")
                for i, transition in enumerate(state.transitions)
            )
            for name, state in written.states.items()
        )
        return cls(
            f"state.{written.lifecycle_id}", compile_distribution(written.initial, f"{where}.initial"), states, ways
        )

    @property
    def conditions(self) -> Iterator[Expression]:
        """The conditions of all transitions."""
        return (way.when for ways in self.ways for way in ways if way.when is not None)

    @property
    def most(self) -> int:
        """Stays of a person at most: one a state where none can be entered again."""
        ahead = [{way.to for way in ways} for ways in self.ways]
        left = set(range(len(self.states)))
        while final := {state for state in left if not ahead[state] & left}:
            left -= final
        return MOST_STEPS if left else len(self.states)

    def pass_through(
        self,
        start: Minutes,
        end: Minutes,
        born: NDArray[Any],
        columns: Mapping[str, Any],
        ids: Callable[[Any, int], Any],
        seed: int,
    ) -> Passage:
        """The stays of everybody from `start` to `end` (int arrays (rows,) of minutes).

        Args:
            start: When each enters the first state.
            end: Until when each is followed.
            born: Birth dates, `datetime64[D]` (rows,).
            columns: What the initial state and the transitions' conditions read.
            ids: Function from rows and a step to the ids that address its draws.
            seed: The run's seed.
        """
        who = np.arange(len(start))
        first = self.initial.sample(Draws(seed, "lifecycle", ids(who, 0)).uniform("initial"), columns)
        assert isinstance(first, Text)
        state = first.map({name: code for code, name in enumerate(self.states)}.__getitem__, np.int64, -1)
        able = who_may(self.ways, columns, len(start))
        minute = np.asarray(start, np.int64)
        stays: list[tuple[Any, ...]] = []
        for step in range(MOST_STEPS):
            draw = Draws(seed, "lifecycle", ids(who, step))
            left, to = self._leave(state, minute, born[who], [able[s][:, who] for s in range(len(self.states))], draw)
            gone = left > end[who]
            left = np.where(gone, NEVER, left)
            stays.append((who, np.full(len(who), step), minute, state, left))
            who, minute, state = who[~gone], left[~gone], to[~gone]
            if not len(who):
                break
        joined = [np.concatenate(parts) for parts in zip(*stays, strict=True)]
        order = np.lexsort((joined[1], joined[0]))
        rows, steps, minutes, states, lefts = (part[order] for part in joined)
        return Passage(rows, steps, minutes, Text(states.astype(np.int32), list(self.states)), lefts)

    def _leave(
        self, state: NDArray[np.int64], minute: Minutes, born: NDArray[Any], able: list[NDArray[np.bool_]], draw: Draws
    ) -> tuple[Minutes, NDArray[np.int64]]:
        left, to = np.full(len(state), NEVER), np.full(len(state), -1)
        wait, way = -portable.log(draw.uniform("time")), draw.uniform("way")
        for code, ways in enumerate(self.ways):
            at = np.flatnonzero(state == code)
            if ways and len(at):
                left[at], to[at] = _first_exit(ways, minute[at], born[at], able[code][:, at], wait[at], way[at])
        return left, to


def _first_exit(
    ways: tuple[Way, ...], minute: Minutes, born: NDArray[Any], able: NDArray[np.bool_], wait: Floats, unit: Floats
) -> tuple[Minutes, NDArray[np.int64]]:
    """When each leaves, and which way: the moment at which the hazards since entry add up to `wait`."""
    ages = sorted({0, *(edge for way in ways for low, high, _ in way.bands for edge in (low, high + 1))})
    left = np.full(len(minute), np.inf)
    to, waiting, since = np.full(len(minute), -1), wait.copy(), minute.astype(np.float64)
    for index, age in enumerate(ages):
        last = index + 1 == len(ages)
        until = np.full(len(minute), np.inf) if last else birthdays(born, ages[index + 1]).astype(np.float64) * DAY
        rates = hazards(ways, age, able)
        total = rates.sum(axis=0)
        span = np.maximum(until - since, 0) / YEAR
        with np.errstate(divide="ignore", invalid="ignore"):
            adds_up = np.where(total > 0, total * span, 0.0)
            leaves = np.isinf(left) & (adds_up >= waiting) & (total > 0) & (span > 0)
            left = np.where(leaves, since + waiting / total * YEAR, left)
        chosen = np.sum(unit * total >= np.cumsum(rates, axis=0), axis=0)
        to = np.where(leaves, np.array([way.to for way in ways])[np.minimum(chosen, len(ways) - 1)], to)
        waiting = waiting - adds_up
        since = np.maximum(since, until)
    never = np.isinf(left) | (left > 2.0**60)
    moment = np.maximum(np.ceil(np.where(never, 0, left)).astype(np.int64), minute + 1)
    return np.where(never, NEVER, moment), to


def hazards(ways: tuple[Way, ...], age: int, able: NDArray[np.bool_]) -> Floats:
    """Hazard of each way (ways, rows); yearly probabilities that compete keep their shares and their sum."""
    stated = np.array([way.at(age) for way in ways])[:, None] * able
    yearly = np.array([way.yearly for way in ways])[:, None]
    chance = np.where(yearly, stated, 0.0)
    together = chance.sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(together > 0, -portable.log1p(-np.minimum(together, _SURE)) / together, 0.0)
    return np.asarray(np.where(yearly, chance * share, stated))


def who_may(ways: tuple[tuple[Way, ...], ...], columns: Mapping[str, Any], rows: int) -> list[NDArray[np.bool_]]:
    """Of each state, to whom each way out is open: boolean array (ways, rows)."""
    everybody = np.ones(rows, bool)
    return [
        np.stack([everybody if way.when is None else way.when.holds(columns, rows) for way in of_state])
        if of_state
        else np.ones((0, rows), bool)
        for of_state in ways
    ]


def _way(written: Transition, states: tuple[str, ...], where: str) -> Way:
    bands = [(*age_band(band), value) for band, value in written.bands().items()]
    open_ended = tuple((low, 200 if high >= OLDEST else high, value) for low, high, value in bands)
    when = None if written.when is None else condition(written.when, f"{where}.when")
    return Way(states.index(written.to), written.hazard is None, open_ended, when)


def _values(written: Any) -> Iterator[Any]:
    """Every value that a written distribution of texts may give."""
    if hasattr(written, "rules"):
        for then in [*(rule.then for rule in written.rules), written.default]:
            yield from _values(then) if then is not None else ()
    elif hasattr(written, "weights"):
        yield from written.weights
    elif hasattr(written, "values"):
        yield from (item.value for item in written.values)
    else:
        yield getattr(written, "value", written.type)
