"""Claims as a run makes them: money that adds up, dates in order, prices that differ."""

import csv
from pathlib import Path

import membersim
import pytest
import simple_icd_10_cm as icd
from claims_database import database, none, rows
from membersim.registries import drg_weights

from healthsim_core import generate

SHARED = Path(__file__).resolve().parents[4] / "shared" / "reference"
YEAR = {
    "journey_id": "care-year",
    "duration_days": 365,
    "events": [
        {"event_id": "visit", "event_type": "encounter", "delay": {"days": [5, 60]},
         "repeat": {"every": {"days": [25, 45]}, "count": 7},
         "parameters": {"class": "AMB", "specialty": "cardiology", "reason_code": "E11.65", "secondary_code": "I10"}},
        {"event_id": "checkup", "event_type": "encounter", "delay": {"days": [5, 300]},
         "parameters": {"class": "AMB", "specialty": "family_medicine", "reason_code": "Z00.00"}},
        {"event_id": "emergency", "event_type": "encounter", "delay": {"days": [20, 300]}, "probability": 0.5,
         "parameters": {"class": "EMER", "place_of_service": "23", "reason_code": "R07.9"}},
        {"event_id": "late", "event_type": "encounter", "delay": {"days": [300, 364]},
         "parameters": {"class": "VR", "reason_code": "F41.1"}},
        {"event_id": "in", "event_type": "admission", "delay": {"days": [30, 200]},
         "parameters": {"reason_code": "R07.9", "admission_type": "1"}},
        {"event_id": "out", "event_type": "discharge", "depends_on": "in", "delay": {"days": [2, 6]},
         "parameters": {"reason_code": "I21.4", "secondary_code": "E11.9", "drg": "281"}},
        {"event_id": "again", "event_type": "admission", "depends_on": "out", "delay": {"days": [10, 100]},
         "parameters": {"reason_code": "M17.11", "admission_type": "3"}},
        {"event_id": "home", "event_type": "discharge", "depends_on": "again", "delay": {"days": [1, 3]},
         "parameters": {"reason_code": "M17.11", "drg": "470", "procedure_code": "0SRC0J9"}},
        {"event_id": "drug", "event_type": "claim_pharmacy", "delay": {"days": [3, 30]},
         "repeat": {"every": {"days": 30}, "count": 3},
         "parameters": {"ndc": "53746021801", "days_supply": 30, "quantity": 60}},
        {"event_id": "loss", "event_type": "termination", "delay": {"days": [150, 300]}, "probability": 0.3,
         "parameters": {"reason": "employment ended"}},
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def family():
    return generate("commercial-family", YEAR, count=250, products=["membersim"], seed=11)


@pytest.fixture(scope="module")
def senior():
    return generate("medicare-diabetic", YEAR, count=250, products=["membersim"], seed=11)


@pytest.fixture(params=["family", "senior"])
def claims(request):
    return database(request.getfixturevalue(request.param))


def test_the_run_passes_its_own_validation(family, senior):
    assert family.validation.passed
    assert senior.validation.passed


@pytest.mark.parametrize("table", ["claim", "claim_line"])
def test_billed_is_paid_and_share_and_adjustment_to_the_cent(claims, table):
    none(claims, f"select * from {table} where billed <> paid + member_share + adjustment")
    none(
        claims,
        f"select * from {table} where member_share <> deductible + copay + coinsurance or allowed <> paid + "
        "member_share",
    )


def test_no_amount_is_negative(claims):
    none(
        claims,
        "select * from claim_line where least(allowed, deductible, copay, coinsurance, adjustment, paid) < 0 or "
        "billed <= 0",
    )


def test_lines_sum_to_their_claim(claims):
    names = ("billed", "allowed", "deductible", "copay", "coinsurance", "member_share", "adjustment", "paid")
    sums = ", ".join(f"sum({name}) {name}" for name in names)
    differ = " or ".join(f"t.{name} is distinct from c.{name}" for name in names)
    summed = f"(select claim_id, {sums}, count(*) n from claim_line group by 1)"
    none(claims, f"select * from claim c join {summed} t using (claim_id) where {differ} or n <> lines")


def test_every_claim_has_lines_and_medical_ones_a_principal_diagnosis(claims):
    none(claims, "select * from claim where claim_id not in (select claim_id from claim_line)")
    none(
        claims,
        "select * from claim where type <> 'R' and claim_id not in (select claim_id from claim_diagnosis where "
        "sequence = 1)",
    )


def test_what_is_pending_has_no_amounts_but_its_charge(claims):
    assert rows(claims, "select count(*) from claim where status = 'pending'")[0][0] > 0
    none(
        claims,
        "select * from claim where (status = 'pending') <> (paid is null and paid_date is null and trace_number "
        "is null)",
    )


def test_a_denied_claim_pays_nothing_and_says_why(claims):
    assert rows(claims, "select count(*) from claim where status = 'denied'")[0][0] > 0
    none(claims, "select * from claim where (status = 'denied') <> (denial_reason is not null)")
    none(
        claims,
        "select * from claim where status = 'denied' and (paid + member_share <> 0 or adjustment_reason <> "
        "denial_reason)",
    )


def test_a_claim_is_received_after_its_service_and_paid_after_that(claims):
    none(claims, "select * from claim where not (service_from <= service_to and service_to <= received_date)")
    none(
        claims,
        "select * from claim where paid_date <= received_date or greatest(paid_date, received_date) > date "
        "'2026-01-01'",
    )


def test_service_dates_are_those_of_the_encounter_or_the_stay(claims):
    none(claims, "select * from claim join event on event.event_id = encounter_id where service_from <> time::date")
    none(
        claims,
        """select * from claim where type = 'I'
                    and (encounter_id is null or (admission_time::date, discharge_time::date) <> (service_from,
                    service_to))""",
    )


def test_claims_follow_their_cause_after_as_many_days_as_is_usual(claims):
    none(claims, "select * from claim where type = 'P' and received_date - service_from not between 1 and 7")
    none(claims, "select * from claim where type = 'I' and received_date - service_to not between 3 and 10")


def test_every_claim_lies_within_its_coverage(claims):
    none(claims, "select * from claim where coverage_id not in (select coverage_id from coverage)")
    none(claims, """select * from claim c join coverage v using (coverage_id) where c.person_id <> v.person_id
                    or c.plan <> v.plan or service_from < start_date
                    or service_from > coalesce(end_date, date '9999-01-01')""")  # fmt: skip


def test_some_services_after_coverage_ended_were_nobodys_claim(family):
    claims = database(family)

    lost = rows(claims, """select count(*) from event where event_type like 'claim_%'
                           and event_id not in (select claim_id from claim)""")  # fmt: skip

    assert lost[0][0] > 0


def test_no_accumulator_passes_its_limit_and_some_reach_it(claims):
    none(claims, 'select * from accumulator where applied > "limit" or applied < 0')
    assert rows(claims, 'select count(*) from accumulator where applied = "limit"')[0][0] > 0


def test_accumulators_are_the_sums_of_paid_claims(family):
    claims = database(family)
    sums = """select person_id, plan, year(service_from) plan_year, network,
              coalesce(sum(deductible) filter (type <> 'R' or plan <> 'PPO'), 0) deductible,
              sum(member_share) out_of_pocket
              from claim where status = 'paid' group by all"""

    for kind in ("deductible", "out_of_pocket"):  # a PPO's deductible for drugs is apart
        none(claims, f"select * from accumulator a join ({sums}) s using (person_id, plan, plan_year, network) "
                     f"where a.level = 'individual' and benefit = 'plan' and a.kind = '{kind}' "
                     f"and a.applied <> s.{kind}")  # fmt: skip


def test_the_movements_of_an_accumulator_sum_to_what_is_applied(family):
    claims = database(family)
    book = "subscriber_id, plan, plan_year, network, benefit, level, kind"
    owner = "if(level = 'family', subscriber_id, person_id) owner"
    sums = f"select {book}, {owner}, sum(amount) total from ledger group by all"

    none(claims, f"select * from accumulator a join ({sums}) s using ({book}) "
                 "where a.person_id = owner and applied <> total")  # fmt: skip


def test_a_familys_accumulator_is_the_sum_of_its_members(family):
    claims = database(family)
    sums = """select subscriber_id person_id, plan, year(service_from) plan_year, network, sum(member_share) total
              from claim where status = 'paid' group by all"""

    none(claims, f"select * from accumulator a join ({sums}) s using (person_id, plan, plan_year, network) "
                 "where level = 'family' and kind = 'out_of_pocket' and applied <> total")  # fmt: skip


def test_only_planned_care_of_others_than_the_own_doctor_is_ever_out_of_network(family):
    out = rows(
        database(family),
        "select distinct type, admission_type, specialty, place_of_service from claim where network = 'out'",
    )

    assert set(out) == {("I", "3", None, None), ("P", None, "cardiology", "11"), ("R", None, None, None)}


def test_what_is_out_of_network_is_denied_by_the_plan_that_says_so_alone(family):
    denied = rows(database(family), """select plan, bool_and(denial_reason is not distinct from '242'), bool_or(status =
                                       'paid')
                                       from claim where network = 'out' group by all order by all""")  # fmt: skip

    assert denied == [("HDHP", False, True), ("HMO", True, False), ("PPO", False, True)]


def test_preventive_care_in_network_costs_the_member_nothing(family):
    claims = database(family)

    none(claims, "select * from claim where principal_diagnosis like 'Z00%' and network = 'in' and member_share > 0")
    assert (
        rows(claims, "select count(*) from claim where principal_diagnosis not like 'Z00%' and member_share > 0")[0][0]
        > 100
    )


def test_original_medicare_pays_80_percent_of_a_visit_after_the_deductible(senior):
    claims = database(senior)
    visits = rows(claims, """select l.allowed, l.deductible, l.coinsurance from claim_line l join claim c using
                             (claim_id)
                             where plan = 'Original Medicare' and type = 'P' and status = 'paid' and l.coinsurance >
                             0""")  # fmt: skip

    assert len(visits) > 100
    assert all(abs(coinsurance - (allowed - deductible) / 5) <= 0.005 for allowed, deductible, coinsurance in visits)


def test_the_hospital_deductible_is_due_once_a_benefit_period(senior):
    claims = database(senior)
    stays = rows(
        claims,
        """select deductible, year(service_from), service_from - lag(service_to) over (partition by person_id order by
                            service_from) gap
                            from claim where plan = 'Original Medicare' and type = 'I' and status = 'paid'
                            and person_id not in (select person_id from claim where type = 'I' and status <> 'paid')""",
    )

    opens = {(float(deductible), year) for deductible, year, gap in stays if gap is None or gap > 60}
    assert opens == {(1632.0, 2024), (1676.0, 2025)}
    assert {float(deductible) for deductible, _, gap in stays if gap is not None and gap <= 60} == {0.0}


def test_prices_differ_by_provider_place_and_case(family):
    claims = database(family)

    for kind in ("P", "I"):
        distinct, n = rows(claims, f"select count(distinct billed), count(*) from claim where type = '{kind}'")[0]
        assert distinct > n / 4


def test_the_price_of_a_place_follows_its_price_level():
    visit = {"journey_id": "visit", "duration_days": 60, "events": [
        {"event_id": "visit", "event_type": "encounter", "delay": {"days": [1, 20]},
         "parameters": {"class": "AMB", "service_code": "G0439", "reason_code": "I10"}}]}  # fmt: skip

    def price(fips):
        coverage = {"type": "Medicare", "plan": "Original Medicare"}
        people = {"id": "p", "demographics": {"age": 70, "geography": {"fips": fips}}, "coverage": coverage}
        claims = database(generate(people, visit, count=20, products=["membersim"]))
        return {
            float(allowed) for (allowed,) in rows(claims, "select distinct allowed from claim where status = 'paid'")
        }

    california, mississippi = price("06073"), price("28049")

    assert len(california) == len(mississippi) == 1
    assert min(california) > max(mississippi)


def test_stays_are_priced_by_their_drg(senior):
    claims = database(senior)
    paid = "(from claim where type = 'I' and status = 'paid' and plan = 'Original Medicare')"
    sql = (
        f"select distinct a.allowed / b.allowed from {paid} a join {paid} b using (person_id) where a.drg = "
        "'470' and b.drg = '281'"
    )
    ratios = [float(ratio) for (ratio,) in rows(claims, sql)]
    weights = {row["MS-DRG"]: row["Weights - 10% Cap Applied"] for row in table_5()}

    assert ratios
    assert ratios == pytest.approx([float(weights["470"]) / float(weights["281"])] * len(ratios), rel=1e-4)


def table_5():
    path = SHARED / "msdrg_fy2026_table5.csv"
    if not path.exists():
        pytest.skip(f"{path} is not there: the official IPPS Table 5 to compare with")
    with path.open(encoding="latin-1", newline="") as file:
        return list(csv.DictReader(file))


def test_the_bundled_weights_are_the_official_ones():
    official = {
        row["MS-DRG"]: float(row["Weights - 10% Cap Applied"])
        for row in table_5()
        if row["Weights - 10% Cap Applied"] != "."
    }

    assert dict(drg_weights().weight) == official


def test_codes_of_diagnoses_are_billable(claims):
    codes = [code for (code,) in rows(claims, "select distinct code from claim_diagnosis")]

    assert len(codes) >= 5
    assert [code for code in codes if not (icd.is_valid_item(code) and icd.is_leaf(code))] == []


def test_the_admitting_diagnosis_is_the_admissions(claims):
    assert set(rows(claims, "select admitting_diagnosis, drg from claim where type = 'I'")) == {
        ("R07.9", "281"),
        ("M17.11", "470"),
    }


def test_diagnoses_are_numbered_without_gaps_from_the_principal_one(claims):
    none(claims, """select claim_id from claim_diagnosis group by 1 having max(sequence) <> count(*) filter (sequence >
                    0)
                    or count(*) filter (qualifier = 'principal' and sequence = 1) <> 1""")  # fmt: skip


def test_a_stay_codes_the_chronic_conditions_of_the_patient_once(senior):
    claims = database(senior)
    none(claims, """select claim_id, left(code, 3) from claim_diagnosis join claim using (claim_id)
                    where type = 'I' and qualifier <> 'admitting' group by all having count(*) > 1""")  # fmt: skip
    none(claims, """select * from claim c join condition k using (person_id) where type = 'I' and k.category = 'N18'
                    and claim_id not in (select claim_id from claim_diagnosis where code = k.code)""")  # fmt: skip


def test_rooms_are_billed_by_day(claims):
    none(claims, """select * from claim_line l join claim c using (claim_id) where unit_code = 'DA'
                    and units <> greatest(service_to - service_from, 1)""")  # fmt: skip


def test_a_payment_settles_claims_of_one_household_payer_payee_and_day(claims):
    none(claims, """select trace_number from claim c join person using (person_id) where trace_number is not null group
                    by 1
                    having count(distinct (household_id, payer_id, billing_npi, paid_date)) > 1""")  # fmt: skip


def test_the_same_request_in_other_chunks_gives_the_same_tables():
    def tables(**options):
        made = membersim.generate("commercial-family", YEAR, count=40, **options).tables
        return {name: table.to_pydict() for name, table in made.items()}

    assert tables() == tables(chunk_size=7)


def test_another_count_leaves_the_first_households_as_they_are(family):
    fewer = database(generate("commercial-family", YEAR, count=40, products=["membersim"], seed=11))
    last = max(fewer.execute("select max(person_id) from person").fetchone())
    known = rows(database(family), f"select claim_id, billed, paid from claim where person_id <= {last} order by 1")

    assert rows(fewer, "select claim_id, billed, paid from claim order by 1") == known


def test_nobody_is_not_an_error():
    assert membersim.generate("commercial-family", YEAR, count=0).tables["membersim.claim"].num_rows == 0
