"""Distributions: read strictly, sampled by inversion, truncated without a pile-up."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats
from written import amounts, compiled

from healthsim_core import Draws, Text
from healthsim_core.errors import SpecificationError
from healthsim_core.spec.distribution import age_band

ROWS = 50_000
UNLIKELY = 1e-6
UNITS = (np.arange(1_000) + 0.5) / 1_000


def sampled(written, seed=42, rows=ROWS, **columns):
    return compiled(written).sample(Draws(seed, "test", np.arange(rows)).uniform("x"), columns)


def refusal(written):
    with pytest.raises(SpecificationError) as error:
        compiled(written)
    return str(error.value)


EVERY_KIND = [
    {"type": "categorical", "weights": {"a": 0.2, "b": 0.8}},
    {"type": "normal", "mean": 7, "sd": 2, "min": 5},
    {"type": "log_normal", "mean": 7, "sd": 2},
    {"type": "uniform", "min": 2, "max": 3},
    {"type": "age_bands", "bands": {"0-17": 0.5, "65+": 0.5}},
    {"type": "explicit", "values": [1, 5, 9]},
    {
        "type": "conditional",
        "rules": [{"if": "age > 5", "then": 1}],
        "default": {"type": "uniform", "min": 2, "max": 3},
    },
]


@pytest.mark.parametrize("written", EVERY_KIND, ids=lambda written: written["type"])
def test_a_seed_gives_its_samples_and_another_gives_others(written):
    age = np.arange(500) % 10
    first, again, other = (sampled(written, seed, 500, age=age) for seed in (0, 0, 1))
    listed = [column.to_pylist() if isinstance(column, Text) else column.tolist() for column in (first, again, other)]
    assert listed[0] == listed[1]
    assert listed[0] != listed[2]


@pytest.mark.parametrize("written", [5, 5.5, "text", True, {"type": "constant", "value": 5}, {"value": 5}])
def test_a_bare_value_is_the_same_for_everybody(written):
    value = written["value"] if isinstance(written, dict) else written
    column = sampled(written, rows=3)
    assert (column.to_pylist() if isinstance(column, Text) else column.tolist()) == [value] * 3


def test_categories_come_by_weight():
    chosen = sampled({"type": "categorical", "weights": {"a": 0.2, "b": 0.5, "never": 0, "c": 0.3}})
    counts = [int((chosen == value).sum()) for value in ("a", "b", "c")]
    assert sum(counts) == ROWS
    assert stats.chisquare(counts, [0.2 * ROWS, 0.5 * ROWS, 0.3 * ROWS]).pvalue > UNLIKELY


TRUNCATED = [
    (7.5, 1.0, 5, 14),
    (0.0, 1.0, 0, None),
    (0.0, 1.0, None, -1),
    (0.0, 1.0, 3, 4),
    (3.0, 0.3, 4.5, 14),  # five standard deviations above the mean
    (0.0, 1.0, 10, 12),
    (0.0, 1.0, -12, -10),
    (0.0, 1.0, 60, None),
    (1.0, 0.1, 20, 30),
    (100.0, 1.0, None, 2),
]


@pytest.mark.parametrize(("mean", "sd", "low", "high"), TRUNCATED)
def test_a_truncated_normal_has_the_moments_of_the_truncated_distribution(mean, sd, low, high):
    values = sampled({"type": "normal", "mean": mean, "sd": sd, "min": low, "max": high})
    a, b = (-np.inf if low is None else (low - mean) / sd), (np.inf if high is None else (high - mean) / sd)
    if a > 30 or b < -30:  # the tail is exponential there, to one part in a thousand
        bound, rate = (low, (low - mean) / sd**2) if a > 30 else (high, (mean - high) / sd**2)
        expected = stats.expon(scale=1 / rate)
        distances = np.abs(values - bound)
        assert abs(distances.mean() * rate - 1) < 0.03
        assert stats.kstest(distances, expected.cdf).statistic < 0.01
    else:
        expected = stats.truncnorm(a, b, mean, sd)
        assert abs(values.mean() - expected.mean()) < 5 * expected.std() / np.sqrt(ROWS)
        assert abs(values.std() / expected.std() - 1) < 0.03


@pytest.mark.parametrize(("mean", "sd", "low", "high"), TRUNCATED)
def test_truncation_stays_within_the_bounds_and_piles_up_at_none(mean, sd, low, high):
    values = sampled({"type": "normal", "mean": mean, "sd": sd, "min": low, "max": high})
    assert values.min() >= (-np.inf if low is None else low)
    assert values.max() <= (np.inf if high is None else high)
    assert len(np.unique(values)) > 0.99 * ROWS


@given(
    mean=amounts(-50, 50), sd=st.floats(0.01, 20), low=amounts(-60, 60), width=st.floats(0.1, 60), log=st.booleans(),
    unit=st.floats(1e-12, 1 - 1e-12),
)  # fmt: skip
def test_the_probability_of_a_sample_is_the_uniform_it_was_made_from(mean, sd, low, width, log, unit):
    mean, low = (abs(mean) + 0.1, abs(low) + 0.01) if log else (mean, low)
    made = compiled({"type": "log_normal" if log else "normal", "mean": mean, "sd": sd, "min": low, "max": low + width})
    value = made.sample(np.array([unit]), {})
    assert low <= value[0] <= low + width
    steps = np.spacing(np.abs(value)) * 4  # what a float can tell
    below, above = made.cdf(value - steps, {}), made.cdf(value + steps, {})
    assert below[0] - 1e-6 <= unit <= above[0] + 1e-6


@given(amounts(-1e3, 1e3), amounts(0, 1e3), amounts(-1e3, 1e3), st.floats(1e-3, 1e3))
def test_a_larger_uniform_gives_no_smaller_value(mean, sd, low, width):
    values = compiled({"type": "normal", "mean": mean, "sd": sd, "min": low, "max": low + width}).sample(UNITS, {})
    assert np.isfinite(values).all()
    assert (np.diff(values) >= 0).all()


def test_a_log_normal_has_the_mean_and_deviation_it_was_given():
    values = sampled({"type": "log_normal", "mean": 100, "sd": 50})
    assert abs(values.mean() - 100) < 5 * 50 / np.sqrt(ROWS)
    assert abs(values.std() / 50 - 1) < 0.05
    assert values.min() > 0


def test_a_deviation_of_zero_is_the_mean_itself():
    assert set(sampled({"type": "normal", "mean": 7, "sd": 0}, rows=10)) == {7.0}


def test_a_uniform_fills_its_range():
    assert stats.kstest(sampled({"type": "uniform", "min": -2, "max": 3}), stats.uniform(-2, 5).cdf).pvalue > UNLIKELY


@pytest.mark.parametrize(
    ("text", "band"), [("0-17", (0, 17)), ("65+", (65, 120)), ("40", (40, 40)), (" 18-64 ", (18, 64))]
)
def test_an_age_band_is_read(text, band):
    assert age_band(text) == band


def test_ages_lie_in_their_bands_by_weight_and_alike_within():
    ages = sampled({"type": "age_bands", "bands": {"0-17": 0.3, "40": 0.2, "65-84": 0.5}})
    assert (ages == np.floor(ages)).all()
    within = [(ages <= 17).sum(), (ages == 40).sum(), ((ages >= 65) & (ages <= 84)).sum()]
    assert stats.chisquare(within, [0.3 * ROWS, 0.2 * ROWS, 0.5 * ROWS]).pvalue > UNLIKELY
    assert stats.chisquare(np.unique(ages[ages <= 17], return_counts=True)[1]).pvalue > UNLIKELY


@pytest.mark.parametrize("bands", [{"65+": 1}, {"0-64": 0.4, "65+": 0.6}, {"65-84": 0.88, "85+": 0.12}], ids=str)
def test_an_open_band_and_those_beside_it_have_ages_as_the_nation_has(bands):
    """Census 2023: of those of 65 and older the mean is 74.4 whole years, 11.2% are 85 and older, 0.19% a hundred."""
    ages = sampled({"type": "age_bands", "bands": bands})
    old = ages[ages >= 65]
    assert abs(old.mean() - 74.4) < 0.3
    assert 0.0005 < (old >= 100).mean() < 0.004
    assert (old == 65).sum() > 1.3 * (old == 75).sum()


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["a", "b"], {"a": 0.5, "b": 0.5}),
        ({"a": 1, "b": 3}, {"a": 0.25, "b": 0.75}),
        ([{"value": "a", "weight": 3}, {"value": "b", "weight": 1}], {"a": 0.75, "b": 0.25}),
    ],
    ids=["list", "mapping", "pairs"],
)
def test_explicit_values_are_given_as_list_mapping_or_pairs(values, expected):
    chosen = sampled({"type": "explicit", "values": values})
    counts = [int((chosen == value).sum()) for value in expected]
    assert stats.chisquare(counts, [share * ROWS for share in expected.values()]).pvalue > UNLIKELY


def test_explicit_numbers_are_numbers():
    assert set(sampled({"type": "explicit", "values": [10, 20.5]})) == {10.0, 20.5}


RULES = {
    "type": "conditional",
    "rules": [
        {"if": "stage == 'late'", "then": 1},
        {"when": {"field": "age", "operator": "gte", "value": 65}, "then": 2},
        {"if": "age >= 18", "then": {"type": "uniform", "min": 3, "max": 4}},
    ],
    "default": 5,
}


def test_the_first_rule_that_matches_decides_else_the_default():
    made = compiled(RULES)
    columns = {"age": np.array([80, 80, 40, 10, np.nan]), "stage": Text.of(["late", "early", "early", "early", None])}
    values = made.sample(np.full(5, 0.25), columns)
    assert values.tolist() == [1, 2, 3.25, 5, 5]
    assert made.names == {"age", "stage"}


def test_text_may_depend_on_a_rule():
    written = {
        "type": "conditional",
        "rules": [{"if": "age >= 65", "then": "Medicare"}],
        "default": {"type": "categorical", "weights": {"PPO": 1}},
    }
    assert compiled(written).sample(np.full(2, 0.5), {"age": np.array([70, 30])}).to_pylist() == ["Medicare", "PPO"]


def test_parameters_may_be_expressions_over_other_columns():
    values = compiled({"type": "normal", "mean": "a1c - 0.5", "sd": "0 * a1c"}).sample(
        np.full(2, 0.3), {"a1c": np.array([8.0, 9.0])}
    )
    assert values.tolist() == [7.5, 8.5]


@pytest.mark.parametrize(
    ("operator", "value", "expected"),
    [
        ("eq", 5, [False, True, False]),
        ("ne", 5, [True, False, True]),
        ("gt", 5, [False, False, True]),
        ("gte", 5, [False, True, True]),
        ("lt", 5, [True, False, False]),
        ("lte", 5, [True, True, False]),
        ("in", [1, 5], [True, True, False]),
        ("in", 5, [False, True, False]),
        ("not_in", [1, 5], [False, False, True]),
        ("not_in", 5, [True, False, True]),
    ],
)
def test_every_operator_compares(operator, value, expected):
    rule = {
        "type": "conditional",
        "rules": [{"if": {"field": "x1", "operator": operator, "value": value}, "then": 1}],
        "default": 0,
    }
    assert compiled(rule).sample(np.full(3, 0.5), {"x1": np.array([1.0, 5.0, 9.0])}).tolist() == [
        float(each) for each in expected
    ]


@pytest.mark.parametrize(
    ("operator", "value", "expected"),
    [
        ("contains", "E11", [1, 0, 0]),
        ("in", ["E11.9 I10"], [1, 0, 0]),
        ("in", "I10", [0, 1, 0]),
        ("not_in", "I10", [1, 0, 0]),
        ("ne", "I10", [1, 0, 0]),
    ],
)
def test_operators_on_text_are_false_where_it_is_null(operator, value, expected):
    rule = {
        "type": "conditional",
        "rules": [{"if": {"field": "codes", "operator": operator, "value": value}, "then": 1}],
        "default": 0,
    }
    assert compiled(rule).sample(np.full(3, 0.5), {"codes": Text.of(["E11.9 I10", "I10", None])}).tolist() == expected


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ({"type": "categorical", "weights": {"a": 0.5, "b": 0.3}}, "the weights sum to 0.8"),
        ({"type": "categorical", "weights": {"a": 0.5, "b": 0.52}}, "the weights sum to 1.02"),
        ({"type": "categorical", "weights": {}}, "there are no weights"),
        ({"type": "categorical", "weights": {"a": -0.5, "b": 1.5}}, "attributes.x.weights.a: -0.5 is below 0."),
        ({"type": "age_bands", "bands": {"0-17": 0.5}}, "the weights sum to 0.5"),
        ({"type": "age_bands", "bands": {"17-0": 1}}, "ends before it begins"),
        ({"type": "age_bands", "bands": {"old": 1}}, '"old" is not an age band.\n  Write "0-17", "65+" or "40".'),
        ({"type": "normal", "mean": 1, "sd": -1}, "a standard deviation is not negative"),
        ({"type": "normal", "mean": 1, "sd": 1, "min": 3, "max": 2}, "min 3 is not below max 2"),
        ({"type": "normal", "mean": float("nan"), "sd": 1}, "attributes.x.mean"),
        ({"type": "normal", "sd": 1}, 'attributes.x.mean: the field "mean" is missing'),
        ({"type": "log_normal", "mean": 0, "sd": 1}, "attributes.x.mean: 0 is not above 0."),
        ({"type": "log_normal", "mean": 5, "sd": 1, "max": 0}, "attributes.x.max: 0 is not above 0."),
        ({"type": "uniform", "min": 3, "max": 2}, "min 3 is above max 2"),
        ({"type": "explicit", "values": []}, "there are no values with a weight"),
        ({"type": "explicit", "values": {"a": 0}}, "there are no values with a weight"),
        ({"type": "explicit", "values": ["a", 1]}, "some values are text and others numbers"),
        ({"type": "normall", "mean": 1, "sd": 1}, 'no distribution is called "normall".\n  Did you mean "normal"?'),
        ({"type": "normal", "mean": 1, "sd": 1, "maximum": 3}, 'there is no field "maximum" here'),
        (
            {"type": "conditional", "rules": [{"if": "age > 3", "then": 1}]},
            "no rule may match, and there is no default",
        ),
        (
            {"type": "conditional", "rules": [{"if": "age > 3", "then": "old"}], "default": 0},
            "some of its values are text and others numbers",
        ),
        ({"type": "conditional", "rules": [{"if": "age >", "then": 1}], "default": 0}, '"age >" is not an expression'),
        (
            {
                "type": "conditional",
                "rules": [{"if": {"field": "age", "operator": "above", "value": 3}, "then": 1}],
                "default": 0,
            },
            "operator",
        ),
        ({"type": "normal", "mean": "import os", "sd": 1}, "attributes.x.mean"),
    ],
)
def test_a_distribution_that_cannot_be_is_refused_when_it_is_read(written, said):
    assert said in refusal(written)


@pytest.mark.parametrize("weights", [{"a": 0.5, "b": 0.505}, {"a": 0.5, "b": 0.495}])
def test_weights_within_one_percent_are_taken_in_proportion(weights):
    chosen = sampled({"type": "categorical", "weights": weights})
    assert stats.binomtest(int((chosen == "a").sum()), ROWS, 0.5 / sum(weights.values())).pvalue > UNLIKELY


WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn"]), min_size=1, max_size=5)


@given(st.dictionaries(WORDS, st.integers(0, 100), min_size=1, max_size=12), st.integers(0, 10**6))
def test_samples_are_among_the_values_that_have_a_weight(weights, seed):
    total = sum(weights.values())
    assume(total > 0)
    written = {"type": "categorical", "weights": {name: weight / total for name, weight in weights.items()}}
    assert set(sampled(written, seed, 200).to_pylist()) <= {name for name, weight in weights.items() if weight}
