"""Rules that a product checks itself: part of the run's validation, summed over chunks,
and not looked for where nothing is validated."""

from __future__ import annotations

from typing import Any

import clinic
import numpy as np
import pytest

from healthsim_core import EventHandler
from healthsim_core.generation.memory import run_in_memory
from healthsim_core.planning.compiling import compile_plan
from healthsim_core.planning.plan import Plan
from healthsim_core.planning.request import make_request

RULE = "scores are 10 or more"


def checked(events: Any, written: Any) -> dict[tuple[str, str], tuple[int, int]]:
    score = np.asarray(written["clinic.visit"]["score"])
    return {("clinic.visit", RULE): (int(np.sum(score < 10)), len(score))}


def plan(validation: str = "warn") -> Plan:
    handler = EventHandler(
        "clinic_visit", clinic.visit, writes=[clinic.VISIT], parameters=[clinic.REASON, clinic.SCORE], checks=checked
    )
    catalog = clinic.catalog(healthsim_event_handlers=[handler], healthsim_triggers=[])
    score = {"score": {"type": "uniform", "min": 0, "max": 100}}
    visit = clinic.event("visit", "clinic_visit", outcomes=score, parameters={"score": "${outcome.score}"})
    people = {**clinic.adults(), "generation": {"validation": validation}}
    return compile_plan(make_request(people, clinic.journey(visit), catalog=catalog, count=500), catalog)


@pytest.mark.parametrize("chunk_size", [None, 77])
def test_a_rule_that_a_product_finds_broken_fails_the_run(chunk_size: int | None) -> None:
    result = run_in_memory(plan(), chunk_size)
    low = sum(row["score"] < 10 for row in result.tables["clinic.visit"].to_pylist())
    (check,) = result.validation.failures
    assert low > 0
    assert (check.where, check.what, check.observed, check.rows) == ("clinic.visit", RULE, low, 500)


def test_a_run_that_is_not_validated_has_no_checks_of_products() -> None:
    assert run_in_memory(plan("none")).validation.checks == ()
