"""What a journey says of a trial's events is of their value sets."""

from __future__ import annotations

from typing import Any

import pytest

from healthsim_core import SpecificationError, generate

SCREENED = {"event_id": "screened", "event_type": "screening"}
PEOPLE = {
    "id": "people",
    "demographics": {"age": {"type": "uniform", "min": 30, "max": 60}},
    "clinical": {"conditions": ["E11"]},
}


def ran(event_type: str, **parameters: Any) -> Any:
    said = {
        "event_id": "it",
        "event_type": event_type,
        "depends_on": "screened",
        "delay": {"days": 20},
        "parameters": parameters,
    }
    journey = {
        "journey_id": "trial",
        "duration_days": 60,
        "parameters": {"protocol": "hs-t2d-301"},
        "events": [SCREENED, said],
    }
    return generate(profile=PEOPLE, journey=journey, count=20, products=["trialsim"])


@pytest.mark.parametrize(
    ("event_type", "name", "written", "meant"),
    [
        ("adverse_event", "severity", "sever", "SEVERE"),
        ("serious_adverse_event", "seriousness", "hospitalisation", "hospitalization"),
        ("dose_modification", "action", "reduce", "reduced"),
    ],
)
def test_a_term_that_is_none_is_refused_with_the_nearest(event_type: str, name: str, written: str, meant: str) -> None:
    with pytest.raises(SpecificationError, match=f'parameters.{name}: "{written}" is no (.|\n)*Did you mean "{meant}"'):
        ran(event_type, **{name: written})


@pytest.mark.parametrize(("name", "value"), [("mild", 1.5), ("related", -0.1), ("days", -3)])
def test_a_number_that_cannot_be_is_refused(name: str, value: float) -> None:
    with pytest.raises(SpecificationError, match=f'parameters.{name}: "{name}" is '):
        ran("adverse_event", **{name: value})


def test_a_severity_is_written_as_the_codelist_writes_it() -> None:
    found = (
        ran("adverse_event", term="Headache", severity="moderate")
        .tables["trialsim.adverse_event"]["severity"]
        .to_pylist()
    )
    assert found and set(found) == {"MODERATE"}
