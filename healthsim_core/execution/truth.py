"""The tables of a run, with the facts of the world, as `verify` gives them to the readers of formats."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
from duckdb.func import FunctionNullHandling, PythonUDFType

from healthsim_core.catalog import Catalog
from healthsim_core.columns import Text
from healthsim_core.reading.records import Truth
from healthsim_core.reference import clocks, places
from healthsim_core.reference.displays import display_of


def truth_of(spec: Mapping[str, Any], tables: Mapping[str, pa.Table], part: int | None, catalog: Catalog) -> Truth:
    """What readers may ask of a part.

    Args:
        spec: The request that the manifest holds.
        tables: The part's tables, and those of the whole run.
        part: Its number; None where files are not cut.
        catalog: All that plugins offer.
    """
    sources: dict[str, Callable[[], pa.Table]] = {name: functools.partial(_of, tables, name) for name in tables}
    sources["facts.county"] = _counties
    connection = duckdb.connect()
    nulls: Any = FunctionNullHandling.SPECIAL
    connection.create_function("display", _displays, ["varchar", "varchar"], "varchar", type=PythonUDFType.ARROW, null_handling=nulls)
    return Truth(np.datetime64(spec["as_of"], "D"), spec["settings"], part, sources, catalog.tables, connection)


def _of(tables: Mapping[str, pa.Table], name: str) -> pa.Table:
    return tables[name]


@functools.cache
def _counties() -> pa.Table:
    found = [*places.counties().values(), *places.former_counties().values()]
    return pa.table({
        "county_fips": [each.fips for each in found], "name": [each.name for each in found], "state": [each.state for each in found],
        "zone": [clocks.time_zone(each.fips) for each in found],
    })  # fmt: skip


def _displays(systems: pa.Array, codes: pa.Array) -> pa.Array:
    system, code = Text.of(systems), Text.of(codes)
    return pa.array(display_of(system, code).to_pylist(), pa.string())
