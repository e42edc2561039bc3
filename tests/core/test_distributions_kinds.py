"""Every kind of distribution against scipy.stats: values, probabilities, moments, bounds.

Samples are of fixed seeds. Each is compared by a test that rejects an honest sample once in a million times, so that a
new seed for all of them would fail once in ten thousand.
"""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from clinic import adults, run
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import integrate, stats
from written import amounts, compiled

from healthsim_core import Draws, Text
from healthsim_core.distributions.counts import NEGATIVE_BINOMIAL, POISSON
from healthsim_core.spec.bounds import LEAST

ROWS = 20_000
UNLIKELY = 1e-6
UNITS = (np.arange(2_000) + 0.5) / 2_000


def uniforms(name, rows=ROWS, seed=11):
    return Draws(seed, "test", np.arange(rows)).uniform(name)


CONTINUOUS = [
    ({"type": "normal", "mean": 7, "sd": 2}, stats.norm(7, 2)),
    ({"type": "log_normal", "mean": 100, "sd": 50}, stats.lognorm(np.sqrt(np.log(1.25)), scale=100 / np.sqrt(1.25))),
    ({"type": "log_normal", "mu": 1, "sigma": 0.5}, stats.lognorm(0.5, scale=np.e)),
    ({"type": "uniform", "min": -2, "max": 3}, stats.uniform(-2, 5)),
    ({"type": "beta", "alpha": 2, "beta": 5}, stats.beta(2, 5)),
    ({"type": "beta", "alpha": 0.5, "beta": 0.7, "low": 10, "high": 20}, stats.beta(0.5, 0.7, 10, 10)),
    ({"type": "gamma", "shape": 2.5, "scale": 3}, stats.gamma(2.5, scale=3)),
    ({"type": "gamma", "mean": 6, "sd": 2}, stats.gamma(9, scale=2 / 3)),
    ({"type": "exponential", "rate": 0.25}, stats.expon(scale=4)),
    ({"type": "exponential", "mean": 4}, stats.expon(scale=4)),
    ({"type": "weibull", "shape": 1.7, "scale": 3}, stats.weibull_min(1.7, scale=3)),
    ({"type": "triangular", "min": 1, "mode": 3, "max": 8}, stats.triang(2 / 7, 1, 7)),
    ({"type": "triangular", "min": 1, "mode": 1, "max": 8}, stats.triang(0, 1, 7)),
]
TRUNCATED = [
    ({"type": "normal", "mean": 7, "sd": 2, "min": 10}, stats.norm(7, 2)),
    ({"type": "log_normal", "mu": 1, "sigma": 1, "min": 2, "max": 9}, stats.lognorm(1, scale=np.e)),
    ({"type": "beta", "alpha": 2, "beta": 5, "low": 10, "high": 20, "min": 16, "max": 19}, stats.beta(2, 5, 10, 10)),
    ({"type": "gamma", "shape": 2, "scale": 3, "min": 60}, stats.gamma(2, scale=3)),
    ({"type": "gamma", "shape": 2, "scale": 3, "max": 1}, stats.gamma(2, scale=3)),
    ({"type": "exponential", "mean": 1, "min": 100, "max": 104}, stats.expon()),
    ({"type": "weibull", "shape": 1.7, "scale": 3, "min": 20, "max": 30}, stats.weibull_min(1.7, scale=3)),
    ({"type": "triangular", "low": 1, "mode": 3, "high": 8, "min": 7, "max": 7.5}, stats.triang(2 / 7, 1, 7)),
]
COUNTS = [
    ({"type": "poisson", "mean": 3.3}, stats.poisson(3.3)),
    ({"type": "poisson", "mean": 100_000}, stats.poisson(100_000)),
    ({"type": "negative_binomial", "mean": 3, "dispersion": 0.7}, stats.nbinom(1 / 0.7, 1 / 3.1)),
    ({"type": "negative_binomial", "n": 2.5, "p": 0.05}, stats.nbinom(2.5, 0.05)),
]
TRUNCATED_COUNTS = [
    ({"type": "poisson", "mean": 3, "min": 20}, stats.poisson(3)),
    ({"type": "poisson", "mean": 30, "max": 2}, stats.poisson(30)),
    ({"type": "poisson", "mean": 2, "min": 1, "max": 6}, stats.poisson(2)),
    ({"type": "negative_binomial", "mean": 3, "dispersion": 1, "min": 2, "max": 5}, stats.nbinom(1, 0.25)),
]


def named(case):
    return "-".join(str(part) for part in case[0].values())


def shares_within(law, values, low, high):
    """P(X <= value | low <= X <= high), from the side on which it is exact."""
    if np.isfinite(low) and law.cdf(low) > 0.5:
        return 1 - (law.sf(values) - law.sf(high)) / (law.sf(low) - law.sf(high))
    return (law.cdf(values) - law.cdf(low)) / (law.cdf(high) - law.cdf(low))


def bounds(written):
    return (
        (written.get("min", -np.inf), written.get("max", np.inf)) if written["type"] != "uniform" else (-np.inf, np.inf)
    )


@pytest.mark.parametrize(("written", "law"), CONTINUOUS + TRUNCATED, ids=map(named, CONTINUOUS + TRUNCATED))
def test_a_continuous_sample_is_distributed_as_stated(written, law):
    shares = shares_within(law, compiled(written).sample(uniforms("x"), {}), *bounds(written))
    assert stats.kstest(shares, stats.uniform.cdf).pvalue > UNLIKELY


@pytest.mark.parametrize(("written", "law"), CONTINUOUS, ids=map(named, CONTINUOUS))
def test_a_continuous_distribution_knows_its_moments_quantiles_and_probabilities(written, law):
    made = compiled(written)
    assert (made.mean, made.variance) == pytest.approx((law.mean(), law.var()), rel=1e-9)
    np.testing.assert_allclose(made.quantile(UNITS), law.ppf(UNITS), rtol=1e-9)
    np.testing.assert_allclose(made.cdf(law.ppf(UNITS), {}), UNITS, rtol=1e-9)
    assert made.continuous


@pytest.mark.parametrize(("written", "law"), TRUNCATED, ids=map(named, TRUNCATED))
def test_a_truncated_distribution_knows_its_moments(written, law):
    low, high = bounds(written)
    ends = max(low, law.ppf(0)), min(high, law.isf(law.sf(low) * 1e-20) if np.isfinite(low) else law.isf(1e-18))
    mass = integrate.quad(law.pdf, *ends, epsabs=0)[0]
    mean = integrate.quad(lambda x: x * law.pdf(x), *ends, epsabs=0)[0] / mass
    variance = integrate.quad(lambda x: (x - mean) ** 2 * law.pdf(x), *ends, epsabs=0)[0] / mass
    assert (compiled(written).mean, compiled(written).variance) == pytest.approx((mean, variance), rel=1e-6)


@pytest.mark.parametrize(("written", "law"), TRUNCATED, ids=map(named, TRUNCATED))
def test_a_truncated_distribution_stays_within_its_bounds_without_a_pile_up(written, law):
    values = compiled(written).sample(uniforms("x"), {})
    low, high = bounds(written)
    assert low <= values.min() and values.max() <= high
    assert len(np.unique(values)) > 0.99 * ROWS


@pytest.mark.parametrize(("written", "law"), COUNTS, ids=map(named, COUNTS))
def test_counts_are_distributed_as_stated(written, law):
    made = compiled(written)
    np.testing.assert_array_equal(made.sample(UNITS, {}), law.ppf(UNITS))
    counts = np.arange(law.ppf(1e-9), law.ppf(1 - 1e-9))
    np.testing.assert_allclose(made.cdf(counts, {}), law.cdf(counts), atol=1e-9)
    np.testing.assert_allclose(made.below(counts, {}), law.cdf(counts - 1), atol=1e-9)
    assert (made.mean, made.variance) == pytest.approx((law.mean(), law.var()), rel=1e-6)


@pytest.mark.parametrize(("written", "law"), TRUNCATED_COUNTS, ids=map(named, TRUNCATED_COUNTS))
def test_truncated_counts_have_the_probabilities_of_what_is_left(written, law):
    counts = np.arange(written.get("min", 0), written.get("max", 400) + 1)
    masses = np.exp(law.logpmf(counts) - law.logpmf(counts).max())
    masses /= masses.sum()
    made = compiled(written)
    np.testing.assert_allclose(made.cdf(counts, {}), np.cumsum(masses), atol=1e-12)
    assert made.mean == pytest.approx(masses @ counts, rel=1e-9)
    sampled = made.sample(uniforms("x"), {})
    assert counts[0] <= sampled.min() and sampled.max() <= counts[-1]


LAWS_BY_ROW = [
    ({"type": "gamma", "mean": "m", "sd": "m / 2"}, lambda m: stats.gamma(4, scale=m / 4)),
    ({"type": "exponential", "rate": "1 / m"}, lambda m: stats.expon(scale=m)),
    ({"type": "weibull", "shape": 1.5, "scale": "m"}, lambda m: stats.weibull_min(1.5, scale=m)),
    ({"type": "beta", "alpha": "m", "beta": 2}, lambda m: stats.beta(m, 2)),
    ({"type": "log_normal", "mu": "log(m)", "sigma": 0.4}, lambda m: stats.lognorm(0.4, scale=m)),
    ({"type": "poisson", "mean": "m"}, lambda m: stats.poisson(m)),
    ({"type": "negative_binomial", "mean": "m", "dispersion": 0.6}, lambda m: stats.nbinom(1 / 0.6, 1 / (1 + 0.6 * m))),
    ({"type": "negative_binomial", "n": "m", "p": 0.3}, lambda m: stats.nbinom(m, 0.3)),
]


@pytest.mark.parametrize(("written", "law"), LAWS_BY_ROW, ids=map(named, LAWS_BY_ROW))
def test_parameters_may_differ_from_row_to_row(written, law):
    made, m = compiled(written), 10 ** np.linspace(-1, 3, len(UNITS))
    units = uniforms("x", len(UNITS))
    np.testing.assert_allclose(made.sample(units, {"m": m}), law(m).ppf(units), rtol=1e-9)
    np.testing.assert_allclose(made.cdf(m, {"m": m}), law(m).cdf(m), rtol=1e-9, atol=1e-12)
    assert made.names == {"m"} and made.mean is None and made.variance is None and made.quantile(UNITS) is None


def test_a_missing_or_impossible_parameter_gives_no_value():
    for written in (
        {"type": "gamma", "shape": "m", "scale": 1},
        {"type": "poisson", "mean": "m"},
        {"type": "normal", "mean": "m", "sd": 1},
    ):
        values = compiled(written).sample(np.full(2, 0.5), {"m": np.array([np.nan, 2.0])})
        assert np.isnan(values).tolist() == [True, False]


positive = st.floats(0.1, 50)
WRITTEN = st.one_of(
    st.builds(lambda a, b: {"type": "gamma", "shape": a, "scale": b}, positive, positive),
    st.builds(lambda a, b: {"type": "beta", "alpha": a, "beta": b, "low": 0, "high": 60}, positive, positive),
    st.builds(lambda a, b: {"type": "weibull", "shape": a, "scale": b}, st.floats(0.3, 10), positive),
    st.builds(lambda a: {"type": "exponential", "mean": a}, positive),
    st.builds(lambda a, b: {"type": "triangular", "low": -a, "mode": 0, "high": b}, positive, positive),
    st.builds(lambda a, b: {"type": "log_normal", "mean": a, "sd": b}, positive, positive),
    st.builds(
        lambda values: {"type": "empirical", "edges": values, "counts": [1 + i % 3 for i in range(len(values) - 1)]},
        st.lists(amounts(-50, 50), min_size=2, max_size=8, unique=True).map(sorted),
    ),
)


@given(
    written=WRITTEN, ends=st.tuples(st.floats(0.001, 0.999), st.floats(0.001, 0.999)), unit=st.floats(1e-9, 1 - 1e-9)
)
@settings(deadline=None)
def test_truncated_or_not_the_probability_of_a_value_is_its_uniform_and_it_rises(written, ends, unit):
    low, high = compiled(written).quantile(np.sort(ends))
    assume(min(abs(low), abs(high)) >= LEAST)  # what a document may hold
    for bound in ({}, {"min": low}, {"max": high}, {"min": low, "max": high}):
        if bound and bound.get("min", -1e9) >= bound.get("max", 1e9):
            continue
        made = compiled({**written, **bound})
        value = made.sample(np.array([unit]), {})
        step = 4 * np.spacing(np.abs(value)) + 1e-300
        assert made.cdf(value - step, {})[0] - 1e-9 <= unit <= made.cdf(value + step, {})[0] + 1e-9
        assert (np.diff(made.sample(UNITS, {})) >= 0).all()


@given(
    mean=st.floats(0.001, 5_000),
    dispersion=st.floats(0.001, 20),
    unit=st.floats(1e-12, 1 - 1e-12),
    low=st.integers(0, 40),
)
@settings(deadline=None)
def test_a_count_is_the_least_whose_probability_reaches_the_uniform(mean, dispersion, unit, low):
    for written in (
        {"type": "poisson", "mean": "m"},
        {"type": "negative_binomial", "mean": "m", "dispersion": dispersion},
    ):
        made, columns = compiled({**written, "max": low + 4_000}), {"m": np.array([mean])}
        value = made.sample(np.array([unit]), columns)
        assert made.below(value, columns)[0] - 1e-9 <= unit <= made.cdf(value, columns)[0] + 1e-9


@pytest.mark.parametrize(
    ("law", "parameters", "truth"),
    [(POISSON, (2.5,), stats.poisson(2.5)), (NEGATIVE_BINOMIAL, (1.5, 0.3), stats.nbinom(1.5, 0.3))],
    ids=["poisson", "negative binomial"],
)
def test_both_tails_of_a_law_of_counts_are_exact(law, parameters, truth):
    counts = np.arange(-2.0, 60)
    np.testing.assert_allclose(law.cdf(counts, *parameters), truth.cdf(counts), rtol=1e-9)
    np.testing.assert_allclose(law.sf(counts, *parameters), truth.sf(counts), rtol=1e-9)


EVERY_KIND = [
    *(written for written, _ in CONTINUOUS + TRUNCATED + COUNTS + TRUNCATED_COUNTS),
    *(written for written, _ in LAWS_BY_ROW),
    {"type": "constant", "value": 5},
    {"type": "constant", "value": True},
    {"type": "categorical", "weights": {"mild": 0.2, "severe": 0.5, "moderate": 0.3}},
    {"type": "explicit", "values": [{"value": 9, "weight": 1}, {"value": 1, "weight": 3}, {"value": 5, "weight": 0}]},
    {"type": "explicit", "values": [True, False, True]},
    {"type": "age_bands", "bands": {"65+": 0.5, "0-17": 0.4, "40": 0.1}},
    {"type": "uniform", "min": 3, "max": 3},
    {"type": "normal", "mean": "m", "sd": 0},
    {"type": "empirical", "quantiles": {"0": 1, "0.2": 1, "0.5": 2, "0.9": 4, "1": 30}},
    {"type": "empirical", "quantiles": {"0": 1, "0.2": 1, "0.5": 2, "0.9": 4, "1": 30}, "min": 1.5, "max": 10},
    {"type": "empirical", "edges": [0, 1, 2, 5, 10], "counts": [5, 0, 3, 2]},
    {"type": "zero_inflated", "probability": 0.3, "distribution": {"type": "gamma", "mean": 10, "sd": 5}},
    {"type": "zero_inflated", "probability": 0.3, "distribution": {"type": "poisson", "mean": 2}},
    {"type": "zero_inflated", "probability": 0.3, "distribution": {"type": "explicit", "values": [1, 2]}},
    {"type": "zero_inflated", "probability": "1 / (1 + m)", "distribution": {"type": "normal", "mean": 0, "sd": 1}},
    {"type": "mixture", "components": [
        {"weight": 0.6, "distribution": {"type": "normal", "mean": 0, "sd": 1}}, {"weight": 0.1, "distribution": 2},
        {"weight": 0.3, "distribution": {"type": "gamma", "mean": 4, "sd": 1}}]},
    {"type": "mixture", "components": [
        {"weight": 0.5, "distribution": {"type": "categorical", "weights": {"b": 0.5, "a": 0.5}}},
        {"weight": 0.5, "distribution": {"type": "conditional", "rules": [{"if": "m > 10", "then": "c"}],
                                         "default": "a"}}]},
    {"type": "conditional", "rules": [{"if": "m > 10", "then": {"type": "uniform", "min": 1, "max": 2}},
                                      {"if": "m > 1", "then": 7}],
     "default": {"type": "poisson", "mean": "m"}},
    {"type": "date", "between": ["2020-01-30", "2020-03-02"]},
    {"type": "date", "around": "2020-02-28", "days": {"type": "normal", "mean": 0, "sd": 10, "min": -30}},
    {"type": "date", "around": "day", "days": {"type": "poisson", "mean": 3}},
]  # fmt: skip


@pytest.mark.parametrize("written", EVERY_KIND, ids=lambda written: written["type"])
def test_between_below_and_cdf_lies_a_uniform_for_every_kind(written):
    made = compiled(written)
    columns = {"m": 10 ** (3 * uniforms("m")), "day": np.datetime64("2021-01-01") + np.arange(ROWS) % 700}
    values = made.sample(uniforms("x"), columns)
    under, upto = made.below(values, columns), made.cdf(values, columns)
    assert (under <= upto).all()
    assert stats.kstest(under + uniforms("v") * (upto - under), stats.uniform.cdf).pvalue > UNLIKELY
    assert made.continuous == bool((under == upto).all())


@pytest.mark.parametrize("written", EVERY_KIND, ids=lambda written: written["type"])
def test_a_distribution_says_of_what_kind_its_values_are(written):
    columns = {"m": np.ones(3), "day": np.full(3, np.datetime64("2021-01-01"))}
    values = compiled(written).sample(np.array([0.1, 0.5, 0.9]), columns)
    kinds = {"f": "number", "b": "boolean", "M": "date"}
    assert compiled(written).kind == ("text" if isinstance(values, Text) else kinds[values.dtype.kind])


FIXED = [written for written in EVERY_KIND if not compiled(written).names and compiled(written).kind != "text"]


@pytest.mark.parametrize("written", FIXED, ids=lambda written: written["type"])
def test_moments_and_quantiles_are_those_of_a_large_sample(written):
    made, units = compiled(written), (np.arange(200_000) + 0.5) / 200_000
    values = made.sample(units, {})
    values = (values.astype("datetime64[D]").astype(int) if values.dtype.kind == "M" else values).astype(float)
    assert made.mean == pytest.approx(values.mean(), rel=5e-3, abs=1e-9)
    assert made.variance == pytest.approx(values.var(), rel=2e-2, abs=1e-9)
    shares = np.array([0.013, 0.217, 0.501, 0.743, 0.981])
    np.testing.assert_allclose(
        made.quantile(shares), np.quantile(values, shares, method="inverted_cdf"), rtol=1e-3, atol=1e-3
    )


@pytest.mark.parametrize("written", FIXED, ids=lambda written: written["type"])
def test_probabilities_where_they_are_known_are_those_of_the_values(written):
    made = compiled(written)
    table = made.probabilities()
    if table is None:
        assert made.kind in ("number", "date")
        return
    assert sum(table.values()) == pytest.approx(1)
    values = np.array(sorted(table), float)
    np.testing.assert_allclose(
        made.cdf(values, {}), list(itertools.accumulate(table[value] for value in sorted(table))), atol=1e-12
    )


def test_a_table_of_texts_gives_their_probabilities():
    parts = [
        {"weight": 0.5, "distribution": {"type": "categorical", "weights": {"b": 0.5, "a": 0.5}}},
        {"weight": 0.5, "distribution": "a"},
    ]
    assert compiled({"type": "mixture", "components": parts}).probabilities() == {"b": 0.25, "a": 0.75}


def test_a_table_with_more_zeros_has_those_and_less_of_the_rest():
    written = {"type": "zero_inflated", "probability": 0.3, "distribution": {"type": "explicit", "values": [0, 2]}}
    assert compiled(written).probabilities() == pytest.approx({0: 0.65, 2: 0.35})


def test_zero_is_as_common_as_stated_and_the_rest_as_distributed():
    values = compiled(
        {"type": "zero_inflated", "probability": 0.3, "distribution": {"type": "gamma", "mean": 10, "sd": 5}}
    ).sample(uniforms("x"), {})
    assert stats.binomtest(int((values == 0).sum()), ROWS, 0.3).pvalue > UNLIKELY
    assert stats.kstest(values[values > 0], stats.gamma(4, scale=2.5).cdf).pvalue > UNLIKELY


def test_derived_values_are_computed_and_keep_their_kind():
    columns = {"kg": np.array([80.0, np.nan]), "m": np.array([2.0, 2.0]), "sex": Text.of(["F", None])}
    unit = np.full(2, 0.5)
    assert compiled({"type": "derived", "expression": "kg / (m * m)"}).sample(unit, columns)[0] == 20
    assert compiled({"type": "derived", "expression": "kg > 70 and sex == 'F'"}).sample(unit, columns).tolist() == [
        True,
        False,
    ]
    assert compiled({"type": "derived", "expression": "sex"}).sample(unit, columns).to_pylist() == ["F", None]
    assert compiled({"type": "derived", "expression": "kg"}).sample(unit, columns).tolist()[0] == 80


def test_a_date_follows_the_date_of_its_row():
    columns = {"day": np.array(["2021-01-30", "NaT"], "datetime64[D]")}
    made = compiled({"type": "date", "around": "day", "days": {"type": "explicit", "values": [2]}})
    assert made.sample(np.full(2, 0.5), columns).astype(str).tolist() == ["2021-02-01", "NaT"]


def test_days_between_two_dates_are_alike():
    days = compiled({"type": "date", "between": ["2020-02-27", "2020-03-01"]}).sample(uniforms("x"), {})
    found, counts = np.unique(days, return_counts=True)
    assert found.astype(str).tolist() == ["2020-02-27", "2020-02-28", "2020-02-29", "2020-03-01"]
    assert stats.chisquare(counts).pvalue > UNLIKELY


OUTCOMES = [
    {"type": "date", "around": "start_date", "days": {"type": "poisson", "mean": 3}},
    {"type": "derived", "expression": "age > 50"},
    {
        "type": "zero_inflated",
        "probability": 0.5,
        "distribution": {"type": "negative_binomial", "mean": 3, "dispersion": 1},
    },
]


@pytest.mark.parametrize("written", OUTCOMES, ids=lambda written: written["type"])
def test_an_outcome_may_be_of_any_kind_and_is_read_by_what_follows(written):
    first = {"event_id": "first", "event_type": "milestone", "outcomes": {"it": written}}
    later = {"event_id": "later", "event_type": "milestone", "depends_on": "first", "conditions": ["it is not None"]}
    assert run(adults(), first, later, count=50).timeline.num_rows == 100
