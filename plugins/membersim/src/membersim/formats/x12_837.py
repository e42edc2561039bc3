"""x12_837: professional claims (005010X222A1) in 837p.edi, institutional ones (005010X223A2) in 837i.edi.

A transaction set holds `CLAIMS` consecutive claims, counted over the whole stream; the last one stays open from chunk
to chunk, with the number of its claims and of its HL segments carried along. Within a chunk claims are ordered by
subscriber, billing provider and patient: one billing provider level for all claims of one family with one provider,
under it one subscriber level for the subscriber's own claims and one with a patient level for each dependent. A family
is never split between chunks, so neither is a level. A level holds at most 100 claims, as the guides have it.
A claim that another payer has paid before names it, with what it has paid and adjusted of each line.
Pharmacy claims are not in here: they go by NCPDP.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from healthsim_core import Columns, Destination, Run, Text, from_arrow, text, whole_years

from .characters import basic
from .claim_text import (
    billing_provider,
    institutional_claim,
    institutional_lines,
    professional_claim,
    professional_lines,
)
from .codes import CODES, FALLBACK
from .envelope import END, Exchange, Interchange, segment
from .hierarchy import Levels, filed_order, hierarchy
from .other_payers import OtherPayers
from .parties import Parties, PersonText, address, take
from .rows import every_row, of_types, ordered, within

CLAIMS, SLICE = 1_000, 20_000
_COVERAGE = ["coverage_id", "group_number", "relationship_code", "member_number"]
_CONTENT = {"P": (professional_claim, professional_lines), "I": (institutional_claim, institutional_lines)}


class X12Claims:
    """Writes x12_837."""

    def __init__(self, destination: Destination, run: Run) -> None:
        self._parties = Parties()
        self._streams = [Stream(destination, run, *guide) for guide in (("P", "X222A1", 2), ("I", "X223A2", 3))]

    def write(self, tables: Mapping[str, pa.Table]) -> None:
        """Write a chunk's claims."""
        self._parties.learn(tables)
        people = PersonText.of(tables["core.person"])
        for stream in self._streams:
            stream.write(tables, people, self._parties)

    def close(self) -> None:
        """Finish the files."""
        for stream in self._streams:
            stream.close()


class Stream:
    """Claims of one type into one file."""

    def __init__(self, destination: Destination, run: Run, kind: str, guide: str, control: int) -> None:
        house, gateway = CODES["clearinghouse"], CODES["plan_administrator"]
        exchange = Exchange("837", "HC", f"005010{guide}", control, house["id"], gateway["id"])
        self._file = Interchange(destination, f"837{kind.lower()}.edi", run, exchange)
        self._kind, self._date = kind, str(run.as_of).replace("-", "")
        self._claims = self._levels = 0  # claims over all; levels of the open transaction set

    def write(self, tables: Mapping[str, pa.Table], people: PersonText, parties: Parties) -> None:
        """Write a chunk's claims of this type."""
        claims = of_types(tables["membersim.claim"], (self._kind,))
        if not claims.rows:
            return
        coverage = from_arrow(tables["membersim.coverage"].select(_COVERAGE))
        coverage = coverage.take(
            every_row(coverage.array("coverage_id"), claims.array("coverage_id"), "membersim.coverage")
        )
        claims = claims.assign(**coverage, billing_npi=claims.text("billing_npi").or_else(FALLBACK["npi"]))
        claims = claims.assign(insurance_type=_insurance_types(claims, people))
        claims = claims.take(filed_order(claims))
        numbers = self._claims + np.arange(claims.rows)
        levels = hierarchy(claims, numbers // CLAIMS, self._levels if self._claims % CLAIMS else 0)
        self._claims, self._levels = self._claims + claims.rows, levels.used
        lines = ordered(tables["membersim.claim_line"], claims.array("claim_id"), "claim_id", "line")
        codes = ordered(tables["membersim.claim_diagnosis"], claims.array("claim_id"), "claim_id", "sequence")
        chunk = Filing(claims.assign(**_levels(levels)), lines, codes, people, parties, self._kind)
        for start in range(0, claims.rows, SLICE):
            stop = min(start + SLICE, claims.rows)
            self._extend(levels.set[start:stop], chunk.bodies(start, stop))

    def _extend(self, sets: NDArray[np.int64], bodies: pa.Array) -> None:
        new = np.arange(self._file.sets, int(sets[-1]) + 1)
        self._file.extend(self._headers(new), bodies, sets - self._file.sets)

    def _headers(self, sets: NDArray[np.int64]) -> pa.Array:
        house, gateway = CODES["clearinghouse"], CODES["plan_administrator"]
        parties = (
            segment("NM1", "41", "2", house["name"], "", "", "", "", "46", house["id"])
            + segment("PER", "IC", house["name"], "TE", house["phone"])
            + segment("NM1", "40", "2", gateway["name"], "", "", "", "", "46", gateway["id"])
        )
        return text.lines(
            f"BHT*0019*00*{self._date}{self._kind}",
            self._file.references(sets + 1),
            f"*{self._date}*0000*CH{END}",
            parties,
        )

    def close(self) -> None:
        """Finish the file."""
        self._file.close()


class Filing:
    """A chunk's claims in filed order, with their levels: dictionary codes and numbers until a slice becomes text."""

    def __init__(
        self, claims: Columns, lines: Columns, codes: Columns, people: PersonText, parties: Parties, kind: str
    ) -> None:
        self._people, self._parties, self._kind = people, parties, kind
        self._lines, self._codes = lines, codes
        billing = claims.text("billing_npi").recode(parties.once(billing_provider))
        payer = claims.text("payer_id").recode(parties.once(payer_name))
        patient, holder = people.rows(claims.array("person_id")), people.rows(claims.array("subscriber_id"))
        self._claims = claims.assign(billing=billing, payer=payer, patient_row=patient, holder_row=holder)
        goes_on = bool((claims["payer_order"] != "P").any())
        self._before = OtherPayers.of(self._claims, lines) if goes_on else None

    def bodies(self, start: int, stop: int) -> pa.Array:
        """Text of the claims from `start` to `stop`, each with the levels that it opens and with its lines."""
        claims = self._claims.take(np.arange(start, stop))
        lines, codes = within(self._lines, start, stop), within(self._codes, start, stop)
        make_claim, make_lines = _CONTENT[self._kind]
        told, others = make_lines(lines, claims), ""
        if self._before is not None:
            told = text.lines(told, self._before.of_lines(start, stop))
            others = self._before.loops(start, stop, self._people)
        return text.lines(
            _opened(claims, "opens_billing", _billing_level),
            _opened(claims, "opens_subscriber", self._subscriber_level),
            _opened(claims, "opens_patient", self._patient_level), make_claim(claims, codes, self._parties), others,
            text.grouped(told, lines.array("owner"), claims.rows),
        )  # fmt: skip

    def _subscriber_level(self, claims: Columns) -> pa.Array:
        people, holder = self._people, claims.array("holder_row")
        own = claims.array("person_id") == claims.array("subscriber_id")
        demographics = text.choose(own, text.joined(take(people.demographics, holder), END), "")
        return text.lines(
            "HL*", text.whole(claims["subscriber_number"]), "*", text.whole(claims["billing_number"]), "*22*",
            text.choose(claims.array("children"), "1", "0"), f"{END}SBR*", claims["payer_order"], "*",
            text.choose(own, "18", ""), "*", claims.text("group_number").or_else(""), "**",
            claims.text("insurance_type").or_else(""), "****", claims["filing_indicator"], f"{END}NM1*IL*1*",
            take(people.name, holder),
            "****MI*", claims["member_number"], END, take(people.address, holder), demographics, claims["payer"],
        )  # fmt: skip

    def _patient_level(self, claims: Columns) -> pa.Array:
        people, patient = self._people, claims.array("patient_row")
        return text.lines(
            "HL*", text.whole(claims["patient_number"]), "*", text.whole(claims["subscriber_number"]),
            f"*23*0{END}PAT*",
            claims["relationship_code"], f"{END}NM1*QC*1*", take(people.name, patient), END,
            take(people.address, patient), take(people.demographics, patient), END,
        )  # fmt: skip


def payer_name(parties: Parties, payer_id: str) -> str:
    """Loop 2010BB."""
    payer = parties.payer(payer_id)
    return segment("NM1", "PR", "2", basic(payer["name"]), "", "", "", "", "PI", payer_id) + address(payer)


def _insurance_types(claims: Columns, people: PersonText) -> Text:
    """SBR05: why Medicare Part B does not pay first; null for all else."""
    why = CODES["medicare_second"]
    second = (claims["filing_indicator"] == "MB") & (claims["payer_order"] != "P") & (claims["type"] == "P")
    if not second.any():
        return Text.constant(None, claims.rows)
    born = people.columns.array("birth_date")[people.rows(claims.array("person_id"))]
    younger = whole_years(born, claims.array("service_from")) < why["from"]
    return Text(younger.astype(np.int32), [why["aged"], why["younger"]]).only(second)


def _billing_level(claims: Columns) -> pa.Array:
    return text.lines("HL*", text.whole(claims["billing_number"]), f"**20*1{END}", claims["billing"])


def _opened(claims: Columns, level: str, render: Callable[[Columns], pa.Array]) -> pa.Array:
    rows = np.flatnonzero(claims.array(level))
    return text.grouped(render(claims.take(rows)), rows, claims.rows)


def _levels(levels: Levels) -> dict[str, NDArray[np.int64] | NDArray[np.bool_]]:
    return {
        "opens_billing": levels.billing, "opens_subscriber": levels.subscriber, "opens_patient": levels.patient,
        "billing_number": levels.billing_number, "subscriber_number": levels.subscriber_number,
        "patient_number": levels.patient_number, "children": levels.children,
    }  # fmt: skip
