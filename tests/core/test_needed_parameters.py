"""Parameters that an event needs: refused where they are missing, and where some people have no value."""

from __future__ import annotations

from typing import Any

import clinic
import pytest

from healthsim_core import Columns, EventHandler
from healthsim_core.catalog import Catalog
from healthsim_core.errors import SpecificationError
from healthsim_core.generation.executor import ProfileJourneyOrchestrator
from healthsim_core.generation.result import Result

DIABETES = {
    "code": "E11",
    "prevalence": 0.5,
    "severity": {"type": "categorical", "weights": {"mild": 0.5, "severe": 0.5}},
}


def nothing(events: Any) -> dict[str, Columns]:
    """Writes no row."""
    return {}


def run(event_type: str, **fields: Any) -> Result:
    """People of whom half have a severity, with an event of two that are seen together;
    `clinic_check` alone needs a reason."""
    handler = EventHandler(
        ("clinic_check", "clinic_call"),
        nothing,
        writes=(),
        parameters=(clinic.REASON,),
        requires={"clinic_check": ("reason",)},
    )
    catalog = Catalog((clinic.plugin(healthsim_event_handlers=[handler], healthsim_triggers=[]),))
    profile, journey = (
        clinic.adults(clinical={"conditions": [DIABETES]}),
        clinic.journey(clinic.event("check", event_type, **fields)),
    )
    return ProfileJourneyOrchestrator(profile, journey, count=40, catalog=catalog).execute()


def test_a_parameter_that_one_type_of_several_needs_is_missing() -> None:
    with pytest.raises(
        SpecificationError, match=r'journey\.events\[0\]\.parameters: "clinic_check" needs the parameter "reason"'
    ):
        run("clinic_check")


def test_a_type_that_does_not_need_it_does_without() -> None:
    assert run("clinic_call").rows["core.event"] == 40


def test_a_value_that_some_people_lack_is_refused_before_anything_happens() -> None:
    with pytest.raises(
        SpecificationError, match=r"events\[0\]\.parameters\.reason: .*may be null for some people"
    ) as refused:
        run("clinic_check", parameters={"reason": "${entity.severity}"})
    assert 'Add the condition "severity is not None"' in refused.value.remedy


def test_a_condition_leaves_out_those_who_lack_it() -> None:
    made = run("clinic_check", parameters={"reason": "${entity.severity}"}, conditions=["'E11' in conditions"])
    assert 0 < made.rows["core.event"] < 40


@pytest.mark.parametrize("requires", [{"clinic_bill": ("reason",)}, {"clinic_visit": ("raeson",)}])
def test_a_handler_that_requires_what_it_does_not_see_is_refused(requires: dict[str, tuple[str, ...]]) -> None:
    with pytest.raises(ValueError, match="which it does not handle or read"):
        EventHandler("clinic_visit", nothing, writes=(), parameters=(clinic.REASON,), requires=requires)
