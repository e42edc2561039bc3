"""What the handlers make of events."""

import datetime

import attrs
import numpy as np
import pytest
from patientsim import plugin
from patientsim.handlers import care, conditions, observations, orders, patients, plans

from healthsim_core import Columns, EventHandler, Events
from healthsim_core.testing import make_events, make_people


def handle(handler: EventHandler, events: Events) -> dict[str, list[dict]]:
    """The rows that a handler writes, after the check that its tables take them."""
    given = {field.name: field.nulls(len(events)) for field in handler.parameters}
    complete = attrs.evolve(events, parameters=Columns({**given, **events.parameters}, len(events)))
    written = handler.handle(complete)
    declared = {table.name: table for table in handler.writes}
    return {name: declared[name].arrow(Columns(columns)).to_pylist() for name, columns in written.items()}


def caused_by(event_id: int, time: str, rows: int = 1) -> Columns:
    cause = {"id": np.full(rows, event_id), "time": np.full(rows, np.datetime64(time, "s"))}
    return Columns({**cause, "provider_npi": None, "facility_npi": None}, rows)


def people_with(category: str, code: str, onset: str, rows: int = 2):
    columns = {f"code.{category}": code, f"description.{category}": "Known", f"severity.{category}": "controlled"}
    people = make_people(rows, **columns, **{f"onset.{category}": np.full(rows, np.datetime64(onset))})
    return attrs.evolve(people, conditions={category: np.array([True] + [False] * (rows - 1))})


def persons(people) -> Events:
    rows = len(people)
    return make_events("person", people, row=range(rows), time=["2025-01-01T00:00:00"] * rows, id=people.id)


# Visits and stays


def test_a_visit_becomes_one_encounter_with_what_it_leaves_unsaid_filled_in() -> None:
    visit = make_events("encounter", row=[0], time=["2025-03-01T09:00:00"], parameters={"reason_code": "E11.9"})
    (row,) = handle(care.HANDLER, visit)["patientsim.encounter"]
    assert (row["class"], row["place_of_service"], row["status"], row["reason_code"]) == (
        "AMB",
        "11",
        "finished",
        "E11.9",
    )
    assert row["start"] < row["end"]


def stay(*types_and_times: tuple[str, str], **parameters) -> Events:
    types, times = zip(*types_and_times, strict=True)
    events = make_events(types, row=[0] * len(types), time=times, parameters=parameters)
    ancestors = {"admission": caused_by(1_000_001, times[0], len(types))}
    return attrs.evolve(events, ancestors=lambda name: ancestors.get(name, caused_by(0, "NaT", len(types))))


def test_admission_and_discharge_make_one_row_that_keeps_what_each_said() -> None:
    events = stay(
        ("admission", "2025-03-01T20:00:00"), ("discharge", "2025-03-04T11:00:00"), reason_code=["R07.9", "I21.4"],
        secondary_code=["E11.9", None], drg=[None, "282"], discharge_disposition=[None, "01"],
        admission_type=["1", None],
    )  # fmt: skip
    (row,) = handle(care.HANDLER, events)["patientsim.encounter"]
    assert row["class"] == "IMP"
    assert (str(row["start"]), str(row["end"])) == ("2025-03-01 20:00:00", "2025-03-04 11:00:00")
    assert (row["reason_code"], row["secondary_code"], row["drg"], row["discharge_disposition"]) == (
        "I21.4",
        None,
        "282",
        "01",
    )
    assert (row["admitting_code"], row["admitting_secondary_code"]) == ("R07.9", "E11.9")


def test_every_transfer_within_the_stay_is_a_row_that_knows_where_it_is_from() -> None:
    events = stay(
        ("admission", "2025-03-01T20:00:00"), ("transfer", "2025-03-02T03:00:00"), ("transfer", "2025-03-03T03:00:00"),
        ("discharge", "2025-03-04T11:00:00"), ("transfer", "2025-03-05T03:00:00"),
        unit=["ED holding", "ICU", "ward", None, "too late"],
    )  # fmt: skip
    moves = handle(care.HANDLER, events)["patientsim.transfer"]
    assert [(str(row["time"]), row["unit"], row["from_unit"]) for row in moves] == [
        ("2025-03-02 03:00:00", "ICU", "ED holding"), ("2025-03-03 03:00:00", "ward", "ICU"),
    ]  # fmt: skip


def visit_and_admission(kind: str, hours: int, **people) -> dict:
    """The visit of class `kind` that an admission follows after some hours."""
    begin = np.datetime64("2025-03-01T09:00:00")
    times = [str(begin), str(begin + np.timedelta64(hours, "h"))]
    led = {"encounter": Columns({**caused_by(1_000_001, times[0], 2), "id": np.array([0, 1_000_001])}, 2)}
    events = make_events(
        ("encounter", "admission"),
        make_people(1, **people),
        row=[0, 0],
        time=times,
        parameters={"class": [kind, "IMP"]},
        ancestors=led,
    )
    return handle(care.HANDLER, events)["patientsim.encounter"][0]


@pytest.mark.parametrize("kind", ["EMER", "OBSENC"])
@pytest.mark.parametrize("hours", [1, 12])
def test_an_emergency_visit_or_observation_ends_as_the_stay_begins_that_it_leads_to(kind: str, hours: int) -> None:
    visit = visit_and_admission(kind, hours)
    assert visit["end"] - visit["start"] == datetime.timedelta(hours=hours)
    assert visit["discharge_disposition"] == "09"


def test_an_emergency_visit_days_before_a_stay_ends_in_its_own_time() -> None:
    visit = visit_and_admission("EMER", 72)
    assert visit["end"] - visit["start"] <= datetime.timedelta(hours=5)
    assert visit["discharge_disposition"] is None


def test_an_office_visit_never_outlasts_the_admission() -> None:
    assert visit_and_admission("AMB", 0)["end"].hour == 9
    assert visit_and_admission("AMB", 2)["end"].hour == 9


@pytest.mark.parametrize(("kind", "status"), [("EMER", "20"), ("OBSENC", "20"), ("AMB", None)])
def test_a_visit_ends_with_death(kind: str, status: str | None) -> None:
    death = np.array(["2025-03-01T09:10:00"], "datetime64[s]")
    people = make_people(1, death_date=death.astype("datetime64[D]"), death_time=death)
    visit = make_events("encounter", people, row=[0], time=["2025-03-01T09:00:00"], parameters={"class": kind})
    (row,) = handle(care.HANDLER, visit)["patientsim.encounter"]
    assert (str(row["end"]), row["discharge_disposition"]) == ("2025-03-01 09:10:00", status)


def test_a_stay_that_no_discharge_ends_ends_with_death() -> None:
    death = np.array(["2025-03-03T04:00:00"], "datetime64[s]")
    people = make_people(1, death_date=death.astype("datetime64[D]"), death_time=death)
    begin = make_events("admission", people, row=[0], time=["2025-03-01T20:00:00"], parameters={"reason_code": "I21.4"})
    (row,) = handle(care.HANDLER, begin)["patientsim.encounter"]
    assert (str(row["end"]), row["status"], row["discharge_disposition"]) == ("2025-03-03 04:00:00", "finished", "20")
    assert (row["reason_code"], row["drg"]) == ("I21.4", None)


@pytest.mark.parametrize(
    ("kind", "place"), [("OBSENC", "22"), ("SNF", "31"), ("ACUTE", "21"), ("FLD", "99"), ("PRENC", "22")]
)
def test_every_class_has_its_place_of_service(kind: str, place: str) -> None:
    visit = make_events("encounter", row=[0], time=["2025-03-01T09:00:00"], parameters={"class": kind})
    assert handle(care.HANDLER, visit)["patientsim.encounter"][0]["place_of_service"] == place


def test_a_discharge_without_diagnosis_leaves_that_of_the_admission() -> None:
    events = stay(
        ("admission", "2025-03-01T20:00:00"), ("discharge", "2025-03-04T11:00:00"), reason_code=["I21.4", None]
    )
    (row,) = handle(care.HANDLER, events)["patientsim.encounter"]
    assert row["reason_code"] == "I21.4"


def test_a_stay_that_is_not_over_is_in_progress() -> None:
    (row,) = handle(care.HANDLER, stay(("admission", "2025-12-31T20:00:00")))["patientsim.encounter"]
    assert (row["status"], row["end"], row["drg"]) == ("in-progress", None, None)


def test_a_discharge_never_closes_the_stay_of_somebody_else() -> None:
    times = ("2025-03-01T08:00:00", "2025-03-02T08:00:00")
    events = make_events(("admission", "discharge"), row=[0, 1], time=times, parameters={"drg": [None, "795"]})
    astray = attrs.evolve(events, ancestors=lambda name: caused_by(1_000_001, times[0], 2))
    (row,) = handle(care.HANDLER, astray)["patientsim.encounter"]
    assert row["status"] == "in-progress"


def test_a_discharge_tells_the_principal_procedure_unless_it_is_recorded() -> None:
    told = stay(
        ("admission", "2025-03-01T20:00:00"), ("discharge", "2025-03-03T11:00:00"), procedure_code=[None, "10D00Z1"]
    )
    recorded = stay(
        ("admission", "2025-03-01T20:00:00"), ("procedure", "2025-03-02T02:00:00"),
        ("discharge", "2025-03-03T11:00:00"),
        procedure_code=[None, None, "10D00Z1"], code=[None, "10D00Z1", None], system=[None, "ICD-10-PCS", None],
    )  # fmt: skip
    (from_discharge,) = handle(care.HANDLER, told)["patientsim.procedure"]
    (from_procedure,) = handle(care.HANDLER, recorded)["patientsim.procedure"]
    assert (from_discharge["code"], from_discharge["system"]) == ("10D00Z1", "ICD-10-PCS")
    assert str(from_procedure["performed"]) == "2025-03-02 02:00:00"


@pytest.mark.parametrize(("visit", "admission", "expected"), [(7, 0, 7), (0, 9, 9), (7, 9, 9)])
def test_a_row_belongs_to_the_nearest_visit_or_stay(visit: int, admission: int, expected: int) -> None:
    known = {
        "encounter": caused_by(visit, "2025-02-01"),
        "admission": caused_by(admission, "2025-03-01" if admission else "NaT"),
    }
    order = make_events(
        "lab_order", row=[0], time=["2025-03-01T10:00:00"], parameters={"loinc": "4548-4"}, ancestors=known
    )
    (row,) = handle(orders.LAB, order)["patientsim.lab_order"]
    assert row["encounter_id"] == expected


# Charts and conditions


def test_everybody_has_a_chart_and_a_death_to_come_is_not_in_it() -> None:
    deaths = np.array(["2025-06-01", "2026-06-01"], "datetime64[D]")
    first, second = handle(patients.HANDLER, persons(make_people(death_date=deaths)))["patientsim.patient"]
    assert (str(first["deceased_date"]), second["deceased_date"]) == ("2025-06-01", None)
    assert len({first["mrn"], second["mrn"]}) == 2


def test_what_people_have_at_the_start_is_the_problem_list() -> None:
    people = people_with("E11", "E11.9", "2019-05-05")
    (row,) = handle(conditions.HANDLER, persons(people))["patientsim.condition"]
    assert (row["person_id"], row["code"], row["category"], str(row["onset_date"])) == (
        16,
        "E11.9",
        "problem-list-item",
        "2019-05-05",
    )


def diagnosed(people, times: list[str], codes: list[str]) -> list[dict]:
    events = make_events("diagnosis", people, row=[0] * len(codes), time=times, parameters={"code": codes})
    return handle(conditions.HANDLER, events)["patientsim.condition"]


def test_a_diagnosis_of_a_known_problem_keeps_its_onset() -> None:
    known, new = diagnosed(people_with("E11", "E11.9", "2019-05-05"), ["2025-03-01T09:00:00"] * 2, ["E11.65", "M17.0"])
    assert (str(known["onset_date"]), known["category"]) == ("2019-05-05", "encounter-diagnosis")
    assert str(new["onset_date"]) == "2025-03-01"


@pytest.mark.parametrize(
    ("listed", "found", "onset"),
    [
        ("N18.31", "N18.6", "2025-03-01"),
        ("E11.9", "E11.22", "2025-03-01"),
        ("E11.22", "E11.22", "2019-05-05"),
        ("E11.9", "E11.65", "2019-05-05"),
    ],
)
def test_a_stage_or_a_complication_begins_when_it_is_found(listed: str, found: str, onset: str) -> None:
    (row,) = diagnosed(people_with(listed[:3], listed, "2019-05-05"), ["2025-03-01T09:00:00"], [found])
    assert str(row["onset_date"]) == onset


def test_a_lasting_illness_begins_once_a_passing_one_each_time() -> None:
    times = ["2025-03-01T09:00:00", "2025-09-01T09:00:00"]
    lasting = diagnosed(make_people(), times, ["M17.0", "M17.0"])
    passing = diagnosed(make_people(), times, ["J06.9", "J06.9"])
    assert [str(row["onset_date"]) for row in lasting] == ["2025-03-01", "2025-03-01"]
    assert [str(row["onset_date"]) for row in passing] == ["2025-03-01", "2025-09-01"]
    assert [row["clinical_status"] for row in lasting + passing] == ["active", "active", "resolved", "resolved"]


@pytest.mark.parametrize(
    ("codes", "statuses"),
    [
        (["N18.30", "N18.4", "N18.6"], ["inactive", "inactive", "active"]),
        (["E11.9", "E11.22"], ["inactive", "active"]),
        (["E11.65", "E11.22"], ["active", "active"]),
        (["I10", "I12.9"], ["inactive", "active"]),
        (["N18.4", "N18.4"], ["active", "active"]),
        (["E11.22", "E11.9"], ["active", "active"]),
    ],
)
def test_a_diagnosis_that_a_later_one_corrects_is_inactive(codes: list[str], statuses: list[str]) -> None:
    times = [f"2025-0{month + 1}-01T09:00:00" for month in range(len(codes))]
    assert [row["clinical_status"] for row in diagnosed(make_people(), times, codes)] == statuses


# Observations and orders


def measured(event_type: str, **parameters) -> list[dict]:
    order = {"lab_order": caused_by(77, "2025-03-01T08:30:00")} if event_type == "lab_result" else None
    events = make_events(event_type, row=[0], time=["2025-03-04T10:00:00"], parameters=parameters, ancestors=order)
    return handle(observations.HANDLER, events)["patientsim.observation"]


def test_a_result_is_of_the_day_of_the_specimen_and_refers_to_its_order() -> None:
    (row,) = measured("lab_result", loinc="4548-4", value=7.26, unit="%", low=4.0, high=5.6)
    assert (row["lab_order_id"], row["category"], row["value"], row["interpretation"]) == (77, "laboratory", 7.3, "H")
    assert (str(row["effective"]), str(row["issued"])) == ("2025-03-01 08:30:00", "2025-03-04 10:00:00")


@pytest.mark.parametrize(
    ("value", "low", "high", "expected"),
    [(3.4, 3.5, 5.1, "L"), (3.46, 3.5, 5.1, "N"), (5.2, 3.5, 5.1, "H"), (9.0, np.nan, np.nan, None)],
)
def test_interpretation_is_of_the_value_as_reported(
    value: float, low: float, high: float, expected: str | None
) -> None:
    (row,) = measured("lab_result", loinc="2823-3", value=value, low=low, high=high)
    assert row["interpretation"] == expected


def test_a_blood_pressure_is_one_vital_sign_of_two_whole_numbers() -> None:
    (row,) = measured("observation", loinc="8480-6", value=131.7, second_loinc="8462-4", second_value=78.2)
    assert (row["category"], row["value"], row["second_value"], row["lab_order_id"]) == (
        "vital-signs",
        132.0,
        78.0,
        None,
    )


def test_a_test_without_a_value_has_no_result_yet() -> None:
    assert measured("lab_result", loinc="4548-4") == []


@pytest.mark.parametrize(
    ("time", "expected"), [("2025-01-10T09:00:00", "completed"), ("2025-10-10T09:00:00", "active")]
)
def test_an_order_is_completed_once_supply_and_refills_are_used_up(time: str, expected: str) -> None:
    parameters = {"description": "metformin", "days_supply": 90.0, "refills": 1.0}
    order = make_events("medication_order", row=[0], time=[time], parameters=parameters)
    (row,) = handle(orders.MEDICATION, order)["patientsim.medication_request"]
    assert (row["status"], row["days_supply"], row["refills"]) == (expected, 90, 1)


def test_referrals_and_care_plans_say_what_was_arranged() -> None:
    when = {"row": [0], "time": ["2025-03-04T10:00:00"]}
    referral = make_events("referral", parameters={"specialty": "ophthalmology"}, **when)
    plan = make_events("care_plan_update", parameters={"description": "Walk daily"}, **when)
    assert handle(plans.REFERRALS, referral)["patientsim.referral"][0]["specialty"] == "ophthalmology"
    assert handle(plans.CARE_PLANS, plan)["patientsim.care_plan"][0]["description"] == "Walk daily"


HANDLERS = [offer for offer in plugin.healthsim_event_handlers() if isinstance(offer, EventHandler)]


def test_every_event_type_of_patientsim_is_handled_and_every_table_has_one_writer() -> None:
    handlers = HANDLERS
    handled = {name for handler in handlers for name in handler.event_types if name != "person"}
    written = [table.name for handler in handlers for table in handler.writes]
    visits = ["admission", "discharge", "transfer", "encounter", "procedure", "diagnosis"]
    rest = ["observation", "medication_order", "lab_order", "lab_result", "referral", "care_plan_update"]
    assert handled == {*visits, *rest}
    assert len(written) == len(set(written))


@pytest.mark.parametrize("handler", HANDLERS, ids=lambda handler: handler.event_types[0])
def test_no_events_make_empty_tables(handler: EventHandler) -> None:
    nobody = make_people(0, birth_date=np.array([], "datetime64[D]"))
    nothing = make_events(list(handler.event_types)[:0], nobody, row=[], time=[])
    assert all(rows == [] for rows in handle(handler, nothing).values())
