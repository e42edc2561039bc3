"""MemberSim as a product: templates, executor, profiles in code, triggers, billing rules."""

import itertools
import json
import re

import membersim
import pytest
import simple_icd_10_cm as icd
from membersim.facts import document, rows
from membersim.generation import (
    JOURNEYS,
    MEMBER_PROFILE_TEMPLATES,
    PLANS,
    SKILLS,
    MemberProfileExecutor,
    create_member_profile,
)
from membersim.handlers import membership
from membersim.handlers.services import reason_kind, specialty_kind
from membersim.registries import fee_schedule
from membersim.tables import TABLES

from healthsim_core import Columns, Draws, ProfileSpecification, SpecificationError
from healthsim_core.verification.verify import verify_folder

SKILL = {skill.skill: skill for skill in SKILLS}


@pytest.mark.parametrize("name", MEMBER_PROFILE_TEMPLATES)
def test_every_profile_gives_members_and_claims(name):
    result = membersim.generate(name, count=60)

    assert result.validation.passed
    assert result.tables["membersim.claim"].num_rows > 60


@pytest.mark.parametrize("name", [journey.name for journey in JOURNEYS])
def test_every_journey_runs(name):
    result = membersim.generate("commercial-family", name, count=60)

    assert result.validation.passed
    assert result.timeline.num_rows > 60


def test_codes_of_visits_are_billable():
    document = SKILL["member-visits"].document.read_text(encoding="utf-8")
    codes = set(re.findall(r"\| ([A-Z]\d[0-9A-Z](?:\.[0-9A-Z]+)?) (?=\|)", document))

    assert {"Z00.00", "E11.22", "N18.31", "I12.9"} <= codes
    assert [code for code in sorted(codes) if not (icd.is_valid_item(code) and icd.is_leaf(code))] == []


def test_seniors_with_diabetes_are_65_and_more_have_e11_and_medicare():
    people = MemberProfileExecutor(MEMBER_PROFILE_TEMPLATES["medicare-diabetic"], count=400, seed=0).execute().entities

    assert min(people["age"].to_pylist()) >= 65
    assert set(people["coverage_type"].to_pylist()) == {"Medicare"}
    assert all("E11" in codes for codes in people["conditions"].to_pylist())
    assert set(people["severity"].to_pylist()) == {"controlled", "moderate", "uncontrolled"}


def test_children_in_medicaid_are_children_and_pay_nothing():
    result = membersim.generate("medicaid-pediatric", count=150)
    claims = result.tables["membersim.claim"]

    assert max(result.entities["age"].to_pylist()) <= 18
    assert {share for share in claims["member_share"].to_pylist() if share is not None} == {0}


def test_dependents_have_the_subscribers_number_and_payer():
    result = membersim.generate("commercial-family", count=80)
    coverage = result.tables["membersim.coverage"].to_pylist()
    held = {row["person_id"]: row for row in coverage}
    dependents = [row for row in coverage if row["relationship"] != "self"]

    assert len(dependents) > 80
    shared = ("member_number", "payer_id", "group_number")
    assert all(row[name] == held[row["subscriber_id"]][name] for row in dependents for name in shared)


def test_a_family_members_number_and_suffix_are_unique():
    members = membersim.generate("commercial-family", count=80).tables["membersim.member"].to_pylist()
    keys = [(row["member_number"], row["dependent_suffix"]) for row in members]

    assert len(keys) == len(set(keys))
    assert {row["relationship_code"] for row in members if row["dependent_suffix"] == "00"} == {"18"}


def test_tiers_say_who_is_covered():
    members = membersim.generate("commercial-family", count=80).tables["membersim.member"].to_pylist()
    roles = {}
    for row in members:
        roles.setdefault(row["subscriber_id"], set()).add(row["relationship"])

    assert all((row["tier"] == "FAM") == ({"spouse", "child"} <= roles[row["subscriber_id"]]) for row in members)
    assert {row["tier"] for row in members} == {"FAM", "ECH"}


def test_changing_a_template_changes_no_other_copy():
    MEMBER_PROFILE_TEMPLATES["medicare-diabetic"].generation.count = 1

    assert MEMBER_PROFILE_TEMPLATES["medicare-diabetic"].generation.count == 100


def test_a_profile_written_in_code_is_one_that_runs():
    profile = create_member_profile("Medicare", "Original Medicare", age=70, conditions=["I10"])

    members = MemberProfileExecutor(profile, count=5).execute()

    assert isinstance(profile, ProfileSpecification)
    assert set(members.tables["membersim.coverage"]["plan"].to_pylist()) == {"Original Medicare"}
    assert set(members.entities["age"].to_pylist()) == {70}


def test_a_plan_of_ones_own_has_its_own_benefits_and_its_name():
    design = {"coverage_type": "Commercial", "kind": "commercial", "insurance_line": "PPO",
              "filing": {"P": "12", "I": "12", "R": "12"},
              "in": {"deductible": {"individual": 7},
                     "services": {"primary": {"copay": 3, "deductible": True}}}}  # fmt: skip
    profile = create_member_profile("Commercial", "Gold", age=40, coverage={"plans": {"Gold": design}})

    tables = membersim.generate(profile, "member-year", count=60).tables

    assert {row["copay"] for row in tables["membersim.claim"].to_pylist() if row["principal_diagnosis"] == "J06.9"} >= {
        3
    }
    assert {(row["plan"], row["limit"]) for row in tables["membersim.accumulator"].to_pylist()} == {("Gold", 7)}


def test_an_unknown_coverage_type_is_refused():
    with pytest.raises(SpecificationError, match="Tricare"):
        create_member_profile("Tricare")


def test_a_dry_run_makes_five():
    assert MemberProfileExecutor("commercial-healthy", count=50).execute(dry_run=True).entities.num_rows == 5


def test_every_payer_of_a_coverage_is_listed():
    result = membersim.generate("medicaid-pediatric", count=80)
    listed = {row["payer_id"] for row in result.tables["membersim.payer"].to_pylist()}
    used = set(result.tables["membersim.coverage"]["payer_id"].to_pylist())

    assert used <= listed
    assert {"HSMDTX"} < used


def test_every_service_that_the_rules_bill_has_a_price():
    written = SKILL["professional-billing"].document.read_text(encoding="utf-8")
    named = set(re.findall(r"`([A-Z]\d{4})`", written))

    assert len(named) > 10
    assert named <= set(fee_schedule().rvu)


def test_services_are_hcpcs_level_two_and_neither_cpt_nor_dental():
    assert [row["code"] for row in rows("fee_schedule") if not re.fullmatch(r"[A-CE-Z]\d{4}", row["code"])] == []


def test_every_kind_of_visit_finds_a_service():
    kinds = {
        "class": ["AMB", "EMER", "VR", "HH"],
        "reason": sorted({*document("diagnosis_kinds")["reasons"].values(), "other"}),
        "payer": ["medicare", "commercial", "medicaid"],
        "specialty": sorted({*document("diagnosis_kinds")["specialties"], "specialist"}),
    }
    cases = list(itertools.product(*kinds.values()))
    context = Columns({name: [case[index] for case in cases] for index, name in enumerate(kinds)})

    found = SKILL["professional-billing"].resolve("service", context, Draws(1, "test", context["class"].codes))

    assert not found["service_code"].is_null().any()


@pytest.mark.parametrize(
    ("code", "kind"), [("Z00.00", "wellness"), ("Z00.129", "well_child"), ("E11.9", "other"), ("O09.93", "prenatal")]
)
def test_reasons_have_their_kind(code, kind):
    assert reason_kind(code) == kind


@pytest.mark.parametrize(
    ("name", "kind"), [("Ophthalmology", "eye"), ("family_medicine", "primary"), ("cardiology", "specialist")]
)
def test_specialties_have_their_kind(name, kind):
    assert specialty_kind(name) == kind


def test_every_price_and_benefit_names_its_source():
    payment = document("payment")

    assert [name for name, part in payment.items() if isinstance(part, dict) and not part.get("source")] == []
    assert [plan.name for plan in PLANS if not json.loads(plan.design.read_text())["source"]] == []
    assert all(row["basis"] for row in rows("fee_schedule"))


def test_every_column_has_a_description():
    assert [field.name for table in TABLES for field in table.fields if not field.description.endswith(".")] == []


def test_states_are_all_there():
    listed = rows("states")

    assert len({row["fips"] for row in listed}) == 51
    assert all(0.5 < float(row[name]) < 2 for row in listed for name in ("price", "wage"))


def test_the_uninsured_have_bills_and_no_membership(tmp_path):
    profile = {
        "id": "some",
        "coverage": {"type": {"type": "categorical", "weights": {"Commercial": 0.5, "uninsured": 0.5}}},
    }
    visit = {"event_id": "visit", "event_type": "encounter", "parameters": {"class": "AMB", "reason_code": "J06.9"}}
    claim = {
        "event_id": "claim",
        "event_type": "claim_professional",
        "depends_on": "visit",
        "parameters": {"reason_code": "J06.9"},
    }
    journey = {"journey_id": "cold", "duration_days": 30, "events": [visit, claim]}
    result = membersim.generate(
        profile, journey, count=60, persist=False, out=tmp_path, output_formats=["x12_834", "x12_837"]
    )
    kind = {row["person_id"]: row["coverage_type"] for row in result.tables["core.person"].to_pylist()}
    for table in ("member", "coverage", "claim"):
        assert {kind[row["person_id"]] for row in result.tables[f"membersim.{table}"].to_pylist()} == {"Commercial"}
    assert {kind[row["person_id"]] for row in result.tables["core.event"].to_pylist()} == {"Commercial", "uninsured"}
    assert verify_folder(tmp_path).passed


def test_verify_finds_coverage_of_another_type_than_the_person_s(tmp_path, monkeypatch):
    truly = membership.coverage_table
    monkeypatch.setattr(membership, "coverage_table", lambda *given: truly(*given).assign(coverage_type="Medicare"))
    membersim.generate({"id": "some", "coverage": {"type": "Medicaid"}}, count=5, persist=False, out=tmp_path)
    found = {(finding.where, finding.what): finding.wrong for finding in verify_folder(tmp_path).findings}
    assert found["membersim.coverage", "coverage_type is the person's"] == 5


def test_a_plan_change_to_another_coverage_type_changes_nothing_and_is_told():
    move = {"event_id": "move", "event_type": "plan_change", "delay": {"days": 30}, "parameters": {"plan": "PPO"}}
    journey = {"journey_id": "j", "duration_days": 90, "events": [move]}
    kinds = {"type": "categorical", "weights": {"Commercial": 0.5, "Medicaid": 0.5}}
    result = membersim.generate({"id": "some", "coverage": {"type": kinds}}, journey, count=40, persist=False)
    coverage = result.tables["membersim.coverage"].to_pylist()
    assert {row["coverage_type"] for row in coverage if row["start_reason"] == "22"} == {"Commercial"}
    medicaid = sum(row["coverage_type"] == "Medicaid" for row in result.tables["core.person"].to_pylist())
    (note,) = [note for note in result.notes if "another coverage type" in note]
    assert str(medicaid) in note


@pytest.mark.parametrize("event_type", ["plan_change", "new_enrollment"])
def test_a_change_to_a_plan_of_a_type_that_nobody_has_is_refused(event_type):
    move = {"event_id": "move", "event_type": event_type, "parameters": {"plan": "Original Medicare"}}
    with pytest.raises(
        SpecificationError,
        match=r'events\[0\].parameters.plan: "Original Medicare" is a plan of Medicare, and people are',
    ):
        membersim.generate(
            {"coverage": {"type": "Commercial"}}, {"journey_id": "j", "duration_days": 9, "events": [move]}, count=5
        )


def test_a_change_whose_condition_asks_for_the_coverage_type_is_for_those_who_have_it():
    result = membersim.generate("medicare-diabetic", "coverage-lapse", count=20)
    assert set(result.tables["membersim.coverage"]["coverage_type"].to_pylist()) == {"Medicare"}


def test_adults_have_no_well_child_visit_and_the_run_says_so():
    old = {
        "id": "old",
        "demographics": {"age": {"type": "uniform", "min": 90, "max": 99}},
        "coverage": {"type": "Medicaid"},
    }
    result = membersim.generate(old, journey="well-child-year", count=20)
    assert result.timeline.num_rows == 0
    assert 'people whom the journey "well-child-year" is not for (it is for age <= 17): 20 of 20' in result.notes
