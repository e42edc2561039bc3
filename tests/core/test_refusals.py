"""A user's mistake is one clear message, exit code 2, and nothing written."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from healthsim_core.cli import main

GENERATE = ("generate", "--profile", "dental-adults", "--count", "3", "--no-persist")


@pytest.fixture
def refused(capsys: pytest.CaptureFixture[str]):
    def call(*arguments: str) -> str:
        with pytest.raises(SystemExit) as stopped:
            main(list(arguments))
        said = capsys.readouterr()
        assert (stopped.value.code, said.out) == (2, ""), said
        assert "Traceback" not in said.err
        return said.err

    return call


def document(tmp_path: Path, content: object) -> str:
    path = tmp_path / "spec.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return str(path)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ("generate", "--profile", "dental-adlts", "--count", "3"),
            'profile: no profile is called "dental-adlts".\n  Did you mean "dental-adults" (dentalsim)?',
        ),
        (
            (*GENERATE, "--journey", "dental-yer"),
            'no journey is called "dental-yer".\n  Did you mean "dental-year" (dentalsim)?',
        ),
        (
            (*GENERATE, "--format", "dental_lst"),
            'output_formats: no format is called "dental_lst".\n  Did you mean "dental_list" (dentalsim)?',
        ),
        ((*GENERATE, "--format", "star_schema"), "`healthsim formats list` shows all"),
        ((*GENERATE, "--product", "dentsim"), 'products: no product is called "dentsim".\n  Did you mean "dentalsim"?'),
        ((*GENERATE, "--as-of", "tomorrow"), "as_of: 'tomorrow' is not a date."),
        ((*GENERATE, "--start", "2027-01-01"), "start: 2027-01-01 is after as_of, 2026-01-01."),
        ((*GENERATE, "--executor", "rey"), 'executor: no executor is called "rey".\n  Did you mean "ray"?'),
        ((*GENERATE, "--executor", "ray"), "out: ray needs a place that every worker reaches."),
        ((*GENERATE, "--resume"), "resume: there is no folder to go on with."),
        ((*GENERATE, "--out", "memory://runs/one", "--workers", "2"), "out: memory:// is the memory of one process."),
        ((*GENERATE, "--workers", "0"), "workers: 0 workers cannot work."),
        (("generate", "--profile", "dental-adults", "--count", "-1"), "count: -1 is not a number of people."),
        (("run", "nosuch.json"), "nosuch.json: cannot be read: No such file or directory."),
        (("skills", "show", "caries"), 'Did you mean "caries-care" (dentalsim)?'),
        (("genrate",), 'no command is called "genrate". Did you mean "generate"?'),
        (("plugins", "check", "dentsim"), 'Did you mean "dentalsim"?'),
    ],
)
def test_an_unknown_name_or_impossible_value(refused, arguments: tuple[str, ...], said: str) -> None:
    assert said in refused(*arguments)


@pytest.mark.parametrize(
    ("profile", "said"),
    [
        ('{"id": "x",\n', "spec.json, line 2, column 1: is not JSON"),
        (
            {"demographics": {"agee": 3}},
            'spec.json: demographics.agee: there is no field "agee" here.\n  Did you mean "age"?',
        ),
        (
            {"demographics": {"age": {"type": "normall", "mean": 1, "sd": 1}}},
            'demographics.age: no distribution is called "normall".\n  Did you mean "normal"?',
        ),
        (
            {"demographics": {"age": {"type": "uniform", "min": 9, "max": 1}}},
            "demographics.age.max: min 9 is above max 1",
        ),
        (
            {"demographics": {"age": {"type": "normal", "mean": 50, "sd": -1}}},
            "demographics.age.sd: a standard deviation is not negative",
        ),
        (
            {"demographics": {"sex": {"type": "categorical", "weights": {"F": 0.4, "M": 0.4}}}},
            "demographics.sex.weights: the weights sum to 0.8",
        ),
        (
            {"demographics": {"sex": {"type": "categorical", "weights": {}}}},
            "demographics.sex.weights: there are no weights",
        ),
        (
            {"demographics": {"geography": {"fips": "99999"}}},
            'demographics.geography: no county has the FIPS code "99999".',
        ),
        ({"reference": {"fips": "1"}}, "reference.fips"),
        (
            {"clinical": {"primary_condition": {"code": "E11", "prevalence": 3.0}}},
            "clinical.primary_condition.prevalence: 3.0 is above 1.\n  Give 1 or less.",
        ),
        (
            {"clinical": {"conditions": [{"code": "E11", "when": "agee > 3"}]}},
            '"agee > 3" reads "agee", which nobody has.\n  Did you mean "age"?',
        ),
        (
            {"clinical": {"conditions": [{"code": "E11", "when": {"field": "age", "operator": "gtr", "value": 1}}]}},
            "clinical.conditions[0].when.operator",
        ),
        (
            {"attributes": {"x": {"type": "conditional", "rules": [{"if": "age > 3", "then": 1}]}}},
            "there is no default",
        ),
    ],
)
def test_a_profile_that_cannot_be(refused, tmp_path: Path, profile: object, said: str) -> None:
    assert said in refused("generate", "--profile", document(tmp_path, profile), "--count", "3", "--no-persist")


def test_all_mistakes_of_a_document_are_said_at_once(refused, tmp_path: Path) -> None:
    profile = {"demographics": {"agee": 3, "age": {"type": "uniform", "min": 9, "max": 1}}, "outputz": []}
    said = refused("generate", "--profile", document(tmp_path, profile), "--count", "3")
    assert all(path in said for path in ("demographics.agee", "demographics.age", "outputz"))


def test_a_scenario_s_mistake_names_file_and_path(refused, tmp_path: Path) -> None:
    scenario = {
        "scenario": "One",
        "profile": "dental-adults",
        "journeys": [{"template": "dental-year"}, {"template": "dental_yeer"}],
    }
    said = refused("run", document(tmp_path, scenario))
    assert said.startswith('healthsim: spec.json: journeys[1].template: no journey is called "dental_yeer".')


def test_a_folder_that_is_not_empty_keeps_what_is_in_it(refused, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    assert "is not empty" in refused(*GENERATE, "--out", str(tmp_path))
    assert "no earlier run of ours" in refused(*GENERATE, "--out", str(tmp_path), "--overwrite")
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_folder_that_cannot_be_made(refused) -> None:
    assert "cannot be written" in refused(*GENERATE, "--out", "/proc/nowhere/out")


def test_a_file_in_the_place_of_the_folder(refused, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine", encoding="utf-8")
    assert "is a file, not a folder" in refused(*GENERATE, "--out", str(tmp_path / "out"))


def test_overwrite_replaces_what_an_earlier_run_wrote_and_nothing_else(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with pytest.raises(SystemExit):
        main([*GENERATE, "--quiet", "--out", str(out), "--format", "dental_list"])
    (out / "mine.txt").write_text("mine", encoding="utf-8")
    (out / "dental_list" / "mine.txt").write_text("mine too", encoding="utf-8")
    with pytest.raises(SystemExit) as stopped:
        main([*GENERATE, "--quiet", "--out", str(out), "--overwrite", "--product", "dentalsim"])
    left = {str(path.relative_to(out)) for path in out.rglob("*") if path.is_file() and "tables" not in path.parts}
    assert (stopped.value.code, left) == (0, {"mine.txt", "dental_list/mine.txt", "manifest.json", "validation.json"})


def test_a_database_that_is_not_one(refused, tmp_path: Path) -> None:
    path = tmp_path / "notes.duckdb"
    path.write_text("not a database", encoding="utf-8")
    said = refused(
        "generate",
        "--profile",
        "dental-adults",
        "--count",
        "3",
        "--database",
        str(path),
        "--out",
        str(tmp_path / "out"),
    )
    assert (
        "is not a DuckDB database" in said
        and not (tmp_path / "out").exists()
        and path.read_text(encoding="utf-8") == "not a database"
    )


def test_a_full_disk_leaves_nothing(tmp_path: Path) -> None:
    ignored = "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)"
    limited = f"{ignored}; resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))"
    arguments = [
        "generate",
        "--profile",
        "dental-adults",
        "--count",
        "20000",
        "--no-persist",
        "--out",
        str(tmp_path / "out"),
    ]
    done = _python(f"{limited}; from healthsim_core.cli import main; main({arguments!r})")
    assert (
        (done.returncode, list(tmp_path.iterdir())) == (2, [])
        and "cannot be written" in done.stderr
        and "Traceback" not in done.stderr
    )


def test_ctrl_c_in_the_middle_leaves_nothing(tmp_path: Path) -> None:
    where = ["--out", str(tmp_path / "out"), "--database", str(tmp_path / "d.duckdb")]
    arguments = ["generate", "--profile", "dental-adults", "--count", "3000000", *where]
    command = [sys.executable, "-c", f"from healthsim_core.cli import main; main({arguments!r})"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=_environment())
    tables, deadline = tmp_path / "out/.healthsim/new/tables", time.monotonic() + 60
    while (
        not any(path.stat().st_size > 100_000 for path in tables.glob("core.event/*.parquet"))
        and time.monotonic() < deadline
    ):
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert (process.returncode, list(tmp_path.iterdir())) == (130, []), said
    assert "Traceback" not in said


def _python(source: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", source], capture_output=True, text=True, env=_environment(), check=False
    )


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}


def test_a_scenario_s_mistake_found_when_it_is_compiled_names_the_file_too(refused, tmp_path: Path) -> None:
    journey = {"journey_id": "j", "duration_days": 9, "events": [{"event_id": "a", "event_type": "milstone"}]}
    said = refused(
        "run", document(tmp_path, {"scenario": "One", "profile": "dental-adults", "journeys": [{"inline": journey}]})
    )
    assert 'spec.json: journeys[0].events[0].event_type: no event type is called "milstone".' in said


def test_a_mistake_of_a_profile_found_when_it_is_compiled_names_the_file(refused, tmp_path: Path) -> None:
    profile = document(tmp_path, {"clinical": {"conditions": [{"code": "E11", "when": "agee > 3"}]}})
    assert "spec.json: clinical.conditions[0].when: " in refused(
        "generate", "--profile", profile, "--count", "3", "--no-persist"
    )
