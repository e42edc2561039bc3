"""The value sets that every product shares, from data/value_sets.json."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from healthsim_core.codes.system import ValueSet

_DATA = Path(__file__).parent / "data" / "value_sets.json"


@functools.cache
def value_sets() -> Mapping[str, ValueSet]:
    """Every shared value set by name."""
    document = json.loads(_DATA.read_text(encoding="utf-8"))
    return MappingProxyType({name: ValueSet(name=name, **written) for name, written in document.items()})


def value_set(name: str) -> ValueSet:
    """The shared value set called `name`."""
    return value_sets()[name]
