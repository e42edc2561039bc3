"""healthsim plans: what is offered, one of them, and a plan of one's own checked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from healthsim_core.catalog import default_catalog
from healthsim_core.cli import main

SILVER: dict[str, Any] = {
    "coverage_type": "Commercial", "kind": "commercial", "rules": ["aca"],
    "in": {"out_of_pocket": {"individual": 9000, "family": 18000}, "services": {"primary": {"copay": 30}}},
}  # fmt: skip


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[Any, str]:
    """Exit code, and what was printed."""
    with pytest.raises(SystemExit) as ended:
        main(list(arguments))
    printed = capsys.readouterr()
    return ended.value.code, printed.out + printed.err


def written(tmp_path: Path, plan: dict[str, Any]) -> str:
    file = tmp_path / "silver.json"
    file.write_text(json.dumps(plan), encoding="utf-8")
    return str(file)


def test_the_plans_of_all_products_are_listed_with_their_coverage_type(capsys):
    code, listed = said(capsys, "plans", "list", "--json")

    assert code == 0
    assert {(plan["name"], plan["type"]) for plan in json.loads(listed)} >= {
        ("HDHP", "Commercial"), ("Original Medicare", "Medicare"), ("Medicaid FFS", "Medicaid"),
    }  # fmt: skip


@pytest.mark.parametrize("name", sorted(offer.name for offer in default_catalog().plans.values()))
def test_every_plan_that_is_shown_is_one_without_mistakes(capsys, tmp_path, name):
    _, shown = said(capsys, "plans", "show", name.lower())

    code, told = said(capsys, "plans", "check", written(tmp_path, json.loads(shown)))

    assert (code, told.endswith(", without mistakes.\n")) == (0, True)


def test_dollars_without_cents_are_shown_as_whole_numbers(capsys):
    _, shown = said(capsys, "plans", "show", "PPO")

    assert '"copay": 25,' in shown.replace("\n", ",") and ".0" not in shown


def test_a_plan_without_mistakes_is_told_to_be_one(capsys, tmp_path):
    code, told = said(capsys, "plans", "check", written(tmp_path, SILVER))

    assert (code, told.endswith("silver.json: a plan of Commercial that keeps aca, without mistakes.\n")) == (0, True)


def test_every_mistake_of_form_is_printed(capsys, tmp_path):
    wrong = {**SILVER, "kind": "charity", "in": {"services": {"primary": {"copay": -1}}}}

    code, told = said(capsys, "plans", "check", written(tmp_path, wrong))

    assert code == 2
    assert "healthsim: 2 mistakes." in told
    assert "silver.json: kind: " in told
    assert "silver.json: in.services.primary.copay: -1 is below 0." in told


def test_every_mistake_that_laws_and_services_tell_is_printed(capsys, tmp_path):
    wrong = {**SILVER, "in": {"out_of_pocket": {"individual": 9000}, "services": {"dentist": {}}}}

    code, told = said(capsys, "plans", "check", written(tmp_path, wrong))

    assert code == 2
    assert 'silver.json: in.services.dentist: nobody knows a kind of service "dentist".' in told
    assert "silver.json: in.out_of_pocket.family: a family may pay without limit in 2024" in told


def test_mistakes_of_form_of_services_and_of_laws_are_told_at_once(capsys, tmp_path):
    services = {"dentist": {}, "primary": {"copay": -1}}
    wrong = {**SILVER, "in": {"out_of_pocket": {"individual": 9000}, "services": services}}

    code, told = said(capsys, "plans", "check", written(tmp_path, wrong))

    assert code == 2
    assert "healthsim: 3 mistakes." in told
    assert "silver.json: in.services.primary.copay: -1 is below 0." in told
    assert 'silver.json: in.services.dentist: nobody knows a kind of service "dentist".' in told
    assert "silver.json: in.out_of_pocket.family: a family may pay without limit in 2024" in told


def test_what_is_wrong_in_form_breaks_no_law_besides(capsys, tmp_path):
    wrong = {**SILVER, "in": {"out_of_pocket": {"individual": 9000, "family": -1}}}

    code, told = said(capsys, "plans", "check", written(tmp_path, wrong))

    assert (code, "mistakes" in told) == (2, False)
    assert "silver.json: in.out_of_pocket.family: -1 is below 0." in told


@pytest.mark.parametrize("arguments", [("show", "HDPH"), ("check", "absent.json")])
def test_a_plan_that_is_not_there_is_one_line(capsys, arguments):
    code, told = said(capsys, "plans", *arguments)

    assert code == 2
    assert told.startswith("healthsim: ")
    assert "Traceback" not in told
