"""Pharmacy claims: what is refused, what is paid, who pays, and what a reversal undoes."""

import numpy as np
import pytest
from drug_plans import PLANS, submitted
from hypothesis import given, settings
from hypothesis import strategies as st

from healthsim_core import Columns
from healthsim_core.testing import make_people, make_run

LANTUS = "00088221905"
METFORMIN, LISINOPRIL, JARDIANCE, JANUVIA = "53746021801", "68180098001", "00597015230", "00006027731"
OZEMPIC, WEGOVY, HUMIRA = "00169418113", "00169452514", "00074055402"
VIAGRA, NITROSTAT = "00069422030", "00071041824"
DRUGS = (METFORMIN, LISINOPRIL, JARDIANCE, JANUVIA, HUMIRA)


def fill(day, ndc=METFORMIN, rx=1, supply=30, quantity=30, **more):
    kind = "refill" if more.get("number") else "fill"
    return {"type": kind, "day": day, "ndc": ndc, "rx": rx, "supply": supply, "quantity": quantity, **more}


def reverse(day, undoes):
    return {"type": "reversal", "day": day, "undoes": undoes}


def submit(*happenings, people=None, start="2025-01-05", **person):
    """Fills and reversals of one person, adjudicated: the rows of rxmembersim.fill and of rxmembersim.reversal."""
    people = people or make_people(1, make_run(plans=PLANS, start=np.datetime64(start, "D")), **person)
    happenings = sorted(enumerate(happenings), key=lambda pair: (pair[1].get("row", 0), pair[1]["day"]))
    told = [happening for _, happening in happenings]
    place = {original: position for position, (original, _) in enumerate(happenings)}
    ids = np.arange(len(told)) + 1_000_001

    def column(name, default=None):
        return [one.get(name, default) for one in told]

    def ancestor(values):
        never = np.full(len(told), np.datetime64("NaT"), "datetime64[s]")
        return Columns(
            {"id": np.array(values, np.int64), "time": never, "provider_npi": None, "facility_npi": None}, len(told)
        )

    undone = [ids[place[one["undoes"]]] if "undoes" in one else 0 for one in told]
    of_refill = [bool("undoes" in one and told[place[one["undoes"]]]["type"] == "refill") for one in told]
    written = submitted(
        column("type"),
        people,
        row=column("row", 0),
        time=[np.datetime64(start, "s") + np.timedelta64(36_000 + int(86_400 * one["day"]), "s") for one in told],
        parameters={
            "ndc": column("ndc"), "circumstance": column("circumstance"), "reason": None, "plan": column("plan"),
            "drug_class": column("drug_class"),
            "days_supply": np.array(column("supply", 30), float), "quantity": np.array(column("quantity", 30), float),
            "fill_number": np.array(column("number", np.nan), float),
        },
        ancestors={
            "new_rx": ancestor(column("rx", 0)),
            "fill": ancestor(np.where(of_refill, 0, undone)),
            "refill": ancestor(np.where(of_refill, undone, 0)),
        },
    )  # fmt: skip
    return plain(written["rxmembersim.fill"]), plain(written["rxmembersim.reversal"])


def plain(columns):
    """The rows, null as None."""
    return [{name: value if value == value else None for name, value in row.items()} for row in columns.to_pylist()]


def codes(*happenings, **person):
    return [row["reject_code"] for row in submit(*happenings, **person)[0]]


def test_a_claim_within_its_benefit_is_paid():
    (row,), _ = submit(fill(0))

    assert (row["status"], row["reject_code"]) == ("paid", None)


def test_a_card_number_that_was_keyed_wrong_matches_nobody():
    assert codes(fill(0, circumstance="card misread"), fill(1)) == ["52", None]


def test_the_uninsured_pay_the_pharmacy_s_price_and_no_claim_is_made():
    (row, again), _ = submit(fill(0), fill(5, number=1), coverage_type="uninsured", plan=None)

    assert (row["status"], row["reject_code"], row["cardholder_id"], row["authorization_number"]) == (
        "cash",
        None,
        None,
        None,
    )
    assert row["patient_pay"] == row["allowed"] == row["usual_and_customary"] > 0
    assert (row["plan_paid"], row["deductible"], row["copay"], row["not_covered"]) == (0, 0, 0, row["allowed"])
    assert row["out_of_pocket_to_date"] is None
    assert (again["status"], again["fill_number"]) == ("cash", 1)  # too soon for an insurer, and there is none


def test_a_fill_after_coverage_ended_is_refused_until_coverage_begins_again():
    ended, begun = {"type": "termination", "day": 10}, {"type": "new_enrollment", "day": 60}

    assert codes(fill(0), ended, fill(30), begun, fill(61)) == [None, "69", None]


def test_a_fill_on_the_last_day_of_coverage_is_paid():
    assert codes({"type": "termination", "day": 10}, fill(10)) == [None]


def test_a_fill_before_the_first_enrolment_is_refused():
    assert codes(fill(0), {"type": "new_enrollment", "day": 30}, fill(31)) == ["67", None]


def test_a_subscribers_termination_ends_the_familys_coverage():
    family = make_people(2, make_run(plans=PLANS), household_id=16, subscriber_id=16, role=["subscriber", "spouse"])

    assert codes({"type": "termination", "day": 1, "row": 0}, fill(5, row=1), people=family) == ["69"]


def test_in_medicare_a_spouses_coverage_is_their_own():
    medicare = {"coverage_type": "Medicare", "plan": "Original Medicare"}
    household = {"household_id": 16, "subscriber_id": 16, "role": ["subscriber", "spouse"]}
    couple = make_people(2, make_run(plans=PLANS), **household, **medicare)

    assert codes({"type": "termination", "day": 1, "row": 0}, fill(5, row=1), people=couple) == [None]


def test_a_drug_without_product_code_is_refused():
    assert codes(fill(0, ndc=None, drug_class="statin")) == ["21"]


@pytest.mark.parametrize(
    ("coverage", "plan", "code"),
    [("Medicare", "Original Medicare", "70"), ("Medicaid", "Managed Medicaid", "70"), ("Commercial", "PPO", None)],
)
def test_weight_loss_drugs_are_left_out_by_public_programs_alone(coverage, plan, code):
    assert [code] == codes(fill(0, WEGOVY, supply=28, quantity=2), coverage_type=coverage, plan=plan)


def test_without_prior_authorization_a_drug_that_needs_one_is_refused():
    assert codes(fill(0, OZEMPIC, circumstance="not authorized"), fill(5, OZEMPIC)) == ["75", None]


def test_a_drug_that_needs_no_authorization_is_never_refused_for_want_of_one():
    assert codes(fill(0, METFORMIN, circumstance="not authorized")) == [None]


@pytest.mark.parametrize(("day", "code"), [(21, "79"), (22, "79"), (23, None), (30, None)])
def test_a_refill_is_too_soon_until_three_quarters_of_the_supply_are_used(day, code):
    assert [None, code] == codes(fill(0), fill(day, number=1))


def test_a_refused_refill_does_not_put_off_the_next():
    assert codes(fill(0), fill(15, number=1), fill(30, number=1)) == [None, "79", None]


def test_a_reversed_fill_is_no_supply():
    assert codes(fill(0), reverse(7, 0), fill(9)) == [None, None]


def test_a_contraindicated_pair_is_refused():
    assert codes(fill(0, NITROSTAT), fill(5, VIAGRA, rx=2, supply=10, quantity=4)) == [None, "88"]


def test_the_deductible_comes_before_the_copay():
    rows, _ = submit(fill(0, JARDIANCE), fill(30, JARDIANCE, number=1))

    assert [(row["deductible"], row["copay"]) for row in rows] == [(150_00, 66_00), (0, 66_00)]


def test_a_tier_that_the_deductible_spares_takes_a_copay_at_once_never_more_than_the_price():
    (row,), _ = submit(fill(0, LISINOPRIL))

    assert row["deductible"] == 0
    assert min(row["allowed"], 11_00) == row["copay"] > 0


def test_coinsurance_is_a_share_of_what_the_deductible_leaves():
    (row,), _ = submit(fill(0, HUMIRA, supply=28, quantity=2))

    assert row["copay"] == 0
    assert row["coinsurance"] == ((row["allowed"] - 150_00) * 250 + 500) // 1000


def test_a_high_deductible_plan_has_the_patient_pay_everything_up_to_its_deductible():
    rows, _ = submit(*(fill(30 * month, JARDIANCE, number=month) for month in range(5)), plan="HDHP")

    assert all(row["patient_pay"] == row["allowed"] for row in rows[:2])
    assert sum(row["deductible"] for row in rows) == 1_650_00


def test_a_plan_change_reaches_the_fill_of_its_day():
    change = {"type": "plan_change", "day": 30, "plan": "HMO"}
    rows, _ = submit(fill(0, JARDIANCE), change, fill(30, JARDIANCE, number=1), fill(60, JARDIANCE, number=2))

    assert [row["deductible"] for row in rows] == [150_00, 0, 0]
    assert rows[0]["coverage_id"] != rows[1]["coverage_id"] == rows[2]["coverage_id"]


def test_insulin_is_paid_before_any_deductible():
    medicare = {"coverage_type": "Medicare", "plan": "Original Medicare"}
    (insulin, other), _ = submit(fill(0, LANTUS, quantity=15), fill(1, JARDIANCE, rx=2), **medicare)

    assert (insulin["deductible"], insulin["copay"]) == (0, min(35_00, insulin["allowed"]))
    assert other["deductible"] > 0


def test_three_months_of_insulin_are_three_copayments():
    medicare = {"coverage_type": "Medicare", "plan": "Original Medicare"}
    (row,), _ = submit(fill(0, LANTUS, supply=90, quantity=45), **medicare)

    assert row["copay"] == 3 * 35_00


def test_a_vaccine_is_free_where_the_plan_says_so():
    given = fill(0, None, drug_class="vaccine", supply=1, quantity=1)
    (row,), _ = submit({**given, "ndc": "00000000001"}, coverage_type="Medicare", plan="Original Medicare")

    assert row["allowed"] == row["plan_paid"] > 0


def test_what_no_benefit_covers_is_the_patient_s():
    (row,), _ = submit(fill(0, LANTUS, quantity=15), plan="Bronze")

    assert row["allowed"] == row["patient_pay"] == row["not_covered"] > 0


def test_under_a_plan_without_drugs_they_are_sold_for_cash():
    (row,), _ = submit(fill(0), plan="Hospital")

    assert (row["status"], row["coverage_id"]) == ("cash", 0)


def test_the_second_coverage_is_billed_once_the_first_has_ended():
    both = {"coverage_type": "Commercial", "plan": "PPO", "coverage_type_2": "Medicaid", "plan_2": "Managed Medicaid"}
    rows, _ = submit(fill(0, JARDIANCE), {"type": "termination", "day": 10}, fill(30, JARDIANCE, number=1), **both)

    assert [row["reject_code"] for row in rows] == [None, None]
    assert [row["copay"] for row in rows] == [66_00, 4_00]


def test_three_months_supply_costs_three_copays():
    month, quarter = (submit(fill(0, JARDIANCE, supply=days, quantity=days), plan="HMO")[0][0] for days in (30, 90))

    assert 3 * month["copay"] == quarter["copay"]


def test_a_new_plan_year_begins_a_new_deductible():
    rows, _ = submit(fill(0, JARDIANCE), fill(30, JARDIANCE, number=1), start="2024-12-10")

    assert [row["deductible"] for row in rows] == [150_00, 150_00]
    assert [row["deductible_to_date"] for row in rows] == [150_00, 150_00]


def test_part_d_ends_the_patients_payments_at_its_cap():
    fills = (fill(28 * month, HUMIRA, number=month, supply=28, quantity=2) for month in range(12))
    rows, _ = submit(*fills, coverage_type="Medicare", plan="Original Medicare")

    assert 2_000_00 == rows[-1]["out_of_pocket_to_date"] == sum(row["patient_pay"] for row in rows)
    assert rows[-1]["patient_pay"] == 0


def test_children_in_medicaid_pay_nothing():
    (row,), _ = submit(
        fill(0), coverage_type="Medicaid", plan="Managed Medicaid", birth_date=np.array([np.datetime64("2017-02-01")])
    )

    assert (0, row["allowed"]) == (row["patient_pay"], row["plan_paid"])


def test_a_reversal_negates_its_claim_and_restores_the_accumulators():
    rows, (reversal,) = submit(fill(0, JARDIANCE), fill(30, JARDIANCE, number=1), reverse(40, 1))
    undone = rows[1]

    assert undone["status"] == "reversed"
    for name in (
        "ingredient_cost",
        "dispensing_fee",
        "gross_amount_due",
        "allowed",
        "deductible",
        "copay",
        "patient_pay",
        "plan_paid",
    ):
        assert -undone[name] == reversal[name]
    assert rows[0]["out_of_pocket_to_date"] == reversal["out_of_pocket_to_date"]


def test_what_was_refused_cannot_be_reversed():
    _, reversals = submit(fill(0, circumstance="card misread"), reverse(5, 0))

    assert reversals == []


def test_a_sale_for_cash_that_nobody_picks_up_is_returned_without_a_reversal():
    (row,), reversals = submit(fill(0), reverse(5, 0), coverage_type="uninsured", plan=None)

    assert (row["status"], reversals) == ("returned", [])


def test_a_fill_is_reversed_once():
    _, reversals = submit(fill(0), reverse(5, 0), reverse(6, 0))

    assert len(reversals) == 1


def test_a_reversal_that_follows_no_fill_takes_the_latest_of_its_product():
    _, (reversal,) = submit(
        fill(0, METFORMIN), fill(1, LISINOPRIL, rx=2), {"type": "reversal", "day": 5, "ndc": METFORMIN}
    )

    assert reversal["prescription_id"] == 1


def test_fill_numbers_count_what_was_dispensed():
    rows, _ = submit(fill(0), reverse(7, 0), fill(9), fill(40), fill(45))

    assert [row["fill_number"] for row in rows] == [0, 0, 1, 2]
    assert [row["status"] for row in rows] == ["reversed", "paid", "paid", "rejected"]


COURSES = st.lists(
    st.tuples(st.integers(0, 40), st.sampled_from(DRUGS), st.sampled_from((28, 90))), min_size=1, max_size=14
)
COVERAGES = st.sampled_from(
    (
        ("Commercial", "PPO"),
        ("Commercial", "HDHP"),
        ("Medicare", "Medicare Advantage"),
        ("Medicaid", "Managed Medicaid"),
    )
)
LIMITS = {"PPO": (150, 9_200), "HDHP": (1_650, 8_300), "Medicare Advantage": (590, 2_000), "Managed Medicaid": (0, 250)}


def course(steps):
    day, fills = 0, []
    for wait, ndc, supply in steps:
        day += wait + 1
        fills.append(fill(day, ndc, rx=1 + DRUGS.index(ndc), supply=supply, quantity=supply))
    return fills


@settings(max_examples=20, deadline=None)
@given(COURSES, COVERAGES)
def test_every_claim_adds_up_and_no_accumulator_passes_its_limit(steps, plan):
    rows, _ = submit(*course(steps), coverage_type=plan[0], plan=plan[1])
    deductible, limit = LIMITS[plan[1]]
    for row in rows:
        shares = [row[name] for name in ("deductible", "copay", "coinsurance", "not_covered")]
        assert row["ingredient_cost"] + row["dispensing_fee"] == row["gross_amount_due"]
        assert min(shares) >= 0
        assert sum(shares) == row["patient_pay"]
        assert (
            row["patient_pay"] + row["plan_paid"]
            == row["allowed"]
            <= min(row["gross_amount_due"], row["usual_and_customary"])
        )
        assert (row["status"] == "rejected") == (row["reject_code"] is not None) == (row["allowed"] == 0)
        if row["status"] == "paid":
            assert row["deductible_to_date"] <= 100 * deductible
            assert row["out_of_pocket_to_date"] <= 100 * limit


@settings(max_examples=20, deadline=None)
@given(COURSES, COVERAGES, st.data())
def test_a_claim_that_is_reversed_leaves_no_trace_in_later_ones(steps, plan, data):
    fills = course(steps)
    undone = data.draw(st.integers(0, len(fills) - 1))
    person = {"coverage_type": plan[0], "plan": plan[1]}
    with_reversal, _ = submit(*fills, reverse(fills[undone]["day"] + 0.5, undone), **person)
    without, _ = submit(*fills[:undone], *fills[undone + 1 :], **person)
    kept = [row for at, row in enumerate(with_reversal) if at != undone]

    assert [nameless(row) for row in without] == [nameless(row) for row in kept]


def nameless(row):
    return {name: value for name, value in row.items() if name not in ("fill_id", "authorization_number")}
