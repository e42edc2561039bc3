"""Names as the rows of one node see them: own values, what happened so far, the person's columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from healthsim_core.columns import Column, Text
from healthsim_core.expressions.asking import LAST
from healthsim_core.expressions.diagnosed import Diagnosed
from healthsim_core.journeys.nodes import Node
from healthsim_core.journeys.presumed import Seeded
from healthsim_core.patterns.timing import Minutes
from healthsim_core.timeline.state import Timeline


@attrs.frozen(eq=False)
class Scope(Seeded):
    """Names as the rows of one node see them.

    Attributes:
        state: The timeline so far.
        node: The node.
        rows: Int array: the person's row of each.
        minute: Int array: the moment of each, as of which values are read that change over time.
        parameters: The node's own parameters, or, where `plain`, the causing event's.
        own: Values that the node has just drawn.
        plain: Whether parameters are read by their plain names.
    """

    state: Timeline
    node: Node
    rows: NDArray[np.intp]
    minute: Minutes
    parameters: Mapping[str, Any] = attrs.field(factory=dict)
    own: Mapping[str, Column] = attrs.field(factory=dict)
    plain: bool = False

    @property
    def seed(self) -> int:
        """The run's seed."""
        return self.state.run.seed

    def __getitem__(self, name: str) -> Any:
        if name.startswith("parameters."):
            given = name.removeprefix("parameters.")
            return self.parameters[given] if given in self.parameters else np.full(len(self.rows), np.nan)  # not given
        key = name.removeprefix("outcome.")
        if self.plain and (name in self.parameters or not self._of_person(name, key)):
            return self.parameters[name]
        if key in self.own:
            return self.own[key]
        key = self.node.key(key)
        value = self._known(key)
        if self.state.reader is not None:
            self.state.reader(self.node, key, self.rows, self.minute, value)
        return value

    def _known(self, key: str) -> Any:
        if key in self.state.history:
            return self.state.history[key].at(self.rows, self.minute, self.node.rank)
        if not key.startswith(LAST) and key in self.state.state:
            return self.state.state.read(key, self.rows, self.minute, self.node.rank)
        return self.state.latest(key)[self.rows]

    def column(self, name: str) -> Any:
        """What a parameter takes that refers to a name."""
        value = self[name]
        return value.words() if isinstance(value, Diagnosed) else value

    def _of_person(self, name: str, key: str) -> bool:
        return (
            name != key
            or key.startswith(("branch.", "state."))
            or key in self.state.people
            or key in self.state.outcomes
            or key in self.state.state
        )

    def __iter__(self) -> Iterator[str]:
        return iter((*self.state.people, *self.state.outcomes))

    def __len__(self) -> int:
        return len(self.state.people) + len(self.state.outcomes)


def nothing(kind: Any, rows: int) -> Column:
    """A column of nulls: text where `kind` is."""
    return Text.constant(None, rows) if kind else np.full(rows, np.nan)
