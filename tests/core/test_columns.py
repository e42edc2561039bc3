"""Columns and dictionary-coded text behave as the lists they stand for."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from healthsim_core import Columns, Text
from healthsim_core.columns import concat

TEXTS = st.lists(st.none() | st.text(max_size=8), max_size=30)


@given(TEXTS)
def test_text_gives_back_what_it_was_made_of(values):
    assert Text.of(values).to_pylist() == values


@given(TEXTS)
def test_text_survives_arrow_as_strings_and_as_categories(values):
    text = Text.of(values)
    for array in (
        text.to_arrow(),
        text.to_arrow(categorical=True),
        pa.chunked_array([text.to_arrow(categorical=True)] * 2),
    ):
        assert Text.of(array).to_pylist() == array.to_pylist()
    assert text.to_arrow().to_pylist() == text.to_arrow(categorical=True).to_pylist() == values


def test_text_is_made_of_a_slice_of_an_arrow_array():
    array = pa.array(["a", None, "b", "a", "c"]).dictionary_encode()
    assert Text.of(array.slice(1, 3)).to_pylist() == [None, "b", "a"]
    assert Text.of(pa.array(["a", None, "b"]).slice(1)).to_pylist() == [None, "b"]


@given(TEXTS, st.data())
def test_rows_are_taken_as_from_a_list(values, data):
    indices = data.draw(st.lists(st.integers(0, len(values) - 1), max_size=10)) if values else []
    taken = Text.of(values).take(np.array(indices, np.intp))
    assert taken.to_pylist() == [values[index] for index in indices]
    assert Text.of(values)[::-1].to_pylist() == values[::-1]


@given(TEXTS, st.text(max_size=3))
def test_null_equals_nothing(values, wanted):
    text = Text.of(values)
    assert (text == wanted).tolist() == [value == wanted for value in values]
    assert (text != wanted).tolist() == [value != wanted for value in values]
    assert (text == text).tolist() == [value is not None for value in values]
    assert text.is_null().tolist() == [value is None for value in values]


@given(st.lists(st.tuples(st.none() | st.sampled_from("abc"), st.none() | st.sampled_from("abc")), max_size=20))
def test_two_texts_are_compared_by_value_and_not_by_code(pairs):
    left, right = Text.of([pair[0] for pair in pairs]), Text.of([pair[1] for pair in pairs])
    assert (left == right).tolist() == [a == b and a is not None for a, b in pairs]


@given(TEXTS, st.data())
def test_rows_that_were_not_found_are_null(values, data):
    indices = data.draw(st.lists(st.integers(-3, len(values) - 1), max_size=10))
    taken = Text.of(values).take_or_null(np.array(indices, np.int64))
    assert taken.to_pylist() == [values[index] if index >= 0 else None for index in indices]


@given(st.lists(st.tuples(st.none() | st.text(max_size=3), st.booleans()), max_size=20))
def test_a_text_stands_only_where_it_is_wanted(rows):
    column, mask = Text.of([value for value, _ in rows]), np.array([wanted for _, wanted in rows], bool)
    assert column.only(mask).to_pylist() == [value if wanted else None for value, wanted in rows]


def test_a_column_is_read_as_what_it_is():
    columns = Columns({"code": "E11.9", "value": 7.5}, 2)
    assert columns.text("code").to_pylist() == ["E11.9", "E11.9"]
    assert columns.array("value").tolist() == [7.5, 7.5]


def test_a_column_that_is_read_as_what_it_is_not_is_named():
    columns = Columns({"code": "E11.9", "value": 7.5}, 2)
    with pytest.raises(TypeError, match="column 'value' is of float64, not of text"):
        columns.text("value")
    with pytest.raises(TypeError, match="column 'code' is of text, not an array"):
        columns.array("code")


def test_values_that_repeat_are_one_value():
    assert (Text(np.array([0, 1, 2]), ["a", "b", "a"]) == Text.of(["a", "a", "a"])).tolist() == [True, False, True]
    assert Text(np.array([0, 1]), ["a", "a"]).to_arrow(categorical=True).dictionary.to_pylist() == ["a"]


@given(TEXTS)
def test_a_function_is_of_every_row_and_computed_once_a_value(values):
    calls = []
    upper = Text.of(values).recode(lambda value: calls.append(value) or value.upper())
    assert upper.to_pylist() == [None if value is None else value.upper() for value in values]
    assert sorted(calls) == sorted({value for value in values if value is not None})


@pytest.mark.parametrize("rows", [[], [3], [3, -1, 7, 3]])
def test_a_function_is_not_asked_of_many_values_that_no_row_has(rows):
    calls = []
    few = Text(np.array(rows, np.int32), [f"{number:05}" for number in range(100)])
    assert few.recode(lambda value: calls.append(value) or value[-1]).to_pylist() == [
        None if row < 0 else str(row) for row in rows
    ]
    assert few.map(int, np.int64, -1).tolist() == rows
    assert sorted(calls) == sorted({f"{row:05}" for row in rows if row >= 0})


def test_a_function_may_make_null():
    assert Text.of(["a", "b", None]).recode(lambda value: None if value == "a" else value).to_pylist() == [
        None,
        "b",
        None,
    ]


def test_numbers_of_texts_have_their_own_null():
    text = Text.of(["a", "bbb", None])
    assert text.map(len, np.int64, -1).tolist() == [1, 3, -1]
    assert text.map({"a": 1.5}.get, np.float64, 0).tolist()[::2] == [1.5, 0]


@given(TEXTS, st.data())
def test_nulls_are_filled_from_another_text_or_a_constant(values, data):
    others = data.draw(st.lists(st.none() | st.text(max_size=3), min_size=len(values), max_size=len(values)))
    assert Text.of(values).or_else(Text.of(others)).to_pylist() == [
        b if a is None else a for a, b in zip(values, others, strict=True)
    ]
    assert Text.of(values).or_else("-").to_pylist() == ["-" if value is None else value for value in values]


def test_text_without_rows_or_without_values():
    assert Text.of([]).to_pylist() == []
    nothing = Text.constant(None, 3)
    assert nothing.to_pylist() == nothing.recode(str.upper).to_pylist() == [None] * 3
    assert (nothing == "a").tolist() == [False] * 3
    assert nothing.isin(["a"]).tolist() == [False] * 3


def test_text_cannot_be_hashed_by_accident():
    with pytest.raises(TypeError):
        hash(Text.of(["a"]))


@given(st.lists(TEXTS, min_size=1, max_size=5))
def test_texts_are_joined_with_each_value_once(parts):
    joined = concat([Text.of(part) for part in parts])
    assert joined.to_pylist() == [value for part in parts for value in part]
    assert len(set(joined.values.to_pylist())) == len(joined.values)


def test_a_missing_text_is_null_beside_one_that_is_there():
    assert concat([Text.of(["a"]), np.array([np.nan, np.nan])]).to_pylist() == ["a", None, None]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("x", ["x", "x"]), (None, [None, None]), (3, [3, 3]), (["a", None], ["a", None]), ([1, 2], [1, 2]),
        (("a", "b"), ["a", "b"]),
        (pa.array(["a", "b"]), ["a", "b"]),
        (np.array(["a", "b"]), ["a", "b"]), (np.array([1.5, 2.5]), [1.5, 2.5]), (np.float64(2), [2.0, 2.0]),
        (np.datetime64("2025-01-01"), [np.datetime64("2025-01-01").item()] * 2),
    ],
)  # fmt: skip
def test_a_column_is_given_as_array_list_or_scalar(value, expected):
    column = Columns({"x": value}, 2)["x"]
    assert (column.to_pylist() if isinstance(column, Text) else column.tolist()) == expected


def test_columns_have_as_many_rows_as_the_first_that_has_rows():
    assert Columns({"a": 1, "b": np.arange(3), "c": "x"}).rows == 3
    assert Columns({}).rows == 0


def test_columns_of_unequal_length_are_refused_by_name():
    with pytest.raises(ValueError, match="column 'b' has 2 rows, the others 3"):
        Columns({"a": np.arange(3), "b": np.arange(2)})


PEOPLE = Columns({"name": Text.of(["Ana", "Bo", None]), "age": np.array([40, 30, 20])})


def test_rows_are_taken_masked_and_joined_in_all_columns():
    assert PEOPLE.take(np.array([2, 0])).to_pylist() == [{"name": None, "age": 20}, {"name": "Ana", "age": 40}]
    assert PEOPLE.where(PEOPLE["age"] > 25).to_pylist() == [{"name": "Ana", "age": 40}, {"name": "Bo", "age": 30}]
    halves = [PEOPLE.take(np.array([0])), PEOPLE.take(np.array([1, 2])), PEOPLE.take(np.array([], np.intp))]
    assert Columns.concat(halves).to_pylist() == PEOPLE.to_pylist()


def test_columns_are_selected_added_and_replaced_without_changing_the_original():
    assert list(PEOPLE.select(["age"])) == ["age"]
    changed = PEOPLE.assign(age=1, sex="F")
    assert changed.to_pylist()[1] == {"name": "Bo", "age": 1, "sex": "F"}
    assert list(PEOPLE) == ["name", "age"]
    assert PEOPLE["age"].tolist() == [40, 30, 20]


def test_columns_are_a_mapping():
    assert dict(PEOPLE).keys() == {"name", "age"}
    assert len(PEOPLE) == 2
    assert "age" in PEOPLE
    assert PEOPLE.get("sex") is None
    with pytest.raises(KeyError):
        PEOPLE["sex"]


def test_columns_may_be_joined_and_taken_as_often_as_there_are_chunks():
    held = Columns({"a": np.arange(1), "b": Text.of(["x"])})
    for number in range(1, 1_500):
        held = Columns.concat([held, Columns({"a": np.array([number]), "b": Text.of(["y"])})]).take(
            np.arange(number + 1)
        )
    assert (held["a"].tolist(), held["b"].to_pylist().count("y")) == (list(range(1_500)), 1_499)
