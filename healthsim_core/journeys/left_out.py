"""What a timeline leaves out, counted for the notes: people whom a journey is not for,
and events that its end cuts off."""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from healthsim_core.journeys.nodes import Node, Repeated


@attrs.define
class LeftOut:
    """Counts by text: how often something was left out,
    and how often it could have been (0 where that says nothing)."""

    counts: dict[str, tuple[int, int]] = attrs.field(factory=dict)
    _asked: set[tuple[str, tuple[int, ...]]] = attrs.field(factory=set)

    def people(self, node: Node, members: NDArray[Any], able: NDArray[np.bool_]) -> None:
        """Count whom the node's journey is not for, once a journey.

        Args:
            node: An event with which the journey begins.
            members: Rows, or a boolean array (rows,): those to whom the journey is given.
            able: Boolean array (rows,): those whom it is for.
        """
        key = node.journey, node.place.members
        if node.place.eligible and key not in self._asked:
            self._asked.add(key)
            terms = " and ".join(expression.text for expression in node.place.eligible)
            asked = able[members]
            self._add(
                f'people whom the journey "{node.journey}" is not for (it is for {terms})',
                int(np.sum(~asked)),
                len(asked),
            )

    def events(
        self, node: Node, after_end: Any, after_today: Any, first: NDArray[np.bool_], today: np.datetime64
    ) -> None:
        """Count events that would come after the end of their journey, or after the run's today.

        What comes again as long as its journey lasts is not cut off: that is how it ends.

        Args:
            node: The event's node.
            after_end: Boolean array (events,): after the journey's end.
            after_today: Boolean array (events,): after today, and not after the journey's end.
            first: Boolean array (events,): not a repetition.
            today: The run's as_of.
        """
        beyond = 0
        if isinstance(node.how, Repeated):
            again = node.how.recurrence
            if again.lasting or again.until is not None or node.place.state is not None:
                return
            beyond = 0 if again.attrition else again.beyond * int(np.sum(first))
        self._add(
            f'events of the journey "{node.journey}" left out: after its {node.duration:,} days',
            int(np.sum(after_end)) + beyond,
        )
        self._add(
            f'events of the journey "{node.journey}" left out: after {today}, the as-of date', int(np.sum(after_today))
        )

    def unfit(self, node: Node, count: int) -> None:
        """Count events whose diagnoses are not of the ages of those to whom they would happen."""
        self._add(f'events of the journey "{node.journey}" left out: what they diagnose is not of that age', count)

    def _add(self, text: str, count: int, among: int = 0) -> None:
        before = self.counts.get(text, (0, 0))
        self.counts[text] = before[0] + count, before[1] + among
