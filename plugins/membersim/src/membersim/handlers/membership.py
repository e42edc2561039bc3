"""Coverage and claims together: a claim needs the coverage of its day, and benefits need the claims in order."""

from __future__ import annotations

from collections.abc import Mapping

import attrs
import numpy as np
from numpy.typing import NDArray

from healthsim_core import Closing, Columns, EventHandler, Events, Field, Plans, Settled, Spending, Text
from membersim.billable import review, unbilled
from membersim.handlers.adjudication import Outcome, shared_lines
from membersim.handlers.bills import UNINSURED, bill_table
from membersim.handlers.claims import claim_table, line_table
from membersim.handlers.coordination import Claims, priced_lines
from membersim.handlers.diagnoses import diagnosis_table
from membersim.handlers.ledger import accumulator_table, ledger_table
from membersim.handlers.lines import lines_of
from membersim.handlers.members import coverage_table, member_table
from membersim.handlers.payday import Days
from membersim.handlers.reversals import reversals_of, taken_back
from membersim.handlers.services import Services, services_of
from membersim.payers import Insurers
from membersim.tables import ACCUMULATOR, BILL, CLAIM, CLAIM_DIAGNOSIS, CLAIM_LINE, COVERAGE, LEDGER, MEMBER

# they address what is drawn for claims: whatever else is read of a chunk, a claim costs the same
_PRICED = (
    "person", "new_enrollment", "termination", "plan_change", "admission",
    "claim_professional", "claim_institutional", "claim_pharmacy",
)  # fmt: skip
EVENT_TYPES = (*_PRICED, "diagnosis")


@attrs.frozen(eq=False)
class _Priced:
    """What a chunk's claims are, before the ledger shares them."""

    events: Events
    claims: Claims
    insurers: Insurers
    uncovered: Services | None
    payable: NDArray[np.intp]
    taken: Days


def priced(events: Events) -> Spending:
    """The claims of a chunk, priced: what they spend of the members' plans."""
    events = attrs.evolve(events, stream=f"membersim.{'+'.join(_PRICED)}")
    plans = events.run.plans
    services, uncovered = services_of(events, events.coverages, plans)
    insurers = Insurers.of(events.chunk, events.coverages, plans)
    payer = insurers.payer_id[services.span]
    lines = lines_of(services, payer)
    outcome = Outcome.of(services, lines, plans, payer)
    claims = Claims.of(services, lines, outcome, insurers.payer_id, events.coverages)
    payable, spent = priced_lines(claims)
    taken = taken_back(claims, events.coverages)
    made = _Priced(events, claims, insurers, uncovered, payable, taken)
    return Spending(spent, reversals_of(claims, taken), made)


def membership(_: Events, settled: Settled) -> dict[str, Columns]:
    """Members, coverage, and adjudicated claims of a chunk, with the books of everything that spends."""
    made: _Priced = settled.made
    events, claims = made.events, made.claims
    plans, coverages = events.run.plans, events.coverages
    shares = shared_lines(claims.lines, made.payable, settled.shares)
    seen = np.zeros(len(events.chunk), bool)
    seen[events.row[events.type == "person"]] = True
    shown = coverages.standing[seen[coverages.row[coverages.standing]]]
    standing, insurers = coverages.take(shown), made.insurers.take(shown)
    return {
        MEMBER.name: member_table(events, standing, plans, insurers),
        COVERAGE.name: coverage_table(events, standing, plans, insurers),
        CLAIM.name: claim_table(claims, made.taken, shares, coverages, plans),
        CLAIM_LINE.name: line_table(claims, shares),
        CLAIM_DIAGNOSIS.name: diagnosis_table(claims.services, claims.id, events),
        BILL.name: bill_table(made.uncovered, coverages),
        ACCUMULATOR.name: accumulator_table(events, coverages, settled.ledger),
        LEDGER.name: ledger_table(events, coverages, settled.ledger),
    }


def _text(name: str, description: str, codes: str = "") -> Field:
    return Field(name, "category", description, nullable=True, codes=codes)


def _notes(events: Events, written: Mapping[str, Columns]) -> dict[str, int]:
    """What a user should know: events of coverage that change nothing, visits and stays that have no claim."""
    plans, kind = events.run.plans, events.people["coverage_type"]
    first = ~(np.asarray(events.parameters["rank"], np.float64) > 1)  # NaN is not
    told = events.type.isin(("new_enrollment", "plan_change"))
    uninsured, named = kind == UNINSURED, events.parameters.text("plan")
    foreign = plans.are_foreign(named, kind)
    people = (events.type == "person") & ~uninsured
    return {
        "people whose plan nobody describes, who have the default of their coverage type": int(
            (people & _undescribed(events.people["plan"], plans)).sum()
        ),
        "changes to a plan that nobody describes, to the default of the coverage type": int(
            (told & ~uninsured & _undescribed(named, plans)).sum()
        ),
        "changes to a plan of another coverage type than the person's changed nothing": int(
            (told & first & foreign & ~uninsured).sum()
        ),
        "enrollments of people who are uninsured changed nothing": int((told & uninsured).sum()),
        **unbilled(events.where(~uninsured)),
    }


def _undescribed(named: Text, plans: Plans) -> NDArray[np.bool_]:
    """Whether each is the name of a plan that there is no document of."""
    known = np.array([plans.describes(name) for name in named.values.to_pylist()] + [True], bool)
    return np.asarray(~known[named.codes])


HANDLER = EventHandler(
    EVENT_TYPES,
    membership,
    spends=priced,
    notes=_notes,
    writes=(MEMBER, COVERAGE, CLAIM, CLAIM_LINE, CLAIM_DIAGNOSIS, BILL, ACCUMULATOR, LEDGER),
    follows={"claim_institutional": ("admission",)},
    closings=(Closing("discharge", "admission", {"discharge_disposition": "20"}),),
    reviews=review,
    reviewed=("drg",),
    settings=(),
    parameters=(
        _text("class", "AMB, EMER, VR or HH; of a stay IMP or ACUTE. Others have no claim yet.", "encounter-class"),
        _text("specialty", "Specialty of the service.", "specialty"),
        _text("place_of_service", "CMS place of service.", "place-of-service"),
        _text("service_code", "HCPCS code; null leaves it to the payer's rules.", "service-code"),
        _text("reason_code", "First or principal ICD-10-CM diagnosis.", "icd-10-cm"),
        _text("secondary_code", "Second ICD-10-CM diagnosis.", "icd-10-cm"),
        _text("drg", "MS-DRG.", "ms-drg"),
        _text("procedure_code", "Principal ICD-10-PCS procedure.", "icd-10-pcs"),
        _text("admission_type", "1 to 4.", "admission-type"),
        _text("discharge_disposition", "Patient status at discharge; 01 is home.", "discharge-disposition"),
        _text("plan", "The plan changed to."),
        Field("rank", "integer", "Which of the person's coverages.", nullable=True, least=1, most=4),
        _text("ndc", "NDC of a pharmacy claim.", "ndc"),
        Field("days_supply", "number", "Days that a fill lasts.", unit="d", nullable=True, least=1),
        Field("quantity", "number", "Units dispensed.", nullable=True, above=0),
        _text("code", "ICD-10-CM code of a diagnosis.", "icd-10-cm"),
        _text("description", "In words."),
    ),
    description="Members, coverage, claims and accumulators.",
)
