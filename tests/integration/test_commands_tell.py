"""What the command line says, and what it never leaves unsaid."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from healthsim import generate
from healthsim.state import list_cohorts, load_profile, save_profile
from healthsim_core.cli import main
from healthsim_core.errors import SpecificationError, StateError
from healthsim_core.generator import make_plan

ADULTS = {
    "id": "adults",
    "demographics": {"geography": {"fips": "48201"}, "age": {"type": "uniform", "min": 30, "max": 60}},
}
# a mean that the truncated ages cannot have is a failed check only where somebody plants one: see `planted`
HYPERTENSIVE = {"id": "pressed", "demographics": {"age": 60}, "clinical": {"conditions": ["I10", "E11", "E78", "J45"]}}


@pytest.fixture
def told(tmp_path, monkeypatch, capsys):
    """Runs a command in an empty folder with an empty database: exit code, what it prints,
    and what it says where errors go."""
    monkeypatch.setenv("HEALTHSIM_DATABASE", str(tmp_path / "healthsim.duckdb"))
    monkeypatch.chdir(tmp_path)
    for profile in (ADULTS, HYPERTENSIVE):
        Path(f"{profile['id']}.json").write_text(json.dumps(profile), encoding="utf-8")

    def command(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as stopped:
            main(list(arguments))
        said = capsys.readouterr()
        return stopped.value.code, said.out, said.err

    return command


@pytest.fixture
def planted(monkeypatch):
    """Every run has a failed check."""
    from healthsim_core.execution import run
    from healthsim_core.generation import memory
    from healthsim_core.validation import report as validation

    def failing(tallies, mode):
        tallies.violation("planted", "no row is wrong", 3, 7)
        return validation.report(tallies, mode)

    monkeypatch.setattr(run, "report", failing)
    monkeypatch.setattr(memory, "report", failing)


def test_quiet_prints_nothing_where_nothing_is_to_be_said(told):
    asked = ("--count", "3", "--product", "patientsim", "--product", "networksim")
    assert told("generate", "--profile", "adults.json", *asked, "--quiet", "--no-persist") == (0, "", "")


def test_quiet_never_hides_a_failed_check(told, planted):
    code, out, err = told(
        "generate", "--profile", "adults.json", "--count", "3", "--product", "patientsim", "--quiet", "--no-persist"
    )
    assert (code, out) == (1, "") and "no row is wrong: 3 of 7 rows" in err


def test_quiet_never_hides_a_note(told):
    journey = {
        "journey_id": "one",
        "duration_days": 9,
        "events": [{"event_id": "a", "event_type": "milestone", "conditions": ["1 > 2"]}],
    }
    Path("one.json").write_text(json.dumps(journey), encoding="utf-8")
    _, out, err = told(
        "generate", "--profile", "adults.json", "--journey", "one.json", "--count", "2", "--quiet", "--no-persist"
    )
    assert out == "" and 'Note: one.json: events[0].conditions[0]: "1 > 2" is always false' in err.replace("\n", " ")


def test_percentages_of_conditions_are_of_people(told):
    _, out, _ = told("generate", "--profile", "pressed.json", "--count", "20", "--product", "patientsim")
    _, stored, _ = told("cohorts", "show", "pressed")
    assert "I10 20 (100%)" in out and "J45" in out
    assert "20 (100%)" in stored


def test_a_name_for_a_cohort_stores_it(told):
    assert generate(ADULTS, count=2, products=[], cohort="kept").cohort == "kept"
    assert [cohort.name for cohort in list_cohorts()] == ["kept"]


def test_a_name_for_a_cohort_that_is_not_stored_is_refused(told):
    with pytest.raises(SpecificationError, match="nothing is stored"):
        generate(ADULTS, count=2, products=[], cohort="kept", persist=False)
    code, _, err = told("generate", "--profile", "adults.json", "--count", "2", "--no-persist", "--cohort", "kept")
    assert code == 2 and "nothing is stored" in err and list_cohorts() == []


def test_a_rerun_stores_what_it_is_given_a_name_for_and_else_nothing(told):
    told("generate", "--profile", "adults.json", "--count", "2", "--product", "patientsim")
    _, listed, _ = told("executions", "list", "--json")
    execution = json.loads(listed)[0]["id"]
    told("executions", "rerun", execution)
    assert len(list_cohorts()) == 1
    _, out, _ = told("executions", "rerun", execution, "--cohort", "again")
    assert "stored as cohort again" in out and [cohort.name for cohort in list_cohorts()] == ["adults", "again"]
    assert told("executions", "rerun", execution, "--cohort", "third", "--no-persist")[0] == 2


@pytest.mark.parametrize("name", ["medicare-diabetic", "Medicare_Diabetic", "rx_chronic-adult"])
def test_a_profile_is_never_saved_under_the_name_of_a_template(told, name):
    with pytest.raises(StateError, match="is the name of a template of"):
        save_profile(name, ADULTS)
    assert told("profiles", "save", name, "adults.json")[0] == 2


@pytest.mark.parametrize("name", ["mine@2", "folder/mine", "mine.json"])
def test_nor_under_a_name_that_reads_as_a_version_or_a_file(told, name):
    with pytest.raises(StateError, match="reads as a version or a file"):
        save_profile(name, ADULTS)


@pytest.fixture
def older(told, monkeypatch):
    """A database in which a profile has a template's name, as older ones may."""
    monkeypatch.setattr("healthsim_core.state.profiles._refuse_name", lambda name: None)
    save_profile("medicare-diabetic", ADULTS)


def test_where_an_older_database_has_one_the_run_says_which_was_used(told, older):
    result = generate("medicare_diabetic", count=1, products=[])
    assert result.name == "medicare-diabetic"
    assert [note for note in result.notes if "the template was used" in note and '"medicare-diabetic@1"' in note]
    _, out, err = told("profiles", "show", "medicare-diabetic")
    assert '"medicare-diabetic"' in out and "the template was used" in err


def test_and_the_version_names_the_saved_one(told, older):
    result = generate("medicare-diabetic@1", count=1, products=["networksim"])
    assert (result.name, result.notes) == ("adults", ())
    assert '"adults"' in told("profiles", "show", "medicare-diabetic@1")[1]


def test_versions_of_a_saved_profile_are_named_and_unknown_ones_refused(told):
    save_profile("my-adults", ADULTS)
    save_profile("my-adults", {**ADULTS, "id": "second"})
    assert [make_plan(name).request.name for name in ("my_adults@1", "MY-ADULTS", "my-adults@2")] == [
        "adults",
        "second",
        "second",
    ]
    with pytest.raises(StateError, match="has no version 3"):
        make_plan("my-adults@3")
    assert load_profile("my_adults", 1).id == "adults"


def test_a_scenario_given_as_a_profile_says_how_to_run_it(told):
    Path("family.json").write_text(json.dumps({"scenario": "F", "profile": ADULTS}), encoding="utf-8")
    code, _, err = told("generate", "--profile", "family.json")
    assert code == 2 and "this is a scenario" in err and "healthsim run family.json" in err


def test_a_profile_given_as_a_scenario_says_how_to_run_it(told):
    code, _, err = told("run", "adults.json")
    assert code == 2 and "this is a profile" in err and "healthsim generate --profile adults.json" in err
