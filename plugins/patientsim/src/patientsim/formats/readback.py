"""Rows of declared tables put together from what a file says, one at a time: for verification only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from healthsim_core import Columns, ReadBack, Text, places

SHOWN = 100  # problems told, at most
_DATES = {"birth_date", "deceased_date", "onset_date", "recorded_date", "start_date", "end_date"}
_TIMES = {"start", "end", "effective", "issued", "performed", "authored", "created", "time", "recorded_time"}
UNTOLD = object()  # in the place of a value that the file does not tell
_NUMBERS = {"value", "second_value", "low", "high", "dose", "quantity", "days_supply", "refills"}


class Gathered:
    """What has been read so far.

    Attributes:
        rows: By table name, a mapping of column to value for each row.
        problems: What is wrong, a line each.
    """

    def __init__(self) -> None:
        self.rows: dict[str, list[Mapping[str, Any]]] = {}
        self.problems: list[str] = []
        self._times: list[tuple[str, str]] = []

    def add(self, table: str, **row: Any) -> None:
        """A row of `table`; None stands for null, UNTOLD for what the file does not tell."""
        self.rows.setdefault(table, []).append(row)

    def problem(self, what: str) -> None:
        """Something that is wrong in the files."""
        if len(self.problems) < SHOWN:
            self.problems.append(what)

    def local(self, person: str | None, time: str | None) -> str | None:
        """The local civil time of an ISO time, whose offset must be that of the person's county."""
        if person is None or time is None:
            return None
        self._times.append((person, time))
        return time[:19]

    def _wrong_clocks(self) -> None:
        homes = {row["person_id"]: row["county_fips"] for row in self.rows.get("core.person", ())}
        told = [(person, time) for person, time in self._times if person in homes]
        local = np.array([time[:19] for _, time in told], "datetime64[s]")
        right = places.offsets(local, Text.of([homes[person] for person, _ in told])) if told else []
        for (person, time), minutes in zip(told, right, strict=True):
            sign, hours, rest = time[19:20], *time[20:].split(":")
            if int(f"{sign}1") * (int(hours) * 60 + int(rest)) != minutes:
                self.problem(f"person {person}: {time} does not have the offset of the county {homes[person]}")

    def told(self, complete: Mapping[str, str]) -> ReadBack:
        """All of it, as columns; `complete` names the tables of which every row must be there, with their keys."""
        self._wrong_clocks()
        nothing = {name: Columns({key: np.zeros(0, np.int64)}) for name, key in complete.items()}
        tables = {name: Columns({column: _column(column, rows) for column in rows[0]}, len(rows)) for name, rows in self.rows.items()}
        return ReadBack({**nothing, **tables}, tuple(complete), tuple(self.problems), silent=self._silent())

    def _silent(self) -> dict[str, dict[str, NDArray[np.bool_]]]:
        found: dict[str, dict[str, NDArray[np.bool_]]] = {}
        for name, rows in self.rows.items():
            masks = {column: np.array([row[column] is UNTOLD for row in rows], bool) for column in rows[0]}
            found[name] = {column: mask for column, mask in masks.items() if mask.any()}
        return found


def _column(name: str, rows: list[Mapping[str, Any]]) -> Any:
    values = [None if row[name] is UNTOLD else row[name] for row in rows]
    if name.endswith("_id") and name != "payer_id":
        return np.array([int(value or 0) for value in values], np.int64)
    if name in _DATES or name in _TIMES:
        return np.array([value or "NaT" for value in values], "datetime64[D]" if name in _DATES else "datetime64[s]")
    if name in _NUMBERS:
        return np.array([np.nan if value is None else float(value) for value in values])
    return Text.of(values)
