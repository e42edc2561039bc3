"""Whether tables hold codes where their fields name a code system: what a run writes, looked at from outside."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa

from healthsim_core.catalog import default_catalog
from healthsim_core.reference.known_codes import KnownCodes
from healthsim_core.tables import Field


def strange_codes(tables: Mapping[str, pa.Table]) -> list[tuple[str, str, str]]:
    """Table, column and text of everything that is no code of its system, or is written otherwise."""
    declared, known = default_catalog().tables, KnownCodes.of(default_catalog())
    return [
        (name, field.name, text)
        for name, table in tables.items()
        if name in declared
        for field in declared[name].fields
        if field.codes
        for system, text in _pairs(field, table)
        if known.canonical(system, text) != text
    ]


def _pairs(field: Field, table: pa.Table) -> Iterator[tuple[str, str]]:
    """Each distinct code of a column, with its system."""
    columns: dict[str, Any] = {"code": table[field.name].cast(pa.string())}
    if field.said_by:
        columns["system"] = table[field.said_by].cast(pa.string())
    for row in pa.table(columns).group_by(list(columns)).aggregate([]).to_pylist():
        if row["code"] is not None:
            yield (row["system"].lower() if field.said_by else field.codes), row["code"]
