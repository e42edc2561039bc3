"""A run is put in place whole, whichever call of the operating system is the last: strace kills at each,
or lets it fail."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from publishing import EARLIER, NEW, earlier_again, kind_left, written

from healthsim_core.errors import OutputError
from healthsim_core.output.manifest import HIDDEN
from healthsim_core.output.workplace import Workplace

CALLS = (
    "open,openat,write,close,fsync,fdatasync,rename,renameat,renameat2,unlink,unlinkat,mkdir,mkdirat,rmdir,chmod,fchmod,fchmodat,chown,fchown,"
    "fchownat,flock,newfstatat,getdents64"
)
FAILING = "openat,write,fsync,rename,mkdir,rmdir,unlink,unlinkat"


def _can_trace() -> bool:
    return (
        bool(shutil.which("strace"))
        and subprocess.run(["strace", "-qq", "-e", "trace=none", "true"], check=False).returncode == 0
    )


pytestmark = pytest.mark.skipif(not _can_trace(), reason="strace is missing, or may trace nothing here")


def traced(out: Path, log: Path, inject: str | None = None, paths: bool = False) -> int:
    """Publish a new run in a process that strace holds; how it ended: its exit code, or less than 0 a signal."""
    place = Workplace(out)
    written(place.new, NEW, "new")
    waits, go = os.pipe()
    process = os.fork()
    if process == 0:
        os.read(waits, 1)
        os._exit(_published(place))
    arguments = [
        "-qq",
        "-o",
        str(log),
        "-e",
        f"trace={CALLS}",
        *(["-e", f"inject={inject}"] if inject else []),
        *(["-y"] if paths else []),
    ]
    tracer = subprocess.Popen(["strace", *arguments, "-p", str(process)], stderr=subprocess.PIPE)
    _wait_until_held(process)
    os.write(go, b"!")
    status = os.waitpid(process, 0)[1]
    tracer.wait()
    for end in (waits, go):
        os.close(end)
    place.leave(keep=True)
    return os.waitstatus_to_exitcode(status)


def _published(place: Workplace) -> int:
    try:
        place.publish(NEW, EARLIER)
        place.leave()
    except (OSError, OutputError):
        return 3
    except BaseException:
        return 1
    return 0


def _wait_until_held(process: int) -> None:
    while not re.search(r"^TracerPid:\t[1-9]", Path(f"/proc/{process}/status").read_text(), re.MULTILINE):
        os.sched_yield()


def steps(out: Path, log: Path) -> Iterator[tuple[str, int]]:
    """Each call of a publishing that nobody disturbs: its name, and which of its name it is.
    The earlier run is there again after it."""
    assert traced(out, log) == 0
    earlier_again(out)
    seen: Counter[str] = Counter()
    for line in log.read_text().splitlines():
        call = line.split("(")[0]
        if call.isidentifier():
            seen[call] += 1
            yield call, seen[call]


def test_whoever_is_killed_at_any_call_leaves_the_earlier_run_or_the_new_one(out: Path, tmp_path: Path) -> None:
    kinds = []
    for call, number in list(steps(out, tmp_path / "log")):
        assert traced(out, tmp_path / "log", f"{call}:signal=KILL:when={number}") == -signal.SIGKILL, (call, number)
        place = Workplace(out)
        kinds.append(kind_left(out, place))
        place.leave()
        if kinds[-1] == "new":
            earlier_again(out)
    assert kinds == sorted(kinds) and {"earlier", "new"} == set(kinds) and len(kinds) > 60


@pytest.mark.parametrize("error", ["EIO", "ENOSPC"])
def test_whatever_call_fails_the_earlier_run_or_the_new_one_is_there(out: Path, tmp_path: Path, error: str) -> None:
    ended = set()
    for call, number in [step for step in steps(out, tmp_path / "log") if step[0] in FAILING.split(",")]:
        ended.add(traced(out, tmp_path / "log", f"{call}:error={error}:when={number}"))
        place = Workplace(out)
        if kind_left(out, place) == "new":
            earlier_again(out)
        place.leave()
    assert ended <= {0, 3} and 3 in ended


def test_every_new_file_is_on_the_disk_before_an_earlier_one_is_touched(out: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    traced(out, log, paths=True)
    lines = log.read_text().splitlines()
    touched = next(
        at
        for at, line in enumerate(lines)
        if re.match(r"(rename|unlink)", line) and not re.search(HIDDEN, line.split(",")[0])
    )
    flushed = {found[1] for line in lines[:touched] if (found := re.match(r"f(?:data)?sync\(\d+<(.*)>\)", line))}
    assert flushed >= {str(out.resolve() / HIDDEN / "new" / path) for path in NEW}


def test_the_lock_is_held_until_all_is_in_place(out: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    traced(out, log, paths=True)
    lines = log.read_text().splitlines()
    moved = max(at for at, line in enumerate(lines) if line.startswith("rename") and "manifest.json" in line)
    released = [at for at, line in enumerate(lines) if re.match(rf"close\(\d+<[^>]*{HIDDEN}/lock", line)]
    assert released and min(released) > moved
