"""The settings of products: those that a product declares, and no others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from healthsim_core.absent import whereabouts
from healthsim_core.catalog import Catalog
from healthsim_core.errors import HealthSimError, Mistakes, SpecificationError, suggestion
from healthsim_core.offers import EventHandler, RunHandler

EVERYONE = "everyone"  # the setting of a product that asks for all rows of its tables without people


def check_settings(settings: Mapping[str, Mapping[str, Any]], catalog: Catalog, mistakes: Mistakes) -> None:
    """Take note of settings of products that nobody knows, and of names that a product does not declare.

    A product that is known and absent is left out, and so are its settings; one that declares no names takes any.
    """
    for error in _strange(settings, catalog):
        with mistakes.caught():
            raise error


def _strange(settings: Mapping[str, Mapping[str, Any]], catalog: Catalog) -> Iterator[HealthSimError]:
    for product, given in settings.items():
        where = f"products.{product}"
        if product not in catalog.products:
            if not whereabouts("product", product, catalog.plugins).said:
                yield catalog.nobody("product", product, catalog.products, where)
            continue
        declared = _declared(product, catalog)
        for name in given if declared is not None else ():
            if name not in (declared or ()):
                remedy = suggestion(name, declared or ()) if declared else f"{product} has none."
                yield SpecificationError(f'there is no setting "{name}".', where, remedy)


def _declared(product: str, catalog: Catalog) -> tuple[str, ...] | None:
    stated = [
        offer.settings for offer in catalog.of(EventHandler) if offer.product == product and offer.settings is not None
    ]
    if not stated:
        return None
    of_run = any(offer.product == product for offer in catalog.of(RunHandler))
    return (*(name for names in stated for name in names), *((EVERYONE,) if of_run else ()))
