"""What has passed the check of kinds has a value for every row, whatever the columns hold;
both forms of a condition mean the same."""

from __future__ import annotations

import operator

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from healthsim_core.columns import Text
from healthsim_core.distributions import condition
from healthsim_core.errors import SpecificationError
from healthsim_core.expressions.checking import kind_of_expression
from healthsim_core.expressions.expression import Expression
from healthsim_core.expressions.kinds import BOOLEAN, DATE, NUMBER, TEXT, WORDS, text_of
from healthsim_core.spec.distribution import Compared

KINDS = {"n": NUMBER, "m": NUMBER, "b": BOOLEAN, "t": TEXT, "s": text_of(["x", "y"]), "w": WORDS, "d": DATE, "e": DATE}
COLUMNS = {
    "n": np.array([np.nan, np.inf, -np.inf, 0.0, -1.5, 1e300]),
    "m": np.array([3.0, np.nan, np.inf, 0.0, 2.0, -1e300]),
    "b": np.array([True, False, True, False, True, False]),
    "t": Text.of(["a", None, "", "x", "b c", None]),
    "s": Text.of(["x", "y", None, "x", None, "y"]),
    "w": Text.of(["E11 I10", None, "", "E11", "I10", "Z"]),
    "d": np.array(["2020-02-29", "NaT", "0001-01-01", "9999-12-31", "1970-01-01", "NaT"], "datetime64[D]"),
    "e": np.array(["NaT", "NaT", "2020-01-01", "0001-01-01", "1970-01-01", "9999-12-31"], "datetime64[D]"),
}
LEAVES = st.sampled_from(
    [*KINDS, "0", "2", "-1.5", "1e15", "'x'", "'E11'", "'2020-02-29'", "None", "True", "[1, 2]", "['x', 'y']", "[]"]
)
BETWEEN = st.sampled_from(["+", "-", "*", "/", "%", "==", "!=", "<", ">=", "in", "not in", "is", "is not", "and", "or"])
CALLS = st.sampled_from(["abs", "floor", "sqrt", "exp", "log", "round", "not ", "-"])
TEXTS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.tuples(inner, BETWEEN, inner).map(lambda parts: f"({' '.join(parts)})"),
        st.tuples(CALLS, inner).map(lambda parts: f"{parts[0]}({parts[1]})"),
        st.tuples(st.sampled_from(["min", "max"]), inner, inner).map(
            lambda parts: f"{parts[0]}({parts[1]}, {parts[2]})"
        ),
    ),
    max_leaves=6,
)


@given(TEXTS)
def test_what_passes_the_check_of_kinds_has_a_value_for_every_row(text: str) -> None:
    try:
        parsed = Expression.parse(text)
        kind_of_expression(parsed, KINDS)
    except SpecificationError:
        assume(False)
    assert (len(parsed.values(COLUMNS, 6)), len(parsed.holds(COLUMNS, 6))) == (6, 6)
    nobody = {name: column[:0] for name, column in COLUMNS.items()}
    assert (len(parsed.values(nobody, 0)), len(parsed.holds(nobody, 0))) == (0, 0)


NUMBERS = {
    "eq": operator.eq,
    "ne": operator.ne,
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
}


@given(
    st.sampled_from(sorted(NUMBERS)),
    st.floats(-1e6, 1e6),
    st.lists(st.floats(allow_infinity=False), min_size=1, max_size=9),
)
def test_a_structured_comparison_is_that_of_its_operator_and_false_for_null(
    name: str, value: float, column: list[float]
) -> None:
    held = condition(Compared(field="entity.n", operator=name, value=value), "").holds(
        {"n": np.array(column)}, len(column)
    )
    assert held.tolist() == [each == each and NUMBERS[name](each, value) for each in column]


QUOTED = st.text(alphabet="ab'\"\\ {}%", max_size=5)


@given(QUOTED, st.lists(st.none() | QUOTED, min_size=1, max_size=6))
def test_a_structured_comparison_of_texts_takes_them_letter_by_letter(value: str, column: list[str | None]) -> None:
    texts = {"t": Text.of(column)}
    for name, expected in {"eq": [each == value for each in column], "in": [each == value for each in column]}.items():
        assert (
            condition(Compared(field="t", operator=name, value=value), "").holds(texts, len(column)).tolist()
            == expected
        )
    for name in ("ne", "not_in"):
        held = condition(Compared(field="t", operator=name, value=value), "").holds(texts, len(column)).tolist()
        assert held == [each is not None and each != value for each in column]


@pytest.mark.parametrize("field", ["age + 1", "age > 3 or True", "", "a.b.c", "1", "f(x)", "'a'"])
def test_the_field_of_a_structured_condition_is_a_name(field: str) -> None:
    with pytest.raises(ValueError, match="field"):
        Compared(field=field, value=1)
