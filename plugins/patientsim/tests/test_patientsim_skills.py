"""The skills: every code is one of its system, every row is complete, every lookup resolves."""

import re

import numpy as np
import pytest
import simple_icd_10_cm as icd
from patientsim.plugin import healthsim_skill_resolvers

from healthsim_core import Columns, Draws, SkillResolver, Text

SKILLS = {skill.skill: skill for skill in healthsim_skill_resolvers()}
DIAGNOSES = ("reason_code", "secondary_code")


def rows(skill: SkillResolver, lookup: str) -> list[dict[str, str]]:
    table = skill.resolve.tables[lookup]  # type: ignore[attr-defined]
    return [dict(zip(table.cells, cells, strict=True)) for cells in zip(*table.cells.values(), strict=True)]


EVERY = [
    (skill.skill, lookup, row) for skill in SKILLS.values() for lookup in skill.lookups for row in rows(skill, lookup)
]


def values(*columns: str) -> list[tuple[str, str]]:
    return sorted({(row[c], f"{skill}.{lookup}") for skill, lookup, row in EVERY for c in columns if row.get(c)})


def diagnoses() -> list[tuple[str, str]]:
    coded = {
        (row["code"], f"{skill}.{lookup}") for skill, lookup, row in EVERY if row.get("code") and "system" not in row
    }
    return sorted(coded | set(values(*DIAGNOSES)))


def test_there_are_codes_to_check() -> None:
    assert len(diagnoses()) > 60
    assert len(values("loinc")) > 25


def test_diagnoses_are_billable_icd_10_cm_codes() -> None:
    wrong = [(code, where) for code, where in diagnoses() if not (icd.is_valid_item(code) and icd.is_leaf(code))]
    assert wrong == []


def test_diagnoses_are_described_in_the_words_of_icd_10_cm() -> None:
    worded = (
        ("reason_code", "reason_description"),
        ("secondary_code", "secondary_description"),
        ("code", "description"),
    )
    pairs = {
        (row[c], row[d]) for _, _, row in EVERY if "system" not in row for c, d in worded if row.get(c) and d in row
    }
    assert len(pairs) > 60
    assert [(code, words) for code, words in sorted(pairs) if icd.get_description(code) != words] == []


def test_drugs_have_a_complete_identity() -> None:
    drugs = [row for _, lookup, row in EVERY if lookup == "medication"]
    assert all(re.fullmatch(r"\d{4,7}", row["rxnorm"]) and re.fullmatch(r"\d{11}", row["ndc"]) for row in drugs)
    assert all(
        float(row["quantity"]) > 0 and float(row["days_supply"]) > 0 and float(row["refills"]) >= 0 for row in drugs
    )


def test_one_drug_is_called_alike_everywhere() -> None:
    drugs = [(row["rxnorm"], row["ndc"], row["description"]) for _, lookup, row in EVERY if lookup == "medication"]
    assert len({rxnorm for rxnorm, _, _ in drugs}) == len(set(drugs))


def test_a_loinc_code_is_called_alike_everywhere() -> None:
    named = {(row["loinc"], row["description"]) for _, _, row in EVERY if row.get("loinc")}
    assert len({code for code, _ in named}) == len(named)


@pytest.mark.parametrize("name", ["diabetes-management", "hypertension-management", "lipid-management", "kidney-care"])
def test_a_severity_that_the_skill_never_heard_of_still_resolves(name: str) -> None:
    skill, draw = SKILLS[name], Draws(1, "test", np.arange(2))
    severity = Text.of(["exotic", None])
    code = skill.resolve("diagnosis", Columns({"severity": severity}, 2), draw)["code"].to_pylist()
    assert all(found.startswith(skill.conditions[0]) for found in code)
    for lab in skill.baselines:
        assert (
            np.asarray(skill.resolve("baseline", Columns({"severity": severity, "lab": lab}, 2), draw)["mean"]) > 0
        ).all()


def test_a_baseline_lies_within_its_bounds() -> None:
    for _, lookup, row in EVERY:
        if lookup == "baseline":
            assert float(row["min"]) < float(row["mean"]) < float(row["max"]), row


def test_nobody_has_a_scar_at_a_first_birth() -> None:
    first = [
        row["reason_code"] for row in rows(SKILLS["prenatal-care"], "caesarean_delivery") if row["by parity"] == "first"
    ]
    assert first
    assert not any(code.startswith("O34.2") for code in first)


def test_week_codes_count_the_weeks() -> None:
    for visit in (8, 12, 16, 20, 24, 28, 30, 32, 34, 36, 37, 38, 39):
        for row in rows(SKILLS["prenatal-care"], f"visit_{visit}"):
            week = visit + int(row["by booked"][1:]) - 6
            assert row["secondary_code"] == f"Z3A.{week:02d}"
