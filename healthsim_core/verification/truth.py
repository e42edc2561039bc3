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
from healthsim_core.output.stored import StoredTables
from healthsim_core.reading.records import Truth
from healthsim_core.reference import clocks, places
from healthsim_core.reference.displays import display_of

# Minutes that a clock is ahead of UTC. DuckDB takes the second of the two hours that a clock shows twice in autumn: we
# mean the first.
_CLOCK = """
CREATE MACRO minutes_ahead(zone, civil) AS
    CAST(epoch(civil) - epoch(timezone(zone, CAST(civil AS TIMESTAMP))) AS INTEGER) // 60
    + CASE WHEN timezone(zone, timezone(zone, CAST(civil AS TIMESTAMP)) - INTERVAL 1 HOUR) = civil THEN 60 ELSE 0 END
"""


def truth_of(
    listed: Mapping[str, Any], stored: StoredTables, tables: Mapping[str, pa.Table], part: int | None, catalog: Catalog
) -> Truth:
    """What readers may ask of a part.

    Args:
        listed: The manifest.
        stored: All of the run's tables.
        tables: The part's tables, and those of the whole run.
        part: Its number; None where files are not cut.
        catalog: All that plugins offer.
    """
    sources: dict[str, Callable[[], pa.Table]] = {name: functools.partial(_of, tables, name) for name in tables}
    sources["facts.county"] = _counties
    connection = duckdb.connect()
    nulls: Any = FunctionNullHandling.SPECIAL
    connection.create_function(
        "display", _displays, ["varchar", "varchar"], "varchar", type=PythonUDFType.ARROW, null_handling=nulls
    )
    connection.execute(f"SET threads = 1; {_CLOCK}")
    as_of, settings = np.datetime64(listed["as_of"], "D"), listed["spec"].get("settings", {})
    return Truth(as_of, settings, part, sources, catalog.tables, stored.pieces, connection)


def _of(tables: Mapping[str, pa.Table], name: str) -> pa.Table:
    return tables[name]


@functools.cache
def _counties() -> pa.Table:
    counties = [*places.counties().values(), *places.former_counties().values()]
    return pa.table({
        "county_fips": [county.fips for county in counties], "name": [county.name for county in counties],
        "state": [county.state for county in counties],
        "zone": [clocks.time_zone(county.fips) for county in counties],
    })  # fmt: skip


def _displays(systems: pa.Array, codes: pa.Array) -> pa.Array:
    system, code = Text.of(systems), Text.of(codes)
    return pa.array(display_of(system, code).to_pylist(), pa.string())
