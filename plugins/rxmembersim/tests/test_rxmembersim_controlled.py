"""Controlled drugs: schedule II is never refilled, III to V five times within six months, and the run says so once."""

from collections import defaultdict
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import rxmembersim
from rxmembersim import controlled

from healthsim_core import Text
from healthsim_core.testing import make_events, make_people

UNCONTROLLED, II, III, IV, V = range(5)
AGES = {"type": "uniform", "min": 30, "max": 60}
ADULTS = {"id": "adults", "demographics": {"age": AGES}, "coverage": {"type": "Commercial", "plan": "PPO"}}
UNINSURED = {"id": "uninsured", "demographics": {"age": AGES}, "coverage": {"type": "uninsured"}}
METHADONE = {"description": "methadone hydrochloride 10 MG Oral Tablet", "drug_class": "opioid"}
LORAZEPAM = {"description": "lorazepam 1 MG Oral Tablet", "drug_class": "benzodiazepine"}
PREGABALIN = {"description": "pregabalin 75 MG Oral Capsule", "drug_class": "anticonvulsant"}
ATORVASTATIN = {"ndc": "00378395177", "description": "atorvastatin calcium 20 MG Oral Tablet", "drug_class": "statin"}


def schedule_of(**said):
    parameters = {name: said.get(name) for name in ("ndc", "rxnorm", "description")}
    events = make_events("new_rx", make_people(1), row=[0], time=["2025-01-02T09:00:00"], parameters=parameters)
    return int(controlled.schedules(events)[0])


def taken(prescribed, refills, event_type="medication_order", days_supply=30, days=420, count=40):
    """The run, and by prescription the numbers and days since writing of the fills that were paid."""
    parameters = {
        "days_supply": days_supply,
        "quantity": days_supply,
        "refills": refills,
        "ndc": "99999099901",
        **prescribed,
    }
    journey = {
        "journey_id": "one-drug",
        "duration_days": days,
        "events": [{"event_id": "rx", "event_type": event_type, "delay": {"days": 2}, "parameters": parameters}],
    }
    result = rxmembersim.generate(ADULTS, journey=journey, count=count, persist=False)
    written = {
        row["prescription_id"]: row["written_date"] for row in result.tables["rxmembersim.prescription"].to_pylist()
    }
    fills = defaultdict(list)
    for row in result.tables["rxmembersim.fill"].to_pylist():
        if row["status"] != "rejected":
            fills[row["prescription_id"]].append(
                (row["fill_number"], row["fill_date"], written[row["prescription_id"]])
            )
    return result, fills


@pytest.mark.parametrize(
    ("said", "schedule"),
    [
        ({"ndc": "00406051201"}, II),
        ({"ndc": "0406-0512-01"}, II),
        ({"ndc": "59762372001"}, IV),
        ({"ndc": "59762372099"}, IV),  # another package of the product
        ({"rxnorm": "1049221"}, II),
        ({"rxnorm": "308048"}, IV),
        ({"description": "12 HR oxycodone hydrochloride 20 MG Extended Release Oral Tablet [OxyContin]"}, II),
        ({"description": "APAP 300 MG / codeine phosphate 30 MG Oral Tablet"}, III),
        ({"description": "codeine sulfate 30 MG Oral Tablet"}, II),
        ({"description": "codeine phosphate 2 MG/ML / promethazine hydrochloride 1.25 MG/ML Oral Solution"}, V),
        ({"description": "buprenorphine 8 MG / naloxone 2 MG Sublingual Film"}, III),
        ({"description": "Xanax 0.5 mg"}, IV),
        ({"description": "LORAZEPAM 1MG TAB"}, IV),
        ({"description": "acetaminophen 325 MG / butalbital 50 MG / caffeine 40 MG Oral Tablet"}, UNCONTROLLED),
        ({"description": "apomorphine hydrochloride 10 MG/ML Injection"}, UNCONTROLLED),
        ({"ndc": "00378395177", "description": "atorvastatin calcium 20 MG Oral Tablet"}, UNCONTROLLED),
        ({}, UNCONTROLLED),
    ],
)
def test_a_drug_is_known_by_its_ndc_its_concept_or_its_words(said, schedule):
    assert schedule_of(**said) == schedule


@pytest.mark.parametrize("event_type", ["medication_order", "new_rx"])
def test_schedule_two_is_never_refilled(event_type):
    result, fills = taken(METHADONE, refills=3, event_type=event_type)

    assert len(fills) > 30
    assert {number for each in fills.values() for number, *_ in each} == {0}
    assert set(result.tables["rxmembersim.prescription"]["refills"].to_pylist()) == {0}


@pytest.mark.parametrize("drug", [LORAZEPAM, PREGABALIN])
def test_schedules_three_to_five_are_refilled_five_times(drug):
    result, fills = taken(drug, refills=11, days_supply=14)

    assert max(number for each in fills.values() for number, *_ in each) == 5
    assert set(result.tables["rxmembersim.prescription"]["refills"].to_pylist()) == {5}


def test_schedules_three_to_five_are_filled_within_six_months_of_writing():
    _, fills = taken(LORAZEPAM, refills=5, days_supply=60)
    latest = [(date, written) for each in fills.values() for _, date, written in each]

    assert max((date - written).days for date, written in latest) > 110
    assert all((date.year, date.month, date.day) <= later(written) for date, written in latest)


def later(written):
    """Six months after a day: none of these tests' days is too late in its month."""
    return written.year + (written.month + 6 > 12), (written.month + 5) % 12 + 1, written.day


def test_other_drugs_are_refilled_as_ordered():
    result, fills = taken(ATORVASTATIN, refills=11, days=400)

    assert max(number for each in fills.values() for number, *_ in each) > 5
    assert not [note for note in result.notes if "controlled" in note]


def test_the_run_says_once_what_is_not_dispensed():
    result, _ = taken(METHADONE, refills=3, count=25)

    (said,) = (note for note in result.notes if "controlled" in note)
    assert said.endswith(": 25")
    assert "1306.12" in said


def test_an_order_within_the_law_is_no_news():
    result, _ = taken(LORAZEPAM, refills=5)

    assert not [note for note in result.notes if "controlled" in note]


@pytest.mark.parametrize(("people", "refused"), [(ADULTS, ("rejected", "73")), (UNINSURED, ("refused", None))])
def test_a_refill_that_a_journey_brings_itself_is_refused_where_the_law_forbids_it(people, refused):
    steps = [
        ("rx", "new_rx", None, {}), ("first", "fill", "rx", {}), ("second", "refill", "first", {}),
        ("third", "refill", "second", {}),
    ]  # fmt: skip
    parameters = {**METHADONE, "ndc": "99999099901", "days_supply": 10, "quantity": 20}
    journey = {
        "journey_id": "by-hand",
        "duration_days": 200,
        "events": [
            {
                "event_id": name,
                "event_type": kind,
                "depends_on": first,
                "delay": {"days": 20},
                "parameters": parameters | more,
            }
            for name, kind, first, more in steps
        ],
    }
    result = rxmembersim.generate(people, journey=journey, count=20, persist=False)
    refills = [row for row in result.tables["rxmembersim.fill"].to_pylist() if row["fill_number"] > 0]

    assert len(refills) >= 20
    assert {(row["status"], row["reject_code"]) for row in refills} == {refused}
    assert {row["patient_pay"] for row in refills} == {0}
    assert any(note.startswith("refills of controlled drugs") for note in result.notes)


def test_the_transmission_authorizes_what_the_law_allows(tmp_path):
    parameters = {**METHADONE, "ndc": "99999099901", "days_supply": 30, "quantity": 60, "refills": 4}
    events = [{"event_id": "rx", "event_type": "new_rx", "delay": {"days": 2}, "parameters": parameters}]
    journey = {"journey_id": "one-drug", "duration_days": 90, "events": events}
    rxmembersim.generate(
        ADULTS, journey=journey, count=10, output_formats=["ncpdp_d0"], out=tmp_path / "out", persist=False
    )
    sent = (tmp_path / "out" / "ncpdp_d0" / "b1.ncpdp").read_text(encoding="ascii")

    assert sent.count("\x1cDF00\x1c") == sent.count("\x1cDF") >= 10


def test_every_schedule_in_the_tables_is_one_that_the_law_file_names():
    named = {"", *controlled.document("controlled")["schedules"]}

    assert {
        row["schedule"] for name in ("controlled_names", "controlled_codes") for row in controlled.rows(name)
    } <= named
    assert np.all(controlled.most_refills(np.array([II, III, IV, V])) == [0, 5, 5, 5])


def test_the_rules_give_the_schedules_of_the_official_directory():
    path = Path(__file__).resolve().parents[4] / "shared" / "reference" / "codes" / "ndc_products_most_used.parquet"
    if not path.exists():
        pytest.skip(f"{path} is not there: the FDA's directory to compare with")
    listed = [row for row in pq.read_table(path).to_pylist() if row["dea_schedule"]]
    said = Text.of([f"{row['active_substances']} {row['dosage_form']}" for row in listed])
    parameters = {"ndc": Text.constant(None, len(said)), "rxnorm": Text.constant(None, len(said)), "description": said}
    many = {"row": [0] * len(said), "time": ["2025-01-02T09:00:00"] * len(said), "parameters": parameters}

    assert controlled.schedules(make_events("new_rx", make_people(1), **many)).tolist() == [
        ["", "II", "III", "IV", "V"].index(row["dea_schedule"]) for row in listed
    ]
