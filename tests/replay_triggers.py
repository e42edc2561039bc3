"""What triggers cause in a plain replay, one by one; a product's schedule is asked of one event alone."""

from __future__ import annotations

from typing import Any

import numpy as np

from healthsim_core.columns import Columns, Text
from healthsim_core.draws import Draws
from healthsim_core.events import Events, People, no_ancestors
from healthsim_core.journeys.nodes import FOLLOWING, event_texts
from healthsim_core.patterns.timing import CLOSES, DAY, OPENS, SOON, moments

Told = tuple[str, int, int, int, int]  # path, person, minute, occurrence, id


def caused(life: Any) -> set[Told]:
    """All that triggers made of what happened in a life, and of what they made."""
    effects: dict[int, list[int]] = {}
    for index, node in enumerate(life.nodes):
        if node.triggered:
            effects.setdefault(node.parent, []).append(index)
    found, causes = set[Told](), list(life.happened)
    for cause in causes:  # grows meanwhile
        for index in effects.get(cause.node, ()):
            for event in _of(life, index, cause):
                causes.append(event)
                person = int(np.asarray(life.people["person_id"])[event.row])
                found.add((life.nodes[index].path, person, event.minute, event.occurrence, life.id_of(event)))
    return found


def _of(life: Any, index: int, cause: Any) -> list[Any]:
    node, how = life.nodes[index], life.nodes[index].how
    assert not node.conditions and how.copies == 1, f"{node.path}: a trigger that the replay does not know"
    made = [(cause.occurrence, None)] if how.schedule is None else _scheduled(life, node, cause)
    events = [_event(life, index, cause, occurrence, on) for occurrence, on in made]
    return [event for event in events if event is not None]


def _scheduled(life: Any, node: Any, cause: Any) -> list[tuple[int, Any]]:
    said = node.how.schedule(_events(life, cause))
    soon = [SOON] * len(said.row) if said.minutes is None else said.minutes.tolist()
    days = zip(said.days.tolist(), soon, strict=True)
    return [(cause.occurrence * FOLLOWING + order, on) for order, on in enumerate(days)]


def _event(life: Any, index: int, cause: Any, occurrence: int, on: Any) -> Any:
    node = life.nodes[index]
    event = cause._replace(node=index, occurrence=occurrence, cause=cause, stay=None)
    draw = Draws(life.seed, "event", np.array([life.id_of(event)]))
    if node.probability < 1 and not bool(draw.happens("occurs", node.probability)[0]):
        return None
    if on is None:
        minute = int(node.timing.after(np.array([cause.minute]), draw)[0])
    elif on[0] == 0:
        minute = cause.minute + on[1]
    else:
        opened = OPENS + 5 * int(draw.integers("time_of_day", 0, (CLOSES - OPENS) // 5)[0])
        minute = (cause.minute // DAY + on[0]) * DAY + opened
    dead = minute > life.ends.get((cause.row, "@life"), minute)
    return None if minute > life.horizon or (dead and not node.how.outlives) else event._replace(minute=minute)


def _events(life: Any, event: Any) -> Events:
    """One event, as a schedule sees it."""
    node, above = life.nodes[event.node], event.cause
    columns = {
        **event_texts([node]), "time": moments(np.array([event.minute])), "id": np.array([life.id_of(event)]),
        "cause": np.array([0 if above is None else life.id_of(above)]), "occurrence": np.array([event.occurrence]),
        "provider_npi": None, "facility_npi": None,
    }  # fmt: skip
    everybody = People(life.plan.run, Columns(life.columns, len(life.present)))
    return Events(
        run=life.plan.run, row=np.array([event.row]), columns=Columns(columns, 1),
        parameters=Columns(life.given[event.node, event.row, event.occurrence], 1), chunk=everybody,
        ancestors=lambda name: _ancestor(life, event, name), stream=f"schedule.{node.event_type}",
    )  # fmt: skip


def _ancestor(life: Any, event: Any, event_type: str) -> Columns:
    above = event.cause
    while above is not None and life.nodes[above.node].event_type != event_type:
        above = above.cause
    if above is None or above.row != event.row:
        return no_ancestors(1).assign(**{"class": None})
    given = Columns(life.given[above.node, above.row, above.occurrence], 1)
    said = given.get("class")
    columns = {"id": np.array([life.id_of(above)]), "time": moments(np.array([above.minute])), "provider_npi": None}
    return Columns({**columns, "facility_npi": None, "class": said if isinstance(said, Text) else None}, 1)
