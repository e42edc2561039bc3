"""Segments of members (loop 2000 of the 834) and of their coverage (loop 2300)."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from healthsim_core import Columns, text

from .characters import basic, digits, free
from .codes import CODES
from .envelope import END, segment
from .parties import Parties, PersonText, take

CHANGED, ADDED, ENDED = "001", "021", "024"  # maintenance types (INS03, HD01)
_EMPLOYMENT = {"Commercial": "FT", "Medicare": "RT"}


def member_loops(
    spans: Columns, opens: NDArray[np.bool_], people: PersonText, as_of: np.datetime64, parties: Parties
) -> pa.Array:
    """The loop of each member.

    Args:
        spans: Spans of coverage, those of a member one after the other by date, with the member's columns.
        opens: Whether a span is the member's first.
        people: The chunk's people.
        as_of: The run's today.
        parties: Providers.

    Returns:
        A string a member.
    """
    member = np.cumsum(opens) - 1
    first = np.flatnonzero(opens)
    last = np.append(first[1:], spans.rows) - 1
    over = spans.array("end_date") < as_of  # NaT is not
    latest = spans.take(last)
    status = text.choose(over[last], ENDED, text.choose(first < last, CHANGED, ADDED))
    reason = text.choose(over[last], latest.text("end_reason").or_else(""), latest["start_reason"])
    rows = people.rows(latest.array("person_id"))
    head = _head(latest, status, reason, people, rows, over[last])
    begin = text.dates(spans["start_date"][first], "%Y%m%d")
    end = text.choose(over[last], text.optional("DTP*357*D8*", text.dates(latest["end_date"], "%Y%m%d"), END), "")
    is_last = np.append(opens[1:], True)
    asked = spans.text("pcp_npi").recode(parties.once(_provider)).or_else("")
    provider = text.choose(is_last & ~over, asked, "")
    coverage = text.grouped(text.lines(_spans(spans, over), provider, spans["beside"]), member, len(first))
    return text.lines(head, "DTP*356*D8*", begin, END, end, _person(people, rows), coverage)


def _head(
    member: Columns,
    status: pa.Array,
    reason: pa.Array,
    people: PersonText,
    rows: NDArray[np.int64],
    over: NDArray[np.bool_],
) -> pa.Array:
    own = member["person_id"] == member["subscriber_id"]
    medicare = text.each(member["coverage_type"], lambda name: "C" if name == "Medicare" else "")
    work = text.each(member["coverage_type"], lambda name: _EMPLOYMENT.get(name, "AC"))
    employment = text.choose(own, text.choose(over, "TE", work), "")
    died = text.dates(people.columns["death_date"][rows], "%Y%m%d")
    plain = text.lines(
        "INS*", text.choose(own, "Y", "N"), "*", member["relationship_code"], "*", status, "*", reason, "*A*", medicare,
        "**",
        employment, text.optional("***D8*", died),
    )  # fmt: skip
    return text.lines(
        trimmed(plain), f"{END}REF*0F*", member["member_number"], END,
        text.optional("REF*1L*", member["group_number"], END),
        "REF*17*", member["dependent_suffix"], f"{END}REF*ZZ*", text.whole(member["person_id"]), END,
    )  # fmt: skip


def _person(people: PersonText, rows: NDArray[np.int64]) -> pa.Array:
    columns = people.columns.take(rows)
    phone = text.each(columns["phone"], digits)
    hispanic = columns["ethnicity"] == "hispanic"
    race = text.choose(
        hispanic, CODES["hispanic"], text.each(columns["race"], lambda name: CODES["race"].get(name, "7"))
    )
    language = columns["language"]
    spoken = text.optional("LUI*LE*", text.each(language, lambda code: code.upper()), f"**7{END}")
    return text.lines(
        "NM1*IL*1*", take(people.name, rows), text.optional("****34*", columns["ssn"]), END,
        text.optional("PER*IP**HP*", phone, END),
        take(people.address, rows), take(people.demographics, rows), "**", race, END,
        text.choose(language == "en", "", spoken),
    )  # fmt: skip


def _spans(spans: Columns, over: NDArray[np.bool_]) -> pa.Array:
    end = text.dates(spans["end_date"], "%Y%m%d")
    return text.lines(
        "HD*", text.choose(over, ENDED, ADDED), "**", spans["insurance_line"], "*", free(spans.text("plan"), 50), "*",
        spans["tier"],
        f"{END}DTP*348*D8*", text.dates(spans["start_date"], "%Y%m%d"), END, text.optional("DTP*349*D8*", end, END),
        text.optional("REF*1L*", spans["group_number"], END), "REF*ZZ*", text.whole(spans["coverage_id"]), END,
    )  # fmt: skip


def _provider(parties: Parties, npi: str) -> str:
    clinician = parties.clinician(npi)
    if clinician is None:
        return ""
    name = (basic(clinician["last_name"]), basic(clinician["first_name"], 35))
    return segment("LX", "1") + segment("NM1", "P3", "1", *name, "", "", "", "XX", npi, "25")


def trimmed(segments: pa.Array) -> pa.Array:
    """Segments without the empty elements at their ends."""
    return pc.utf8_rtrim(segments, characters="*")
