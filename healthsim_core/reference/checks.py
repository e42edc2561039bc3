"""What stored reference rows are tested for, by what their columns are called."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import attrs
import pyarrow as pa
import pyarrow.compute as pc

from healthsim_core.reference.places import counties, former_counties

_COUNTY_COLUMNS = ("county_fips", "place")
NATION = "00000"


@attrs.frozen
class Check:
    """One test of stored rows: the dataset, the file, what was tested, whether it passed, and by how much."""

    dataset: str
    file: str
    name: str
    passed: bool
    detail: str

    def __str__(self) -> str:
        return f"{'passed' if self.passed else 'FAILED'}: {self.dataset}, {self.file}: {self.name}: {self.detail}"


def check_rows(dataset: str, file: str, rows: pa.Table, key: Sequence[str] = ()) -> Iterator[Check]:
    """Tests of one file's rows.

    There is a row; county codes are known; percentages lie in 0 to 100; people are not fewer than 0, and somebody
    lives in each county for which people are counted; figures lie within their limits; no key stands twice.

    Args:
        dataset: The dataset's name.
        file: The file's name.
        rows: The rows.
        key: Columns that name a row; none where that has been looked at in the file itself.
    """
    yield Check(dataset, file, "rows", rows.num_rows > 0, f"{rows.num_rows:,}")
    for name in (column for column in _COUNTY_COLUMNS if column in rows.column_names):
        yield _known_counties(dataset, file, rows[name])
    if {"value", "unit"} <= set(rows.column_names):
        yield _range(dataset, file, rows, "%", 0.0, 100.0)
        yield _range(dataset, file, rows, "people", 0.0, float("inf"))
        if "place" in rows.column_names:
            yield _populated(dataset, file, rows)
    if all(name in rows.column_names and pa.types.is_floating(rows[name].type) for name in ("value", "low", "high")):
        yield _within_limits(dataset, file, rows)
    if key:
        yield _once(dataset, file, rows, key)


def _known_counties(dataset: str, file: str, column: pa.ChunkedArray) -> Check:
    codes = {code[:5] for code in pc.unique(_text(column)).to_pylist() if code is not None}
    strange = sorted(codes - set(counties()) - set(former_counties()) - {NATION})
    shown = ", ".join(strange[:5])
    return Check(
        dataset,
        file,
        "county codes are known",
        not strange,
        f"{len(strange)} are not: {shown}" if strange else f"{len(codes):,}",
    )


def _range(dataset: str, file: str, rows: pa.Table, unit: str, low: float, high: float) -> Check:
    values = rows["value"].filter(pc.fill_null(pc.equal(_text(rows["unit"]), unit), False))
    outside = pc.sum(pc.or_(pc.less(values, low), pc.greater(values, high))).as_py() or 0
    return Check(
        dataset, file, f"{unit} from {low:g} to {high:g}", outside == 0, f"{outside} of {len(values):,} are outside"
    )


def _populated(dataset: str, file: str, rows: pa.Table) -> Check:
    people = rows.filter(pc.fill_null(pc.equal(_text(rows["unit"]), "people"), False))
    sums = (
        pa.table({"place": _text(people["place"]), "value": people["value"]})
        .group_by("place")
        .aggregate([("value", "sum")])
    )
    empty = pc.sum(pc.less_equal(pc.fill_null(sums["value_sum"], 0), 0)).as_py() or 0
    return Check(dataset, file, "somebody lives in each place", empty == 0, f"nobody in {empty} of {sums.num_rows:,}")


def _within_limits(dataset: str, file: str, rows: pa.Table) -> Check:
    outside = (
        pc.sum(pc.or_(pc.greater(rows["low"], rows["value"]), pc.greater(rows["value"], rows["high"]))).as_py() or 0
    )
    return Check(
        dataset, file, "figures within their limits", outside == 0, f"{outside} of {rows.num_rows:,} are outside"
    )


def _once(dataset: str, file: str, rows: pa.Table, key: Sequence[str]) -> Check:
    named = pa.table({name: _text(rows[name]) for name in key})
    twice = rows.num_rows - named.group_by(list(key)).aggregate([]).num_rows
    return Check(
        dataset, file, f"one row for each {', '.join(key)}", twice == 0, f"{twice} of {rows.num_rows:,} stand twice"
    )


def _text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return column.cast(pa.string())
