"""Every shipped journey, in every format that can be written of it, is read back as the tables have it."""

from __future__ import annotations

import functools
from pathlib import Path

import pytest

from healthsim_core.catalog import default_catalog
from healthsim_core.errors import HealthSimError
from healthsim_core.execution.run import Options, run_plan
from healthsim_core.generator import make_plan
from healthsim_core.planning.plan import Plan
from healthsim_core.verification.verify import verify_folder

JOURNEYS = sorted(offer.name for offer in default_catalog().journeys.values())
COUNT = 12


@functools.cache
def profiles() -> list[str]:
    return sorted(offer.name for offer in default_catalog().profiles.values())


def plan_of(journey: str) -> Plan:
    """A plan of the journey with all formats, for the first shipped profile whose people it can be for."""
    for profile in profiles():
        try:
            return make_plan(profile, journey, count=COUNT, seed=5, formats=list(default_catalog().formats))
        except HealthSimError:
            continue
    raise AssertionError(f"no shipped profile can have {journey}")


@pytest.mark.parametrize("journey", JOURNEYS)
def test_it_verifies(journey: str, tmp_path: Path) -> None:
    run_plan(plan_of(journey), Options(out=tmp_path / "out", persist=False))
    assert [str(finding) for finding in verify_folder(tmp_path / "out").findings if finding.wrong] == []
