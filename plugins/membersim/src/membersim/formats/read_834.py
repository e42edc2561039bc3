"""x12_834 read back: members and their spans of coverage."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from healthsim_core import Columns, ReadBack
from healthsim_core import segments as segments_of

from .reader import Envelope, Rows, Segments, blocks, tolerant

VERSION = "005010X220A1"


@tolerant
def read_enrollments(folder: Path) -> ReadBack:
    """Read what X12Enrollments wrote."""
    path = folder / "834.edi"
    if not path.is_file():
        return ReadBack({}, ("membersim.member", "membersim.coverage"))
    envelope = Envelope(path, VERSION)
    members, spans = [], []
    for segments in blocks(path):
        envelope.check(segments)
        _check(segments, envelope)
        member, span = _block(segments)
        members.append(member)
        spans.append(span)
    every = Columns.concat(members)
    one = np.lexsort((every["enrollment_date"], every["person_id"]))
    first = one[np.append(True, np.diff(every["person_id"][one]) != 0)] if len(one) else one
    tables = {"membersim.member": every.take(first), "membersim.coverage": Columns.concat(spans)}
    return ReadBack(tables, tuple(tables), envelope.finish())


def _block(segments: Segments) -> tuple[Columns, Columns]:
    members, spans = segments.rows("INS"), segments.rows("HD")
    person = segments.whole(segments_of.after(members, segments.rows("REF", "ZZ")), 2)
    holder = person[_holders(segments, members)]
    number = segments.text(segments_of.after(members, segments.rows("REF", "0F")), 2)
    member = Columns({
        "person_id": person, "subscriber_id": holder, "member_number": number,
        "dependent_suffix": segments.text(segments_of.after(members, segments.rows("REF", "17")), 2),
        "relationship_code": segments.text(members, 2),
        "enrollment_date": segments.date(segments_of.after(members, segments.rows("DTP", "356")), 3),
    })  # fmt: skip
    of = np.searchsorted(members, segments_of.before(spans, members))
    payer = segments.text(segments_of.before(members, segments.rows("N1", "IN")), 4)
    span = Columns({
        "coverage_id": segments.whole(segments_of.after(spans, segments.rows("REF", "ZZ")), 2),
        "person_id": person[of], "subscriber_id": holder[of], "payer_id": payer[of],
        "member_number": number[of], "relationship_code": member["relationship_code"][of],
        "insurance_line": segments.text(spans, 3), "tier": segments.text(spans, 5),
        "group_number": segments.text(segments_of.after(spans, segments.rows("REF", "1L"), members), 2),
        "start_date": segments.date(segments_of.after(spans, segments.rows("DTP", "348")), 3),
        "end_date": segments.date(segments_of.after(spans, segments.rows("DTP", "349"), members), 3),
    })  # fmt: skip
    return member, span


def _check(segments: Segments, envelope: Envelope) -> None:
    sets, members = segments.rows("ST"), segments.rows("INS")
    said = segments.whole(segments_of.after(sets, segments.rows("QTY", "TO")), 2)
    there = np.bincount(np.searchsorted(sets, members) - 1, minlength=len(sets))
    envelope.report("QTY*TO is not the number of members", sets[said != there])
    number = segments.text(segments_of.after(members, segments.rows("REF", "0F")), 2)
    strange = number.take(np.flatnonzero(number != number[_holders(segments, members)]))
    envelope.report("a dependent does not follow its subscriber", strange.to_pylist())


def _holders(segments: Segments, members: Rows) -> Rows:
    """Index of the last subscriber up to each member."""
    own = members[segments.text(members, 1) == "Y"]
    return np.searchsorted(members, segments_of.before(members + 1, own))
