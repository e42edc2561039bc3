"""hl7v2_adt: the messages of a stay, each with what is known at its moment."""

import shutil
from pathlib import Path

import pytest
from hl7_messages import fields, happened, parsed, read, trigger
from patientsim.formats import FORMATS

from healthsim_core import generate
from healthsim_core.testing import contradictions

FORMAT = next(each for each in FORMATS if each.name == "hl7v2_adt")


CHEST_PAIN = {
    "journey_id": "chest-pain", "duration_days": 60,
    "events": [
        {"event_id": "ed", "event_type": "encounter", "delay": {"days": [0, 10], "at": "10:00"},
         "parameters": {"class": "EMER", "reason_code": "R07.9", "reason_description": "Chest pain, unspecified"}},
        {"event_id": "adm", "event_type": "admission", "depends_on": "ed", "delay": {"hours": 2},
         "parameters": {"reason_code": "R07.9", "reason_description": "Chest pain, unspecified",
                        "admission_type": "1"}},
        {"event_id": "at_once", "event_type": "diagnosis", "depends_on": "adm", "delay": {"minutes": 0},
         "parameters": {"code": "I10"}},
        {"event_id": "later", "event_type": "diagnosis", "depends_on": "adm", "delay": {"hours": 6},
         "parameters": {"code": "I21.4"}},
        {"event_id": "last", "event_type": "diagnosis", "depends_on": "adm", "delay": {"hours": 30},
         "parameters": {"code": "E78.5"}},
        {"event_id": "one", "event_type": "transfer", "depends_on": "adm", "delay": {"hours": 20},
         "parameters": {"unit": "telemetry"}},
        {"event_id": "two", "event_type": "transfer", "depends_on": "one", "delay": {"hours": 20},
         "parameters": {"unit": "step-down"}},
        {"event_id": "dis", "event_type": "discharge", "depends_on": "two", "delay": {"days": 2},
         "parameters": {"reason_code": "I21.4", "drg": "282", "discharge_disposition": "01"}},
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def chest_pain(tmp_path_factory):
    out = tmp_path_factory.mktemp("chest_pain")
    people = {"id": "three", "generation": {"count": 3, "seed": 5}, "demographics": {"age": 60}}
    result = generate(
        profile=people, journey=CHEST_PAIN, products=["patientsim"], output_formats=["hl7v2_adt"], out=out
    )
    return result, read(Path(result.outputs["hl7v2_adt"][0]))


def diagnoses(message):
    """Code and type of every DG1, in order of their set ids."""
    lines = [line.split("|") for line in message.split("\r") if line.startswith("DG1")]
    assert [line[1] for line in lines] == [str(number) for number in range(1, len(lines) + 1)]
    return [(line[3].split("^")[0], line[6]) for line in lines]


def test_every_message_of_a_stay_says_what_is_known_at_its_moment(chest_pain):
    _, messages = chest_pain
    mine = [m for m in messages if fields(m, "PID", 3) == fields(messages[0], "PID", 3)]
    assert [(trigger(m), fields(m, "PV1", 2), diagnoses(m)) for m in mine] == [
        ("A04", "E", [("R07.9", "W")]),
        ("A03", "E", [("R07.9", "F")]),
        ("A01", "I", [("R07.9", "A"), ("I10", "W")]),
        ("A08", "I", [("R07.9", "A"), ("I10", "W"), ("I21.4", "W")]),
        ("A02", "I", []),
        ("A08", "I", [("R07.9", "A"), ("I10", "W"), ("I21.4", "W"), ("E78.5", "W")]),
        ("A02", "I", []),
        ("A03", "I", [("I21.4", "F"), ("I10", "F"), ("E78.5", "F")]),
    ]


def test_an_update_is_of_the_time_of_its_diagnosis(chest_pain):
    result, messages = chest_pain
    made = {
        row["condition_id"]: row["recorded_time"]
        for row in result.tables["patientsim.condition"].to_pylist()
        if row["code"] != "I10"
    }
    updates = {int(fields(m, "MSH", 10)[:-1]): happened(m) for m in messages if trigger(m) == "A08"}
    assert updates == {key: time.strftime("%Y%m%d%H%M%S") for key, time in made.items()}


def test_an_emergency_visit_ends_before_its_stay_begins(chest_pain):
    _, messages = chest_pain
    order = [(fields(m, "PID", 3), trigger(m), fields(m, "PV1", 36), happened(m)) for m in messages]
    ends = [at for at, row in enumerate(order) if row[1:3] == ("A03", "09")]
    assert len(ends) == 3
    for at in ends:
        assert (order[at + 1][0], order[at + 1][1], order[at + 1][3]) == (order[at][0], "A01", order[at][3])


def test_a_strict_parser_accepts_and_the_tables_agree_with_the_stay(chest_pain):
    result, messages = chest_pain
    for message in messages:
        parsed(message)
    assert contradictions(Path(result.outputs["hl7v2_adt"][0]).parents[1], "hl7v2_adt") == []


def test_an_admission_that_knows_too_much_is_noticed(chest_pain, tmp_path):
    result, messages = chest_pain
    out = shutil.copytree(Path(result.outputs["hl7v2_adt"][0]).parents[1], tmp_path / "out")
    told = [m.replace("DG1|1||R07.9", "DG1|1||I21.4") if trigger(m) == "A01" else m for m in messages]
    (out / "hl7v2_adt" / "adt.hl7").write_text(
        "".join(message + "\n" for message in told), encoding="utf-8", newline=""
    )
    (found,) = contradictions(out, "hl7v2_adt")
    assert "DG1: agrees: DG1-3" in found and ": 3 wrong" in found


def moved(event_id, unit, **delay):
    return {
        "event_id": event_id,
        "event_type": "transfer",
        "depends_on": "in",
        "delay": delay,
        "parameters": {"unit": unit},
    }


def stay(*transfers, **admission):
    begins = {
        "event_id": "in",
        "event_type": "admission",
        "parameters": {"reason_code": "I21.4", "specialty": "cardiology", **admission},
    }
    leaves = {
        "event_id": "out",
        "event_type": "discharge",
        "depends_on": "in",
        "delay": {"days": 5},
        "parameters": {"drg": "282"},
    }
    events = [begins, *transfers, leaves]
    return {"journey_id": "stay", "duration_days": 30, "events": events}


@pytest.mark.parametrize(("journey", "where"), [
    (stay(moved("one", "icu", hours=20), unit="emergency"), [("A01", "emergency"), ("A02", "icu"), ("A03", "icu")]),
    (stay(moved("one", "icu", minutes=0)), [("A01", "cardiology"), ("A02", "icu"), ("A03", "icu")]),
    (stay(moved("one", "icu", hours=2), moved("two", "ward", days=1), unit="hall"),
     [("A01", "hall"), ("A02", "icu"), ("A02", "ward"), ("A03", "ward")]),
    (stay(), [("A01", "cardiology"), ("A03", "cardiology")]),
])  # fmt: skip
def test_each_message_of_a_stay_says_where_the_patient_is_at_its_moment(journey, where, tmp_path):
    people = {"id": "one", "demographics": {"age": 60}}
    told = {
        "journey": journey,
        "count": 3,
        "products": ["patientsim"],
        "output_formats": ["hl7v2_adt"],
        "out": tmp_path / "out",
    }
    messages = read(Path(generate(profile=people, **told).outputs["hl7v2_adt"][0]))
    assert [(trigger(m), fields(m, "PV1", 3).split("^")[0]) for m in messages] == where * 3


def test_a_transfer_after_its_stay_is_left_out_and_the_run_says_so():
    result = generate(
        {"id": "one", "demographics": {"age": 60}}, stay(moved("late", "icu", days=9)), count=2, products=["patientsim"]
    )
    assert "transfers left out: their stay was over by then: 2" in result.notes
    assert result.tables["patientsim.transfer"].num_rows == 0


def test_a_diagnosis_after_the_discharge_is_told_of_a_stay_that_is_over(tmp_path):
    late = {
        "event_id": "late",
        "event_type": "diagnosis",
        "depends_on": "in",
        "delay": {"days": 9},
        "parameters": {"code": "I50.9"},
    }
    told = {
        "journey": stay(late),
        "count": 1,
        "products": ["patientsim"],
        "output_formats": ["hl7v2_adt"],
        "out": tmp_path / "out",
    }
    _, left, update = read(
        Path(generate(profile={"id": "one", "demographics": {"age": 60}}, **told).outputs["hl7v2_adt"][0])
    )
    assert (trigger(left), trigger(update)) == ("A03", "A08")
    assert fields(update, "PV1", 45) == fields(left, "PV1", 45) != ""
    assert diagnoses(update) == [("I21.4", "F"), ("I50.9", "F")]


def test_a_stay_that_a_death_ends_is_told_with_its_end(tmp_path):
    journey = stay()
    journey["events"].append({"event_id": "dies", "event_type": "death", "depends_on": "in", "delay": {"days": 2}})
    people = {"id": "dying", "generation": {"count": 3, "seed": 5}, "demographics": {"age": 60}}
    result = generate(
        profile=people, journey=journey, products=["patientsim"], output_formats=["hl7v2_adt"], out=tmp_path
    )
    ends = [m for m in read(Path(result.outputs["hl7v2_adt"][0])) if trigger(m) == "A03"]
    died = {row["time"].strftime("%Y%m%d%H%M%S") for row in result.timeline.to_pylist() if row["event_type"] == "death"}
    assert [fields(m, "PV1", 36) for m in ends] == ["20"] * 3
    assert {fields(m, "PV1", 45)[:14] for m in ends} == died  # with the offset of the place behind
    assert contradictions(tmp_path, "hl7v2_adt") == []
