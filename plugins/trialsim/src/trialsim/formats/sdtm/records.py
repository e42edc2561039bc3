"""Rows of a dataset: sorted by its keys, numbered within the subject, turned into the bytes of a transport file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from healthsim_core import Destination, Text, rank_within
from trialsim.formats import xpt
from trialsim.formats.sdtm.spec import Dataset, Variable

COPY = 1 << 20  # bytes copied at a time from the spool to the file


def ranked(column: Any) -> NDArray[Any]:
    """A sort key for a column: text by its bytes, null first."""
    if not isinstance(column, Text):
        return np.asarray(column)
    order = pc.sort_indices(column.values).to_numpy()
    rank = np.empty(len(order) + 1, np.int64)
    rank[order], rank[-1] = np.arange(len(order)), -1
    return rank[column.codes]


def records(
    dataset: Dataset, columns: Mapping[str, Any], subject: NDArray[np.intp], rows: int
) -> tuple[NDArray[np.void], NDArray[np.intp]]:
    """The dataset's records in order of its keys, and the subject of each.

    Args:
        dataset: The dataset.
        columns: Column by variable, `Text`, numbers or dates; what is not there is null.
        subject: Int array (rows,): the subject's rank in order of USUBJID; zeros for a dataset without subjects.
        rows: Number of rows.
    """
    natural = [key for key in dataset.keys if key not in ("STUDYID", "USUBJID") and not key.endswith("SEQ")]
    order = np.lexsort((*(ranked(columns[key]) for key in reversed(natural)), subject))
    whose = subject[order]
    filled = np.zeros(rows, xpt.record_type(dataset.xpt))
    numbered = (
        {**columns, f"{dataset.name}SEQ": _sequence(subject, order)} if f"{dataset.name}SEQ" not in columns else columns
    )
    for variable in dataset.variables:
        filled[variable.variable] = _cells(variable, numbered.get(variable.variable), rows)[order]
    return filled, whose


def filled(dataset: Dataset, rows: NDArray[np.void], known: frozenset[str] = frozenset()) -> frozenset[str]:
    """Variables of which some row has a value, beyond those already `known` to have one."""
    names = set(known)
    for variable in dataset.variables:
        if variable.variable not in names:
            blank = xpt.MISSING if variable.number else b" " * variable.length
            if (rows[variable.variable] != blank).any():
                names.add(variable.variable)
    return frozenset(names)


def _sequence(subject: NDArray[np.intp], order: NDArray[np.intp]) -> NDArray[np.float64]:
    number = np.empty(len(order), np.float64)
    number[order] = rank_within(subject[order]) + 1
    return number


def _cells(variable: Variable, column: Any, rows: int) -> NDArray[Any]:
    if variable.number:
        values = np.full(rows, np.nan) if column is None else np.asarray(column, np.float64)
        return xpt.ibm_from_float(values)
    if column is None:
        return np.full(rows, b" " * variable.length, f"S{variable.length}")
    return xpt.text_cells(
        column if isinstance(column, Text) else _iso(np.asarray(column), variable.type), variable.length
    )


def _iso(moments: NDArray[np.datetime64], kind: str) -> Text:
    """ISO 8601 text of dates or times, once per distinct one."""
    unit = "D" if kind == "date" else "s"
    distinct, codes = np.unique(moments.astype(f"datetime64[{unit}]"), return_inverse=True)
    values = [
        None if np.isnat(moment) else text
        for moment, text in zip(distinct, np.datetime_as_string(distinct).tolist(), strict=True)
    ]
    encoded = Text.of(pa.array(values, pa.string()))
    return encoded.take(codes)


class Spool:
    """Records put by until all chunks have come, so that a file can hold them site by site, as USUBJID sorts them.

    Memory holds one entry a chunk and site; the records lie in a file beside the output until `copy_to`.
    """

    def __init__(self, destination: Destination, dataset: Dataset) -> None:
        self.dataset, self._path = dataset, destination.path(f"{dataset.name.lower()}.spool")
        self._file = self._path.open("w+b", buffering=COPY)
        self._parts: dict[str, list[tuple[int, int]]] = {}
        self._at = 0
        self.rows = 0
        self.filled: frozenset[str] = frozenset()

    def add(self, site: str, rows: NDArray[np.void]) -> None:
        """Put by the records of one site."""
        raw = rows.tobytes()
        self.filled = filled(self.dataset, rows, self.filled)
        self._file.write(raw)
        self._parts.setdefault(site, []).append((self._at, len(raw)))
        self._at += len(raw)
        self.rows += len(rows)

    def copy_to(self, file: Any, head: bytes) -> None:
        """Write the transport file, site by site, and drop the spool."""
        file.write(head, rows=self.rows)
        for raw in self._read():
            file.write(raw)
        file.write(xpt.padding(self._at))
        self._file.close()
        Path(self._path).unlink()

    def _read(self) -> Iterator[bytes]:
        for site in sorted(self._parts):
            for start, size in self._parts[site]:
                self._file.seek(start)
                for piece in range(0, size, COPY):
                    yield self._file.read(min(COPY, size - piece))
