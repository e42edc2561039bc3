"""The claim tables: claims and their lines."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from healthsim_core import NETWORKS, UNCOVERED, Columns, Coverages, Plans, Shares, Text, rank_within, text
from membersim.facts import document
from membersim.handlers.adjudication import DENIED, PENDING, REVERSED, STATUSES
from membersim.handlers.coordination import Claims
from membersim.handlers.lines import ClaimLines
from membersim.handlers.payday import Days
from membersim.handlers.payments import traces_of
from membersim.handlers.services import INSTITUTIONAL, PHARMACY, PROFESSIONAL, Services

CLAIM_LETTERS = ("P", "I", "R")
_SCRAMBLE = np.uint64(0x9E3779B97F4A7C15)  # odd, so that distinct claims have distinct control numbers
PAYER_ORDERS = ("P", "S", "T", "A")  # as X12 has them (SBR01): A is the fourth
_AMOUNTS = (
    "billed", "allowed", "deductible", "coinsurance", "copay", "not_covered", "member_share", "adjustment", "paid",
)  # fmt: skip

Amounts = dict[str, NDArray[np.int64]]


def amounts_of(lines: ClaimLines, shares: Shares) -> Amounts:
    """The amounts of every line, cents."""
    return {
        "billed": lines.billed, "allowed": shares.allowed, "deductible": shares.deductible,
        "coinsurance": shares.coinsurance, "copay": shares.copay, "not_covered": shares.not_covered,
        "member_share": shares.patient, "adjustment": lines.billed - shares.allowed, "paid": shares.paid,
    }  # fmt: skip


def claim_table(claims: Claims, taken: Days, shares: Shares, spans: Coverages, plans: Plans) -> Columns:
    """`membersim.claim`; `taken` is the day on which each claim is taken back."""
    services, outcome, lines = claims.services, claims.outcome, claims.lines
    events, stay, size = services.events, services.type == INSTITUTIONAL, len(claims.id)
    totals = {name: _summed(values, lines.claim, size) for name, values in amounts_of(lines, shares).items()}
    procedure = events.parameters.text("procedure_code").only(stay)
    disposition = events.parameters.text("discharge_disposition").or_else("01")
    traces, reversal_traces = traces_of(claims, taken)
    return Columns(
        {
            "claim_id": claims.id, "event_id": events.id, "payer_order": Text(claims.order, list(PAYER_ORDERS)),
            "primary_claim_id": np.where(claims.order > 0, events.id, 0), "person_id": events.person,
            "subscriber_id": events.chunk.id[spans.holder[services.span]],
            "coverage_id": spans.coverage_id[services.span], "payer_id": claims.payer,
            "plan": spans.plan_name[services.span],
            "type": Text(services.type, list(CLAIM_LETTERS)), "encounter_id": services.origin,
            "payer_claim_number": _control_numbers(events.run.namespace.outward(claims.id), claims.received),
            "filing_indicator": _filing(services, plans),
            "service_from": services.service_from, "service_to": services.service_to,
            "admission_time": services.admitted, "discharge_time": services.discharged,
            "received_date": claims.received, "paid_date": outcome.paid_date,
            "status": Text(np.where(np.isnat(taken), outcome.status, REVERSED), list(STATUSES)), "reversed_date": taken,
            "denial_reason": outcome.reason, "network": Text(outcome.network, list(NETWORKS)),
            "place_of_service": services.place, "specialty": services.specialty,
            "bill_type": Text.constant("111", size).only(stay),
            "admission_type": services.admission_type, "admission_source": _origins(services),
            "discharge_status": disposition.only(stay), "drg": services.drg,
            "principal_diagnosis": services.diagnosis, "admitting_diagnosis": services.admitting,
            "principal_procedure": procedure,
            "procedure_date": np.where(procedure.is_null(), np.datetime64("NaT", "D"), services.service_from),
            "billing_npi": services.billing, "rendering_npi": events.provider_npi, "facility_npi": services.facility,
            **_known(totals, outcome.status == PENDING),
            **_adjustment(totals["adjustment"], outcome.status, outcome.reason, claims.order > 0),
            "lines": np.bincount(lines.claim, minlength=size),
            "trace_number": traces, "reversal_trace_number": reversal_traces,
        },
        size,
    )  # fmt: skip


def line_table(claims: Claims, shares: Shares) -> Columns:
    """`membersim.claim_line`."""
    services, outcome, lines = claims.services, claims.outcome, claims.lines
    claim = lines.claim
    kind, status = services.type[claim], outcome.status[claim]
    amounts = amounts_of(lines, shares)
    two = ~services.second.is_null()[claim]
    pointers = np.where(kind == PROFESSIONAL, two.astype(np.int32), -1)
    system = np.where(lines.code.is_null(), -1, np.where(kind == PHARMACY, 1, 0))
    return Columns(
        {
            "claim_id": claims.id[claim], "line": rank_within(claim) + 1, "person_id": services.events.person[claim],
            "service_date": services.service_from[claim], "service_code": lines.code,
            "code_system": Text(system, ["HCPCS", "NDC"]), "revenue_code": lines.revenue, "units": lines.units,
            "unit_code": Text(lines.days.astype(np.int32), ["UN", "DA"]),
            "diagnosis_pointers": Text(pointers, ["1", "1:2"]),
            "place_of_service": services.place[claim], **_known(amounts, status == PENDING),
            **_adjustment(amounts["adjustment"], status, outcome.reason[claim], claims.order[claim] > 0),
            "not_covered_reason": _not_covered(shares),
        },
        len(claim),
    )  # fmt: skip


def _summed(values: NDArray[np.int64], claim: NDArray[np.intp], claims: int) -> NDArray[np.int64]:
    total = np.zeros(claims, np.int64)
    np.add.at(total, claim, values)
    return total


def _known(amounts: Amounts, pending: NDArray[np.bool_]) -> dict[str, NDArray[np.float64] | NDArray[np.int64]]:
    unknown = {
        name: np.where(pending, np.nan, amounts[name].astype(np.float64)) for name in _AMOUNTS if name != "billed"
    }
    return {"billed": amounts["billed"], **unknown}


def _adjustment(
    amount: NDArray[np.int64], status: NDArray[np.int64], reason: Text, later: NDArray[np.bool_]
) -> dict[str, Text]:
    """Group and reason; `later` are claims that another payer has paid before."""
    adjusted = (status != PENDING) & (amount > 0)
    values = [*reason.values.to_pylist(), "45", "23"]
    code = np.where(status == DENIED, reason.codes, len(values) - 2 + later)
    return {
        "adjustment_group": Text(later.astype(np.int32), ["CO", "OA"]).only(adjusted),
        "adjustment_reason": Text(code, values).only(adjusted),
    }


def _not_covered(shares: Shares) -> Text:
    reasons = document("payment")["not_covered"]["reasons"]
    return Text(shares.uncovered - 1, [reasons[name] for name in UNCOVERED[1:]])


def _filing(services: Services, plans: Plans) -> Text:
    """The claim filing indicator of each claim."""
    usual = document("plan_codes")["filing"]
    filing = [design.get("filing") or usual[design["kind"]] for design in plans.designs]
    values = sorted({code for indicators in filing for code in indicators.values()})
    table = np.array([[values.index(indicators[kind]) for kind in "PIR"] for indicators in filing])
    return Text(table[services.plan, services.type], values)


def _origins(services: Services) -> Text:
    """Point of origin: 5 born inside this hospital for newborns, 1 otherwise (non-health care facility)."""
    stay = services.type == INSTITUTIONAL
    newborn = services.admission_type == "4"
    return Text(newborn.astype(np.int32), ["1", "5"]).only(stay)


def _control_numbers(claim: NDArray[np.int64], received: NDArray[np.datetime64]) -> Text:
    number = (claim.astype(np.uint64) * _SCRAMBLE) & np.uint64((1 << 63) - 1)
    return Text.distinct(text.lines(text.dates(received, "%y%j"), text.padded(number, 19)))
