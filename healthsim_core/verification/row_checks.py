"""What each row of a table says by itself: what must be there, bounds, sums of its own fields, codes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import attrs
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from healthsim_core.catalog import Catalog
from healthsim_core.codes import CodeSystem
from healthsim_core.tables import Field, Table
from healthsim_core.verification.finding import Finding, such_as

CENT = 0.005
# what must hold, and of a piece of the table how many rows it does not hold of, and what one of them says
_Check = tuple[str, Callable[[pa.Table], tuple[int, Any]]]


@attrs.frozen
class Codes:
    """Which codes are known, each looked up once: a provider's number is in many tables."""

    catalog: Catalog
    _known: dict[str, pa.Array] = attrs.field(factory=dict, init=False)

    def known(self, system: str, codes: pa.Array) -> pa.Array:
        """Which codes a system has as they are written; of a system that nobody offers, all."""
        code_system: CodeSystem | None = self.catalog.code_systems.get(system.lower())
        if code_system is None:
            return pc.is_valid(codes)
        before = self._known.get(system, pa.array([], pa.string()))
        new = codes.filter(pc.invert(pc.is_in(codes, before))).to_pylist()
        good = pa.array([code for code in new if code_system.canonical(code) == code], pa.string())
        self._known[system] = known = pa.concat_arrays([before, good])
        return pc.is_in(codes, known)


def row_findings(table: Table, pieces: Iterable[pa.Table], codes: Codes) -> Iterator[Finding]:
    """Check every row of a table by itself.

    Args:
        table: Its declaration.
        pieces: Its rows, piece by piece.
        codes: The codes that are known.
    """
    checks = [check for field in table.fields for check in _of_row(field, codes)]
    rows, wrong = 0, [0] * len(checks)
    examples: list[list[str]] = [[] for _ in checks]
    for batch in pieces:
        piece = batch.unify_dictionaries()
        rows += piece.num_rows
        for at, (_, look) in enumerate(checks):
            count, example = look(piece)
            wrong[at] += count
            examples[at] += [] if example is None else [str(example)]
    for (what, _), count, shown in zip(checks, wrong, examples, strict=True):
        yield Finding(table.name, what, rows, count, such_as(shown))


def _of_row(field: Field, codes: Codes) -> Iterator[_Check]:
    if not field.nullable and field.type != "id":
        yield f"{field.name} is there", lambda piece: (piece[field.name].null_count, None)
    for bound, outside in (
        () if field.signed_by else ((field.least, _below), (field.most, _over), (field.above, _up_to))
    ):
        if bound is not None:
            yield f"{field.name} is within its bounds", _bounded(field.name, bound, outside)
    if field.sum_of and "." not in field.sum_of[0]:
        yield f"{field.name} is {' + '.join(field.sum_of)}", lambda piece: _not_the_sum(piece, field)
    if field.codes:
        yield f"{field.name} is a code of its system", lambda piece: _unknown(piece, field, codes)


def _bounded(
    name: str, bound: float, outside: Callable[[NDArray[np.float64], float], NDArray[np.bool_]]
) -> Callable[[pa.Table], tuple[int, Any]]:
    def look(piece: pa.Table) -> tuple[int, Any]:
        values = _floats(piece[name].drop_null())
        return _first(values, outside(values, bound))

    return look


def _not_the_sum(piece: pa.Table, field: Field) -> tuple[int, Any]:
    present = piece[field.name].is_valid()
    parts = (_floats(pc.fill_null(piece[name].filter(present), 0)) for name in field.sum_of)
    sums = _floats(piece[field.name].filter(present))
    return _first(sums, _over(np.abs(sums - sum(parts)), CENT))


def _floats(column: pa.ChunkedArray) -> NDArray[np.float64]:
    return np.asarray(column.cast(pa.float64(), safe=False).to_numpy())


def _first(values: NDArray[np.float64], wrong: NDArray[np.bool_]) -> tuple[int, Any]:
    count = int(wrong.sum())
    return count, values[wrong][0] if count else None


def _below(values: NDArray[np.float64], bound: float) -> NDArray[np.bool_]:
    return values < bound


def _over(values: NDArray[np.float64], bound: float) -> NDArray[np.bool_]:
    return ~(values <= bound)  # what is no number is over every bound


def _up_to(values: NDArray[np.float64], bound: float) -> NDArray[np.bool_]:
    return values <= bound


def _unknown(piece: pa.Table, field: Field, codes: Codes) -> tuple[int, Any]:
    filled = piece.filter(piece[field.name].is_valid()) if piece[field.name].null_count else piece
    count, example = 0, None
    for system, column in _by_system(filled, field):
        counts = column.value_counts()
        values = counts.field("values").cast(pa.string())
        strange = pc.invert(codes.known(system, values))
        if strange.true_count:
            count += pc.sum(counts.field("counts").filter(strange)).as_py()
            example = values.filter(strange)[-1].as_py()
    return count, example


def _by_system(rows: pa.Table, field: Field) -> Iterator[tuple[str, pa.ChunkedArray]]:
    """The codes of each system."""
    if not field.said_by:
        yield field.codes, rows[field.name]
        return
    systems = rows[field.said_by].cast(pa.string())
    for system in systems.unique().drop_null().to_pylist():
        yield system, rows[field.name].filter(pc.equal(systems, system))
