"""The exported JSON Schema takes what the reader takes: every shipped document,
every form in which something may be written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator

from healthsim_core.catalog import default_catalog
from healthsim_core.cli import cli
from healthsim_core.errors import SpecificationError
from healthsim_core.spec import JourneySpecification, PlanSpecification, ProfileSpecification, ScenarioSpecification

READERS = {
    "profile": ProfileSpecification,
    "journey": JourneySpecification,
    "scenario": ScenarioSpecification,
    "plan": PlanSpecification,
}
EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.json"))


@pytest.fixture(scope="module")
def schemas() -> dict[str, Draft202012Validator]:
    """The schemas as the command prints them."""
    printed = {kind: json.loads(CliRunner().invoke(cli, ["schema", kind]).output) for kind in READERS}
    return {kind: Draft202012Validator(schema) for kind, schema in printed.items()}


def shipped() -> list[tuple[str, Any]]:
    """Kind and document of every template and example."""
    catalog = default_catalog()
    found = [("profile", offer.specification) for offer in catalog.profiles.values()]
    found += [("journey", offer.specification) for offer in catalog.journeys.values()]
    found += [("plan", offer.design) for offer in catalog.plans.values()]
    found += [("scenario", path) for path in EXAMPLES]
    return [
        (kind, json.loads(each.read_text(encoding="utf-8") if isinstance(each, Path) else json.dumps(each)))
        for kind, each in found
    ]


@pytest.mark.parametrize("kind", READERS)
def test_the_schema_is_one(schemas: dict[str, Draft202012Validator], kind: str) -> None:
    Draft202012Validator.check_schema(schemas[kind].schema)


@pytest.mark.parametrize(("written", "fits"), [
    ({"type": "toolbox.gumbel", "mode": 1, "scale": 2, "min": 0}, True),
    ({"type": "toolbox.gumbel", "mode": 1, "scale": "age"}, True),
    ({"type": "toolbox.gumbel", "mode": 1}, False), ({"type": "toolbox.gumbel", "mode": 1, "scale": 0}, False),
    ({"type": "toolbox.gumbel", "mode": 1, "scale": 2, "skew": 1}, False), ({"type": "toolbox.gumble"}, False),
])  # fmt: skip
def test_the_schema_knows_the_distributions_of_plugins(
    schemas: dict[str, Draft202012Validator], written: dict[str, Any], fits: bool
) -> None:
    assert schemas["profile"].is_valid({"id": "a", "attributes": {"x": written}}) == fits


@pytest.mark.parametrize("kind", READERS)
def test_every_shipped_document_fits(schemas: dict[str, Draft202012Validator], kind: str) -> None:
    documents = [document for each, document in shipped() if each == kind]
    assert (
        documents and [error.json_path for document in documents for error in schemas[kind].iter_errors(document)] == []
    )


def x(**written: Any) -> dict[str, Any]:
    return {"attributes": {"x": written}}


def event(**fields: Any) -> dict[str, Any]:
    return {"id": "j", "duration_days": 3, "events": [{"id": "e", "event_type": "milestone", **fields}]}


def plan(**fields: Any) -> dict[str, Any]:
    return {"coverage_type": "Commercial", "kind": "commercial", "in": {}, **fields}


def term(**fields: Any) -> dict[str, Any]:
    return plan(**{"in": {"services": {"drug": fields}}})


def limits(**fields: Any) -> dict[str, Any]:
    return plan(**{"in": {"deductible": fields}})


RULE = {"then": 1}
FORMS = [
    ("profile", x(type="normal", mean=1, sd=2), True),
    ("profile", x(type="normal", mean=1, std_dev=2), True),
    ("profile", x(type="normal", mean=1, std_dev=2, sd=2), False),
    ("profile", x(type="normal", mean=1), False),
    ("profile", x(type="gamma", mean=1, std_dev=2), True),
    ("profile", x(value=3), True),
    ("profile", {"attributes": {"x": "word", "y": 3, "z": True}}, True),
    ("profile", x(type="explicit", values={"a": 1}), True),
    ("profile", x(type="explicit", values={"a": -1}), False),
    ("profile", x(type="explicit", values=[{"value": 1}, 2]), True),
    ("profile", x(type="explicit", values=3), False),
    ("profile", x(type="conditional", rules=[{**RULE, "when": "age > 3"}], default=2), True),
    ("profile", x(type="conditional", rules=[{**RULE, "if": {"field": "age", "value": 3}}], default=2), True),
    ("profile", x(type="conditional", rules=[{**RULE, "if": "age > 3", "when": "age > 3"}], default=2), False),
    ("profile", x(type="conditional", rules=[RULE], default=2), False),
    ("profile", {"correlate": {"attributes": ["a", "b"], "matrix": [[1, 0], [0, 1]]}}, True),
    ("profile", {"correlate": [{"attributes": ["a", "b"], "matrix": [[1, 0], [0, 1]]}]}, True),
    ("profile", {"journey": "a"}, True),
    (
        "profile",
        {"journeys": ["a", {"template": "b"}, {"id": "c"}, {"journey": "d"}, {"events": []}, {"inline": {}}]},
        True,
    ),
    ("profile", {"custom": {"x": 1}}, True),
    ("profile", {"custom": {}, "attributes": {}}, False),
    ("profile", {"demographics": {"gender": "F"}}, True),
    ("profile", {"demographics": {"gender": "F", "sex": "F"}}, False),
    ("profile", {"demographics": {"geography": {"county": "06073"}}}, True),
    ("profile", {"clinical": {"primary_condition": "E11", "conditions": ["I10", {"code": "N18"}]}}, True),
    ("profile", {"clinical": {"primary_condition": "diabetes"}}, False),
    ("profile", {"reference": {"code": "06073"}}, True),
    ("profile", {"reference": {}}, False),
    ("profile", {"nosuch": 1}, False),
    ("journey", event(), True),
    ("journey", {**event(), "journey_id": "j"}, False),
    ("journey", event(condition="age > 3"), True),
    ("journey", event(conditions={"field": "age", "value": 3}), True),
    ("journey", event(repeat={"every": {"days": 1}, "from": "schedule"}), True),
    ("journey", event(delay={"days": {"type": "poisson", "mean": 3}}), True),
    ("journey", event(delay={"days": [1, 3]}), True),
    ("journey", {"id": "j", "duration_days": 3, "branches": {"id": "b", "choices": [{"id": "x", "weight": 1}]}}, True),
    ("journey", {"id": "j", "duration_days": 3, "lifecycle": {"id": "l", "initial": "a", "states": {"a": {}}}}, True),
    ("profile", {"coverage": {"plans": {"Gold": plan(), "Silver": "silver.json"}}}, True),
    ("profile", {"coverage": {"plans": {"Gold": {"in": {}}}}}, False),
    ("profile", {"coverage": {"plans": {"": plan()}}}, False),
    ("profile", {"coverage": {"plans": {"Gold": 3}}}, False),
    ("plan", plan(), True),
    ("plan", {"coverage_type": "Commercial", "kind": "commercial"}, False),
    ("plan", plan(kind="charity"), False),
    ("plan", plan(deductable=5), False),
    ("plan", plan(default=True, individual=False, exempt_below_age=18, rules=["aca", "hsa"], out=None), True),
    ("plan", plan(default="yes"), False),
    ("plan", plan(default=1), False),
    ("plan", plan(exempt_below_age=121), False),
    ("plan", plan(exempt_below_age=2.5), False),
    ("plan", plan(rules=["erisa"]), False),
    ("plan", plan(out_of_network="denied"), True),
    ("plan", plan(out_of_network="paid"), False),
    ("plan", plan(filing={"P": "12", "I": "12", "R": "12"}), True),
    ("plan", plan(filing={"P": "12", "I": "12"}), False),
    ("plan", plan(insurance_line=["PPO"]), False),
    ("plan", plan(plan="x" * 101), False),
    ("plan", limits(individual=5, family=None, aggregate=False), True),
    ("plan", limits(individual={"2025": 5, "2026": None}), True),
    ("plan", limits(individual={}), False),
    ("plan", limits(individual={"25": 5}), False),
    ("plan", limits(individual=-1), False),
    ("plan", limits(individual="5"), False),
    ("plan", limits(individual=1e9), False),
    ("plan", term(copay=5, per="month", most=0.25), True),
    ("plan", term(copay={"2025": 5.5}, penalty=0, maximum=1500, covered=False), True),
    ("plan", term(copay={"2025": None}), False),
    ("plan", term(copay=None), False),
    ("plan", term(copay=True), False),
    ("plan", term(per="week"), False),
    ("plan", term(per="day", copay=5, days=5), True),
    ("plan", term(per="day", copay=5, days=0), False),
    ("plan", term(coinsurance=20), False),
    ("plan", term(most=-0.5), False),
    ("plan", term(tiers={"1": {"copay": 5}, "9": {"coinsurance": 1}}), True),
    ("plan", term(tiers={"10": {"copay": 5}}), False),
    ("plan", term(tiers={"1": {"tiers": {}}}), False),
    ("plan", plan(apart={"drugs": {"services": ["drug"], "deductible": {"individual": 5}}}), True),
    ("plan", plan(apart={"drugs": {"services": [], "deductible": {"individual": 5}}}), False),
    ("plan", plan(apart={"Drugs!": {"services": ["drug"], "deductible": {"individual": 5}}}), False),
]


@pytest.mark.parametrize(
    ("kind", "document", "fits"), FORMS, ids=[json.dumps(document)[:80] for _, document, _ in FORMS]
)
def test_the_schema_and_the_reader_agree(
    schemas: dict[str, Draft202012Validator], kind: str, document: dict[str, Any], fits: bool
) -> None:
    try:
        READERS[kind].read(document)
        read = True
    except SpecificationError:
        read = False
    assert (read, schemas[kind].is_valid(document)) == (fits, fits)
