"""Tables of a run hold what the run met, the same on any chunking and any number of workers,
and all of it where that is asked."""

from __future__ import annotations

import clinic
import pytest

from healthsim import generate
from healthsim_core import Columns, EventHandler, Field, RunHandler, Table
from healthsim_core.errors import SpecificationError
from healthsim_core.generation.memory import run_in_memory
from healthsim_core.planning.compiling import compile_plan
from healthsim_core.planning.request import make_request

ROOM = Table(
    "clinic.room",
    (Field("room", "category", "The room."), Field("wing", "category", "Its wing.", references="clinic.wing")),
    key=("room",), description="Rooms.", person="",
)  # fmt: skip
WING = Table("clinic.wing", (Field("wing", "category", "The wing."),), key=("wing",), description="Wings.", person="")
FLAG = Table(
    "clinic.flag",
    (Field("wing", "category", "The wing.", references="clinic.wing"), Field("colour", "category", "Its colour.")),
    key=("wing", "colour"), description="Flags of wings.", person="",
)  # fmt: skip
STAY = Table(
    "clinic.stay",
    (
        Field("stay_id", "id", "The stay.", references="core.event"),
        Field("person_id", "id", "Whose.", references="core.person"),
        Field("room_of_stay", "category", "Where.", references="clinic.room"),
    ),
    key=("stay_id",),
    description="Stays.",
)
ROOMS = {"a1": "east", "a2": "east", "b1": "west", "c1": "north"}


def rooms(run):
    return {
        "clinic.room": {"room": list(ROOMS), "wing": list(ROOMS.values())},
        "clinic.wing": {"wing": ["east", "north", "west"]},
        "clinic.flag": {"wing": ["east", "east", "north"], "colour": ["red", "green", "blue"]},
    }


def stays(events):
    return {
        "clinic.stay": {"stay_id": events.id, "person_id": events.person, "room_of_stay": events.parameters["reason"]}
    }


@pytest.fixture
def catalog():
    handlers = [
        EventHandler("clinic_visit", stays, writes=[STAY], parameters=[clinic.REASON]),
        RunHandler(rooms, writes=[ROOM, WING, FLAG], description="Rooms."),
    ]
    return clinic.catalog(healthsim_event_handlers=handlers, healthsim_triggers=[])


@pytest.fixture
def made(catalog):
    """What a run makes of people who stay in some rooms."""

    def run(*reasons, chunk=None, settings=None, **options):
        events = [clinic.event(f"stay_{room}", "clinic_visit", parameters={"reason": room}) for room in reasons]
        profile = clinic.adults(**({"products": {"clinic": settings}} if settings else {}))
        request = make_request(profile, clinic.journey(*events) if events else [], catalog=catalog, count=6, **options)
        return run_in_memory(compile_plan(request, catalog), chunk)

    return run


def names(result, table, column):
    return result.tables[table][column].to_pylist()


def test_a_row_that_nothing_names_is_left_out_and_what_a_kept_row_names_stays(made):
    result = made("a2", "b1", products=[])
    assert result.tables.get("clinic.room") is None
    result = made("a2", "b1", settings={"everyone": False})
    assert (names(result, "clinic.room", "room"), names(result, "clinic.wing", "wing")) == (
        ["a2", "b1"],
        ["east", "west"],
    )


def test_what_belongs_to_a_row_that_was_met_stays(made):
    assert names(made("a1", settings={"everyone": False}), "clinic.flag", "colour") == ["red", "green"]


def test_where_nothing_is_met_the_tables_are_there_and_empty(made):
    result = made(settings={"everyone": False})
    assert [result.rows[f"clinic.{table}"] for table in ("room", "wing", "flag")] == [0, 0, 0]


@pytest.mark.parametrize("settings", [None, {"everyone": True}])
def test_all_rows_stay_where_the_product_is_asked_for_alone_or_everyone_is(made, settings):
    assert names(made("a1", settings=settings), "clinic.room", "room") == list(ROOMS)


def test_chunks_change_neither_the_rows_nor_the_checks(made):
    one, all_at_once = (made("a2", "c1", chunk=chunk, settings={"everyone": False}) for chunk in (1, None))
    assert (
        one.tables["clinic.room"].equals(all_at_once.tables["clinic.room"]) and one.validation == all_at_once.validation
    )


def test_a_room_that_is_not_there_is_a_broken_reference(made):
    checks = made("z9", settings={"everyone": False}).validation.failures
    assert [check.what for check in checks] == ["room_of_stay is a clinic.room"]


def test_everyone_is_true_or_false(made):
    with pytest.raises(SpecificationError, match=r"products.clinic.everyone: 'yes' is neither true nor false"):
        made("a1", settings={"everyone": "yes"})


def test_a_handler_may_find_the_rows_of_the_keys_itself(catalog):
    asked = []

    def find(run, keys, everyone):
        asked.append((tuple(keys["clinic.room"]), everyone))
        found = [room for room in ROOMS if room in keys["clinic.room"] or everyone]
        return {"clinic.room": Columns({"room": found, "wing": [ROOMS[room] for room in found]}, len(found))}

    plain = Table(
        "clinic.room",
        (*ROOM.fields[:1], Field("wing", "category", "Its wing.")),
        key=("room",),
        description="R.",
        person="",
    )
    handlers = [
        EventHandler("clinic_visit", stays, writes=[STAY], parameters=[clinic.REASON]),
        RunHandler(lambda run: pytest.fail("made whole"), writes=[plain], find=find),
    ]
    offered = clinic.catalog(healthsim_event_handlers=handlers, healthsim_triggers=[])
    profile = clinic.adults(products={"clinic": {"everyone": False}})
    journey = clinic.journey(clinic.event("stay", "clinic_visit", parameters={"reason": "b1"}))
    result = run_in_memory(compile_plan(make_request(profile, journey, catalog=offered, count=3), offered))
    assert names(result, "clinic.room", "room") == ["b1"] and {everyone for _, everyone in asked} == {False}
    assert asked[0] == ((), False) and asked[-1] == (("b1",), False)


PLACE = {"geography": {"counties": {"48201": 1, "06073": 1, "17031": 1}}}
PEOPLE = {"id": "spread", "demographics": {"age": {"type": "uniform", "min": 30, "max": 70}, **PLACE}}


def test_a_default_run_writes_no_trial_design_and_no_clinician_whom_nobody_names():
    result = generate({**PEOPLE, "clinical": {"conditions": ["E11"]}}, journey="diabetic-first-year", count=8)
    tables = result.tables
    named = {
        npi
        for table in tables.values()
        for name in table.column_names
        if name.endswith("_npi")
        for npi in table[name].to_pylist()
    }
    assert set(tables["networksim.provider"]["npi"].to_pylist()) <= named
    assert all(rows == 0 for name, rows in result.rows.items() if name.startswith("trialsim."))
    assert result.rows["networksim.provider"] > 0 and result.validation.passed


def test_payers_are_those_who_cover_somebody():
    result = generate({**PEOPLE, "coverage": {"type": "Medicare"}}, count=5, products=["membersim", "patientsim"])
    covering = set(result.tables["membersim.coverage"]["payer_id"].to_pylist())
    assert set(result.tables["membersim.payer"]["payer_id"].to_pylist()) == covering


def test_files_and_tables_are_the_same_on_any_chunking_and_workers(tmp_path):
    def files(name, **options):
        formats, products = ["fhir_r4", "fhir_bundle", "x12_834"], ["networksim", "patientsim", "membersim"]
        generate(PEOPLE, count=12, output_formats=formats, out=tmp_path / name, products=products, **options)
        return {
            str(path.relative_to(tmp_path / name)): path.read_bytes()
            for path in (tmp_path / name).rglob("*")
            if path.is_file()
        }

    assert files("one", chunk_size=1) == files("all")
    assert files("two", workers=2, chunk_size=5) == files("one-more")


def test_the_network_alone_is_a_directory_of_the_counties_where_somebody_lives():
    directory = generate(PEOPLE, count=4, products=["networksim"])
    where = set(directory.tables["core.person"]["county_fips"].to_pylist())
    assert set(directory.tables["networksim.facility"]["county_fips"].to_pylist()) == where
    assert directory.rows["networksim.provider"] > 100
