"""Transmissions taken apart: a row each, a column a field, named by its identifier as the data dictionary has it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from healthsim_core import rank_within, rows_by_group
from rxmembersim.formats.ncpdp_d0.layout import ETX, FIELD, GROUP, SEGMENT, STX

# the request's header, by identifier: width of each field, in order, 56 bytes in all
HEADER = {"A1": 6, "A2": 2, "A3": 2, "A4": 10, "A9": 1, "B2": 2, "B1": 15, "D1": 8, "AK": 10}
# the header of a response, 31 bytes in all
RESPONSE_HEADER = {"A2": 2, "A3": 2, "A9": 1, "F1": 1, "B2": 2, "B1": 15, "D1": 8}
RESPONSES = {"B1": "B1 response", "B2": "B2 response"}
# segments by transaction: the fields that each may have, in order; one transaction a transmission, its group begins
# with the claim
SEGMENTS = {
    "B1": {
        "04": "C2 C1 C3 C6", "01": "C4 C5 CA CB CM CN CO CP CQ C7", "07": "EM D2 E1 D7 E7 D3 D5 D6 D8 DE DF DJ C8 28",
        "11": "D9 DC DQ DU DN",
        "03": "EZ DB DR 2J", "05": "4C 5C 6C 7C E8 HB HC DV", "08": "7E E4 E5 E6", "16": "BM",
    },
    "B2": {"04": "C2 C1", "07": "EM D2 E1 D7 D3 C8", "05": "4C 5C"},
    "B1 response": {
        "25": "C1 C2", "29": "CA CB C4", "21": "AN F3 FA FB", "22": "EM D2",
        "23": "F5 F6 F7 J5 F9 FM FC FD FH FI FK 4U", "24": "J6 E4 FS FY", "28": "NT 5C 6C 7C MH NU MJ UV",
    },
    "B2 response": {"21": "AN F3 FA FB", "22": "EM D2"},
}  # fmt: skip
MAY_LACK = ("05", "08", "23", "24", "28")
ONCE = {"05": 1}  # of segments whose fields come again: how many do not, the first of them
MOST = 3  # times that they come
_FIRST = ("07", "21")  # segments with which the transaction begins, of a request and of a response
_LONGEST = 1 << 30  # of a value: binary_slice wants an end
_VALUE = "[ -~]+"
_DIGITS = "{ABCDEFGHI}JKLMNOPQR"  # what an amount ends in: 0 to 9 of a positive one, 0 to 9 of a negative one


def header_of(transaction: str) -> dict[str, int]:
    """The fields of a transmission's header, by identifier, and their widths."""
    return RESPONSE_HEADER if transaction in RESPONSES.values() else HEADER


def fields_of(transaction: str) -> list[str]:
    """All fields that a transmission may have; what comes again is numbered, as `5C.2` is."""
    names = []
    for segment, listed in SEGMENTS[transaction].items():
        fields = listed.split()
        once = ONCE.get(segment, len(fields))
        again = [f"{field}.{nth}" for nth in range(2, MOST + 1) for field in fields[once:]]
        names += [f"AM{segment}", *fields, *again]
    return names


class Transmissions:
    """The transmissions of a file.

    Args:
        content: The file.
        transaction: B1 or B2, or a response to it.

    Attributes:
        number: Each one's place in the file, from 1 (rows,);
            those that are not built as the standard says are left out.
        broken: Places of those that are left out.
    """

    def __init__(self, content: bytes, transaction: str) -> None:
        frames = _lines(content)
        self._widths = header_of(transaction)
        sound = pc.match_substring_regex(frames, _structure(SEGMENTS[transaction], self._widths))
        places, mask = np.arange(1, len(frames) + 1), sound.to_numpy(zero_copy_only=False)
        self.number, self.broken = places[mask], places[~mask]
        bare = _lines(content.translate(None, f"{STX}{ETX}{GROUP}{SEGMENT}".encode())).filter(sound)
        pieces = pc.split_pattern(bare, FIELD)
        self._header = pieces.values.take(pieces.offsets[:-1]).cast(pa.string())
        self._fields = _by_identifier(pieces)

    def header(self) -> dict[str, pa.Array]:
        """The header's fields, without the blanks that fill them up."""
        fields, at = {}, 0
        for name, width in self._widths.items():
            fields[name] = pc.ascii_rtrim(pc.utf8_slice_codeunits(self._header, at, at + width), " ")
            at += width
        return fields

    def column(self, field: str) -> pa.Array:
        """A field by its identifier; null where a transmission has none."""
        return self._fields.get(field, pa.nulls(len(self.number), pa.string()))


def cents(amounts: pa.Array) -> pa.Array:
    """Cents of overpunched amounts; null where one is not an amount."""
    last = pc.utf8_slice_codeunits(amounts, -1)
    digit = pc.index_in(last, pa.array(list(_DIGITS)))
    plain = pc.match_substring_regex(amounts, r"^\d+.$")
    said = pc.if_else(
        pc.and_(plain, digit.is_valid()), pc.utf8_slice_codeunits(amounts, 0, -1), pa.scalar(None, pa.string())
    )
    whole = pc.add(pc.multiply(pc.cast(said, pa.int64()), 10), pc.cast(digit, pa.int64()))
    return pc.if_else(pc.less(digit, 10), whole, pc.subtract(10, whole))


def _structure(segments: Mapping[str, str], header: Mapping[str, int]) -> str:
    """All that the standard says of separators, segments and fields, as one regular expression over a frame."""
    parts = [f"[ -~]{{{sum(header.values())}}}"]
    for name, fields in segments.items():
        group = GROUP if name in _FIRST else ""
        each = [f"({FIELD}{field}{_VALUE})?" for field in fields.split()]
        once = ONCE.get(name, len(each))
        inner = "".join(each[:once]) + (f"({''.join(each[once:])}){{1,{MOST}}}" if each[once:] else "")
        parts.append(f"({group}{SEGMENT}{FIELD}AM{name}{inner}){'?' if name in MAY_LACK else ''}")
    return f"^{STX}{''.join(parts)}{ETX}$"


def _lines(content: bytes) -> pa.Array:
    text = pa.array([content.removesuffix(b"\n").decode("ascii")] if content else [], pa.large_string())
    return pc.split_pattern(text, "\n").flatten()


def _by_identifier(pieces: pa.LargeListArray) -> dict[str, pa.Array]:
    """Fields by identifier, numbered where they come again; a segment's identification under its whole text, AM04."""
    starts = pieces.offsets.to_numpy()
    values, owner = pieces.values.cast(pa.large_binary()), np.repeat(np.arange(len(pieces)), np.diff(starts))
    names = _identifiers(values)
    codes = names.indices.to_numpy().astype(np.int16)
    codes[starts[:-1]] = -1  # headers
    by_name = rows_by_group(codes, len(names.dictionary))
    texts = pc.binary_slice(values, 2, _LONGEST).cast(pa.large_string()).cast(pa.string())
    fields = {}
    for name, rows in zip(names.dictionary.to_pylist(), by_name, strict=True):
        if len(rows) == len(pieces) and (np.diff(owner[rows]) > 0).all():
            fields[name.decode()] = texts.take(pa.array(rows))
            continue
        nth = rank_within(owner[rows])
        for again in range(int(nth.max(initial=0)) + 1):
            mine = rows[nth == again]
            at = np.full(len(pieces), -1, np.int64)
            at[owner[mine]] = mine
            fields[f"{name.decode()}.{again + 1}" if again else name.decode()] = texts.take(pa.array(at, mask=at < 0))
    return fields


def _identifiers(values: pa.LargeBinaryArray) -> pa.DictionaryArray:
    names = pc.binary_slice(values, 0, 2)
    return pc.if_else(pc.equal(names, b"AM"), pc.binary_slice(values, 0, 4), names).dictionary_encode()
