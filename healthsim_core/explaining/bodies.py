"""What adds up to a measure of a person's state at a moment: each part is what the measure loses without it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import attrs
import numpy as np

from healthsim_core.explaining.columns import origin_of_column
from healthsim_core.explaining.life import Life, scalar
from healthsim_core.explaining.told import Part
from healthsim_core.expressions.asking import MEASURED
from healthsim_core.person_state.measures import Cause, Law, Measures

Began = Callable[[str, str], tuple[int, ...]]  # kind and name of a cause to the events that began or ended it
_ENDLESS = (-np.inf, np.inf)


def parts_of(life: Life, name: str, row: int, minute: int, began: Began) -> Iterator[Part]:
    """The parts of a measure, of one person at a moment.

    Args:
        life: The household.
        name: The measure, with `measured.` before it where it is what an event measured.
        row: The person's row.
        minute: The moment.
        began: The events that began or ended what moves it.
    """
    plain = name.removeprefix(MEASURED)
    law = life.plan.sharing.sources.measures.laws[plain]
    alone = _Alone(life, law, row, minute)
    if law.level is not None:
        level = alone.value()
        yield _level(life, plain, row, level)
        if law.wanders is not None:
            yield Part("wandering", alone.value(wanders=law.wanders) - level)
        for drift in law.drifts:
            yield from _caused("drift with", drift[0], alone.value(drifts=(drift,)) - level, began)
        for effect in law.effects:
            yield from _caused("effect of", effect.cause, alone.value(effects=(effect,)) - level, began)
    for part in sorted(law.formula.names & life.plan.sharing.sources.measures.laws.keys()) if law.formula else ():
        of_part = f"{MEASURED}{part}" if name != plain else part
        value = value_of(life, of_part, row, minute)
        causes = sorted(life.plan.sharing.sources.measures.causes(part)) if value else ()
        yield Part(of_part, value, tuple(dict.fromkeys(event for cause in causes for event in began(*cause))))
    if name != plain and law.noise is not None:
        yield Part("noise of measuring", alone.noise())


def _level(life: Life, name: str, row: int, value: float) -> Part:
    """The level: that of the profile where it states one, else drawn for the body."""
    if name in life.people and scalar(life.people[name][np.array([row])]) is not None:
        origin, draws = origin_of_column(life, name, row)
        return Part(f"level of the {origin}", value, draws=draws)
    draw = life.draws("measure", life.person_id(row))
    draw.uniform(f"{name}.level")
    return Part("level", value, draws=tuple(draw.noted))


def value_of(life: Life, name: str, row: int, minute: int) -> float:
    """A measure of one person at a moment."""
    state, measures = life.timeline.state, life.plan.sharing.sources.measures
    asked = measures.measured if name.startswith(MEASURED) else measures.true
    return float(asked(name.removeprefix(MEASURED), state, state.levels, np.array([row]), np.array([minute]))[0])


def _caused(what: str, cause: Cause, value: float, began: Began) -> Iterator[Part]:
    if value:
        yield Part(f"{what} {cause.kind} {cause.name}", value, began(cause.kind, cause.name))


@attrs.frozen(eq=False)
class _Alone:
    """A measure with some of its parts alone, and without bounds."""

    life: Life
    law: Law
    row: int
    minute: int

    def value(self, **kept: Any) -> float:
        """Its level, and what is kept besides."""
        bare: dict[str, Any] = {"wanders": None, "drifts": (), "effects": (), "formula": None, "bounds": _ENDLESS}
        law = attrs.evolve(self.law, **(bare | kept))
        return self._asked(law, "true")

    def noise(self) -> float:
        """What measuring adds, before it is rounded."""
        exact = attrs.evolve(self.law, decimals=12)
        return self._asked(exact, "measured") - self._asked(attrs.evolve(exact, noise=None), "measured")

    def _asked(self, law: Law, how: str) -> float:
        state, laws = self.life.timeline.state, self.life.plan.sharing.sources.measures.laws
        measures = Measures([law if other.name == law.name else other for other in laws.values()])
        at = np.array([self.row]), np.array([self.minute])
        return float(getattr(measures, how)(law.name, state, state.levels, *at)[0])
