"""When coverage begins and ends, as far as events say it; without them it is in force all along."""

from __future__ import annotations

import attrs
import numpy as np
from numpy.typing import NDArray

from healthsim_core import Events, matches

EVENT_TYPES = ("new_enrollment", "termination")
_INDIVIDUAL = ("Medicare", "Medicaid")  # each person's own; other coverage is the household's


@attrs.frozen(eq=False)
class CoverageChanges:
    """Beginnings and ends of coverage.

    Attributes:
        row: The person's row in the chunk.
        time: When, `datetime64[s]`: an enrolment counts from the morning of its day, a termination to its end.
        begins: Boolean array: an enrolment, or a termination.
    """

    row: NDArray[np.intp]
    time: NDArray[np.datetime64]
    begins: NDArray[np.bool_]


def coverage_changes(events: Events) -> CoverageChanges:
    """The changes of everybody in the chunk; a subscriber's count for the household where the coverage is shared."""
    at = np.flatnonzero(events.type.isin(EVENT_TYPES))
    chunk = events.chunk
    coverage_type, subscriber = chunk.columns.text("coverage_type"), chunk.columns.array("subscriber_id")
    shared = at[~coverage_type.isin(_INDIVIDUAL)[events.row[at]]]
    held, member = matches(subscriber, events.person[shared])
    cause = shared[held]
    others = member != events.row[cause]
    row = np.concatenate([events.row[at], member[others]])
    source = np.concatenate([at, cause[others]])
    begins = events.type[source] == "new_enrollment"
    day = events.date[source].astype("datetime64[s]")
    return CoverageChanges(row, np.where(begins, day, day + np.timedelta64(86_399, "s")), begins)
