"""The formulary and the payers that a fill is priced by."""

import re

import pytest
from rxmembersim import facts
from rxmembersim.formulary import formulary
from rxmembersim.generation import SKILLS
from rxmembersim.payers import card, payers

from healthsim_core import Text


def test_every_drug_that_a_skill_prescribes_is_in_the_formulary_by_its_code():
    assert SKILLS
    for skill in SKILLS:
        codes = re.findall(r"`(\d{11})`", skill.document.read_text())
        assert codes
        assert set(codes) <= formulary().by_ndc.keys()


@pytest.mark.parametrize("table", ["formulary", "classes"])
def test_the_formulary_is_whole(table):
    rows = facts.rows(table)

    assert len(rows) == len({row.get("ndc") or row["drug_class"] for row in rows})
    for row in rows:
        assert re.fullmatch(r"\d{11}", row.get("ndc", "0" * 11))
        assert row["tier"] in "12345"
        assert float(row["unit_price"]) > 0
        assert row["unit"] in ("EA", "GM", "ML")


@pytest.mark.parametrize(
    ("ndc", "named", "drug_class"),
    [("53746021801", "whatever", "biguanide"), (None, "SGLT2 inhibitor", "sglt2_inhibitor"),
     (None, "ACE inhibitor", "ace_inhibitor"),
     ("99999999999", "GLP-1 receptor agonist", "glp1_agonist"), (None, None, "other"),
     ("99999999999", "moon dust", "other")],
)  # fmt: skip
def test_a_drug_is_found_by_its_code_else_by_its_class(ndc, named, drug_class):
    row = formulary().find(Text.of([ndc]), Text.of([named]))

    assert formulary().class_names(row, Text.constant(None, 1)).to_pylist() == [drug_class]


def test_coverage_of_an_unknown_name_is_paid_as_commercial_and_none_by_nobody():
    found = payers().find(
        Text.of(["Union", "Commercial", None, "Medicare"]), Text.of([None, "HDHP", "PPO", "Medicare Advantage"])
    )

    assert (found >= 0).tolist() == [True, True, False, True]
    assert card(found[found >= 0], "group").to_pylist() == ["RXPPO", "RXHDHP", "RXMEDD"]


def test_insulin_and_vaccines_are_benefits_of_their_own():
    row = formulary().find(Text.constant(None, 3), Text.of(["insulin", "vaccine", "statin"]))

    assert formulary().benefit[row].to_pylist() == ["insulin", "vaccine", "pharmacy"]
