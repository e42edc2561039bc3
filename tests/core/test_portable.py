"""Functions with the same bits on every machine: as right as a library's,
and made of nothing that differs by processor."""

from __future__ import annotations

import ast
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special

from healthsim_core import portable

ROOM = Path(portable.__file__).parent
ROOT = Path(__file__).parents[2]
EXACT = {  # of NumPy: what IEEE 754 or the format itself says to the last bit
    "abs", "arange", "array", "asarray", "ascontiguousarray", "broadcast_arrays", "clip", "empty", "errstate",
    "flatnonzero", "float64",
    "frexp", "full", "inf", "int64", "isfinite", "isinf", "isnan", "isposinf", "ldexp", "nan", "ones", "ones_like",
    "prod", "rint", "sqrt",
    "sum", "where", "zeros_like",
}  # fmt: skip
JUDGES = ("validation", "counts.py", "base.py", "families.py")  # look at values, write none


finite = st.floats(-700, 700)
positive = st.floats(1e-300, 1e300)
share, tail = st.floats(1e-12, 1 - 1e-12), st.floats(1e-12, 0.5)  # above a half, the other tail is asked


def near(found: float, right: float, within: float = 1e-14) -> bool:
    return math.isclose(found, right, rel_tol=within, abs_tol=1e-300)


@given(finite)
def test_the_exponential(x: float) -> None:
    assert near(portable.exp(x), math.exp(x), 1e-15)


@given(st.floats(-30, 30))
def test_the_exponential_less_one(x: float) -> None:
    assert near(portable.expm1(x), math.expm1(x), 2e-15)


@given(positive)
def test_the_logarithm(x: float) -> None:
    assert near(portable.log(x), math.log(x), 1e-15)


@given(st.floats(-0.999, 1e6))
def test_the_logarithm_of_one_and_something(x: float) -> None:
    assert near(portable.log1p(x), math.log1p(x), 1e-15)


@given(st.floats(-30, 8))
def test_the_normal_probability(z: float) -> None:
    assert near(portable.ndtr(z), special.ndtr(z), 1e-12)


@given(share)
def test_the_normal_quantile(p: float) -> None:
    assert near(portable.ndtri(p), special.ndtri(p), 1e-13) or abs(portable.ndtri(p) - special.ndtri(p)) < 1e-15


@given(st.floats(0.05, 500), tail)
def test_the_gamma_quantile(shape: float, p: float) -> None:
    assert near(float(portable.gamma_quantile(shape, p)), float(special.gammaincinv(shape, p)), 1e-12)
    assert near(float(portable.gamma_upper_quantile(shape, p)), float(special.gammainccinv(shape, p)), 1e-12)


@given(st.floats(0.1, 200), st.floats(0.1, 200), tail)
def test_the_beta_quantile(a: float, b: float, p: float) -> None:
    assert near(float(portable.beta_quantile(a, b, p)), float(special.betaincinv(a, b, p)), 1e-11)
    upper, right = float(portable.beta_upper_quantile(a, b, p)), float(special.betainccinv(a, b, p))
    assert near(upper, right, 1e-11) or abs(upper - right) < 1e-14


def test_ends_are_where_they_belong() -> None:
    assert portable.ndtri(np.array([0.0, 0.5, 1.0])).tolist() == [-np.inf, 0.0, np.inf]
    assert portable.log(np.array([0.0, 1.0, np.inf])).tolist() == [-np.inf, 0.0, np.inf]
    assert portable.exp(np.array([-np.inf, 0.0, np.inf])).tolist() == [0.0, 1.0, np.inf]
    assert portable.power(np.array([0.0, 0.0, 3.0]), np.array([0.0, 2.0, 1.0])).tolist() == [1.0, 0.0, 3.0]


@pytest.mark.parametrize("function", [portable.exp, portable.log1p, portable.ndtr, portable.ndtri])
def test_a_value_does_not_depend_on_its_neighbours(function: object) -> None:
    values = np.linspace(0.0001, 0.9999, 20_011)
    one_by_one = np.array([function(value) for value in values[::997]])  # type: ignore[operator]
    assert np.array_equal(function(values)[::997], one_by_one)  # type: ignore[operator]


def test_a_quantile_does_not_depend_on_its_neighbours() -> None:
    probability, shape = np.linspace(0.001, 0.999, 501), np.linspace(0.1, 90, 501)
    together = portable.gamma_quantile(shape, probability)
    assert np.array_equal(
        together[::50],
        [float(portable.gamma_quantile(a, p)) for a, p in zip(shape[::50], probability[::50], strict=True)],
    )


@pytest.mark.parametrize("path", sorted(ROOM.glob("*.py")), ids=lambda path: path.stem)
def test_they_are_made_of_what_has_the_same_bits_everywhere(path: Path) -> None:
    used = {
        node.attr
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "np"
    }
    assert used <= EXACT


def test_nothing_else_that_writes_values_takes_another_exponential_or_logarithm() -> None:
    sources = [*(ROOT / "healthsim_core").rglob("*.py"), *ROOT.glob("plugins/*/src/**/*.py")]
    found = []
    for path in sources:
        if ROOM in path.parents or any(part in JUDGES for part in path.parts):
            continue
        said = [ast.unparse(node) for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Attribute)]
        found += [f"{path.relative_to(ROOT)}: {name}" for name in said if name in {f"np.{each}" for each in OTHERS}]
    assert found == []


OTHERS = ("exp", "expm1", "log", "log1p", "log2", "log10", "power", "sin", "cos", "tan", "tanh", "sinh", "cosh")


@given(st.lists(st.tuples(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6)), max_size=300))
def test_a_sum_of_products(pairs: list[tuple[float, float]]) -> None:
    exact = math.fsum(one * other for one, other in pairs)
    size = math.fsum(abs(one * other) for one, other in pairs)
    assert abs(portable.dot([one for one, _ in pairs], [other for _, other in pairs]) - exact) <= 1e-13 * size


@given(st.integers(1, 5), st.data())
def test_the_factor_of_a_correlation_makes_it_again(size: int, data: st.DataObject) -> None:
    rows = np.array(
        data.draw(st.lists(st.lists(st.floats(-1, 1), min_size=size, max_size=size), min_size=size, max_size=size))
    )
    matrix = rows @ rows.T + np.eye(size)
    factor = portable.cholesky(matrix.tolist())
    assert np.allclose(factor @ factor.T, matrix, rtol=1e-12, atol=1e-12)
    assert (np.triu(factor, 1) == 0).all() and (np.diag(factor) > 0).all()


def test_a_matrix_that_is_no_correlation_has_no_factor() -> None:
    with pytest.raises(ValueError, match="positive definite"):
        portable.cholesky([[1.0, 2.0], [2.0, 1.0]])
