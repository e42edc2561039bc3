"""SAS transport files, version 5 (SAS Technical Support note TS-140), written from columns.

A file is records of 80 bytes: a library header, a member header, one 140-byte description (NAMESTR) a variable, and the
observations one after the other, padded with blanks at the end. Text is padded with blanks; numbers are IBM System/360
double-precision floating point.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence

import attrs
import numpy as np
from numpy.typing import NDArray

from healthsim_core import Text

CARD = 80
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


def _card(text: str) -> bytes:
    return text.ljust(CARD).encode("ascii")


def _namestrs(variables: Sequence[XptVariable]) -> Iterator[bytes]:
    position = 0
    for number, variable in enumerate(variables, 1):
        blank = b" " * 8
        kind = 1 if variable.number else 2
        name, label = variable.name.encode().ljust(8), variable.label.encode().ljust(40)
        yield struct.pack(
            _LAYOUT, kind, 0, variable.length, number, name, label, blank, 0, 0, 0, b"", blank, 0, 0, position, b""
        )
        position += variable.length


def _cut(value: str, length: int) -> bytes:
    raw = value.encode("utf-8")
    return raw if len(raw) <= length else raw[:length].decode("utf-8", "ignore").encode("utf-8")
