"""DentalSim keeps what every plugin owes, and makes of a visit what it says."""

import dentalsim
import pyarrow.compute as pc

from healthsim_core import generate
from healthsim_core.testing import PluginConformance, make_events


class TestConformance(PluginConformance):
    plugin = "dentalsim"


def test_a_visit_costs_its_fee():
    visits = make_events("dental_visit", parameters={"procedure": ["cleaning", "crown"]})

    made = dentalsim.visit(visits)["dentalsim.visit"]

    assert made["fee"].tolist() == [dentalsim.FEES["cleaning"], dentalsim.FEES["crown"]]


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
