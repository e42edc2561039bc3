"""The conditions that people are known to have at a moment."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from healthsim_core.columns import Columns, Text

KNOWN = "known:"  # before a code: what is diagnosed


class Conditions(Protocol):
    """Records of conditions."""

    def holds(self, name: str, row: NDArray[np.intp], minute: NDArray[np.int64], rank: int) -> NDArray[np.bool_]:
        """Whether a condition is there, of each row at each moment."""

    def sorted(self) -> tuple[NDArray[np.int64], Columns]:
        """All records."""


class Diagnosed:
    """The conditions that people are known to have at a moment, as `'E11' in conditions` asks for them.

    Args:
        log: Records of conditions.
        row: Int array: the person's row of each.
        minute: Int array: the moment of each, minutes since 1970.
        rank: The rank of what asks.
    """

    def __init__(self, log: Conditions, row: NDArray[np.intp], minute: NDArray[np.int64], rank: int) -> None:
        self._log, self._row, self._minute, self._rank = log, row, minute, rank

    def __len__(self) -> int:
        return len(self._row)

    def __getitem__(self, some: NDArray[np.intp] | slice) -> Diagnosed:
        return Diagnosed(self._log, self._row[some], self._minute[some], self._rank)

    def holding(self, code: str) -> NDArray[np.bool_]:
        """Where one of them begins with a code."""
        return self._log.holds(f"{KNOWN}{code}", self._row, self._minute, self._rank)

    def is_null(self) -> NDArray[np.bool_]:
        """Where there are none."""
        return ~self.holding("")

    def words(self) -> Text:
        """Their codes as one text each, null where there are none."""
        _, columns = self._log.sorted()
        codes = sorted(set(columns.text("name").values.to_pylist())) if columns.rows else []
        held = np.stack([np.zeros(len(self), bool), *(self.holding(code) for code in codes)])
        patterns, which = np.unique(held, axis=1, return_inverse=True)
        said = [" ".join(code for code, has in zip(codes, column[1:], strict=True) if has) for column in patterns.T]
        return Text.of([words or None for words in said])[which.reshape(-1)]
