"""What is wrong in one part of a specification is told at once, however many fields have to go together there."""

from __future__ import annotations

from typing import Any

import clinic
import pytest

from healthsim_core.catalog import default_catalog
from healthsim_core.errors import SpecificationError
from healthsim_core.generator import make_plan
from healthsim_core.planning.request import scenario_request


def places(profile: dict[str, Any]) -> list[str]:
    """Where the mistakes of a profile are."""
    with pytest.raises(SpecificationError) as refused:
        make_plan(profile, catalog=clinic.catalog(), count=1)
    return [mistake.where for mistake in refused.value.mistakes]


def x(written: Any) -> dict[str, Any]:
    return {"attributes": {"x": written}}


TOGETHER = [
    (
        x({"type": "empirical", "edges": [3, 2, 1], "counts": [0], "min": 2, "max": 1}),
        ["max", "edges[1]", "edges[2]", "counts", "edges"],
    ),
    (x({"type": "empirical", "quantiles": {"0.2": 3, "0.5": 2, "0.7": 1}}), ["quantiles"] * 4),
    (x({"type": "beta", "alpha": 1, "beta": 1, "low": 2, "high": 1, "min": 2, "max": 1}), ["max", "high"]),
    (x({"type": "log_normal", "mean": 5, "min": 2, "max": 1}), ["max", ""]),
    (x({"type": "triangular", "mode": 1}), ["", ""]),
    (x({"type": "age_bands", "bands": {"old": 0.5, "9-1": 0.2}}), ["bands", "bands.old", "bands.9-1"]),
    (x({"type": "explicit", "values": [{"value": 1, "weight": 0}, {"value": "a", "weight": 0}]}), ["values", "values"]),
    (x({"type": "normal", "mean": "nosuch +", "sd": "9 *"}), ["mean", "sd"]),
    (
        x({"type": "mixture", "components": [{"weight": 0.5, "distribution": {"type": "poisson", "mean": "1 +"}}] * 2}),
        ["components[0].distribution.mean", "components[1].distribution.mean"],
    ),
    (
        x({"type": "conditional", "rules": [{"if": "age >", "then": {"type": "derived", "expression": ")"}}]}),
        ["rules[0].if", "rules[0].then.expression", ""],
    ),
]


@pytest.mark.parametrize(
    ("profile", "within"), TOGETHER, ids=[profile["attributes"]["x"]["type"] for profile, _ in TOGETHER]
)
def test_a_distribution_tells_all_of_it(profile: dict[str, Any], within: list[str]) -> None:
    assert [place.removeprefix("attributes.x").removeprefix(".") for place in places(profile)] == within


def test_bands_of_a_prevalence_are_each_told() -> None:
    bands = {"clinical": {"conditions": [{"code": "E11", "prevalence": {"old": 0.1, "9-1": 0.2, "0-9": 0.3}}]}}
    assert places(bands) == [f"clinical.conditions[0].prevalence.{band}" for band in ("old", "9-1")]


def test_a_matrix_tells_all_of_it() -> None:
    group = {"attributes": ["age", "age", "b"], "matrix": [[1, 0.1, 0.2], [0.3, 0.5, 0.4], [0.2, 0.6, 1]]}
    assert places({"correlate": [group]}) == [
        f"correlate[0].{place}" for place in ("attributes[1]", "matrix[1][1]", "matrix[1][0]", "matrix[2][1]")
    ]


def test_rows_of_another_length_are_each_told() -> None:
    group = {"attributes": ["a", "b"], "matrix": [[1], [0, 1, 0]]}
    assert places({"correlate": [group]}) == ["correlate[0].matrix[0]", "correlate[0].matrix[1]"]


def test_attributes_that_cannot_be_correlated_are_each_told() -> None:
    group = {"attributes": ["nosuch", "x", "y"], "matrix": [[1, 0, 0], [0, 1, 0], [0, 0, 1]]}
    profile = {"attributes": {"x": 1, "y": {"type": "derived", "expression": "age"}}, "correlate": [group]}
    assert places(profile) == [f"correlate[0].attributes[{index}]" for index in range(3)]


def test_a_journey_that_is_given_again_is_refused_and_its_mistakes_are_told_once() -> None:
    wrong = clinic.journey(clinic.event("visit", "clinic_visit", probability=0.5, conditions=["agee > 3"]))
    with pytest.raises(SpecificationError) as refused:
        make_plan(clinic.adults(), [wrong, wrong, wrong], catalog=clinic.catalog(), count=1)
    told = [str(mistake) for mistake in refused.value.mistakes]
    assert sum("agee" in each for each in told) == 1
    assert sum("is given twice to the same person" in each for each in told) == 2


def test_a_template_that_a_document_names_often_is_read_once() -> None:
    profile = {"id": "family", "members": [{"role": "subscriber"}, {"role": "spouse"}]}
    named = [{"member": member, "template": "chronic-management"} for member in ("subscriber", "spouse", "spouse")]
    request = scenario_request({"scenario": "twice", "profile": profile, "journeys": named}, default_catalog())
    first, *others = [each.specification for each in request.journeys]
    assert len(others) == 2 and all(each is first for each in others)


def test_what_is_wrong_in_one_place_is_not_told_of_another_that_is_given_the_same_object() -> None:
    drugs = {"services": ["pharmacy"], "deductible": {"individual": 100}}
    plan = {
        "coverage_type": "Commercial", "kind": "commercial", "in": {}, "apart": {"drugs": drugs, "more": drugs},
    }  # fmt: skip

    assert places({"coverage": {"plans": {"Gold": plan}}}) == ["coverage.plans.Gold.apart.more.services[0]"]
