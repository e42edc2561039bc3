"""Records against the tables that products declare: distinct keys, and references that resolve."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from healthsim_core.columns import Text
from healthsim_core.planning.plan import Plan
from healthsim_core.tables import column_from_arrow
from healthsim_core.validation.counts import Tallies
from healthsim_core.validation.sample import PEOPLE_WHOLE, looked_at, person_ids

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def tally_records(
    tallies: Tallies, plan: Plan, tables: Mapping[str, pa.Table], of_run: Mapping[str, pa.Table], start: int, stop: int
) -> None:
    """Check that keys are distinct and that references resolve within the chunk and the run's tables.

    As with people, of all households up to 131,072 and of one block in eight from there on.

    Args:
        tallies: Where to count.
        plan: The plan.
        tables: The tables of the chunk that have a person, sorted by it.
        of_run: The tables without a person, with the rows that the chunk names.
        start: First unit of the chunk.
        stop: One past the last.
    """
    known = _keys(plan, of_run)
    for first, last in looked_at("records", start, stop, PEOPLE_WHOLE):
        some = tables if (first, last) == (start, stop) else _of_units(plan, tables, first, last)
        _tally(tallies, plan, some, {**known, **_keys(plan, some)})


def tally_run_tables(tallies: Tallies, plan: Plan, of_run: Mapping[str, pa.Table]) -> None:
    """Check the run's own tables, once, when all of it is known: distinct keys, and references among them."""
    if plan.request.validation != "none":
        _tally(tallies, plan, of_run, _keys(plan, of_run))


def _of_units(plan: Plan, tables: Mapping[str, pa.Table], start: int, stop: int) -> dict[str, pa.Table]:
    of_units = {}
    for name, rows in tables.items():
        first, last = np.searchsorted(rows[plan.tables[name].person].to_numpy(), person_ids(start, stop))
        of_units[name] = rows.slice(first, last - first)
    return of_units


def _tally(
    tallies: Tallies, plan: Plan, tables: Mapping[str, pa.Table], known: Mapping[str, NDArray[np.uint64]]
) -> None:
    for name, rows in tables.items():
        table, keys = plan.tables[name], known[name]
        tallies.violation(name, "keys are distinct", np.sum(keys[1:] == keys[:-1]), len(keys))
        for field in table.fields:
            target = plan.tables.get(field.references)
            if target is not None and len(target.key) == 1 and target.name in known:
                wanted, column = _key(rows, (field.name,)), rows[field.name]
                wanted = wanted[pc.is_valid(column).to_numpy()] if column.null_count else wanted
                strangers = _strangers(wanted, known[target.name])
                tallies.violation(name, f"{field.name} is a {field.references}", strangers, len(wanted))


def _keys(plan: Plan, tables: Mapping[str, pa.Table]) -> dict[str, NDArray[np.uint64]]:
    return {name: np.sort(_key(rows, plan.tables[name].key)) for name, rows in tables.items()}


def _key(rows: pa.Table, names: tuple[str, ...]) -> NDArray[np.uint64]:
    """One word a row: equal for equal keys, and for others equal by a chance of 2**-64 a pair."""
    combined = np.zeros(rows.num_rows, np.uint64)
    for name in names:
        column = column_from_arrow(rows[name])
        words = column.map(_word, np.uint64, 0) if isinstance(column, Text) else _bits(column)
        combined = combined * _GOLDEN + words if len(names) > 1 else words
    return combined


def _bits(column: NDArray[Any]) -> NDArray[np.uint64]:
    return column.view(np.uint64) if column.dtype.kind == "f" else column.astype(np.int64, copy=False).view(np.uint64)


@functools.lru_cache(maxsize=1 << 16)
def _word(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")


def _strangers(wanted: NDArray[np.uint64], known: NDArray[np.uint64]) -> int:
    if not len(known):
        return len(wanted)
    stays = np.concatenate([[False], wanted[1:] == wanted[:-1]]) if len(wanted) else np.zeros(0, bool)
    # a person's rows stand together: one question for all of them
    if not _missing(wanted[np.flatnonzero(~stays)], known).any():
        return 0
    return int(np.sum(_missing(wanted, known)))


def _missing(wanted: NDArray[np.uint64], known: NDArray[np.uint64]) -> NDArray[np.bool_]:
    needles = np.sort(wanted)  # sorted needles are found ten times faster: the search stays in the cache
    places = np.minimum(np.searchsorted(known, needles), len(known) - 1)
    return np.asarray(known[places] != needles)
