"""What files say against what tables say: every record there once, every field the same."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from healthsim_core.database.file import identifier
from healthsim_core.format_offers import OutputFormat
from healthsim_core.reading.flat import flat
from healthsim_core.reading.records import Records, Truth
from healthsim_core.verification.finding import Finding

_STRANGE, _LOST = "every record is one of the tables'", "every record of the tables is there"
_TWICE = "no record is there twice"


@functools.cache
def _database() -> duckdb.DuckDBPyConnection:
    """What all comparisons are made in, each by a cursor of its own: to open one takes longer than most of them."""
    return duckdb.connect()


def compared(offer: OutputFormat, folder: Path, truth: Truth) -> Iterator[Finding | str]:
    """What comes of reading a format's files back: a finding for each comparison,
    a text for each thing wrong in the files themselves."""
    for told in offer.records(folder, truth) if offer.records is not None else ():
        if isinstance(told, str):
            yield told
        else:
            yield from agreement(offer.name, told)


def agreement(format_name: str, records: Records) -> Iterator[Finding]:
    """Compare both sides of one kind of record.

    Args:
        format_name: The format.
        records: What its files say, and what the tables say.
    """
    where = f"{format_name} {records.name}"
    said, truth = _alike(flat(records.said), flat(records.truth), records)
    truth = _in_order(said, truth, records.key)
    unread = {name: why for name, why in records.unread.items() if name in said.column_names}
    fields = [name for name in said.column_names if name not in records.key and name not in unread]
    same = _same(said, truth, records.key)
    rest = [name for name in fields if name not in same]
    if not rest and same.issuperset(records.key) and _are_distinct(said.select(records.key)):
        yield from _all_agree(where, said.num_rows, fields)
    else:
        yield from _joined(where, records, said, truth, fields, same)
    for name, why in unread.items():
        yield Finding(where, f"{name}: {why}", said.num_rows, 0, unread=True)


def _joined(
    where: str, records: Records, said: pa.Table, truth: pa.Table, fields: Sequence[str], same: set[str]
) -> Iterator[Finding]:
    """Both sides joined by their keys, as they do not stand side by side."""
    rest = [name for name in fields if name not in same]
    with _database().cursor() as connection:
        connection.register("said", said)
        connection.register("truth", truth)
        alike = " AND ".join(
            f"said.{identifier(name)} IS NOT DISTINCT FROM truth.{identifier(name)}" for name in records.key
        )
        if _all_alike(connection, alike, rest, said.num_rows, truth.num_rows):
            yield from _all_agree(where, said.num_rows, fields)
        else:
            yield from _presence(connection, where, records, alike, said.num_rows, truth.num_rows)
            yield from (Finding(where, f"agrees: {name}", said.num_rows, 0) for name in fields if name in same)
            yield from _values(connection, where, _names(records.key), rest)


def _all_agree(where: str, rows: int, fields: Sequence[str]) -> Iterator[Finding]:
    yield from (Finding(where, f"agrees: {what}", rows, 0) for what in (_STRANGE, _LOST, _TWICE, *fields))


def _are_distinct(keys: pa.Table) -> bool:
    return bool(keys.group_by(keys.column_names, use_threads=False).aggregate([]).num_rows == keys.num_rows)


def _alike(said: pa.Table, truth: pa.Table, records: Records) -> tuple[pa.Table, pa.Table]:
    """Both with the same columns: those of either, and the key."""
    sides = ((said, records.said.num_rows, dict[str, Any]()), (truth, records.truth.num_rows, dict[str, Any]()))
    for name in dict.fromkeys((*records.key, *truth.column_names, *said.column_names)):
        kinds = {side.schema.field(name).type for side, _, _ in sides if name in side.column_names}
        kind = kinds.pop() if len(kinds) == 1 else pa.string() if pa.string() in kinds or not kinds else pa.float64()
        for side, rows, columns in sides:
            columns[name] = side[name].cast(kind) if name in side.column_names else pa.nulls(rows, kind)
    return pa.table(sides[0][2]), pa.table(sides[1][2])


def _in_order(said: pa.Table, truth: pa.Table, key: Sequence[str]) -> pa.Table:
    """The tables' records in the order of the files', where each of these has one by a key of texts;
    as they are where not."""
    texts = all(pa.types.is_string(said[name].type) for name in key)
    if not texts or said.num_rows != truth.num_rows or said.select(key).equals(truth.select(key)):
        return truth
    first, second = (pc.binary_join_element_wise(*(side[name] for name in key), "\0") for side in (said, truth))
    at = pc.index_in(first, second.combine_chunks())
    return truth if at.null_count or pc.count_distinct(at).as_py() != len(at) else truth.take(at)


def _same(said: pa.Table, truth: pa.Table, key: Sequence[str]) -> set[str]:
    """Columns that are equal as they stand: most of them, where both sides have their records in the same order."""
    if not said.select(key).equals(truth.select(key)):
        return set()
    return {name for name in said.column_names if said[name].equals(truth[name])}


def _names(names: Sequence[str]) -> str:
    return ", ".join(identifier(name) for name in names)


def _all_alike(connection: duckdb.DuckDBPyConnection, alike: str, fields: Sequence[str], said: int, truth: int) -> bool:
    """Whether nothing at all differs, by one join: a key that is there twice would make it longer than both sides."""
    if said != truth:
        return False
    differs = " OR ".join(('said."(there)" IS NULL', 'truth."(there)" IS NULL', *(_differs(name) for name in fields)))
    sides = " FULL JOIN ".join(f'(SELECT *, TRUE AS "(there)" FROM {side}) AS {side}' for side in ("said", "truth"))
    rows, wrong = connection.execute(
        f"SELECT count(*), count(*) FILTER (WHERE {differs}) FROM {sides} ON {alike}"
    ).fetchall()[0]
    return bool(rows == said and not wrong)


def _differs(name: str) -> str:
    return f"said.{identifier(name)} IS DISTINCT FROM truth.{identifier(name)}"


def _presence(
    connection: duckdb.DuckDBPyConnection, where: str, records: Records, alike: str, said: int, truth: int
) -> Iterator[Finding]:
    keys = _names(records.key)
    shown = f"concat_ws(' ', {keys})"
    questions = (
        (_STRANGE, said, f"SELECT {shown} FROM said WHERE NOT EXISTS (SELECT 1 FROM truth WHERE {alike})"),
        (_LOST, truth, f"SELECT {shown} FROM truth WHERE NOT EXISTS (SELECT 1 FROM said WHERE {alike})"),
        (_TWICE, said, f"SELECT {shown} FROM said GROUP BY {keys} HAVING count(*) > 1"),
    )
    for what, rows, sql in questions:
        wrong = connection.execute(f"SELECT count(*), any_value(what) FROM ({sql}) AS found(what)").fetchall()[0]
        yield Finding(where, f"agrees: {what}", rows, wrong[0], f", such as {wrong[1]}" if wrong[0] else "")


def _values(connection: duckdb.DuckDBPyConnection, where: str, keys: str, fields: Sequence[str]) -> Iterator[Finding]:
    if not fields:
        return
    differs = [_differs(name) for name in fields]
    counts = ", ".join(f"count(*) FILTER (WHERE {each})" for each in differs)
    rows, *wrong = connection.execute(f"SELECT count(*), {counts} FROM said JOIN truth USING ({keys})").fetchall()[0]
    for name, each, count in zip(fields, differs, wrong, strict=True):
        example = ""
        if count:
            sql = (
                f"SELECT said.{identifier(name)}, truth.{identifier(name)} FROM said JOIN truth USING ({keys}) "
                f"WHERE {each} LIMIT 1"
            )
            first = connection.execute(sql).fetchall()[0]
            example = f", such as {_told(first[0])} where the tables have {_told(first[1])}"
        yield Finding(where, f"agrees: {name}", rows, count, example)


def _told(value: object) -> str:
    return "nothing" if value is None else str(value)
