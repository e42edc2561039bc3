"""Who runs the parts of a run, and where to, makes no difference; what was finished is not made again."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import in_tens
import pytest
from in_tens import A_PART

from healthsim import generate
from healthsim_core import Namespace
from healthsim_core.errors import HealthSimError, OutputError
from healthsim_core.execution import on_ray
from healthsim_core.execution.worker import make_part
from healthsim_core.output.unfinished import RECORDS
from healthsim_core.verification.verify import verify_folder

pytestmark = pytest.mark.usefixtures("parts_of_ten")

REQUEST: dict[str, Any] = {
    "profile": "dental-adults", "journey": "dental-year", "count": 60, "products": ["dentalsim"],
    "output_formats": ["dental_list"],
}  # fmt: skip
PARTS = 6


@pytest.fixture
def usual(tmp_path: Path) -> str:
    return digest(made(tmp_path / "usual"))


def made(out: Path, **options: Any) -> Path:
    generate(**{**REQUEST, **options}, out=out)
    return out


def digest(out: Path) -> str:
    return str(json.loads((out / "manifest.json").read_text(encoding="utf-8"))["digest"])


def killed(out: Path) -> Path:
    """The hidden folder that a run leaves which is killed when four of its six parts are done."""
    in_tens.killed(REQUEST, str(out), after=40)
    return out / ".healthsim" / "new"


def finished(staging: Path) -> Iterator[Path]:
    return (path for path in sorted((staging / "tables" / "core.event").iterdir()) if not path.name.startswith("."))


def test_every_part_is_in_the_manifest_with_its_rows_and_the_plans_hash(tmp_path: Path) -> None:
    manifest = json.loads((made(tmp_path / "out") / "manifest.json").read_text(encoding="utf-8"))
    assert [(part["start"], part["stop"]) for part in manifest["parts"]] == [
        (at, at + A_PART) for at in range(0, 60, A_PART)
    ]
    assert {part["plan_hash"] for part in manifest["parts"]} == {manifest["spec_hash"]}
    in_parts = sum(
        file["rows"] for file in manifest["files"] if file["format"] == "tables" and file["part"] is not None
    )
    assert sum(part["rows"] for part in manifest["parts"]) == in_parts


def test_a_run_that_is_killed_leaves_nothing_under_its_name(tmp_path: Path) -> None:
    killed(tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").iterdir()] == [".healthsim"]


def test_resuming_makes_only_the_parts_that_are_missing(tmp_path: Path, usual: str) -> None:
    staging = killed(tmp_path / "out")
    before = {path.name: path.stat().st_ino for path in finished(staging)}
    seen: list[int] = []
    result = generate(
        **REQUEST, out=tmp_path / "out", resume=True, chunk_size=A_PART, progress=lambda done, total: seen.append(done)
    )
    after = {path.name: path.stat().st_ino for path in (tmp_path / "out/tables/core.event").iterdir()}
    kept = [name for name, inode in before.items() if after[name] == inode]
    assert kept == [f"part-{number:05d}.parquet" for number in range(len(kept))]
    assert f"resumed: {len(kept)} of {PARTS} parts were there" in result.notes
    assert min(seen) > len(kept) * A_PART - 1
    assert digest(tmp_path / "out") == usual
    assert verify_folder(tmp_path / "out").passed


def test_a_part_whose_file_has_changed_is_made_again(tmp_path: Path, usual: str) -> None:
    staging = killed(tmp_path / "out")
    spoilt = next(finished(staging))
    spoilt.write_bytes(spoilt.read_bytes()[:-1] + b"x")
    made(tmp_path / "out", resume=True)
    assert digest(tmp_path / "out") == usual


def test_resuming_another_plan_is_refused_and_the_difference_named(tmp_path: Path) -> None:
    killed(tmp_path / "out")
    with pytest.raises(OutputError, match="unfinished run of another plan: its seed was 1, not 7"):
        made(tmp_path / "out", resume=True, seed=7)


def test_without_resuming_what_a_killed_run_left_is_dropped(tmp_path: Path, usual: str) -> None:
    staging = killed(tmp_path / "out")
    before = {path.stat().st_ino for path in finished(staging)}
    assert digest(made(tmp_path / "out", seed=7)) != usual
    assert before and not staging.exists()


def test_a_run_that_may_be_resumed_keeps_its_parts_when_it_fails(tmp_path: Path, usual: str) -> None:
    def fail(done: int, total: int) -> None:
        if done == 30:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        made(tmp_path / "out", resume=True, progress=fail)
    assert len(list((tmp_path / "out/.healthsim/new" / RECORDS).glob("0*.json"))) >= 2
    assert digest(made(tmp_path / "out", resume=True)) == usual


def test_a_finished_run_has_nothing_to_resume(tmp_path: Path) -> None:
    made(tmp_path / "out")
    with pytest.raises(OutputError, match="holds a finished run"):
        made(tmp_path / "out", resume=True)


def test_a_file_url_is_a_folder(tmp_path: Path, usual: str) -> None:
    result = generate(**REQUEST, out=f"file://{tmp_path}/out")
    assert digest(tmp_path / "out") == usual
    assert result.entities.num_rows == 60


def test_behind_a_url_the_manifest_makes_the_run(usual: str) -> None:
    import fsspec

    result = generate(**REQUEST, out="memory://execution/whole", persist=True, cohort="behind")
    files = fsspec.filesystem("memory")
    assert json.loads(files.cat_file("/execution/whole/manifest.json"))["digest"] == usual
    assert not [path for path in files.find("/execution/whole") if RECORDS in path]
    space = Namespace(result.execution.spec["namespace"])
    assert space.outward(result.entities["person_id"].to_numpy()).tolist() == [16 * number for number in range(1, 61)]


def test_behind_a_url_a_run_that_fails_leaves_no_file() -> None:
    import fsspec

    def fail(done: int, total: int) -> None:
        raise ValueError(done)

    with pytest.raises(ValueError, match=r"^\d+$"):
        generate(**REQUEST, out="memory://execution/failed", progress=fail)
    assert fsspec.filesystem("memory").find("/execution/failed") == []


def test_workers_and_memory_give_what_one_process_gives() -> None:
    one, two = generate(**{**REQUEST, "output_formats": []}), generate(**{**REQUEST, "output_formats": []}, workers=2)
    assert {name: table.to_pylist() for name, table in one.tables.items()} == {
        name: rows.to_pylist() for name, rows in two.tables.items()
    }


def test_a_format_that_cannot_be_cut_is_one_file(tmp_path: Path) -> None:
    out = made(tmp_path / "out", workers=2)
    assert [path.name for path in (out / "dental_list").iterdir()] == ["visits.txt"]


def test_ray_makes_the_same_also_where_a_worker_is_killed_in_the_middle(
    tmp_path: Path, usual: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ray = pytest.importorskip("ray", reason="the extra ray is not installed")
    killed = tmp_path / "killed"

    def make(job: Any, part: Any) -> Any:
        def die(number: int, units: int) -> None:
            if number == 3 and not killed.exists():
                killed.touch()
                os.kill(os.getpid(), signal.SIGKILL)

        return make_part(job, part, die)

    monkeypatch.setattr(on_ray, "_make", make)
    ray.init(address="local", num_cpus=2, include_dashboard=False, log_to_driver=False)
    try:
        assert digest(made(tmp_path / "ray", executor="ray")) == usual
    finally:
        ray.shutdown()
    assert killed.exists()


def test_an_executor_that_is_not_installed_says_how(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(HealthSimError, match=r'pip install "healthsim-core\[ray\]"'):
        made(tmp_path / "out", executor="ray")
    assert list(tmp_path.iterdir()) == []


CALL = {"event_id": "call", "event_type": "milestone"}
OF_THE_YOUNG = {"journey_id": "young", "duration_days": 90, "condition": "age < 40", "events": [CALL]}


def test_notes_are_the_same_for_any_number_of_workers_and_stand_in_the_report(tmp_path: Path) -> None:
    told = {**REQUEST, "journey": ["dental-year", OF_THE_YOUNG]}
    alone, together = generate(**{**told, "output_formats": []}), generate(**told, out=tmp_path / "out", workers=2)
    assert [note for note in alone.notes if '"young" is not for' in note and " of 60" in note]
    assert together.notes == alone.notes
    assert json.loads((tmp_path / "out/validation.json").read_text(encoding="utf-8"))["notes"] == list(alone.notes)


def test_notes_of_parts_that_were_finished_before_are_told_when_the_run_is_resumed(tmp_path: Path) -> None:
    told = {**REQUEST, "journey": ["dental-year", OF_THE_YOUNG]}
    in_tens.killed(told, str(tmp_path / "out"), after=40)
    whole, resumed = generate(**told, out=tmp_path / "whole"), generate(**told, out=tmp_path / "out", resume=True)
    assert [note for note in resumed.notes if not note.startswith("resumed")] == list(whole.notes)
