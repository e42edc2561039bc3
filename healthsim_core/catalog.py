"""The offered world as a value: every offer by name, with conflicts and unknown names as errors."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType
from typing import Any, TypeVar, cast

import attrs

from healthsim_core import enrolled, world
from healthsim_core.absent import failures, whereabouts
from healthsim_core.benefit_offers import BenefitPlan, ServiceKind
from healthsim_core.benefits.law import kinds_of_service
from healthsim_core.codes import CodeSystem, ValueSet, code_systems
from healthsim_core.codes.forms import FormSystem
from healthsim_core.decision_offers import EventDecision
from healthsim_core.errors import ConflictError, PluginError, UnknownNameError, canonical, suggestion
from healthsim_core.format_offers import OutputFormat
from healthsim_core.language_offers import DistributionOffer, ExpressionFunction
from healthsim_core.offers import (
    Closing,
    CodeSystemOffer,
    Command,
    EventHandler,
    ExecutorOffer,
    Journey,
    Offer,
    Profile,
    ReferenceDataset,
    RunHandler,
    SkillResolver,
    Trigger,
)
from healthsim_core.package_data import PackageData
from healthsim_core.plugins import Plugin, installed
from healthsim_core.spec.kinds import how_to_give
from healthsim_core.state_offers import StateChange
from healthsim_core.tables import Field, Table

CORE_EVENT_TYPES = ("person", "milestone", "journey_start", "journey_end", "birth", "death")
_DATA = PackageData("healthsim_core")
Found = TypeVar("Found", bound=Offer)
Made = TypeVar("Made")


@functools.cache
def vocabulary() -> Mapping[str, tuple[str, ...]]:
    """Event types that are known whatever is installed, and the products that make records of each."""
    listed = _DATA.document("event_types")["event_types"]
    return MappingProxyType({name: tuple(products) for name, products in listed.items()})


@attrs.frozen(slots=False)
class Catalog:
    """All offers of all active plugins.

    Attributes:
        plugins: Every plugin found, active or not.
    """

    plugins: tuple[Plugin, ...]

    def __attrs_post_init__(self) -> None:
        for named in (self.profiles, self.journeys, self.plans, self.service_kinds, self.formats, self.skills):
            assert named is not None
        for words in (self.datasets, self.tables, self.distributions, self.functions, self.executors, self.decided):
            assert words is not None
        self._refuse_trigger_cycles()

    @property
    def products(self) -> tuple[str, ...]:
        """Names of the active plugins."""
        return tuple(plugin.name for plugin in self.plugins if plugin.status == "active")

    @property
    def failures(self) -> tuple[str, ...]:
        """Every plugin that did not load, with the cause, a line each."""
        return failures(self.plugins)

    @functools.cached_property
    def offers(self) -> tuple[Offer, ...]:
        """Every offer, in order of plugin name."""
        return tuple(o for p in self.plugins if p.status == "active" for hook in p.offers.values() for o in hook)

    def of(self, kind: type[Found]) -> tuple[Found, ...]:
        """Every offer of one kind."""
        if kind not in self._of_kind:
            self._of_kind[kind] = tuple(offer for offer in self.offers if isinstance(offer, kind))
        return cast(tuple[Found, ...], self._of_kind[kind])

    @functools.cached_property
    def _of_kind(self) -> dict[type[Offer], tuple[Offer, ...]]:
        return {}

    def derived(self, make: Callable[[Catalog], Made]) -> Made:
        """What a function makes of the offers, made once."""
        derived: dict[Callable[..., Any], Any] = self.__dict__.setdefault("_derived", {})
        return cast(Made, derived[make] if make in derived else derived.setdefault(make, make(self)))

    @functools.cached_property
    def profiles(self) -> Mapping[str, Profile]:
        """Profile templates by canonical name."""
        return self._named("profile", self.of(Profile), lambda offer: canonical(offer.name))

    @functools.cached_property
    def journeys(self) -> Mapping[str, Journey]:
        """Journey templates by canonical name."""
        return self._named("journey", self.of(Journey), lambda offer: canonical(offer.name))

    @functools.cached_property
    def plans(self) -> Mapping[str, BenefitPlan]:
        """Plans of benefits by canonical name."""
        return self._named("plan", self.of(BenefitPlan), lambda offer: canonical(offer.name))

    @functools.cached_property
    def service_kinds(self) -> Mapping[str, Mapping[str, Mapping[str, Any]]]:
        """Kinds of service, core's first: by coverage type, the terms of plans that do not name them."""
        offered = self._named("kind of service", self.of(ServiceKind), lambda offer: offer.name)
        known = kinds_of_service()
        for name, offer in offered.items():
            if name in known:
                raise PluginError(f'core has a kind of service "{name}".', self._maker(offer), "Name yours otherwise.")
        return MappingProxyType({**known, **{name: offer.usual for name, offer in offered.items()}})

    @functools.cached_property
    def formats(self) -> Mapping[str, OutputFormat]:
        """Formats by name."""
        return self._named("format", self.of(OutputFormat), lambda offer: offer.name)

    @functools.cached_property
    def skills(self) -> Mapping[str, SkillResolver]:
        """Skills by name."""
        return self._named("skill", self.of(SkillResolver), lambda offer: offer.skill)

    @functools.cached_property
    def datasets(self) -> Mapping[str, ReferenceDataset]:
        """Reference datasets by name."""
        return self._named("reference dataset", self.of(ReferenceDataset), lambda offer: offer.name)

    @functools.cached_property
    def code_systems(self) -> Mapping[str, CodeSystem]:
        """Code systems and value sets by name, core's first."""
        offers = self.of(CodeSystemOffer)
        offered = self._named(
            "code system", [offer for offer in offers if not offer.extends], lambda offer: offer.system.name
        )
        systems = dict(code_systems())
        for name, offer in offered.items():
            if name in systems and not isinstance(systems[name], FormSystem):
                raise PluginError(
                    f'core has a code system "{name}".',
                    self._maker(offer),
                    'Name yours otherwise, or add to core\'s: "extends".',
                )
            systems[name] = offer.system
        for offer in (extension for extension in offers if extension.extends):
            systems[offer.system.name] = self._extended(systems.get(offer.system.name), offer)
        return MappingProxyType(systems)

    @functools.cached_property
    def commands(self) -> Mapping[str, Command]:
        """Extra commands by name."""
        return self._named("command", self.of(Command), lambda offer: offer.name)

    @functools.cached_property
    def distributions(self) -> Mapping[str, DistributionOffer]:
        """Distributions of plugins by name as documents write it."""
        return self._named("distribution", self.of(DistributionOffer), lambda offer: offer.written)

    @functools.cached_property
    def functions(self) -> Mapping[str, ExpressionFunction]:
        """Functions of plugins by name as expressions write it."""
        return self._named("function", self.of(ExpressionFunction), lambda offer: offer.written)

    @functools.cached_property
    def executors(self) -> Mapping[str, ExecutorOffer]:
        """Executors of plugins by name."""
        return self._named("executor", self.of(ExecutorOffer), lambda offer: offer.name)

    @functools.cached_property
    def tables(self) -> Mapping[str, Table]:
        """Declared tables by name, core's first."""
        tables = {table.name: table for table in (*world.CORE_TABLES, world.MEASURE)}
        owners: dict[str, Offer] = {}
        makers: tuple[EventHandler | RunHandler, ...] = (*self.of(EventHandler), *self.of(RunHandler))
        for offer in makers:
            for table in offer.writes:
                owner = owners.setdefault(table.name, offer)
                if owner.product != offer.product:
                    both = " and ".join(map(self._maker, (owner, offer)))
                    raise ConflictError(f'the table "{table.name}" is written by {both}.', "", _HOW_TO_BLOCK)
                if tables.setdefault(table.name, table) != table:
                    raise ConflictError(
                        f'two different tables are called "{table.name}".', offer.product, "Rename one of them."
                    )
        return MappingProxyType(tables)

    def handlers(self, event_type: str) -> tuple[EventHandler, ...]:
        """Who handles an event type; each product makes its own of it."""
        return tuple(handler for handler in self.of(EventHandler) if event_type in handler.event_types)

    def readers(self, event_type: str) -> tuple[EventHandler | EventDecision, ...]:
        """Who reads an event type, to make something of it or to decide of it."""
        deciding = tuple(decision for decision in self.of(EventDecision) if event_type in decision.event_types)
        return (*self.handlers(event_type), *deciding)

    def changes(self, event_type: str) -> tuple[StateChange, ...]:
        """What events of a type change of a person's state."""
        return tuple(change for change in self.of(StateChange) if event_type in change.event_types)

    def parameters(self, event_type: str) -> tuple[Field, ...]:
        """The parameters that events of a type may have: what is read of them, and is not decided by somebody."""
        readers = (*self.readers(event_type), *self.changes(event_type))
        read = [field for reader in readers for field in reader.parameters]
        of_coverage = enrolled.FIELDS if event_type in enrolled.TYPES else ()
        return tuple(field for field in (*of_coverage, *read) if (event_type, field.name) not in self.decided)

    def needs(self, event_type: str) -> tuple[Field, ...]:
        """The parameters without which an event of a type is refused."""
        needed = (field for reader in self.readers(event_type) for field in reader.needs(event_type))
        return tuple(field for field in needed if (event_type, field.name) not in self.decided)

    @functools.cached_property
    def decided(self) -> Mapping[tuple[str, str], EventDecision]:
        """Who decides what of events, by event type and column."""
        decisions: dict[tuple[str, str], EventDecision] = {}
        for offer in self.of(EventDecision):
            for key in itertools.product(offer.event_types, offer.names):
                other = decisions.setdefault(key, offer)
                if other is not offer:
                    both = " and ".join(map(self._maker, (other, offer)))
                    what = f'"{key[1]}" of "{key[0]}" is decided by {both}.'
                    raise ConflictError(what, "", _HOW_TO_BLOCK)
        return MappingProxyType(decisions)

    def triggers(self, products: Collection[str]) -> tuple[Trigger, ...]:
        """What the events of some products cause by themselves."""
        return tuple(trigger for trigger in self.of(Trigger) if trigger.product in products)

    def closings(self, products: Collection[str]) -> Mapping[str, Closing]:
        """What closes something, as the handlers of some products declare it, by event type."""
        return {
            closing.event_type: closing
            for handler in self.of(EventHandler)
            if handler.product in products
            for closing in handler.closings
        }

    @functools.cached_property
    def needed_parameters(self) -> frozenset[str]:
        """Names of parameters that some event type must have for everybody, or is asked whether it has."""
        handlers = self.of(EventHandler)
        needed = {field.name for event_type in self._read for field in self.needs(event_type)}
        return frozenset(needed.union(*(handler.reviewed for handler in handlers)))

    @functools.cached_property
    def event_types(self) -> frozenset[str]:
        """Event types that somebody handles, triggers or takes a change from, of whatever product, and core's own."""
        heard = {name for trigger in self.of(Trigger) for name in (trigger.on, trigger.then)}
        changing = {name for change in self.of(StateChange) for name in change.event_types}
        return frozenset({*self._read, *heard, *changing, *vocabulary(), *CORE_EVENT_TYPES})

    @functools.cached_property
    def _read(self) -> frozenset[str]:
        readers: tuple[EventHandler | EventDecision, ...] = (*self.of(EventHandler), *self.of(EventDecision))
        return frozenset(name for reader in readers for name in reader.event_types)

    @functools.cached_property
    def _event_types(self) -> Mapping[str, str]:
        return {canonical(name): name for name in self.event_types}

    def event_type(self, written: str, where: str = "") -> str:
        """The event type that a journey names: without regard to case, - and _ alike,
        with or without its product's name."""
        known = self._event_types
        plain = canonical(written)
        if plain in known:
            return known[plain]
        product, _, rest = plain.partition(".")
        event_type = known.get(rest, "")
        makers = (*vocabulary().get(event_type, ()), *(reader.product for reader in self.readers(event_type)))
        if product in map(canonical, makers):
            return event_type
        raise self.nobody("event type", written, self.event_types, where)

    def find(self, kind: str, name: str, where: str = "") -> Any:
        """The profile, journey, format or skill called `name`.

        Raises:
            UnknownNameError: Nobody offers it; the message names the nearest.
        """
        named: Mapping[str, Any] = getattr(self, f"{kind}s")
        offers = {canonical(key): offer for key, offer in named.items()}
        if canonical(name) in offers:
            return offers[canonical(name)]
        for other in {"profile", "journey"} - {kind}:
            if canonical(name) in getattr(self, f"{other}s"):
                raise UnknownNameError(f'"{name}" is a {other}, not a {kind}.', where, how_to_give(other, name))
        shown = {getattr(offer, "name", key): offer.product for key, offer in named.items()}
        raise self.nobody(kind, name, shown, where, f"`healthsim {kind}s list` shows all {len(named)}.")

    def nobody(
        self, kind: str, name: str, known: Iterable[str], where: str = "", listing: str = ""
    ) -> UnknownNameError:
        """An error for a name that no active plugin offers: it says who does, where that is known,
        else which name is nearest.

        Args:
            kind: What is asked for: "profile", "event type", "product", ...
            name: Its name.
            known: The names that are offered; a mapping says by which product.
            where: Where it is asked for.
            listing: Which command shows them all.
        """
        place = whereabouts(kind, name, self.plugins)
        if place.said:
            return UnknownNameError(f'no {kind} is called "{name}": {place.said}.', where, place.remedy)
        hint = suggestion(name, known)
        products = known if isinstance(known, Mapping) else {}
        owner = next((f" ({product})" for known_name, product in products.items() if f'"{known_name}"?' in hint), "")
        remedy = " ".join(filter(None, [f"{hint[:-1]}{owner}?" if owner else hint, listing, place.remedy]))
        return UnknownNameError(f'no {kind} is called "{name}".', where, remedy)

    def _named(self, kind: str, offers: Iterable[Found], key: Callable[[Found], str]) -> Mapping[str, Found]:
        groups: dict[str, list[Found]] = {}
        for offer in offers:
            groups.setdefault(key(offer), []).append(offer)
        clashes = [(name, group) for name, group in groups.items() if len(group) > 1]
        if clashes:
            listing = "; ".join(f'"{name}" by {" and ".join(map(self._maker, group))}' for name, group in clashes)
            raise ConflictError(f"the same {kind} is offered twice: {listing}.", "", _HOW_TO_BLOCK)
        return MappingProxyType({name: group[0] for name, group in groups.items()})

    def _extended(self, known: CodeSystem | None, offer: CodeSystemOffer) -> ValueSet:
        if not isinstance(known, ValueSet) or not isinstance(offer.system, ValueSet):
            what = f'there is no value set "{offer.system.name}" to extend.'
            raise PluginError(
                what, self._maker(offer), "Extend one of core or of another product by a ValueSet of its name."
            )
        return attrs.evolve(known, codes={**offer.system.codes, **known.codes})

    def _maker(self, offer: Offer) -> str:
        plugin = next(plugin for plugin in self.plugins if plugin.name == offer.product)
        return f"{plugin.name} ({plugin.distribution} {plugin.version})"

    def _refuse_trigger_cycles(self) -> None:
        follows: dict[str, list[str]] = {}
        for trigger in self.of(Trigger):
            follows.setdefault(trigger.on, []).append(trigger.then)
        for first in follows:
            chain = _cycle(first, follows)
            if chain:
                steps = set(itertools.pairwise(chain))
                makers = dict.fromkeys(
                    self._maker(trigger) for trigger in self.of(Trigger) if (trigger.on, trigger.then) in steps
                )
                what = f"triggers of {' and '.join(makers)} run in a circle: {' -> '.join(chain)}."
                raise PluginError(what, "", f"Remove one of them. {_HOW_TO_BLOCK}")


_HOW_TO_BLOCK = "Uninstall one, or block it with HEALTHSIM_DISABLE_PLUGINS."


def _cycle(first: str, follows: Mapping[str, list[str]], path: tuple[str, ...] = ()) -> tuple[str, ...]:
    if first in path:
        return (*path[path.index(first) :], first)
    for then in follows.get(first, ()):
        circle = _cycle(then, follows, (*path, first))
        if circle:
            return circle
    return ()


@functools.cache
def default_catalog() -> Catalog:
    """The catalog of all installed plugins."""
    return Catalog(installed())


_OFFERING: ContextVar[Catalog | None] = ContextVar("offering", default=None)


@contextmanager
def offering(catalog: Catalog) -> Iterator[None]:
    """Take the words of the language from a catalog, within the block."""
    before = _OFFERING.set(catalog)
    try:
        yield
    finally:
        _OFFERING.reset(before)


def offered() -> Catalog:
    """The catalog whose words the language has: that of the plan that is compiled, else of all that is installed."""
    return _OFFERING.get() or default_catalog()
