"""What every plugin owes, as tests to inherit: a plugin's author subclasses `PluginConformance` and names the
plugin."""

from __future__ import annotations

import functools
import re
import tempfile
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import attrs
import numpy as np
import pyarrow as pa

from healthsim_core import hookspecs
from healthsim_core.catalog import default_catalog, offering
from healthsim_core.decision_offers import EventDecision
from healthsim_core.errors import HealthSimError, SpecificationError, canonical
from healthsim_core.execution.run import Options, run_plan
from healthsim_core.format_offers import OutputFormat
from healthsim_core.generation.chunk import run_chunk
from healthsim_core.generation.memory import run_in_memory
from healthsim_core.handling.calling import written_by
from healthsim_core.language_offers import DistributionOffer, ExpressionFunction
from healthsim_core.offers import EventHandler, ExecutorOffer, Offer, RunHandler, Validator
from healthsim_core.planning.compiling import compile_plan
from healthsim_core.planning.plan import Plan
from healthsim_core.planning.request import make_request
from healthsim_core.plugins import Plugin, short_place
from healthsim_core.tables import from_arrow
from healthsim_core.testing.forbidden import forbidden
from healthsim_core.testing.made import contradictions
from healthsim_core.testing.offered import described, named, unusable
from healthsim_core.testing.places import Places, at_name, place_of
from healthsim_core.testing.samples import no_events, undecided, unlawful, unlike, wrong_lengths

PEOPLE = 12
MOST_TOLD = 5  # of what a test finds
SHOWS = "`healthsim plugins list` shows what is installed."
_NAMES_A_LINE = re.compile(r"\.(py|json):\d+")
ANYBODY = {"id": "anybody", "demographics": {"age": {"type": "uniform", "min": 0, "max": 95}}}


class PluginConformance:
    """Inherit this in a test module and name the plugin; pytest then runs every test below.

    Attributes:
        plugin: Name of the plugin's entry point.

    Examples:
        class TestConformance(PluginConformance):
            plugin = "dentalsim"
    """

    plugin: ClassVar[str]

    def test_it_loads(self) -> None:
        """It is installed, imports, and implements only hooks that exist."""
        plugin = self._plugin()
        place = plugin.place or self._places().start
        _none([] if plugin.status == "active" else [f"{place}: it {plugin.status}: {plugin.cause}"])

    def test_it_states_its_api(self) -> None:
        """Beside its hooks stands which API it was written for, so that a newer core can say what has changed."""
        stated, place = self._plugin().api, self._places().start
        _none([] if stated else [f"{place}: HEALTHSIM_API is missing: write `HEALTHSIM_API = {hookspecs.API}`"])

    def test_every_hook_is_marked(self) -> None:
        """Every function of its module, and of a class there, that is called as a hook is one:
        without `@hookimpl` it is never asked."""
        hooks = [hook for _, hook in self._places().hooks()]
        unmarked = [hook for hook in hooks if not hasattr(hook, f"{hookspecs.PROJECT}_impl")]
        _none([f"{place_of(hook)}: {hook.__name__} lacks @hookimpl" for hook in unmarked])

    def test_every_table_is_named_after_it(self) -> None:
        """A table is called `plugin.table`, in small letters: no other plugin's, and none without a plugin."""
        writing = [offer for offer in self._offers() if isinstance(offer, EventHandler | RunHandler)]
        makers = [(offer, table) for offer in writing for table in offer.writes]
        strange = [(offer, table) for offer, table in makers if not _is_named_after(table.name, self.plugin)]
        place = self._places().of_offer
        _none([f'{place(o)}: "{t.name}" should be "{self.plugin}.{_plain(t.name)}"' for o, t in strange])

    def test_every_offer_has_a_name_and_a_description(self) -> None:
        """Lists and docs can name and describe everything it offers."""
        missing = [(self._places().of_offer(offer), offer) for offer in self._offers() if not described(offer)]
        _none([f"{place}: {type(o).__name__} {named(o)} has neither a name nor a description" for place, o in missing])

    def test_every_specification_reads(self) -> None:
        """Every profile and journey that it offers compiles, alone and together."""
        _none([f"{tried.place}: {tried.name} has no hash" for tried in self._tried() if not tried.plan.hash])

    def test_its_plans_of_benefits_can_be_used(self) -> None:
        """Every plan reads, names known kinds of service and keeps its laws; the terms of its kinds of service read."""
        wrong = unusable(self._offers(), default_catalog())
        _none([f"{self._places().of_offer(offer)}: {what}" for offer, what in wrong])

    def test_the_same_seed_gives_the_same_tables(self) -> None:
        """Two runs of one plan agree in every value."""
        for tried in self._tried():
            first, second = run_in_memory(tried.plan).tables, run_in_memory(tried.plan).tables
            _none(self._differing(tried, first, second, "in two runs"))

    def test_chunks_change_nothing(self) -> None:
        """Chunks of one, of five, and of everybody give the same tables."""
        for tried in self._tried():
            whole = run_in_memory(tried.plan).tables
            for size in (1, 5):
                parts = run_in_memory(tried.plan, size).tables
                _none(self._differing(tried, whole, parts, f"in chunks of {size}"))

    def test_a_person_does_not_depend_on_how_many_there_are(self) -> None:
        """The first people of a long run are those of a short one, with all their records."""
        for tried in self._tried():
            short = run_chunk(tried.plan, 0, 3).tables
            long = run_chunk(tried.plan, 0, PEOPLE).tables
            last = int(tried.plan.run.namespace.outward(np.array([16 * 4]))[0])
            kept = {name: _before(long[name], tried.plan, name, last) for name in short}
            _none(self._differing(tried, short, kept, "where there are more people"))

    def test_one_person(self) -> None:
        """A run of one person works."""
        for tried in self._tried():
            people = run_chunk(tried.plan, 0, 1).tables["core.person"].num_rows
            _none([] if people else [f"{tried.place}: {tried.name} makes nobody"])

    def test_nobody(self) -> None:
        """Every handler takes an empty batch and gives its declared columns."""
        for handler in self._handlers():
            tables = {table.name: table for table in handler.writes}
            try:
                written = written_by(handler, no_events(handler))
            except HealthSimError as error:
                raise error.within(place_of(handler.handle)) from error
            rows = {name: tables[name].arrow(columns).num_rows for name, columns in written.items()}
            place = place_of(handler.handle)
            _none([f"{place}: {name} has {n} rows where nothing happens" for name, n in rows.items() if n])

    def test_columns_of_a_table_have_one_length(self) -> None:
        """What a handler makes of events fits together, also of event types that none of its own journeys has."""
        handlers, systems = self._handlers(), default_catalog().code_systems
        pairs = [(handler.handle, wrong) for handler in handlers for wrong in wrong_lengths(handler, systems)]
        _none([f"{place_of(handle)}: {wrong}" for handle, wrong in pairs])

    def test_its_decisions_are_of_every_event(self) -> None:
        """What it decides of events has a row for each, in the columns and of the types that it says."""
        offers, systems = [o for o in self._offers() if isinstance(o, EventDecision)], default_catalog().code_systems
        _none([f"{place_of(offer.decide)}: {wrong}" for offer in offers for wrong in undecided(offer, systems)])

    def test_handlers_write_what_they_declare(self) -> None:
        """Every table that a handler declares comes out of a run with the declared columns and types."""
        declared = {table.name: table for handler in self._handlers() for table in handler.writes}
        for tried in self._tried():
            tables = run_chunk(tried.plan, 0, PEOPLE).tables
            other = [name for name, table in declared.items() if tables[name].schema != table.schema]
            _none([f"{self._places().of_column(name)}: {name} has other columns than it declares" for name in other])

    def test_keys_resolve_and_what_is_said_is_what_happens(self) -> None:
        """Keys are distinct, references resolve, delays hold, and nothing that a run states is contradicted."""
        for tried in self._tried():
            failed = run_in_memory(tried.plan).validation.failures
            places = [self._places().of_column(check.where) or tried.place for check in failed]
            _none([f"{at}: {tried.name}: {check}" for at, check in zip(places, failed, strict=True)])

    def test_its_formats_say_what_the_tables_say(self) -> None:
        """Every format with `records` is written of a run and read back: no field contradicts the tables."""
        formats = [offer for offer in self._offers() if isinstance(offer, OutputFormat) and offer.records is not None]
        candidates = [(tried.plan, _with_rows(tried.plan)) for tried in self._tried()] if formats else []
        for offer in formats:
            told = {*offer.needs, *offer.wants}
            plans = [plan for plan, names in sorted(candidates, key=lambda pair: -len(pair[1] & told))]
            _none([f"{place_of(offer.records)}: {offer.name}: {wrong}" for wrong in _contradictions(offer, plans)])

    def test_its_distributions_are_drawn_by_inversion(self) -> None:
        """The quantiles of each distribution rise, and the share below each is the one that was asked for."""
        offers = [offer for offer in self._offers() if isinstance(offer, DistributionOffer)]
        _none([f"{place_of(offer.quantile)}: {wrong}" for offer in offers for wrong in unlawful(offer)])

    def test_its_functions_take_columns(self) -> None:
        """Each function of expressions gives what it says, a row for each row, whatever the other rows are."""
        offers = [offer for offer in self._offers() if isinstance(offer, ExpressionFunction)]
        with offering(default_catalog()):
            _none([f"{place_of(offer.compute)}: {wrong}" for offer in offers for wrong in unlike(offer)])

    def test_its_validators_count_the_same_in_chunks(self) -> None:
        """Each validator reads tables that have a person, and its counts are the sum of those of chunks."""
        known = default_catalog().tables
        for offer in (offer for offer in self._offers() if isinstance(offer, Validator)):
            strange = [name for name in offer.tables if name not in known or not known[name].person]
            _none([f"{place_of(offer.check)}: {name} is no table with a person" for name in strange])
            for tried in self._tried():
                whole, parts = (_counts(offer, tried.plan, size) for size in (PEOPLE, 1))
                _none([f"{place_of(offer.check)}: counts differ in chunks of 1"] if whole != parts else [])

    def test_its_executors_change_nothing(self) -> None:
        """A run by each executor makes the tables that a run in this process makes."""
        for offer in (offer for offer in self._offers() if isinstance(offer, ExecutorOffer)):
            tried = self._tried()[0]
            alone = run_in_memory(tried.plan).tables
            with tempfile.TemporaryDirectory() as scratch:
                options = Options(out=Path(scratch, "out"), persist=False, executor=offer.name, workers=2)
                tables = run_plan(tried.plan, options).tables
                wrong = [name for name, rows in alone.items() if rows.to_pylist() != tables[name].to_pylist()]
            _none([f"{place_of(offer.run)}: {name} differs when {offer.name} runs it" for name in wrong])

    def test_no_clock_and_no_randomness_of_its_own(self) -> None:
        """Its source neither reads a clock nor draws a random number that has no address."""
        uses = [
            f"{short_place(str(path), line)}: {what}"
            for path in self._places().sources
            for line, what in forbidden(path.read_text(encoding="utf-8"))
        ]
        _none(uses)

    def _plugin(self) -> Plugin:
        return find_plugin(self.plugin)

    def _places(self) -> Places:
        return Places(self._plugin())

    def _offers(self) -> list[Offer]:
        return [offer for offers in self._plugin().offers.values() for offer in offers]

    def _handlers(self) -> list[EventHandler]:
        return [offer for offer in self._offers() if isinstance(offer, EventHandler)]

    def _tried(self) -> tuple[Tried, ...]:
        return _tried_of(self.plugin)

    def _differing(
        self, tried: Tried, one: Mapping[str, pa.Table], other: Mapping[str, pa.Table], when: str
    ) -> list[str]:
        columns = [(name, column) for name, rows in one.items() for column in rows.column_names]
        return [
            f"{self._places().of_column(name, column) or tried.place}: {tried.name}: {name}.{column} differs {when}"
            for name, column in columns
            if one[name][column].to_pylist() != other[name][column].to_pylist()
        ]


@attrs.frozen
class Tried:
    """A plan of one of a plugin's profiles or journeys, and where that is written."""

    plan: Plan
    place: str

    @property
    def name(self) -> str:
        """What messages call it."""
        return self.plan.request.name


@attrs.frozen
class Outcome:
    """How one conformance test ended: its name in words, whether it passed, and why not."""

    name: str
    passed: bool
    cause: str = ""


def check_plugin(name: str) -> Iterator[Outcome]:
    """Run every conformance test on an installed plugin.

    Raises:
        UnknownNameError: No such plugin is installed.
    """
    plugin = find_plugin(name)
    suite = type("Suite", (PluginConformance,), {"plugin": plugin.name})()
    for test in [attribute for attribute in vars(PluginConformance) if attribute.startswith("test_")]:
        yield _outcome(test.removeprefix("test_").replace("_", " "), getattr(suite, test), suite._places())
        if plugin.status != "active":
            return  # nothing more can be asked of it


def find_plugin(name: str) -> Plugin:
    """The plugin called `name`, active or not; - and _ alike.

    Raises:
        UnknownNameError: No such plugin is installed.
    """
    plugins = {canonical(plugin.name): plugin for plugin in default_catalog().plugins}
    if canonical(name) not in plugins:
        raise default_catalog().nobody("plugin", name, [plugin.name for plugin in plugins.values()], "", SHOWS)
    return plugins[canonical(name)]


def _outcome(name: str, test: Callable[[], None], places: Places) -> Outcome:
    try:
        test()
    except ConformanceError as error:
        return Outcome(name, False, str(error))
    except Exception as error:  # whatever a stranger's plugin raises is its outcome
        kind = "" if isinstance(error, HealthSimError) else f"{type(error).__name__}: "
        told = " ".join(f"{kind}{error} {' '.join(getattr(error, '__notes__', ()))}".split())[:300]
        return Outcome(name, False, f"{told}{_raised_at(error, places)}")
    return Outcome(name, True)


def _raised_at(error: Exception, places: Places) -> str:
    """The last line of the plugin's own that was on the way to an error; else where it was raised,
    unless its message says where."""
    frames = traceback.extract_tb(error.__traceback__)
    sources = set(map(str, places.sources))
    own_frames = [frame for frame in frames if frame.filename in sources]
    if not own_frames and _NAMES_A_LINE.search(f"{error} {' '.join(getattr(error, '__notes__', ()))}"):
        return ""
    last = (own_frames or frames)[-1]
    return f" (at {short_place(last.filename, last.lineno)})"


class ConformanceError(AssertionError):
    """A conformance test found something, and says what and where."""


def _none(mistakes: Sequence[str]) -> None:
    if mistakes:
        more = f", and {len(mistakes) - MOST_TOLD} more" if len(mistakes) > MOST_TOLD else ""
        raise ConformanceError("; ".join(mistakes[:MOST_TOLD]) + more)


def _is_named_after(table: str, plugin: str) -> bool:
    return re.fullmatch(rf"{re.escape(plugin)}\.[a-z][a-z0-9_]*", table) is not None


def _plain(table: str) -> str:
    """The part of a table's name that is its own, as it should be written."""
    return re.sub(r"[^a-z0-9]+", "_", table.rpartition(".")[2].lower()).strip("_")


@functools.cache
def _tried_of(plugin: str) -> tuple[Tried, ...]:
    catalog, places = default_catalog(), Places(find_plugin(plugin))
    profiles = [offer for offer in catalog.profiles.values() if offer.product == plugin]
    journeys = [offer for offer in catalog.journeys.values() if offer.product == plugin]
    whose: Any = profiles[0].name if profiles else ANYBODY
    pairs: list[tuple[Any, Any, Offer | None]] = [(offer.name, None, offer) for offer in profiles]
    pairs += [(whose, offer.name, offer) for offer in journeys]
    return tuple(_tried(*pair, plugin, places) for pair in pairs or [(ANYBODY, [], None)])


def _tried(profile: Any, journey: Any, offer: Offer | None, plugin: str, places: Places) -> Tried:
    catalog, place = default_catalog(), places.of_offer(offer) if offer is not None else places.start
    try:
        asked = make_request(profile, journey, catalog=catalog, count=PEOPLE, products=[plugin], formats=[])
        return Tried(compile_plan(asked, catalog), place)
    except HealthSimError as error:
        document = getattr(offer, "specification", None)
        at = at_name(document, error.mistakes[0].where) if isinstance(document, Path) else place
        raise error.within(at) from error


def _counts(offer: Validator, plan: Plan, size: int) -> Counter[tuple[str, str, str]]:
    """What a validator counts in all chunks of a size."""
    counts: Counter[tuple[str, str, str]] = Counter()
    for start in range(0, PEOPLE, size):
        tables = {name: from_arrow(rows) for name, rows in run_chunk(plan, start, start + size).tables.items()}
        for (table, rule), (wrong, total) in offer.check({name: tables[name] for name in offer.tables}).items():
            counts.update({(table, rule, "wrong"): wrong, (table, rule, "of"): total})
    return counts


def _with_rows(plan: Plan) -> frozenset[str]:
    return frozenset(name for name, rows in run_in_memory(plan).tables.items() if rows.num_rows)


def _contradictions(offer: OutputFormat, plans: Sequence[Plan]) -> list[str]:
    """What is found in the files of the first plan that can be written in the format."""
    refused = "it has no profile and no journey"
    for plan in plans:
        try:
            writing = compile_plan(attrs.evolve(plan.request, formats=(offer.name,)), plan.catalog)
        except SpecificationError as error:
            refused = " ".join(str(error).split())
            continue
        with tempfile.TemporaryDirectory() as scratch:
            run_plan(writing, Options(out=Path(scratch, "out"), persist=False))
            return contradictions(Path(scratch, "out"), offer.name, plan.catalog)
    return [f"no run can be written in it: {refused}"]


def _before(rows: pa.Table, plan: Plan, name: str, last: int) -> pa.Table:
    return rows.filter(pa.array(rows[plan.tables[name].person].to_numpy() < last))
