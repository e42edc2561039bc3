"""What a timeline leaves out, counted for the notes: people whom a journey is not for,
and events that its end cuts off."""

from __future__ import annotations

import attrs
import numpy as np
from numpy.typing import NDArray

from healthsim_core.journeys.nodes import Node, Repeated

Rows = NDArray[np.intp]


@attrs.define
class LeftOut:
    """Counts by text: how often something was left out,
    and how often it could have been (0 where that says nothing).

    What is told of rows is counted in the end, for some may live anew.
    """

    _told: list[tuple[str, Rows, int, Rows]] = attrs.field(factory=list)
    _asked: set[tuple[str, tuple[int, ...]]] = attrs.field(factory=set)

    @property
    def counts(self) -> dict[str, tuple[int, int]]:
        """The counts by text."""
        counts: dict[str, tuple[int, int]] = {}
        for text, out, times, among in self._told:
            before = counts.get(text, (0, 0))
            counts[text] = before[0] + times * len(out), before[1] + len(among)
        return counts

    def replace(self, gone: NDArray[np.bool_], other: LeftOut, rows: Rows) -> None:
        """Take what is told of some rows elsewhere in place of what is told of them here.

        Args:
            gone: Boolean array (positions,): which are replaced.
            other: What is told of them.
            rows: Int array: the row here of each of its rows.
        """
        stay = [(text, out[~gone[out]], times, among[~gone[among]]) for text, out, times, among in self._told]
        self._told = stay + [(text, rows[out], times, rows[among]) for text, out, times, among in other._told]

    def people(self, node: Node, rows: Rows, able: NDArray[np.bool_]) -> None:
        """Take note of those whom the node's journey is not for, once a journey.

        Args:
            node: An event with which the journey begins.
            rows: Int array: those to whom the journey is given.
            able: Boolean array (rows,): those whom it is for.
        """
        key = node.journey, node.place.members
        if node.place.eligible and key not in self._asked:
            self._asked.add(key)
            terms = " and ".join(expression.text for expression in node.place.eligible)
            text = f'people whom the journey "{node.journey}" is not for (it is for {terms})'
            self._told.append((text, rows[~able], 1, rows))

    def events(
        self,
        node: Node,
        rows: Rows,
        after_end: NDArray[np.bool_],
        after_today: NDArray[np.bool_],
        first: NDArray[np.bool_],
        today: np.datetime64,
    ) -> None:
        """Take note of events that would come after the end of their journey, or after the run's today.

        What comes again as long as its journey lasts is not cut off: that is how it ends.

        Args:
            node: The event's node.
            rows: Int array (events,): the person's row.
            after_end: Boolean array (events,): after the journey's end.
            after_today: Boolean array (events,): after today, and not after the journey's end.
            first: Boolean array (events,): not a repetition.
            today: The run's as_of.
        """
        over = f'events of the journey "{node.journey}" left out: after its {node.duration:,} days'
        if isinstance(node.how, Repeated):
            again = node.how.recurrence
            if again.lasting or again.until is not None or node.place.state is not None:
                return
            if not again.attrition:
                self._add(over, rows[first], again.beyond)
        self._add(over, rows[after_end])
        self._add(f'events of the journey "{node.journey}" left out: after {today}, the as-of date', rows[after_today])

    def unfit(self, node: Node, rows: Rows) -> None:
        """Take note of events whose diagnoses are not of the ages of those to whom they would happen."""
        self._add(f'events of the journey "{node.journey}" left out: what they diagnose is not of that age', rows)

    def _add(self, text: str, rows: Rows, times: int = 1) -> None:
        self._told.append((text, rows, times, rows[:0]))
