"""A SAS transport file, version 5 (TS-140), taken apart: its header records, its NAMESTR records,
and its observations as columns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import attrs
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from healthsim_core import HealthSimError

RECORD = 80
HEADER = (
    ("library", 80), ("library symbol", 8), ("library symbol 2", 8), ("library saslib", 8), ("library version", 8),
    ("library system", 8),
    ("library blanks", 24), ("library created", 16), ("library modified", 16), ("library rest", 64), ("member", 80),
    ("descriptor", 80),
    ("member symbol", 8), ("member name", 8), ("member sasdata", 8), ("member version", 8), ("member system", 8),
    ("member blanks", 24),
    ("member created", 16), ("member modified", 16), ("member blanks 2", 16), ("member label", 40), ("member type", 8),
    ("namestr", 80),
)  # fmt: skip
DESCRIPTION = np.dtype([
    ("ntype", ">i2"), ("nhfun", ">i2"), ("nlng", ">i2"), ("nvar0", ">i2"), ("nname", "V8"), ("nlabel", "V40"),
    ("nform", "V8"),
    ("nfl", ">i2"), ("nfd", ">i2"), ("nfj", ">i2"), ("nfill", "V2"), ("niform", "V8"), ("nifl", ">i2"), ("nifd", ">i2"),
    ("npos", ">i4"), ("rest", "V52"),
])  # fmt: skip
COUNT = slice(48, 58)  # of variables, in the header record before the NAMESTR records
NUMBER = 1
Buffer = bytes | memoryview
MISSING = 0x2E << 56
BLOCK = 2_000  # observations


@attrs.frozen(eq=False)
class Transport:
    """What a file holds.

    Attributes:
        header: Fields of its header records, by name; `observations` is their number.
        variables: A row a variable, a column a field of NAMESTR.
        observations: A column a variable, and `record`, the number of each.
        problems: Numbers that are not written as the standard writes them, a line a variable.
    """

    header: dict[str, Any]
    variables: pa.Table
    observations: pa.Table
    problems: tuple[str, ...]


def read_transport(raw: Buffer, name: str) -> Transport:
    """Take a file apart.

    Args:
        raw: Its bytes.
        name: Its name, for errors.

    Raises:
        HealthSimError: It is no transport file of version 5, or it is cut off.
    """
    header, described, start = _outline(raw, name)
    rows, length = header["observations"], int(described["nlng"].sum())
    cells = np.frombuffer(raw, np.uint8, rows * length, start).reshape(rows, length)
    columns, problems = {"record": pa.array(np.arange(1, rows + 1))}, []
    for variable, column in zip(described, _cut(cells, described), strict=True):
        title = _latin(variable["nname"].tobytes()).strip()
        columns[title] = _numbers(column) if variable["ntype"] == NUMBER else _texts(column)
        strange = _strange(column) if variable["ntype"] == NUMBER else 0
        problems += [f"{name}: {strange} values of {title} are no normalised IBM numbers"] if strange else []
    return Transport(header, _descriptions(described), pa.table(columns), tuple(problems))


def count_observations(raw: Buffer, name: str) -> int:
    """How many observations a file has; none of them is read.

    Args:
        raw: Its bytes.
        name: Its name, for errors.

    Raises:
        HealthSimError: It is no transport file of version 5, or it is cut off.
    """
    return int(_outline(raw, name)[0]["observations"])


def _outline(raw: Buffer, name: str) -> tuple[dict[str, Any], NDArray[np.void], int]:
    """A file's header records, its NAMESTR records, and where its observations begin."""
    size = sum(length for _, length in HEADER)
    header: dict[str, Any] = dict(_fields(raw[:size]))
    if len(raw) % RECORD or not header["namestr"][COUNT].isdecimal():
        raise HealthSimError("is no SAS transport file of version 5.", name)
    count = int(header["namestr"][COUNT])
    end = size + count * DESCRIPTION.itemsize
    start = end + -end % RECORD
    if not count or len(raw) < start + RECORD:
        raise HealthSimError("ends before its observations.", name)
    described = np.frombuffer(raw, DESCRIPTION, count, size)
    header |= {"namestr padding": _latin(raw[end:start]), "observation": _latin(raw[start : start + RECORD])}
    start += RECORD
    length = int(described["nlng"].sum())
    if length <= 0 or (described["npos"] < 0).any() or int((described["npos"] + described["nlng"]).max()) > length:
        raise HealthSimError("describes variables that do not fit its observations.", name)
    rows = _count(raw, start, length)
    header |= {"observations": rows, "observation padding": _latin(raw[start + rows * length :])}
    return header, described, start


def _fields(raw: Buffer) -> Iterator[tuple[str, str]]:
    at = 0
    for name, length in HEADER:
        yield name, _latin(raw[at : at + length])
        at += length


def _descriptions(described: NDArray[np.void]) -> pa.Table:
    assert DESCRIPTION.names is not None
    columns: dict[str, Any] = {}
    for field in DESCRIPTION.names:
        values = described[field]
        columns[field] = (
            [_latin(value.tobytes()) for value in values] if values.dtype.kind == "V" else values.astype(np.int64)
        )
    return pa.table(columns)


def _latin(raw: Buffer) -> str:
    return bytes(raw).decode("latin-1")


def _count(raw: Buffer, start: int, length: int) -> int:
    """How many observations there are: those at the end that are blank are the padding of the last record."""
    rows = (len(raw) - start) // length
    while (
        rows
        and len(raw) - (start + (rows - 1) * length) < RECORD
        and not bytes(raw[start + (rows - 1) * length :]).strip(b" ")
    ):
        rows -= 1
    return rows


def _cut(cells: NDArray[np.uint8], described: NDArray[np.void]) -> list[NDArray[np.uint8]]:
    """The bytes of each variable; block by block of observations, as each is read once a variable."""
    spans = [slice(int(variable["npos"]), int(variable["npos"]) + int(variable["nlng"])) for variable in described]
    columns = [np.empty((len(cells), span.stop - span.start), np.uint8) for span in spans]
    for start in range(0, len(cells), BLOCK):
        block = slice(start, start + BLOCK)
        for column, span in zip(columns, spans, strict=True):
            column[block] = cells[block, span]
    return columns


def _texts(cells: NDArray[np.uint8]) -> pa.Array:
    rows, length = cells.shape
    ends = pa.py_buffer(np.arange(rows + 1, dtype=np.int32) * np.int32(length))
    padded = pa.StringArray.from_buffers(rows, ends, pa.py_buffer(cells))
    padded.validate(full=True)  # what is not UTF-8 is refused
    values = pc.ascii_rtrim(padded, " ")
    blank = pc.equal(values, "")
    return pc.if_else(blank, pa.scalar(None, pa.string()), values) if blank.true_count else values


def _numbers(cells: NDArray[np.uint8]) -> pa.Array:
    """Sign, exponent of 16, and fraction of 56 bits; a point and zeros are a missing value."""
    words = cells.view(">u8").ravel().astype(np.uint64)
    exponent = (cells[:, 0].astype(np.int32) & 0x7F) - 64
    fraction = (words & np.uint64((1 << 56) - 1)).astype(np.float64)
    values = np.ldexp(np.where(cells[:, 0] >= 0x80, -fraction, fraction), 4 * exponent - 56)
    return pa.array(values, mask=words == MISSING)


def _strange(cells: NDArray[np.uint8]) -> int:
    """How many numbers have another form than the one that is normal:
    another word for the same value is found by this alone."""
    words = cells.view(">u8").ravel().astype(np.uint64)
    fraction = words & np.uint64((1 << 56) - 1)
    usual = (words == MISSING) | (words == 0)
    exact = fraction.astype(np.float64).astype(np.uint64) == fraction
    return int((~usual & ((cells[:, 1] < 0x10) | ~exact)).sum())
