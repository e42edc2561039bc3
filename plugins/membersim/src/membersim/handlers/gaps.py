"""Care gaps: identified, and closed by the event that follows from them or names the same measure later."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from healthsim_core import Columns, EventHandler, Events, Field, Text, latest_of, text
from membersim.tables import CARE_GAP

_NEVER = np.datetime64("NaT", "D")


def care_gaps(events: Events) -> dict[str, Columns]:
    """One row a gap identified."""
    gaps, closings = events.where(events.type == "gap_identified"), events.where(events.type == "gap_closed")
    closed = np.full(len(gaps), _NEVER)
    at = _closed_by(gaps, closings)
    latest_first = np.flatnonzero(at >= 0)[::-1]
    closed[at[latest_first]] = closings.date[latest_first]  # of several closings the first stays
    columns = {
        "gap_id": gaps.id,
        "person_id": gaps.person,
        "measure": gaps.parameters.text("measure").or_else("unspecified"),
        "description": gaps.parameters["description"],
        "identified_date": gaps.date,
        "closed_date": closed,
        "status": Text((~np.isnat(closed)).astype(np.int32), ["open", "closed"]),
    }
    return {CARE_GAP.name: Columns(columns, len(gaps))}


def _closed_by(gaps: Events, closings: Events) -> NDArray[np.int64]:
    """The gap that each closing closes: its ancestor, else the person's latest before it of the same measure;
    -1 for none."""
    gap = np.full(len(closings), -1, np.int64)
    if not len(gaps) or not len(closings):
        return gap
    gap = text.positions(gaps.id, closings.ancestor("gap_identified").array("id"))
    for measure in gaps.parameters.text("measure").values.to_pylist():
        mine = np.flatnonzero(gaps.parameters["measure"] == measure)
        open_ = np.flatnonzero((gap < 0) & (closings.parameters["measure"] == measure))
        before = latest_of(gaps.row[mine], _minutes(gaps)[mine], closings.row[open_], _minutes(closings)[open_])
        gap[open_] = np.append(mine, -1)[before]
    return gap


def _minutes(events: Events) -> NDArray[np.datetime64]:
    return events.time.astype("datetime64[m]")


HANDLER = EventHandler(
    ("gap_identified", "gap_closed"),
    care_gaps,
    writes=(CARE_GAP,),
    after={"gap_closed": ("gap_identified",)},
    parameters=(
        Field("measure", "category", "Quality measure.", nullable=True),
        Field("description", "category", "The gap in words.", nullable=True),
    ),
    description="Care gaps and their closing.",
)
