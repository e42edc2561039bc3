"""Read files in official layouts: known by their header, with whatever encoding,
case and types their export gave them."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet
from numpy.typing import NDArray

from healthsim_core.errors import ReferenceDataError
from healthsim_core.file_layouts import FileLayout

SUFFIXES = (".csv", ".txt", ".tsv", ".parquet")
_LONGEST_LINE = 1 << 20  # characters of a header; what is longer is none
_TITLE_LINES = 5  # so many lines may stand before the header
_BLOCK = 1 << 20
# a comma parts thousands, and nothing else
NUMBER = r"[-+]?(([0-9]{1,3}(,[0-9]{3})+|[0-9]+)(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?"
_INTERVAL = r"^\s*\(\s*([-+\d.]+)\s*,\s*([-+\d.]+)\s*\)\s*$"


def recognised(path: Path, layouts: Iterable[FileLayout]) -> FileLayout | None:
    """The layout whose header the file has: the one that asks for most columns, where several do.

    Raises:
        ReferenceDataError: The file cannot be read.
    """
    present = [{name.lower() for name in line} for line in _header_lines(path)]
    fitting = [layout for layout in layouts if any({n.lower() for n in layout.header} <= names for names in present)]
    return max(fitting, key=lambda layout: len(layout.header), default=None)


def header(path: Path) -> list[str]:
    """A file's column names: the longest of its first lines, for files with title lines."""
    return max(_header_lines(path), key=len, default=[])


def read_columns(path: Path, columns: Iterable[str]) -> pa.Table:
    """Columns of a file as text, named as asked; a column that the file lacks is null.

    Args:
        path: CSV (UTF-8 with or without byte-order mark, or Latin-1; commas or tabs) or Parquet.
        columns: Official names, matched without regard to case.
    """
    names = tuple(columns)
    schema = pa.schema([(name, pa.string()) for name in names])
    return pa.concat_tables([schema.empty_table(), *batches(path, names)])


def batches(path: Path, columns: Iterable[str]) -> Iterator[pa.Table]:
    """The same as `read_columns`, piece by piece, for files that are larger than memory."""
    names = tuple(columns)
    source = _parquet_batches(path, names) if path.suffix.lower() == ".parquet" else _csv_batches(path, names)
    for batch in source:
        by_name = {name.lower(): batch.column(index) for index, name in enumerate(batch.schema.names)}
        yield pa.table({name: _as_text(by_name.get(name.lower()), batch.num_rows) for name in names})


def numbers(column: pa.Array | pa.ChunkedArray, missing: float = -999.0) -> NDArray[np.float64]:
    """Numbers of a text column, NaN where there is none; `missing` and what is not a number are none."""
    trimmed = pc.utf8_trim_whitespace(pc.fill_null(column, ""))
    numeric = pc.match_substring_regex(trimmed, f"^{NUMBER}$")
    values = pc.if_else(numeric, pc.replace_substring(trimmed, ",", ""), pa.scalar(None, pa.string())).cast(
        pa.float64()
    )
    figures = np.array(
        values.to_numpy(zero_copy_only=False) if isinstance(values, pa.Array) else values.to_numpy(), np.float64
    )
    figures[figures == missing] = np.nan
    return figures


def interval(column: pa.Array | pa.ChunkedArray) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Lower and upper limits of texts such as "(11.9, 14.2)", NaN where there are none."""
    low, high = (numbers(pc.replace_substring_regex(column, _INTERVAL, rf"\{index}")) for index in (1, 2))
    return low, high


def line_numbers(path: Path, columns: Iterable[str], rows: Iterable[int]) -> dict[int, int]:
    """The line on which each of some data rows of a text file begins; the first data row is 0, the first line 1."""
    wanted = set(rows)
    if not wanted:
        return {}
    title, delimiter, encoding = _title(path, columns)
    lines: dict[int, int] = {}
    with path.open(encoding=encoding, newline="") as file:
        for _ in range(title):
            next(file)
        reader, begins, row = csv.reader(file, delimiter=delimiter), 1, -2  # the header is row -1
        for values in _rows(reader):
            row += bool(values)
            if values and row in wanted:
                lines[row] = title + begins
            if len(lines) == len(wanted):
                break
            begins = reader.line_num + 1
    return lines


def _rows(reader: Iterator[list[str]]) -> Iterator[list[str]]:
    """The rows up to one that Python's reader refuses, which is too long."""
    with suppress(csv.Error):
        yield from reader


def zero_padded(column: pa.Array | pa.ChunkedArray, width: int) -> pa.Array:
    """Codes of a text column with the zeros that an export took away."""
    whole = pc.replace_substring_regex(pc.utf8_trim_whitespace(column), r"\.0$", "")
    padded = pc.utf8_lpad(whole, width=width, padding="0")
    return padded.combine_chunks() if isinstance(padded, pa.ChunkedArray) else padded


def _header_lines(path: Path) -> list[list[str]]:
    try:
        if path.suffix.lower() == ".parquet":
            return [pyarrow.parquet.read_schema(path).names]
        with path.open(encoding=_encoding(path), newline="") as file:
            lines = [line for line in (file.readline(_LONGEST_LINE) for _ in range(_TITLE_LINES)) if line]
    except (OSError, pa.ArrowException) as error:
        raise ReferenceDataError(f"cannot be read: {error}.", path.name) from error
    return [_cells(line) for line in lines]


def _cells(line: str) -> list[str]:
    """The names in a line; none where it is no header, but something longer than any."""
    try:
        return next(csv.reader([line], delimiter=_delimiter(line)), []) if len(line) < _LONGEST_LINE else []
    except csv.Error:
        return []


def _csv_batches(path: Path, names: tuple[str, ...]) -> Iterator[pa.RecordBatch]:
    title, delimiter, encoding = _title(path, names)
    header, wanted = _header_lines(path)[title], {name.lower() for name in names}
    types = {name: pa.string() for name in header}
    reader = pyarrow.csv.open_csv(
        path,
        read_options=pyarrow.csv.ReadOptions(
            encoding=encoding.replace("-sig", ""), skip_rows=title, block_size=_BLOCK * 8
        ),
        parse_options=pyarrow.csv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
        convert_options=pyarrow.csv.ConvertOptions(
            column_types=types,
            include_columns=[n for n in header if n.lower() in wanted],
            null_values=[""],
            strings_can_be_null=True,
        ),
    )
    yield from reader


def _title(path: Path, names: Iterable[str]) -> tuple[int, str, str]:
    """How many lines stand before the header that has most of the columns, the delimiter, the encoding."""
    lines, wanted, encoding = _header_lines(path), {name.lower() for name in names}, _encoding(path)
    title = max(range(len(lines)), key=lambda index: len(wanted & {name.lower() for name in lines[index]}), default=0)
    with path.open(encoding=encoding, newline="") as file:
        return title, _delimiter([line for _, line in zip(range(title + 1), file, strict=False)][-1]), encoding


def _parquet_batches(path: Path, names: tuple[str, ...]) -> Iterator[pa.RecordBatch]:
    file, wanted = pyarrow.parquet.ParquetFile(path), {name.lower() for name in names}
    yield from file.iter_batches(columns=[name for name in file.schema_arrow.names if name.lower() in wanted])


def _as_text(column: pa.Array | None, rows: int) -> pa.Array:
    return pa.nulls(rows, pa.string()) if column is None else column.cast(pa.string())


def _delimiter(line: str) -> str:
    return "\t" if line.count("\t") > line.count(",") else ","


def _encoding(path: Path) -> str:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        with path.open("rb") as file:
            if file.read(2) in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
                raise ReferenceDataError("is UTF-16 text; save it as UTF-8.", path.name)
            file.seek(0)
            while block := file.read(_BLOCK):
                decoder.decode(block)
            decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return "latin-1"
    return "utf-8-sig"
