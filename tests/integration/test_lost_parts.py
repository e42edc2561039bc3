"""A run is what its manifest lists: what a worker wrote elsewhere,
lost or never ended is found before anything is published."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import pytest

from healthsim import generate
from healthsim_core.errors import OutputError
from healthsim_core.execution import on_this_machine, shared
from healthsim_core.execution.shared import look, refuse_unless_shared
from healthsim_core.execution.worker import Report, make_part
from healthsim_core.formats.folder import Folder
from healthsim_core.output.parts import Job, Part, PartResult

pytestmark = pytest.mark.usefixtures("parts_of_ten")

REQUEST: dict[str, Any] = {
    "profile": "dental-adults", "journey": "dental-year", "count": 60, "products": ["dentalsim"],
    "output_formats": ["dental_list"],
}  # fmt: skip
LOST = "tables/core.person/part-00003.parquet"


def digest(out: Path) -> str:
    return str(json.loads((out / "manifest.json").read_text(encoding="utf-8"))["digest"])


@pytest.fixture
def usual(tmp_path: Path) -> str:
    generate(**REQUEST, out=tmp_path / "usual")
    return digest(tmp_path / "usual")


def spoiling(spoil: Callable[[Path], object]) -> Callable[[Job, Part, Report], PartResult]:
    """What makes parts, but that a file of part 3 is spoilt when it is made."""

    def make(job: Job, part: Part, report: Report) -> PartResult:
        made = make_part(job, part, report)
        if part.number == 3:
            spoil(Path(job.folder.of(LOST)))
        return made

    return make


def shortened(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def changed(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))


SPOILT = [(Path.unlink, "is missing"), (shortened, "has .* bytes of .*"), (changed, "does not hold what was written")]


@pytest.mark.parametrize(("spoil", "what"), SPOILT)
def test_a_file_that_is_not_what_was_written_is_an_error_of_its_part_and_worker(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spoil: Callable[[Path], object], what: str
) -> None:
    monkeypatch.setattr(on_this_machine, "make_part", spoiling(spoil))
    who = rf"the worker of part 3 \(people 30 to 40\), .*process {os.getpid()}"
    named = rf"part-00003\.parquet {what}; {who}, wrote it"
    with pytest.raises(OutputError, match=named):
        generate(**REQUEST, out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_the_earlier_run_stays_where_a_file_of_the_new_one_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, usual: str
) -> None:
    monkeypatch.setattr(on_this_machine, "make_part", spoiling(Path.unlink))
    with pytest.raises(OutputError, match="is missing"):
        generate(**{**REQUEST, "seed": 7}, out=tmp_path / "usual", overwrite=True)
    assert digest(tmp_path / "usual") == usual and (tmp_path / "usual" / LOST).is_file()


def test_a_file_that_goes_after_its_part_was_seen_is_missed_at_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def make(job: Job, part: Part, report: Report) -> PartResult:
        if part.number == 5:
            Path(job.folder.of(LOST.replace("core.person", "core.event"))).unlink()
        return make_part(job, part, report)

    monkeypatch.setattr(on_this_machine, "make_part", make)
    with pytest.raises(OutputError, match=r"part-00003\.parquet is missing"):
        generate(**{**REQUEST, "output_formats": []}, out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_behind_a_url_a_file_that_is_missing_is_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    import fsspec

    store = fsspec.filesystem("memory")

    def make(job: Job, part: Part, report: Report) -> PartResult:
        made = make_part(job, part, report)
        if part.number == 3:
            store.rm_file(f"/lost/run/{LOST}")
        return made

    monkeypatch.setattr(on_this_machine, "make_part", make)
    with pytest.raises(OutputError, match=r"part-00003\.parquet is missing; the worker of part 3"):
        generate(**{**REQUEST, "output_formats": []}, out="memory://lost/run")
    assert store.find("/lost/run") == []


def elsewhere(job: Job, folder: Path) -> Job:
    """The job as a machine has it whose folder of the same name is another."""
    return attrs.evolve(job, folder=Folder(folder))


def test_a_worker_that_reaches_another_folder_writes_nothing_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def make(job: Job, part: Part, report: Report) -> PartResult:
        return make_part(elsewhere(job, tmp_path / "other") if part.number == 2 else job, part, report)

    monkeypatch.setattr(on_this_machine, "make_part", make)
    monkeypatch.setattr(shared, "PATIENCE", 0.0)
    with pytest.raises(OutputError, match=f"not one folder for all workers: .*process {os.getpid()} does not see"):
        generate(**REQUEST, out=tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("blind", ["sees nothing", "sees what an earlier run left", "writes where nobody looks"])
def test_a_node_shares_a_folder_only_where_both_see_what_the_other_wrote(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, blind: str
) -> None:
    monkeypatch.setattr(shared, "PATIENCE", 0.0)
    here, there = Folder(tmp_path / "here"), Folder(tmp_path / "there")
    job: Any = attrs.make_class("Told", ["folder", "seen_by"])(here, shared.begin(here))
    if blind == "sees what an earlier run left":
        shared.begin(there)
    if blind == "writes where nobody looks":
        there.write(job.seen_by, b"")
    seen = [look(job), look(attrs.evolve(job, folder=there))]
    with pytest.raises(OutputError, match="not one folder for all workers"):
        refuse_unless_shared(here, seen)


def test_nodes_that_see_what_the_others_wrote_share_a_folder(tmp_path: Path) -> None:
    here = Folder(tmp_path / "here")
    job: Any = attrs.make_class("Told", ["folder", "seen_by"])(here, shared.begin(here))
    refuse_unless_shared(here, [look(job), look(job)])
    assert here.paths() == [job.seen_by]


@pytest.fixture
def replaced(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The processes that were replaced."""
    gone: list[int] = []
    replace = on_this_machine._Others._replace

    def counting(self: Any, dead: Any) -> None:
        gone.append(dead.process.pid)
        replace(self, dead)

    monkeypatch.setattr(on_this_machine._Others, "_replace", counting)
    return gone


def stop_once(monkeypatch: pytest.MonkeyPatch, seconds: float | None) -> list[int]:
    """Let the process that is given a part first be stopped at once, for good or for some seconds; it."""
    stopped: list[int] = []
    give = on_this_machine._Other.give

    def stopping(self: Any, part: Part) -> None:
        give(self, part)
        if not stopped:
            stopped.append(self.process.pid)
            os.kill(self.process.pid, signal.SIGSTOP)
            if seconds is not None:
                threading.Timer(seconds, os.kill, (self.process.pid, signal.SIGCONT)).start()

    monkeypatch.setattr(on_this_machine._Other, "give", stopping)
    return stopped


def test_the_parts_of_a_process_that_is_stopped_are_made_elsewhere(
    tmp_path: Path, usual: str, monkeypatch: pytest.MonkeyPatch, replaced: list[int]
) -> None:
    monkeypatch.setattr(on_this_machine, "STOPPED", 0.5)
    stopped = slow_and_stopped(monkeypatch, None)
    generate(**REQUEST, out=tmp_path / "out", workers=2)
    assert digest(tmp_path / "out") == usual
    assert replaced == stopped


def test_a_process_that_goes_on_is_left_alone(
    tmp_path: Path, usual: str, monkeypatch: pytest.MonkeyPatch, replaced: list[int]
) -> None:
    stopped = slow_and_stopped(monkeypatch, 1.0)
    generate(**REQUEST, out=tmp_path / "out", workers=2)
    assert digest(tmp_path / "out") == usual
    assert stopped and not replaced


def test_a_process_that_is_only_slow_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, replaced: list[int]
) -> None:
    monkeypatch.setattr(on_this_machine, "STOPPED", 0.0)
    generate(**REQUEST, out=tmp_path / "out", workers=2)
    assert not replaced


def test_a_run_that_fails_does_not_wait_for_a_process_that_is_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped = slow_and_stopped(monkeypatch, None)

    def fail(done: int, total: int) -> None:
        if stopped:
            raise ValueError(done)

    with pytest.raises(ValueError, match=r"^\d+$"):
        generate(**REQUEST, out=tmp_path / "out", workers=2, progress=fail)
    assert stopped and multiprocessing.active_children() == []


def slow_and_stopped(monkeypatch: pytest.MonkeyPatch, seconds: float | None) -> list[int]:
    """The same, where this process makes nothing until the other has been given a part."""
    stopped = stop_once(monkeypatch, seconds)
    next_part = on_this_machine._Others.next_part

    def waiting(self: Any) -> Part | None:
        while not stopped:
            self._look(0.05)
        return next_part(self)

    monkeypatch.setattr(on_this_machine._Others, "next_part", waiting)
    return stopped
