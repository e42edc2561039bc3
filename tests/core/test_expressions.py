"""Expressions: a small language over whole columns, where a comparison with null is false."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from healthsim_core import Text
from healthsim_core.errors import SpecificationError
from healthsim_core.expressions.checking import kind_of_expression
from healthsim_core.expressions.expression import Expression
from healthsim_core.expressions.kinds import BOOLEAN, NUMBER, TEXT

COLUMNS = {
    "age": np.array([10, 40, 80]),
    "a1c": np.array([5.5, np.nan, 9.0]),
    "stage": Text.of(["early", "late", None]),
    "conditions": Text.of(["E11.9 I10", "I10", None]),
    "birth_date": np.array(["2015-03-01", "1985-12-31", "NaT"], "datetime64[D]"),
    "smoker": np.array([True, False, False]),
    "outcome.a1c": np.array([1.0, 2.0, 3.0]),
    "condition.E11": np.array([True, False, False]),
}


def holds(text, **columns):
    return Expression.parse(text).holds({**COLUMNS, **columns}, 3).tolist()


def values(text, **columns):
    return Expression.parse(text).values({**COLUMNS, **columns}, 3).tolist()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("age > 40", [False, False, True]),
        ("age >= 40", [False, True, True]),
        ("age == 40", [False, True, False]),
        ("age != 40", [True, False, True]),
        ("18 <= age < 80", [False, True, False]),
        ("age in [10, 80]", [True, False, True]),
        ("age not in (10, 80)", [False, True, False]),
        ("stage == 'late'", [False, True, False]),
        ("'late' == stage", [False, True, False]),
        ("stage in ['late', 'early']", [True, True, False]),
        ("stage in 'late'", [False, True, False]),
        ("'E11' in conditions", [True, False, False]),
        ("'E1' in conditions", [True, False, False]),
        ("'11' in conditions", [False, False, False]),
        ("'I10' in conditions and not smoker", [False, True, False]),
        ("smoker or age > 50", [True, False, True]),
        ("birth_date > '2000-01-01'", [True, False, False]),
        ("entity.age > 40", [False, False, True]),
        ("outcome.a1c > 1", [False, True, True]),
        ("condition.E11", [True, False, False]),
        ("True", [True, True, True]),
        ("age", [True, True, True]),
        ("age - 10", [False, True, True]),
        ("stage", [True, True, False]),
    ],
)
def test_a_condition_holds_where_it_is_true(text, expected):
    assert holds(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a1c > 8", [False, False, True]),
        ("a1c < 8", [True, False, False]),
        ("a1c != 8", [True, False, True]),
        ("stage != 'late'", [True, False, False]),
        ("stage not in ['late']", [True, False, False]),
        ("a1c not in [9]", [True, False, False]),
        ("birth_date < '2999-01-01'", [True, True, False]),
        ("a1c is None", [False, True, False]),
        ("a1c == None", [False, True, False]),
        ("a1c is not None", [True, False, True]),
        ("stage is None", [False, False, True]),
        ("birth_date is None", [False, False, True]),
        ("a1c + 1 > 8", [False, False, True]),
        ("a1c", [True, False, True]),
    ],
)
def test_a_comparison_with_null_is_false(text, expected):
    assert holds(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("age + 1", [11, 41, 81]),
        ("2 * age - 1", [19, 79, 159]),
        ("age / 4", [2.5, 10, 20]),
        ("age % 30", [10, 10, 20]),
        ("-age", [-10, -40, -80]),
        ("max(age, 40)", [40, 40, 80]),
        ("min(age, 40, 20)", [10, 20, 20]),
        ("max(0, age - 20, 30)", [30, 30, 60]),
        ("abs(age - 40)", [30, 0, 40]),
        ("round(age / 3)", [3, 13, 27]),
        ("round(age / 3, 1)", [3.3, 13.3, 26.7]),
        ("floor(age / 3)", [3, 13, 26]),
        ("sqrt(age * 0 + 9)", [3, 3, 3]),
        ("exp(0 * age)", [1, 1, 1]),
        ("log(exp(1))", [1, 1, 1]),
        ("3", [3, 3, 3]),
    ],
)
def test_arithmetic_is_by_row(text, expected):
    assert values(text) == pytest.approx(expected)


def test_days_may_be_added_to_a_date():
    assert str(Expression.parse("birth_date + 30").values(COLUMNS, 3)[0]) == "2015-03-31"


def test_an_expression_never_writes_into_a_column():
    columns = {"a": np.array([1.0, 5.0]), "b": np.array([3.0, 2.0]), "c": np.array([0.0, 0.0])}
    for text in ("max(a, b, c)", "min(a, b, c)", "abs(a)", "round(a, 0)", "-a", "a + b"):
        Expression.parse(text).values(columns, 2)
    assert {name: column.tolist() for name, column in columns.items()} == {"a": [1, 5], "b": [3, 2], "c": [0, 0]}


@pytest.mark.parametrize("text", ["1 / 0", "1.0 % 0", "age / 0", "log(0)", "sqrt(-1)"])
def test_what_cannot_be_computed_is_no_exception(text):
    assert not np.isfinite(np.asarray(Expression.parse(text).values(COLUMNS, 3))).any()


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os')",
        "open('x')",
        "age.real",
        "age[0]",
        "lambda: 1",
        "[x for x in age]",
        "age if smoker else 1",
        "f'{age}'",
        "age ** 9",
        "age << 99",
        "(age := 3)",
        "eval('1')",
        "max(*age)",
        "max(age, key=1)",
        "'a' * 1000000000",
        "[1] * 1000000000",
        "b'x' == age",
        "1j",
        "...",
        "{1: 2}",
        "{1}",
        "entity.age.real",
        "elsewhere.age",
        "abs(age, a1c)",
        "max(age)",
        "sqrt()",
        "round(1, 2, 3)",
        "await x",
        "yield",
    ],
)
def test_what_is_not_of_the_language_is_refused_when_it_is_parsed(text):
    with pytest.raises(SpecificationError, match=r"not allowed|is not an expression") as refused:
        Expression.parse(text, "profile.json: when")
    assert str(refused.value).startswith("profile.json: when: ")


@pytest.mark.parametrize(
    "text", ["", "   ", "age >", "age = 3", "age > 3; age", "age > 3\nage", "é è", "(", "age\0", "0x", "1 2", "and"]
)
def test_what_is_no_expression_is_said_to_be_none(text):
    with pytest.raises(SpecificationError, match="is not an expression"):
        Expression.parse(text)


@pytest.mark.parametrize(
    "text", ["-" * 1_900 + "1", "not " * 450 + "age", "(" * 900 + "age" + ")" * 900, "1" + "+1" * 990, "a" * 3_000]
)
def test_no_text_is_long_or_deep_enough_to_break_the_parser(text):
    try:
        said = str(Expression.parse(text).values({"age": COLUMNS["age"]}, 3))
    except SpecificationError as refused:
        said = str(refused)
    assert len(said) < 3_000


@pytest.mark.parametrize(
    "text",
    [
        "stage > 'a'",
        "stage > 3",
        "stage - 1",
        "age > 'old'",
        "birth_date > 'soon'",
        "birth_date + birth_date",
        "-stage",
    ],
)
def test_kinds_that_do_not_go_together_are_an_error_that_names_the_expression(text):
    with pytest.raises(SpecificationError) as refused:
        Expression.parse(text).values(COLUMNS, 3)
    assert f'"{text}" cannot be computed' in str(refused.value)


def test_names_are_those_that_it_reads():
    assert Expression.parse("entity.age > 3 and outcome.a1c > max(b, 1) or 'x' in conditions").names == {
        "age",
        "outcome.a1c",
        "b",
        "conditions",
    }


@pytest.mark.parametrize(
    "name", ["condition.U07.1", "code.E11", "severity.F32.A", "onset.S72.001A", "description.N18.31"]
)
def test_a_code_with_its_dot_is_part_of_a_name(name):
    assert Expression.parse(f"age > 1.5 and {name} is not None").names == {"age", name}


def test_a_text_that_looks_like_a_name_stays_a_text():
    assert Expression.parse("word == 'condition.U07.1'").names == {"word"}


@pytest.mark.parametrize("written", ["condition.U07", "condition.U071", "condition.U07.2"])
def test_a_code_that_is_suggested_can_be_written(written):
    with pytest.raises(SpecificationError) as refused:
        kind_of_expression(Expression.parse(written, wanted="boolean"), {"condition.U07.1": BOOLEAN, "age": NUMBER})
    suggested = refused.value.remedy.split('"')[1]
    assert kind_of_expression(Expression.parse(suggested, wanted="boolean"), {"condition.U07.1": BOOLEAN}) == BOOLEAN


def test_a_column_that_no_expression_can_name_is_not_suggested():
    with pytest.raises(SpecificationError) as refused:
        kind_of_expression(Expression.parse("follow_u > 1"), {"follow-up": NUMBER})
    assert "follow-up" not in refused.value.remedy


def test_a_name_within_another_is_not_it():
    assert Expression.parse("stage == 'late'").names == {"stage"}
    kind_of_expression(Expression.parse("stage == 'age'"), {"stage": TEXT})


def test_a_name_that_nobody_has_is_refused_with_the_nearest():
    with pytest.raises(
        SpecificationError, match=r'"agee > 3" reads "agee", which nobody has\.\n  Did you mean "age"\?'
    ):
        kind_of_expression(Expression.parse("agee > 3"), {"age": NUMBER, "sex": TEXT})


@given(st.text(max_size=60))
def test_any_text_is_an_expression_or_a_clear_refusal(text):
    try:
        said = Expression.parse(text).text
    except SpecificationError as refused:
        said = refused.what
    assert said


@given(st.lists(st.floats(allow_nan=True, allow_infinity=False), min_size=1, max_size=20), st.floats(-1e6, 1e6))
def test_comparisons_agree_with_python(column, bound):
    for symbol, compare in {
        "<": float.__lt__,
        "<=": float.__le__,
        ">": float.__gt__,
        ">=": float.__ge__,
        "==": float.__eq__,
    }.items():
        found = Expression.parse(f"x {symbol} {bound!r}").holds({"x": np.array(column)}, len(column))
        assert found.tolist() == [compare(value, bound) for value in column]
