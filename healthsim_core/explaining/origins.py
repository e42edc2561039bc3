"""Where the values came from that an event read: the profile, an earlier event, the person's state."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import attrs
import numpy as np

from healthsim_core.explaining.bodies import parts_of
from healthsim_core.explaining.columns import conditions_of, origin_of_column
from healthsim_core.explaining.life import Happening, Life, scalar
from healthsim_core.explaining.told import Draw, Read
from healthsim_core.expressions.asking import LAST, MEASURED, OF_CONDITIONS, asked, spoken
from healthsim_core.expressions.diagnosed import KNOWN
from healthsim_core.patterns.timing import DAY
from healthsim_core.person_state.declared import Declared
from healthsim_core.person_state.keys import minute_of, packed, rank_of, row_of
from healthsim_core.person_state.sources import CIRCUMSTANCE, CONDITION, TREATMENT


@attrs.frozen(eq=False)
class Origins:
    """Tells where values came from that an event of a household read.

    Attributes:
        life: The household.
    """

    life: Life

    def reads(
        self, happening: Happening, names: Collection[str], minutes: Sequence[int], own: Collection[str] = ()
    ) -> tuple[Read, ...]:
        """What an event read under some names, as of the first of some moments as of which it read it.

        Args:
            happening: The event.
            names: The names, as its node reads them.
            minutes: The moments, the likeliest first.
            own: Outcomes that it had drawn itself by then.
        """
        found = (self._read(happening, name, minutes, own) for name in sorted(names))
        return tuple(read for read in found if read is not None)

    def _read(self, happening: Happening, name: str, minutes: Sequence[int], own: Collection[str]) -> Read | None:
        key = happening.node.key(name)
        if name.startswith("parameters."):
            return Read(name, happening.given.get(name.removeprefix("parameters.")), "a parameter of this event")
        if key in own:
            value = self.life.outcomes[happening.id, key]
            return Read(name, value, "drawn by the event itself", (self._id(happening),), self._draw(happening, key))
        cause = self.life.cause(happening) if happening.node.triggered else None
        if cause is not None and name in cause.given:
            return Read(name, cause.given[name], "a parameter of the event that caused it", (self._id(cause),))
        for minute in minutes:
            value = self.life.read(happening, key, minute)
            if value is not None:
                return self._told(happening, name, key, minute, scalar(value))
        return None

    def _told(self, happening: Happening, name: str, key: str, minute: int, value: Any) -> Read:
        said, row, rank = spoken(name), happening.row, happening.node.rank
        giving = self.life.drawn_before(key, row, (minute, rank))
        if giving is not None:
            what = "measured" if key.startswith(LAST) else "drawn"
            return Read(said, value, f"{what} by {giving.node.path}", (self._id(giving),), self._draw(giving, key))
        state = self.life.timeline.state
        if not key.startswith(LAST) and key in state:
            return self._of_state(said, key, row, minute, rank, value)
        if key in self.life.people:
            origin, draws = origin_of_column(self.life, key, row)
            return Read(said, value, origin, draws=draws)
        return Read(said, value, "nobody has given it yet")

    def _draw(self, giving: Happening, key: str) -> tuple[Draw, ...]:
        if key not in dict(giving.node.outcomes):
            return ()
        draws = self.life.draws("outcome", giving.id)
        draws.uniform(key)
        return tuple(draws.noted)

    def _of_state(self, said: str, key: str, row: int, minute: int, rank: int, value: Any) -> Read:
        sources, parts = self.life.plan.sharing.sources, asked(key)
        measure = key.removeprefix(MEASURED)
        if parts is None and measure in sources.read:
            adding = parts_of(self.life, key, row, minute, lambda kind, name: self.began(kind, name, row, minute, rank))
            where = self.life.plan.catalog.derived(Declared.of).written[measure].where
            formula = sources.measures.laws[measure].formula
            origin = f"a measure of the body, {where}{f', {formula.text}' if formula is not None else ''}"
            return Read(said, value, origin, parts=tuple(adding))
        if parts is not None:
            kind, name = (CONDITION if parts[0] in OF_CONDITIONS else TREATMENT), parts[1]
        elif key == "conditions" or key.startswith(("condition.", "code.")):
            kind, name = CONDITION, f"{KNOWN}{key.partition('.')[2]}"
        else:
            kind, name = CIRCUMSTANCE, key
        events = self.began(kind, name, row, minute, rank)
        origin, draws = conditions_of(self.life, name.removeprefix(KNOWN), row) if kind == CONDITION else ("", ())
        changed = f"the person's {kind}s" if events else "" if origin else f"no event has changed the person's {kind}s"
        return Read(said, value, ", and ".join(filter(None, (origin, changed))), events, draws)

    def began(self, kind: str, name: str, row: int, minute: int, rank: int) -> tuple[int, ...]:
        """Ids of the events that began or ended something of a person's state, before a moment; none of what the
        profile says."""
        log = self.life.timeline.state.logs.get(kind)
        if log is None:
            return ()
        keys = log.course(name).keys
        mine = keys[(row_of(keys) == row) & (keys < packed(np.array([row]), np.array([minute]), rank))]
        found = (self._event(row, int(at), int(of)) for at, of in zip(minute_of(mine), rank_of(mine), strict=True))
        return tuple(dict.fromkeys(self._id(event) for event in found if event is not None))

    def _event(self, row: int, minute: int, rank: int) -> Happening | None:
        """The event of a node that changed something at a moment; what says that it was so before the run changes it a
        minute before the start."""
        of_node = list(self.life.of_node(rank, row))
        at = next((event for event in of_node if minute in (event.minute, event.moment)), None)
        if at is None and minute % DAY == DAY - 1 and minute < int(self.life.timeline.start[row]):
            changes = self.life.plan.sharing.sources.by_type
            return next((event for event in of_node if event.node.event_type in changes), None)
        return at

    def _id(self, happening: Happening) -> int:
        return self.life.outward(happening.id)
