"""A run is put in place whole: whoever dies on the way leaves the earlier run or the new one, and what ends it."""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from publishing import EARLIER, NEW, SHARED_MEMORY, content, earlier_again, kind_left, run_of, written

from healthsim import generate
from healthsim_core.errors import OutputError
from healthsim_core.execution.output_folder import recovered
from healthsim_core.formats.folder import Folder, own_path
from healthsim_core.output.manifest import HIDDEN, read_manifest
from healthsim_core.output.workplace import Workplace
from healthsim_core.verification.verify import verify_folder

CHANGES = ("os.rename", "os.remove", "os.mkdir", "os.rmdir", "open")


def kill_at(number: int) -> None:
    """Let this process be killed before its n-th change of files from now on."""
    count = 0

    def kill(event: str, _: object) -> None:
        nonlocal count
        if event in CHANGES:
            count += 1
            if count == number:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(kill)


def in_another_process(do: Callable[[], None]) -> bool:
    """Do something in a process of its own; whether that was killed."""
    process = os.fork()
    if process == 0:
        try:
            do()
            os._exit(0)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
    status = os.waitpid(process, 0)[1]
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return os.WIFSIGNALED(status)


def killed(do: Callable[[], None], at: int) -> bool:
    """Do something in a process that is killed before its n-th change of files; whether it was."""

    def from_now_on() -> None:
        kill_at(at)
        do()

    return in_another_process(from_now_on)


def published(out: Path, killed_at: int) -> bool:
    """Put a new run in place in a process that is killed before its n-th change; whether it was."""
    place = Workplace(out)
    written(place.new, NEW, "new")

    def publish() -> None:
        place.publish(NEW, EARLIER)
        place.leave()

    was = killed(publish, killed_at)
    place.leave(keep=True)
    return was


def test_whoever_is_killed_at_any_change_leaves_the_earlier_run_or_the_new_one(out: Path) -> None:
    kinds, at = [], 1
    while published(out, at):
        place = Workplace(out)
        kinds.append(kind_left(out, place))
        place.leave()
        if kinds[-1] == "new":
            earlier_again(out)
        at += 1
    assert content(out) == run_of("new", NEW)
    assert kinds == sorted(kinds) and {"earlier", "new"} == set(kinds) and at > 20


def test_whoever_is_killed_while_putting_things_right_can_do_it_again(out: Path) -> None:
    at, again = 1, True
    while again:
        assert published(out, 18)
        place = Workplace(out)
        again = killed(lambda place=place: place.recover(), at)  # type: ignore[misc]
        place.recover()
        assert content(out) == run_of("earlier", EARLIER)
        place.leave()
        at += 1
    assert at > 5


def test_one_command_ends_what_was_interrupted(out: Path) -> None:
    assert published(out, 18)
    with pytest.raises(OutputError, match="interrupted while it was put in place"):
        read_manifest(Folder(out))
    assert recovered(out, clear=True).endswith("a finished run is in place.")
    assert content(out) == run_of("earlier", EARLIER) and not (out / HIDDEN).exists()


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError(5, "Input/output error")])
def test_what_fails_in_the_middle_leaves_the_earlier_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    written(tmp_path / "out", EARLIER, "earlier")
    before, moves = content(tmp_path / "out"), []
    place, rename = Workplace(tmp_path / "out"), os.replace
    written(place.new, NEW, "new")

    def failing(source: Path, target: Path) -> None:
        moves.append(target)
        if len(moves) == 7:
            raise error
        rename(source, target)

    monkeypatch.setattr(os, "replace", failing)
    with pytest.raises((KeyboardInterrupt, OutputError)):
        place.publish(NEW, EARLIER)
    place.recover()
    place.leave()
    assert content(tmp_path / "out") == before


REQUEST = {"profile": "dental-adults", "count": 3, "products": ["dentalsim"]}


def test_the_owner_and_mode_of_a_folder_stay(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out").chmod(0o2750)
    before = (tmp_path / "out").stat()
    generate(**REQUEST, out=tmp_path / "out")
    after = (tmp_path / "out").stat()
    assert (after.st_ino, after.st_mode, after.st_uid, after.st_gid) == (
        before.st_ino,
        before.st_mode,
        before.st_uid,
        before.st_gid,
    )


def test_the_current_folder_may_be_the_output_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    generate(**REQUEST, out=".")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["manifest.json", "tables", "validation.json"]


def test_a_link_to_an_empty_folder_on_another_disk_may_be_the_output_folder(tmp_path: Path) -> None:
    if not os.access(SHARED_MEMORY, os.W_OK):
        pytest.skip(f"{SHARED_MEMORY} cannot be written here: the second file system is missing.")
    with tempfile.TemporaryDirectory(dir=SHARED_MEMORY) as elsewhere:
        (tmp_path / "out").symlink_to(elsewhere)
        for _ in range(2):
            generate(**REQUEST, out=tmp_path / "out", overwrite=True)
        assert (tmp_path / "out").is_symlink()
        assert sorted(os.listdir(elsewhere)) == ["manifest.json", "tables", "validation.json"]


@pytest.mark.parametrize("name", ["tables", HIDDEN])
def test_nothing_is_written_or_removed_through_a_link(tmp_path: Path, name: str) -> None:
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "new").write_text("precious")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / name).symlink_to(tmp_path / "precious")
    with pytest.raises(OutputError, match="link"):
        generate(**REQUEST, out=tmp_path / "out", overwrite=True)
    assert (tmp_path / "precious" / "new").read_text() == "precious"


@pytest.mark.parametrize(
    "name", ["new", "old", "new/tables", "new/.parts", "new/dental_list", "publishing.json", "lock"]
)
@pytest.mark.parametrize("options", [{"overwrite": True}, {"resume": True}, {}], ids=["overwrite", "resume", "new"])
def test_nothing_goes_through_a_link_in_the_hidden_folder(tmp_path: Path, name: str, options: dict[str, bool]) -> None:
    precious, link = tmp_path / "precious", tmp_path / "out" / HIDDEN / name
    written(precious, ["mine.txt", "tables/mine.txt"], "mine")
    before = content(precious)
    link.parent.mkdir(parents=True)
    link.symlink_to(precious / "mine.txt" if name in ("publishing.json", "lock") else precious)
    with pytest.raises(OutputError):
        generate(**REQUEST, out=tmp_path / "out", **options)
    with pytest.raises(OutputError):
        recovered(tmp_path / "out")
    assert content(precious) == before and sorted(path.name for path in precious.rglob("*")) == [
        "mine.txt",
        "mine.txt",
        "tables",
    ]


@pytest.mark.parametrize("path", ["letters/mine.txt", "tables/mine.txt"])
def test_a_file_of_the_reader_s_own_that_a_manifest_lists_is_not_removed(tmp_path: Path, path: str) -> None:
    out = tmp_path / "out"
    generate(**REQUEST, out=out)
    written(out, [path], "mine")
    manifest = json.loads((out / "manifest.json").read_text())
    listed = {"format": path.split("/")[0], "part": None, "path": path, "rows": 0, "bytes": 4, "sha256": "0" * 64}
    (out / "manifest.json").write_text(json.dumps({**manifest, "files": [*manifest["files"], listed]}))
    with pytest.raises(OutputError, match=f"lists {path}, which no run of ours wrote"):
        generate(**REQUEST, out=out, overwrite=True)
    assert (out / path).read_text() == f"mine {path}"


def test_a_file_of_a_format_that_is_gone_is_replaced_where_it_is_what_was_written(tmp_path: Path) -> None:
    out = tmp_path / "out"
    generate(**REQUEST, out=out)
    written(out, ["older/visits.txt"], "older")
    size, digest = Folder(out).digest("older/visits.txt")
    manifest = json.loads((out / "manifest.json").read_text())
    listed = {"format": "older", "part": None, "path": "older/visits.txt", "rows": 1, "bytes": size, "sha256": digest}
    (out / "manifest.json").write_text(json.dumps({**manifest, "files": [*manifest["files"], listed]}))
    generate(**REQUEST, out=out, overwrite=True)
    assert not (out / "older").exists()


STRANGE = [
    "C:/x", "tables/C:/x", "tables/x:stream", "tables/.. /x", "tables/... /x", "tables/x.", "tables/x\x00",
    "tables/\u202ex", 3, None,
]  # fmt: skip


@pytest.mark.parametrize("path", STRANGE)
def test_a_path_that_some_system_takes_for_another_is_none_of_ours(path: object) -> None:
    with pytest.raises(ValueError, match="is not in the folder"):
        own_path(path)


OUTSIDE = [
    "../precious.txt",
    "/precious.txt",
    "tables/../../precious.txt",
    "tables//x",
    "notes.txt",
    "tables/..\\x",
    "",
]


@pytest.mark.parametrize("path", OUTSIDE)
def test_a_manifest_that_lists_what_no_run_wrote_there_is_refused(tmp_path: Path, path: str) -> None:
    out = tmp_path / "out"
    generate(**REQUEST, out=out)
    (tmp_path / "precious.txt").write_text("mine")
    (out / "notes.txt").write_text("mine")
    manifest = json.loads((out / "manifest.json").read_text())
    manifest["files"].append({"format": "x", "part": None, "path": path, "rows": 0, "bytes": 0, "sha256": ""})
    (out / "manifest.json").write_text(json.dumps(manifest))
    before = content(tmp_path)
    with pytest.raises(OutputError, match="not ours"):
        generate(**REQUEST, out=out, overwrite=True)
    assert content(tmp_path) == before


def test_a_link_among_the_earlier_run_s_folders_is_not_followed(tmp_path: Path) -> None:
    out = tmp_path / "out"
    written(out, EARLIER, "earlier")
    (tmp_path / "elsewhere").mkdir()
    (out / "tables" / "gone").rename(tmp_path / "elsewhere" / "gone")
    (out / "tables" / "gone").symlink_to(tmp_path / "elsewhere" / "gone")
    place = Workplace(out)
    written(place.new, NEW, "new")
    with pytest.raises(OutputError, match="holds a link, tables/gone"):
        place.publish(NEW, EARLIER)
    place.recover()
    place.leave()
    assert (tmp_path / "elsewhere/gone/part-00000.parquet").read_text() == "earlier tables/gone/part-00000.parquet"
    assert (out / "tables/a.parquet").read_text() == "earlier tables/a.parquet"


def test_two_runs_into_one_folder_wait_for_nobody(tmp_path: Path) -> None:
    place = Workplace(tmp_path / "out")
    with pytest.raises(OutputError, match="is being written by another run"):
        generate(**REQUEST, out=tmp_path / "out")
    place.leave()
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("at", [12, 25, 40])
def test_a_command_that_was_killed_while_publishing_can_be_given_again(tmp_path: Path, at: int) -> None:
    def run(seed: int) -> None:
        generate("dental-adults", count=2, seed=seed, products=["dentalsim"], out=tmp_path / "out", overwrite=True)

    run(1)
    publishing = Workplace.publish

    def interrupted(place: Workplace, *arguments: Any) -> None:
        kill_at(at)
        publishing(place, *arguments)

    def second() -> None:
        Workplace.publish = interrupted  # type: ignore[method-assign]
        run(2)

    assert in_another_process(second)
    run(3)
    assert verify_folder(tmp_path / "out").passed and read_manifest(Folder(tmp_path / "out"))["seed"] == 3
