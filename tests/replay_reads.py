"""What one event of a plain replay reads: the lists of what has happened so far, searched from end to end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from healthsim_core import portable
from healthsim_core.columns import Text
from healthsim_core.draws import Draws


class Change(NamedTuple):
    """What began or ended: of which kind, what it is called, until when it lasts."""

    kind: str
    name: str
    until: int
    stops: bool
    known: bool


class Reads(Mapping[str, Any]):
    """Names as one event sees them."""

    def __init__(
        self, life: Any, node: Any, row: int, minute: int, parameters: Any, own: Mapping[str, Any] | None = None
    ) -> None:
        self.life, self.node, self.row, self.minute, self.parameters = life, node, row, minute, parameters
        self.own = own or {}
        self.seed = life.seed

    def __getitem__(self, name: str) -> Any:
        if name.startswith("parameters."):
            given = name.removeprefix("parameters.")
            return self.parameters[given] if given in self.parameters else np.array([np.nan])
        key = name.removeprefix("outcome.")
        if key in self.own:
            return self.own[key]
        key = self.node.key(key)
        known = self.life.values.get((self.row, key))
        if known:
            value = known[-1][1]
            return Text.of([value]) if isinstance(value, str) or value is None else value
        asked = self._state(key)
        if asked is not None:
            return asked
        if key in self.life.columns:
            return self.life.columns[key][[self.row]]
        texts = {n for node in self.life.nodes for n, law in node.outcomes if law.gives({}).of in ("text", "words")}
        return Text.constant(None, 1) if key in texts or "/" in key else np.array([np.nan])

    def _state(self, name: str) -> Any:
        function, colon, argument = name.partition(":")
        if colon and function == "has":
            return np.array([bool(self._codes(argument, known=False))])
        if colon and function == "on":
            wanted = argument.lower().replace("_", "-")
            held = self._held("treatment", lambda said: said.lower().replace("_", "-") == wanted)
            return np.array([bool(held)])
        if name == "conditions":
            return Text.of([" ".join(self._codes("", known=True)) or None])
        space, _, code = name.partition(".")
        if space == "condition":
            return np.array([bool(self._codes(code, known=True))])
        if space == "code":
            return Text.of([(self._codes(code, known=True) or [None])[-1]])
        if (measure := name.removeprefix("measured.")) in self.life.plan.sharing.sources.read:
            return self._measure(measure, measured=name != measure)
        if name in self.life.plan.sharing.sources.circumstances:
            return np.array([bool(self._held("circumstance", lambda said: said == name))])
        return None

    def _measure(self, name: str, measured: bool) -> Any:
        """A measure's level, and what has moved it so far, one cause after the other."""
        law = self.life.plan.sharing.sources.measures.laws[name]
        assert law.formula is None and not law.drifts and not law.effects and law.wanders is None and law.noise is None
        row = np.array([self.row])
        columns = {column: self.life.people[column][row] for column in self.life.people}
        unit = np.clip(portable.ndtr(self._score(name)), 2.0**-53, 1 - 2.0**-53)
        level = float(np.asarray(law.level.sample(unit, columns), np.float64)[0])
        stated = columns.get(name)
        if stated is not None and not isinstance(stated, Text) and not np.isnan(float(stated[0])):
            level = float(stated[0])
        value = np.clip([level], *law.bounds)
        return np.round(value, law.decimals) if measured else value

    def _score(self, name: str) -> Any:
        law = self.life.plan.sharing.sources.measures.laws[name]
        person = np.asarray(self.life.people["person_id"])[[self.row]]
        own = portable.ndtri(Draws(self.seed, "measure", person).uniform(f"{name}.level"))
        return law.rest * own + sum(loading * self._score(other) for other, loading in law.follows)

    def _held(self, kind: str, is_meant: Any) -> list[str]:
        """What holds now of what is meant: what has begun, and nothing has ended."""
        held: list[Change] = []
        for change in self.life.changes[self.row]:
            if change.kind == kind and is_meant(change.name):
                held = [] if change.stops else [*held, change]
        return [change.name for change in held if change.until > self.minute]

    def _codes(self, code: str, known: bool) -> list[str]:
        """Codes of conditions that begin with a code, those of the profile first, in the order in which they began."""
        columns = self.life.people
        had = []
        for name in columns:
            if name.startswith("onset.") and bool(np.asarray(columns[f"condition.{name[6:]}"])[self.row]):
                onset = np.asarray(columns[name])[self.row].astype(np.int64)
                had.append((int(onset), columns[f"code.{name[6:]}"][[self.row]].to_pylist()[0] or name[6:]))
        own = [said for _, said in sorted(had, key=lambda one: one[0]) if said.startswith(code)]
        changes = self.life.changes[self.row]
        told = [one.name for one in changes if one.kind == "condition" and one.name.startswith(code)]
        known_names = {one.name for one in changes if one.known}
        return own + [name for name in told if not known or name in known_names]

    def column(self, name: str) -> Any:
        return self[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.life.columns)

    def __len__(self) -> int:
        return len(self.life.columns)


def scalar(value: Any) -> Any:
    """The value of a column of one row."""
    if isinstance(value, Text):
        return value.to_pylist()[0]
    if isinstance(value, str) or value is None:
        return value
    return np.asarray(value).reshape(-1)[0].item()
