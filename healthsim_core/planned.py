"""An event as a journey plans it: what a product or a format looks at that cannot make of it what it says."""

from __future__ import annotations

from collections.abc import Mapping

import attrs


@attrs.frozen(eq=False)
class PlannedEvent:
    """An event of the plan.

    Attributes:
        event_type: Its type.
        where: The path of its parameters in the document; of one that a trigger makes by itself,
            those of what causes it.
        texts: By parameter that is given, the texts that it may be; None where they are not known beforehand.
        sure: Names of the parameters that nobody lacks.
        cause: What it depends on or is triggered by.
    """

    event_type: str
    where: str
    texts: Mapping[str, frozenset[str] | None]
    sure: frozenset[str]
    cause: PlannedEvent | None = None

    def ancestor(self, event_type: str) -> PlannedEvent | None:
        """The nearest event of a type that leads to it."""
        event = self.cause
        while event is not None and event.event_type != event_type:
            event = event.cause
        return event
