"""What handlers see: a run, a chunk's people, and the chunk's events of one type."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from healthsim_core.benefits.covered import Coverages
from healthsim_core.benefits.plans import Plans
from healthsim_core.columns import Column, Columns, Text
from healthsim_core.draws import Draws, identify
from healthsim_core.identifiers import Namespace

ANY = ""  # in the place of an event type: whatever it is
Ids = NDArray[np.int64]
Times = NDArray[np.datetime64]


@attrs.frozen(eq=False)
class RunJourney:
    """A journey of a run, in the words of its document.

    Attributes:
        name: Its `journey_id`.
        where: Where the request gives it, for errors.
        parameters: Its own parameters, `${journey.<name>}`.
        event_types: The types of its events, lower case.
    """

    name: str
    where: str = ""
    parameters: Mapping[str, Any] = attrs.field(factory=dict)
    event_types: frozenset[str] = frozenset()


@attrs.frozen(eq=False)
class Run:
    """What is the same for everybody in a run.

    Attributes:
        seed: The run's seed.
        as_of: The world's today, `datetime64[D]`; nothing that has happened is dated after it.
        start: When journeys begin, `datetime64[D]` (the earliest, where it differs by person).
        counties: FIPS codes of every county where people may live, sorted.
        inhabited: Of these, those where somebody does.
        journeys: Names of the journeys in the plan.
        itineraries: The same journeys, each with what its document says of it.
        settings: The `products` section of the profile or scenario, by product.
        reference: Function from a dataset's name to the dataset, or None where nobody offers it.
        plans: The plans of benefits.
        namespace: Of the identifiers that leave the system. Ids that handlers see are those inside, which address
            draws; the id columns of their tables are turned outward for them,
            identifiers that they write into text are not.
    """

    seed: int
    as_of: np.datetime64
    start: np.datetime64
    counties: tuple[str, ...] = ()
    journeys: tuple[str, ...] = ()
    itineraries: tuple[RunJourney, ...] = ()
    settings: Mapping[str, Mapping[str, Any]] = attrs.field(factory=dict)
    reference: Callable[[str], Any] = lambda name: None
    inhabited: tuple[str, ...] = attrs.field(default=attrs.Factory(lambda run: run.counties, takes_self=True))
    plans: Plans = attrs.field(factory=lambda: Plans.of({}, {}))
    namespace: Namespace = attrs.field(factory=Namespace)

    def draws(self, stream: str, ids: NDArray[Any]) -> Draws:
        """Draws of this run's seed for rows addressed by `ids`."""
        return Draws(self.seed, stream, ids)

    def ids(self, stream: str, counters: NDArray[Any]) -> Ids:
        """Ids inside, positive and of 63 bits, of what comes of others: addressed by their ids, in a stream's name."""
        return identify(self.seed, stream, counters)


@attrs.frozen(eq=False)
class People:
    """A chunk's people, one row each, sorted by person.

    Attributes:
        run: The run.
        columns: The columns of `core.person` and those that the profile adds.
        conditions: Boolean array (rows,) by condition category.
    """

    run: Run
    columns: Columns
    conditions: Mapping[str, NDArray[np.bool_]] = attrs.field(factory=dict)

    @property
    def id(self) -> Ids:
        """Person ids, int64 (rows,)."""
        return np.asarray(self.columns["person_id"])

    def __getitem__(self, name: str) -> Any:
        return self.columns[name]

    def __len__(self) -> int:
        return self.columns.rows

    def draw(self, stream: str) -> Draws:
        """Draws addressed by person."""
        return self.run.draws(stream, self.id)

    def household_draw(self, stream: str) -> Draws:
        """Draws addressed by household: the same for all its people."""
        return self.run.draws(stream, np.asarray(self.columns["household_id"]))


class Gathered(Mapping[str, Column]):
    """Columns of the people of a batch of events, gathered when they are asked for."""

    def __init__(self, columns: Columns, rows: NDArray[Any]) -> None:
        self._columns, self._rows = columns, rows
        self._taken: dict[str, Column] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._taken:
            self._taken[name] = self._columns[name][self._rows]
        return self._taken[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)


@attrs.frozen(eq=False)
class Schedule:
    """When a trigger's events follow, for triggers with a `schedule`.

    Attributes:
        row: Int array (following,), ascending: the row of the causing event.
        days: Int array (following,): whole days after it, 0 or more.
        parameters: Columns (following,) of parameters given to the following events, beyond what is carried.
        minutes: Int array (following,): where `days` is 0, how many minutes after it; without it, soon after.
    """

    row: NDArray[np.intp]
    days: NDArray[np.int64]
    parameters: Columns
    minutes: NDArray[np.int64] | None = None


@attrs.frozen(eq=False)
class Events:
    """All of a chunk's events of one type (or of several handled together), sorted by person and time.

    Attributes:
        run: The run.
        row: Int array (rows,): the person's row in `chunk`.
        columns: What is known of each event; see the properties, which read it.
        parameters: The parameters that the handler declares; null where an event has none.
        chunk: The chunk's people.
        ancestors: See `ancestor`.
        stream: Prefix of the draws' stream names.
        covered: See `coverages`.
        bodies: See `measured`.
    """

    run: Run
    row: NDArray[np.intp]
    columns: Columns
    parameters: Columns
    chunk: People
    ancestors: Callable[[str], Columns] = lambda event_type: Columns({})
    stream: str = "events"
    covered: Callable[[], Coverages] | None = None
    bodies: Callable[[str, NDArray[np.intp], Times], NDArray[np.float64]] | None = None

    @property
    def type(self) -> Text:
        """Text (rows,): the event type."""
        return self.columns.text("type")

    @property
    def time(self) -> Times:
        """`datetime64[s]` (rows,): when, local civil time."""
        return self.columns.array("time")

    @property
    def id(self) -> Ids:
        """Int64 (rows,): event ids."""
        return self.columns.array("id")

    @property
    def cause(self) -> Ids:
        """Int64 (rows,): ids of the events that these depend on or were triggered by; 0 for none."""
        return self.columns.array("cause")

    @property
    def node(self) -> Text:
        """Text (rows,): the journey's event, or the chain of triggers."""
        return self.columns.text("node")

    @property
    def journey(self) -> Text:
        """Text (rows,): the journey."""
        return self.columns.text("journey")

    @property
    def label(self) -> Text:
        """Text (rows,): what it is, in words."""
        return self.columns.text("label")

    @property
    def occurrence(self) -> NDArray[Any]:
        """Int array (rows,): 0 for the first of a repeated event."""
        return self.columns.array("occurrence")

    @property
    def provider_npi(self) -> Text:
        """Text (rows,), null where no network is installed."""
        return self.columns.text("provider_npi")

    @property
    def facility_npi(self) -> Text:
        """Text (rows,), null where no network is installed."""
        return self.columns.text("facility_npi")

    def __len__(self) -> int:
        return len(self.row)

    @property
    def person(self) -> Ids:
        """Person ids, int64 (rows,)."""
        return self.chunk.id[self.row]

    @property
    def date(self) -> Times:
        """Dates, `datetime64[D]` (rows,)."""
        return self.time.astype("datetime64[D]")

    @property
    def people(self) -> Gathered:
        """The person's columns, a row an event: `events.people["sex"]`."""
        return Gathered(self.chunk.columns, self.row)

    @property
    def draw(self) -> Draws:
        """Draws addressed by event."""
        return self.run.draws(self.stream, self.id)

    @property
    def person_draw(self) -> Draws:
        """Draws addressed by person: the same for all events of one person."""
        return self.run.draws(self.stream, self.person)

    @property
    def coverages(self) -> Coverages:
        """Who of the chunk's people is covered, from when to when; the same for every handler."""
        assert self.covered is not None
        return self.covered()

    def reference(self, name: str) -> Any:
        """A reference dataset, or None where nobody offers it."""
        return self.run.reference(name)

    def measured(self, name: str, row: NDArray[np.intp], time: Times) -> NDArray[np.float64]:
        """What is measured of a measure of the body: one value at one moment, whoever asks.

        Args:
            name: The measure; a handler asks for those that it names in `measures`.
            row: Int array (rows,): rows of `chunk`.
            time: `datetime64[s]` (rows,): when.

        Returns:
            Float array (rows,); NaN where no skill declares the measure.
        """
        return np.full(len(row), np.nan) if self.bodies is None else self.bodies(name, row, time)

    def ancestor(self, event_type: str) -> Columns:
        """The nearest event of a type that led to each of these (the encounter of a claim, the admission of a stay).

        Returns:
            Columns (rows,) `id` (0 where there is none), `time` (NaT), `provider_npi`, `facility_npi` (null); for a
            trigger's schedule also `class`, that of an encounter or admission, null where it says none.
        """
        return self.ancestors(event_type.lower())

    @property
    def caused_by(self) -> Columns:
        """The event that each of these depends on or was triggered by, of whatever type; columns as of `ancestor`."""
        return self.ancestors(ANY)

    @property
    def triggered(self) -> NDArray[np.bool_]:
        """Whether a trigger made each of these of what `caused_by` names (rows,)."""
        return self.node.map(lambda path: ">" in path, np.bool_, False)

    def where(self, mask: NDArray[np.bool_]) -> Events:
        """The events where `mask` is True."""
        return self.take(np.flatnonzero(mask))

    def take(self, rows: NDArray[np.intp]) -> Events:
        """The events at `rows`, one as often as it is named."""
        ancestors = self.ancestors
        return attrs.evolve(
            self,
            row=self.row[rows],
            columns=self.columns.take(rows),
            parameters=self.parameters.take(rows),
            ancestors=lambda name: ancestors(name).take(rows),
        )


def no_ancestors(rows: int) -> Columns:
    """What `Events.ancestor` gives where there is none."""
    never = np.full(rows, np.datetime64("NaT"), "datetime64[s]")
    return Columns({"id": np.zeros(rows, np.int64), "time": never, "provider_npi": None, "facility_npi": None}, rows)


def merged(first: Events, then: Events) -> Events:
    """The events of two batches of one chunk, sorted by person and time; of equal time, those of `first` come first."""
    moment = [np.asarray(events.time).astype("datetime64[s]").astype(np.int64) + _EPOCH for events in (first, then)]
    keys = np.concatenate([events.row * (2 * _EPOCH) + at for events, at in zip((first, then), moment, strict=True)])
    order = np.argsort(keys, kind="stable")  # of two sorted runs: merged in one pass
    return attrs.evolve(
        then,
        row=np.concatenate([first.row, then.row])[order],
        columns=Columns.concat([first.columns, then.columns]).take(order),
        parameters=Columns.concat([first.parameters, then.parameters]).take(order),
        ancestors=lambda name: Columns.concat([first.ancestor(name), then.ancestor(name)]).take(order),
    )


_EPOCH = 1 << 36  # seconds, two thousand years: added, so that times before 1970 are positive too
