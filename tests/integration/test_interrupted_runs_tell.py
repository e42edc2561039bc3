"""Ctrl-C at the end of a run, while it is committed or put in place: one line says what is stored, what is not,
and what goes on."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from healthsim import generate
from healthsim_core.cli import main
from healthsim_core.database.file import Transaction
from healthsim_core.output import workplace
from healthsim_core.output.manifest import HIDDEN
from healthsim_core.output.stored import StoredTables
from healthsim_core.state import list_cohorts

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows sends no SIGINT to one thread's process")

WHOM = ["--profile", "dental-adults", "--product", "dentalsim"]
RUN = ["generate", *WHOM, "--count", "3", "--seed", "2", "--cohort", "them"]


class Places:
    """An output folder and a database, and commands on them."""

    def __init__(self, place: Path, capture: pytest.CaptureFixture[str]) -> None:
        self.out, self.database, self._capture = place / "out", place / "d.duckdb", capture

    def told(self, *arguments: str) -> tuple[int, str]:
        """A command's exit code, and what it says of itself; of the run's folder and database, by short names."""
        with pytest.raises(SystemExit) as ended:
            main([*arguments, "--database", str(self.database)])
        said = self._capture.readouterr().err.strip()
        return int(ended.value.code or 0), said.replace(str(self.out), "OUT").replace(str(self.database), "DATABASE")

    def run(self, *more: str) -> tuple[int, str]:
        return self.told(*RUN, "--out", str(self.out), *more)

    @property
    def cohorts(self) -> list[str]:
        return [cohort.name for cohort in list_cohorts(self.database)]

    @property
    def files(self) -> dict[str, bytes]:
        """What the output folder holds."""
        return {
            path.relative_to(self.out).as_posix(): path.read_bytes() for path in self.out.rglob("*") if path.is_file()
        }


@pytest.fixture
def places(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Places:
    return Places(tmp_path, capsys)


def earlier_run(out: Path) -> None:
    generate("dental-adults", count=2, products=["dentalsim"], seed=1, out=out)


def interrupting(patch: pytest.MonkeyPatch, whose: Any, name: str, at: int = 1) -> None:
    """Let Ctrl-C come just before something is done for the n-th time."""
    calls, what = [], getattr(whose, name)

    def interrupted(*arguments: Any) -> Any:
        calls.append(arguments)
        if len(calls) == at:
            signal.raise_signal(signal.SIGINT)
        return what(*arguments)

    patch.setattr(whose, name, interrupted)


def commit_interrupted(patch: pytest.MonkeyPatch) -> None:
    """Let Ctrl-C come when all is committed, and nobody knows of it yet."""
    interrupting(patch, Transaction, "abort")


def publishing_interrupted(patch: pytest.MonkeyPatch, at: int) -> None:
    """Let Ctrl-C come before the n-th file is moved while a run is put in place."""
    interrupting(patch, workplace, "_move", at)


def test_a_commit_that_is_interrupted_is_told_as_stored_where_it_is(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit_interrupted(monkeypatch)
    told = (
        'healthsim: interrupted; cohort "them" is stored in DATABASE, and OUT holds no run; the same with '
        "--no-persist writes the files."
    )
    assert places.run() == (130, told)
    assert places.cohorts == ["them"] and not places.out.exists()


def test_what_is_interrupted_before_it_is_committed_is_told_as_not_stored(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    earlier_run(places.out)
    before = places.files
    interrupting(monkeypatch, Transaction, "commit")
    told = "healthsim: interrupted; the cohort is not stored, and OUT holds the earlier run."
    assert places.run("--overwrite") == (130, told)
    assert places.cohorts == [] and places.files == before


@pytest.mark.parametrize("at", [1, 2, 4])
def test_what_is_interrupted_while_it_is_put_in_place_says_that_the_cohort_is_stored(
    places: Places, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    earlier_run(places.out)
    before = places.files
    with monkeypatch.context() as patch:
        publishing_interrupted(patch, at)
        code, said = places.run("--overwrite")
    told = (
        'cohort "them" is stored in DATABASE, and OUT holds the earlier run; the same with --no-persist writes '
        "the files."
    )
    assert (code, said) == (130, f"healthsim: interrupted; {told}")
    assert places.files == before and places.cohorts == ["them"]


def test_what_it_says_goes_on_goes_on(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        publishing_interrupted(patch, 2)
        code, said = places.run("--resume")
    assert code == 130 and said.endswith(
        "OUT holds no run beside what was made; --resume --no-persist goes on with it."
    )
    again = [each for each in RUN if each not in ("--cohort", "them")]
    code, said = places.told(*again, "--out", str(places.out), "--resume", "--no-persist")
    assert code == 0 and "manifest.json" in places.files and not (places.out / HIDDEN).exists()


def test_ctrl_c_after_the_manifest_is_in_place_comes_too_late(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    interrupting(monkeypatch, workplace.Workplace, "_tidy")
    told = 'healthsim: interrupted; cohort "them" is stored in DATABASE, and OUT holds the new run.'
    assert places.run() == (130, told)
    assert "manifest.json" in places.files and not (places.out / HIDDEN).exists()


def test_ctrl_c_while_the_summary_is_made_says_that_all_is_there(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupting(monkeypatch, StoredTables, "pieces")
    earlier_run(places.out)
    told = 'healthsim: interrupted; cohort "them" is stored in DATABASE, and OUT holds the new run.'
    assert places.run("--overwrite", "--count", "30") == (130, told)


def test_who_interrupts_the_undoing_too_is_told_what_ends_it(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    earlier_run(places.out)
    before = places.files
    with monkeypatch.context() as patch:
        publishing_interrupted(patch, 3)
        interrupting(patch, workplace.Workplace, "_move_back")
        code, said = places.run("--overwrite")
    assert code == 130 and said.endswith("and OUT is half put in place; `healthsim recover OUT` ends it.")
    with pytest.raises(SystemExit):
        main(["recover", "--clear", str(places.out)])
    assert places.files == before


def test_a_run_that_stores_nothing_says_nothing_of_cohorts(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    publishing_interrupted(monkeypatch, 2)
    ended = places.told("generate", *WHOM, "--count", "3", "--no-persist", "--out", str(places.out))
    assert ended == (130, "healthsim: interrupted; nothing was written.")
    assert not places.out.exists()


def test_in_python_the_interruption_has_the_same_words(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    publishing_interrupted(monkeypatch, 2)
    with pytest.raises(KeyboardInterrupt, match=r'cohort "them" is stored in .*, and .*out holds no run'):
        generate(
            "dental-adults", count=3, products=["dentalsim"], out=places.out, database=places.database, cohort="them"
        )


def test_a_deletion_that_is_interrupted_too_late_says_that_it_is_done(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    places.run()
    commit_interrupted(monkeypatch)
    assert places.told("cohorts", "delete", "them") == (
        130,
        "healthsim: interrupted; what was asked is stored in DATABASE.",
    )
    assert places.cohorts == []


def test_an_export_that_is_interrupted_says_how_many_tables_are_there(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    places.run()
    folder = places.out.with_name("exported")
    interrupting(monkeypatch, Path, "replace", 3)
    code, said = places.told("cohorts", "export", "them", str(folder))
    there = [path.name for path in folder.iterdir()]
    assert code == 130 and f"{len(there)} of " in said and len(there) == 2
