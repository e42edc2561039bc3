"""Every column that names a code system holds codes of it, whichever product wrote them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from healthsim import generate

sys.path.insert(0, str(Path(__file__).parents[1]))

from coded import strange_codes

RUNS = {
    "diabetic-senior": [
        "chronic-management",
        "diabetic-first-year",
        "anticoagulation-year",
        "kidney-disease-course",
        "polypharmacy-year",
    ],
    "commercial-healthy": ["member-year", "annual-wellness", "specialist-referral-pattern"],
    "expectant-mother": ["pregnancy_journey"],
    "medicaid-pediatric": ["well-child-year"],
    "medicare-diabetic": ["trial_participation", "diabetic_management_year"],
}


@pytest.mark.parametrize("profile", RUNS)
def test_what_the_shipped_journeys_write_are_codes(profile: str) -> None:
    tables = generate(profile=profile, journey=RUNS[profile], count=60).tables
    assert sum(table.num_rows for table in tables.values()) > 1_000
    assert strange_codes(tables) == []
