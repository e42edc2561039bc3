"""x12_835 read back: payments, claims and lines, and whether every payment balances."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from healthsim_core import Records, Truth, rank_within, read_queries, segments

from .guides import guide
from .interchange import Parts, read_file
from .parser import Block, Rows, taken
from .soundness import Soundness, others, spelled
from .truth import HERE, about, asked, prepare, relations

_GUIDE = guide("005010X221A1")
_QUESTIONS = read_queries(HERE / "remittances.sql")
_CLAIM = ["CLP.CLP01", "CLP.CLP02"]  # one that is taken back is there twice
_KEYS = {"ISA": ["ISA.ISA13"], "ST": ["TRN.TRN02"], "2100": _CLAIM, "2110": [*_CLAIM, "REF.REF02"]}


def read_remittances(folder: Path, truth: Truth) -> Iterator[Records | str]:
    """What the file of x12_835 says, and what the tables say it should.

    Args:
        folder: The format's folder.
        truth: The run's tables.
    """
    prepare(truth, _QUESTIONS, "person", "payer", "clinician", "organization", "coverage")
    about(truth, _GUIDE)
    relations(truth, _QUESTIONS, "filed", "line")
    said, problems = read_file(folder, _GUIDE, _block)
    yield from problems
    for name, key in _KEYS.items():
        yield Records(f"{_GUIDE.file} {name}", key, said.get(name, pa.table({})), truth.select(asked(_QUESTIONS, name)))


def _block(block: Block, sound: Soundness) -> Parts:
    claims, lines = block.of("2100"), block.of("2110")
    of_line = segments.owners(claims, lines)
    trace = block.element(block.of("ST", "TRN"), 2)
    _check_balance(block, sound)
    return {
        "ISA": block.record("ISA"), "ST": block.record("ST"),
        "2100": {"payment": taken(trace, segments.owners(block.of("ST", "TRN"), claims)), **block.record("2100")},
        "2110": {
            **{name: taken(block.element(claims, number), of_line) for number, name in enumerate(_CLAIM, 1)},
            **block.record("2110"),
        },
    }  # fmt: skip


def _check_balance(block: Block, sound: Soundness) -> None:
    payments, claims, lines = block.of("ST", "BPR"), block.of("2100"), block.of("2110")
    of_claim = segments.owners(claims, lines)
    number = block.element(claims, 1)

    def report(what: str, claim: Rows) -> None:
        sound.report(what, taken(number, claim).to_pylist())

    count = rank_within(of_claim) + 1
    sound.report(
        "REF*6R does not count the lines of its claim",
        others(block.element(block.of("2110", "REF"), 2), spelled(count)),
    )
    charge, paid = block.cents(lines, 2), block.cents(lines, 3)
    report("a line does not balance", of_claim[charge - block.adjusted("2110") != paid])
    for element, said in ((3, 2), (4, 3)):
        differs = block.cents(claims, element) != block.sums(lines, said, claims)
        report(f"CLP{element:02d} is not the sum of its lines", np.flatnonzero(differs))
    kept = sum(block.sums(block.of("PLB"), element, payments) for element in (4, 6))
    unlike = payments[block.cents(payments, 2) != block.sums(claims, 4, payments) - kept]
    sound.report("BPR02 is not the sum of its claims without what PLB keeps", block.element(unlike, 2).to_pylist())
    day = block.element(segments.before(lines, payments), 16)
    served = block.element(segments.after(lines, block.of("2110", "DTM")), 2)
    report(
        "paid on or before the day of service", of_claim[np.asarray(pc.fill_null(pc.greater_equal(served, day), False))]
    )
