"""Plans of benefits of a profile's own: `coverage.plans`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from healthsim_core.catalog import default_catalog
from healthsim_core.errors import SpecificationError
from healthsim_core.generator import generate, make_plan
from healthsim_core.planning.plan import Plan
from healthsim_core.planning.request import Request
from healthsim_core.state import load_profile, save_profile

GOLD: dict[str, Any] = {
    "coverage_type": "Commercial", "kind": "commercial", "insurance_line": "PPO",
    "filing": {"P": "12", "I": "12", "R": "12"},
    "in": {"deductible": {"individual": 500, "family": 1000}, "services": {"primary": {"copay": 20}}},
}  # fmt: skip
SILVER = {**GOLD, "coverage_type": "Medicare", "kind": "medicare"}


def planned(plans: Any, **coverage: Any) -> Plan:
    profile = {"id": "members", "coverage": {"plan": "Gold", "plans": plans, **coverage}}
    return make_plan(profile, count=3, products=[])


def mistakes(plans: Any, **coverage: Any) -> list[tuple[str, str]]:
    with pytest.raises(SpecificationError) as refused:
        planned(plans, **coverage)
    return [(mistake.where, mistake.what) for mistake in refused.value.mistakes]


def people(profile: Any, **given: Any) -> set[tuple[str, str]]:
    rows = generate(profile, count=20, products=[], persist=False, **given).tables["core.person"].to_pylist()
    return {(person["coverage_type"], person["plan"]) for person in rows}


def written(folder: Path, name: str, document: Any) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(json.dumps(document), encoding="utf-8")
    return folder / name


def test_the_coverage_type_follows_from_the_plan_s_design():
    assert people({"coverage": {"plan": "silver", "plans": {"Silver": SILVER}}}) == {("Medicare", "Silver")}


def test_a_plan_of_ones_own_is_refused_to_people_of_another_type():
    assert mistakes({"Gold": SILVER}, type="Commercial") == [
        ("coverage.plan", '"Gold" is a plan of Medicare, and people are of Commercial.')
    ]


def test_it_is_among_the_plans_of_the_run_with_its_amounts():
    plans = planned({"Gold": GOLD}).run.plans
    design = plans.designs[plans.code("gold", "Commercial")]
    assert design["in"]["deductible"] == {"individual": 500, "family": 1000}


def test_one_of_a_shipped_plan_s_name_takes_its_place():
    before, after = default_catalog().plans, planned({"ppo": GOLD}, plan="PPO").run.plans
    assert list(after.names).count("PPO") == 1 and len([name for name in after.names if name]) == len(before)
    assert after.designs[after.code("PPO", "Commercial")]["in"] == GOLD["in"]


def usual(plans: Any) -> str:
    """The plan of those whose plan nobody knows."""
    of_run = planned(plans).run.plans
    return of_run.names[of_run.code("nobody's", "Commercial")]


def test_one_that_takes_the_place_of_a_default_is_the_default():
    assert usual({"ppo": GOLD}) == "PPO"


def test_one_that_says_it_is_none_is_no_default():
    assert usual({"ppo": {**GOLD, "default": False}, "Gold": {**GOLD, "default": True}}) == "Gold"


def test_a_default_of_ones_own_goes_before_the_offered_one():
    assert usual({"Gold": {**GOLD, "default": True}}) == "Gold"


def test_one_that_is_no_default_leaves_the_offered_one():
    assert usual({"Gold": GOLD}) == "PPO"


def test_a_path_begins_in_the_folder_of_the_profile_s_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    written(tmp_path / "plans", "silver.json", SILVER)
    profile = written(tmp_path / "plans", "profile.json", {"coverage": {"plan": "S", "plans": {"S": "silver.json"}}})
    assert people(str(profile)) == {("Medicare", "S")}


def test_a_path_of_a_profile_that_is_no_file_begins_in_the_working_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    written(tmp_path, "silver.json", SILVER)
    assert people({"coverage": {"plan": "S", "plans": {"S": Path("silver.json")}}}) == {("Medicare", "S")}


def test_a_path_of_a_scenario_begins_in_the_folder_of_its_file(tmp_path):
    written(tmp_path, "silver.json", SILVER)
    profile = {"coverage": {"plan": "S", "plans": {"S": "silver.json"}}}
    scenario = written(tmp_path, "scenario.json", {"scenario": "Silver", "profile": profile, "count": 3})
    assert make_plan(scenario=scenario).run.plans.code("S", "Medicare") >= 0


def test_the_request_holds_what_the_file_said(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    written(tmp_path, "gold.json", GOLD)
    asked = planned({"Gold": "gold.json"}).request
    (tmp_path / "gold.json").unlink()
    again = Request.from_document(json.loads(json.dumps(asked.document())))
    assert asked.document()["profile"]["coverage"]["plans"] == {"Gold": GOLD}
    assert again == asked


def test_a_saved_profile_holds_what_the_file_said(tmp_path):
    written(tmp_path, "gold.json", GOLD)
    profile = written(tmp_path, "profile.json", {"coverage": {"plan": "Gold", "plans": {"Gold": "gold.json"}}})
    save_profile("golden", profile, database=tmp_path / "saved.duckdb")
    (tmp_path / "gold.json").unlink()
    assert load_profile("golden", database=tmp_path / "saved.duckdb").coverage.plans["Gold"].design == GOLD


def test_a_request_that_names_a_file_is_none():
    document = planned({"Gold": GOLD}).request.document()
    document["profile"]["coverage"]["plans"]["Gold"] = "/etc/gold.json"
    with pytest.raises(SpecificationError, match=r"coverage\.plans\.Gold: is the path '/etc/gold.json'"):
        Request.from_document(document)


def test_mistakes_in_a_file_name_the_file_and_the_plan(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    written(tmp_path, "gold.json", {**GOLD, "in": {"services": {"dentist": {}}}})
    written(tmp_path, "thin.json", {**GOLD, "kind": "charity"})
    assert [where for where, _ in mistakes({"Gold": "gold.json", "Thin": "thin.json", "None": "none.json"})] == [
        "coverage.plans.Gold: gold.json: in.services.dentist",
        "coverage.plans.Thin: thin.json: kind",
        "coverage.plans.None: none.json",
    ]


def test_mistakes_of_a_profile_in_a_file_name_that_file_first(tmp_path):
    profile = written(tmp_path, "profile.json", {"coverage": {"plan": "Gold", "plans": {"Gold": "gold.json"}}})
    written(tmp_path, "gold.json", {**GOLD, "kind": "charity"})
    with pytest.raises(SpecificationError, match=r'^profile\.json: coverage\.plans\.Gold: gold\.json: kind: "charity"'):
        make_plan(profile)


REFUSED = [
    ({"Gold": {**GOLD, "deductable": 5}}, "coverage.plans.Gold.deductable", "there is no field"),
    ({"Gold": {**GOLD, "kind": "charity"}}, "coverage.plans.Gold.kind", '"charity" is not one of'),
    ({"Gold": {**GOLD, "in": {"services": {"dentist": {}}}}}, "coverage.plans.Gold.in.services.dentist", "nobody kn"),
    ({"Gold": {**GOLD, "rules": ["aca"]}}, "coverage.plans.Gold.in.out_of_pocket.individual", "one person may pay"),
    ({"Gold": 3}, "coverage.plans.Gold", "3 is not a"),
    (3, "coverage.plans", "3 is not a mapping"),
    ({"Gold": GOLD, "PPO": SILVER}, "coverage.plans.PPO.coverage_type", '"PPO" is a plan of Commercial, and this one'),
    ({"Gold": GOLD, "gold": GOLD}, "coverage.plans.gold", '"Gold" is the same name.'),
    ({"Gold": {**GOLD, "plan": "Silver"}}, "coverage.plans.Gold", 'the plan is called "Silver" in its document.'),
]


@pytest.mark.parametrize(("plans", "where", "what"), REFUSED, ids=[f"{where}: {what}" for _, where, what in REFUSED])
def test_a_plan_that_cannot_be_used_is_refused_at_its_path(plans, where, what):
    (found, said), *others = mistakes(plans)
    assert (found, said[: len(what)]) == (where, what)
    assert all(other.startswith("coverage.plans.Gold.in.out_of_pocket") for other, _ in others)
