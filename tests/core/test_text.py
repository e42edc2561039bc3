"""Text assembled from columns says, row by row, what formatting each row would say."""

from __future__ import annotations

import datetime
import decimal

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from healthsim_core import Text, text

STRINGS = st.lists(st.text(max_size=6), min_size=1, max_size=20)


@given(st.lists(st.none() | st.text(max_size=6), min_size=1, max_size=20))
def test_lines_join_the_pieces_of_a_row_and_null_is_empty(values):
    numbered = pa.array([str(number) for number in range(len(values))])
    joined = text.lines("<", Text.of(values), "|", numbered, pa.array(values, pa.string()), ">")
    assert joined.to_pylist() == [f"<{value or ''}|{number}{value or ''}>" for number, value in enumerate(values)]


def test_lines_take_categories_and_chunks():
    chunks = pa.chunked_array([["a"], ["b"]])
    assert text.lines(chunks, "-", chunks.dictionary_encode()).to_pylist() == ["a-a", "b-b"]


@pytest.mark.parametrize("kind", [Text.of, lambda values: pa.array(values, pa.string())], ids=["text", "strings"])
def test_what_is_optional_takes_its_surroundings_with_it(kind):
    assert text.optional("(", kind(["a", None, ""]), ")").to_pylist() == ["(a)", None, "()"]
    assert text.lines("<", text.optional("(", kind([None, "b"]), ")"), ">").to_pylist() == ["<>", "<(b)>"]


def test_a_piece_is_chosen_by_row():
    mask = np.array([True, False])
    assert text.choose(mask, "yes", "no").to_pylist() == ["yes", "no"]
    assert text.choose(mask, Text.of(["a", "b"]), pa.array(["c", "d"])).to_pylist() == ["a", "d"]
    assert text.choose(mask, Text.of([None, "b"]), "").to_pylist() == [None, None]


def test_what_is_chosen_in_every_row_stands_in_every_row():
    always, letters = np.array([True, True]), Text.of(["a", None])
    assert text.lines(text.choose(always, text.joined("<", letters, ">"), "no"), ";").to_pylist() == ["<a>;", "<>;"]
    assert text.lines(text.choose(always, "", text.joined("<", letters, ">")), ";").to_pylist() == [";", ";"]


def test_pieces_side_by_side_are_chosen_together():
    mask, letters = np.array([True, False, True]), Text.of(["a", "b", None])
    either = text.choose(mask, text.joined("<", letters, ">"), text.joined("no ", letters))
    assert text.lines(either, ";").to_pylist() == ["<a>;", "no b;", "<>;"]


def test_each_value_is_rendered_once():
    calls = []
    rendered = text.each(pa.array(["a", "b", "a", None]), lambda value: calls.append(value) or value.upper())
    assert rendered.to_pylist() == ["A", "B", "A", None]
    assert calls == ["a", "b"]


@given(st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=20))
def test_whole_numbers_are_decimal(numbers):
    assert text.whole(np.array(numbers, np.int64)).to_pylist() == [str(number) for number in numbers]


@given(st.lists(st.integers(0, 10**12), min_size=1, max_size=20), st.integers(1, 15))
def test_padding_is_zeros_on_the_left_and_never_cuts(numbers, width):
    assert text.padded(np.array(numbers), width).to_pylist() == [str(number).zfill(width) for number in numbers]


@given(st.lists(st.integers(-(10**13), 10**13), min_size=1, max_size=20))
def test_money_has_two_decimals(amounts):
    cents = np.array(amounts, np.int64)
    assert text.amount(cents).to_pylist() == [f"{decimal.Decimal(amount) / 100:.2f}" for amount in amounts]


@given(st.lists(st.integers(-(10**13), 10**13), min_size=1, max_size=20))
def test_plain_money_is_the_same_number_without_what_is_superfluous(amounts):
    plain = text.lines(text.plain_amount(np.array(amounts, np.int64))).to_pylist()
    assert [decimal.Decimal(said) for said in plain] == [decimal.Decimal(amount) / 100 for amount in amounts]
    assert not any(said.endswith(".") or ("." in said and said.endswith("0")) for said in plain)


def test_plain_money_keeps_the_zeros_of_whole_dollars():
    assert text.lines(text.plain_amount(np.array([0, 100, 10_000, 1_250, 1, -50]))).to_pylist() == [
        "0",
        "1",
        "100",
        "12.5",
        "0.01",
        "-0.5",
    ]


@given(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=20), st.integers(0, 4))
def test_decimals_are_the_nearest_of_that_many_places(numbers, places):
    said = text.decimal(np.array(numbers), places).to_pylist()
    assert all(
        abs(decimal.Decimal(each) - decimal.Decimal(number)) <= decimal.Decimal("0.500001") / 10**places
        for each, number in zip(said, numbers, strict=True)
    )
    assert all(len(each.partition(".")[2]) == places for each in said)
    assert not any(float(each) == 0 and each.startswith("-") for each in said)


def test_a_number_that_is_null_stays_null():
    assert text.decimal(np.array([1.25, np.nan]), 1).to_pylist() == ["1.2", None]
    assert text.decimal(pa.array([1.5, None]), 2).to_pylist() == ["1.50", None]


MOMENTS = st.datetimes(datetime.datetime(1900, 1, 1), datetime.datetime(2199, 12, 31)).map(
    lambda moment: moment.replace(microsecond=0)
)


@given(st.lists(st.none() | MOMENTS, min_size=1, max_size=20))
def test_dates_and_times_follow_their_pattern_and_null_stays_null(moments):
    array = np.array(moments, "datetime64[s]")
    days = [moment and moment.date() for moment in moments]
    assert text.times(array).to_pylist() == [moment and moment.isoformat() for moment in moments]
    assert text.times(pa.array(array), "%Y%m%d%H%M").to_pylist() == [
        moment and f"{moment:%Y%m%d%H%M}" for moment in moments
    ]
    assert text.dates(array.astype("datetime64[D]")).to_pylist() == [day and day.isoformat() for day in days]
    assert text.dates(array).to_pylist() == [day and day.isoformat() for day in days]
    assert text.lines(text.clock(array)).to_pylist() == [(moment and f"{moment:%H:%M:%S}") or "" for moment in moments]
    assert text.dates(pa.chunked_array([pa.array(days, pa.date32())]), "%Y%m%d").to_pylist() == [
        day and f"{day:%Y%m%d}" for day in days
    ]


def test_dates_that_lie_close_together_are_those_of_the_calendar():
    days = np.arange("1968-01-01", "1977-01-01", dtype="datetime64[D]")
    assert text.dates(days[::-1]).to_pylist() == np.datetime_as_string(days[::-1]).tolist()


def test_dates_may_lie_millennia_apart():
    assert text.dates(np.array(["1066-10-14", "NaT", "9999-12-31"], "datetime64[D]")).to_pylist() == [
        "1066-10-14",
        None,
        "9999-12-31",
    ]


@pytest.mark.parametrize("separator", ["", "+"])
@given(rows=st.lists(st.tuples(st.integers(0, 5), st.text(max_size=3)), max_size=20))
def test_rows_are_grouped_by_their_owner(separator, rows):
    rows = sorted(rows, key=lambda row: row[0])
    strings, owners = pa.array([row[1] for row in rows], pa.string()), np.array([row[0] for row in rows], np.int64)
    assert text.grouped(strings, owners, 6, separator).to_pylist() == [
        separator.join(value for owner, value in rows if owner == group) for group in range(6)
    ]


@given(st.lists(st.integers(0, 20), unique=True, max_size=15), st.lists(st.integers(0, 25), max_size=15))
def test_positions_are_where_a_key_stands(keys, wanted):
    found = text.positions(np.array(keys, np.int64), np.array(wanted, np.int64))
    assert found.tolist() == [keys.index(each) if each in keys else -1 for each in wanted]


@given(STRINGS, st.integers(0, 5))
def test_data_is_the_bytes_of_all_rows_also_of_a_slice(strings, start):
    array = pa.array(strings)
    assert bytes(text.data(array)) == "".join(strings).encode()
    assert bytes(text.data(array.slice(start, 2))) == "".join(strings[start : start + 2]).encode()
    assert bytes(text.data(pa.chunked_array([array, array]))) == ("".join(strings) * 2).encode()


def test_data_of_nothing_is_nothing():
    assert bytes(text.data(pa.array([], pa.string()))) == bytes(text.data(pa.array(["", ""]))) == b""


FEW = st.lists(st.tuples(*[st.none() | st.text(max_size=2)] * 3, st.integers(0, 5)), min_size=1, max_size=40)


@given(FEW, st.sampled_from([1, 30]), st.integers(1, 7))
def test_batches_say_what_lines_say_of_neighbours_with_few_combinations_and_with_many(rows, times, size):
    rows = rows * times
    letters = [Text.of([row[place] for row in rows]) for place in range(3)]
    many = Text(np.arange(len(rows)), [f"{number:05d}" for number in range(5_000)])
    pieces = [
        "<",
        letters[0],
        "|",
        letters[1],
        many,
        "(",
        text.whole(np.array([row[3] for row in rows])),
        ")",
        letters[2],
        ">",
    ]
    expected = [f"<{a or ''}|{b or ''}{row:05d}({number}){c or ''}>" for row, (a, b, c, number) in enumerate(rows)]
    assert [line for batch in text.batches(*pieces, rows=size) for line in batch.to_pylist()] == expected


@given(st.none() | st.text(max_size=2), st.integers(1, 5))
def test_batches_of_rows_that_are_all_alike_have_every_row(value, rows):
    pieces = ["<", Text.constant(value, rows), "|", Text.constant("b", rows), ">"]
    assert [line for batch in text.batches(*pieces) for line in batch.to_pylist()] == [f"<{value or ''}|b>"] * rows


@given(FEW)
def test_what_columns_say_together_is_made_once_per_combination(rows):
    first, second = (Text.of([row[place] for row in rows]) for place in range(2))
    made = []
    column = text.together(lambda a, b: made.append(len(a)) or ["<", text.optional("-", a), b, ">"], first, second)
    assert column.to_pylist() == [f"<{'' if a is None else '-' + a}{b or ''}>" for a, b, *_ in rows]
    assert made == [len({row[:2] for row in rows})]


@given(FEW, FEW)
def test_rows_of_several_pieces_are_merged_by_key(some, others):
    two = text.joined("a", Text.of([row[0] for row in some]), "b", Text.of([row[1] for row in some]))
    one = text.joined(Text.of([row[2] for row in others]), "c")
    merged = text.merged([(np.array([row[3] for row in side]), piece) for side, piece in ((some, two), (others, one))])
    said = [(key, f"a{a or ''}b{b or ''}") for a, b, _, key in some] + [(key, f"{c or ''}c") for *_, c, key in others]
    assert text.lines(merged).to_pylist() == [line for _, line in sorted(said, key=lambda pair: pair[0])]


@given(st.lists(st.sampled_from([0, 1, 1, 7, 2**63 - 1]), max_size=20))
def test_ids_are_decimal_and_null_where_there_is_none(numbers):
    assert text.ids(np.array(numbers, np.int64)).to_pylist() == [str(number) if number else None for number in numbers]


MOMENTS = st.datetimes(datetime.datetime(1900, 1, 1), datetime.datetime(2100, 1, 1))


@given(st.lists(st.none() | MOMENTS, min_size=1, max_size=20), st.booleans())
def test_times_of_day_have_their_seconds(moments, whole_minutes):
    moments = [
        moment and moment.replace(second=0 if whole_minutes else moment.second, microsecond=0) for moment in moments
    ]
    expected = [f"{moment:%H%M%S}." if moment else "." for moment in moments]
    assert text.lines(text.clock(np.array(moments, "datetime64[s]"), ""), ".").to_pylist() == expected


@pytest.mark.parametrize(
    ("number", "places", "said"),
    [(109951163.02125001, 4, "109951163.0213"), (2.675, 2, "2.67"), (0.125, 2, "0.12"), (0.375, 2, "0.38")],
)
def test_a_half_that_only_the_product_has_is_no_half(number, places, said):
    assert text.decimal(np.array([number, -number]), places).to_pylist() == [said, f"-{said}"]
