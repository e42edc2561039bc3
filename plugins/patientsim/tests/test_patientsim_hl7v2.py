"""hl7v2_adt: messages that a strict parser accepts and that say what the tables say."""

import json
import socket
import threading
from collections import Counter
from datetime import date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from hl7_messages import fields, happened, parsed, read, trigger, unescape
from hl7apy.mllp import AbstractHandler, MLLPServer
from hypothesis import given
from hypothesis import strategies as st
from patientsim.formats import FORMATS
from patientsim.formats.hl7v2.fields import escape, short

from healthsim_core import Destination, generate, outward_id
from healthsim_core.testing import make_run

FORMAT = next(each for each in FORMATS if each.name == "hl7v2_adt")
CARE = json.loads((Path(__file__).parent / "data" / "year_of_everything.json").read_text(encoding="utf-8"))
SUMMERS = (("20240310020000", "20241103020000"), ("20250309020000", "20251102020000"))  # daylight saving time in Texas
STRUCTURES = {"A01": "ADT_A01", "A02": "ADT_A02", "A03": "ADT_A03", "A04": "ADT_A01", "A08": "ADT_A01"}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    out = tmp_path_factory.mktemp("hl7v2")
    return generate(**CARE, count=8, products=["patientsim", "membersim"], output_formats=["hl7v2_adt"], out=out)


@pytest.fixture(scope="module")
def path(made):
    return Path(made.outputs["hl7v2_adt"][0])


@pytest.fixture(scope="module")
def messages(path):
    return read(path)


def written(tables, folder):
    destination = Destination(folder, "hl7v2_adt")
    writer = FORMAT.writer(destination, make_run())
    writer.write({name: tables[name] for name in (*FORMAT.needs, *FORMAT.wants) if name in tables})
    writer.close()
    destination.close()
    return read(folder / "hl7v2_adt" / "adt.hl7")


def replaced(table, name, values):
    index = table.schema.get_field_index(name)
    return table.set_column(index, table.schema.field(name), pa.array(values).cast(table.schema.field(name).type))


def test_hl7apy_accepts_every_message_strictly(messages):
    assert len(messages) > 80
    for message in messages:
        parsed(message)


def test_every_trigger_event_occurs(messages):
    assert set(map(trigger, messages)) == set(STRUCTURES)


def test_the_header_says_what_the_message_is(messages):
    for message in messages:
        assert fields(message, "MSH", 9) == f"ADT^{trigger(message)}^{STRUCTURES[trigger(message)]}"
        assert fields(message, "MSH", 12) == "2.5.1"
        assert fields(message, "MSH", 18) == "UNICODE UTF-8"


def test_control_ids_are_distinct_and_fit(messages):
    controls = [fields(message, "MSH", 10) for message in messages]
    assert len(set(controls)) == len(controls)
    assert max(map(len, controls)) <= 20


def test_every_time_has_the_offset_of_the_persons_county(messages):
    for message in messages:
        told = [fields(message, *each) for each in (("MSH", 7), ("EVN", 2), ("PV1", 44), ("PV1", 45))]
        times = [time for time in told if time]
        summer = [any(first <= time[:14] < last for first, last in SUMMERS) for time in times]
        assert [time[14:] for time in times] == ["-0500" if each else "-0600" for each in summer]


def test_the_message_is_of_when_the_event_happened(messages):
    assert all(fields(message, "MSH", 7) == fields(message, "EVN", 2) for message in messages)


def test_messages_stand_by_person_and_time(messages):
    order = [(fields(message, "PID", 3), happened(message)) for message in messages]
    assert order == sorted(order)


def test_each_visit_is_admitted_or_registered_once_and_each_end_told(made, messages):
    encounters = made.tables["patientsim.encounter"].to_pylist()
    stays = [row for row in encounters if row["class"] == "IMP"]
    ended = [row for row in encounters if row["class"] in ("IMP", "EMER") and row["end"]]
    counts = Counter(map(trigger, messages))
    assert (counts["A01"], counts["A04"], counts["A03"]) == (len(stays), len(encounters) - len(stays), len(ended))


def test_a_stay_runs_from_admission_over_transfer_to_discharge(made, messages):
    move = made.tables["patientsim.transfer"].to_pylist()[0]
    stay = next(
        row for row in made.tables["patientsim.encounter"].to_pylist() if row["encounter_id"] == move["encounter_id"]
    )
    told = [message for message in messages if fields(message, "PV1", 19).startswith(f"{stay['encounter_id']}^")]
    times = {trigger(message): datetime.strptime(happened(message), "%Y%m%d%H%M%S") for message in told}
    assert times == {"A01": stay["start"], "A02": move["time"], "A03": stay["end"]}
    places = {trigger(message): fields(message, "PV1", 3).split("^")[0] for message in told}
    assert places["A02"] == places["A03"] == "Cardiac care unit" != places["A01"]
    before = next(fields(message, "PV1", 6) for message in told if trigger(message) == "A02")
    assert before.split("^")[0] == places["A01"]


def test_a_discharge_tells_disposition_group_and_final_diagnosis(messages):
    discharge = parsed(next(m for m in messages if trigger(m) == "A03" and fields(m, "PV1", 2) == "I"))
    assert discharge.pv1.pv1_36.value == "01"
    assert discharge.pv1.pv1_45.value == discharge.evn.evn_2.value
    assert discharge.drg.drg_1.value == "281"
    assert discharge.dg1.dg1_3.value.startswith("I21.4^")
    assert discharge.dg1.dg1_6.value == "F"


def test_an_admission_does_not_know_its_end(messages):
    for message in messages:
        if trigger(message) == "A01":
            assert fields(message, "PV1", 36) == fields(message, "PV1", 45) == ""


def test_a_further_diagnosis_is_an_update_of_the_visit(made, messages):
    further = [row for row in made.tables["patientsim.condition"].to_pylist() if row["code"] == "E78.5"]
    updates = [message for message in messages if trigger(message) == "A08"]
    assert len(updates) == len(further)
    for message in updates:
        codes = [line.split("|")[3].split("^")[0] for line in message.split("\r") if line.startswith("DG1")]
        assert codes == ["E11.9", "I10", "E78.5"]


@pytest.mark.parametrize(
    ("kind", "told", "kept"),
    [("ACUTE", "I", "ACUTE"), ("NONAC", "I", "NONAC"), ("SNF", "I", "SNF"), ("SS", "I", "SS"),
     ("OBSENC", "O", "OBSENC"),
     ("PRENC", "P", ""), ("FLD", "O", "FLD"), ("VR", "O", ""), ("HH", "O", "")],
)  # fmt: skip
def test_every_class_has_its_patient_class_and_where_that_is_not_enough_its_own_name(made, tmp_path, kind, told, kept):
    encounters = made.tables["patientsim.encounter"]
    changed = replaced(encounters, "class", [kind] * encounters.num_rows)
    messages = [
        m for m in written({**made.tables, "patientsim.encounter": changed}, tmp_path) if fields(m, "PV1", 2) != "N"
    ]
    assert {(fields(m, "PV1", 2), fields(m, "PV1", 18)) for m in messages} == {(told, kept)}
    for message in messages[:20]:
        parsed(message)


def test_insurance_is_the_coverage_of_the_day(made, messages):
    covered = {row["person_id"]: row for row in made.tables["membersim.coverage"].to_pylist()}
    for message in messages:
        person = outward_id(fields(message, "PID", 3).split("^")[0])
        if person in covered and trigger(message) != "A02":
            assert fields(message, "IN1", 36) == covered[person]["member_number"]
            assert fields(message, "IN1", 12) == covered[person]["start_date"].strftime("%Y%m%d")
        else:
            assert "\rIN1|" not in message


def test_the_end_of_coverage_is_an_update_and_later_visits_are_uninsured(made, tmp_path):
    tables = dict(made.tables)
    coverage = tables["membersim.coverage"]
    tables["membersim.coverage"] = replaced(coverage, "end_date", [date(2025, 6, 30)] * coverage.num_rows)
    messages = written(tables, tmp_path)
    ends = [message for message in messages if happened(message) == "20250701000000"]
    assert len(ends) == coverage.num_rows
    assert {(trigger(m), fields(m, "PV1", 2), fields(m, "IN1", 13)) for m in ends} == {("A08", "N", "20250630")}
    assert not [m for m in messages if "\rIN1|" in m and happened(m) > "20250701000000"]
    for message in ends:
        parsed(message)


def test_a_death_is_an_update_and_stays_told(made, tmp_path):
    tables = dict(made.tables)
    patients = tables["patientsim.patient"]
    patients = replaced(patients, "deceased_date", [date(2025, 7, 1)] * patients.num_rows)
    tables["patientsim.patient"] = replaced(
        patients, "deceased_time", [datetime(2025, 7, 1, 14, 20)] * patients.num_rows
    )
    messages = written(tables, tmp_path)
    deaths = [message for message in messages if happened(message) == "20250701142000"]
    assert len(deaths) == patients.num_rows
    assert {(trigger(m), parsed(m).pid.pid_29.value, parsed(m).pid.pid_30.value) for m in deaths} == {
        ("A08", "20250701", "Y")
    }
    assert all((fields(m, "PID", 30) == "Y") == (happened(m) >= "20250701142000") for m in messages)


def test_names_with_delimiters_and_accents_keep_their_fields(made, tmp_path):
    family, street = "Núñez|O^Neil~&\\Co", "No. 5\nRear"
    people = made.tables["core.person"].num_rows
    person = replaced(
        replaced(made.tables["core.person"], "last_name", [family] * people), "address", [street] * people
    )
    messages = written({**made.tables, "core.person": person}, tmp_path)
    assert {unescape(fields(message, "PID", 5).split("^")[0]) for message in messages} == {family}
    assert {fields(message, "PID", 11).split("^")[0] for message in messages} == {"No. 5\\.br\\Rear"}
    assert parsed(messages[0]).pid.pid_5.pid_5_1.value == "Núñez\\F\\O\\S\\Neil\\R\\\\T\\\\E\\Co"


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc"])))
def test_what_is_escaped_holds_no_delimiter_and_comes_back(value):
    assert not set(escape(value)) & set("|^~&")
    assert unescape(escape(value)) == value


def test_a_long_name_is_cut_to_what_its_type_holds():
    assert short("obstetrics_gynecology") == "obst_gyne"
    assert short("cardiology") == "cardiology"


def test_without_network_and_coverage_messages_stay_valid(made, tmp_path):
    tables = {name: table for name, table in made.tables.items() if name.split(".")[0] in ("core", "patientsim")}
    encounters = tables["patientsim.encounter"]
    for name in ("provider_npi", "facility_npi"):
        encounters = replaced(encounters, name, pa.nulls(encounters.num_rows, pa.string()))
    messages = written({**tables, "patientsim.encounter": encounters}, tmp_path)
    assert {fields(message, "PV1", 7) for message in messages} == {""}
    assert {fields(message, "MSH", 4) for message in messages} == {"HSGH"}
    for message in messages[:10]:
        parsed(message)


def test_chunks_do_not_matter(path, tmp_path):
    generate(
        **CARE, count=8, products=["patientsim", "membersim"], output_formats=["hl7v2_adt"], out=tmp_path, chunk_size=5
    )
    assert (tmp_path / "hl7v2_adt" / "adt.hl7").read_bytes() == path.read_bytes()


class Accept(AbstractHandler):
    """Answers with the control id of what came in."""

    received: list[str] = []

    def reply(self):
        message = parsed(self.incoming_message.strip("\x0b\x1c\r") + "\r")
        self.received.append(message.msh.msh_10.value)
        return f"\x0bMSH|^~\\&|||||20260101||ACK|1|P|2.5.1\rMSA|AA|{message.msh.msh_10.value}\r\x1c\r"


def test_messages_travel_over_mllp(messages):
    sent = messages[:5]
    handlers = {fields(message, "MSH", 9): (Accept,) for message in sent}
    server = MLLPServer("127.0.0.1", 0, handlers)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        answers = [_exchange(server.server_address, message) for message in sent]
    finally:
        server.shutdown()
        server.server_close()
    assert [answer.split("|")[-1].strip("\r\x1c") for answer in answers] == [
        fields(message, "MSH", 10) for message in sent
    ]


def _exchange(address, message):
    with socket.create_connection(address, timeout=10) as connection:
        connection.sendall(b"\x0b" + message.encode("utf-8") + b"\x1c\r")
        answer = b""
        while not answer.endswith(b"\x1c\r"):
            answer += connection.recv(4096)
    return answer.decode("utf-8")


def test_nothing_is_told_that_lies_after_the_worlds_today(made, messages):
    today = datetime(2026, 1, 1) + timedelta(days=1)
    assert all(datetime.strptime(happened(message), "%Y%m%d%H%M%S") < today for message in messages)
