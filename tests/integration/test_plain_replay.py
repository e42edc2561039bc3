"""Every event of a life is as a plain replay has it, one event at a time: the same events, at the same minutes,
with the same reads and outcomes, whatever journeys are mixed."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from healthsim_core.catalog import default_catalog
from healthsim_core.columns import Columns
from healthsim_core.generation.chunk import lived
from healthsim_core.journeys.nodes import Passage
from healthsim_core.planning.compiling import compile_plan
from healthsim_core.planning.request import make_request
from healthsim_core.timeline.blocks import CHOICE

sys.path.insert(0, str(Path(__file__).parents[1]))
from plain_replay import Replay, scalar
from replay_triggers import caused

SEVERAL = (
    ("medicare-diabetic", "diabetic-first-year", "kidney-disease-course", "anticoagulation-year"),
    ("medicare-diabetic", "diabetic-management-year", "annual-wellness", "chronic-management"),
    ("expectant-mother", "pregnancy-journey", "diabetic-first-year", "annual-wellness"),
    ("adult-hypertension", "chronic-management", "kidney-disease-course", "annual-wellness"),
    ("trial-diabetes-adults", "trial_participation", "diabetic-first-year", "chronic-management"),
    ("diabetic-senior", "trial_participation", "diabetic-management-year", "anticoagulation-year"),
)
ALONE = (
    ("medicare-diabetic", "diabetic-first-year"), ("medicare-diabetic", "diabetic-management-year"),
    ("medicare-diabetic", "anticoagulation-year"), ("medicare-diabetic", "kidney-disease-course"),
    ("adult-hypertension", "chronic-management"), ("adult-wellness", "annual-wellness"),
    ("expectant-mother", "pregnancy-journey"), ("trial-diabetes-adults", "trial_participation"),
    ("trial-breast-cancer-adults", "trial_oncology"), ("trial-healthy-volunteers", "trial_vaccine"),
    ("trial-community-screening", "trial_screening"), ("commercial-family", "member-year"),
    ("medicaid-pediatric", "well-child-year"), ("commercial-family", "coverage-lapse"),
    ("network-members", "primary-care-year"), ("network-members", "specialist-referral-pattern"),
    ("rx-chronic-adult", "statin-therapy-year"), ("rx-chronic-adult", "diabetes-drug-therapy"),
    ("rx-senior-polypharmacy", "polypharmacy-year"), ("harris-county-residents", "community-screening-year"),
    ("harris-county-residents", "social-needs-outreach"),
)  # fmt: skip
ALL = "HEALTHSIM_ALL_LIVES" in os.environ  # `nox -s replay`
HOUSEHOLDS = [(first, first + 100) for first in range(0, 2_000, 100)] if ALL else [(0, 8)]
Key = tuple[str, str, int]  # the node's path, the outcome's name, the event's id


def read_by(law: Any) -> frozenset[str]:
    """Names that a law reads as values; of conditions it asks single codes, and the answers show in its outcome."""
    return frozenset(law.names - {"conditions"})


class Witness:
    """Hears what is drawn and what that read, and keeps what stands."""

    def __init__(self, nodes: Any) -> None:
        self.laws = {(node.path, name): read_by(law) for node in nodes for name, law in node.outcomes}
        self.drawn: dict[Key, Any] = {}
        self.read: dict[Key, dict[str, Any]] = {}

    def __call__(self, path: str, name: str, values: Any, columns: Any, ids: Any) -> Any:
        read = {known: columns[known] for known in self.laws.get((path, name), ())}
        plain = name.removeprefix(f"{path.split('/')[0]}/")

        def keep(stands: Any) -> None:
            for at in np.flatnonzero(stands).tolist():
                key = (path, plain, int(ids[at]))
                self.drawn[key] = scalar(values[at : at + 1])
                if (path, name) in self.laws:
                    self.read[key] = {known: scalar(column[at : at + 1]) for known, column in read.items()}

        return keep


def plan_of(profile: str, journeys: tuple[str, ...], count: int) -> Any:
    catalog = default_catalog()
    products = ["patientsim", "trialsim", "membersim", "networksim", "populationsim"]
    request = make_request(
        profile, list(journeys), catalog=catalog, formats=[], count=count, products=products, seed=11
    )
    return compile_plan(request, catalog)


def events_of(plan: Any, timeline: Any, triggered: bool) -> set[tuple[str, int, int, int, int]]:
    found = set()
    for index, node in enumerate(plan.nodes):
        if node.triggered == triggered:
            there = timeline.happened[index]
            at = np.flatnonzero(there.kept)
            person = np.asarray(timeline.people["person_id"])[there.row[at]]
            rows = zip(
                person.tolist(),
                there.moment[at].tolist(),
                there.occurrence[at].tolist(),
                there.id[at].tolist(),
                strict=True,
            )
            found |= {(node.path, *row) for row in rows}
    return found


def replayed(plan: Any, everybody: Columns, present: Any, size: int) -> Iterator[Replay]:
    for unit in range(len(present) // size):
        rows = np.arange(unit * size, (unit + 1) * size)
        life = Replay(plan, everybody.take(rows), present[rows])
        life.live()
        yield life


class Replayed:
    """What the replays of some households found."""

    def __init__(self, plan: Any, lives: Iterator[Replay]) -> None:
        self.events: set[tuple[str, int, int, int, int]] = set()
        self.caused: set[tuple[str, int, int, int, int]] = set()
        self.drawn: dict[Key, Any] = {}
        self.read: dict[Key, dict[str, Any]] = {}
        self.ways: dict[Key, Any] = {}
        witnessed = Witness(plan.nodes).laws
        for life in lives:
            self.caused |= caused(life)
            ids = {}
            for event in life.happened:
                node, person = plan.nodes[event.node], int(np.asarray(life.people["person_id"])[event.row])
                ids[event.node, event.row, event.occurrence] = event_id = life.id_of(event)
                self.events.add((node.path, person, event.minute, event.occurrence, event_id))
            for (index, row, occurrence, name), value in life.drawn.items():
                node = plan.nodes[index]
                key = (node.path, name.removeprefix(f"{node.journey}/"), ids[index, row, occurrence])
                if isinstance(node.how, Passage):
                    self.ways[key] = value
                    continue
                self.drawn[key] = value
                if (index, row, occurrence, name) in life.read:
                    read = life.read[index, row, occurrence, name]
                    self.read[key] = {known: read[known] for known in witnessed[node.path, name]}


def states_of(plan: Any, timeline: Any) -> dict[Key, Any]:
    """The states through which people passed, which no witness is told of."""
    found = {}
    for index, node in enumerate(plan.nodes):
        if isinstance(node.how, Passage):
            there = timeline.happened[index]
            states = there.block.parameters[CHOICE][there.rows].to_pylist()
            for at in np.flatnonzero(there.kept).tolist():
                found[node.path, node.how.lifecycle.name, int(there.id[at])] = states[at]
    return found


def agree(plan: Any, first: int, last: int) -> None:
    witness = Witness(plan.nodes)
    everybody, present, timeline = lived(plan, first, last, witness)
    plain = Replayed(plan, replayed(plan, everybody, present, timeline.size))
    kept = {event[4] for event in plain.events}

    assert events_of(plan, timeline, triggered=False) ^ plain.events == set()
    assert events_of(plan, timeline, triggered=True) ^ plain.caused == set()
    assert differing(kept, witness.drawn, plain.drawn) == []
    assert differing(kept, witness.read, plain.read) == []
    assert differing(kept, states_of(plan, timeline), plain.ways) == []


def differing(kept: set[int], engine: dict[Key, Any], replay: dict[Key, Any]) -> list[tuple[Key, Any, Any]]:
    """Of events that happened: what one says and the other does not."""
    keys = {key for key in engine if key[2] in kept} | replay.keys()
    both = [(key, engine.get(key, "nothing"), replay.get(key, "nothing")) for key in sorted(keys)]
    return [(key, one, other) for key, one, other in both if not same(one, other)]


@pytest.mark.parametrize(("first", "last"), HOUSEHOLDS)
@pytest.mark.parametrize("named", [*ALONE, *SEVERAL], ids=" + ".join)
def test_a_replay_one_event_at_a_time_finds_the_same(named: tuple[str, ...], first: int, last: int) -> None:
    agree(plan_of(named[0], named[1:], HOUSEHOLDS[-1][1]), first, last)


def same(one: Any, other: Any) -> bool:
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[name], other[name]) for name in one)
    return one == other or (one != one and other != other)
