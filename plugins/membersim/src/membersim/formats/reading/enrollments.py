"""x12_834 read back: transaction sets, members and their spans of coverage."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from healthsim_core import Records, Truth, read_queries, segments

from .guides import guide
from .interchange import Parts, read_file
from .parser import Block, Mask, Rows, taken
from .soundness import Soundness, others, spelled
from .truth import HERE, about, asked, prepare, relations

_GUIDE = guide("005010X220A1")
_QUESTIONS = read_queries(HERE / "enrollments.sql")
_KEYS = {
    "ISA": ["ISA.ISA13"],
    "ST": ["ST.ST02"],
    "2000": ["payer", "subscriber", "REF*ZZ.REF02"],
    "2300": ["REF*ZZ.REF02"],
    "2320": ["coverage", "COB.COB01", "DTP*344.DTP03"],
}
_FIRST = ("ST02", "payer", "subscriber")


def read_enrollments(folder: Path, truth: Truth) -> Iterator[Records | str]:
    """What the file of x12_834 says, and what the tables say it should.

    Args:
        folder: The format's folder.
        truth: The run's tables.
    """
    prepare(truth, _QUESTIONS, "person", "payer", "clinician")
    about(truth, _GUIDE)
    relations(truth, _QUESTIONS, "filed", "family")
    said, problems = read_file(folder, _GUIDE, _block)
    truth.register("sets", said.get("sets", pa.table({name: pa.array([], pa.string()) for name in _FIRST})))
    yield from problems
    for name, key in _KEYS.items():
        yield Records(f"{_GUIDE.file} {name}", key, said.get(name, pa.table({})), truth.select(asked(_QUESTIONS, name)))


def _block(block: Block, sound: Soundness) -> Parts:
    sets, members, spans, others_of = block.of("ST"), block.of("2000"), block.of("2300"), block.of("2320")
    person = block.element(segments.after(members, block.of("2000", "REF*ZZ")), 2)
    own = np.flatnonzero(block.text(members, 1) == "Y")
    of_set, of_member = segments.owners(sets, members), segments.owners(members, spans)
    header = {
        "payer": block.element(segments.after(sets, block.of("1000B")), 4),
        "sponsor": block.element(segments.after(sets, block.of("1000A")), 2),
        "group": block.element(segments.after(sets, block.of("ST", "REF")), 2),
    }
    said = {name: taken(values, of_set) for name, values in header.items()}
    said["subscriber"] = taken(person.take(pa.array(own)), segments.owners(own, np.arange(len(members))))
    first = np.searchsorted(of_set, np.arange(len(sets)))
    _check_counts(block, sound, of_set, np.isin(np.arange(len(members)), own))
    _check_order(block, sound, of_member)
    coverage = block.element(segments.after(spans, block.of("2300", "REF*ZZ")), 2)
    beside = {"coverage": taken(coverage, segments.owners(spans, others_of))}
    span = {"person": person, "payer": said["payer"], "subscriber": said["subscriber"]}
    return {
        "ISA": block.record("ISA"), "ST": block.record("ST"), "2000": {**said, **block.record("2000")},
        "2300": {**{name: taken(values, of_member) for name, values in span.items()}, **block.record("2300")},
        "2320": {**beside, **block.record("2320")},
        "sets": {"ST02": block.element(sets, 2), "payer": header["payer"],
                 "subscriber": taken(said["subscriber"], first)},
    }  # fmt: skip


def _check_counts(block: Block, sound: Soundness, of_set: Rows, own: Mask) -> None:
    sets = block.of("ST")
    members, subscribers = (np.bincount(of_set[kept], minlength=len(sets)) for kept in (own | ~own, own))
    for label, count in (("QTY*ET", subscribers), ("QTY*DT", members - subscribers), ("QTY*TO", members)):
        quantity = block.element(segments.after(sets, block.of("ST", label)), 2)
        sound.report(f"{label} is not the number of its members", others(quantity, spelled(count)))
    sound.report("a transaction set without members", np.flatnonzero(members == 0))


def _check_order(block: Block, sound: Soundness, of_member: Rows) -> None:
    begun = block.element(segments.after(block.of("2300"), block.of("2300", "DTP*348")), 3)
    earlier = np.asarray(pc.fill_null(pc.less(begun[1:], begun[:-1]), False)) & (np.diff(of_member) == 0)
    sound.report("spans of coverage out of order of time", begun[1:].filter(pa.array(earlier)).to_pylist())
