"""Which visit or stay an event belongs to."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from healthsim_core import Columns, Events


def belonging(events: Events) -> Columns:
    """The nearest encounter or admission that led to each event.

    Returns:
        Columns (rows,) `id` (0 where there is none) and `time` (NaT).
    """
    visit, stay = events.ancestor("encounter"), events.ancestor("admission")
    nearer = _there(stay) & (~_there(visit) | (stay.array("time") > visit.array("time")))
    return Columns(
        {name: np.where(nearer, stay.array(name), visit.array(name)) for name in ("id", "time")}, len(events)
    )


def encounter_id(events: Events) -> NDArray[np.int64]:
    """Id of the visit or stay of each event, 0 for none."""
    return np.asarray(belonging(events)["id"], np.int64)


def origin(events: Events, key: str) -> dict[str, Any]:
    """The columns that every clinical row begins with: its own id under `key`, the person, the visit, the clinician."""
    return {
        key: events.id,
        "person_id": events.person,
        "encounter_id": encounter_id(events),
        "provider_npi": events.provider_npi,
    }


def _there(ancestor: Columns) -> NDArray[np.bool_]:
    return np.asarray(ancestor.array("id") != 0)
