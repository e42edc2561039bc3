"""Correlated attributes: each as it is stated alone, together as the matrix says."""

from __future__ import annotations

import numpy as np
import pytest
from clinic import adults, catalog
from scipy import stats

from healthsim_core.errors import SpecificationError
from healthsim_core.generation.executor import ProfileExecutor

UNLIKELY = 1e-6
WRITTEN = {
    "bmi": {"type": "normal", "mean": 28, "sd": 5},
    "sbp": {"type": "gamma", "mean": 130, "sd": 18},
    "visits": {"type": "poisson", "mean": 4},
    "shoe": {"type": "uniform", "min": 35, "max": 48},
}
MATRIX = [[1, 0.6, 0.4], [0.6, 1, 0.3], [0.4, 0.3, 1]]
PRESSURE = stats.gamma((130 / 18) ** 2, scale=18**2 / 130)
GROUP = {"attributes": ["bmi", "sbp", "visits"], "matrix": MATRIX}


def people(count=20_000, **profile):
    return ProfileExecutor(adults(**profile), count=count, catalog=catalog()).execute().entities


def refusal(**profile):
    with pytest.raises(SpecificationError) as error:
        people(1, **profile)
    return str(error.value)


def test_attributes_are_as_correlated_as_the_matrix_says():
    made = people(attributes=WRITTEN, correlate=[GROUP])
    bmi, sbp = (made[name].to_numpy() for name in ("bmi", "sbp"))
    of_ranks, _ = stats.spearmanr(bmi, sbp)
    assert abs(of_ranks - 6 / np.pi * np.arcsin(0.3)) < 5 / np.sqrt(20_000)
    assert abs(np.corrcoef(bmi, stats.norm.ppf(PRESSURE.cdf(sbp)))[0, 1] - 0.6) < 5 / np.sqrt(20_000)


def test_each_keeps_its_own_distribution():
    made = people(attributes=WRITTEN, correlate=[GROUP])
    assert stats.kstest(made["sbp"].to_numpy(), PRESSURE.cdf).pvalue > UNLIKELY
    assert abs(made["visits"].to_numpy().mean() - 4) < 5 * 2 / np.sqrt(20_000)


def test_whoever_is_not_in_a_group_draws_as_before_and_so_does_the_first_of_a_group():
    alone, together = people(500, attributes=WRITTEN), people(500, attributes=WRITTEN, correlate=GROUP)
    changed = {name for name in alone.column_names if not alone[name].equals(together[name])}
    assert changed == {"sbp", "visits"}


def test_a_person_does_not_depend_on_the_count_of_people():
    assert people(7, attributes=WRITTEN, correlate=GROUP).equals(
        people(60, attributes=WRITTEN, correlate=GROUP).slice(0, 7)
    )


def test_age_and_ordered_texts_may_be_correlated():
    stage = {"type": "categorical", "weights": {"mild": 0.5, "moderate": 0.3, "severe": 0.2}}
    made = people(
        attributes={"stage": stage}, correlate={"attributes": ["age", "stage"], "matrix": [[1, 0.7], [0.7, 1]]}
    )
    stages, ages = np.array(made["stage"].to_pylist()), made["age"].to_numpy()
    means = [ages[stages == name].mean() for name in ("mild", "moderate", "severe")]
    assert means == sorted(means)


def pair(first, second, correlation=0.5):
    return {"attributes": [first, second], "matrix": [[1, correlation], [correlation, 1]]}


@pytest.mark.parametrize(
    ("correlate", "said"),
    [
        (pair("bmi", "spb"), 'correlate[0].attributes[1]: no attribute is called "spb".\n  Did you mean "sbp"?'),
        ([GROUP, pair("bmi", "shoe")], 'correlate[1].attributes[0]: "bmi" is correlated in correlate[0] already'),
        (pair("bmi", "twice"), '"twice" is not drawn by chance'),
        (pair("bmi", "same"), '"same" is not drawn by chance'),
        (pair("bmi", "mixed"), 'the values of "mixed" are in no order'),
        (pair("bmi", "plan"), "plan are drawn once a household"),
        (pair("bmi", "bmi"), 'attributes[1]: "bmi" is named twice'),
        ({"attributes": ["bmi", "sbp"], "matrix": [[1, 0.5]]}, "matrix: the matrix has 1 rows for 2 attributes"),
        ({"attributes": ["bmi", "sbp"], "matrix": [[1, 0.5], [0.4, 1]]}, ('have two correlations, 0.5 above the '
                                                                          'diagonal and 0.4 below')),
        ({"attributes": ["bmi", "sbp"], "matrix": [[0.9, 0.5], [0.5, 1]]}, ('matrix[0][0]: "bmi" has a correlation '
                                                                            'of 0.9 with itself')),
        ({"attributes": ["bmi", "sbp"], "matrix": [[1, 1.5], [1.5, 1]]}, "correlate.matrix[0][1]: 1.5 is above 1."),
        (
            {"attributes": ["bmi", "sbp", "shoe"], "matrix": [[1, 0.9, -0.9], [0.9, 1, 0.9], [-0.9, 0.9, 1]]},
            "the correlations of bmi, sbp, shoe cannot hold together: the smallest eigenvalue of their matrix is -0.8",
        ),
    ],
)  # fmt: skip
def test_a_group_that_cannot_be_is_refused(correlate, said):
    mixed = {"type": "mixture", "components": [{"weight": 1, "distribution": {"type": "uniform", "min": 0, "max": 1}}]}
    more = {"twice": {"type": "derived", "expression": "2 * bmi"}, "same": 5, "mixed": mixed}
    assert said in refusal(attributes={**WRITTEN, **more}, correlate=correlate)
