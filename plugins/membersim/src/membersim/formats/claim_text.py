"""Segments of claims (loop 2300) and of their lines (loop 2400), professional and institutional."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from healthsim_core import Columns, Text, rank_within, text

from .characters import COMPONENT, undotted
from .envelope import END, segment
from .parties import Parties, address, named, organization_name

MOST_DIAGNOSES, MOST_OTHERS = 12, 24  # of one HI segment; of an institutional claim


def professional_claim(claims: Columns, codes: Columns, parties: Parties) -> pa.Array:
    """CLM to loop 2310C of professional claims."""
    return text.lines(
        "CLM*", text.whole(claims["claim_id"]), "*", text.plain_amount(claims.array("billed")), "***",
        claims["place_of_service"], f":B:1*Y*A*Y*Y{END}REF*EA*", text.whole(claims["person_id"]), END,
        _diagnoses(codes.where(codes.array("sequence") > 0), claims.rows, "ABK"),
        claims.text("rendering_npi").recode(parties.once(named, "82", "PE")),
        _location(claims, parties),
    )  # fmt: skip


def professional_lines(lines: Columns, claims: Columns) -> pa.Array:
    """Loop 2400 of professional claims."""
    place = claims.text("place_of_service")[lines.array("owner")]
    elsewhere = text.choose(lines["place_of_service"] == place, "", lines.text("place_of_service").or_else(""))
    number = text.whole(lines["line"])
    return text.lines(
        "LX*", number, f"{END}SV1*HC:", lines["service_code"], "*", text.plain_amount(lines.array("billed")), "*",
        lines["unit_code"], "*",
        quantity(lines["units"]), "*", elsewhere, "**", _pointers(lines), _dated(lines), number, END,
    )  # fmt: skip


def _pointers(lines: Columns) -> Text:
    """Sequences of diagnoses, which a value of the table separates and the guard of separators keeps apart."""
    pointers = lines.text("diagnosis_pointers").or_else("1")
    return text.each(pointers, lambda said: COMPONENT.join(re.findall(r"\d+", said)))


def institutional_claim(claims: Columns, codes: Columns, parties: Parties) -> pa.Array:
    """CLM to loop 2310E of institutional claims."""
    period = text.lines(text.dates(claims["service_from"], "%Y%m%d"), "-", text.dates(claims["service_to"], "%Y%m%d"))
    procedure = text.lines(claims["principal_procedure"], ":D8:", text.dates(claims["procedure_date"], "%Y%m%d"))
    operated = ~claims.text("principal_procedure").is_null()
    attending = claims.text("rendering_npi")
    operating = attending.recode(parties.once(named, "72", ""))
    return text.lines(
        "CLM*", text.whole(claims["claim_id"]), "*", text.plain_amount(claims.array("billed")), "***",
        text.each(claims["bill_type"], lambda code: f"{code[-3:-1]}:A:{code[-1]}"), f"**A*Y*Y{END}",
        text.optional("DTP*096*TM*", text.times(claims["discharge_time"], "%H%M"), END), "DTP*434*RD8*", period, END,
        text.optional("DTP*435*DT*", text.times(claims["admission_time"], "%Y%m%d%H%M"), END),
        "CL1*", claims["admission_type"], "*", claims["admission_source"], "*", claims["discharge_status"],
        f"{END}REF*EA*", text.whole(claims["person_id"]), END,
        _diagnoses(codes.where(codes.array("sequence") == 1), claims.rows, "ABK"),
        text.optional("HI*ABJ:", text.each(claims["admitting_diagnosis"], undotted), END),
        text.optional("HI*DR:", claims["drg"], END),
        _diagnoses(codes.where(codes.array("sequence") > 1), claims.rows, "ABF", MOST_OTHERS),
        text.choose(operated, text.joined("HI*BBR:", procedure, END), ""),
        attending.recode(parties.once(named, "71", "AT")),
        text.choose(operated, operating.or_else(""), ""), _location(claims, parties),
    )  # fmt: skip


def institutional_lines(lines: Columns, claims: Columns) -> pa.Array:
    """Loop 2400 of institutional claims."""
    number = text.whole(lines["line"])
    return text.lines(
        "LX*", number, f"{END}SV2*", lines["revenue_code"], "*", text.optional("HC:", lines["service_code"]), "*",
        text.plain_amount(lines.array("billed")), "*", lines["unit_code"], "*", quantity(lines["units"]), _dated(lines),
        number, END,
    )  # fmt: skip


def quantity(units: Any) -> pa.Array:
    """A number of units without needless zeros."""
    return pc.utf8_rtrim(pc.utf8_rtrim(text.decimal(units, 2), characters="0"), characters=".")


def _dated(lines: Columns) -> pa.Array:
    return text.lines(f"{END}DTP*472*D8*", text.dates(lines["service_date"], "%Y%m%d"), f"{END}REF*6R*")


def _diagnoses(codes: Columns, claims: int, first: str, most: int = MOST_DIAGNOSES) -> pa.Array:
    """HI of each claim: the first code under the qualifier `first`, the others under ABF;
    as many segments as `most` codes need."""
    rank = rank_within(codes.array("owner"))
    kept = np.flatnonzero(rank < most)
    begins = np.where(rank[kept] % MOST_DIAGNOSES > 0, 1, np.where(rank[kept] > 0, 2, 0))
    some = codes.take(kept)
    present = text.optional(":" * 7, some["present_on_admission"])
    qualifier = Text(begins, [f"*{first}:", "*ABF:", f"{END}HI*ABF:"])
    strings = text.lines(qualifier, text.each(some["code"], undotted), present)
    joined = text.grouped(strings, some.array("owner"), claims)
    return text.choose(np.asarray(pc.not_equal(joined, "")), text.joined("HI", joined, END), "")


def _location(claims: Columns, parties: Parties) -> pa.Array:
    place = claims.text("facility_npi")
    rendered = place.recode(parties.once(_service_location)).or_else("")
    return text.choose(place == claims["billing_npi"], "", rendered)


def _service_location(parties: Parties, npi: str) -> str:
    organization = parties.organization(npi)
    return organization_name("77", organization) + address(organization, nine_digits=True)


def billing_provider(parties: Parties, npi: str) -> str:
    """PRV and loop 2010AA."""
    organization = parties.organization(npi)
    taxonomy = segment("PRV", "BI", "PXC", organization["taxonomy"])
    name = organization_name("85", organization) + address(organization, nine_digits=True)
    return taxonomy + name + segment("REF", "EI", organization["tax_id"])
