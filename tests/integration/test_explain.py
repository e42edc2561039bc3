"""`explain` tells where a record comes from: every kind of id, the values of tables, back to the journey's start."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from healthsim import explain, generate
from healthsim_core import Draws, Text
from healthsim_core.cli import main
from healthsim_core.errors import HealthSimError
from healthsim_core.explaining.explain import Explainer
from healthsim_core.explaining.told import Draw, Explanation, Happened, Read
from healthsim_core.expressions.asking import spoken
from healthsim_core.expressions.expression import Expression

RUNS = (
    ("medicare-diabetic", "diabetic-first-year"),
    ("expectant-mother", "pregnancy-journey"),
    ("trial-diabetes-adults", "trial_participation"),
    ("commercial-family", "coverage-lapse"),
    ("rx-chronic-adult", "diabetes-drug-therapy"),
    ("harris-county-residents", "community-screening-year"),
)
ADULTS = {"id": "adults", "demographics": {"age": {"type": "uniform", "min": 18, "max": 90}}}
OSWALD = Path(__file__).parents[2] / "examples" / "oswald_family.json"
SEED = 5


@pytest.fixture(scope="module", params=RUNS, ids=lambda run: run[1])
def explained(request: pytest.FixtureRequest) -> tuple[Any, Explainer]:
    """A small run of a shipped journey, and what explains it."""
    profile, journey = request.param
    run = generate(profile, journey, count=2, seed=SEED, persist=False)
    return run, Explainer(run)


def ids(run: Any) -> Iterator[tuple[str, str, Any]]:
    """The first and the last of every kind of id."""
    for name in run.tables:
        table = run.tables[name]
        for field in table.schema:
            named = field.name.endswith("_id") and field.type == pa.int64()
            if named or field.name in ("usubjid", "mrn", "prescription_number"):
                known = table[field.name].drop_null().to_pylist()
                yield from ((name, field.name, value) for value in dict.fromkeys([*known[:1], *known[-1:]]))


def ways(run: Any, explainer: Explainer) -> Iterator[Explanation]:
    """Explanations of some events."""
    events = run.timeline["event_id"].to_pylist()
    yield from (explainer(event) for event in events[:: max(1, len(events) // 25)])


def told_by(event: Happened) -> Iterator[Read]:
    yield from (read for condition in event.conditions for read in condition.reads)
    yield from event.reads
    yield from (read for given in event.given for read in given.reads)


def test_a_record_is_found_by_every_kind_of_id(explained: tuple[Any, Explainer]) -> None:
    run, explainer = explained
    for table, column, value in ids(run):
        told = explainer(value)
        holding = [row for record in told.records for row in record.rows if value in row.values()]
        assert holding, f"{table}.{column}"


def test_the_way_is_that_of_the_table_of_events_to_the_start_of_the_journey(explained: tuple[Any, Explainer]) -> None:
    run, explainer = explained
    rows = {row["event_id"]: row for row in run.timeline.to_pylist()}
    for told in ways(run, explainer):
        names = ("event_type", "journey", "node", "occurrence", "label", "time", "person_id", "cause_id")
        assert [{name: getattr(event, name) for name in names} for event in told.way] == [
            {name: rows[event.id][name] for name in names} for event in told.way
        ]
        assert [event.cause_id for event in told.way] == [None, *(event.id for event in told.way[:-1])]


def test_conditions_hold_of_what_was_read(explained: tuple[Any, Explainer]) -> None:
    run, explainer = explained
    for told in ways(run, explainer):
        for event in told.way:
            for condition in event.conditions:
                if "% of others" not in condition.text:
                    assert holds(condition.text, condition.reads), (event.node, condition)


def holds(text: str, reads: tuple[Read, ...]) -> bool:
    expression, values = Expression.parse(text), {read.name: read.value for read in reads}
    return bool(expression.holds({name: column(values[spoken(name)]) for name in expression.names}, 1)[0])


def column(value: Any) -> Any:
    return Text.of([value]) if value is None or isinstance(value, str) else np.array([value])


def test_every_draw_is_the_number_at_its_address(explained: tuple[Any, Explainer]) -> None:
    run, explainer = explained
    draws: list[Draw] = []
    for told in ways(run, explainer):
        for event in told.way:
            draws += event.draws
            draws += [draw for read in told_by(event) for draw in read.draws]
            draws += [draw for given in event.given for draw in given.draws]
    assert draws
    for draw in draws:
        stream, _, name = draw.stream.partition(".")
        assert Draws(SEED, stream, np.array([draw.id])).uniform(name)[0] == draw.unit


def test_a_value_that_an_earlier_event_drew_is_that_event_s(explained: tuple[Any, Explainer]) -> None:
    run, explainer = explained
    for told in ways(run, explainer):
        for event in told.way:
            for read in told_by(event):
                if read.origin.startswith("drawn by ") and read.events != (event.id,):
                    (drawing,) = read.events
                    assert read.value in [given.value for given in explainer(drawing).event.given]


def test_the_row_of_a_skill_says_what_the_event_has(explained: tuple[Any, Explainer]) -> None:
    run, explainer = explained
    for told in ways(run, explainer):
        for event in told.way:
            for given in event.given:
                if given.skill is not None and given.skill.row is not None and given.name in given.skill.cells:
                    cell = given.skill.cells[given.name]
                    assert cell == (given.value or "") or float(cell) == given.value


def test_every_record_names_who_made_it(explained: tuple[Any, Explainer]) -> None:
    run, explainer = explained
    for _, _, value in ids(run):
        for record in explainer(value).records:
            assert record.product == record.table.split(".")[0] or record.handler.startswith(f"{record.product}.")


def test_an_explanation_prints_itself_and_is_plain_json(explained: tuple[Any, Explainer]) -> None:
    run, explainer = explained
    for told in ways(run, explainer):
        document = json.loads(json.dumps(told.document()))
        assert document["way"][-1]["id"] == str(told.event.id)
        assert str(told.event.id) in str(told)
        assert told.event.node in str(told)


STATE = (
    {"journey_id": "changes", "duration_days": 300, "events": [
        {"event_id": "ill", "event_type": "milestone", "delay": {"days": 10}, "starts": "E11"},
        {"event_id": "treated", "event_type": "milestone", "depends_on": "ill", "delay": {"days": 5},
         "starts": "biguanide"},
        {"event_id": "away", "event_type": "milestone", "depends_on": "ill", "delay": {"days": 6},
         "starts": "inpatient"},
        {"event_id": "back", "event_type": "milestone", "depends_on": "away", "delay": {"days": 3},
         "stops": "inpatient"}]},
    {"journey_id": "reads", "duration_days": 300, "events": [
        {"event_id": "later", "event_type": "milestone", "delay": {"days": 100}},
        {"event_id": "seen", "event_type": "milestone", "depends_on": "later",
         "conditions": ["has('E11')", "on('biguanide')", "not inpatient", "a1c > 0"]}]},
)  # fmt: skip


@pytest.fixture(scope="module")
def state() -> tuple[Any, Explainer]:
    """People whose state one journey changes and another reads."""
    run = generate(ADULTS, list(STATE), count=2, products=["patientsim"], start="2025-01-01", seed=SEED, persist=False)
    return run, Explainer(run)


def reads_of(state: tuple[Any, Explainer]) -> tuple[dict[str, int], dict[str, Read]]:
    run, explainer = state
    person = run.timeline["person_id"][0].as_py()
    nodes = {row["node"]: row["event_id"] for row in run.timeline.to_pylist() if row["person_id"] == person}
    event = explainer(nodes["seen"]).event
    return nodes, {read.name: read for condition in event.conditions for read in condition.reads}


@pytest.mark.parametrize(
    ("name", "value", "began"),
    [("has('E11')", True, ("ill",)), ("on('biguanide')", True, ("treated",)), ("inpatient", False, ("away", "back"))],
)
def test_what_is_read_of_the_state_names_the_events_that_changed_it(state, name, value, began) -> None:
    nodes, reads = reads_of(state)
    assert (reads[name].value, reads[name].events) == (value, tuple(nodes[node] for node in began))


def test_the_parts_of_a_measure_add_up_to_it_and_name_who_took_effect(state) -> None:
    nodes, reads = reads_of(state)
    a1c = reads["a1c"]
    moved = [part for part in a1c.parts if part.name == "effect of condition E11"]
    assert sum(part.value for part in a1c.parts) == pytest.approx(a1c.value)
    assert [part.events for part in moved] == [(nodes["ill"],)]
    assert moved[0].value > 0


def test_a_level_that_the_profile_states_is_drawn_there() -> None:
    stated = {**ADULTS, "attributes": {"a1c": {"type": "normal", "mean": 8, "sd": 0.5}}}
    run = generate(stated, STATE[1] | {"events": [
        {"event_id": "seen", "event_type": "milestone", "conditions": ["a1c > 0"]}]},
        count=1, products=["patientsim"], persist=False)  # fmt: skip
    (a1c,) = explain(run, run.timeline["event_id"][0]).event.conditions[0].reads
    assert a1c.parts[0].name == "level of the profile: attributes.a1c"
    assert a1c.parts[0].value == run.entities["a1c"][0].as_py()


@pytest.fixture
def dental(tmp_path: Path, parts_of_ten: None) -> tuple[str, int]:
    """A folder of three parts by two workers, and the last claim in it."""
    request = {"profile": "adult-wellness", "journey": "annual-wellness", "count": 25}
    run = generate(**request, out=tmp_path / "out", workers=2, chunk_size=7, persist=True, cohort="kept")
    return str(tmp_path / "out"), run.tables["membersim.claim"]["claim_id"].to_pylist()[-1]


def test_folder_cohort_and_result_tell_the_same(dental: tuple[str, int]) -> None:
    out, claim = dental
    again = generate("adult-wellness", "annual-wellness", count=25, persist=False)
    in_folder = explain(out, claim)
    assert in_folder == explain("kept", claim) == explain(again, claim)
    assert in_folder.person.household > 10


def test_the_command_prints_what_the_function_tells(dental: tuple[str, int], capsys) -> None:
    out, claim = dental
    told = explain(out, claim)
    assert said(capsys, out, str(claim)) == (0, f"{told}\n", "")
    assert json.loads(said(capsys, out, str(claim), "--json")[1]) == json.loads(json.dumps(told.document()))


def said(capsys: Any, *arguments: str) -> tuple[int, str, str]:
    capsys.readouterr()
    with pytest.raises(SystemExit) as ended:
        main(["explain", *arguments])
    captured = capsys.readouterr()
    return ended.value.code, captured.out, captured.err


def test_a_newborn_of_the_oswald_family_is_told_with_the_birth(tmp_path: Path) -> None:
    run = generate(scenario=OSWALD, persist=False)
    explainer, people = Explainer(run), run.entities.to_pylist()
    newborn = next(row["person_id"] for row in people if row["role"] == "newborn")
    events = [row for row in run.timeline.to_pylist() if row["person_id"] == newborn]
    told = explainer(events[0]["event_id"])
    assert told.person.id == newborn
    assert told.way[0].person_id != newborn
    assert {row["event_id"] for row in run.timeline.to_pylist()}.issuperset(event.id for event in told.way)


@pytest.mark.parametrize("form", ["{}", "hs-{}", "Encounter/hs-{}", "http://example.org/fhir/Encounter/hs-{}"])
def test_an_id_may_be_as_a_file_has_it(form: str) -> None:
    run = generate("adult-wellness", "annual-wellness", count=1, persist=False)
    visit = run.tables["patientsim.encounter"]["encounter_id"][0].as_py()
    assert explain(run, form.format(visit)).event.id == visit


def test_what_belongs_to_nobody_names_its_table_and_maker() -> None:
    run = generate("adult-wellness", "annual-wellness", count=1, persist=False)
    told = explain(run, run.tables["networksim.provider"]["npi"][0])
    assert (told.person, told.way, told.records[0].table) == (None, (), "networksim.provider")
    assert told.records[0].product == "networksim"


def one_line(error: HealthSimError) -> str:
    assert len(str(error).splitlines()) <= 2  # what was wrong, and what to do
    return str(error)


def test_an_id_that_no_record_has_says_what_to_give() -> None:
    run = generate(ADULTS, count=1, products=[], persist=False)
    with pytest.raises(HealthSimError) as refused:
        explain(run, 17)
    assert one_line(refused.value) == (
        'adults: no record has the id "17".\n'
        "  Give an id as a table or a file of the run has it, such as an `event_id` of core.event."
    )


def test_a_folder_that_is_no_run_is_refused(tmp_path: Path, capsys) -> None:
    code, out, err = said(capsys, str(tmp_path), "17")
    assert (code, out) == (2, "")
    assert err == f"healthsim: {tmp_path}: holds no manifest.json.\n  Name the folder that --out named.\n"


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path, capsys) -> None:
    code, _, err = said(capsys, str(tmp_path / "nowhere"), "17")
    assert (code, err.splitlines()[0]) == (2, f"healthsim: {tmp_path / 'nowhere'}: is not there.")


def test_a_cohort_that_nobody_stored_names_the_nearest(dental: tuple[str, int], capsys) -> None:
    code, _, err = said(capsys, "kent", "17")
    assert code == 2
    assert 'no cohort is called "kent".' in err
    assert 'Did you mean "kept"?' in err


def test_something_else_is_no_run() -> None:
    with pytest.raises(TypeError, match=r"3 is no run\."):
        explain(3, 17)


def test_a_request_that_cannot_be_compiled_here_is_told_in_one_line(tmp_path: Path) -> None:
    run = generate("adult-wellness", "annual-wellness", count=1, out=tmp_path / "out", persist=False)
    path = tmp_path / "out" / "manifest.json"
    listed = json.loads(path.read_text(encoding="utf-8"))
    for event in listed["spec"]["journeys"][0]["specification"]["events"]:
        event["conditions"] = ["nobodys_name > 3"]
    path.write_text(json.dumps(listed), encoding="utf-8")
    with pytest.raises(HealthSimError) as refused:
        explain(tmp_path / "out", run.timeline["event_id"][0])
    assert "its request cannot be compiled here: " in one_line(refused.value)


def test_a_record_that_was_changed_is_told(tmp_path: Path) -> None:
    run = generate("adult-wellness", "annual-wellness", count=2, out=tmp_path / "out", persist=False)
    claim = run.tables["membersim.claim"]["claim_id"][0].as_py()
    path = tmp_path / "out" / "tables" / "membersim.claim.parquet"
    table = pq.read_table(path)
    at = table.schema.get_field_index("status")
    pq.write_table(table.set_column(at, table.schema.field(at), pa.array(["x"] * len(table)).dictionary_encode()), path)
    with pytest.raises(HealthSimError) as refused:
        explain(tmp_path / "out", claim)
    assert "membersim.claim comes out otherwise here: status is paid for x." in one_line(refused.value)
