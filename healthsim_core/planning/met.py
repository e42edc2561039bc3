"""The tables of a run hold whom and what the run met: rows whose key something in it names."""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterator, Mapping
from fnmatch import fnmatch

import pyarrow as pa
import pyarrow.compute as pc

from healthsim_core.columns import Column, Columns, as_columns
from healthsim_core.errors import PluginError, SpecificationError
from healthsim_core.offers import RunHandler
from healthsim_core.planning.plan import Plan
from healthsim_core.planning.settings import EVERYONE
from healthsim_core.reference.stored import using
from healthsim_core.tables import Table

Keys = Mapping[str, Collection[str]]  # of tables of the run, by name


def met_in(plan: Plan, tables: Mapping[str, pa.Table]) -> dict[str, set[str]]:
    """The keys of the run's own tables that some tables name.

    Args:
        plan: The plan.
        tables: Tables of a chunk, or of the run.
    """
    keys: dict[str, set[str]] = {}
    values: dict[tuple[str, str], set[str]] = {}
    for target, name, column in _naming(plan):
        if name in tables:
            if (name, column) not in values:
                values[name, column] = _values(tables[name][column])
            keys.setdefault(target, set()).update(values[name, column])
    return keys


def run_tables(plan: Plan, met: Keys, whole: bool = False) -> dict[str, pa.Table]:
    """The tables that have no person, with the rows that were met.

    Args:
        plan: The plan.
        met: The keys that were met, by table.
        whole: Whether those that were asked for whole are so.
    """
    tables: dict[str, pa.Table] = {}
    asked = {offer.product for offer in plan.run_handlers if whole and is_asked(plan, offer)}
    with using(plan.facts):
        for offer in plan.run_handlers:
            if offer.find is not None:
                keys = {table.name: sorted(met.get(table.name, ())) for table in offer.writes}
                tables |= _arrow(plan, offer, offer.find(plan.run, keys, offer.product in asked))
        whole_tables = _built(plan)
        kept = _kept(plan, {name: rows for name, rows in whole_tables.items() if name.split(".")[0] not in asked}, met)
    all_tables = {**tables, **whole_tables, **kept}
    return {name: all_tables[name] for name in plan.tables if name in all_tables}


@functools.lru_cache(maxsize=4)
def _built(plan: Plan) -> dict[str, pa.Table]:
    """Every table of those handlers that make theirs whole, made once."""
    tables: dict[str, pa.Table] = {}
    for offer in plan.run_handlers:
        if offer.find is None:
            tables |= _arrow(plan, offer, offer.build(plan.run))
    return tables


def is_asked(plan: Plan, offer: RunHandler) -> bool:
    """Whether a run asks for all rows of a product's tables: by its setting `everyone`,
    or by asking for no other product.

    Raises:
        SpecificationError: The setting is neither true nor false.
    """
    stated = plan.request.settings.get(offer.product, {}).get(EVERYONE)
    if not isinstance(stated, bool | None):
        raise SpecificationError(
            f"{stated!r} is neither true nor false.", f"products.{offer.product}.{EVERYONE}", "Give true or false."
        )
    return plan.products == (offer.product,) if stated is None else stated


def _kept(plan: Plan, tables: Mapping[str, pa.Table], met: Keys) -> dict[str, pa.Table]:
    """The rows that were met, and those that they name in turn."""
    known = {name: set(met.get(name, ())) for name in tables}
    while True:
        kept: dict[str, pa.Table] = {}
        for name, rows in tables.items():
            kept[name] = _filtered(plan, plan.tables[name], rows, known, tables)
        more = {name: keys - known[name] for name, keys in met_in(plan, kept).items() if name in known}
        if not any(more.values()):
            return kept
        for name, keys in more.items():
            known[name] |= keys


def _filtered(plan: Plan, table: Table, rows: pa.Table, known: Keys, tables: Mapping[str, pa.Table]) -> pa.Table:
    """Rows whose key was met; of a table whose keys nobody names, those that belong to a row that was met."""
    if any(target == table.name for target, _, _ in _naming(plan)):
        return _among(rows, table.key[0], known[table.name])
    for field in table.fields:
        if field.references in tables and field.references != table.name:
            rows = _among(rows, field.name, known[field.references])
    return rows


def _among(rows: pa.Table, column: str, keys: Collection[str]) -> pa.Table:
    wanted = pa.array(sorted(keys), pa.string())
    return rows.filter(pc.is_in(rows[column].cast(pa.string()), wanted))


def _arrow(plan: Plan, offer: RunHandler, written: Mapping[str, Columns | Mapping[str, Column]]) -> dict[str, pa.Table]:
    declared = {table.name: table for table in offer.writes}
    strange = sorted(set(written) - set(declared))
    if strange:
        raise PluginError(f"writes {strange[0]}, which it does not declare.", offer.product, "Add it to `writes`.")
    return {name: declared[name].arrow(as_columns(columns)) for name, columns in written.items()}


@functools.lru_cache(maxsize=4)
def _naming(plan: Plan) -> tuple[tuple[str, str, str], ...]:
    """A table of the run whose key is one column, a table that names its keys, and the column in which it does."""
    return tuple(_names(plan))


def _names(plan: Plan) -> Iterator[tuple[str, str, str]]:
    for offer in plan.run_handlers:
        for target in offer.writes:
            pattern = offer.named_in.get(target.name, "")
            for table in plan.tables.values():
                belongs = {field.name for field in table.fields if field.references == target.name}
                own_key = (
                    () if table.person else table.key
                )  # a key of a table of the run is no name of another table's row
                named = {field.name for field in table.fields if pattern and fnmatch(field.name, pattern)} - set(
                    own_key
                )
                if table.name != target.name and len(target.key) == 1:
                    yield from (
                        (target.name, table.name, field.name) for field in table.fields if field.name in belongs | named
                    )


def _values(column: pa.ChunkedArray) -> set[str]:
    return {value for value in pc.unique(column).cast(pa.string()).to_pylist() if value is not None}
