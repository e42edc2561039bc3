"""What products have decided of events, as columns beside the chain."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from healthsim_core.columns import Column, Columns, LengthError, Text, concat
from healthsim_core.decision_offers import EventDecision
from healthsim_core.errors import PluginError
from healthsim_core.events import Events


@attrs.frozen(eq=False)
class Decided:
    """What one decision gives.

    Attributes:
        row: Int array (rows of the chain,): the row of `columns` of each event, -1 for those that it is not about.
        columns: The columns that were decided.
    """

    row: NDArray[np.int32]
    columns: Columns


def over(column: Column, given: Column, row: NDArray[np.integer[Any]]) -> Column:
    """A column with rows of what is `given` in its place, where `row` is not -1."""
    decided_of = row >= 0
    if decided_of.all():
        return given[row]
    if isinstance(given, Text) or isinstance(column, Text):
        return concat([column, given])[np.where(decided_of, len(column) + row, np.arange(len(row)))]
    return np.where(decided_of, given[row], column) if len(given) else column


def decided_by(decision: EventDecision, events: Events) -> Columns:
    """The columns that a product decides of events.

    Raises:
        PluginError: It gives something else than it says.
    """
    given = decision.decide(events)
    names = sorted(given) if isinstance(given, Mapping) else type(given).__name__
    if names != sorted(decision.names):
        what = f"its decision gives {names}, not {sorted(decision.names)}."
        raise PluginError(what, "", "Return what `gives` names.")
    try:
        return Columns(given, len(events))
    except LengthError as error:
        what = f"its decision gives no row for each of {len(events)} events: {error}."
        raise PluginError(what, "", "Return columns of that length.") from error


def decided(decision: EventDecision, events: Events, at: NDArray[np.intp], rows: int) -> Decided:
    """Ask a product for its decision.

    Args:
        decision: The offer.
        events: The events that it is about.
        at: Their rows in the chain.
        rows: How many rows the chain has.
    """
    row = np.full(rows, -1, np.int32)
    row[at] = np.arange(len(at), dtype=np.int32)
    return Decided(row, decided_by(decision, events))
