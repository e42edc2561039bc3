"""Several coverages: what the first payer leaves to the patient is what the next one is asked for."""

import duckdb
import pytest
from claims_database import database, none, rows
from test_membersim_claims import YEAR

from healthsim_core import generate

DUALS = {
    "id": "duals",
    "demographics": {"age": {"type": "age_bands", "bands": {"65-74": 0.5, "75-94": 0.5}}},
    "coverage": {
        "type": "Medicare",
        "plan": "Original Medicare",
        "others": [{"type": "Medicaid", "plan": "Medicaid FFS", "probability": 0.6}],
    },
}
THREE = {
    "id": "three-coverages",
    "demographics": {"age": {"type": "age_bands", "bands": {"65-74": 1.0}}},
    "coverage": {
        "type": "Commercial",
        "plan": "PPO",
        "others": [
            {"type": "Medicare", "plan": "Original Medicare", "probability": 0.5},
            {"type": "Medicaid", "plan": "Medicaid FFS"},
        ],
    },
}
PAIRS = "claim b join claim a on a.claim_id = b.primary_claim_id"


def run(profile):
    return generate(profile, YEAR, count=150, products=["membersim"], seed=11)


@pytest.fixture(scope="module")
def duals():
    return run(DUALS)


@pytest.fixture
def claims(duals):
    return database(duals)


@pytest.fixture(scope="module")
def three():
    return database(run(THREE))


def test_what_the_first_payer_has_paid_goes_on_to_the_second(claims):
    none(claims, """select * from claim a where status = 'paid' and payer_order = 'P' and paid_date < date '2025-11-20'
                    and plan = 'Original Medicare'
                    and exists (from coverage v where v.person_id = a.person_id and v.coverage_type = 'Medicaid'
                                and service_from between start_date and coalesce(end_date, date '9999-01-01'))
                    and claim_id not in (select primary_claim_id from claim where payer_order = 'S')""")  # fmt: skip


def test_what_was_denied_or_is_pending_goes_nowhere(claims):
    assert rows(claims, "select count(*) > 20 from claim where payer_order = 'P' and status <> 'paid'")[0][0]
    none(claims, f"select * from {PAIRS} where a.status <> 'paid'")


def test_claims_for_one_service_share_its_event(claims):
    none(claims, f"select * from {PAIRS} where b.event_id <> a.event_id or a.event_id <> a.claim_id")


def test_a_claim_that_goes_on_has_an_id_of_its_own(claims):
    none(claims, "select claim_id from claim group by 1 having count(*) > 1")
    none(claims, "select * from claim where payer_order <> 'P' and claim_id in (select event_id from event)")


def test_the_second_payer_receives_a_claim_after_the_first_has_paid_and_pays_on_a_later_business_day(claims):
    none(claims, f"""select * from {PAIRS} where b.received_date <= a.paid_date or b.paid_date <= b.received_date
                     or isodow(b.paid_date) > 5""")  # fmt: skip


def test_what_the_second_payer_would_pay_after_as_of_is_pending(claims):
    none(claims, """select * from claim where payer_order = 'S' and (paid_date > date '2026-01-01'
                    or (status = 'pending') <> (paid_date is null) or status = 'denied')""")  # fmt: skip
    assert rows(claims, "select count(*) > 0 from claim where payer_order = 'S' and status = 'pending'")[0][0]


def test_the_second_payer_is_asked_for_what_the_first_has_left_on_each_line(claims):
    none(claims, """select * from claim b join claim_line t using (claim_id) join claim_line f on f.line = t.line
                    and f.claim_id = b.primary_claim_id where b.status = 'paid' and (t.allowed <> f.member_share
                    or t.billed <> f.billed or t.service_code is distinct from f.service_code)""")  # fmt: skip


def test_what_both_pay_and_the_patients_final_share_are_what_the_first_allows(claims):
    none(claims, f"""select * from {PAIRS}
                     where b.status = 'paid' and a.allowed <> a.paid + b.paid + b.member_share""")  # fmt: skip


def test_the_dually_eligible_pay_nominal_copays_at_most(claims):
    none(claims, "select * from claim where payer_order = 'S' and member_share > if(type = 'I', 75, 4)")


def test_the_charge_is_what_the_second_payer_and_the_patient_pay_and_what_the_first_has_settled(claims):
    for table in ("claim", "claim_line join claim using (claim_id)"):
        part = "claim." if table == "claim" else "claim_line."
        none(claims, f"""select * from {table} where payer_order = 'S' and status = 'paid' and
                         ({part}billed <> {part}paid + {part}member_share + {part}adjustment or
                          ({part}adjustment_group, {part}adjustment_reason) <> ('OA', '23'))""")  # fmt: skip


def test_the_second_claim_names_the_second_coverage(claims):
    none(claims, """select * from claim c join coverage v using (coverage_id)
                    where payer_order = 'S' and (v.coverage_type <> 'Medicaid' or v.payer_id <> c.payer_id
                    or c.filing_indicator <> 'MC' or c.plan <> v.plan)""")  # fmt: skip


def test_both_claims_have_the_same_diagnoses(claims):
    listed = "select claim_id, list((sequence, code, qualifier) order by sequence) d from claim_diagnosis group by 1"
    none(claims, f"""select * from {PAIRS} join ({listed}) x on x.claim_id = a.claim_id
                     left join ({listed}) y on y.claim_id = b.claim_id where x.d is distinct from y.d""")  # fmt: skip


def test_the_ledger_tells_the_second_payers_movements_under_its_own_claim(claims):
    moved = """select claim_id, event_id, sum(amount) moved from ledger where level = 'individual'
               and kind = 'out_of_pocket' and plan = 'Medicaid FFS' group by all"""
    none(claims, f"""select * from claim c left join ({moved}) m using (claim_id) where payer_order = 'S'
                     and member_share > 0 and (moved <> member_share or m.event_id <> c.event_id
                     or moved is null)""")  # fmt: skip


def test_where_there_is_no_second_coverage_the_third_pays_next(three):
    none(three, """select * from claim c join coverage v using (coverage_id) where payer_order = 'S'
                   and coverage_type = 'Medicaid'
                   and primary_claim_id in (select claim_id from claim where plan = 'PPO')
                   and person_id in
                   (select person_id from coverage where coverage_type = 'Medicare')""".replace(
        "person_id in", "c.person_id in"))  # fmt: skip
    assert rows(three, """select list_sort(list(distinct coverage_type)) from claim join coverage using (coverage_id)
                          where payer_order = 'S'""") == [(["Medicaid", "Medicare"],)]  # fmt: skip


def test_the_third_payer_is_asked_for_what_the_second_has_left(three):
    none(three, """select * from claim c join claim b using (event_id) where c.payer_order = 'T'
                   and b.payer_order = 'S' and c.status = 'paid' and c.allowed <> b.member_share""")  # fmt: skip


def test_another_coverage_changes_nothing_that_the_first_pays(duals):
    alone = run({**DUALS, "coverage": {"type": "Medicare", "plan": "Original Medicare"}})

    claims = duckdb.from_arrow(duals.tables["membersim.claim"])
    first = claims.filter("payer_order = 'P' and plan = 'Original Medicare'")
    assert first.fetchall() == duckdb.from_arrow(alone.tables["membersim.claim"]).fetchall()
