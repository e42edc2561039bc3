"""What the benchmark compares with: the same people and events by a loop, one pydantic object a person and an event."""

from __future__ import annotations

import datetime
import random
from collections.abc import Sequence

from pydantic import BaseModel

START = datetime.datetime(2025, 1, 1, 8)


class Event(BaseModel):
    """One row of the timeline."""

    event_id: int
    person_id: int
    time: datetime.datetime
    event_type: str
    journey: str
    node: str
    occurrence: int
    label: str
    cause_id: int | None
    parameters: dict[str, str | float]


class Person(BaseModel):
    """One person, with what happens to them."""

    person_id: int
    household_id: int
    role: str
    first_name: str
    last_name: str
    sex: str
    birth_date: datetime.date
    age: int
    race: str
    ethnicity: str
    language: str
    address: str
    city: str
    state: str
    zip: str
    county_fips: str
    phone: str
    email: str
    ssn: str
    member_number: str
    coverage_type: str
    plan: str
    conditions: list[str]
    severity: str
    a1c: float
    bmi: float
    events: list[Event]


def people(count: int, nodes: Sequence[tuple[str, str, float]], seed: int = 42) -> int:
    """Make `count` people with an event for each node that happens (event type, node, share of people).

    Returns:
        How many events were made.
    """
    draw, made = random.Random(seed), 0
    for index in range(count):
        made += len(_person(index, nodes, draw).events)
    return made


def _person(index: int, nodes: Sequence[tuple[str, str, float]], draw: random.Random) -> Person:
    age, sex = draw.randint(65, 95), draw.choice("FM")
    first, last = draw.choice(("Mary", "James", "Ana", "John")), draw.choice(("Smith", "Garcia", "Lee", "Brown"))
    severity = draw.choices(("controlled", "moderate", "uncontrolled"), (0.5, 0.3, 0.2))[0]
    a1c = min(max(draw.gauss(7.5, 1.2), 5), 14)
    return Person(
        person_id=index, household_id=index, role="subscriber", first_name=first, last_name=last, sex=sex,
        birth_date=START.date() - datetime.timedelta(days=365 * age + draw.randint(0, 364)), age=age,
        race=draw.choices(("white", "black", "asian"), (0.75, 0.15, 0.1))[0],
        ethnicity=draw.choice(("hispanic", "not_hispanic")),
        language="en", address=f"{draw.randint(1, 9999)} Main St", city="Houston", state="TX",
        zip=f"77{draw.randint(0, 99):03d}",
        county_fips="48201", phone=f"713555{draw.randint(100, 199):04d}", email=f"{first}.{last}{index}@example.com",
        ssn=f"9{index:08d}", member_number=f"HS{index:010d}", coverage_type="Medicare", plan="Medicare Advantage",
        conditions=[code for code, share in (("E11.9", 1.0), ("I10", 0.8), ("E78.5", 0.7),
                                             ("N18.30", 0.2)) if draw.random() < share],
        severity=severity, a1c=a1c, bmi=draw.gauss(32, 5), events=_events(index, nodes, draw),
    )  # fmt: skip


def _events(person: int, nodes: Sequence[tuple[str, str, float]], draw: random.Random) -> list[Event]:
    found: list[Event] = []
    for event_type, node, share in nodes:
        for occurrence in range(int(share) + (draw.random() < share % 1)):
            time = START + datetime.timedelta(days=draw.randint(0, 364), minutes=5 * draw.randint(0, 108))
            parameters: dict[str, str | float] = {"code": "4548-4", "value": draw.gauss(7, 1), "unit": "%"}
            cause = found[-1].event_id if found else None
            happened = Event(
                event_id=draw.getrandbits(62), person_id=person, time=time, event_type=event_type,
                journey="diabetic-first-year",
                node=node, occurrence=occurrence, label=node, cause_id=cause, parameters=parameters,
            )  # fmt: skip
            found.append(happened)
    return sorted(found, key=lambda event: event.time)
