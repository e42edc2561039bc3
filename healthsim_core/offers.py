"""What a plugin can offer: frozen values, returned once by its hooks; the callables in them take and return columns."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import attrs

from healthsim_core.benefits.spending import Spending
from healthsim_core.codes import CodeSystem
from healthsim_core.columns import Column, Columns
from healthsim_core.file_layouts import FileLayout
from healthsim_core.planned import PlannedEvent
from healthsim_core.tables import Field, Table

if TYPE_CHECKING:
    from healthsim_core.events import Events, People, Run, Schedule


def _lower(value: str) -> str:
    return value.lower()


def names_of(value: Iterable[str]) -> tuple[str, ...]:
    """Names as an offer keeps them."""
    return tuple(value)


def _tables(value: Iterable[Table]) -> tuple[Table, ...]:
    return tuple(value)


def _fields(value: Iterable[Field]) -> tuple[Field, ...]:
    return tuple(value)


def _layouts(value: Iterable[FileLayout]) -> tuple[FileLayout, ...]:
    return tuple(value)


def _types(value: str | Iterable[str]) -> tuple[str, ...]:
    return tuple(name.lower() for name in ((value,) if isinstance(value, str) else value))


def _pairs(value: Mapping[str, str] | Iterable[str | tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    given = value.items() if isinstance(value, Mapping) else value
    # pairs stay as they are when an offer evolves
    return tuple((name, name) if isinstance(name, str) else name for name in given)


@attrs.frozen(kw_only=True)
class Offer:
    """What all offers share.

    Attributes:
        product: The plugin that makes the offer; set when it is loaded.
        description: One sentence for lists and docs.
    """

    product: str = ""
    description: str = ""


Offered = TypeVar("Offered", bound=Offer)


@attrs.frozen
class Profile(Offer):
    """A profile template.

    Attributes:
        name: Template name.
        specification: The profile as a mapping, or the path of a JSON file that holds it.
    """

    name: str
    specification: Mapping[str, Any] | Path


@attrs.frozen
class Journey(Offer):
    """A journey template; the attributes are those of `Profile`."""

    name: str
    specification: Mapping[str, Any] | Path


@attrs.frozen
class PersonColumns(Offer):
    """A product's extension of every person: columns that handlers of all products may read.

    Computed whenever the product is installed, for all people of a chunk, before any event.

    Attributes:
        fields: The columns that it fills: columns of `core.person` that are nullable, or new ones.
        compute: Takes the chunk's `People` and returns the columns.
    """

    fields: tuple[str, ...] = attrs.field(converter=names_of)
    compute: Callable[[People], Columns | Mapping[str, Column]]


@attrs.frozen
class EventColumns(Offer):
    """A product's assignment of `provider_npi` and `facility_npi` to events, whenever it is installed.

    Attributes:
        fields: The columns of `core.event` that it fills.
        compute: Takes the `Events` of one event type and returns the columns.
    """

    fields: tuple[str, ...] = attrs.field(converter=names_of)
    compute: Callable[[Events], Columns | Mapping[str, Column]]


@attrs.frozen
class Closing:
    """An event type that closes what another one has begun, as a discharge does an admission.

    Of somebody who dies in between it happens at the moment of death, whatever it depends on; an end of the journey
    does not cancel it.

    Attributes:
        event_type: The event type that closes.
        closes: The event type that begins.
        at_death: Parameters that it has where a death brings it forward.
    """

    event_type: str = attrs.field(converter=_lower)
    closes: str = attrs.field(converter=_lower)
    at_death: Mapping[str, str] = attrs.field(factory=dict, hash=False)


@attrs.frozen
class EventHandler(Offer):
    """What a product makes of events.

    Attributes:
        event_type: The event type, or several that must be seen together, in one batch sorted by person and time;
            matched without regard to case. The core type "person" happens once to everybody, before all else: at the
            start of the run, for a newborn at birth; its id is the person's.
        handle: Takes the chunk's events of that type, sorted by person and time; returns columns by table name.
        writes: The tables that it writes.
        measures: Measures of the body that it asks for by `Events.measured`; it takes NaN for one that nobody declares.
        spends: For a handler that spends against plans of benefits: takes the same events, before any handler is
            called, and returns their priced lines; `handle` then takes the events and what the ledger says of them.
        parameters: The event parameters that it reads, as fields; absent ones are columns of nulls. One that is not
            nullable is needed by everybody: an event that may leave it null is refused when the plan is compiled.
        requires: By event type, names of further parameters that this type alone needs,
            where several are seen together.
        follows: By event type, event types of which one must have led to it, by `depends_on` or a trigger: an event
            without is refused when the plan is compiled. A discharge follows its admission.
        after: By event type, event types without which it makes no records:
            a run that has none of them says so in its notes.
        closings: What closes what, so that nothing is left open when somebody dies; of any event types.
        accepts: Takes the `Run` when the plan is compiled; returns, by parameter, the texts that it may be in that run,
            where not every text will do. Raises SpecificationError where the product's settings cannot be used.
        reviews: Takes the `Run` and the events of the plan when it is compiled; raises SpecificationError for what the
            product, if it takes part, cannot make of them.
        reviewed: Parameters of which `reviews` asks whether everybody has them.
        settings: Names of the product's settings, `products.<product>` of a profile; () for none. Where a handler of
            the product declares them, others are refused; None says nothing of them.
        notes: Takes the events and what `handle` made of them; returns, by text, how often something happened that a
            user should know of ("refills of schedule II drugs, which are never refilled, were not dispensed"). Counts
            are summed over the run and told in `Result.notes`, those of 0 are not.
        checks: Takes the same; returns rules without exception that the run's validation checks: by (table, rule in
            words), how many rows break it and of how many it was asked.

    Raises:
        ValueError: `requires`, `follows` or `after` names a type that is not handled,
            or `requires` a parameter that is not read.
    """

    event_types: tuple[str, ...] = attrs.field(converter=_types, alias="event_type")
    handle: Callable[..., Mapping[str, Columns | Mapping[str, Column]]]
    writes: tuple[Table, ...] = attrs.field(converter=_tables)
    spends: Callable[[Events], Spending] | None = attrs.field(default=None, kw_only=True)
    measures: tuple[str, ...] = attrs.field(default=(), converter=names_of, kw_only=True)
    parameters: tuple[Field, ...] = attrs.field(default=(), converter=_fields)
    requires: Mapping[str, Sequence[str]] = attrs.field(factory=dict, hash=False)
    follows: Mapping[str, Sequence[str]] = attrs.field(factory=dict, hash=False)
    after: Mapping[str, Sequence[str]] = attrs.field(factory=dict, hash=False)
    closings: tuple[Closing, ...] = ()
    accepts: Callable[[Run], Mapping[str, Collection[str]]] | None = None
    reviews: Callable[[Run, Sequence[PlannedEvent]], None] | None = None
    reviewed: tuple[str, ...] = attrs.field(default=(), converter=names_of)
    settings: tuple[str, ...] | None = None
    notes: Callable[[Events, Mapping[str, Columns]], Mapping[str, int]] | None = None
    checks: Callable[[Events, Mapping[str, Columns]], Mapping[tuple[str, str], tuple[int, int]]] | None = None

    @requires.validator
    def _handled_and_read(self, _: Any, value: Mapping[str, Sequence[str]]) -> None:
        strange = [
            *(set(value) - set(self.event_types)),
            *({n for names in value.values() for n in names} - {f.name for f in self.parameters}),
        ]
        if strange:
            raise ValueError(f"requires names {sorted(strange)}, which it does not handle or read.")

    @follows.validator
    @after.validator
    def _handled(self, attribute: Any, value: Mapping[str, Sequence[str]]) -> None:
        if strange := set(value) - set(self.event_types):
            raise ValueError(f"{attribute.name} names {sorted(strange)}, which it does not handle.")

    def needs(self, event_type: str) -> tuple[Field, ...]:
        """The parameters without which an event of a type is refused."""
        own = self.requires.get(event_type, ())
        return tuple(field for field in self.parameters if not field.nullable or field.name in own)


@attrs.frozen
class RunHandler(Offer):
    """What a product writes once for a run, not for a person: the providers that people see, a study's design.

    A run keeps the rows that it met: those whose key some record names, and those that belong to one that was met (the
    arms of a study with subjects). The setting `everyone` of the product keeps all,
    and so does a run of this product alone.

    Attributes:
        build: Takes the `Run`; returns columns by table name.
        writes: The tables that it writes; their `person` is "".
        named_in: By table, a pattern of the columns of any product that hold its keys, such as "*npi", beside those
            whose field `references` the table.
        find: In place of `build`, for tables too large to be made whole: takes the `Run`, by table the keys that were
            met, and whether everybody is asked for; returns these rows and those that they name.
    """

    build: Callable[[Run], Mapping[str, Columns | Mapping[str, Column]]]
    writes: tuple[Table, ...] = attrs.field(converter=_tables)
    named_in: Mapping[str, str] = attrs.field(factory=dict, hash=False)
    find: Callable[[Run, Mapping[str, Sequence[str]], bool], Mapping[str, Columns | Mapping[str, Column]]] | None = None


@attrs.frozen
class Trigger(Offer):
    """An event that another one causes.

    Attributes:
        on: The event type that causes it.
        then: The event type that follows.
        delay: Days from `on` to `then`, (least, most), uniform over whole days; (0, 0) is the same day, later.
        where: Expression over the first event's parameters and its person; the trigger fires where it is true.
        carry: Parameters of the first event given to the second: names, or a mapping of old to new name.
        parameters: Constants given to the second event.
        outlives: Whether the second event happens though the person has died after the first: a bill is sent.
        schedule: Instead of `delay`, where one event causes several or the moment depends on it: takes the first
            events, returns the `Schedule` of what follows.
    """

    on: str = attrs.field(converter=_lower)
    then: str = attrs.field(converter=_lower)
    delay: tuple[int, int] = (0, 0)
    where: str = ""
    carry: tuple[tuple[str, str], ...] = attrs.field(default=(), converter=_pairs)
    parameters: Mapping[str, Any] = attrs.field(factory=dict)
    outlives: bool = False
    schedule: Callable[[Events], Schedule] | None = None


@attrs.frozen
class SkillResolver(Offer):
    """Clinical knowledge that journeys refer to by name.

    Attributes:
        skill: The skill's name.
        version: Its version, recorded with every execution.
        resolve: Takes (lookup, context columns, draws of the rows); returns the columns that the lookup gives.
        lookups: Lookup name to (context columns it needs, columns it gives). A context column `condition.N18` is
            whether the person has that condition, `code.N18` under which code: nobody needs to give them.
        unsaid: What context columns are that nobody needs to give, by name: where a journey does not say it,
            they are that.
        conditions: ICD-10-CM categories whose codes and severities the skill knows.
        baselines: Attributes whose baseline values its lookup `baseline` gives by severity.
        blanks: Lookup name to what it gives and some of its rows leave blank.
        cells: Takes the name of a lookup; returns the columns of its table as text, the context's headed `by NAME`, ""
            where a cell is blank. So coded texts are checked before anything is made; without it,
            each when it is drawn.
        document: The Markdown file it was read from, where there is one.
        state: What it declares of a person's state: measures, conditions, treatments, circumstances.
    """

    skill: str
    version: str
    resolve: Callable[[str, Columns, Any], Columns]
    lookups: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = attrs.field(factory=dict)
    conditions: tuple[str, ...] = attrs.field(default=(), converter=names_of)
    baselines: tuple[str, ...] = attrs.field(default=(), converter=names_of)
    blanks: Mapping[str, tuple[str, ...]] = attrs.field(factory=dict)
    unsaid: Mapping[str, str] = attrs.field(factory=dict)
    cells: Callable[[str], Mapping[str, Sequence[str]]] | None = None
    document: Path | None = None
    state: Mapping[str, Any] = attrs.field(factory=dict, hash=False)


def asks_condition(key: str) -> bool:
    """Whether a lookup's context column, such as `condition.N18` or `code.N18`, is what the person has."""
    return key.startswith(("condition.", "code."))


@attrs.frozen
class ReferenceDataset(Offer):
    """Facts that people or events are drawn from.

    Attributes:
        name: Dataset name, for `events.reference(name)`.
        load: Returns the dataset; called once a process.
        table: The layout in which `healthsim init` stores it, where it does.
        layouts: Official file layouts that `healthsim init --from` turns into rows of `table`.
    """

    name: str
    load: Callable[[], Any]
    table: Table | None = None
    layouts: tuple[FileLayout, ...] = attrs.field(default=(), converter=_layouts)


@attrs.frozen
class CodeSystemOffer(Offer):
    """A code system or value set of a product's own, for `Field.codes`.

    A list may take the name of a system that core knows by the form of its codes alone, such as "ms-drg",
    and its place.

    Attributes:
        system: The code system.
        extends: Whether it is a `ValueSet` whose codes are added to those of the value set of the same name, such as
            specialties that core does not know.
    """

    system: CodeSystem
    extends: bool = False


@attrs.frozen
class Command(Offer):
    """An extra command of `healthsim`.

    Attributes:
        name: The command's name.
        command: A click command, or a function that returns one.
    """

    name: str
    command: Any


@attrs.frozen
class Validator(Offer):
    """Rules of a product's own about the tables of a run, also those of other products.

    Those of the products that a run asks for take part, where the run makes all of their tables.

    Attributes:
        name: Its name.
        tables: The tables that it reads; each has a person.
        check: Takes a chunk's rows of these tables, by name, sorted by person; returns by (table, rule in words) how
            many rows break the rule and of how many it was asked. A person's rows are in one chunk; counts are added.
    """

    name: str
    tables: tuple[str, ...] = attrs.field(converter=names_of)
    check: Callable[[Mapping[str, Columns]], Mapping[tuple[str, str], tuple[int, int]]]


@attrs.frozen
class ExecutorOffer(Offer):
    """Who runs the parts of a run: `--executor NAME`. Which executor makes no difference to a byte.

    Attributes:
        name: Its name; local, ray and spark are core's.
        run: Takes a function that makes a part, the parts that are wanted, and how many workers are asked for; returns
            an iterable of what the function gave for each part, in any order. The function can be pickled, and may be
            called in any process that has the same plugins and reaches the output folder.
    """

    name: str
    run: Callable[[Callable[[Any], Any], Sequence[Any], int], Iterable[Any]]
