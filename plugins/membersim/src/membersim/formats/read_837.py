"""x12_837 read back: claims, their lines and diagnoses."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from healthsim_core import Columns, ReadBack, Text
from healthsim_core import segments as segments_of

from .characters import dotted
from .parties import FALLBACK
from .reader import Envelope, Rows, Segments, blocks, days, tolerant

VERSIONS = {"P": "005010X222A1", "I": "005010X223A2"}
CODES_A_SEGMENT = 12
_QUALIFIER = {"ABK": "principal", "ABF": "other", "ABJ": "admitting"}


@tolerant
def read_claims(folder: Path) -> ReadBack:
    """Read what X12Claims wrote."""
    parts: dict[str, list[Columns]] = {"membersim.claim": [], "membersim.claim_line": [], "membersim.claim_diagnosis": []}
    problems: list[str] = []
    for kind, version in VERSIONS.items():
        path = folder / f"837{kind.lower()}.edi"
        if not path.is_file():
            continue
        envelope = Envelope(path, version)
        for segments in blocks(path):
            envelope.check(segments)
            claims = segments.rows("CLM")
            stops = segments.rows("HL")
            lines = segments.rows("LX")
            _check(segments, claims, lines, envelope)
            parts["membersim.claim"].append(_claims(segments, claims, stops, lines, kind))
            parts["membersim.claim_line"].append(_lines(segments, claims, lines, kind))
            parts["membersim.claim_diagnosis"].append(_diagnoses(segments, claims))
        problems += envelope.finish()
    tables = {name: Columns.concat(some) for name, some in parts.items() if some}
    if tables and len(np.unique(tables["membersim.claim"]["claim_id"])) != tables["membersim.claim"].rows:
        problems.append("CLM01 repeats")
    return ReadBack(tables, problems=problems)


def _claims(segments: Segments, claims: Rows, stops: Rows, lines: Rows, kind: str) -> Columns:
    def below(name: str, *qualifiers: str) -> Rows:
        return segments_of.after(claims, segments.rows(name, *qualifiers), stops)

    rendering = segments.text(below("NM1", "82" if kind == "P" else "71"), 9)
    billing = segments.text(segments_of.before(claims, segments.rows("NM1", "85")), 9)
    known = billing != FALLBACK["npi"]
    common = {
        "claim_id": segments.whole(claims, 1), "person_id": segments.whole(below("REF", "EA"), 2), "type": kind,
        "payer_id": segments.text(segments_of.before(claims, segments.rows("NM1", "PR")), 9),
        "filing_indicator": segments.text(segments_of.before(claims, segments.rows("SBR")), 9), "billed": segments.cents(claims, 2),
        "billing_npi": Text(np.where(known, billing.codes, -1), billing.values), "rendering_npi": rendering,
        "lines": np.bincount(segments_of.owners(claims, lines), minlength=len(claims)),
        "principal_diagnosis": _code(segments, claims, stops, "ABK"),
    }  # fmt: skip
    place = segments.element(claims, 5)
    special = _professional(segments, lines, claims, place) if kind == "P" else _institutional(segments, claims, stops, place)
    return Columns({**common, **special})


def _professional(segments: Segments, lines: Rows, claims: Rows, place: pa.Array) -> dict[str, object]:
    date = segments.date(segments_of.after(lines, segments.rows("DTP", "472")), 3)
    owner = segments_of.owners(claims, lines)
    first, last = np.searchsorted(owner, np.arange(len(claims))), np.searchsorted(owner, np.arange(len(claims)), side="right")
    never, rows = np.full(len(claims), np.datetime64("NaT"), "datetime64[D]"), len(claims)
    return {
        "service_from": np.minimum.reduceat(date, first) if rows else never,
        "service_to": np.maximum.reduceat(date, first) if rows and (last > first).all() else never,
        "place_of_service": _part(place, 0), **{name: Text.constant(None, rows) for name in _INSTITUTIONAL}, "procedure_date": never,
    }  # fmt: skip


_INSTITUTIONAL = (
    "bill_type", "admission_type", "admission_source", "discharge_status", "drg", "admitting_diagnosis", "principal_procedure",
)  # fmt: skip


def _institutional(segments: Segments, claims: Rows, stops: Rows, place: pa.Array) -> dict[str, object]:
    period = segments.element(segments_of.after(claims, segments.rows("DTP", "434"), stops), 3)
    codes = segments_of.after(claims, segments.rows("CL1"), stops)
    bill = pc.binary_join_element_wise(*(_piece(place, part) for part in (0, 2)), pa.scalar(""))
    procedure = _hi(segments, claims, stops, "BBR")
    return {
        "service_from": days(pc.utf8_slice_codeunits(period, 0, 8)), "service_to": days(pc.utf8_slice_codeunits(period, 9, 17)),
        "place_of_service": Text.constant(None, len(claims)), "bill_type": Text.of(bill), "admission_type": segments.text(codes, 1),
        "admission_source": segments.text(codes, 2), "discharge_status": segments.text(codes, 3),
        "drg": _part(_hi(segments, claims, stops, "DR"), 1), "admitting_diagnosis": _code(segments, claims, stops, "ABJ"),
        "principal_procedure": _part(procedure, 1), "procedure_date": days(_piece(procedure, 3)),
    }  # fmt: skip


def _lines(segments: Segments, claims: Rows, lines: Rows, kind: str) -> Columns:
    service = lines + 1
    first = kind == "P"
    code = segments.element(service, 1 if first else 2)
    owner = segments_of.owners(claims, lines)
    coded = Text.of(_piece(code, 1))
    of_claim = Text.of(_piece(segments.element(claims, 5), 0))[owner]
    absent = Text.constant(None, len(lines))
    return Columns({
        "claim_id": segments.whole(claims, 1)[owner], "line": segments.whole(lines, 1),
        "service_date": segments.date(segments_of.after(lines, segments.rows("DTP", "472")), 3), "service_code": coded,
        "code_system": coded.recode(lambda _: "HCPCS"), "revenue_code": absent if first else segments.text(service, 1),
        "billed": segments.cents(service, 2 if first else 3), "unit_code": segments.text(service, 3 if first else 4),
        "units": segments.number(service, 4 if first else 5), "diagnosis_pointers": segments.text(service, 7) if first else absent,
        "place_of_service": segments.text(service, 5).or_else(of_claim) if first else absent,
    })  # fmt: skip


def _diagnoses(segments: Segments, claims: Rows) -> Columns:
    rows = segments.rows("HI")
    every = np.repeat(rows, CODES_A_SEGMENT)
    by_number = [segments.element(rows, number) for number in range(1, CODES_A_SEGMENT + 1)]
    order = np.arange(len(every)).reshape(CODES_A_SEGMENT, -1).T.ravel()  # segment by segment
    values = pa.concat_arrays(by_number).take(pa.array(order))
    qualifier = Text.of(_piece(values, 0))
    kept = np.flatnonzero(qualifier.isin(_QUALIFIER))
    values, qualifier, owner = values.take(pa.array(kept)), qualifier[kept], segments_of.owners(claims, every[kept])
    admitting = qualifier == "ABJ"
    counted = np.cumsum(~admitting)
    start = np.searchsorted(owner, owner)
    rank = counted - counted[start] + ~admitting[start]
    return Columns({
        "claim_id": segments.whole(claims, 1)[owner], "sequence": np.where(admitting, 0, rank),
        "code": Text.of(_piece(values, 1)).recode(dotted), "qualifier": qualifier.recode(_QUALIFIER.get),
        "present_on_admission": Text.of(_piece(values, 8)),
    })  # fmt: skip


def _check(segments: Segments, claims: Rows, lines: Rows, envelope: Envelope) -> None:
    numbers = segments.whole(claims, 1)
    money = 2 if envelope.version == VERSIONS["P"] else 3
    total = segments.sums(lines + 1, money, claims)
    envelope.report("CLM02 is not the sum of its lines", numbers[segments.cents(claims, 2) != total])
    codes = segments.rows("HI")
    dots = np.asarray(pc.fill_null(pc.match_substring(segments.element(codes, 1), "."), False))
    envelope.report("an ICD-10 code with its dot", segments.element(codes[dots], 1).to_pylist())
    levels, sets = segments.rows("HL"), segments.rows("ST")
    number, parent, of = segments.whole(levels, 1), segments.whole(levels, 2), segments_of.owners(sets, levels)
    envelope.report("HL01 repeats within a transaction set", number[_repeated(of, number)])
    envelope.report("HL02 is not a level above", number[(parent >= number) | ((parent == 0) & (segments.text(levels, 3) != "20"))])
    has_children = np.isin(of * (1 << 32) + number, of * (1 << 32) + parent)
    envelope.report("HL04 does not say whether levels follow", number[has_children != (segments.text(levels, 4) == "1")])


def _repeated(owner: Rows, number: Rows) -> Rows:
    key = owner * (1 << 32) + number
    _, first = np.unique(key, return_index=True)
    return np.setdiff1d(np.arange(len(key)), first)


def _hi(segments: Segments, claims: Rows, stops: Rows, qualifier: str) -> pa.Array:
    rows = segments.rows("HI")
    of = rows[Text.of(_piece(segments.element(rows, 1), 0)) == qualifier]
    return segments.element(segments_of.after(claims, of, stops), 1)


def _code(segments: Segments, claims: Rows, stops: Rows, qualifier: str) -> Text:
    return _part(_hi(segments, claims, stops, qualifier), 1).recode(dotted)


def _part(composites: pa.Array, number: int) -> Text:
    return Text.of(_piece(composites, number))


def _piece(composites: pa.Array, number: int) -> pa.Array:
    """A component of composite elements, counted from 0; null where it is empty or absent."""
    pieces = pc.split_pattern(composites, ":")
    long = pc.fill_null(pc.greater(pc.list_value_length(pieces), number), False)
    values = pc.list_element(pc.if_else(long, pieces, pa.scalar([""] * (number + 1), pieces.type)), number)
    return pc.if_else(pc.equal(values, ""), pa.scalar(None, pa.string()), values)
