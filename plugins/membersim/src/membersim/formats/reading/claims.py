"""x12_837 read back: levels, claims and lines of professional and of institutional claims."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa

from healthsim_core import Records, Truth, matches, rank_within, read_queries, segments

from .guides import Guide, guide
from .interchange import Parts, read_file
from .parser import Block, Rows, taken
from .soundness import Soundness, others, spelled
from .truth import HERE, about, asked, prepare, relations

_GUIDES = {"P": guide("005010X222A1"), "I": guide("005010X223A2")}
_QUESTIONS = read_queries(HERE / "claims.sql")
_LEVELS = ("2000A", "2000B", "2000C")
_KEYS = {
    "ISA": ("ISA.ISA13",), "ST": ("ST.ST02",), **dict.fromkeys(_LEVELS, ("claim",)), "2300": ("CLM.CLM01",),
    "2320": ("CLM.CLM01", "SBR.SBR01"), "2400": ("CLM.CLM01", "LX.LX01"), "2430": ("CLM.CLM01", "LX.LX01", "place"),
}  # fmt: skip
_MOST = 100  # claims below a subscriber or patient (loop 2300 of the guides)


def read_claims(folder: Path, truth: Truth) -> Iterator[Records | str]:
    """What the files of x12_837 say, and what the tables say they should.

    Args:
        folder: The format's folder.
        truth: The run's tables.
    """
    prepare(truth, _QUESTIONS, "person", "payer", "clinician", "organization", "coverage")
    for kind, guide_of_kind in _GUIDES.items():
        about(truth, guide_of_kind, kind)
        relations(truth, _QUESTIONS, "filed", "line", "diagnosis", "earlier")
        said, problems = read_file(folder, guide_of_kind, _block)
        yield from problems
        yield from _compared(truth, guide_of_kind, kind, said)


def _compared(truth: Truth, guide: Guide, kind: str, said: dict[str, pa.Table]) -> Iterator[Records]:
    below = said.get("below", pa.table({name: pa.array([], pa.string()) for name in ("claim", *_LEVELS)}))
    truth.register("below", below)
    for name, key in _KEYS.items():
        question = asked(_QUESTIONS, f"{name} {kind}" if name in ("2300", "2400") else name)
        yield Records(f"{guide.file} {name}", key, said.get(name, pa.table({})), truth.select(question))
    levels = truth.select(_QUESTIONS["levels said"])
    yield Records(f"{guide.file} levels of claims", ["claim"], levels, truth.select(_QUESTIONS["levels"]))


def _block(block: Block, sound: Soundness) -> Parts:
    claims, lines = block.of("2300"), block.of("2400")
    number = block.element(claims, 1)
    anchors = {name: block.of(name) for name in _LEVELS}
    first = {name: taken(number, np.searchsorted(claims, rows)) for name, rows in anchors.items()}
    own = segments.before(claims, anchors["2000C"]) < segments.before(claims, anchors["2000B"])
    level = {name: segments.owners(rows, claims) for name, rows in anchors.items()}
    level["2000C"] = np.where(own, -1, level["2000C"])
    _check_levels(block, sound)
    _check_claims(block, sound, level)
    _check_other_payers(block, sound)
    return {
        **{name: block.record(name) for name in ("ISA", "ST", "2300")},
        **{name: {"claim": first[name], **block.record(name)} for name in _LEVELS},
        "2320": {"CLM.CLM01": taken(number, segments.owners(claims, block.of("2320"))), **block.record("2320")},
        "2400": {"CLM.CLM01": taken(number, segments.owners(claims, lines)), **block.record("2400")},
        "2430": {**_of_line(block, number), **block.record("2430")},
        "below": {"claim": number, **{name: taken(first[name], level[name]) for name in _LEVELS}},
    }


def _check_levels(block: Block, sound: Soundness) -> None:
    levels = block.named("HL")
    kind = block.whole(levels, 3)
    start = np.searchsorted(levels, block.of("ST"))
    count = np.arange(len(levels)) - start[segments.owners(block.of("ST"), levels)] + 1
    parent = np.zeros(len(levels), np.int64)
    for code, above in ((22, 20), (23, 22)):
        parent[kind == code] = count[segments.before(np.flatnonzero(kind == code), np.flatnonzero(kind == above))]
    following = np.append(kind[1:], 20)
    children = (kind == 20) | (kind == 22) & (following == 23)
    sound.report("HL01 does not count the levels of its set", others(block.element(levels, 1), spelled(count)))
    sound.report("HL02 is not the level above", others(block.element(levels, 2), spelled(parent, none=0)))
    sound.report(
        "HL04 does not say whether levels follow", others(block.element(levels, 4), spelled(children.astype(int)))
    )


def _check_claims(block: Block, sound: Soundness, level: dict[str, Rows]) -> None:
    claims, lines = block.of("2300"), block.of("2400")
    claim = segments.owners(claims, lines)
    count = rank_within(claim) + 1
    sound.report("LX01 does not count the lines of its claim", others(block.element(lines, 1), spelled(count)))
    service = block.of("2400", "SV1" if sound.guide is _GUIDES["P"] else "SV2")
    total = block.sums(service, 2 if sound.guide is _GUIDES["P"] else 3, claims)
    differs = block.cents(claims, 2) != total
    sound.report("CLM02 is not the sum of its lines", block.element(claims[differs], 1).to_pylist())
    codes = block.named("HI")
    sound.report(
        "an ICD-10 code with its dot", (code for code in block.element(codes, 1).to_pylist() if "." in (code or ""))
    )
    below = level["2000B"] * (1 << 32) + level["2000C"]
    _, size = np.unique(below, return_counts=True)
    sound.report(f"a level with more than {_MOST} claims", size[size > _MOST])


def _of_line(block: Block, number: pa.Array) -> dict[str, pa.Array]:
    """Of which claim, line and payer each loop 2430 tells: the first one is of the first payer."""
    claims, lines, paid = block.of("2300"), block.of("2400"), block.of("2430")
    line = segments.owners(lines, paid)
    return {
        "CLM.CLM01": taken(number, segments.owners(claims, paid)), "LX.LX01": taken(block.element(lines, 1), line),
        "place": spelled(rank_within(line) + 1),
    }  # fmt: skip


def _check_other_payers(block: Block, sound: Soundness) -> None:
    lines, paid, payers = block.of("2400"), block.of("2430"), block.of("2320")
    name, element = ("SV1", 2) if sound.guide is _GUIDES["P"] else ("SV2", 3)
    charge = block.cents(segments.after(lines, block.of("2400", name)), element)[segments.owners(lines, paid)]
    differs = charge - block.adjusted("2430") != block.cents(paid, 2)
    sound.report("what another payer says of a line does not balance", block.element(paid[differs], 1).to_pylist())
    of_payer, of_line = (segments.owners(block.of("2300"), rows) for rows in (payers, paid))
    key = of_payer * _MOST + rank_within(of_payer)
    payer, line = matches(of_line * _MOST + rank_within(segments.owners(lines, paid)), key)
    total = np.bincount(payer, block.cents(paid[line], 2), len(payers)).round().astype(np.int64)
    differs = block.cents(segments.after(payers, block.of("2320", "AMT")), 2) != total
    sound.report("AMT*D is not the sum of the lines", block.element(payers[differs], 1).to_pylist())
