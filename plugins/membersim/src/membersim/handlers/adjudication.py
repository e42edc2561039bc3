"""What becomes of a claim: in network or not, paid, denied or pending, and who pays how much of each line."""

from __future__ import annotations

import attrs
import numpy as np
from numpy.typing import NDArray

from healthsim_core import Draws, Plans, Shares, Text
from membersim import pricing
from membersim.facts import SERVICES, document
from membersim.handlers.duplicates import duplicates
from membersim.handlers.lines import ClaimLines
from membersim.handlers.payday import Days, adjudicated, business_day
from membersim.handlers.services import Services

IN, OUT = 0, 1
PAID, DENIED, PENDING, REVERSED = 0, 1, 2, 3
STATUSES = ("paid", "denied", "pending", "reversed")
_BENEFIT_PERIOD = 60  # days out of hospital after which a new one begins
_ELECTIVE = "3"  # of the types of admission
_EMERGENCY = SERVICES.index("emergency")
_INPATIENT = SERVICES.index("inpatient")
_PRIMARY = SERVICES.index("primary")

Cents = NDArray[np.int64]


@attrs.frozen(eq=False)
class Outcome:
    """What becomes of each claim; all arrays are (claims,).

    Attributes:
        network: 0 in, 1 out.
        status: 0 paid, 1 denied, 2 pending.
        reason: Reason of the denial; null where paid or pending.
        paid_date: NaT while pending.
    """

    network: NDArray[np.int64]
    status: NDArray[np.int64]
    reason: Text
    paid_date: NDArray[np.datetime64]

    @classmethod
    def of(cls, services: Services, lines: ClaimLines, plans: Plans, payer: Text) -> Outcome:
        """The outcome of all claims of a chunk.

        Args:
            services: The claims.
            lines: Their lines.
            plans: The plan designs.
            payer: The payer of each claim.
        """
        network = network_of(services, plans, payer)
        return cls(network, *_outcome(services, lines, plans, network))


def shared_lines(lines: ClaimLines, payable: NDArray[np.intp], shares: Shares) -> Shares:
    """How every line is shared: what is not paid is nobody's share."""

    def spread(amount: Cents) -> Cents:
        share = np.zeros(len(lines.claim), np.int64)
        share[payable] = amount
        return share

    return Shares(*(spread(getattr(shares, field.name)) for field in attrs.fields(Shares)))


def network_of(services: Services, plans: Plans, payer: Text) -> NDArray[np.int64]:
    """By claim, whether a payer's plan has the providers of a kind and place in its network.

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
    rules, draw = document("payment")["denial"], services.events.draw
    known = services.events.coverages.start_known[services.span]
    paid_date = business_day(np.maximum(adjudicated(services.events.date, services.kind, draw), known))
    denied = draw.happens("denied", services.kind.map(lambda kind: rules["rate"][kind], np.float64, 0.0))
    outside = refused(services, plans, network)
    again = duplicates(services, lines, paid_date)
    pending = paid_date > services.events.run.as_of
    status = np.where(pending, PENDING, np.where(denied | outside | again, DENIED, PAID))
    drawn = draw.choice("denial", rules["reasons"])
    values = [*drawn.values.to_pylist(), rules["out_of_network"], rules["duplicate"]]
    stated = np.where(again, len(values) - 1, np.where(outside, len(values) - 2, drawn.codes))
    reason = np.where(status != DENIED, -1, stated)
    return status, Text(reason, values), np.where(pending, np.datetime64("NaT", "D"), paid_date)


def unauthorized(services: Services, network: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Elective stays out of network that nobody had asked the plan for: who stays in network has the hospital ask."""
    unasked = np.zeros(len(services), bool)
    elective = np.flatnonzero((services.admission_type == _ELECTIVE) & (network == OUT))
    if len(elective):
        draw = services.events.run.draws("membersim.authorization", services.events.id[elective])
        unasked[elective] = draw.happens("lacking", document("payment")["authorization"]["lacking"])
    return unasked


def refused(services: Services, plans: Plans, network: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether the plan pays nothing for each claim because the provider is not in its network."""
    denies = np.array([how == "denied" for how in plans.given("out_of_network")], bool)
    return np.asarray((network == OUT) & denies[services.plan])


def adjudicated_on(
    received: Days, kind: Text, draw: Draws, as_of: np.datetime64
) -> tuple[NDArray[np.int64], NDArray[np.datetime64]]:
    """Status and day of payment of claims that are paid or still pending.

    Args:
        received: When the payer received each.
        kind: Kind of payer.
        draw: Draws addressed by claim.
        as_of: The run's today.
    """
    paid_date = business_day(adjudicated(received, kind, draw))
    pending = paid_date > as_of
    return np.where(pending, PENDING, PAID), np.where(pending, np.datetime64("NaT", "D"), paid_date)


def opens_benefit_period(services: Services) -> NDArray[np.bool_]:
    """By claim, whether a stay begins more than 60 days after the person's last one ended."""
    opens = np.ones(len(services), bool)
    stay = np.flatnonzero(services.category == _INPATIENT)
    stay = stay[np.lexsort((services.service_from[stay].astype(np.int64), services.events.row[stay]))]
    same = services.events.row[stay][1:] == services.events.row[stay][:-1]
    gap = (services.service_from[stay][1:] - services.service_to[stay][:-1]).astype(np.int64)
    opens[stay[1:]] = ~same | (gap > _BENEFIT_PERIOD)
    return opens
