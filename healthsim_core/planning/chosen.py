"""Which handlers and formats a run takes, and what is told of the others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from healthsim_core.absent import whereabouts
from healthsim_core.catalog import CORE_EVENT_TYPES, Catalog, vocabulary
from healthsim_core.errors import SpecificationError, suggestion
from healthsim_core.expressions.expression import expressions_in
from healthsim_core.format_offers import OutputFormat
from healthsim_core.journeys.nodes import Node
from healthsim_core.offers import EventHandler, RunHandler
from healthsim_core.state_offers import StateChange


def format_of(name: str, catalog: Catalog, products: tuple[str, ...]) -> OutputFormat:
    """The format of a name, whose tables the run makes."""
    output_format: OutputFormat = catalog.find("format", name, "output_formats")
    offers: tuple[EventHandler | RunHandler, ...] = (*catalog.of(EventHandler), *catalog.of(RunHandler))
    makers = {table.name: offer.product for offer in offers for table in offer.writes}
    for table in output_format.needs:
        owner = table.split(".")[0] if table.startswith("core.") else makers.get(table)
        if owner is None:
            what = f'"{name}" needs the table {table}, which nobody installed makes.'
            place = whereabouts("table", table, catalog.plugins)
            raise SpecificationError(what, "output_formats", place.remedy or suggestion(table, makers))
        if owner != "core" and owner not in products:
            what = f'"{name}" needs {owner}, which is not among the products.'
            raise SpecificationError(what, "output_formats", f'Add "{owner}" to products.')
    return output_format


def is_chosen(offer: EventHandler | RunHandler, products: tuple[str, ...], wanted: set[str]) -> bool:
    """Whether a run takes a handler: its product was asked for, or a format wants its tables."""
    return offer.product in products or any(table.name in wanted and not table.person for table in offer.writes)


def of_age(nodes: Sequence[Node]) -> Iterator[str]:
    """What is told of nodes that happen to people of some ages alone."""
    for node in nodes:
        if node.befalls.ages is not None and not node.place.newborn:
            low, high = node.befalls.ages
            yield (
                f"{node.path}: its diagnosis is of people of {low} to {high} years alone; it does not happen to others"
            )


def foregone(compiled: Any) -> Iterator[str]:
    """Conditions that are the same for everybody."""
    for expression in expressions_in(compiled):
        if expression.wanted == "boolean" and not expression.names:
            yield (
                f'{expression.where}: "{expression.text}" is always {"true" if expression.holds({}, 1)[0] else "false"}'
            )


def unhandled(nodes: Sequence[Node], catalog: Catalog) -> Iterator[str]:
    """What is told of event types of which nobody makes records, and that change nothing of a person."""
    changing = {name for change in catalog.of(StateChange) for name in change.event_types}
    for event_type in dict.fromkeys(node.event_type for node in nodes):
        if not (catalog.readers(event_type) or event_type in changing or event_type in CORE_EVENT_TYPES):
            absent = " and ".join(vocabulary().get(event_type, ()))
            why = (
                f"{absent} would make records of it, and is not installed"
                if absent
                else "no installed product makes records of it"
            )
            yield f"{event_type}: on the timeline only, {why}"
