"""`plugins check`: what is wrong with a plugin is found, and said with file and line."""

from __future__ import annotations

import importlib
import textwrap

import attrs
import pytest

from healthsim_core.catalog import Catalog
from healthsim_core.errors import UnknownNameError
from healthsim_core.plugins import Plugin, load
from healthsim_core.testing import conformance

GOOD = """
    from healthsim_core import EventHandler, Field, Table, hookimpl

    STAY = Table("{table}", (
        Field("stay_id", "id", "The stay.", references="core.event"),
        Field("person_id", "id", "Whose.", references="core.person"),
        Field("nights", "number", "How many."),
    ), key=("stay_id",), description="Stays.")

    def stays(events):
        \"\"\"A row a stay.\"\"\"
        return {{STAY.name: {{"stay_id": events.id, "person_id": events.person, "nights": {nights}}}}}

    {mark}
    def healthsim_event_handlers():
        yield EventHandler("inn_stay", stays, writes=[STAY])

    HEALTHSIM_API = 1
"""


@pytest.fixture
def checked(tmp_path, monkeypatch):
    """The outcomes of the conformance tests on a plugin of some source, by name."""

    def check(source=GOOD, table="inn.stay", nights="events.draw.uniform('nights')", mark="@hookimpl", **changes):
        (tmp_path / "inn.py").write_text(
            textwrap.dedent(source).format(table=table, nights=nights, mark=mark), encoding="utf-8"
        )
        monkeypatch.syspath_prepend(str(tmp_path))
        monkeypatch.delitem(importlib.sys.modules, "inn", raising=False)
        importlib.invalidate_caches()
        plugin = attrs.evolve(load("inn", importlib.import_module("inn"), "inn-dist", "1.0"), module="inn", **changes)
        catalog = Catalog((plugin,))
        monkeypatch.setattr(conformance, "default_catalog", lambda: catalog)
        conformance._tried_of.cache_clear()
        return {outcome.name: outcome for outcome in conformance.check_plugin("inn")}

    yield check
    conformance._tried_of.cache_clear()


def failures(outcomes):
    return {name: outcome.cause for name, outcome in outcomes.items() if not outcome.passed}


def test_a_plugin_that_keeps_everything_passes(checked):
    assert failures(checked()) == {}


def test_a_hook_without_its_mark_is_found(checked):
    found = failures(checked(mark="# no mark"))
    assert found["every hook is marked"].endswith("inn.py:15: healthsim_event_handlers lacks @hookimpl")


def test_a_hook_of_a_class_without_its_mark_is_found(checked):
    source = (
        GOOD
        + """
    class Guests:
        def healthsim_profiles(self):
            yield from ()
    """
    )
    assert failures(checked(source))["every hook is marked"].endswith("healthsim_profiles lacks @hookimpl")


@pytest.mark.parametrize(
    "table", ["stay", "hotel.stay", "core.stay", "innkeeper.stay", "inn.Stay", "inn.night.stay", "inn.stay "]
)
def test_a_table_without_its_plugins_name_is_found(checked, table):
    found = failures(checked(table=table))
    assert found["every table is named after it"].endswith(f'inn.py:10: "{table}" should be "inn.stay"')


@pytest.mark.parametrize("nights", ["events.draw.uniform('n')[:1]", "[1.0] * (len(events) // 2)"])
def test_a_column_of_the_wrong_length_is_found_though_no_journey_has_the_event(checked, nights):
    found = failures(checked(nights=nights))
    assert (
        "inn.py:10: inn_stay: column 'nights' has 1 rows, the others 2" in found["columns of a table have one length"]
    )


def test_rows_where_nothing_happens_are_told_with_their_number(checked):
    made = '{{"stay_id": [7], "person_id": [16], "nights": [1.0]}}'
    source = GOOD.replace('{{"stay_id": events.id, "person_id": events.person, "nights": {nights}}}', made)
    assert "inn.stay has 1 rows where nothing happens" in failures(checked(source))["nobody"]


@pytest.mark.parametrize(("made", "said"), [
    ("None", "returns NoneType, not a mapping."), ("[7]", "returns list, not a mapping."),
    ('{{"inn.bill": {{}}}}', "writes ['inn.bill'], which it does not declare."),
])  # fmt: skip
def test_a_handler_that_returns_something_else_is_told_by_file_and_line(checked, made, said):
    source = GOOD.replace(
        '{{STAY.name: {{"stay_id": events.id, "person_id": events.person, "nights": {nights}}}}}', made
    )
    assert f"inn.py:10: {said}" in failures(checked(source))["nobody"]


def test_what_a_plugin_raises_is_told_with_where_it_was_raised(checked):
    source = GOOD.replace("        return {{STAY", "        raise RuntimeError('no beds')\n        return {{STAY")
    assert "RuntimeError: no beds (at" in failures(checked(source))["nobody"]


def test_a_plugin_that_did_not_load_says_why_and_nothing_else_is_asked(checked):
    outcomes = checked(status="failed", cause="ImportError: no keys", place="inn/inn.py:3", offers={})
    assert failures(outcomes) == {"it loads": "inn/inn.py:3: it failed: ImportError: no keys"} and len(outcomes) == 1


def test_no_cause_is_empty(checked):
    for changes in ({"table": "stay"}, {"mark": "# none"}, {"nights": "[1.0, 2.0, 3.0]"}):
        assert all(failures(checked(**changes)).values())


def test_a_plugin_that_nobody_has_is_named_with_the_nearest(checked):
    checked()
    with pytest.raises(UnknownNameError, match='no plugin is called "in"'):
        conformance.find_plugin("in")


def test_a_plugin_is_found_with_minus_and_underscore_alike(monkeypatch):
    catalog = Catalog((Plugin("night_inn", "inn-dist", "1.0"),))
    monkeypatch.setattr(conformance, "default_catalog", lambda: catalog)
    assert conformance.find_plugin("Night-Inn").name == "night_inn"


LISTED = """
    from healthsim_core import EventHandler, Field, OutputFormat, Records, Table, hookimpl
    import pyarrow as pa

    class Guests:
        \"\"\"A line a person.\"\"\"

        def __init__(self, destination, run):
            self.file = destination.open("guests.txt")

        def write(self, tables):
            self.file.write("".join(f"{{person}}\\n" for person in tables["core.person"]["person_id"].to_pylist()))

        def close(self):
            pass

    def read(folder, truth):
        lines = (folder / "guests.txt").read_text().splitlines()
        said = pa.table({{"person": lines, "name": lines}})
        stays = 'SELECT person_id::VARCHAR AS person, {nights} AS name FROM "core.person"'
        yield Records("guest", ["person"], said, truth.select(stays))
        {mark}

    @hookimpl
    def healthsim_output_formats():
        yield OutputFormat("guest_list", Guests, needs=["{table}"], records=read, description="Guests.")

    HEALTHSIM_API = 1
"""


def test_a_format_that_says_what_the_tables_say_passes(checked):
    assert failures(checked(LISTED, table="core.person", nights="person_id::VARCHAR", mark="")) == {}


def test_a_format_that_contradicts_the_tables_is_found_with_the_field(checked):
    found = failures(checked(LISTED, table="core.person", nights="first_name", mark=""))

    said = "inn.py:17: guest_list: FAIL guest_list guest: agrees: name"
    assert said in found["its formats say what the tables say"]


def test_what_a_reader_finds_wrong_in_the_files_is_told(checked):
    found = failures(
        checked(LISTED, table="core.person", nights="person_id::VARCHAR", mark="yield 'no bell at the door'")
    )

    assert found["its formats say what the tables say"].endswith("inn.py:17: guest_list: no bell at the door")


def test_a_format_of_which_no_run_can_be_written_is_told_with_the_cause(checked):
    found = failures(checked(LISTED, table="inn.stay", nights="1", mark=""))

    assert "inn.py:17: guest_list: no run can be written in it: " in found["its formats say what the tables say"]


def test_a_plugin_that_does_not_state_its_api_is_told_what_to_write(checked):
    found = failures(checked(GOOD.replace("HEALTHSIM_API = 1", "")))

    assert found["it states its api"].endswith("inn.py:1: HEALTHSIM_API is missing: write `HEALTHSIM_API = 1`")


FLAWED = {  # what is added to a plugin, and where each conformance test says that it is
    "every offer has a name and a description": (
        """
        @hookimpl
        def healthsim_journeys():
            from healthsim_core import Journey

            stay = {{"event_id": "stay", "event_type": "inn_stay"}}
            yield Journey("inn-year", {{"journey_id": "inn-year", "duration_days": 9, "events": [stay]}})
        """,
        "inn.py:20: Journey inn-year has neither a name nor a description",
    ),
    "every specification reads": (
        """
        @hookimpl
        def healthsim_profiles():
            from healthsim_core import Profile

            yield Profile("inn-guests", {{"id": "inn-guests", "attributes": {{"a": "b + 1"}}, "rooms": 3}})
        """,
        "inn.py:20: rooms: there is no field",
    ),
    "the same seed gives the same tables": (
        """
        from healthsim_core import PersonColumns, Profile
        TIMES = []

        def rooms(people):
            TIMES.append(1)
            return {{"room": [str(len(TIMES))] * len(people["person_id"])}}

        @hookimpl
        def healthsim_profiles():
            yield PersonColumns(["room"], rooms, description="Rooms.")
        """,
        "inn.py:23: anybody: core.person.room differs in two runs",
    ),
    "no clock and no randomness of its own": ("import random", "inn.py:19: imports random"),
}


@pytest.mark.parametrize("name", FLAWED)
def test_what_is_wrong_is_told_with_file_and_line(checked, name):
    added, said = FLAWED[name]

    found = failures(checked(GOOD.rstrip() + "\n" + textwrap.indent(textwrap.dedent(added).rstrip(), "    ") + "\n"))

    assert said in found[name]


def test_a_document_with_a_mistake_is_told_with_its_line(checked, tmp_path):
    (tmp_path / "guests.json").write_text('{\n "id": "guests",\n "rooms": 3\n}\n', encoding="utf-8")
    offer = """
    @hookimpl
    def healthsim_profiles():
        from pathlib import Path
        from healthsim_core import Profile

        yield Profile("guests", Path(__file__).parent / "guests.json", description="Guests.")
    """

    found = failures(checked(GOOD + offer))

    assert "/guests.json:3: " in found["every specification reads"]
    assert 'there is no field "rooms" here' in found["every specification reads"]


BENEFITS = """
    from healthsim_core import BenefitPlan, ServiceKind

    DESIGN = {{"plan": "Board", "coverage_type": "Commercial", "kind": "commercial", "in": {{"services": {{
        "board": {{"copay": 20}}}}}}}}
    USUAL = {{"Commercial": {{"coinsurance": 0.5}}}}

    @hookimpl
    def healthsim_benefits():
        yield ServiceKind("board", USUAL, description="Breakfast.")
        yield BenefitPlan("Board", DESIGN, description="Breakfast and bed.")
"""


def test_plans_of_benefits_that_can_be_used_pass(checked):
    assert failures(checked(GOOD + BENEFITS)) == {}


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ('"kind": "commercial"', '"kind": "inn"', 'the plan "Board" of inn: kind: "inn" is not one of'),
        ('"board": {{"copay"', '"bord": {{"copay"', 'Board: in.services.bord: nobody knows a kind of service "bord".'),
        ('"plan": "Board"', '"plan": "Bed"', 'Board: the plan is called "Bed" in its document'),
        (
            '"coinsurance": 0.5',
            '"coinsurance": 50',
            'service "board" of inn: usual: Commercial: coinsurance: 50 is above',
        ),
        ('USUAL = {{"Commercial"', 'USUAL = {{"Comercial"', 'of inn: usual: "Comercial" is no coverage type.'),
    ],
)
def test_a_plan_of_benefits_that_cannot_be_used_is_told_with_its_place(checked, right, wrong, said):
    found = failures(checked(GOOD + BENEFITS.replace(right, wrong)))["its plans of benefits can be used"]

    assert "/inn.py:" in found
    assert said in found


DECIDING = """

    from healthsim_core import EventDecision

    def noisy(events):
        \"\"\"Whether a stay was noisy.\"\"\"
        return {{"noisy": DECIDED}}

    @hookimpl
    def healthsim_journeys():
        yield from ()

    _handlers = healthsim_event_handlers

    @hookimpl
    def healthsim_event_handlers():
        yield from _handlers()
        yield EventDecision("inn_stay", [Field("noisy", "boolean", "Noisy.")], noisy)
"""


def test_a_decision_of_every_event_passes(checked):
    assert failures(checked(GOOD + DECIDING.replace("DECIDED", "events.row > 0"))) == {}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("events.row[:1] > 0", "column 'noisy' has 1 rows, the others 2"),
        ("['loud'] * len(events)", 'the column "noisy" is not of type boolean'),
    ],
)
def test_a_decision_that_does_not_fit_its_events_is_found(checked, given, said):
    found = failures(checked(GOOD + DECIDING.replace("DECIDED", given)))
    assert said in found["its decisions are of every event"]
