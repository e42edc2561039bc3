"""What events change of a person's state, and who reads it: journeys see what happened before, and nothing after."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import clinic
import numpy as np
import pytest

from healthsim_core import Field, SkillResolver, StateChange
from healthsim_core.errors import SpecificationError
from healthsim_core.generation.executor import ProfileJourneyOrchestrator

BODIES = SkillResolver(
    "bodies", "1.0", lambda lookup, context, draw: context, {},
    state={
        "measures": {
            "sugar": {
                "description": "Sugar", "unit": "%", "level": {"type": "normal", "mean": 8, "sd": 1}, "bounds": [3, 18],
                "noise": {"sd": 0.2}, "source": "here",
                "moved_by": [{"treatment": "pill", "size": -3, "days": 20, "source": "here"}],
            },
        },
        "conditions": {"N18": {"stages": {"3": ["N18.30"], "4": ["N18.4"]}, "source": "here"}},
        "treatments": {"pill": {"description": "A pill."}},
        "circumstances": {"away": {"description": "Away."}},
    },
)  # fmt: skip
REASON = Field("reason", "category", "What is found.", nullable=True)
FOUND = StateChange("clinic_bill", "condition", lambda parameters: {"name": parameters["reason"]}, (REASON,))
FIRST = {"delay": {"days": [20, 60]}}


def catalog(skill: SkillResolver = BODIES):
    handlers = [*clinic.hooks().healthsim_event_handlers(), FOUND]
    return clinic.catalog(healthsim_skill_resolvers=[skill], healthsim_event_handlers=handlers, healthsim_triggers=[])


def lived(*journeys: dict[str, Any], count: int = 300, profile: Any = None, skill: SkillResolver = BODIES) -> Any:
    made = [{"duration_days": 400, "journey_id": f"journey-{at}", **one} for at, one in enumerate(journeys)]
    return ProfileJourneyOrchestrator(
        profile or clinic.adults(), made, count=count, catalog=catalog(skill), start="2025-01-01"
    ).execute()


def times(result: Any) -> dict[int, dict[str, list[Any]]]:
    found: dict[int, dict[str, list[Any]]] = defaultdict(lambda: defaultdict(list))
    for row in result.timeline.to_pylist():
        found[row["person_id"]][row["node"]].append(row["time"])
    return found


def looking(condition: str, every: int = 10) -> dict[str, Any]:
    """A journey that looks every so many days, and notes when a condition holds."""
    look = clinic.event("look", delay={"days": 3}, repeat={"every": {"days": every}, "count": 30})
    return {"events": [look, clinic.event("seen", depends_on="look", delay={"minutes": 5}, conditions=[condition])]}


CHANGES = {"events": [clinic.event("on", starts=["away"], **FIRST),
                      clinic.event("off", depends_on="on", delay={"days": [30, 90]}, stops="away")]}  # fmt: skip


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_circumstance_is_seen_from_its_beginning_to_its_end_by_whatever_journey(order):
    journeys = (CHANGES, looking("away"))
    result = lived(*(journeys[at] for at in order))

    assert result.timeline.num_rows
    for found in times(result).values():
        (begin,), (end,) = found["on"], found["off"]
        looks = [look for look in found["look"] if begin < look < end]
        assert len(found["seen"]) in (len(looks), len(looks) + 1, len(looks) - 1)  # five minutes later
        assert all(begin < moment <= end for moment in found["seen"])


def test_a_treatment_is_taken_until_it_is_stopped():
    result = lived({"events": [clinic.event("on", starts="pill", **FIRST),
                               clinic.event("off", depends_on="on", delay={"days": 50}, stops="pill")]},
                   looking("on('pill') and days_covered('pill') > 0"))  # fmt: skip

    for found in times(result).values():
        assert all(found["on"][0] < moment <= found["off"][0] for moment in found["seen"])
        assert found["seen"]


def test_a_diagnosis_is_known_from_then_on_and_its_onset_before():
    ill = {"events": [clinic.event("onset", starts="E11", delay={"days": 30}),
                      clinic.event("found", "clinic_bill", depends_on="onset", delay={"days": 60},
                                   parameters={"reason": "E11.9"})]}  # fmt: skip
    there, known = (times(lived(ill, looking(asked))) for asked in ("has('E11')", "'E11' in conditions"))

    for person, found in known.items():
        assert all(moment > found["found"][0] for moment in found["seen"]) and found["seen"]
        assert all(moment > found["onset"][0] for moment in there[person]["seen"])
        assert len(there[person]["seen"]) > len(found["seen"])


def test_what_ends_a_category_ends_each_of_its_codes():
    ill = {"events": [clinic.event("onset", starts="E11.9", delay={"days": 30}),
                      clinic.event("over", depends_on="onset", delay={"days": 100}, stops="E11")]}  # fmt: skip
    result = lived(ill, looking("has('E11.9')"))

    for found in times(result).values():
        assert found["seen"]
        assert all(found["onset"][0] < moment <= found["over"][0] for moment in found["seen"])


def test_days_since_the_onset_are_counted():
    ill = {"events": [clinic.event("onset", starts="E11", delay={"days": 30})]}
    result = lived(ill, looking("since('E11') >= 100"))

    for found in times(result).values():
        assert all((moment - found["onset"][0]).days >= 100 for moment in found["seen"]) and found["seen"]


def test_conditions_of_the_profile_are_known_from_the_start():
    profile = clinic.adults(clinical={"conditions": [{"code": "N18.30", "prevalence": 0.5}]})
    result = lived(looking("has('N18') and stage('N18') == '3'"), profile=profile)

    has = {row["person_id"] for row in result.tables["core.condition"].to_pylist()}
    assert {person for person, found in times(result).items() if found["seen"]} == has
    assert 0 < len(has) < 300


def test_a_measure_falls_while_a_drug_is_taken_and_rises_again():
    look = clinic.event("look", "clinic_visit", delay={"days": 3}, repeat={"every": {"days": 20}, "count": 19},
                        parameters={"score": "${measured.sugar}"})  # fmt: skip
    taking = {"events": [clinic.event("on", starts="pill", delay={"days": 100}),
                         clinic.event("off", depends_on="on", delay={"days": 150}, stops="pill")]}  # fmt: skip
    result = lived({"events": [look]}, taking)

    score = {row["visit_id"]: row["score"] for row in result.tables["clinic.visit"].to_pylist()}
    by_look = defaultdict(list)
    for row in result.timeline.to_pylist():
        if row["node"] == "look":
            by_look[row["occurrence"]].append(score[row["event_id"]])
    mean = [np.mean(by_look[at]) for at in range(19)]
    assert mean[4] == pytest.approx(8, abs=0.2)
    assert mean[12] == pytest.approx(5, abs=0.2)
    assert mean[18] == pytest.approx(8, abs=0.2)


def test_care_reads_what_was_measured_last_by_whoever():
    measured = {"events": [clinic.event("look", "clinic_visit", delay={"days": [10, 50]},
                                        parameters={"score": "${measured.sugar}"})]}  # fmt: skip
    result = lived(measured, looking("last('sugar') >= 8"))

    score = {row["visit_id"]: row["score"] for row in result.tables["clinic.visit"].to_pylist()}
    of = {row["person_id"]: (score[row["event_id"]], row["time"]) for row in result.timeline.to_pylist()
          if row["event_type"] == "clinic_visit"}  # fmt: skip
    for person, found in times(result).items():
        value, moment = of[person]
        assert bool(found["seen"]) == (value >= 8)
        assert all(seen > moment for seen in found["seen"])


def test_two_who_measure_in_one_minute_have_one_value():
    take = clinic.event(
        "take", "clinic_visit", delay={"days": 40, "at": "09:00"}, parameters={"score": "${measured.sugar}"}
    )
    result = lived({"events": [take]}, {"events": [{**take, "event_id": "too"}]}, count=20)

    values = defaultdict(set)
    for row in result.tables["clinic.visit"].to_pylist():
        values[row["person_id"]].add(row["score"])
    assert {len(of_person) for of_person in values.values()} == {1}


def test_a_course_that_depends_on_what_it_reads_settles():
    """Who is high gets a pill, which is stopped when low: each look sees what the one before has done."""
    care = {
        "events": [
            clinic.event("look", "clinic_visit", delay={"days": 5}, repeat={"every": {"days": 14}, "count": 25},
                         parameters={"score": "${measured.sugar}"}),
            clinic.event("high", depends_on="look", conditions=["last('sugar') > 7", "not on('pill')"], starts="pill"),
            clinic.event("low", depends_on="look", conditions=["last('sugar') < 6", "on('pill')"], stops="pill"),
        ]
    }  # fmt: skip
    result = lived(care)

    for found in times(result).values():
        changes = sorted([(moment, 1) for moment in found["high"]] + [(moment, -1) for moment in found["low"]])
        assert [kind for _, kind in changes] == [1, -1] * (len(changes) // 2) + [1] * (len(changes) % 2)


def test_a_journey_that_shares_nothing_changes_nobody_else_s_events():
    alone = lived(CHANGES, looking("away"))
    other = {
        "events": [
            clinic.event("other", delay={"days": [1, 300]}, outcomes={"size": {"type": "uniform", "min": 0, "max": 1}})
        ]
    }
    beside = lived(CHANGES, looking("away"), other)

    rows = [row for row in beside.timeline.to_pylist() if row["journey"] != "journey-2"]
    assert rows == alone.timeline.to_pylist()


def test_what_comes_after_a_withdrawal_never_was():
    trial = {"events": [clinic.event("in", delay={"days": 20}),
                        clinic.event("out", delay={"days": [30, 200]}, ends="journey"),
                        clinic.event("dose", depends_on="in", delay={"days": 80}, starts="pill")]}  # fmt: skip
    result = lived(trial, looking("on('pill')"))

    for found in times(result).values():
        assert bool(found["seen"]) == bool(found["dose"])


@pytest.mark.parametrize(
    ("condition", "what", "remedy"),
    [
        ("on('pil')", "no treatment is called \"pil\", which `on('pil')` asks for.", 'Did you mean "pill"?'),
        ("last('suger') > 3", 'no measure is called "suger"', 'Did you mean "sugar"?'),
        ("has('E1111')", '"E1111" is no code of a condition.', ""),
        ("stage('E11') == '3'", 'no skill knows stages of "E11"', ""),
        ("stage('N18') == '7'", "'7'", ""),
        ("awey", 'reads "awey", which nobody has', 'Did you mean "away"?'),
        ("sugr > 3", 'reads "sugr", which nobody has', 'Did you mean "sugar"?'),
        ("has(age)", "has", ""),
    ],
)
def test_what_nobody_declares_is_refused_with_the_nearest(condition, what, remedy):
    with pytest.raises(SpecificationError) as caught:
        lived(looking(condition))

    assert what in str(caught.value)
    assert remedy in str(caught.value)


@pytest.mark.parametrize("key", ["starts", "stops"])
def test_what_nobody_knows_cannot_begin_or_end(key):
    with pytest.raises(SpecificationError) as caught:
        lived({"events": [clinic.event("on", **{key: ["awey"]})]})

    assert f'events[0].{key}[0]: nobody knows a circumstance, treatment or condition "awey".' in str(caught.value)
    assert 'Did you mean "away"?' in str(caught.value)


def test_a_profile_cannot_ask_for_what_has_not_happened_yet():
    profile = clinic.adults(attributes={"tired": {"type": "derived", "expression": "has('E11')"}})

    with pytest.raises(SpecificationError, match="before anything has happened"):
        lived(looking("age > 3"), profile=profile)


def test_a_condition_is_asked_as_of_the_event_not_of_its_cause():
    begins = {"events": [clinic.event("on", starts="away", **FIRST)]}
    later = {"events": [clinic.event("later", delay={"days": 100}, conditions=["away"])]}

    found = times(lived(begins, later, count=20))

    assert sum(len(nodes["later"]) for nodes in found.values()) == 20
