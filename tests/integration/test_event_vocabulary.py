"""The event types that HealthSim knows without any product are those that its products make records of, or take a
person's history from."""

from __future__ import annotations

from pathlib import Path

import pytest

from healthsim_core import EventHandler, StateChange
from healthsim_core.catalog import CORE_EVENT_TYPES, default_catalog, vocabulary

ROOT = Path(__file__).parents[2]
FIRST_PARTY = sorted(path.name for path in (ROOT / "plugins").iterdir() if (path / "pyproject.toml").is_file())


@pytest.mark.parametrize("product", FIRST_PARTY)
def test_the_vocabulary_lists_what_a_product_handles(product: str) -> None:
    handled = {name for h in default_catalog().of(EventHandler) if h.product == product for name in h.event_types}
    told = {n for c in default_catalog().of(StateChange) if c.product == product and c.before for n in c.event_types}
    handled |= told
    assert {name for name, products in vocabulary().items() if product in products} == handled - set(CORE_EVENT_TYPES)
