"""What becomes of a claim: in network or not, paid, denied or pending, and who pays how much of each line."""

from __future__ import annotations

import attrs
import numpy as np
from numpy.typing import NDArray

from healthsim_core import Text, whole_years
from membersim import benefits, pricing
from membersim.facts import document
from membersim.handlers.duplicates import duplicates
from membersim.handlers.lines import ClaimLines
from membersim.handlers.services import Services
from membersim.plan_design import SERVICES
from membersim.plans import IN, NO_LIMIT, OUT, Plans

PAID, DENIED, PENDING = 0, 1, 2
STATUSES = ("paid", "denied", "pending")
_BENEFIT_PERIOD = 60  # days out of hospital after which a new one begins
_EMERGENCY = SERVICES.index("emergency")
_INPATIENT = SERVICES.index("inpatient")
_PRIMARY = SERVICES.index("primary")

Cents = NDArray[np.int64]


@attrs.frozen(eq=False)
class Accumulators:
    """Accumulators of one level: whose, by which claim first used, and how far; all arrays are (accumulators,)."""

    row: NDArray[np.intp]
    claim: NDArray[np.intp]
    year: NDArray[np.int64]
    network: NDArray[np.int64]
    deductible_limit: Cents
    deductible: Cents
    out_of_pocket_limit: Cents
    out_of_pocket: Cents


@attrs.frozen(eq=False)
class Adjudicated:
    """What became of each claim and each line.

    Attributes:
        network: By claim: 0 in, 1 out.
        status: By claim: 0 paid, 1 denied, 2 pending.
        reason: By claim: reason of the denial; null where paid or pending.
        paid_date: By claim; NaT while pending.
        allowed: Cents by line; so the next three.
        member: Members' accumulators.
        family: Families' accumulators, of those plans and households that have them.
    """

    network: NDArray[np.int64]
    status: NDArray[np.int64]
    reason: Text
    paid_date: NDArray[np.datetime64]
    allowed: Cents
    deductible: Cents
    coinsurance: Cents
    copay: Cents
    member: Accumulators
    family: Accumulators


def adjudicate(
    services: Services, lines: ClaimLines, plans: Plans, payer: Text, holder: NDArray[np.intp]
) -> Adjudicated:
    """Adjudicate all claims of a chunk.

    Args:
        services: The claims.
        lines: Their lines.
        plans: The plan designs.
        payer: The payer of each claim.
        holder: Row of the person who holds the coverage of each claim.
    """
    network = _network(services, plans, payer)
    status, reason, paid_date = _outcome(services, lines, plans, network)
    payable = np.flatnonzero(status[lines.claim] == PAID)
    claim = lines.claim[payable]
    turn = payable[np.lexsort((lines.number[payable], services.events.id[claim], paid_date[claim].astype(np.int64)))]
    member_key, member = _accumulators(services, plans, network, services.events.row, lines.claim[turn], 0)
    family_key, family = _accumulators(services, plans, network, holder, lines.claim[turn], 1)
    terms = _terms(services, lines, plans, network, turn, member_key, family_key)
    limits = [
        benefits.Limits(accumulators.deductible_limit, accumulators.out_of_pocket_limit)
        for accumulators in (member, family)
    ]
    shares = benefits.adjudicate(terms, *limits)

    def spread(amount: Cents) -> Cents:
        share = np.zeros(len(lines.claim), np.int64)
        share[turn] = amount
        return share

    return Adjudicated(
        network, status, reason, paid_date, spread(lines.allowed[turn]), spread(shares.deductible),
        spread(shares.coinsurance),
        spread(shares.copay),
        attrs.evolve(member, deductible=shares.member_deductible, out_of_pocket=shares.member_out_of_pocket),
        attrs.evolve(family, deductible=shares.family_deductible, out_of_pocket=shares.family_out_of_pocket),
    )  # fmt: skip


def _network(services: Services, plans: Plans, payer: Text) -> NDArray[np.int64]:
    """Whether a payer's plan has the providers of a kind and place in its network.

    Emergencies count as in (No Surprises Act), and so does primary care: a member's own doctor is one of the plan's.
    """
    share = document("payment")["network"]["share_in"]
    inside = np.ones(len(services), bool)
    for index, name in enumerate(plans.names):
        mine = np.flatnonzero(services.plan == index)
        unit = pricing.by_provider(services.events.run, f"network.{name}", services.providers[mine], payer[mine])
        inside[mine] = unit < share.get(name, 1.0)
    emergency = (services.category == _EMERGENCY) | (
        (services.category == _INPATIENT) & (services.admission_type == "1")
    )
    return np.where(inside | emergency | (services.category == _PRIMARY), IN, OUT)


def _outcome(
    services: Services, lines: ClaimLines, plans: Plans, network: NDArray[np.int64]
) -> tuple[NDArray[np.int64], Text, NDArray[np.datetime64]]:
    rules, days = document("payment")["denial"], document("payment")["adjudication_days"]
    draw = services.events.draw
    least = services.kind.map(lambda kind: days[kind][0], np.int64, 0)
    most = services.kind.map(lambda kind: days[kind][1], np.int64, 0)
    adjudicated = services.events.date + draw.integers("adjudication", least, most + 1)
    paid_date = np.busday_offset(adjudicated, 0, roll="forward")  # remittances go out on business days
    refused = draw.happens("denied", services.kind.map(lambda kind: rules["rate"][kind], np.float64, 0.0))
    outside = (network == OUT) & np.array([how == "denied" for how in plans.given("out_of_network")], bool)[
        services.plan
    ]
    again = duplicates(services, lines, paid_date)
    pending = paid_date > services.events.run.as_of
    status = np.where(pending, PENDING, np.where(refused | outside | again, DENIED, PAID))
    drawn = draw.choice("denial", rules["reasons"])
    values = [*drawn.values.to_pylist(), rules["out_of_network"], rules["duplicate"]]
    stated = np.where(again, len(values) - 1, np.where(outside, len(values) - 2, drawn.codes))
    reason = np.where(status != DENIED, -1, stated)
    return status, Text(reason, values), np.where(pending, np.datetime64("NaT", "D"), paid_date)


def _accumulators(
    services: Services,
    plans: Plans,
    network: NDArray[np.int64],
    whose: NDArray[np.intp],
    claim: NDArray[np.intp],
    level: int,
) -> tuple[NDArray[np.int64], Accumulators]:
    """The number of each line's accumulators, and the accumulators; whoever shares a row, plan,
    year and network shares them."""
    year = services.service_from.astype("datetime64[Y]").astype(np.int64) + 1970
    parts = np.stack([np.asarray(whose, np.int64), services.plan, year, network], axis=1)[claim]
    packed = ((parts[:, 0] * 1_024 + parts[:, 1]) * 4_096 + parts[:, 2]) * 2 + parts[:, 3]
    _, first, key = np.unique(packed, return_index=True, return_inverse=True)
    row, plan, of_year, side = parts[first].T
    nothing = np.zeros(len(row), np.int64)
    return key, Accumulators(
        row,
        claim[first],
        of_year,
        side,
        plans.deductible[plan, side, level],
        nothing,
        plans.out_of_pocket[plan, side, level],
        nothing,
    )


def _terms(
    services: Services, lines: ClaimLines, plans: Plans, network: NDArray[np.int64], turn: NDArray[np.intp],
    member_key: NDArray[np.int64], family_key: NDArray[np.int64],
) -> benefits.Lines:  # fmt: skip
    claim = lines.claim[turn]
    plan, side, service = services.plan[claim], network[claim], services.category[claim]
    nights = np.maximum((services.service_to - services.service_from).astype(np.int64), 1)[claim]
    days = plans.copay_days[plan, side, service]
    copay = plans.copay[plan, side, service] * np.where(days > 0, np.minimum(days, nights), 1)
    stay_deductible = plans.stay_deductible[plan, side] * (service == _INPATIENT)
    flat = stay_deductible > 0
    copay = np.where(flat, stay_deductible * _opens_benefit_period(services)[claim], copay)
    free = (lines.preventive[turn] & (side == IN)) | _exempt(services, plans)[claim]
    return benefits.Lines(
        member=member_key,
        family=family_key,
        first=lines.number[turn] == 1,
        allowed=lines.allowed[turn],
        copay=np.where(free, 0, copay),
        flat_deductible=flat,
        coinsurance=np.where(free, 0, plans.coinsurance[plan, side, service]),
        deductible_applies=plans.deductible_applies[plan, side, service] & ~free,
    )


def _exempt(services: Services, plans: Plans) -> NDArray[np.bool_]:
    limit = np.array(plans.given("exempt_below_age", 0), np.int64)[services.plan]
    return whole_years(services.events.people["birth_date"], services.service_from) < limit


def _opens_benefit_period(services: Services) -> NDArray[np.bool_]:
    """Whether a stay begins more than 60 days after the person's last one ended."""
    opens = np.ones(len(services), bool)
    stay = np.flatnonzero(services.category == _INPATIENT)
    stay = stay[np.lexsort((services.service_from[stay].astype(np.int64), services.events.row[stay]))]
    same = services.events.row[stay][1:] == services.events.row[stay][:-1]
    gap = (services.service_from[stay][1:] - services.service_to[stay][:-1]).astype(np.int64)
    opens[stay[1:]] = ~same | (gap > _BENEFIT_PERIOD)
    return opens


def limited(limit: Cents) -> NDArray[np.bool_]:
    """Whether there is such a limit."""
    return (limit > 0) & (limit < NO_LIMIT)
