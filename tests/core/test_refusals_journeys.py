"""Journeys that cannot be: each mistake is told with its path, what is wrong there, and what to write instead."""

from __future__ import annotations

import clinic
import pytest

from healthsim_core.errors import SpecificationError
from healthsim_core.generator import make_plan

event, FIRST = clinic.event, clinic.event("first")


def delayed(**delay: object) -> dict:
    return {"events": [event("first", delay=delay)]}


def branch(*choices: dict, **fields: object) -> dict:
    return {"events": [FIRST], "branches": [{"branch_id": "way", "choices": list(choices), **fields}]}


def protocol(**fields: object) -> dict:
    return {
        "events": [FIRST],
        "protocol": {"anchor": "first", "visits": [{"visit_id": "v", "event_type": "milestone", "day": 1}], **fields},
    }


def visit(**fields: object) -> dict:
    return {"visit_id": "v", "event_type": "milestone", "day": 1, **fields}


def lifecycle(**states: object) -> dict:
    return {"events": [FIRST], "lifecycle": [{"lifecycle_id": "course", "initial": "well", "states": states}]}


def covers(event_id: str, event_type: str = "new_enrollment", **fields: object) -> dict:
    """An event of coverage; what is no field of events are its parameters."""
    parameters = {name: fields.pop(name) for name in ("plan", "rank", "effective_days") if name in fields}
    return event(event_id, event_type=event_type, parameters=parameters, **fields)


WRONG = [
    ({"events": []}, "events", "a journey needs at least one event", "Add one."),
    (
        {"events": [event(), event()]},
        "events[1].event_id",
        'the event_id "visit" is there twice',
        "Give each event an id",
    ),
    (
        {"events": [event(depends_on="frist"), FIRST]},
        "events[0].depends_on",
        'no event is called "frist"',
        'Did you mean "first"?',
    ),
    (
        {"events": [event("a", depends_on="b"), event("b", depends_on="a")]},
        "events[0].depends_on",
        "runs in a circle: a -> b -> a",
        "Break it.",
    ),
    (
        {"events": [event(event_type="milstone")]},
        "events[0].event_type",
        'no event type is called "milstone"',
        'Did you mean "milestone"?',
    ),
    ({"events": [event(conditions=["agee > 3"])]}, "events[0].conditions[0]", 'reads "agee"', 'Did you mean "age"?'),
    ({"events": [event(probability=1.5)]}, "events[0].probability", "1.5 is above 1", "Give 1 or less."),
    ({"events": [event(ends="jorney")]}, "events[0].ends", '"jorney" is not one of', 'Did you mean "journey"?'),
    ({"events": [event(anchor={})]}, "events[0].anchor", '"date" or "age"', ""),
    (
        {"events": [event(outcomes={"age": {"type": "normal", "mean": 5, "sd": 1}})]},
        "events[0].outcomes.age",
        '"age" is a column that everybody has',
        "Choose another name.",
    ),
    (
        {"events": [event(outcomes={"death_time": 1})]},
        "events[0].outcomes.death_time",
        "is a column that everybody has",
        "Choose another",
    ),
    (
        {"events": [event(outcomes={"state.x": 1})]},
        "events[0].outcomes.state.x",
        'they read "state." as a prefix',
        "Choose another name.",
    ),
    (
        {"events": [event(outcomes={"a b": 1})]},
        "events[0].outcomes.a b",
        "is a name that nothing can read",
        "Use letters, digits and _.",
    ),
    (
        {"events": [event(repeat={"every": {"days": 0}})]},
        "events[0].repeat.every",
        "it comes again at once",
        "Give an interval",
    ),
    (
        {"events": [event(subject="newborn")]},
        "events[0].subject",
        "no birth leads to it",
        'Let it depend on an event that has "adds_person".',
    ),
    (
        {"events": [event(conditions=["'E119' in conditions"])]},
        "events[0].conditions[0]",
        "where it never is",
        'Did you mean "E11.9"?',
    ),
    (
        {"events": [event(conditions=["'banana' in conditions"])]},
        "events[0].conditions[0]",
        "where it never is",
        "It is neither in",
    ),
    (
        {"events": [event(conditions=["county_fips == '6073'"])]},
        "events[0].conditions[0]",
        "which it never is",
        'Did you mean "06073"',
    ),
    (delayed(), "events[0].delay", "a delay has one unit, not none", "Give exactly one of minutes"),
    (delayed(days=1, weeks=2), "events[0].delay", 'not "days" and "weeks"', "Give exactly one"),
    (delayed(days=[9, 2]), "events[0].delay.days", "9 to 2 ends before it begins", "Give the least first."),
    (delayed(days=-3), "events[0].delay.days", "cannot come before what it depends on", "Use a delay of 0 or more."),
    (
        delayed(days=3, window=[-9, 0]),
        "events[0].delay.window",
        "cannot come before what it depends on",
        "Use a delay of 0 or more.",
    ),
    (delayed(days=3, window=[5, 1]), "events[0].delay.window", "ends before it begins", "Give the least first."),
    (delayed(hours=3, at="09:00"), "events[0].delay.at", 'hours run by the clock, without "at"', "Give days or longer"),
    (delayed(days=3, at="9 am"), "events[0].delay.at", '"9 am" is not a time of day', 'Write it as "09:00".'),
    (delayed(years=900), "events[0].delay.years", "900 years are longer than a life", "Give at most 150 years."),
    (
        delayed(business_days=1.5),
        "events[0].delay.business_days",
        "a part of a business day is none",
        "Give whole days.",
    ),
    (
        delayed(days=[1, 3], distribution="fixed"),
        "events[0].delay.distribution",
        "a fixed delay has no bounds",
        "Give one number",
    ),
    (
        branch({"choice_id": "a", "weight": 0.6}, {"choice_id": "b", "weight": 0.6}),
        "branches[0].choices",
        "the weights sum to 1.2",
        "Make them",
    ),
    (
        branch({"choice_id": "a", "weight": 1}, {"choice_id": "b"}),
        "branches[0].choices[1]",
        "this one has none",
        "Give every choice one, or none.",
    ),
    (
        branch({"choice_id": "a"}, {"choice_id": "b"}),
        "branches[0].choices[1]",
        'neither "weight" nor "when"',
        "Let one at most be the default.",
    ),
    (
        branch({"choice_id": "a", "probability": 1}),
        "branches[0].choices[0].probability",
        "exclude each other have no probability",
        "Give weights",
    ),
    (
        branch({"choice_id": "a", "events": [event("e", depends_on="first")]}),
        "branches[0].choices[0].events[0].depends_on",
        '"first" is not an event of "a"',
        "",
    ),
    (protocol(cycles=3), "protocol.cycle_days", "3 cycles have no length", "Give it in days."),
    (protocol(arms={"a": {}}), "protocol.arm", "nothing says which arm a person is in", "Name the outcome or column"),
    (protocol(visits=[visit(cycles=[4])]), "protocol.visits[0].cycles[0]", "there is no cycle 4 of 1", "Give 1 to 1."),
    (
        protocol(visits=[visit(arms=["b"])], arm="sex", arms={"F": {}}),
        "protocol.visits[0].arms[0]",
        'no arm is called "b"',
        "",
    ),
    (
        protocol(visits=[visit(window=[1, 2])]),
        "protocol.visits[0].window",
        "does not hold the planned day",
        "such as [-2, 3]",
    ),
    (protocol(anchor="frist"), "protocol.anchor", 'no event is called "frist"', 'Did you mean "first"?'),
    (
        lifecycle(well={"transitions": [{"to": "il", "hazard": 1}]}, ill={}),
        "lifecycle[0].states.well.transitions[0].to",
        '"il"',
        '"ill"?',
    ),
    (
        lifecycle(well={"transitions": [{"to": "well", "hazard": 1}]}),
        "lifecycle[0].states.well.transitions[0].to",
        "leads to itself",
        "Leave it",
    ),
    (
        lifecycle(well={"transitions": [{"to": "ill"}]}, ill={}),
        "lifecycle[0].states.well.transitions[0]",
        "not one of both rates",
        "Say either",
    ),
    (
        {"events": [event(triggers=[{"event_type": "clinic_visit", "parameters": {"reason": {"a": 1}}}])]},
        "events[0].triggers[0].parameters.reason",
        "a parameter is a text, a number",
        "Say it in one value.",
    ),
    ({"events": [FIRST], "duration_days": 0}, "duration_days", "0 is below 1", "Give 1 or more."),
    (
        {"events": [event(repeat={"every": {"days": 1}, "count": 5000})]},
        "events[0].repeat.count",
        "5000 is above 1,000",
        "Give 1,000 or less.",
    ),
    ({"events": [FIRST], "requires": {"sex or True": "F"}}, "requires.sex or True", "has another form", "Write a name"),
    (
        {"events": [covers("in", rank=5)]},
        "events[0].parameters.rank",
        '"rank" is 5',
        "Give a whole number, 1 to 4.",
    ),
    (
        {"events": [covers("in", rank=1.5)]},
        "events[0].parameters.rank",
        '"rank" is 1.5',
        "Give a whole number, 1 to 4.",
    ),
    (
        {"events": [covers("in", rank="second")]},
        "events[0].parameters.rank",
        '"rank" is a text, not a number',
        "Give a number.",
    ),
    (
        {"events": [covers("in", effective_days=1e6)]},
        "events[0].parameters.effective_days",
        '"effective_days" is 1e+06',
        "Give a whole number, -3,660 to 3,660.",
    ),
    (
        {
            "events": [
                covers("in"),
                covers("out", "termination", depends_on="in", delay={"days": [5, 20]}, effective_days=-30),
            ]
        },
        "events[1].parameters.effective_days",
        "coverage ends 10 days before it begins",
        "Give 0 or more.",
    ),
    (
        {"events": [covers("in", plan="PPO", rank=2), covers("too", plan="Gold", rank=2)]},
        "events[1].parameters.rank",
        "two coverages of rank 2 begin on one day: PPO and Gold",
        "Give the second another rank.",
    ),
]


@pytest.mark.parametrize(
    ("fields", "where", "what", "remedy"), WRONG, ids=[f"{where}: {what[:30]}" for _, where, what, _ in WRONG]
)
def test_it_is_refused_with_path_value_and_remedy(fields: dict, where: str, what: str, remedy: str) -> None:
    with pytest.raises(SpecificationError) as refused:
        make_plan(
            clinic.adults(), {"journey_id": "year", "duration_days": 365, **fields}, catalog=clinic.catalog(), count=1
        )
    (mistake,) = refused.value.mistakes
    assert (mistake.where.removeprefix("journey."), what in mistake.what, remedy in mistake.remedy) == (
        where,
        True,
        True,
    ), str(refused.value)


def test_all_mistakes_of_all_patterns_are_told_at_once() -> None:
    fields = {
        "events": [event("a", delay={"days": 1, "weeks": 1}), event("b", depends_on="c")],
        "branches": branch({"choice_id": "x", "weight": 2})["branches"],
        "protocol": protocol(cycles=3, visits=[visit(cycles=[9])])["protocol"],
    }
    with pytest.raises(SpecificationError) as refused:
        make_plan(
            clinic.adults(), {"journey_id": "year", "duration_days": 365, **fields}, catalog=clinic.catalog(), count=1
        )
    where = {mistake.where for mistake in refused.value.mistakes}
    assert where >= {"events[0].delay", "branches[0].choices", "protocol.cycle_days", "protocol.visits[0].cycles[0]"}


def test_a_field_that_is_missing_does_not_hide_what_is_wrong_around_it() -> None:
    fields = {"events": [{"event_id": "a"}, event("b", depends_on="c")]}
    with pytest.raises(SpecificationError) as refused:
        make_plan(clinic.adults(), {"journey_id": "year", **fields}, catalog=clinic.catalog(), count=1)
    where = [mistake.where for mistake in refused.value.mistakes]
    assert where == ["duration_days", "events[0].event_type", "events[1].depends_on"]
