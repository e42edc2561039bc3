"""The calls and commands that the documentation promises, as they are written there."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from healthsim_core import Namespace
from healthsim_core.cli import main

OSWALD = Path(__file__).parents[2] / "examples" / "oswald_family.json"
PROFILE = {
    "id": "seniors",
    "demographics": {"age": {"type": "uniform", "min": 65, "max": 90}},
    "generation": {"count": 20},
}
CONTRACT = Path(__file__).parents[3] / "shared" / "design" / "contract.md"


def healthsim(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    with pytest.raises(SystemExit) as stopped:
        main(list(arguments))
    said = capsys.readouterr()
    assert stopped.value.code == code, said.err
    return said.out


def test_a_profile_is_executed_and_passes_validation() -> None:
    from healthsim.generation import (  # noqa: F401
        JourneyEngine,
        ProfileExecutor,
        ProfileSpecification,
        ReferenceProfileResolver,
    )
    from healthsim.state import get_summary, persist  # noqa: F401

    spec = ProfileSpecification.model_validate(PROFILE)
    result = ProfileExecutor(spec).execute()
    assert result.validation.passed


def test_one_call_generates_persists_and_writes_two_formats(elsewhere: Path) -> None:
    from healthsim import generate

    result = generate(
        profile="medicare-diabetic",
        journey="diabetic-first-year",
        count=100,
        products=["patientsim", "membersim"],
        output_formats=["fhir_r4", "x12_837"],
        persist=True,
        seed=42,
    )
    assert result.validation.passed
    assert {"fhir_r4", "x12_837"} <= set(result.outputs)
    assert isinstance(result.entities, pa.Table) and isinstance(result.timeline, pa.Table)
    assert result.tables["membersim.claim"].num_rows > 0
    assert result.cohort == "medicare-diabetic"
    assert result.execution.seed == 42 and result.execution.as_of == "2026-01-01"


def test_a_product_generates_by_itself() -> None:
    from patientsim import generate as generate_patients

    patients = generate_patients(profile="diabetic-senior", journey="chronic-management", count=50)
    assert len(patients.entities) == 50


def test_a_product_s_executor_runs_its_template() -> None:
    from membersim.generation import (  # noqa: F401
        MEMBER_PROFILE_TEMPLATES,
        MemberProfileExecutor,
        create_member_profile,
    )

    result = MemberProfileExecutor(MEMBER_PROFILE_TEMPLATES["medicare-diabetic"]).execute()
    members = result.entities
    assert min(members["age"].to_pylist()) >= 65


def test_the_orchestrator_gives_people_with_timelines() -> None:
    from healthsim.generation import ProfileJourneyOrchestrator, ProfileSpecification

    spec = ProfileSpecification.model_validate({**PROFILE, "journeys": ["chronic-management"]})
    results = ProfileJourneyOrchestrator(spec).execute()
    assert set(results.timeline["person_id"].to_pylist()) <= set(results.entities["person_id"].to_pylist())


def test_a_hybrid_profile_takes_the_rest_from_its_place() -> None:
    from healthsim.generation import create_hybrid_profile

    profile = create_hybrid_profile({"type": "county", "fips": "48201"}, {"demographics": {"age": 70}})
    assert profile.demographics.race is not None and profile.demographics.age.value == 70


def test_profiles_are_saved_and_loaded() -> None:
    from healthsim.generation import ProfileSpecification
    from healthsim.state import load_profile, save_profile

    save_profile("mine", ProfileSpecification.model_validate(PROFILE))
    assert load_profile("mine").id == "seniors"


@pytest.mark.parametrize(
    ("product", "entity", "prefix"),
    [
        ("patientsim", "Patient", "PATIENT"),
        ("membersim", "Member", "MEMBER"),
        ("rxmembersim", "RxMember", "RX_MEMBER"),
        ("trialsim", "Subject", "SUBJECT"),
        ("populationsim", "Population", "POPULATION"),
        ("networksim", "Network", "NETWORK"),
    ],
)
def test_every_product_has_the_same_generation_module(product: str, entity: str, prefix: str) -> None:
    import importlib

    module, generation = importlib.import_module(product), importlib.import_module(f"{product}.generation")
    templates = getattr(generation, f"{prefix}_PROFILE_TEMPLATES")
    executor = getattr(generation, f"{entity}ProfileExecutor")
    assert callable(getattr(generation, f"create_{prefix.lower()}_profile")) and callable(module.generate)
    assert len(templates) >= 2
    assert len(executor(templates[next(iter(templates))], count=3).execute().entities) >= 3


def test_a_template_s_copy_may_be_changed() -> None:
    from membersim.generation import MEMBER_PROFILE_TEMPLATES

    MEMBER_PROFILE_TEMPLATES["medicare-diabetic"].id = "mine"
    assert MEMBER_PROFILE_TEMPLATES["medicare-diabetic"].id == "medicare-diabetic"


@pytest.mark.skipif(not CONTRACT.exists(), reason="the design documents are not beside this checkout")
def test_the_oswald_scenario_is_the_one_agreed() -> None:
    text = CONTRACT.read_text(encoding="utf-8").split("## The Oswald scenario")[1]
    assert json.loads(OSWALD.read_text(encoding="utf-8")) == json.loads(text.split("```json")[1].split("```")[0])


def test_ids_are_text_in_the_json_of_queries(capsys: pytest.CaptureFixture[str], elsewhere: Path) -> None:
    healthsim(
        capsys,
        "generate",
        "--profile",
        "adult-wellness",
        "--count",
        "3",
        "--cohort",
        "c",
        "--namespace",
        "clinic",
        "--quiet",
    )
    sql = "select 7 as some_id, person_id as who, 16 as low, age from core.person order by 2"
    rows = json.loads(healthsim(capsys, "cohorts", "query", sql, "--cohort", "c", "--json"))
    assert [row["who"] for row in rows] == [
        str(Namespace("clinic").outward(np.array([unit * 16]))[0]) for unit in (1, 2, 3)
    ]
    assert {(row["some_id"], row["low"], type(row["age"])) for row in rows} == {("7", 16, int)}


def test_the_commands(capsys: pytest.CaptureFixture[str], elsewhere: Path) -> None:
    what = ("--profile", "medicare-diabetic", "--journey", "diabetic-first-year", "--count", "20", "--seed", "3")
    healthsim(capsys, "generate", *what, "--quiet", "--format", "fhir_r4", "--out", "out", "--cohort", "c")
    assert "all agree" in healthsim(capsys, "verify", "out")
    assert "all agree" in healthsim(capsys, "verify", "c")
    assert "diabetic-first-year" in healthsim(
        capsys, "plan", "--profile", "medicare-diabetic", "--journey", "diabetic-first-year"
    )
    assert json.loads(healthsim(capsys, "plan", str(OSWALD), "--json"))["members"][:3] == [
        "subscriber",
        "spouse",
        "dependent",
    ]
    healthsim(capsys, "profiles", "save", "mine", "medicare-diabetic")
    assert json.loads(healthsim(capsys, "profiles", "history", "mine", "--json"))
    assert json.loads(healthsim(capsys, "profiles", "show", "mine"))["id"] == "medicare-diabetic"
    assert json.loads(healthsim(capsys, "journeys", "show", "pregnancy_journey"))["journey_id"] == "pregnancy_journey"
    assert "diabetes" in healthsim(capsys, "skills", "show", "diabetes-management").lower()
    assert "20" in healthsim(capsys, "cohorts", "show", "c")
    people = healthsim(capsys, "cohorts", "query", "select count(*) as n from core.person", "--cohort", "c", "--json")
    assert json.loads(people) == [{"n": 20}]
    healthsim(capsys, "cohorts", "export", "c", "exported")
    execution = json.loads(healthsim(capsys, "executions", "list", "--json"))[0]["id"]
    assert json.loads(healthsim(capsys, "executions", "show", execution))["seed"] == 3
    healthsim(capsys, "executions", "rerun", execution, "--out", "again", "--quiet")
    assert files(elsewhere / "again") == files(elsewhere / "out")
    healthsim(capsys, "cohorts", "delete", "c")
    assert json.loads(healthsim(capsys, "cohorts", "list", "--json")) == []


@pytest.mark.parametrize("command", ["plugins", "profiles", "journeys", "formats", "skills", "cohorts", "executions"])
def test_every_list_command_takes_json(capsys: pytest.CaptureFixture[str], command: str) -> None:
    assert isinstance(json.loads(healthsim(capsys, command, "list", "--json")), list)


def test_a_run_whose_data_fails_validation_ends_with_one(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from healthsim_core.draws import Draws

    honest = Draws.happens
    monkeypatch.setattr(Draws, "happens", lambda self, name, probability: honest(self, name, probability * 0.5))
    what = ("--profile", "dental-adults", "--count", "3000", "--product", "dentalsim")
    assert "FAILED" in healthsim(capsys, "generate", *what, "--no-persist", code=1)


def test_schemas_are_exported(capsys: pytest.CaptureFixture[str]) -> None:
    for kind, required in (("profile", None), ("journey", "duration_days"), ("scenario", "scenario")):
        schema = json.loads(healthsim(capsys, "schema", kind))
        assert schema["$schema"].startswith("https://json-schema.org/") and (
            required is None or required in schema["required"]
        )


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_a_saved_profile_is_run_by_its_name(capsys: pytest.CaptureFixture[str], elsewhere: Path) -> None:
    healthsim(capsys, "profiles", "save", "mine", "medicare-diabetic")
    assert "3 people" in healthsim(
        capsys, "generate", "--profile", "mine", "--count", "3", "--no-persist", "--product", "membersim"
    )
