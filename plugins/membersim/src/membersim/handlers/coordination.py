"""Claims, and who pays them in turn: what one payer has paid goes on to the coverage of the next rank, as a claim of
its own for what the one before left to the patient.

A claim that was denied or is pending goes nowhere, nor does one to a plan that pays nothing outside of its network.
"""

from __future__ import annotations

import attrs
import numpy as np
from numpy.typing import NDArray

from healthsim_core import Columns, Coverages, PricedLines, Text
from membersim.facts import SERVICES, document
from membersim.handlers.adjudication import (
    IN,
    PAID,
    Outcome,
    adjudicated_on,
    network_of,
    opens_benefit_period,
    refused,
    unauthorized,
)
from membersim.handlers.lines import ClaimLines
from membersim.handlers.payday import Days, waited
from membersim.handlers.services import Services

Rows = NDArray[np.int64]


@attrs.frozen(eq=False)
class Claims:
    """All claims of a chunk, those for one service together in the order in which they are paid.

    Attributes:
        services: What each bills, and under which coverage; a row each.
        lines: Their lines.
        outcome: What becomes of them.
        payer: Who pays.
        id: Their ids; of the claim that is paid first, its event's.
        order: 0 for what is paid first, then 1, 2, 3.
        received: When the payer received it.
        opens: Whether it begins a benefit period.
        after: Row of the line that another coverage pays before this one (lines,); -1 for none.
    """

    services: Services
    lines: ClaimLines
    outcome: Outcome
    payer: Text
    id: NDArray[np.int64]
    order: Rows
    received: NDArray[np.datetime64]
    opens: NDArray[np.bool_]
    after: Rows

    @classmethod
    def of(cls, services: Services, lines: ClaimLines, outcome: Outcome, payers: Text, coverages: Coverages) -> Claims:
        """The claims that coverages of rank 1 pay, and those that come of them for the coverages after.

        Args:
            services: What is billed to coverages of rank 1.
            lines: The lines.
            outcome: What becomes of them.
            payers: Who pays, by span of coverage.
            coverages: The spans.
        """
        events, payer = services.events, payers[services.span]
        first = cls(
            services, lines, outcome, payer, events.id, np.zeros(len(services), np.int64), events.date,
            opens_benefit_period(services), np.full(len(lines.claim), -1),
        )  # fmt: skip
        ranks = np.unique(coverages.rank[coverages.rank > 1]).tolist()
        return _sent_on(first, payers, coverages, ranks) if ranks else first


def priced_lines(claims: Claims) -> tuple[NDArray[np.intp], PricedLines]:
    """The lines of claims that are paid: which they are, and what the ledger needs to know of them."""
    services, lines, outcome = claims.services, claims.lines, claims.outcome
    payable = np.flatnonzero(outcome.status[lines.claim] == PAID)
    place = np.full(len(lines.claim) + 1, -1)
    place[payable] = np.arange(len(payable))
    claim = lines.claim[payable]
    nights = np.maximum((services.service_to - services.service_from).astype(np.int64), 1)
    drug = services.category == SERVICES.index("pharmacy")
    return payable, PricedLines(
        claim=claims.id[claim],
        number=lines.number[payable],
        row=services.events.row[claim],
        coverage=services.span[claim],
        service=services.service_from[claim],
        moment=outcome.paid_date[claim].astype("datetime64[s]"),
        kind=Text(services.category[claim], list(SERVICES)),
        tier=np.where(drug, document("payment")["pharmacy"]["tier"]["number"], 0)[claim],
        network=outcome.network[claim],
        allowed=lines.allowed[payable],
        units=nights[claim],
        free=lines.preventive[payable] & (outcome.network[claim] == IN),
        unauthorized=(unauthorized(services, outcome.network) & (claims.order == 0))[claim],
        opens=claims.opens[claim],
        after=place[claims.after[payable]],
    )


def _sent_on(first: Claims, payers: Text, coverages: Coverages, ranks: list[int]) -> Claims:
    outcome, size = first.outcome, len(first.id)
    every = Columns({
        "of": np.arange(size), "before": np.full(size, -1), "order": first.order, "span": first.services.span,
        "payer": first.payer, "id": first.id, "received": first.received, "network": outcome.network,
        "status": outcome.status, "paid_date": outcome.paid_date,
    }, size)  # fmt: skip
    waiting = np.flatnonzero(outcome.status == PAID)
    for rank in ranks:
        sent = _sent(first, every, waiting, payers, coverages, rank)
        here = sent.where(sent.array("received") <= first.services.events.run.as_of)
        paid = every.rows + np.flatnonzero(here.array("status") == PAID)
        waiting = np.concatenate([np.setdiff1d(waiting, sent.array("before")), paid])
        every = Columns.concat([every, here])
    return _in_order(first, every, coverages)


def _sent(first: Claims, every: Columns, waiting: Rows, payers: Text, coverages: Coverages, rank: int) -> Columns:
    """The claims that go to the coverages of a rank, each after one of those that are `waiting` for who pays next."""
    services, plans = first.services, first.services.events.run.plans
    of = every.array("of")[waiting]
    span = coverages.at(services.events.row[of], services.service_from[of], rank)
    before = coverages.rank[every.array("span")[waiting]]
    has = np.flatnonzero((span >= 0) & (before < rank))  # the first to pay may be of that rank
    waiting, of, span = waiting[has], of[has], span[has]
    plan = coverages.plan[span]
    theirs = services.take(of, span=span, plan=plan, kind=plans.text(plan, "kind"))
    network = network_of(theirs, plans, payers[span])
    ids = theirs.events.run.ids(f"membersim.claim/{rank}", theirs.events.id)
    draw, days = theirs.events.run.draws("membersim.coordination", ids), document("payment")["next_payer_days"]
    kind = plans.text(coverages.plan[every.array("span")[waiting]], "kind")
    paid: Days = every.array("paid_date")[waiting].astype("datetime64[D]")
    received = np.maximum(paid + waited(draw, "received", kind, days), coverages.start_known[span])
    status, paid_date = adjudicated_on(received, theirs.kind, draw, theirs.events.run.as_of)
    sent = Columns({
        "of": of, "before": waiting, "order": every.array("order")[waiting] + 1, "span": span, "payer": payers[span],
        "id": ids, "received": received, "network": network, "status": status, "paid_date": paid_date,
    }, len(of))  # fmt: skip
    return sent.where(~refused(theirs, plans, network))


def _in_order(first: Claims, every: Columns, coverages: Coverages) -> Claims:
    """All claims, those of one service together."""
    back = np.lexsort((every.array("order"), every.array("of")))
    place = np.append(np.argsort(back), -1)
    claims = every.take(back)
    of, before, span = claims.array("of"), place[claims.array("before")], claims.array("span")
    services, plan = first.services, coverages.plan[span]
    lines = first.lines.of_claims(of)
    start = np.searchsorted(lines.claim, np.arange(len(of)))
    earlier = before[lines.claim]
    after = np.where(earlier < 0, -1, start[earlier] + np.arange(len(lines.claim)) - start[lines.claim])
    reason = first.outcome.reason[of].only(claims.array("order") == 0)
    outcome = Outcome(claims.array("network"), claims.array("status"), reason, claims.array("paid_date"))
    kind = services.events.run.plans.text(plan, "kind")
    return Claims(
        services.take(of, span=span, plan=plan, kind=kind), lines, outcome, claims.text("payer"), claims.array("id"),
        claims.array("order"), claims.array("received"), first.opens[of], after,
    )  # fmt: skip
