"""Claims to the coverages that pay after the one that a fill is billed to first."""

from decimal import Decimal

import pytest
import rxmembersim

LISINOPRIL = {"ndc": "68180098001", "description": "lisinopril", "drug_class": "ace_inhibitor", "days_supply": 30}
FILL = {"event_id": "fill", "event_type": "fill", "delay": {"days": 40}, "parameters": LISINOPRIL}
REVERSAL = {"event_id": "back", "event_type": "reversal", "depends_on": "fill", "delay": {"days": 5}}


def plan(coverage_type, **drugs):
    own = coverage_type != "Commercial"
    kind = {"coverage_type": coverage_type, "kind": coverage_type.lower(), "individual": own}
    return {**kind, "in": {"services": {"pharmacy": drugs}}}


PLANS = {
    "First": plan("Commercial", coinsurance=0.5),
    "Free": plan("Commercial"),
    "Hospital": plan("Commercial", covered=False),
    "Half": plan("Medicaid", coinsurance=0.5),
    "Senior": plan("Medicare", coinsurance=0.5),
}


def filled(*plans, events=(FILL,)):
    """Fills of one person under several plans, and their secondary claims."""
    coverage = [
        {"type": PLANS[plan]["coverage_type"], "plan": plan, "rank": rank} for rank, plan in enumerate(plans, 1)
    ]
    first = {"type": coverage[0]["type"], "plan": plans[0], "plans": PLANS, "others": coverage[1:]}
    profile = {"id": "several", "demographics": {"age": 50}, "coverage": first}
    journey = {"journey_id": "a-fill", "duration_days": 90, "events": list(events)}
    tables = rxmembersim.generate(profile, journey, count=1, seed=7, persist=False).tables
    return [tables[f"rxmembersim.{name}"].to_pylist() for name in ("fill", "secondary_claim")]


def test_what_the_first_coverage_leaves_is_claimed_from_the_second():
    (fill,), (claim,) = filled("First", "Half")

    assert (claim["fill_id"], claim["rank"]) == (fill["fill_id"], 2)
    assert (claim["allowed"], claim["other_payer_paid"]) == (fill["patient_pay"], fill["plan_paid"])


def test_the_second_coverage_shares_it_by_its_own_plan():
    _, (claim,) = filled("First", "Half")

    assert claim["coinsurance"] == claim["patient_pay"]
    assert claim["coinsurance"] - claim["plan_paid"] in (0, Decimal("0.01"))


def test_a_third_coverage_is_asked_for_what_the_second_leaves():
    (fill,), (second, third) = filled("First", "Half", "First")

    assert third["allowed"] == second["patient_pay"] > 0
    assert third["other_payer_paid"] == fill["plan_paid"] + second["plan_paid"]


def test_the_fill_says_what_the_first_claim_leaves():
    (alone,), _ = filled("First")
    (fill,), _ = filled("First", "Half")

    assert (fill["patient_pay"], fill["plan_paid"]) == (alone["patient_pay"], alone["plan_paid"])


@pytest.mark.parametrize(
    ("plans", "why"),
    [
        (("First",), "there is no other coverage"),
        (("Free", "Half"), "nothing is left"),
        (("First", "Hospital"), "the second covers no drugs"),
        (("Senior", "Half"), "Medicaid pays nothing of what Part D covers"),
        (("Senior", "Half", "Hospital"), "nor where a third does not cover drugs"),
    ],
)
def test_nothing_is_sent_on_where_nobody_pays_after(plans, why):
    (fill,), claims = filled(*plans)

    assert (fill["status"], claims) == ("paid", []), why


def test_a_commercial_coverage_pays_after_medicare_where_medicaid_does_not():
    _, claims = filled("Senior", "Half", "First")

    assert [claim["rank"] for claim in claims] == [3]


def test_a_coverage_that_does_not_cover_drugs_is_passed_over():
    (fill,), claims = filled("Hospital", "First", "Half")

    assert [claim["rank"] for claim in claims] == [3]
    assert claims[0]["allowed"] == fill["patient_pay"]


def test_a_coverage_that_has_ended_pays_nothing_after_the_first():
    ends = {"event_id": "end", "event_type": "termination", "delay": {"days": 20}, "parameters": {"rank": 2}}
    (fill,), claims = filled("First", "Half", events=(ends, FILL))

    assert (fill["status"], claims) == ("paid", [])


def test_a_refused_fill_is_not_sent_on():
    misread = {**FILL, "parameters": {**LISINOPRIL, "circumstance": "card misread"}}
    (fill,), claims = filled("First", "Half", events=(misread,))

    assert (fill["status"], claims) == ("rejected", [])


@pytest.mark.parametrize(("events", "reversed_"), [((FILL,), False), ((FILL, REVERSAL), True)])
def test_a_reversal_of_the_fill_undoes_its_secondary_claim(events, reversed_):
    _, (claim,) = filled("First", "Half", events=events)

    assert claim["reversed"] is reversed_
