"""What events change of a person's state, as the offers of products tell it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from healthsim_core.columns import Column, Columns, LengthError, spelled
from healthsim_core.columns.text import Text
from healthsim_core.errors import PluginError
from healthsim_core.patterns.timing import Minutes
from healthsim_core.state_offers import StateChange
from healthsim_core.tables import Field

_GIVES = ("name", "drug", "dose", "days", "stops")


def changed_by(change: StateChange, parameters: Columns) -> Mapping[str, Any]:
    """What events change, by the parameters that they have.

    Raises:
        PluginError: It gives something else than it may.
    """
    rows = parameters.rows
    read = Columns({field.name: _read(field, parameters) for field in change.parameters}, rows)
    given = change.changes(read)
    strange = sorted(set(given) - set(_GIVES))
    if strange or "name" not in given:
        what = f"its state change gives {sorted(given)}, not name and what else there is of {list(_GIVES)}."
        raise PluginError(what, change.product, "Return these columns.")
    try:
        return {**{name: Columns(given, rows)[name] for name in given}, **({"before": True} if change.before else {})}
    except LengthError as error:
        what = f"its state change gives no row for each of {rows} events: {error}."
        raise PluginError(what, change.product, "Return columns of that length.") from error


def _read(field: Field, parameters: Columns) -> Column:
    if field.name not in parameters:
        return field.nulls(parameters.rows)
    column = parameters[field.name]
    if field.type in ("text", "category"):
        return column if isinstance(column, Text) else spelled(np.asarray(column))
    return field.nulls(parameters.rows) if isinstance(column, Text) else column


@attrs.frozen(eq=False)
class Changed:
    """What events have begun or ended of a kind of state.

    Attributes:
        kind: Of what it is a record, such as "treatment".
        rank: Int array (rows,): of the node of each.
        row: Int array (rows,): the person's row.
        minute: Int array (rows,).
        given: Columns of what it is.
    """

    kind: str
    rank: NDArray[np.int64]
    row: NDArray[np.intp]
    minute: Minutes
    given: Mapping[str, Any]
