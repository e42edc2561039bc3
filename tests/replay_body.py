"""What a measure of one person is at one moment, worked out plainly: one cause after the other, one number at a time.

It shares the declared laws and the addresses of draws with the product, and nothing that computes columns.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from healthsim_core import portable
from healthsim_core.columns import Text
from healthsim_core.draws import Draws
from healthsim_core.patterns.timing import DAY

APART = 1 << 28  # by which moments of two people are apart as draws are addressed
YEAR = 365.25 * DAY


class Body:
    """One person's body in a replayed life.

    Args:
        life: The replay.
        row: The person's row.
    """

    def __init__(self, life: Any, row: int) -> None:
        self.life, self.row = life, row
        self.laws = life.plan.sharing.sources.measures.laws
        self.person = int(np.asarray(life.people["person_id"])[row])

    def value(self, name: str, minute: int, measured: bool) -> float:
        law = self.laws[name]
        own = self._of_level(law, minute) if law.level is not None else None
        value = own if law.formula is None else self._formula(law, own, minute, measured)
        value = min(max(value, law.bounds[0]), law.bounds[1])
        if not measured:
            return value
        if law.noise is not None:
            spread = law.noise.size * abs(value) if law.noise.relative else law.noise.size
            value += self._score(name, "noise", minute) * spread
        return float(np.round(min(max(value, law.bounds[0]), law.bounds[1]), law.decimals))

    def level(self, name: str) -> float:
        law = self.laws[name]
        unit = min(max(float(portable.ndtr(np.array([self._score(name, "level", None)]))[0]), 2.0**-53), 1 - 2.0**-53)
        drawn = float(np.asarray(law.level.sample(np.array([unit]), Known(self, {})), np.float64)[0])
        stated = self.life.people[name][[self.row]] if name in self.life.people else None
        if isinstance(stated, np.ndarray) and stated.dtype.kind in "fiu" and not math.isnan(float(stated[0])):
            drawn = float(stated[0])
        return min(max(drawn, law.bounds[0]), law.bounds[1])

    def _formula(self, law: Any, own: float | None, minute: int, measured: bool) -> float:
        parts = {name: self.value(name, minute, measured) for name in law.formula.names if name in self.laws}
        known = Known(self, parts if own is None else {**parts, "level": own})
        return float(np.asarray(law.formula.values(known, 1), np.float64)[0])

    def _of_level(self, law: Any, minute: int) -> float:
        level = self.level(law.name)
        value = level
        if law.wanders is not None:
            at = minute / (law.wanders.days * DAY)
            period = math.floor(at)
            now, then = (self._score(law.name, "period", period + step) for step in (0, 1))
            mixed = (math.sqrt(1 - (at - period)) * now + math.sqrt(at - period) * then) * law.wanders.size
            value += mixed * level if law.wanders.relative else mixed
        for cause, per_year in law.drifts:
            start = self.life.start_of[self.row]
            for begin, end, *_ in self.times(cause.kind, cause.name):
                value += per_year * max(min(end, minute) - max(begin, start), 0) / YEAR
        for effect in law.effects:
            value += self._moved(effect, level, minute)
        return value

    def _moved(self, effect: Any, level: float, minute: int) -> float:
        moved = 0.0
        for begin, end, dose, drug, before in self.times(effect.cause.kind, effect.cause.name):
            if begin < minute:
                span = effect.days * DAY
                risen = 1.0 if before else math.exp(-(minute - begin) / span)
                moved += (math.exp(-(minute - min(minute, end)) / span) - risen) * part_of(effect.doses, drug, dose)
        if not moved:
            return 0.0
        if effect.share:
            return moved * effect.size * level
        if isinstance(effect.size, int | float):
            return moved * effect.size
        return moved * float(np.asarray(effect.size.values(Known(self, {"level": level}), 1), np.float64)[0])

    def times(self, kind: str, name: str) -> Iterator[tuple[int, int, float, str | None, bool]]:
        """When something held, in order, no time twice: from its beginning until it ends, or something ends it."""
        found: list[list[Any]] = []
        reach = -(1 << 40)
        for change in self.life.changes_of(self.row, kind, name):
            if change.stops:
                for one in found:
                    one[1] = min(one[1], change.minute)
                reach = change.minute
                continue
            found.append([max(change.minute, reach), change.until, change.dose, change.drug, change.before])
            reach = max(reach, change.until)
        return (tuple(one) for one in found if one[1] > one[0])  # type: ignore[misc]

    def _score(self, name: str, stream: str, at: int | None) -> float:
        law = self.laws[name]
        of = {"level": law, "noise": law.noise, "period": law.wanders}[stream]
        address = self.person if at is None else self.person * APART + at % APART
        draw = Draws(self.life.seed, "measure", np.array([address])).uniform(f"{name}.{stream}")
        own = float(portable.ndtri(draw)[0])
        return float(of.rest) * own + sum(loading * self._score(other, stream, at) for other, loading in of.follows)


class Known(Mapping[str, Any]):
    """What a declaration may read of one person."""

    def __init__(self, body: Body, measures: Mapping[str, float]) -> None:
        self.body, self.measures = body, measures

    def __getitem__(self, name: str) -> Any:
        if name in self.measures:
            return np.array([self.measures[name]])
        if name in self.body.laws:
            return np.array([self.body.level(name)])
        if name in self.body.life.people:
            return self.body.life.people[name][[self.body.row]]
        space, mark, code = name.partition(":" if ":" in name else ".")
        if mark and space in ("has", "condition"):
            words = self.body.life.people["conditions"][[self.body.row]].to_pylist()[0] or ""
            return np.array([any(word.startswith(code) for word in words.split())])
        return Text.constant(None, 1)

    def __iter__(self) -> Iterator[str]:
        return iter(self.measures)

    def __len__(self) -> int:
        return len(self.measures)


def alike(name: str) -> str:
    return name.lower().replace("_", "-").replace(" ", "-")


def part_of(doses: Mapping[str, Any], drug: str | None, dose: float) -> float:
    """The part of an effect that a dose has, read off a line from point to point."""
    if drug is None or alike(drug) not in doses or math.isnan(dose):
        return 1.0
    points = list(zip(*doses[alike(drug)], strict=True))
    if dose >= points[-1][0]:
        return float(points[-1][1])
    for (low, less), (high, more) in itertools.pairwise(points):
        if low <= dose <= high:
            return float(less + (more - less) * (dose - low) / (high - low))
    return float(points[0][1])
