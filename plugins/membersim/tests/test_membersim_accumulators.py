"""Accumulators of several years, plans and networks."""

from claims_database import database, rows

from healthsim_core import generate


def test_every_year_plan_and_network_has_accumulators_of_its_own():
    def visits(specialty):
        often = {"delay": {"days": [3, 20]}, "repeat": {"every": {"days": 45}, "count": 23}}
        given = {"class": "AMB", "specialty": specialty, "reason_code": "I10"}
        return {"event_id": specialty, "event_type": "encounter", **often, "parameters": given}

    change = {"event_id": "change", "event_type": "plan_change", "delay": {"days": 900}, "parameters": {"plan": "HDHP"}}
    journey = {
        "journey_id": "j",
        "duration_days": 1_090,
        "events": [visits("cardiology"), visits("dermatology"), change],
    }
    people = {"id": "p", "demographics": {"age": 50}, "coverage": {"type": "Commercial", "plan": "PPO"}}
    claims = database(generate(people, journey, count=100, products=["membersim"], start="2022-01-01"))

    paid = rows(
        claims,
        "select person_id, plan, year(service_from), network, sum(member_share) from claim where status = 'paid' "
        "group by all",
    )
    applied = rows(claims, """select person_id, plan, plan_year, network, applied from accumulator
                              where level = 'individual' and kind = 'out_of_pocket'""")  # fmt: skip

    assert sorted(applied) == sorted(paid)
    assert len(rows(claims, "select distinct plan, plan_year, network from accumulator")) == 8


def test_a_new_plan_year_resets():
    two_years = {"journey_id": "two-years", "duration_days": 730, "events": [
        {"event_id": "stay", "event_type": "admission", "delay": {"days": [40, 50]},
         "repeat": {"every": {"days": 365}, "count": 2},
         "parameters": {"reason_code": "I21.4"}},
        {"event_id": "out", "event_type": "discharge", "depends_on": "stay", "delay": {"days": 3},
         "parameters": {"reason_code": "I21.4", "drg": "281"}},
    ]}  # fmt: skip
    claims = database(generate("commercial-healthy", two_years, count=60, products=["membersim"], start="2024-01-01"))

    met = rows(claims, "select plan_year, count(*) from accumulator where plan = 'HDHP' and network = 'in' "
                       "and kind = 'deductible' and applied = \"limit\" group by 1 order by 1")  # fmt: skip

    assert len(met) == 2
