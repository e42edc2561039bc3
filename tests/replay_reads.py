"""What one event of a plain replay reads: the lists of what has happened so far, searched from end to end."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
from replay_body import Body

from healthsim_core.columns import Text


class Change(NamedTuple):
    """What began or ended: of which kind, what it is called, until when it lasts, when it was told; of a drug, which it
    is, how much of it a day, and whether it was taken before the run."""

    kind: str
    name: str
    until: int
    stops: bool
    known: bool
    minute: int
    drug: str | None = None
    dose: float = math.nan
    before: bool = False


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
            times = Body(self.life, self.row).times("treatment", argument)
            return np.array([any(begin <= self.minute < end for begin, end, *_ in times)])
        if name == "conditions":
            return Text.of([" ".join(self._codes("", known=True)) or None])
        space, _, code = name.partition(".")
        if space == "condition":
            return np.array([bool(self._codes(code, known=True))])
        if space == "code":
            return Text.of([(self._codes(code, known=True) or [None])[-1]])
        if (measure := name.removeprefix("measured.")) in self.life.plan.sharing.sources.read:
            return np.array([Body(self.life, self.row).value(measure, self.minute, measured=name != measure)])
        if name in self.life.plan.sharing.sources.circumstances:
            return np.array([bool(self._held("circumstance", lambda said: said == name))])
        return None

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
        meant = codes_of(self.life.plan, code)
        own = [said for _, said in sorted(had, key=lambda one: one[0]) if said.startswith(meant)]
        changes = self.life.changes[self.row]
        told = [one.name for one in changes if one.kind == "condition" and one.name.startswith(meant)]
        known_names = {one.name for one in changes if one.known}
        return own + [name for name in told if not known or name in known_names]

    def column(self, name: str) -> Any:
        return self[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.life.columns)

    def __len__(self) -> int:
        return len(self.life.columns)


def codes_of(plan: Any, code: str) -> tuple[str, ...]:
    """A code, and those that stand for it of people in some state."""
    rules = plan.sharing.sources.codes
    return (code, *(rule.code for rule in rules if code and rule.instead_of.startswith(code)))


def scalar(value: Any) -> Any:
    """The value of a column of one row."""
    if isinstance(value, Text):
        return value.to_pylist()[0]
    if isinstance(value, str) or value is None:
        return value
    return np.asarray(value).reshape(-1)[0].item()
