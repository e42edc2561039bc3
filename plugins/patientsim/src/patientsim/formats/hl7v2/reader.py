"""hl7v2_adt read back: segments as columns, and what the tables say of each, for `healthsim verify`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from healthsim_core import Records, Truth, read_queries, segments
from patientsim.facts import document
from patientsim.formats.hl7v2.adt import FILE
from patientsim.formats.others import stand_in

QUESTIONS = read_queries(Path(__file__).with_name("adt.sql"))
ONCE = ("MSH", "EVN", "PID", "PV1", "DRG", "IN1")  # segments that a message has once at most
# a message is a line, and its segments have an order: each is a letter here, its place in ORDER
ORDER = ("MSH", "EVN", "PID", "PV1", "DG1", "DRG", "IN1")
STRUCTURE = "^ABCDE*F?G?$"
_STRANGE = "X"
_RELATIONS = (
    "icd",
    "brief",
    "chart",
    "covered",
    "moved",
    "made",
    "doctor",
    "visit",
    "happened",
    "insured",
    "unit",
    "told",
)
_CONTROL = 9  # the place of MSH-10 in its segment


def read_adt(folder: Path, truth: Truth) -> Iterator[Records | str]:
    """The segments of all messages, a row each, and what is wrong with the messages themselves.

    Args:
        folder: The format's folder.
        truth: The tables.
    """
    content = (folder / FILE).read_bytes()
    file = segments.Segments(content.replace(b"\n", b"").decode("utf-8"), "|", "\r")
    yield from _broken(content, file)
    _tell(truth)
    opening = file.rows("MSH")
    control = file.element(opening, _CONTROL)
    once = {
        field: column
        for name in ONCE
        for field, column in _fields(file, _by_message(opening, file.rows(name)), name).items()
    }
    yield Records("message", ["MSH-10"], pa.table({"MSH-10": control, **once}), truth.select(QUESTIONS["message"]))
    rows = file.rows("DG1")
    message = control.take(pa.array(segments.owners(opening, rows), mask=rows < opening.min(initial=len(file))))
    yield Records(
        "DG1",
        ["MSH-10", "DG1-1"],
        pa.table({"MSH-10": message, **_fields(file, rows, "DG1")}),
        truth.select(QUESTIONS["DG1"]),
    )
    truth.register("said", pa.table({"MSH-10": control, "place": np.arange(len(opening))}))
    wrong = truth.select(QUESTIONS["order"])
    if wrong.num_rows:
        yield f"{FILE}: {wrong.num_rows:,} messages do not stand in order of person and time, such as {wrong[0][0]}."


def _broken(content: bytes, file: segments.Segments) -> Iterator[str]:
    if not content:
        return
    letters = np.frombuffer(content if content.endswith(b"\n") else content + b"\n", np.uint8)
    ends = np.flatnonzero(letters == ord("\n"))  # of messages
    closed = np.searchsorted(np.flatnonzero(letters == ord("\r")), ends)  # segments up to there
    names = file.id.map(
        lambda name: ord("A") + ORDER.index(name) if name in ORDER else ord(_STRANGE), np.uint8, ord(_STRANGE)
    )
    spelled = np.where(file.lengths() > 1, names, ord(_STRANGE)).astype(np.uint8)[: closed[-1]]
    offsets = np.append(0, closed).astype(np.int32)
    built = pa.StringArray.from_buffers(len(ends), pa.py_buffer(offsets), pa.py_buffer(spelled))
    sound = pc.match_substring_regex(built, STRUCTURE).to_numpy(zero_copy_only=False) & (letters[ends - 1] == ord("\r"))
    wrong = np.flatnonzero(~sound)
    if len(wrong):
        yield f"{FILE}: {len(wrong):,} messages are not built as they should be, such as number {wrong[0] + 1:,}."


def _by_message(opening: NDArray[np.int64], rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """The segment of each message; -1 where it has none."""
    segment, message = np.full(len(opening), -1), segments.owners(opening, rows)
    segment[message[message >= 0]] = rows[message >= 0]
    return segment


def _fields(file: segments.Segments, rows: NDArray[np.int64], name: str) -> dict[str, pa.Array]:
    """Fields by their names: PID-3. MSH-1 is the separator itself, so that of MSH all others come one later."""
    first = 2 if name == "MSH" else 1
    elements = file.elements(rows, name).values()
    return {f"{name}-{number}": column for number, column in enumerate(elements, first)}


def _tell(truth: Truth) -> None:
    """Make known what the questions ask besides the tables, and the messages that there must be."""
    truth.define(QUESTIONS["macros"])
    stand_in(truth)
    for name, codes in document("hl7v2").items():
        if isinstance(codes, dict):
            truth.register(f"code_{name}", pa.Table.from_pylist([_row(value, code) for value, code in codes.items()]))
    truth.register("fallback", pa.table({"code": [document("organization")["code"]]}))
    truth.register("world", pa.table({"as_of": [truth.as_of.item()]}))
    for name in _RELATIONS:
        truth.register(name, truth.select(QUESTIONS[name]))


def _row(value: str, code: Any) -> dict[str, Any]:
    if isinstance(code, dict):
        return {"value": value, "class": None, "type": None, "begin": None, "end": None, "diagnosis": None, **code}
    return {"value": value, **dict(zip(("code", "words"), code if isinstance(code, list) else [code], strict=False))}
