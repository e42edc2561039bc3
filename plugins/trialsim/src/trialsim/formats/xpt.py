"""SAS transport files, version 5 (SAS Technical Support note TS-140), written from columns and read back.

A file is records of 80 bytes: a library header, a member header, one 140-byte description (NAMESTR) a variable, and the
observations one after the other, padded with blanks at the end. Text is padded with blanks; numbers are IBM System/360
double-precision floating point.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import attrs
import numpy as np
from numpy.typing import NDArray

from healthsim_core import Text

CARD = 80
NAMESTR = 140
MISSING = np.uint64(0x2E) << np.uint64(56)  # "." and zeros
_OBSERVATIONS = b"HEADER RECORD*******OBS     HEADER RECORD!!!!!!!" + b"0" * 30 + b"  "
_LAYOUT = ">hhhh8s40s8shhh2s8shhl52s"
_SAS, _SYSTEM = "9.4", "Linux"


@attrs.frozen
class XptVariable:
    """A variable: name (8 characters), label (40), and length in bytes; numbers are always 8 long."""

    name: str
    label: str
    length: int
    number: bool = False


def header(name: str, label: str, variables: Sequence[XptVariable], day: np.datetime64) -> bytes:
    """Everything before the observations.

    Args:
        name: Dataset name, at most 8 characters.
        label: Dataset label, at most 40 characters.
        variables: In order.
        day: The date that stands as created and modified: the run's, never the clock's.
    """
    moment = f"{day.astype('O'):%d%b%y}:00:00:00".upper()
    cards = [
        _card("HEADER RECORD*******LIBRARY HEADER RECORD!!!!!!!" + "0" * 30),
        _card(f"{'SAS':8}{'SAS':8}{'SASLIB':8}{_SAS:8}{_SYSTEM:8}{'':24}{moment}"),
        _card(moment),
        _card("HEADER RECORD*******MEMBER  HEADER RECORD!!!!!!!" + "0" * 17 + "1600000000" + "140"),
        _card("HEADER RECORD*******DSCRPTR HEADER RECORD!!!!!!!" + "0" * 30),
        _card(f"{'SAS':8}{name:8}{'SASDATA':8}{_SAS:8}{_SYSTEM:8}{'':24}{moment}"),
        _card(f"{moment}{'':16}{label:40}{'':8}"),
        _card("HEADER RECORD*******NAMESTR HEADER RECORD!!!!!!!" + f"{len(variables):010d}" + "0" * 20),
    ]
    described = b"".join(_namestrs(variables))
    return b"".join(cards) + described + padding(len(described)) + _OBSERVATIONS


def padding(size: int) -> bytes:
    """Blanks up to the next whole card."""
    return b" " * (-size % CARD)


def record_type(variables: Sequence[XptVariable]) -> np.dtype:
    """The layout of one observation."""
    return np.dtype([(v.name, ">u8" if v.number else f"S{v.length}") for v in variables])


def text_cells(text: Text, length: int) -> NDArray[np.bytes_]:
    """Blank-padded bytes of each row; what is longer is cut at a whole character."""
    cells = [_cut(value, length).ljust(length) for value in text.values.to_pylist()]
    return np.array([*cells, b" " * length], f"S{length}")[text.codes]


def ibm_from_float(values: NDArray[np.float64]) -> NDArray[np.uint64]:
    """IBM floating point words of IEEE numbers; NaN is missing."""
    null = np.isnan(values)
    mantissa, exponent = np.frexp(np.where(null, 0.0, np.abs(values)))
    hexadecimal = -(-exponent // 4)
    shift = (4 * hexadecimal - exponent).astype(np.uint64)
    fraction = np.ldexp(mantissa, 53).astype(np.uint64) << (np.uint64(3) - shift)
    sign = np.signbit(np.where(null, 0.0, values)).astype(np.uint64) << np.uint64(63)
    words = sign | ((hexadecimal + 64).astype(np.uint64) << np.uint64(56)) | fraction
    return np.where(null, MISSING, np.where(mantissa == 0, np.uint64(0), words))


def float_from_ibm(words: NDArray[np.uint64]) -> NDArray[np.float64]:
    """IEEE numbers of IBM words; missing is NaN."""
    first = (words >> np.uint64(56)).astype(np.int64)
    fraction = (words & np.uint64((1 << 56) - 1)).astype(np.float64)
    values = np.ldexp(fraction, (4 * ((first & 0x7F) - 64) - 56).astype(np.int32))
    missing = (fraction == 0) & (first != 0)
    return np.where(missing, np.nan, np.where(first & 0x80, -values, values))


@attrs.frozen(eq=False)
class XptFile:
    """A dataset as a file holds it: name, label, variables, and a column a variable (text stripped, null for blank)."""

    name: str
    label: str
    variables: tuple[XptVariable, ...]
    columns: Mapping[str, Text | NDArray[np.float64]]
    rows: int


def read_xpt(path: Path) -> XptFile:
    """Read one dataset.

    Raises:
        ValueError: It is not a transport file of version 5.
    """
    raw = path.read_bytes()
    if not raw.startswith(b"HEADER RECORD*******LIBRARY HEADER RECORD!!!!!!!"):
        raise ValueError(f"{path.name} is not a SAS transport file of version 5")
    name, label = raw[5 * CARD + 8 : 5 * CARD + 16], raw[6 * CARD + 32 : 6 * CARD + 72]
    count = int(raw[7 * CARD + 48 : 7 * CARD + 58])
    variables = tuple(_described(raw[8 * CARD + i * NAMESTR : 8 * CARD + (i + 1) * NAMESTR]) for i in range(count))
    start = 8 * CARD + count * NAMESTR
    start += -start % CARD + CARD
    layout = record_type(variables)
    rows = (len(raw) - start) // layout.itemsize
    records = np.frombuffer(raw, layout, rows, start)
    records = records[: rows - _blank_tail(raw, start, rows, layout.itemsize)]
    columns = {v.name: _column(records[v.name], v) for v in variables}
    return XptFile(name.decode().strip(), label.decode().strip(), variables, columns, len(records))


def _card(text: str) -> bytes:
    return text.ljust(CARD).encode("ascii")


def _namestrs(variables: Sequence[XptVariable]) -> Iterator[bytes]:
    position = 0
    for number, variable in enumerate(variables, 1):
        blank = b" " * 8
        kind = 1 if variable.number else 2
        name, label = variable.name.encode().ljust(8), variable.label.encode().ljust(40)
        yield struct.pack(_LAYOUT, kind, 0, variable.length, number, name, label, blank, 0, 0, 0, b"", blank, 0, 0, position, b"")
        position += variable.length


def _described(raw: bytes) -> XptVariable:
    kind, _, length, _, name, label, *_ = struct.unpack(_LAYOUT, raw)
    return XptVariable(name.decode().strip(), label.decode().strip(), length, kind == 1)


def _blank_tail(raw: bytes, start: int, rows: int, size: int) -> int:
    """Observations at the end that are nothing but padding: fewer than 80 bytes of blanks."""
    most = min((CARD - 1) // size, rows)
    for tail in range(most):
        end = start + (rows - tail) * size
        if raw[end - size : end].strip(b" "):
            return tail
    return most


def _column(cells: NDArray[np.void], variable: XptVariable) -> Text | NDArray[np.float64]:
    if variable.number:
        return float_from_ibm(cells.astype(np.uint64))
    distinct, codes = np.unique(cells, return_inverse=True)
    values = Text.of([cell.decode("utf-8").rstrip(" ") or None for cell in distinct.tolist()])
    return Text(np.append(values.codes, -1)[codes], values.values)


def _cut(value: str, length: int) -> bytes:
    raw = value.encode("utf-8")
    return raw if len(raw) <= length else raw[:length].decode("utf-8", "ignore").encode("utf-8")
