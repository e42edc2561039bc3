"""What an event needs must be there for everybody: what may be null is refused when the plan is compiled,
and no more than that."""

from __future__ import annotations

from typing import Any

import clinic
import pytest

from healthsim_core import EventHandler, Field, SpecificationError, Trigger
from healthsim_core.generator import make_plan

HALF = {"clinical": {"primary_condition": {"code": "E11.9", "prevalence": 0.5, "severity": "mild"}}}
ALL = {"clinical": {"primary_condition": {"code": "E11.9", "severity": "mild"}}}
DEFAULT = {
    "type": "conditional",
    "rules": [{"if": "severity is not None", "then": {"type": "derived", "expression": "severity"}}],
    "default": "none",
}


def catalog() -> Any:
    """The clinic, whose visits need a reason."""
    needed = Field("reason", "category", "Why.")
    handlers = [
        EventHandler("clinic_visit", clinic.visit, writes=[clinic.VISIT], parameters=[needed, clinic.SCORE]),
        EventHandler("clinic_call", lambda events: {}, writes=[], parameters=[clinic.REASON]),
    ]
    return clinic.catalog(healthsim_event_handlers=handlers, healthsim_triggers=[])


def visit(reason: str | None = "${entity.severity}", **fields: Any) -> dict[str, Any]:
    parameters = {} if reason is None else {"reason": reason}
    return clinic.event(fields.pop("event_id", "visit"), "clinic_visit", parameters=parameters, **fields)


def refused(profile: dict[str, Any], *events: dict[str, Any], **journey: Any) -> list[tuple[str, str, str]]:
    """Where, what and remedy of each mistake; none where the plan compiles and the run then is one."""
    document = {"journey_id": "year", "duration_days": 365, "events": list(events), **journey}
    try:
        make_plan(clinic.adults(**profile), document, catalog=catalog(), count=1)
    except SpecificationError as error:
        return [(mistake.where, mistake.what, mistake.remedy) for mistake in error.mistakes]
    clinic.ProfileJourneyOrchestrator(clinic.adults(**profile), document, count=200, catalog=catalog()).execute()
    return []


def test_what_some_people_lack_is_refused_with_path_value_and_remedy() -> None:
    ((where, what, remedy),) = refused(HALF, visit())
    assert where == "journey.events[0].parameters.reason"
    assert '"${entity.severity}", which may be null for some people' in what
    assert 'Add the condition "severity is not None", or give a default' in remedy


def test_what_nobody_gives_is_refused() -> None:
    assert [where for where, _, _ in refused(HALF, visit(None))] == ["journey.events[0].parameters"]


CERTAIN = {
    "everybody has the condition": (ALL, [visit()], {}),
    "is not None": (HALF, [visit(conditions=["severity is not None"])], {}),
    "a comparison": (HALF, [visit(conditions=["severity == 'mild' and age > 3"])], {}),
    "either way": (HALF, [visit(conditions=["severity == 'mild' or severity == 'severe'"])], {}),
    "not null, negated": (HALF, [visit(conditions=["not (severity is None or age < 0)"])], {}),
    "in a list": (HALF, [visit(conditions=["severity in ['mild', 'severe']"])], {}),
    "the condition itself": (HALF, [visit(conditions=["'E11' in conditions"])], {}),
    "its boolean column": (
        {"clinical": {"conditions": [{"code": "E11", "prevalence": 0.5, "severity": "mild"}]}},
        [visit("${entity.code.E11}", conditions=["condition.E11"])],
        {},
    ),
    "the journey's condition": (HALF, [visit()], {"condition": "severity == 'mild'"}),
    "what the journey requires": (HALF, [visit()], {"requires": {"severity": "mild"}}),
    "the event before": (
        HALF,
        [visit(conditions=["severity is not None"]), visit(event_id="then", depends_on="visit")],
        {},
    ),
    "an outcome of its own": (HALF, [visit("${outcome.why}", outcomes={"why": "pain"})], {}),
    "an outcome with a default": (HALF, [visit("${outcome.why}", outcomes={"why": DEFAULT})], {}),
    "an outcome of the event before": (
        HALF,
        [visit("a", event_id="a", outcomes={"why": "pain"}), visit("${outcome.why}", event_id="b", depends_on="a")],
        {},
    ),
}


@pytest.mark.parametrize(("profile", "events", "journey"), CERTAIN.values(), ids=CERTAIN)
def test_what_is_certain_runs(profile: dict[str, Any], events: list[dict[str, Any]], journey: dict[str, Any]) -> None:
    assert refused(profile, *events, **journey) == []


DOUBTFUL = {
    "another condition": (HALF, [visit(conditions=["age > 3"])]),
    "one of two": (HALF, [visit(conditions=["severity is not None or age > 3"])]),
    "its negation": (HALF, [visit(conditions=["not (severity == 'severe')"])]),
    "an outcome of an event that may not happen": (
        HALF,
        [
            visit("a", event_id="a", probability=0.5, outcomes={"why": "pain"}),
            visit("${outcome.why}", event_id="b", delay={"days": 9}),
        ],
    ),
    "a conditional outcome whose default may be null": (
        HALF,
        [
            visit(
                "${outcome.why}",
                outcomes={"why": {**DEFAULT, "default": {"type": "derived", "expression": "severity"}}},
            )
        ],
    ),
    "an outcome drawn again, then null": (
        HALF,
        [
            visit("a", event_id="a", outcomes={"why": "pain"}),
            clinic.event(
                "again", "clinic_call", depends_on="a", outcomes={"why": {"type": "derived", "expression": "severity"}}
            ),
            visit("${outcome.why}", event_id="b", depends_on="again"),
        ],
    ),
}


@pytest.mark.parametrize(("profile", "events"), DOUBTFUL.values(), ids=DOUBTFUL)
def test_what_is_doubtful_is_refused(profile: dict[str, Any], events: list[dict[str, Any]]) -> None:
    found = refused(profile, *events)
    assert [where for where, _, _ in found] == [f"journey.events[{len(events) - 1}].parameters.reason"]


def test_of_a_family_only_the_member_whose_journey_it_is_must_have_it() -> None:
    members = [{"role": "subscriber", "conditions": ["E11.9"]}, {"role": "spouse"}]
    event = visit("${entity.conditions}")
    asked = [
        {"member": role, "inline": {"journey_id": "year", "duration_days": 9, "events": [event]}}
        for role in ("subscriber", "spouse")
    ]
    make_plan({"members": members, "journeys": asked[:1]}, catalog=catalog(), count=1)
    with pytest.raises(SpecificationError, match=r"\$\{entity\.conditions\}"):
        make_plan({"members": members, "journeys": asked[1:]}, catalog=catalog(), count=1)


def test_what_a_trigger_carries_must_be_there_too() -> None:
    call = clinic.event("call", "clinic_call", parameters={"reason": "${entity.severity}"})
    caused = {"event_type": "clinic_visit", "carry": ["reason"]}
    ((where, what, _),) = refused(HALF, {**call, "triggers": [caused]})
    assert where == "journey.events[0].triggers[0].parameters" and "is carried" in what
    assert refused(HALF, {**call, "triggers": [{**caused, "condition": "reason == 'mild'"}]}) == []
    assert [where for where, _, _ in refused(HALF, {**call, "triggers": [{"event_type": "clinic_visit"}]})] == [
        "journey.events[0].triggers[0].parameters"
    ]


def test_what_a_product_s_trigger_does_not_carry_is_a_mistake_of_the_event_that_causes_it() -> None:
    handlers = [
        EventHandler(
            "clinic_visit", clinic.visit, writes=[clinic.VISIT], parameters=[Field("reason", "category", "Why.")]
        )
    ]
    handlers.append(EventHandler("clinic_call", lambda events: {}, writes=[], parameters=[clinic.REASON]))
    triggers = [Trigger("clinic_call", "clinic_visit", carry=("reason",))]
    with pytest.raises(
        SpecificationError, match=r"journey\.events\[0\]\.parameters.*: the parameter \"reason\" is carried"
    ):
        make_plan(
            clinic.adults(),
            {"journey_id": "year", "duration_days": 9, "events": [clinic.event("call", "clinic_call")]},
            catalog=clinic.catalog(healthsim_event_handlers=handlers, healthsim_triggers=triggers),
            count=1,
        )


@pytest.mark.parametrize("name", ["race", "ethnicity", "language", "age"])
def test_what_every_person_has_may_not_be_null(name: str) -> None:
    law = {"type": "derived", "expression": "severity" if name != "age" else "a1"}
    profile = {
        **HALF,
        "attributes": {"a1": {"type": "derived", "expression": "log(0 - 1)"}},
        "demographics": {name: law},
    }
    with pytest.raises(SpecificationError, match=rf"demographics\.{name}: the {name} may be null"):
        make_plan(profile, catalog=catalog(), count=1)


def test_a_number_beyond_all_measure_is_refused_as_a_parameter() -> None:
    ((where, what, _),) = refused(
        HALF, clinic.event("visit", "clinic_visit", parameters={"reason": "a", "score": 1e12})
    )
    assert (where, what) == ("journey.events[0].parameters.score", '"score" is 1e+12.')


def test_a_text_that_the_product_does_not_accept_is_refused() -> None:
    handler = EventHandler(
        "clinic_visit",
        clinic.visit,
        writes=[clinic.VISIT],
        parameters=[clinic.REASON, clinic.SCORE],
        accepts=lambda run: {"reason": ["pain"]},
    )
    offered = clinic.catalog(healthsim_event_handlers=[handler], healthsim_triggers=[])
    words = {"attributes": {"word": {"type": "explicit", "values": ["pain", "pian"]}}}
    for reason in ("pian", "${entity.word}"):
        journey = {"journey_id": "year", "duration_days": 9, "events": [visit(reason)]}
        with pytest.raises(
            SpecificationError, match=r'parameters\.reason: "pian" is not what "reason" may be\.\n  Did you mean "pain"'
        ):
            make_plan(clinic.adults(**words), journey, catalog=offered, count=1)
