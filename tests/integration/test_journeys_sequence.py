"""Events follow what must lead to them, and carry what there is to carry;
else the journey is refused before anything runs."""

from __future__ import annotations

from typing import Any

import pytest

from healthsim_core import Trigger, hookimpl
from healthsim_core.catalog import Catalog, default_catalog
from healthsim_core.errors import SpecificationError
from healthsim_core.generator import make_plan
from healthsim_core.plugins import load

STAY = {"event_id": "in", "event_type": "admission", "parameters": {"reason_code": "I21.4"}}
VISIT = {"event_id": "visit", "event_type": "encounter", "parameters": {"class": "AMB", "reason_code": "R07.9"}}


def planned(*events: dict[str, Any], **options: Any) -> Any:
    journey = {"journey_id": "j", "duration_days": 90, "events": list(events)}
    return make_plan({"id": "adults", "demographics": {"age": 50}}, journey, count=3, **options)


def refused(*events: dict[str, Any], **options: Any) -> SpecificationError:
    with pytest.raises(SpecificationError) as caught:
        planned(*events, **options)
    return caught.value


@pytest.mark.parametrize("event_type", ["discharge", "transfer", "claim_institutional"])
@pytest.mark.parametrize("before", [[], [VISIT], [STAY]])
def test_what_belongs_to_a_stay_is_refused_where_no_admission_leads_to_it(
    event_type: str, before: list[dict[str, Any]]
) -> None:
    error = refused(*before, {"event_id": "out", "event_type": event_type, "delay": {"days": 9}})
    told = {mistake.where: mistake.what for mistake in error.mistakes}
    assert told[f"journey.events[{len(before)}].depends_on"] == f'"{event_type}" follows no "admission".'


def test_the_remedy_names_the_admission_that_is_there() -> None:
    assert 'Let it depend on "in"' in str(refused(STAY, {"event_id": "out", "event_type": "discharge"}))


def test_a_stay_may_lie_several_events_back() -> None:
    moved = {"event_id": "moved", "event_type": "transfer", "depends_on": "in", "delay": {"days": 1}}
    home = {
        "event_id": "home",
        "event_type": "discharge",
        "depends_on": "moved",
        "delay": {"days": 1},
        "parameters": {"drg": "282"},
    }
    assert len(planned(STAY, moved, home).nodes) >= 3


def test_the_mothers_admission_does_not_lead_to_the_discharge_of_the_newborn() -> None:
    birth = {"event_id": "birth", "event_type": "birth", "depends_on": "in", "adds_person": "newborn"}
    home = {
        "event_id": "home",
        "event_type": "discharge",
        "depends_on": "birth",
        "subject": "newborn",
        "delay": {"days": 2},
    }
    assert "journey.events[2].depends_on" in str(refused(STAY, birth, home))


@pytest.mark.parametrize(("event_type", "missing"), [
    ("gap_closed", "gap_identified"), ("reversal", 'fill" or "refill'), ("randomization", "screening"),
    ("scheduled_visit", "screening"),
])  # fmt: skip
def test_an_event_that_makes_no_records_without_another_says_so(event_type: str, missing: str) -> None:
    said = f'no journey of the run has a "{missing}"'
    assert sum(said in note for note in planned({"event_id": "e", "event_type": event_type}).notes) == 1


@pytest.mark.parametrize(("carry", "path", "nearest"), [
    (["resn_code"], "carry.resn_code", "reason_code"),
    ({"specialti": "specialty"}, "carry.specialti", "specialty"),
    ({"reason_code": "reason_cod"}, "carry.reason_code", "reason_code"),
])  # fmt: skip
def test_a_written_trigger_that_carries_what_is_not_there_is_refused(carry: Any, path: str, nearest: str) -> None:
    referral = {"event_type": "referral", "carry": carry, "parameters": {"specialty": "cardiology", "description": "d"}}
    error = refused({**VISIT, "triggers": [referral]})
    assert error.where == f"journey.events[0].triggers[0].{path}"
    assert f'Did you mean "{nearest}"?' in str(error)


def test_a_milestone_carries_what_it_was_given_and_nothing_else() -> None:
    heard = {"event_type": "referral", "carry": {"wrods": "description"}, "parameters": {"specialty": "cardiology"}}
    said = {"event_id": "call", "event_type": "milestone", "parameters": {"words": "a referral"}, "triggers": [heard]}
    assert 'Did you mean "words"?' in str(refused(said))


def with_trigger(trigger: Trigger) -> Catalog:
    class Offers:
        @hookimpl
        def healthsim_triggers(self) -> list[Trigger]:
            return [trigger]

    return Catalog((*default_catalog().plugins, load("stranger", Offers(), "stranger-dist", "1.0")))


@pytest.mark.parametrize("carry", [{"resn_code": "reason_code"}, {"reason_code": "resn_code"}])
def test_an_offered_trigger_that_carries_what_is_not_there_is_refused(carry: dict[str, str]) -> None:
    error = refused(
        VISIT,
        catalog=with_trigger(Trigger("encounter", "referral", carry=carry, parameters={"specialty": "cardiology"})),
    )
    assert (next(iter(carry)) in error.where, 'Did you mean "reason_code"?' in str(error)) == (True, True)


def test_every_shipped_journey_passes() -> None:
    for offer in default_catalog().journeys.values():
        caries = {"attributes": {"caries": "mild"}} if offer.product == "dentalsim" else {}
        make_plan({"id": "adults", "demographics": {"age": 50}, **caries}, offer.name, count=0)
