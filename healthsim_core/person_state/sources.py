"""Which events of a plan change a person's state, and which of it somebody reads: found once, from the nodes alone."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Protocol

import attrs

from healthsim_core.expressions.asking import MEASURED, OF_CONDITIONS, OF_TREATMENTS, asked
from healthsim_core.person_state.declared import Declared
from healthsim_core.person_state.measures import Measures
from healthsim_core.person_state.recoding import CodeByState
from healthsim_core.state_offers import StateChange

CONDITION, TREATMENT, ORDER, CIRCUMSTANCE = "condition", "treatment", "order", "circumstance"
_LASTING = ("since:", "stage:")  # of conditions, what no column of the profile says
_OF_PERSON = ("condition.", "code.")  # columns of the conditions that one is known to have


@attrs.frozen
class Said:
    """What an event says itself that it begins or ends.

    Attributes:
        kind: "condition", "treatment" or "circumstance".
        name: What it is called.
        stops: Whether it ends.
    """

    kind: str
    name: str
    stops: bool = False


class Changing(Protocol):
    """What is asked of a node."""

    @property
    def event_type(self) -> str:
        """Its event type."""

    @property
    def said(self) -> tuple[Said, ...]:
        """What it says itself that it begins or ends."""

    @property
    def draws(self) -> frozenset[str]:
        """Names of what it gives to those who come later."""

    @property
    def reads_in_all(self) -> frozenset[str]:
        """Names that it reads."""


@attrs.frozen
class Sources:
    """What changes a person's state in a plan.

    Attributes:
        kinds: Of what records are kept: "condition", "treatment", "order" and "circumstance", as far as some event
            changes it and some event reads it, or reads how long it has lasted.
        by_type: By event type, who says what such events change.
        circumstances: Names that are read as circumstances.
        measures: All measures that skills declare.
        read: Those whose values events read.
        asked: Those whose values handlers ask for.
        stages: By condition and code, the stage that the code says.
        codes: Codes by state: who has one has what it stands for.
    """

    kinds: frozenset[str] = frozenset()
    by_type: dict[str, tuple[StateChange, ...]] = attrs.field(factory=dict)
    circumstances: frozenset[str] = frozenset()
    measures: Measures = attrs.field(factory=Measures)
    read: frozenset[str] = frozenset()
    asked: frozenset[str] = frozenset()
    stages: Mapping[str, Mapping[str, str]] = attrs.field(factory=dict)
    codes: tuple[CodeByState, ...] = ()

    @classmethod
    def of(
        cls,
        nodes: Sequence[Changing],
        changes: Iterable[StateChange],
        circumstances: Collection[str],
        declared: Declared,
        asked: Collection[str] = (),
    ) -> Sources:
        """The sources of a plan.

        Args:
            nodes: Its nodes.
            changes: What the products that take part say that events change.
            circumstances: Names of all circumstances.
            declared: What skills declare.
            asked: Measures that handlers ask for; of which nobody declares some.
        """
        measures = declared.measures
        types = {node.event_type for node in nodes}
        by_type: dict[str, tuple[StateChange, ...]] = {}
        for change in changes:
            for name in types.intersection(change.event_types):
                by_type[name] = (*by_type.get(name, ()), change)
        made = {kind_of(change) for several in by_type.values() for change in several}
        made |= {said.kind for node in nodes for said in node.said}
        if ORDER in made:
            made.add(TREATMENT)  # where nobody says what is dispensed, what is ordered is taken
        names = frozenset().union(*(node.reads_in_all for node in nodes))
        values = {plain for name in names if (plain := name.removeprefix(MEASURED)) in measures}
        values -= frozenset().union(*(node.draws for node in nodes))
        read = {kind for name in names if (kind := _kind_read(name, circumstances)) is not None}
        of_handlers = frozenset(name for name in asked if name in measures)
        read |= {kind for name in values | of_handlers for kind, _ in measures.causes(name)}
        lasting = {CONDITION for name in names if name.startswith(_LASTING)}
        kinds = frozenset((made & read) | lasting)
        return cls(
            kinds, by_type, frozenset(circumstances), measures, frozenset(values), of_handlers, declared.stages,
            declared.codes,
        )  # fmt: skip

    @property
    def changing(self) -> frozenset[str]:
        """Event types that change what somebody reads."""
        return frozenset(
            name
            for name, several in self.by_type.items()
            if any(self.kinds.intersection(self.kinds_of(change)) for change in several)
        )

    def kinds_of(self, change: StateChange) -> tuple[str, ...]:
        """Of what a change is a record."""
        kind = kind_of(change)
        if change.dispensed:  # where somebody orders, that is taken: an added pharmacy changes nobody's events
            ordered = any(kind_of(other) == ORDER for several in self.by_type.values() for other in several)
            return () if ordered else (kind,)
        return (ORDER, TREATMENT) if kind == ORDER else (kind,)


def kind_of(change: StateChange) -> str:
    """Of what a change is a record, first of all."""
    return (
        ORDER if change.kind == TREATMENT and not (change.dispensed or change.given or change.before) else change.kind
    )


def _kind_read(name: str, circumstances: Collection[str]) -> str | None:
    parts = asked(name)
    if parts is not None:
        return CONDITION if parts[0] in OF_CONDITIONS else TREATMENT if parts[0] in OF_TREATMENTS else None
    if name == "conditions" or name.startswith(_OF_PERSON):
        return CONDITION
    return CIRCUMSTANCE if name in circumstances else None
