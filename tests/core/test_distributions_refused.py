"""What no distribution can be is refused before anything is made: where it stands, what is wrong,
and what to write instead."""

from __future__ import annotations

import pytest

from healthsim_core.distributions import compile_distribution
from healthsim_core.errors import SpecificationError
from healthsim_core.spec import ProfileSpecification


def refusal(written):
    with pytest.raises(SpecificationError) as error:
        compile_distribution(ProfileSpecification.read({"attributes": {"x": written}}).attributes["x"], "attributes.x")
    return str(error.value)


def part(weight, distribution=1):
    return {"weight": weight, "distribution": distribution}


REFUSED = [
    (
        {"type": "log_normal", "mean": 5},
        'attributes.x: the parameters are "mean".\n  Give either "mean" and "sd", or "mu" and "sigma"',
    ),
    ({"type": "log_normal", "mean": 5, "sd": 1, "mu": 1}, 'Give either "mean" and "sd", or "mu" and "sigma"'),
    ({"type": "log_normal", "mu": 1, "sigma": -1}, "attributes.x.sigma: -1 is below 0"),
    ({"type": "beta", "alpha": 0, "beta": 1}, "attributes.x.alpha: 0 is not above 0"),
    ({"type": "beta", "alpha": 1, "beta": 1, "low": 3, "high": 2}, "low 3 is not below high 2"),
    ({"type": "beta", "alpha": 1, "beta": 1, "min": 3}, "attributes.x: no value lies within min 3"),
    ({"type": "gamma", "shape": 1}, 'Give either "shape" and "scale", or "mean" and "sd"'),
    ({"type": "gamma", "mean": 1, "sd": -1}, "attributes.x.sd: a standard deviation is not negative"),
    ({"type": "gamma", "mean": 1, "sd": 0}, "attributes.x.sd: a gamma distribution without deviation is a constant"),
    ({"type": "gamma", "shape": 1, "scale": 1, "max": -2}, "attributes.x: no value lies within max -2"),
    ({"type": "gamma", "shape": 1, "scale": 1, "min": 3, "max": 2}, "min 3 is not below max 2"),
    ({"type": "exponential", "rate": 1, "mean": 1}, 'Give either "rate", or "mean"'),
    ({"type": "exponential"}, 'Give either "rate", or "mean"'),
    ({"type": "weibull", "shape": 1}, 'attributes.x.scale: the field "scale" is missing'),
    ({"type": "triangular", "mode": 1}, 'attributes.x: a triangular distribution has two ends, and "min" is missing'),
    ({"type": "triangular", "min": 2, "mode": 1, "max": 3}, "the mode 1 does not lie between 2 and 3"),
    ({"type": "empirical"}, 'Give either "quantiles", or "edges" and "counts"'),
    ({"type": "empirical", "quantiles": {"0.5": 1}}, 'the least value is missing.\n  Give the quantile "0"'),
    ({"type": "empirical", "quantiles": {"0": 1, "1.5": 2}}, '"1.5" is above 1'),
    ({"type": "empirical", "quantiles": {"0": 1, "0.5": 3, "1": 2}}, "Let them rise with their probabilities"),
    ({"type": "empirical", "edges": [1, 2], "counts": [1, 2]}, "2 counts have 3 edges, not 2"),
    ({"type": "empirical", "edges": [1, 1], "counts": [1]}, "edges[1]: the edge 1 is not above the one before, 1"),
    ({"type": "empirical", "edges": [1, 2], "counts": [0]}, "all counts are zero"),
    ({"type": "empirical", "edges": [1, 2], "counts": [1], "min": 5}, "no value lies within min 5"),
    ({"type": "poisson", "mean": -1}, "attributes.x.mean: -1 is below 0"),
    ({"type": "poisson", "mean": 1, "min": 3, "max": 2}, "min 3 is above max 2"),
    ({"type": "poisson", "mean": 0, "min": 3}, "no value lies within min 3"),
    ({"type": "poisson", "mean": 1e15}, "its counts spread over more than 1,000,000 values"),
    ({"type": "negative_binomial", "mean": 1, "p": 0.5}, 'Give either "mean" and "dispersion", or "n" and "p"'),
    ({"type": "negative_binomial", "n": 1, "p": 1.5}, "attributes.x.p: 1.5 is above 1"),
    ({"type": "zero_inflated", "probability": 1.5, "distribution": 1}, "attributes.x.probability: 1.5 is above 1"),
    (
        {"type": "zero_inflated", "probability": 0.5, "distribution": "a"},
        "attributes.x.distribution: its values are a text, not a number",
    ),
    ({"type": "mixture", "components": []}, "there are no weights"),
    ({"type": "mixture", "components": [part(0.5), part(0.2)]}, "the weights sum to 0.7"),
    ({"type": "mixture", "components": [part(0.5), part(0.5, "a")]}, "some of its values are text and others numbers"),
    ({"type": "mixture", "components": [part(0.5), part(0.5, {"type": "gama"})]}, 'Did you mean "gamma"?'),
    (
        {"type": "mixture", "components": [part(1, {"type": "gamma", "shape": -1, "scale": 1})]},
        "components[0].distribution.shape: -1 is not above 0",
    ),
    ({"type": "date", "between": ["2020-01-01"]}, "attributes.x.between"),
    ({"type": "date", "between": ["2020-13-01", "2021-01-01"]}, 'attributes.x.between[0]: "2020-13-01" is not a date'),
    ({"type": "date", "between": ["2021-01-01", "2020-01-01"]}, "2021-01-01 is after 2020-01-01"),
    ({"type": "date", "around": "2021-01-01"}, 'Give either "between", or "around" and "days"'),
    (
        {"type": "date", "around": "2021-01-01", "days": "many"},
        "attributes.x.days: its values are a text, not a number",
    ),
    ({"type": "derived", "expression": "age +"}, 'attributes.x.expression: "age +" is not an expression'),
    ({"type": "age_bands", "bands": {"0-5000": 1}}, "goes beyond 120"),
    ({"type": "gamma", "shape": "1 +", "scale": 1}, 'attributes.x.shape: "1 +" is not an expression'),
]


@pytest.mark.parametrize(
    ("written", "said"), REFUSED, ids=[f"{written['type']}: {said[:40]}" for written, said in REFUSED]
)
def test_it_is_refused_with_its_path_and_a_remedy(written, said):
    assert said in refusal(written)
