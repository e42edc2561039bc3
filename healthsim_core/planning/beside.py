"""What products beside those that were asked for bring to a run, and what one that is not installed would."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from healthsim_core.absent import whereabouts
from healthsim_core.catalog import Catalog
from healthsim_core.conditions.condition import ConditionPlan
from healthsim_core.offers import EventColumns, PersonColumns


def beside(catalog: Catalog, products: Collection[str], conditions: Sequence[ConditionPlan]) -> Iterator[str]:
    """Notes: columns and conditions that follow what is installed, not `products`.

    Args:
        catalog: The offers.
        products: The products asked for.
        conditions: The profile's conditions.
    """
    brought: dict[str, list[str]] = {}
    filling: tuple[PersonColumns | EventColumns, ...] = (*catalog.of(PersonColumns), *catalog.of(EventColumns))
    for offer in filling:
        brought.setdefault(offer.product, []).extend(offer.fields)
    categories: dict[str, list[str]] = {}
    for plan in conditions:
        if plan.skill is not None:
            categories.setdefault(plan.skill.product, []).append(plan.category)
    for product in sorted({*brought, *categories} - set(products)):
        parts = [f"fills {', '.join(brought[product])}"] if product in brought else []
        parts += [f"tells code and severity of {', '.join(categories[product])}"] if product in categories else []
        yield f"{product} is installed, and though not among the products it {' and '.join(parts)}"
    yield from _untold(catalog, [plan.category for plan in conditions if plan.skill is None])


def _untold(catalog: Catalog, categories: Sequence[str]) -> Iterator[str]:
    """Conditions that have no severity, and the code of their category, because who knows them is missing."""
    missing: dict[str, list[str]] = {}
    for category in categories:
        place = whereabouts("condition", category, catalog.plugins)
        if place.said:
            missing.setdefault(place.said.removeprefix("it is in "), []).append(category)
    for where, found_there in missing.items():
        yield f"code and severity of {', '.join(found_there)} would be told by {where}"
