"""What an explanation tells, as frozen values: the way to a record, what was read and drawn, the record itself."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import attrs

from healthsim_core.explaining.lines import came_of, indented, labelled, plain, shown, wrapped


@attrs.frozen
class Draw:
    """The address of a random number, and the number: a pure function of the run's seed, stream and id.

    Attributes:
        stream: The stream's name.
        id: Whose it is: the id inside the run of an event, a person or a household.
        unit: The number, uniform between 0 and 1.
    """

    stream: str
    id: int
    unit: float

    def __str__(self) -> str:
        return f"{self.unit:.6f} by {self.stream} of {self.id}"


@attrs.frozen
class Part:
    """What adds to a measure of a person's state, or is one of the measures that a formula reads.

    Attributes:
        name: Such as "level", "wandering", "effect of treatment statin".
        value: How much.
        events: Ids of the events that began or ended what has the effect.
        draws: What was drawn for it.
    """

    name: str
    value: Any
    events: tuple[int, ...] = ()
    draws: tuple[Draw, ...] = ()


@attrs.frozen
class Read:
    """A value that an event read.

    Attributes:
        name: As expressions write it.
        value: The value at that moment.
        origin: Where it came from, in words.
        events: Ids of the events that it came from.
        draws: What was drawn for it.
        parts: Of a measure, what adds up to it.
    """

    name: str
    value: Any
    origin: str
    events: tuple[int, ...] = ()
    draws: tuple[Draw, ...] = ()
    parts: tuple[Part, ...] = ()

    @property
    def lines(self) -> Iterator[str]:
        """The value, where it came from, and what is behind it."""
        yield f"{self.name} = {shown(self.value)}: {self.origin}{came_of(self.events)}"
        for part in self.parts:
            yield f"  {part.name} {shown(part.value)}{came_of(part.events)}"
            yield from indented(map(str, part.draws), 4)
        yield from indented(map(str, self.draws), 2)

    def __str__(self) -> str:
        return "\n".join(self.lines)


@attrs.frozen
class Condition:
    """A condition that held, and what it read.

    Attributes:
        text: As it is written.
        reads: What it read.
    """

    text: str
    reads: tuple[Read, ...] = ()


@attrs.frozen
class SkillRow:
    """The row of a skill's table that gave a value.

    Attributes:
        skill: The skill.
        version: Its version.
        lookup: The table.
        row: The number of the row, from 1; None where the skill does not show its tables.
        cells: The row's cells by column.
        asked: What it was asked: by key, the value.
    """

    skill: str
    version: str
    lookup: str
    row: int | None
    cells: Mapping[str, str]
    asked: Mapping[str, Any]

    def __str__(self) -> str:
        number = "" if self.row is None else f", row {self.row}"
        keys = ", ".join(f"{name} {cell}" for name, cell in self.cells.items() if name.startswith("by "))
        return f"skill {self.skill} {self.version}, {self.lookup}{number}{f': {keys}' if keys else ''}"


@attrs.frozen
class Given:
    """A value that an event has: a parameter, an outcome, the way of a branch, a state.

    Attributes:
        name: The name.
        value: The value.
        kind: "parameter", "outcome", "branch" or "state".
        origin: Where it came from, in words.
        reads: What was read for it.
        draws: What was drawn for it.
        skill: The row of a skill that gave it; None where none did.
    """

    name: str
    value: Any
    kind: str
    origin: str
    reads: tuple[Read, ...] = ()
    draws: tuple[Draw, ...] = ()
    skill: SkillRow | None = None

    @property
    def lines(self) -> Iterator[str]:
        """The value, and where it came from."""
        return self.with_others(())

    def with_others(self, alike: Iterable[Given]) -> Iterator[str]:
        """The same of several that have one origin."""
        values = [f"{given.name} = {shown(given.value)}" for given in (self, *alike)]
        yield f"{', '.join(values)}: {self.origin}"
        if self.skill is not None:
            yield f"  {self.skill}"
        yield from indented((line for read in self.reads for line in read.lines), 2)
        yield from indented(map(str, self.draws), 2)

    def __str__(self) -> str:
        return "\n".join(self.lines)


@attrs.frozen
class Happened:
    """An event on the way to a record.

    Attributes:
        id: Its id, as tables have it.
        person_id: Whom it happened to.
        time: When.
        event_type: Its type.
        label: What it is in words; None where nothing is said.
        journey: Its journey.
        version: The journey's version.
        node: The event's name in the journey, followed by the triggers that led to it.
        occurrence: 0 for the first.
        cause_id: The event that it follows; None where it follows the start of its journey.
        trigger: The product whose trigger made it, "journey" where the journey writes the trigger; None for none.
        when: When it happens after what it follows, in words.
        conditions: What had to hold, and did.
        probability: How likely it was then.
        reads: What its delay read.
        draws: What was drawn for whether and when.
        given: What it has: parameters, outcomes, the way that was chosen.
    """

    id: int
    person_id: int
    time: datetime.datetime
    event_type: str
    label: str | None
    journey: str
    version: str
    node: str
    occurrence: int
    cause_id: int | None
    trigger: str | None
    when: str
    conditions: tuple[Condition, ...] = ()
    probability: float = 1.0
    reads: tuple[Read, ...] = ()
    draws: tuple[Draw, ...] = ()
    given: tuple[Given, ...] = ()

    def lines(self, whole: bool = True) -> Iterator[str]:
        """When and why it happened, and what it has: its parameters too, where it is told as a whole."""
        again = f", occurrence {self.occurrence}" if self.occurrence else ""
        yield f"{self.time:%Y-%m-%d %H:%M} {self.event_type}{f' {self.label!r}' if self.label else ''} {self.id}"
        yield f"  event    {self.journey} {self.version}/{self.node}{again}"
        yield f"  because  {self._because()}"
        for condition in self.conditions:
            yield f"  if       {condition.text}"
            yield from indented((line for read in condition.reads for line in read.lines), 11)
        if self.probability < 1:
            yield f"  chance   {self.probability:g}"
        for read in self.reads:
            yield from labelled("reads", read.lines)
        for draw in self.draws:
            yield f"  drawn    {draw}"
        for first, *others in _alike(given for given in self.given if whole or given.kind != "parameter"):
            yield from labelled("has", first.with_others(others))

    def _because(self) -> str:
        if self.cause_id is None:
            return f"the journey begins; {self.when}"
        if self.trigger is None:
            return f"it follows {self.cause_id}; {self.when}"
        whose = "the journey" if self.trigger == "journey" else self.trigger
        return f"a trigger of {whose} on {self.cause_id}; {self.when}"

    def __str__(self) -> str:
        return "\n".join(self.lines())


def _alike(some: Iterable[Given]) -> Iterable[list[Given]]:
    """Those together that are of one origin."""
    grouped: dict[str, list[Given]] = {}
    for given in some:
        grouped.setdefault(repr((given.origin, given.reads, given.draws, given.skill)), []).append(given)
    return grouped.values()


@attrs.frozen
class Record:
    """Rows of one table that have the id, and who made them.

    Attributes:
        table: The table.
        product: The product that wrote it.
        handler: The function that made the rows.
        rows: The rows, as they are stored and as they come again.
    """

    table: str
    product: str
    handler: str
    rows: tuple[Mapping[str, Any], ...]

    def lines(self, whole: bool = True) -> Iterator[str]:
        """Who made the rows; what is in them too, where they are told as a whole."""
        rows = f"{len(self.rows)} rows" if len(self.rows) > 1 else "one row"
        yield f"{self.table}: {rows}, made by {self.product}: {self.handler}"
        for row in self.rows if whole else ():
            yield from wrapped("; ".join(f"{name} {value}" for name, value in row.items() if value is not None))

    def __str__(self) -> str:
        return "\n".join(self.lines())


@attrs.frozen
class Somebody:
    """The person of a record.

    Attributes:
        id: The person's id, as tables have it.
        household_id: The household's.
        household: The household's number in the run, from 0: what was lived again.
        role: The role in the household.
        name: First and last name.
        sex: The sex.
        birth_date: The date of birth.
    """

    id: int
    household_id: int
    household: int
    role: str
    name: str
    sex: str
    birth_date: datetime.date

    def __str__(self) -> str:
        return f"{self.name}, {self.sex}, born {self.birth_date}, {self.role} of household {self.household_id}"


@attrs.frozen
class Explanation:
    """Where a record comes from.

    Attributes:
        asked: The id that was asked.
        run: The name of the run.
        seed: Its seed.
        profile: The profile's id.
        profile_version: The profile's version.
        person: Whose record it is; None for what belongs to nobody, such as a clinic.
        way: The events that led to it, from the start of the journey; none for what people have from the start.
        columns: Of a record without an event: the person's attributes, and where each came from.
        records: The rows with the id, by table.
        versions: Of the core and the products that made them.
    """

    asked: str
    run: str
    seed: int
    profile: str
    profile_version: str
    person: Somebody | None
    way: tuple[Happened, ...]
    columns: tuple[Read, ...]
    records: tuple[Record, ...]
    versions: Mapping[str, str]

    @property
    def event(self) -> Happened | None:
        """The event that the record was made of; None where there is none."""
        return self.way[-1] if self.way else None

    def document(self) -> dict[str, Any]:
        """The same as plain JSON; ids are text, for they are greater than JavaScript's whole numbers."""
        document: dict[str, Any] = plain(attrs.asdict(self))
        return document

    @property
    def lines(self) -> Iterator[str]:
        """All of it."""
        yield f"{self.asked}: {', '.join(record.table for record in self.records)}"
        if self.person is not None:
            yield f"  person   {self.person.id}: {self.person}"
        yield f"  run      {self.run}, profile {self.profile} {self.profile_version}, seed {self.seed}"
        if self.person is not None:
            yield f"  again    household {self.person.household} was lived again: every value came out the same"
        for event in self.way:
            yield from indented(event.lines(whole=event is self.event), 2)
        for read in self.columns:
            if read.value is not None and read.value is not False:
                yield from labelled("has", read.lines)
        for record in self.records:
            yield from indented(record.lines(whole=record is self.records[0]), 2)

    def __str__(self) -> str:
        return "\n".join(self.lines)
