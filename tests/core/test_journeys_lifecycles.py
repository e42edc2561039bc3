"""States that people pass through, by chances and hazards."""

from __future__ import annotations

import datetime
from collections import Counter
from typing import Any

import numpy as np
import pytest
from clinic import adults, event
from lives import likely, live

from healthsim_core.errors import SpecificationError

DISEASE = {
    "lifecycle_id": "disease",
    "initial": "well",
    "states": {
        "well": {"transitions": [{"to": "ill", "yearly_probability": 0.2}, {"to": "dead", "yearly_probability": 0.05}]},
        "ill": {
            "events": [event("onset"), event("care", delay={"days": 10}, repeat={"every": {"days": 90}})],
            "transitions": [{"to": "dead", "hazard": {"18-64": 0.1, "65+": 0.5}}],
        },
        "dead": {"events": [event("dies", "death")]},
    },
}


@pytest.fixture(scope="module")
def lives() -> Any:
    profile = adults(demographics={"age": 40})
    return live(
        {
            "duration_days": 3_652,
            "lifecycle": DISEASE,
            "events": [event("asked", delay={"days": 1_826}, conditions=["state.disease == 'ill'"])],
        },
        count=4_000,
        profile=profile,
        start="2015-01-01",
    )


def test_yearly_probabilities_compete_and_come_true(lives: Any) -> None:
    first = {}
    for row in lives.timeline.to_pylist():
        if row["node"] == "disease" and row["occurrence"] == 1:
            first[row["person_id"]] = row["time"]
    onset = {row["person_id"] for row in lives.timeline.to_pylist() if row["node"] == "onset"}
    year = {person for person, time in first.items() if time < datetime.datetime(2016, 1, 1, 6)}
    assert likely(len(year & onset), 4_000, 0.2) and likely(len(year - onset), 4_000, 0.05)


def test_what_belongs_to_a_state_ends_with_it_and_death_ends_all(lives: Any) -> None:
    death = {p["person_id"]: p["death_date"] for p in lives.entities.to_pylist() if p["death_date"]}
    assert death and all(
        row["time"].date() <= death.get(row["person_id"], datetime.date.max) for row in lives.timeline.to_pylist()
    )


def test_the_state_is_read_as_it_is_at_the_event_s_own_moment(lives: Any) -> None:
    onset, death, asked = {}, {}, set()
    for row in lives.timeline.to_pylist():
        {"onset": onset, "dies": death}.get(row["node"], {})[row["person_id"]] = row["time"]
        if row["node"] == "asked":
            asked.add(row["person_id"])
    noon = datetime.datetime(2020, 1, 1)
    ill = {
        p
        for p, time in onset.items()
        if time < noon and death.get(p, datetime.datetime.max) > noon + datetime.timedelta(days=1)
    }
    assert len(ill ^ asked) <= 4  # those whose state changed on that very day


def test_hazards_change_with_age() -> None:
    profile = adults(demographics={"age": {"type": "uniform", "min": 60, "max": 70}})
    sick = {**DISEASE, "initial": "ill"}
    result = live({"lifecycle": sick}, count=4_000, profile=profile, start="2024-12-31")
    dead = {row["person_id"] for row in result.timeline.to_pylist() if row["node"] == "dies"}
    older = [p["person_id"] in dead for p in result.entities.to_pylist() if p["age"] >= 65]
    younger = [p["person_id"] in dead for p in result.entities.to_pylist() if p["age"] < 64]
    assert likely(sum(older), len(older), 1 - np.exp(-0.5)) and likely(sum(younger), len(younger), 1 - np.exp(-0.1))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"initial": "wel"}, 'Did you mean "well"'),
        ({"states": {"well": {"transitions": [{"to": "il", "hazard": 1}]}}}, 'no state is called "il"'),
        (
            {
                "initial": "a",
                "states": {
                    "a": {"transitions": [{"to": "b", "hazard": 900}]},
                    "b": {"transitions": [{"to": "a", "hazard": 900}]},
                },
            },
            "At most 200",
        ),
        (
            {
                "states": {
                    "well": {
                        "transitions": [{"to": "x", "yearly_probability": 0.7}, {"to": "y", "yearly_probability": 0.6}]
                    },
                    "x": {},
                    "y": {},
                }
            },
            "sum to 1.3",
        ),
    ],
)
def test_a_lifecycle_that_cannot_be_is_refused(change: dict, said: str) -> None:
    with pytest.raises(SpecificationError, match=said):
        live({"lifecycle": {**DISEASE, **change}, "events": [event()]})


def coming_back(back: list[dict[str, Any]]) -> dict[str, Any]:
    """A state of which an event comes three hundred times, and a later one that leads `back` or nowhere."""
    often = event("often", repeat={"every": {"days": 1}, "count": 300})
    ill = {"transitions": [{"to": "well", "hazard": 0.1}], "events": [often]}
    return {
        "lifecycle": {
            "lifecycle_id": "disease",
            "initial": "ill",
            "states": {"ill": ill, "well": {"transitions": back}},
        }
    }


def test_events_of_a_state_that_is_entered_once_may_come_as_often_as_any() -> None:
    counted = Counter(
        row["person_id"] for row in live(coming_back([]), count=50).timeline.to_pylist() if row["node"] == "often"
    )
    assert max(counted.values()) == 300


def test_events_of_a_state_that_is_entered_again_may_come_less_often() -> None:
    with pytest.raises(SpecificationError, match="at most 100,000"):
        live(coming_back([{"to": "ill", "hazard": 0.1}]))
