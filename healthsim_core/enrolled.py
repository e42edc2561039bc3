"""Who is covered: the coverages of a chunk, from its people and the events of coverage that befall them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from healthsim_core.benefits.covered import RANKS, Coverages
from healthsim_core.benefits.enrolment import EVENT_TYPES, CoverageEvents, coverages_of
from healthsim_core.columns import Columns, Text
from healthsim_core.events import Events, People
from healthsim_core.tables import Field

TYPES = tuple(EVENT_TYPES)
YEARS = 10  # of which an event of coverage may be told late or early
FIELDS = (
    Field("plan", "category", "The plan; null is the person's own.", nullable=True),
    Field("reason", "category", "Why, in words.", nullable=True),
    Field("rank", "integer", "Which of the person's coverages: 1 pays first.", nullable=True, least=1, most=RANKS),
    Field(
        "effective_days",
        "integer",
        "Days until it counts; negative counts from an earlier day.",
        unit="d",
        nullable=True,
        least=-366 * YEARS,
        most=366 * YEARS,
    ),
)


def covered(people: People, events: Events) -> Coverages:
    """The coverages of a chunk.

    Args:
        people: The chunk's people.
        events: Its events, with the parameters `FIELDS`; those that are none of coverage are passed over.
    """
    kind = events.type.map(lambda name: EVENT_TYPES.get(name, -1), np.int64, -1)
    told = events if (kind >= 0).all() else events.where(kind >= 0)
    days = _whole(told.parameters, "effective_days", 0)
    of_coverage = CoverageEvents(
        row=told.row,
        time=told.time,
        kind=kind[kind >= 0],
        plan=_words(told.parameters, "plan"),
        reason=_words(told.parameters, "reason"),
        rank=np.clip(_whole(told.parameters, "rank", 1), 1, RANKS),
        effective=told.date + days.astype("timedelta64[D]"),
    )
    columns = people.columns
    begin = columns.array("start_date") if "start_date" in columns else np.full(len(people), people.run.start)
    return coverages_of(columns, begin, of_coverage, people.run.plans, people.run.as_of)


def _words(parameters: Columns, name: str) -> Text:
    return parameters.text(name) if name in parameters else Text.constant(None, parameters.rows)


def _whole(parameters: Columns, name: str, unsaid: int) -> NDArray[np.int64]:
    if name not in parameters:
        return np.full(parameters.rows, unsaid)
    given = np.asarray(parameters[name], np.float64)
    return np.where(np.isnan(given), unsaid, np.rint(given)).astype(np.int64)
