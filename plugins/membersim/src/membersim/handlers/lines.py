"""Lines of claims with what is charged and what the payer allows: visits by HCPCS code, stays by revenue code."""

from __future__ import annotations

import attrs
import numpy as np
from numpy.typing import NDArray

from healthsim_core import Columns, Draws, Run, Text, matches, portable
from membersim import pricing
from membersim.facts import document
from membersim.handlers.services import INSTITUTIONAL, PHARMACY, PROFESSIONAL, Services, billed_services, specialty_kind
from membersim.registries import DrgWeights, fees_of, weights_of

_LONGEST_NDC = 18  # digits that fit a word; a National Drug Code has eleven
_DRUG_LINE_DAYS = 30

Cents = NDArray[np.int64]


@attrs.frozen(eq=False)
class ClaimLines:
    """Lines, sorted by claim and number.

    Attributes:
        claim: Index of the claim among the services.
        number: 1 for the first line of a claim.
        code: HCPCS code or NDC; null for revenue lines.
        revenue: Four-digit revenue code; null for others.
        units: Units, or days of a room.
        days: Whether units are days.
        billed: Cents.
        allowed: Cents that the payer allows if it pays.
        preventive: Whether the line is preventive care.
    """

    claim: NDArray[np.intp]
    number: NDArray[np.int64]
    code: Text
    revenue: Text
    units: NDArray[np.float64]
    days: NDArray[np.bool_]
    billed: Cents
    allowed: Cents
    preventive: NDArray[np.bool_]

    def of_claims(self, claims: NDArray[np.int64]) -> ClaimLines:
        """The lines of `claims`, of each as often as it is named."""
        owner, rows = matches(self.claim, claims)
        parts = {field.name: getattr(self, field.name)[rows] for field in attrs.fields(ClaimLines)}
        return ClaimLines(**{**parts, "claim": owner})


def lines_of(services: Services, payer: Text | None) -> ClaimLines:
    """The lines of all claims.

    Args:
        services: The claims.
        payer: The payer of each; None where nobody pays: then there are charges alone.
    """
    parts = [_visit_lines(services, payer), _stay_lines(services, payer), _drug_lines(services)]
    joined = Columns.concat([Columns(attrs.asdict(part, recurse=False), len(part.claim)) for part in parts])
    lines = joined.take(np.lexsort((joined.array("number"), joined.array("claim"))))
    return ClaimLines(
        claim=lines.array("claim"), number=lines.array("number"), code=lines.text("code"),
        revenue=lines.text("revenue"),
        units=lines.array("units"), days=lines.array("days"), billed=lines.array("billed"),
        allowed=lines.array("allowed"),
        preventive=lines.array("preventive"),
    )  # fmt: skip


def _visit_lines(services: Services, payer: Text | None) -> ClaimLines:
    visit = np.flatnonzero(services.type == PROFESSIONAL)
    rule = billed_services(services, visit)
    fees, draw = fees_of(services.events.run), services.events.run.draws("membersim.billing", services.events.id[visit])
    said, usual = services.events.parameters.text("service_code")[visit], fees.billed(rule.text("service_code"), draw)
    code = said.or_else(usual)
    priced_as = said.only(fees.knows(said)).or_else(usual)
    units = np.where(said.is_null(), rule.array("units"), 1.0)
    added = np.flatnonzero(said.is_null() & ~rule.text("add_on").is_null())
    add_on = rule.text("add_on")[added]
    claim = np.concatenate([visit, visit[added]])
    codes = Columns.concat(
        [Columns({"c": code, "p": priced_as}, len(visit)), Columns({"c": add_on, "p": add_on}, len(added))]
    )
    units = np.concatenate([units, np.ones(len(added))])
    medicare = _visit_prices(services, claim, codes.text("p")) * units
    billed, allowed = _negotiated(services, payer, claim, medicare, "professional")
    free = codes.text("c").isin(document("diagnosis_kinds")["preventive"]["services"])
    return ClaimLines(
        claim, np.concatenate([np.ones(len(visit), np.int64), np.full(len(added), 2)]), codes.text("c"),
        Text.constant(None, len(claim)), units, np.zeros(len(claim), bool), billed, allowed,
        free | services.preventive[claim],
    )  # fmt: skip


def _visit_prices(services: Services, claim: NDArray[np.intp], code: Text) -> NDArray[np.float64]:
    """Medicare's price of one unit, with the visit's own intensity where the code stands for several levels."""
    rules, fees = document("payment")["visit_intensity"], fees_of(services.events.run)
    people = services.events.people
    level = pricing.bounded_log(services.events.draw.uniform("intensity"), 1.0, rules["sd"], 0.5, 2.0)
    level *= np.where(services.second.is_null(), 1.0, rules["secondary_diagnosis"])
    level *= np.where(people["severity"].isin(("uncontrolled", "severe")), rules["uncontrolled"], 1.0)
    specialist = services.specialty.map(lambda name: specialty_kind(name) == "specialist", np.bool_, False)
    level *= np.where(specialist, rules["specialist"], 1.0)
    factors = document("payment")["specialty_factor"]["factor"]
    factor = services.specialty.map(lambda name: factors.get(name.lower(), 1.0), np.float64, 1.0)
    price = pricing.visit_price(fees, code, people["state"][claim])
    return np.asarray(price * np.where(code.isin(fees.varies), level[claim], 1.0) * factor[claim])


def _negotiated(
    services: Services, payer: Text | None, claim: NDArray[np.intp], medicare: NDArray[np.float64], kind: str
) -> tuple[Cents, Cents]:
    """Charge and allowed amount from Medicare's price."""
    run, providers = services.events.run, services.providers[claim]
    charge = np.rint(medicare * pricing.charge_ratio(run, providers, kind)).astype(np.int64)
    if payer is None:
        return charge, np.zeros(len(claim), np.int64)
    multiple = document("payment")["price_of_payer"][kind]
    level = services.kind[claim].map(lambda name: multiple[name]) * pricing.contract(
        run, providers, payer[claim], services.kind[claim]
    )
    allowed = np.rint(medicare * level).astype(np.int64)
    return np.maximum(charge, allowed), allowed


def _stay_lines(services: Services, payer: Text | None) -> ClaimLines:
    stay = np.flatnonzero(services.type == INSTITUTIONAL)
    nights = np.maximum((services.service_to - services.service_from).astype(np.int64), 1)[stay]
    billed, allowed = _stay_prices(services, payer, stay, nights)
    owner, number, revenue, share, room = _revenue_lines(services, stay)
    share *= portable.exp(document("revenue")["spread"] * _line_draws(services, stay[owner], number).normal("share"))
    line_allowed = pricing.parts(allowed, owner, share)
    line_billed = line_allowed + pricing.parts(billed - allowed, owner, share)
    return ClaimLines(
        stay[owner], number, Text.constant(None, len(owner)), revenue, np.where(room, nights[owner], 1.0),
        room, line_billed, line_allowed, np.zeros(len(owner), bool),
    )  # fmt: skip


def _stay_prices(
    services: Services, payer: Text | None, stay: NDArray[np.intp], nights: NDArray[np.int64]
) -> tuple[Cents, Cents]:
    rules, weights = document("payment")["stay"], weights_of(services.events.run)
    drg = services.drg[stay]
    medicare = pricing.stay_price(weights, drg, services.events.people["state"][stay])
    ratio = nights / drg.map(lambda code: weights.geometric_los[code], np.float64, 1.0)
    effect = np.clip(portable.power(ratio, rules["day_effect"]), rules["least"], rules["most"])
    billed, _ = _negotiated(services, payer, stay, medicare * effect, "inpatient")
    by_day = services.kind[stay].isin(rules["applies_to"])
    _, allowed = _negotiated(services, payer, stay, medicare * np.where(by_day, effect, 1.0), "inpatient")
    return np.maximum(billed, allowed), allowed


RevenueLines = tuple[NDArray[np.intp], NDArray[np.int64], Text, NDArray[np.float64], NDArray[np.bool_]]


def _revenue_lines(services: Services, stay: NDArray[np.intp]) -> RevenueLines:
    """Owner (among the stays), number, revenue code, share, and whether it is the room, of every line."""
    kinds, values = list(document("revenue")["shares"]), document("revenue")["shares"]
    weights = weights_of(services.events.run)
    kind = services.drg[stay].map(lambda drg: kinds.index(_drg_kind(weights, drg)), np.int64, 0)
    emergency = services.admission_type[stay] == "1"
    owners, numbers, codes, shares = [], [], [], []
    for index, name in enumerate(kinds):
        mine = np.flatnonzero(kind == index)
        for place, (revenue, share) in enumerate(values[name].items(), start=1):
            at = mine[emergency[mine]] if revenue == "0450" else mine
            owners.append(at)
            numbers.append(np.full(len(at), place))
            codes.append(Text.constant(document("revenue")["room"][name] if revenue == "room" else revenue, len(at)))
            shares.append(np.full(len(at), float(share)))
    owner, number = np.concatenate(owners), np.concatenate(numbers)
    code = Columns.concat([Columns({"code": part}, len(part)) for part in codes]).text("code")
    order = np.lexsort((number, owner))
    return owner[order], number[order], code[order], np.concatenate(shares)[order], number[order] == 1


def _drg_kind(weights: DrgWeights, drg: str) -> str:
    special = document("revenue")["drg_kind"]
    return next((kind for kind, drgs in special.items() if drg in drgs), weights.kind[drg])


def _line_draws(services: Services, claim: NDArray[np.intp], number: NDArray[np.int64]) -> Draws:
    run: Run = services.events.run
    return run.draws("membersim.line", services.events.id[claim] * 64 + number)


def _digits(ndc: str) -> int:
    return int(ndc) if ndc.isascii() and ndc.isdigit() and len(ndc) <= _LONGEST_NDC else 0


def _drug_lines(services: Services) -> ClaimLines:
    drug = np.flatnonzero(services.type == PHARMACY)
    law = document("payment")["pharmacy"]["price_per_30_days"]
    ndc = services.events.parameters.text("ndc")[drug]
    product = services.events.run.draws("membersim.drug", ndc.map(_digits, np.int64, 0))
    month = pricing.bounded_log(product.uniform("price"), law["median"], law["sd"], law["least"], law["most"])
    days = np.nan_to_num(services.events.parameters.array("days_supply"), nan=_DRUG_LINE_DAYS)[drug]
    quantity = np.nan_to_num(services.events.parameters.array("quantity"), nan=1.0)[drug]
    allowed = np.rint(100 * month * days / _DRUG_LINE_DAYS).astype(np.int64)
    ratio = pricing.charge_ratio(services.events.run, services.providers[drug], "pharmacy")
    nothing, no = Text.constant(None, len(drug)), np.zeros(len(drug), bool)
    return ClaimLines(
        drug,
        np.ones(len(drug), np.int64),
        ndc,
        nothing,
        quantity,
        no,
        np.rint(allowed * ratio).astype(np.int64),
        allowed,
        no,
    )
