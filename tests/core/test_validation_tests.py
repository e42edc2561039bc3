"""The tests behind the report: their tails hold at any sample size, and a closer look is the same for any chunks."""

from __future__ import annotations

import itertools
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from healthsim_core.draws import Draws
from healthsim_core.validation import Tallies
from healthsim_core.validation.correlations import both_below
from healthsim_core.validation.counts import CELLS
from healthsim_core.validation.report import report
from healthsim_core.validation.sample import BLOCK, all_or_none, looked_at, sampled
from healthsim_core.validation.significance import of_proportion, of_shape, of_total

ALIKE = np.full(CELLS, 1 / CELLS)
SCORES = {
    "mean": stats.norm.ppf((np.arange(CELLS) + 0.5) / CELLS),
    "skewed": -(np.log1p(-(np.arange(CELLS) + 0.5) / CELLS) ** 3),
}


def drawn(times: int, rows: int) -> np.ndarray:
    cells = (Draws(3, "test", np.arange(times * rows)).uniform("cells") * CELLS).astype(int).reshape(times, rows)
    return np.stack([np.bincount(each, minlength=CELLS) for each in cells])


@pytest.mark.parametrize("rows", [1, 2, 7, 50, 199, 200, 1_000])
@pytest.mark.parametrize("scores", SCORES.values(), ids=SCORES)
def test_honest_totals_are_called_wrong_no_more_often_than_is_said(rows: int, scores: np.ndarray) -> None:
    found = np.array([of_total(counts, ALIKE, scores) for counts in drawn(3_000, rows)])
    for level in (0.1, 0.01):
        assert np.mean(found < level) <= level + 4 * np.sqrt(level * (1 - level) / 3_000)


@pytest.mark.parametrize("rows", [1, 7, 200, 1_000])
def test_honest_shapes_are_called_wrong_no_more_often_than_is_said(rows: int) -> None:
    found = np.array([of_shape(counts, ALIKE) for counts in drawn(1_000, rows)])
    assert np.mean(found < 0.05) <= 0.05


def test_a_few_rows_are_bounded_by_their_exact_tail() -> None:
    two = np.array([0.5, 0.5])
    for rows, ones in itertools.product((5, 20, 150), (0, 1, 4)):
        exact = 2 * stats.binom.cdf(ones, rows, 0.5)
        assert (
            of_total(np.array([rows - ones, ones]), two, np.array([0.0, 1.0])) >= min(exact, 1.0) * (1 - 1e-9)
            or ones > rows / 2
        )


def test_many_rows_have_the_tail_of_the_exact_test() -> None:
    shares, scores = np.array([0.7, 0.3]), np.array([0.0, 1.0])
    for ones in (2_700, 2_850, 3_150, 3_300):
        exact = of_proportion(ones, 10_000, 0.3)
        assert of_total(np.array([10_000 - ones, ones]), shares, scores) == pytest.approx(exact, rel=0.15)


def test_a_value_that_cannot_be_is_never_by_chance() -> None:
    assert of_shape(np.array([10, 1, 0]), np.array([1.0, 0.0, 0.0])) == 0.0
    assert of_proportion(1, 1_000, 0.0) == 0.0


@pytest.mark.parametrize(
    ("first", "second", "correlation"), [(0.5, 0.5, 0.5), (0.3, 0.8, -0.7), (0.9, 0.2, 0.95), (0.5, 0.4, 0.0)]
)
def test_two_correlated_normals_are_both_low_as_often_as_scipy_says(
    first: float, second: float, correlation: float
) -> None:
    edges = stats.norm.ppf([first, second])
    exact = stats.multivariate_normal([0, 0], [[1, correlation], [correlation, 1]]).cdf(edges)
    assert both_below(first, second, correlation) == pytest.approx(exact, abs=2e-5)


@given(st.text("abc/", min_size=1), st.lists(st.integers(0, 40 * BLOCK), max_size=30, unique=True), st.integers(0, 30))
def test_a_closer_look_does_not_depend_on_chunks(path: str, units: list[int], cut: int) -> None:
    people = (np.sort(np.array(units, np.int64)) + 1) * 16

    def chosen(part: np.ndarray) -> list[int]:
        rows = sampled(path, part)
        return [] if rows is None else part[rows].tolist()

    assert chosen(people[:cut]) + chosen(people[cut:]) == chosen(people)


@given(st.text("abc/", min_size=1), st.integers(0, 40 * BLOCK), st.integers(1, 3 * BLOCK))
def test_a_closer_look_at_a_whole_chunk_is_that_at_each_of_its_people(path: str, start: int, units: int) -> None:
    edges = (np.array([start, start + units - 1]) + 1) * 16
    looked = [sampled(path, edges[each : each + 1]) is not None for each in (0, 1)]
    whole = all_or_none(path, start, start + units)
    assert whole is None or looked == [whole, whole]


@given(st.integers(0, 40 * BLOCK), st.integers(0, 3 * BLOCK), st.integers(0, 3 * BLOCK))
def test_records_are_looked_at_by_unit_whatever_the_chunk(start: int, units: int, more: int) -> None:
    def units_of(first: int, last: int) -> list[int]:
        return [unit for a, b in looked_at("records", first, last) for unit in range(a, b)]

    cut, stop = start + units, start + units + more
    assert units_of(start, cut) + units_of(cut, stop) == units_of(start, stop)


def test_counts_are_the_same_after_json() -> None:
    counted = Tallies()
    counted.proportion("a", "share of x", 0.25, 3, 10)
    counted.shape("b", "values", np.array([0.1, 0.5, 0.99]), tuple(np.arange(CELLS) / 7))
    counted.violation("c", "rule", 0, 12)
    again = Tallies.from_document(json.loads(json.dumps(counted.document())))
    assert report(again, "warn") == report(counted, "warn")
