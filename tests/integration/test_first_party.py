"""The list of what each product offers, which names the product where it is not installed.

Run this file to write the list anew: `python tests/integration/test_first_party.py`.
"""

from __future__ import annotations

import json
from pathlib import Path

import healthsim_core
from healthsim_core.catalog import Catalog, default_catalog
from healthsim_core.offers import EventHandler, RunHandler

LIST = Path(healthsim_core.__file__).parent / "data/first_party.json"
OURS = Path(healthsim_core.__file__).parents[1] / "plugins"


def offered(catalog: Catalog) -> dict[str, dict[str, list[str]]]:
    ours = [plugin for plugin in catalog.plugins if (OURS / plugin.name).is_dir()]
    return {plugin.distribution: _names(catalog, plugin.name) for plugin in ours}


def _names(catalog: Catalog, product: str) -> dict[str, list[str]]:
    handlers = [offer for offer in (*catalog.of(EventHandler), *catalog.of(RunHandler)) if offer.product == product]
    found = {
        "product": {product},
        "profile": {offer.name for offer in catalog.profiles.values() if offer.product == product},
        "journey": {offer.name for offer in catalog.journeys.values() if offer.product == product},
        "plan": {offer.name for offer in catalog.plans.values() if offer.product == product},
        "format": {offer.name for offer in catalog.formats.values() if offer.product == product},
        "skill": {offer.skill for offer in catalog.skills.values() if offer.product == product},
        "condition": {
            category for offer in catalog.skills.values() if offer.product == product for category in offer.conditions
        },
        "reference dataset": {offer.name for offer in catalog.datasets.values() if offer.product == product},
        "table": {table.name for offer in handlers for table in offer.writes},
    }
    return {kind: sorted(names) for kind, names in found.items()}


def test_the_list_says_what_the_products_offer() -> None:
    assert json.loads(LIST.read_text(encoding="utf-8")) == offered(default_catalog()), (
        "write it anew: see the top of this file"
    )


if __name__ == "__main__":
    LIST.write_text(json.dumps(offered(default_catalog()), indent=1) + "\n", encoding="utf-8")
