"""What is written once for a run, when all parts are there: tables without people, and formats that cannot be cut."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import pyarrow as pa

from healthsim_core.format_offers import OutputFormat
from healthsim_core.formats.destination import Destination, WrittenFile
from healthsim_core.formats.folder import Folder
from healthsim_core.output.parquet import ParquetTable
from healthsim_core.output.parts import TABLES, PartResult, table_path
from healthsim_core.output.stored import StoredTables
from healthsim_core.planning.plan import Plan
from healthsim_core.reference.stored import using


def write_whole(
    plan: Plan, folder: Folder, tables: StoredTables, of_run: Mapping[str, pa.Table], results: Sequence[PartResult]
) -> dict[str, list[WrittenFile]]:
    """Write it.

    Args:
        plan: The plan.
        folder: Where the parts are.
        tables: The tables of the parts.
        of_run: The tables that have no person.
        results: What workers told of the parts, in order.

    Returns:
        Files by format, and of "tables".
    """
    with using(plan.facts):
        files = {offer.name: _format(plan, folder, tables, of_run, results, offer) for offer in plan.formats}
        files[TABLES] = [_table(folder, name, rows) for name, rows in of_run.items()]
    return files


def _format(
    plan: Plan,
    folder: Folder,
    tables: StoredTables,
    of_run: Mapping[str, pa.Table],
    results: Sequence[PartResult],
    offer: OutputFormat,
) -> list[WrittenFile]:
    with Destination(folder, offer.name, characters=offer.characters) as destination:
        if offer.finish is not None:
            left = [result.left[offer.name] for result in results if offer.name in result.left]
            offer.finish(destination, plan.run, offer.guarded(of_run), left)
        elif not offer.in_parts:
            writer = offer.writer(destination, plan.run)
            for known in _pieces(plan, tables, of_run, offer):
                writer.write(offer.guarded(known))
            writer.close()
        return destination.close()


def _pieces(
    plan: Plan, tables: StoredTables, of_run: Mapping[str, pa.Table], offer: OutputFormat
) -> Iterator[Mapping[str, pa.Table]]:
    """The tables that a format reads, part by part: a household is never split between parts, nor between tables."""
    asked = [name for name in (*offer.needs, *offer.wants) if name in plan.tables]
    stored_names = [name for name in asked if name in tables]
    once = {name: of_run[name] for name in asked if name in of_run}
    if not stored_names:
        yield once
    for pieces in zip(*(tables.pieces(name) for name in stored_names), strict=True):
        yield {**once, **dict(zip(stored_names, pieces, strict=True))}


def _table(folder: Folder, name: str, rows: pa.Table) -> WrittenFile:
    with ParquetTable(folder, table_path(name, None), rows.schema) as table:
        table.write(rows)
        return table.close()
