"""The digest of what a table says: of its values, and of nothing else."""

from __future__ import annotations

import datetime
import decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from healthsim_core.output import values
from healthsim_core.output.values import value_digest

EPOCH = datetime.datetime(1970, 1, 1)
KINDS: dict[str, tuple[pa.DataType, st.SearchStrategy[Any]]] = {
    "integer": (pa.int64(), st.integers(-(2**63), 2**63 - 1)),
    "small": (pa.int32(), st.integers(-(2**31), 2**31 - 1)),
    "number": (pa.float64(), st.floats(allow_nan=False)),
    "money": (pa.decimal128(12, 2), st.decimals(-999, 999, places=2)),
    "boolean": (pa.bool_(), st.booleans()),
    "date": (pa.date32(), st.dates()),
    "datetime": (pa.timestamp("s"),
                 st.integers(-(2**31), 2**32).map(lambda second: EPOCH + datetime.timedelta(seconds=second))),
    "text": (pa.string(), st.text(max_size=5)),
    "category": (pa.dictionary(pa.int32(), pa.string()), st.sampled_from(["", "a", "b", "ab"])),
}  # fmt: skip
PLAIN = {name: kind.value_type if pa.types.is_dictionary(kind) else kind for name, (kind, _) in KINDS.items()}
ROWS = st.lists(st.fixed_dictionaries({name: st.none() | drawn for name, (_, drawn) in KINDS.items()}), max_size=12)


def table_of(rows: list[dict[str, Any]]) -> pa.Table:
    """The rows, each column in one piece."""
    return pa.table(
        {name: pa.array([row[name] for row in rows], PLAIN[name]).cast(kind) for name, (kind, _) in KINDS.items()}
    )


@given(ROWS, st.data())
def test_it_is_the_same_in_whatever_pieces_the_columns_lie(rows: list[dict[str, Any]], data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(rows)), max_size=3)))
    pieces = [table_of(rows[start:stop]) for start, stop in zip([0, *cuts], [*cuts, len(rows)], strict=True)]
    assert value_digest(pa.concat_tables(pieces)) == value_digest(table_of(rows))


@given(ROWS, ROWS)
def test_it_is_the_same_for_a_table_that_was_cut_out_of_another(
    before: list[dict[str, Any]], rows: list[dict[str, Any]]
) -> None:
    assert value_digest(table_of([*before, *rows]).slice(len(before))) == value_digest(table_of(rows))


@given(ROWS.filter(len), st.data())
def test_another_value_is_another_digest(rows: list[dict[str, Any]], data: st.DataObject) -> None:
    row, name = data.draw(st.integers(0, len(rows) - 1)), data.draw(st.sampled_from(sorted(KINDS)))
    other = data.draw((st.none() | KINDS[name][1]).filter(lambda value: value != rows[row][name]))
    changed = [{**each, name: other} if at == row else each for at, each in enumerate(rows)]
    assert value_digest(table_of(changed)) != value_digest(table_of(rows))


@pytest.mark.parametrize(
    ("one", "other"), [(["ab", ""], ["a", "b"]), (["", None], [None, ""]), ([None], [""]), ([None], [])]
)
def test_text_is_told_by_its_pieces(one: list[str | None], other: list[str | None]) -> None:
    assert value_digest(pa.table({"a": pa.array(one, pa.string())})) != value_digest(
        pa.table({"a": pa.array(other, pa.string())})
    )


def test_the_order_of_categories_is_none_of_its_matters() -> None:
    first = pa.DictionaryArray.from_arrays(pa.array([0, 1, 0], pa.int32()), ["x", "y", "unused"])
    second = pa.DictionaryArray.from_arrays(pa.array([1, 0, 1], pa.int32()), ["y", "x"])
    assert value_digest(pa.table({"a": first})) == value_digest(pa.table({"a": second}))


def test_a_time_is_the_same_in_seconds_and_in_milliseconds() -> None:
    times = pa.array([datetime.datetime(2025, 3, 9, 7), None], pa.timestamp("s"))
    assert value_digest(pa.table({"a": times})) == value_digest(pa.table({"a": times.cast(pa.timestamp("ms"))}))


def test_there_is_one_zero() -> None:
    assert value_digest(pa.table({"a": [0.0]})) == value_digest(pa.table({"a": [-0.0]}))


def test_a_kind_and_a_name_are_said() -> None:
    same = [("a", pa.int64()), ("a", pa.int32()), ("b", pa.int64())]
    assert len({value_digest(pa.table({name: pa.array([1], kind)})) for name, kind in same}) == 3


def test_rows_beyond_a_group_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(values, "ROWS_A_GROUP", 2)
    cents = [decimal.Decimal(f"{number}.50") for number in range(5)]
    digests = {value_digest(pa.table({"a": [*cents[:4], last]})) for last in cents}
    assert len(digests) == 5
