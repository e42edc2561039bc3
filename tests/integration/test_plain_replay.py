"""Every event of a life is as a plain replay has it, one event at a time: the same events, at the same minutes,
with the same outcomes, whatever journeys are mixed."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from healthsim_core.catalog import default_catalog
from healthsim_core.columns import Columns
from healthsim_core.generation.chunk import lived
from healthsim_core.planning.compiling import compile_plan
from healthsim_core.planning.request import make_request

sys.path.insert(0, str(Path(__file__).parents[1]))
from plain_replay import Replay, scalar

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
PEOPLE = 8


class Witness:
    """Hears what is drawn, and keeps what stands."""

    def __init__(self) -> None:
        self.drawn: dict[tuple[str, str, int], Any] = {}

    def __call__(self, path: str, name: str, values: Any, columns: Any, ids: Any) -> Any:
        def keep(stands: Any) -> None:
            for at in np.flatnonzero(stands).tolist():
                plain = name.removeprefix(f"{path.split('/')[0]}/")
                self.drawn[path, plain, int(ids[at])] = scalar(values[at : at + 1])

        return keep


def plan_of(profile: str, journeys: tuple[str, ...], count: int) -> Any:
    catalog = default_catalog()
    products = ["patientsim", "trialsim", "membersim", "networksim", "populationsim"]
    request = make_request(
        profile, list(journeys), catalog=catalog, formats=[], count=count, products=products, seed=11
    )
    return compile_plan(request, catalog)


def events_of(plan: Any, timeline: Any) -> set[tuple[str, int, int, int, int]]:
    found = set()
    for index, node in enumerate(plan.nodes):
        if not node.triggered:
            there = timeline.happened[index]
            at = np.flatnonzero(there.kept & (there.moment == there.minute))
            person = np.asarray(timeline.people["person_id"])[there.row[at]]
            rows = zip(
                person.tolist(),
                there.minute[at].tolist(),
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


@pytest.mark.parametrize("named", [*ALONE, *SEVERAL], ids=" + ".join)
def test_a_replay_one_event_at_a_time_finds_the_same(named: tuple[str, ...]) -> None:
    plan, witness = plan_of(named[0], named[1:], PEOPLE), Witness()
    everybody, present, timeline = lived(plan, 0, PEOPLE, witness)
    found, drawn = set(), {}
    for life in replayed(plan, everybody, present, timeline.size):
        ids = {}
        for event in life.happened:
            node, person = plan.nodes[event.node], int(np.asarray(life.people["person_id"])[event.row])
            ids[event.node, event.row, event.occurrence] = event_id = life.id_of(event)
            found.add((node.path, person, event.minute, event.occurrence, event_id))
        for (index, row, occurrence, name), value in life.drawn.items():
            node = plan.nodes[index]
            drawn[node.path, name.removeprefix(f"{node.journey}/"), ids[index, row, occurrence]] = value

    assert events_of(plan, timeline) ^ found == set()
    kept = {event[4] for event in found}
    heard = {key: value for key, value in witness.drawn.items() if key[2] in kept}
    wrong = [(key, heard[key], drawn.get(key)) for key in heard if not same(heard[key], drawn.get(key))]
    assert wrong == []


def same(one: Any, other: Any) -> bool:
    return one == other or (one != one and other != other)
