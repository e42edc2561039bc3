"""What goes wrong around a database: one clear line, and the database as it was."""

from __future__ import annotations

import collections
import itertools
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import duckdb
import pytest

from healthsim_core.errors import StateError
from healthsim_core.state import (
    delete_cohort,
    export_cohort,
    get_summary,
    list_cohorts,
    list_executions,
    list_profiles,
    load_cohort,
    query,
    save_profile,
)

PRELUDE = f"""
import importlib.util, os, pathlib, resource, signal, sys, time
spec = importlib.util.spec_from_file_location("made", {str(Path(__file__).with_name("state_store.py"))!r})
made = importlib.util.module_from_spec(spec)
spec.loader.exec_module(made)
store = made.Store(pathlib.Path(sys.argv[1]))
"""


def process(store, script: str) -> subprocess.Popen[str]:
    """Another process that runs `script` with a `store` on the same database."""
    code = PRELUDE + textwrap.dedent(script)
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen([sys.executable, "-c", code, str(store.database)], text=True, **pipes)


def said(running: subprocess.Popen[str]) -> str:
    """The next line that the other process prints; where it has ended, how."""
    line = running.stdout.readline().strip()
    return line or f"{running.communicate(timeout=30)[1]} (ended with {running.returncode})"


HOLDS = """
    sink = store.sink("theirs")
    chunk = store.chunk(5_000)
    for _ in range(30):
        sink.write(chunk)
    print("holding", flush=True)
    sys.stdin.readline()
    sink.commit()
"""


def test_a_database_that_another_process_uses_is_named_with_that_process(store):
    store.save("before")
    other = process(store, HOLDS)
    assert said(other) == "holding"
    told = rf"healthsim\.duckdb: is in use by another process \(PID {other.pid}\)\.\n  Wait until it has ended"
    uses = [
        lambda: store.sink("ours"),
        lambda: save_profile("ours", {"id": "ours"}),
        lambda: delete_cohort("before"),
        list_cohorts,
    ]
    for use in uses:
        with pytest.raises(StateError, match=told):
            use()
    other.communicate("\n", timeout=30)
    assert [cohort.name for cohort in list_cohorts()] == ["before", "theirs"]


def test_of_two_processes_that_start_at_once_each_stores_or_is_told(store):
    script = """
        from healthsim_core.errors import StateError
        sys.stdin.readline()
        try:
            store.save(f"cohort-{os.getpid()}", store.chunk(2_000))
            print("stored")
        except StateError as error:
            print(error.what)
    """
    both = [process(store, script) for _ in range(2)]
    for each in both:
        each.stdin.write("\n")
        each.stdin.flush()
    answers = [each.communicate(timeout=60)[0].strip() for each in both]
    stored = [answer for answer in answers if answer == "stored"]
    assert stored
    assert all("is in use by another process" in answer for answer in answers if answer != "stored")
    assert len(list_cohorts()) == len(stored)


def test_a_killed_run_leaves_the_database_as_it_was(store, content):
    store.save("before")
    before = content(store.database)
    other = process(store, HOLDS)
    assert said(other) == "holding"
    other.kill()
    other.communicate(timeout=30)
    assert content(store.database) == before
    store.save("after")
    assert [cohort.name for cohort in list_cohorts()] == ["before", "after"]


def test_a_first_run_that_is_killed_leaves_a_database_that_opens(store):
    other = process(store, HOLDS)
    assert said(other) == "holding"
    other.kill()
    other.communicate(timeout=30)
    assert list_cohorts() == []
    store.save("after")
    assert [cohort.name for cohort in list_cohorts()] == ["after"]


def test_a_run_that_is_killed_just_after_commit_is_there(store):
    script = """
        sink = store.sink("theirs")
        sink.write(store.chunk(5_000))
        sink._writer._record()
        sink._writer._transaction.connection.commit()
        print("committed", flush=True)
        sys.stdin.readline()
    """
    other = process(store, script)
    assert said(other) == "committed"
    other.kill()
    other.communicate(timeout=30)
    assert get_summary("theirs").people == 5_000


@pytest.mark.skipif(os.name == "nt", reason="Windows sends no SIGINT to one thread's process")
def test_ctrl_c_in_the_middle_of_storing_is_ctrl_c_and_undoes_the_run(store, content):
    store.save("before")
    before, chunk = content(store.database), store.chunk(5_000)
    sink = store.sink("ours")
    threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
    with pytest.raises(KeyboardInterrupt):
        collections.deque(map(sink.write, itertools.repeat(chunk)), maxlen=0)
    sink.abort()
    assert content(store.database) == before


@pytest.mark.skipif(os.name == "nt", reason="Windows sends no SIGINT to one thread's process")
def test_ctrl_c_ends_a_long_query(store):
    store.save()
    threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        query("SELECT count(*) FROM range(10_000_000_000) a, range(1_000) b")
    assert time.monotonic() - started < 20


FILLS = """
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4_000_000, 4_000_000))
    from healthsim_core.errors import StateError
    try:
        store.save("large", *[store.chunk(5_000)] * 60)
    except StateError as error:
        print(str(error).replace("\\n ", ""))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="limits the size of files as Linux does")
def test_a_full_disk_says_so_and_leaves_the_database_as_it_was(store, content):
    store.save("before")
    before, size = content(store.database), store.database.stat().st_size
    answer, trouble = process(store, FILLS).communicate(timeout=60)
    assert "healthsim.duckdb: the disk is full. Free some space" in answer, trouble
    assert content(store.database) == before
    assert store.database.stat().st_size <= size
    store.save("after")
    assert [cohort.name for cohort in list_cohorts()] == ["before", "after"]


@pytest.mark.skipif(sys.platform != "linux", reason="limits the size of files as Linux does")
def test_a_full_disk_leaves_no_first_database(store):
    answer, trouble = process(store, FILLS).communicate(timeout=60)
    assert "the disk is full" in answer, trouble
    assert not store.database.exists()


OTHER_FILES = {
    b"": "an empty file",
    b"a,b\n1,2\n": "a text file",
    b"x" * 100_000: "a text file",
    "é".encode() * 4_000 + b"x": "a text file",
    b'\xef\xbb\xbf {"a": 1}': "a JSON document",
    b"SQLite format 3\0" + b"\0\1" * 3_000: "an SQLite database",
    b"PAR1" + b"\0" * 30 + b"PAR1": "a Parquet file",
    bytes(range(256)) * 40: "another kind of file",
}
READS_AND_WRITES = pytest.mark.parametrize(
    "use", [lambda store: store.sink(), lambda store: list_cohorts()], ids=["write", "read"]
)


@READS_AND_WRITES
@pytest.mark.parametrize("ending", ["duckdb", "json", "parquet", "db"])
@pytest.mark.parametrize(("said", "kind"), OTHER_FILES.items(), ids=OTHER_FILES.values())
def test_a_file_that_is_no_database_is_refused_in_plain_words_and_not_touched(
    store, monkeypatch, use, said, kind, ending
):
    path = store.database.with_suffix(f".{ending}")
    monkeypatch.setenv("HEALTHSIM_DATABASE", str(path))
    store.database = path
    path.write_bytes(said)
    with pytest.raises(StateError, match=rf"healthsim\.{ending}: is not a DuckDB database, but {kind}\."):
        use(store)
    assert path.read_bytes() == said


@READS_AND_WRITES
def test_a_folder_is_no_database(store, use):
    store.database.mkdir(parents=True)
    with pytest.raises(StateError, match=r"is not a DuckDB database, but a folder\."):
        use(store)


@READS_AND_WRITES
def test_a_database_that_is_cut_short_is_called_damaged(store, use):
    with duckdb.connect(str(store.database)) as connection:
        connection.execute("CREATE TABLE numbers AS FROM range(1000)")
    store.database.write_bytes(store.database.read_bytes()[:5_000])
    with pytest.raises(StateError, match="damaged or cut short"):
        use(store)


@READS_AND_WRITES
def test_a_database_of_a_newer_healthsim_is_refused_and_not_touched(store, use, content):
    store.save()
    with duckdb.connect() as connection:
        connection.execute(
            f"ATTACH '{store.database}' AS newer; UPDATE newer.healthsim.schema_version SET version = 99"
        )
    before = content(store.database)
    with pytest.raises(
        StateError, match=r"was written by a newer HealthSim \(schema version 99; this one reads up to 2\)"
    ):
        use(store)
    assert content(store.database) == before


@READS_AND_WRITES
def test_a_database_open_in_this_process_is_said_to_be(store, use):
    store.save()
    with duckdb.connect(str(store.database)), pytest.raises(StateError, match="is open in this process already"):
        use(store)


@pytest.mark.parametrize("inside", ["a_file/x.duckdb", "a_file"], ids=["below a file", "below a file itself"])
def test_a_place_that_cannot_hold_a_database_is_refused(store, tmp_path, inside):
    (tmp_path / "a_file").write_text("taken")
    store.database = tmp_path / inside / "healthsim.duckdb"
    with pytest.raises(StateError, match=r"healthsim\.duckdb: cannot be opened: .*\n  Check the path"):
        store.sink()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission_is_refused(store, tmp_path):
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(StateError, match="cannot be opened: Permission denied"):
            store.sink()
    finally:
        tmp_path.chmod(0o700)


def test_a_database_that_is_not_there_reads_as_empty_and_is_not_made(store):
    assert (list_cohorts(), list_executions(), list_profiles()) == ([], [], [])
    with pytest.raises(StateError, match="It holds no cohorts"):
        load_cohort("made")
    assert not store.database.exists()


@pytest.mark.parametrize("use", [load_cohort, get_summary, delete_cohort, lambda name: query("SELECT 1", cohort=name)])
def test_a_cohort_that_is_not_there_is_an_error_with_the_nearest(store, use):
    store.save("diabetics")
    with pytest.raises(StateError, match='no cohort is called "diabetic"\\.\n  Did you mean "diabetics"\\?'):
        use("diabetic")


def test_another_databases_tables_are_left_alone(store):
    with duckdb.connect(str(store.database)) as connection:
        connection.execute("CREATE TABLE notes AS SELECT 'mine' AS note")
    store.save()
    delete_cohort("made")
    with duckdb.connect(str(store.database), read_only=True) as connection:
        assert connection.execute("FROM notes").fetchall() == [("mine",)]


def test_a_database_may_be_called_like_a_schema(store, tmp_path):
    for name in ("core.duckdb", "payer.duckdb", "healthsim_store.duckdb", "it's mine.db"):
        store.database = tmp_path / name
        store.save()
        assert get_summary("made", store.database).people == 2


def test_an_export_to_a_place_that_cannot_be_written_is_refused(store, tmp_path):
    store.save()
    (tmp_path / "a_file").write_text("taken")
    with pytest.raises(StateError, match="a_file: cannot be written: "):
        export_cohort("made", tmp_path / "a_file")
