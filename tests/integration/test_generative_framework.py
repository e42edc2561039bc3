"""The whole flow, end to end: specify, execute, timelines, records, state, files, read back, run again."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import duckdb
import pytest

from healthsim import generate
from healthsim.generation import (
    JourneyEngine,
    ProfileExecutor,
    ProfileJourneyOrchestrator,
    ReferenceProfileResolver,
    create_hybrid_profile,
)
from healthsim.state import (
    get_summary,
    list_executions,
    load_cohort,
    load_execution,
    load_profile,
    persist,
    save_profile,
)
from healthsim_core.generation.result import Result
from healthsim_core.generator import rerun
from healthsim_core.verification.verify import verify_folder

OSWALD = Path(__file__).parents[2] / "examples" / "oswald_family.json"
HARRIS = {
    "id": "harris-diabetics",
    "reference": {"type": "county", "fips": "48201"},
    "source": "populationsim",
    "demographics": {"age": {"type": "normal", "mean": 72, "sd": 6, "min": 65, "max": 95}},
    "clinical": {"primary_condition": {"code": "E11"}},
    "coverage": {"type": "Medicare"},
    "journeys": ["diabetic-first-year"],
}


@pytest.fixture(scope="module")
def oswald(tmp_path_factory: pytest.TempPathFactory) -> tuple[Result, Path]:
    out = tmp_path_factory.mktemp("oswald") / "out"
    return generate(scenario=OSWALD, out=out), out


def rows(result: Result, table: str, person: int | None = None) -> list[dict[str, Any]]:
    found = result.tables[table].to_pylist()
    return [row for row in found if person is None or row["person_id"] == person]


def test_a_hundred_diabetic_medicare_patients_in_harris_county_with_their_first_year_of_care() -> None:
    result = ProfileJourneyOrchestrator(HARRIS, count=100).execute()

    people = result.entities.to_pylist()
    assert {(p["county_fips"], p["state"], p["coverage_type"]) for p in people} == {("48201", "TX", "Medicare")}
    assert all(p["age"] >= 65 and p["conditions"].startswith("E11") for p in people)
    assert {e["person_id"] for e in rows(result, "core.event")} == {p["person_id"] for p in people}
    assert result.validation.passed


def test_the_resolver_gives_a_county_s_published_structure() -> None:
    found = ReferenceProfileResolver().resolve({"type": "county", "fips": "06073"})

    ages = found["demographics"]["age"]
    assert [sum(each["bands"].values()) for each in (ages["rules"][0]["then"], ages["default"])] == pytest.approx(
        [1, 1], abs=0.01
    )
    assert {condition["code"].split(".")[0] for condition in found["clinical"]["conditions"]} >= {"E11", "I10"}


def test_a_hybrid_profile_is_executed() -> None:
    profile = create_hybrid_profile({"type": "county", "fips": "06073"}, {"demographics": {"age": 50}})

    people = ProfileExecutor(profile, count=200).execute().entities

    assert set(people["age"].to_pylist()) == {50} and len(set(people["race"].to_pylist())) >= 4


def test_the_engine_schedules_a_journey_for_the_people_of_a_profile() -> None:
    people = ProfileExecutor("diabetic-senior", count=10).execute()

    timeline = JourneyEngine("diabetic_management_year").execute(people)

    assert set(timeline["person_id"].to_pylist()) <= set(people.entities["person_id"].to_pylist())
    assert {"encounter", "lab_order", "medication_order"} <= set(timeline["event_type"].to_pylist())


def test_the_oswald_family_is_who_the_scenario_says(oswald: tuple[Result, Path]) -> None:
    people = {p["role"]: p for p in oswald[0].entities.to_pylist()}

    ages = {"subscriber": 42, "spouse": 40, "dependent": 16}
    assert {role: people[role]["age"] for role in ages} == ages
    assert people["subscriber"]["conditions"].startswith("E11") and people["spouse"]["sex"] == "F"
    assert (
        len({p["address"] for p in people.values()}) == 1
        and people["newborn"]["birth_date"] > people["dependent"]["birth_date"]
    )


def test_the_oswald_family_lives_its_three_journeys(oswald: tuple[Result, Path]) -> None:
    result = oswald[0]
    person = {p["role"]: p["person_id"] for p in result.entities.to_pylist()}

    assert [s["status"] for s in rows(result, "trialsim.subject", person["subscriber"])] == ["completed"]
    assert rows(result, "rxmembersim.fill", person["subscriber"])
    assert rows(result, "patientsim.encounter", person["newborn"])[0]["class"] == "IMP"
    assert {c["type"] for c in rows(result, "membersim.claim", person["spouse"])} == {"P", "I"}


def test_the_encounters_of_fhir_are_those_that_the_claims_are_for(oswald: tuple[Result, Path], tmp_path: Path) -> None:
    result = generate(scenario=OSWALD, output_formats=["fhir_r4", "x12_837"], out=tmp_path / "out")
    subscriber = next(p["person_id"] for p in result.entities.to_pylist() if p["role"] == "subscriber")
    lines = (tmp_path / "out" / "fhir_r4" / "Encounter.ndjson").read_text(encoding="utf-8").splitlines()

    in_fhir = {
        json.loads(line)["id"].rsplit("-", 1)[-1]
        for line in lines
        if json.loads(line)["subject"]["reference"].endswith(f"-{subscriber}")
    }
    of_claims = {
        str(claim["encounter_id"]) for claim in rows(result, "membersim.claim", subscriber) if claim["type"] != "R"
    }
    in_837 = (tmp_path / "out" / "x12_837" / "837p.edi").read_text(encoding="utf-8")

    assert of_claims and of_claims <= in_fhir
    assert all(
        f"CLM*{claim['claim_id']}*" in in_837
        for claim in rows(result, "membersim.claim", subscriber)
        if claim["type"] == "P"
    )


def test_the_oswald_files_are_there_and_agree(oswald: tuple[Result, Path]) -> None:
    result, out = oswald

    assert {path.name for path in out.iterdir()} == {
        "x12_834", "x12_837", "fhir_bundle", "sdtm_datasets", "tables", "manifest.json", "validation.json",
    }  # fmt: skip
    assert verify_folder(out).passed and result.validation.passed


def test_nothing_in_the_output_names_the_clock_or_the_machine(oswald: tuple[Result, Path]) -> None:
    text = "".join((oswald[1] / name).read_text(encoding="utf-8") for name in ("manifest.json", "validation.json"))

    assert str(oswald[1].parent) not in text
    assert not re.search(r"elapsed|seconds|hostname|created_at", text)


def test_a_cohort_is_stored_summarised_and_loaded() -> None:
    result = generate(profile="medicare-diabetic", journey="diabetic-first-year", count=30)

    name = persist(result, cohort="seniors")

    assert get_summary("seniors").to_dict()["people"] == 30
    assert load_cohort(name)["core.event"].num_rows == result.rows["core.event"]


def test_an_execution_runs_again_to_the_same_bytes(tmp_path: Path) -> None:
    generate(
        profile="medicare-diabetic",
        journey="diabetic-first-year",
        count=20,
        output_formats=["fhir_r4"],
        out=tmp_path / "one",
        persist=True,
    )
    record = load_execution(list_executions()[0].id)

    rerun(record.spec, out=tmp_path / "two")

    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_profiles_are_versioned_and_old_ones_run() -> None:
    save_profile("mine", {**HARRIS, "demographics": {"age": 70}})
    save_profile("mine", {**HARRIS, "demographics": {"age": 80}})

    assert set(ProfileExecutor(load_profile("mine", 1), count=5).execute().entities["age"].to_pylist()) == {70}


def test_parquet_files_are_read_by_duckdb(oswald: tuple[Result, Path]) -> None:
    path = oswald[1] / "tables" / "membersim.claim.parquet"

    total = duckdb.sql(
        f"SELECT sum(paid + member_share + adjustment), sum(billed) FROM '{path}' WHERE paid IS NOT NULL"
    ).fetchall()[0]

    assert total[0] == total[1] > 0


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
