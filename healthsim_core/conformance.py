"""What every plugin owes, as tests to inherit: a plugin's author subclasses `PluginConformance` and names the plugin."""

from __future__ import annotations

import ast
import functools
import importlib.util
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

import attrs
import pyarrow as pa

from healthsim_core.catalog import Catalog, default_catalog
from healthsim_core.columns import Text, as_columns
from healthsim_core.errors import unknown
from healthsim_core.events import Events
from healthsim_core.generation.chunk import run_chunk
from healthsim_core.generation.memory import run_in_memory
from healthsim_core.generation.plan import Plan, compile_plan
from healthsim_core.generation.request import make_request
from healthsim_core.offers import EventHandler, Offer
from healthsim_core.plugins import Plugin
from healthsim_core.testing import make_events, make_people

PEOPLE = 12
ANYBODY = {"id": "anybody", "demographics": {"age": {"type": "uniform", "min": 0, "max": 95}}}
FORBIDDEN_IMPORTS = frozenset({"random", "secrets", "uuid"})
FORBIDDEN_CALLS = frozenset({"now", "today", "utcnow", "time", "time_ns", "perf_counter", "monotonic", "urandom", "default_rng"})


class PluginConformance:
    """Inherit this in a test module and name the plugin; pytest then runs every test below.

    Attributes:
        plugin: Name of the plugin's entry point.

    Example:
        class TestConformance(PluginConformance):
            plugin = "dentalsim"
    """

    plugin: ClassVar[str]

    def test_it_loads(self) -> None:
        """It is installed, imports, and implements only hooks that exist."""
        assert (self._plugin().status, self._plugin().cause) == ("active", "")

    def test_every_offer_has_a_name_and_a_description(self) -> None:
        """Lists and docs can name and describe everything it offers."""
        missing = [f"{type(offer).__name__} {_named(offer)}" for offer in self._offers() if not _described(offer)]
        assert missing == []

    def test_every_specification_reads(self) -> None:
        """Every profile and journey that it offers compiles, alone and together."""
        assert all(plan.hash for plan in self._plans())

    def test_the_same_seed_gives_the_same_tables(self) -> None:
        """Two runs of one plan agree in every value."""
        for plan in self._plans():
            assert _same(run_in_memory(plan).tables, run_in_memory(plan).tables) == ""

    def test_chunks_change_nothing(self) -> None:
        """Chunks of one, of five, and of everybody give the same tables."""
        for plan in self._plans():
            whole = run_in_memory(plan).tables
            for size in (1, 5):
                assert _same(whole, run_in_memory(plan, size).tables) == ""

    def test_a_person_does_not_depend_on_how_many_there_are(self) -> None:
        """The first people of a long run are those of a short one, with all their records."""
        for plan in self._plans():
            short = run_chunk(plan, 0, 3).tables
            long = run_chunk(plan, 0, PEOPLE).tables
            last = 16 * 4
            kept = {name: _before(long[name], plan, name, last) for name in short}
            assert _same(short, kept) == ""

    def test_one_person(self) -> None:
        """A run of one person works."""
        for plan in self._plans():
            assert run_chunk(plan, 0, 1).tables["core.person"].num_rows >= 1

    def test_nobody(self) -> None:
        """Every handler takes an empty batch and gives its declared columns."""
        for handler in self._handlers():
            tables, written = {table.name: table for table in handler.writes}, handler.handle(_no_events(handler))
            rows = {name: tables[name].arrow(as_columns(columns)).num_rows for name, columns in written.items()}
            assert rows == dict.fromkeys(written, 0)

    def test_handlers_write_what_they_declare(self) -> None:
        """Every table that a handler declares comes out of a run with the declared columns and types."""
        declared = {table.name: table for handler in self._handlers() for table in handler.writes}
        for plan in self._plans():
            made = run_chunk(plan, 0, PEOPLE).tables
            assert {name: made[name].schema for name in declared} == {name: table.schema for name, table in declared.items()}

    def test_keys_resolve_and_what_is_said_is_what_happens(self) -> None:
        """Keys are distinct, references resolve, delays hold, and nothing that a run states is contradicted."""
        for plan in self._plans():
            assert [str(check) for check in run_in_memory(plan).validation.failures] == []

    def test_no_clock_and_no_randomness_of_its_own(self) -> None:
        """Its source neither reads a clock nor draws a random number that has no address."""
        found = [f"{path.name}:{line} {what}" for path in self._sources() for line, what in forbidden(path.read_text(encoding="utf-8"))]
        assert found == []

    def _plugin(self) -> Plugin:
        found = {plugin.name: plugin for plugin in default_catalog().plugins}
        if self.plugin not in found:
            raise unknown("plugin", self.plugin, found, "", "`healthsim plugins list` shows what is installed.")
        return found[self.plugin]

    def _offers(self) -> list[Offer]:
        return [offer for offers in self._plugin().offers.values() for offer in offers]

    def _handlers(self) -> list[EventHandler]:
        return [offer for offer in self._offers() if isinstance(offer, EventHandler)]

    def _plans(self) -> tuple[Plan, ...]:
        return _plans_of(self.plugin)

    def _sources(self) -> list[Path]:
        spec = importlib.util.find_spec(self.plugin)
        assert spec is not None and spec.origin is not None
        origin = Path(spec.origin)
        return sorted(origin.parent.rglob("*.py")) if origin.name == "__init__.py" else [origin]


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
    suite = type("Suite", (PluginConformance,), {"plugin": name})()
    suite._plugin()
    for test in [attribute for attribute in vars(PluginConformance) if attribute.startswith("test_")]:
        yield _outcome(test.removeprefix("test_").replace("_", " "), getattr(suite, test))


def forbidden(source: str) -> list[tuple[int, str]]:
    """Lines of Python source that read a clock or draw without an address, and what each does."""
    found: list[tuple[int, str]] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [(node.lineno, f"imports {n.name}") for n in node.names if n.name.split(".")[0] in FORBIDDEN_IMPORTS]
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in FORBIDDEN_IMPORTS:
            found.append((node.lineno, f"imports {node.module}"))
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name | ast.Attribute):
            owner = ast.unparse(node.value)
            if owner in ("np.random", "numpy.random", "random") or (node.attr in FORBIDDEN_CALLS and owner in _CLOCKS):
                found.append((node.lineno, f"uses {owner}.{node.attr}"))
    return found


_CLOCKS = frozenset({"datetime", "datetime.datetime", "date", "datetime.date", "time", "os"})


def _outcome(name: str, test: Callable[[], None]) -> Outcome:
    try:
        test()
    except Exception as error:  # whatever a stranger's plugin raises is its outcome
        return Outcome(name, False, " ".join(f"{type(error).__name__}: {error}".split())[:300])
    return Outcome(name, True)


@functools.cache
def _plans_of(plugin: str) -> tuple[Plan, ...]:
    catalog = default_catalog()
    profiles = [offer.name for offer in catalog.profiles.values() if offer.product == plugin]
    journeys = [offer.name for offer in catalog.journeys.values() if offer.product == plugin]
    pairs: list[tuple[Any, Any]] = [(profile, None) for profile in profiles]
    pairs += [(profiles[0] if profiles else ANYBODY, journey) for journey in journeys]
    return tuple(_plan(catalog, profile, journey, plugin) for profile, journey in pairs or [(ANYBODY, [])])


def _plan(catalog: Catalog, profile: Any, journey: Any, plugin: str) -> Plan:
    return compile_plan(make_request(profile, journey, catalog=catalog, count=PEOPLE, products=[plugin], formats=[]), catalog)


def _same(one: Mapping[str, pa.Table], other: Mapping[str, pa.Table]) -> str:
    for name, rows in one.items():
        for column in rows.column_names:
            if rows[column].to_pylist() != other[name][column].to_pylist():
                return f"{name}.{column}"
    return ""


def _before(rows: pa.Table, plan: Plan, name: str, last: int) -> pa.Table:
    return rows.filter(pa.array(rows[plan.tables[name].person].to_numpy() < last))


def _no_events(handler: EventHandler) -> Events:
    parameters = {field.name: field.nulls(0) for field in handler.parameters}
    return make_events(Text.constant(None, 0), make_people(2), row=(), time=(), parameters=parameters)


def _named(offer: Offer) -> str:
    names = (getattr(offer, attribute, None) for attribute in ("name", "skill", "event_types"))
    return str(next(filter(None, names), None) or getattr(offer, "fields", ""))


def _described(offer: Offer) -> bool:
    callables = (getattr(offer, attribute, None) for attribute in ("handle", "compute", "build", "writer"))
    called = next(filter(None, callables), None)
    return bool(offer.description or hasattr(offer, "then") or (getattr(called, "__doc__", None) or "").strip())
