"""The row of a skill's table that gave what an event has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from healthsim_core.columns import Columns
from healthsim_core.draws import Draws
from healthsim_core.explaining.life import scalar
from healthsim_core.explaining.told import SkillRow
from healthsim_core.skills.document import in_band
from healthsim_core.skills.use import SkillUse

_YES = {True: "yes", False: "no"}


def row_of(use: SkillUse, context: Mapping[str, Any], draw: Draws) -> SkillRow:
    """The row that a skill gives.

    Args:
        use: The reference to the skill.
        context: What it is asked: by key, a value, or a column of one row.
        draw: The draws of the event.
    """
    skill, columns = use.skill, Columns(context, 1)
    resolved = use.resolved(columns, draw)
    asked = {key: scalar(columns[key]) for key in columns}
    given = {name: scalar(resolved[name]) for name in resolved}
    cells = skill.cells(use.lookup) if skill.cells is not None else {}
    fitting = (row for row in range(len(next(iter(cells.values()), ()))) if _fits(cells, row, asked, given))
    row = next(fitting, None)
    shown = {} if row is None else {name: column[row] for name, column in cells.items()}
    return SkillRow(skill.skill, skill.version, use.lookup, None if row is None else row + 1, shown, asked)


def _fits(cells: Mapping[str, Any], row: int, asked: Mapping[str, Any], given: Mapping[str, Any]) -> bool:
    keys = all(_means(cells[f"by {key}"][row], value) for key, value in asked.items() if f"by {key}" in cells)
    return keys and all(_says(cells[name][row], value) for name, value in given.items() if name in cells)


def _means(cell: str, value: Any) -> bool:
    """Whether a cell of a key's column means a value."""
    if cell == "*":
        return True
    if isinstance(value, bool):
        return cell == _YES[value]
    if isinstance(value, int | float):
        return bool(in_band(np.array([value], np.float64), cell)[0])
    return bool(cell == value)


def _says(cell: str, value: Any) -> bool:
    """Whether a cell gives a value."""
    if value is None:
        return not cell
    return bool(float(cell) == value if isinstance(value, int | float) else cell == value)
