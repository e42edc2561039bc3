"""DentalSim keeps what every plugin owes, and makes of a visit what it says."""

import dentalsim
import pyarrow.compute as pc
import pytest

from healthsim_core import generate
from healthsim_core.testing import PluginConformance, make_events, make_people, settled_alone


class TestConformance(PluginConformance):
    plugin = "dentalsim"


def seen(**people):
    """The visits of two people of whom one has a cleaning, the other a crown."""
    insured = {"coverage_type": "Commercial", "plan": "PPO", **people}
    visits = make_events("dental_visit", make_people(2, **insured), parameters={"procedure": ["cleaning", "crown"]})
    return dentalsim.visit(visits, settled_alone(dentalsim.spends(visits), visits))["dentalsim.visit"]


def test_a_visit_costs_its_fee():
    assert seen()["fee"].tolist() == [dentalsim.FEES["cleaning"], dentalsim.FEES["crown"]]


def test_a_plan_that_says_nothing_of_teeth_pays_half():
    assert seen()["plan_pays"].tolist() == [4_750, 57_500]


@pytest.mark.parametrize("people", [{"coverage_type": "uninsured", "plan": None}, {"coverage_type": "Medicare"}])
def test_who_is_not_covered_for_teeth_pays_all(people):
    assert seen(**people)["patient_pays"].tolist() == [9_500, 115_000]


def test_a_visit_stands_in_the_books_of_the_plan():
    people = {"id": "p", "demographics": {"age": 40}, "coverage": {"type": "Commercial", "plan": "PPO"}}
    result = generate({**people, "attributes": {"caries": "severe"}}, "dental-year", count=20,
                      products=["dentalsim", "membersim"])  # fmt: skip

    records = set(result.tables["membersim.ledger"]["record"].to_pylist())

    assert records == {"claim", "visit"}


def test_a_tooth_has_a_universal_number():
    visits = generate("dental-adults", count=200, products=["dentalsim"]).tables["dentalsim.visit"]

    assert pc.all(pc.and_(pc.greater_equal(visits["tooth"], 1), pc.less_equal(visits["tooth"], 32))).as_py()


def test_crowns_alone_become_medical_claims():
    result = generate("dental-adults", count=200, products=["dentalsim"])
    crowns = pc.sum(pc.equal(result.tables["dentalsim.visit"]["procedure"].cast("string"), "crown")).as_py()

    claims = pc.sum(pc.equal(result.timeline["event_type"].cast("string"), "claim_professional")).as_py()

    assert crowns > 0
    assert crowns - 5 <= claims <= crowns  # a claim may fall after the run's last day


def test_a_claim_is_for_the_day_of_the_visit_and_sent_later():
    result = generate("dental-adults", count=200, products=["dentalsim", "membersim"])
    visits = {
        (row["person_id"], row["time"].date())
        for row in result.timeline.to_pylist()
        if row["event_type"] == "dental_visit"
    }

    claims = result.tables["membersim.claim"].to_pylist()

    assert claims
    assert all((claim["person_id"], claim["service_from"]) in visits for claim in claims)
    assert all(1 <= (claim["received_date"] - claim["service_from"]).days <= 5 for claim in claims)


def test_the_list_holds_a_line_for_each_visit(tmp_path):
    result = generate(
        "dental-adults", count=20, products=["dentalsim"], output_formats=["dental_list"], out=tmp_path / "out"
    )

    lines = (tmp_path / "out" / "dental_list" / "visits.txt").read_text().splitlines()

    visits = result.tables["dentalsim.visit"].to_pylist()
    assert lines == [f"{each['person_id']}|{each['procedure']}|{each['tooth']}" for each in visits]
