"""Whatever is written in a specification: one clear error, or a run; never anything else, and never for long."""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from from_schema import documents
from hypothesis import HealthCheck, given, settings
from mutations import mutated
from wide import MEMBERS, SETTINGS, WIDE_JOURNEY, WIDE_PROFILE

sys.path.insert(0, str(Path(__file__).parents[1]))

from coded import strange_codes

from healthsim_core.catalog import default_catalog
from healthsim_core.errors import HealthSimError
from healthsim_core.generator import generate
from healthsim_core.spec import JourneySpecification, PlanSpecification, ProfileSpecification, ScenarioSpecification

ROOT = Path(__file__).parents[2]
EXAMPLES = int(os.environ.get("HEALTHSIM_FUZZ_EXAMPLES", "100"))
LONGEST = 10.0  # seconds of work for one document; a run of three people takes a tenth of one
MOST_MEMORY = 1 << 30  # bytes that one document may add to the process; a run of three people adds a twentieth of them
# no warning of a library reaches a user either; one of Hypothesis is of a failure's own length
pytestmark = pytest.mark.filterwarnings("error", "ignore:Generating overly large repr")
FUZZ = settings(
    max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), derandomize=EXAMPLES <= 100
)


def _documents(offers: Any) -> list[dict[str, Any]]:
    found = [offer.specification for offer in offers.values()]
    return [json.loads(each.read_text(encoding="utf-8")) if isinstance(each, Path) else dict(each) for each in found]


PROFILES = _documents(default_catalog().profiles)
JOURNEYS = _documents(default_catalog().journeys)
SCENARIOS = [json.loads(path.read_text(encoding="utf-8")) for path in sorted((ROOT / "examples").glob("*.json"))]


def tried(**request: Any) -> str:
    """What the run of a document says: the error, or nothing. The document must not take long."""
    began = time.process_time()
    with memory_bound(MOST_MEMORY):
        try:
            assert strange_codes(generate(**request, count=3).tables) == []  # what is no error is right
            said = ""
        except HealthSimError as error:
            said = str(error).strip() or "nothing at all"
    assert said != "nothing at all"
    assert len(said) < 50_000
    assert time.process_time() - began < LONGEST
    return said


@contextmanager
def memory_bound(added: int) -> Iterator[None]:
    """The block may take so many bytes more than the process has; beyond them there is a MemoryError."""
    before = resource.getrlimit(resource.RLIMIT_AS)
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + added, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


@FUZZ
@given(mutated(PROFILES))
def test_a_profile_that_has_been_changed(document: dict[str, Any]) -> None:
    tried(profile=document, products=[])


@FUZZ
@given(mutated(JOURNEYS))
def test_a_journey_that_has_been_changed(document: dict[str, Any]) -> None:
    tried(profile="diabetic-senior", journey=document)


@FUZZ
@given(mutated(SCENARIOS))
def test_a_scenario_that_has_been_changed(document: dict[str, Any]) -> None:
    tried(scenario={**document, "outputs": []} if "outputs" in document else document)


@FUZZ
@given(mutated([WIDE_PROFILE]))
def test_a_profile_that_uses_all_distributions_has_been_changed(document: dict[str, Any]) -> None:
    tried(profile=document, products=[])


@FUZZ
@given(mutated([WIDE_JOURNEY]))
def test_a_journey_that_uses_all_patterns_has_been_changed(document: dict[str, Any]) -> None:
    tried(profile=WIDE_PROFILE, journey=document, products=["patientsim"])


@FUZZ
@given(documents(ProfileSpecification.model_json_schema(by_alias=True)))
def test_a_profile_that_its_schema_allows(document: dict[str, Any]) -> None:
    tried(profile=document, products=[])


@FUZZ
@given(documents(JourneySpecification.model_json_schema(by_alias=True)))
def test_a_journey_that_its_schema_allows(document: dict[str, Any]) -> None:
    tried(profile="diabetic-senior", journey=document, products=["patientsim"])


@FUZZ
@given(documents(PlanSpecification.model_json_schema(by_alias=True)))
def test_a_plan_of_benefits_that_its_schema_allows(document: dict[str, Any]) -> None:
    coverage = {"plan": "Gold", "plans": {"Gold": {**document, "plan": "Gold"}}}
    tried(profile={**MEMBERS, "coverage": coverage}, journey="member-year", products=["membersim", "rxmembersim"])


@FUZZ
@given(documents(ScenarioSpecification.model_json_schema(by_alias=True)))
def test_a_scenario_that_its_schema_allows(document: dict[str, Any]) -> None:
    tried(scenario={**document, "outputs": []})


@FUZZ
@given(mutated([SETTINGS]))
def test_settings_that_have_been_changed(products: dict[str, Any]) -> None:
    tried(profile={**MEMBERS, "products": products}, journey="member-year", products=["membersim", *SETTINGS])


@FUZZ
@given(mutated([MEMBERS]))
def test_a_plan_of_benefits_that_has_been_changed(profile: dict[str, Any]) -> None:
    tried(profile=profile, journey="member-year", products=["membersim"])


@pytest.mark.parametrize("document", PROFILES, ids=lambda document: document["id"])
def test_the_documents_themselves_run(document: dict[str, Any]) -> None:
    assert tried(profile=document, products=[]) == ""


def test_what_uses_everything_runs() -> None:
    assert tried(profile=WIDE_PROFILE, journey=WIDE_JOURNEY) == ""
    assert (
        tried(profile={**MEMBERS, "products": SETTINGS}, journey="member-year", products=["membersim", *SETTINGS]) == ""
    )
