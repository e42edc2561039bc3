"""A query may come from anybody: it reads the cohorts, and does nothing else."""

from __future__ import annotations

import json
import subprocess
import sys
import threading

import pytest

from healthsim.state import query
from healthsim_core.cli import main
from healthsim_core.database import file as database
from healthsim_core.errors import StateError

WRITES = [
    "DELETE FROM core.person",
    "INSERT INTO core.person (age) VALUES (1)",
    "UPDATE core.person SET age = 1",
    "DROP TABLE core.person",
    "CREATE TABLE core.mine AS SELECT 1",
    "ALTER TABLE core.person DROP COLUMN age",
    "ATTACH 'elsewhere.duckdb'",
    "COPY core.person TO 'people.csv'",
    "SET enable_external_access = true",
    "CALL pragma_version()",
    "CHECKPOINT",
    "EXPORT DATABASE 'elsewhere'",
    "WITH gone AS (DELETE FROM core.person RETURNING 1) SELECT * FROM gone",
    "SELECT 1; DELETE FROM core.person",
    "EXPLAIN ANALYZE DELETE FROM core.person",
    "EXPLAIN SELECT 1",
    "PREPARE later AS DELETE FROM core.person",
    "LOAD httpfs",
    "INSTALL httpfs",
    "PRAGMA enable_profiling",
    "EXPLAIN ANALYZE COPY (SELECT 1) TO '{database}' (USE_TMP_FILE false)",
    "COPY (SELECT 1) TO '{database}' (USE_TMP_FILE false)",
    "WITH gone AS (COPY (SELECT 1) TO '{database}' (USE_TMP_FILE false)) SELECT * FROM gone",
    "SELECT * FROM (WITH gone AS (COPY (SELECT 1) TO '{database}' (USE_TMP_FILE false)) FROM gone)",
    "SELECT (WITH gone AS (INSERT INTO core.person (age) VALUES (1) RETURNING age) SELECT age FROM gone)",
    "FROM core.person UNION ALL (WITH gone AS (DELETE FROM core.person RETURNING *) FROM gone)",
]
READS_ELSEWHERE = [
    "SELECT * FROM read_csv('{folder}/secret.csv')",
    "SELECT * FROM '{folder}/secret.csv'",
    "SELECT * FROM read_text('{folder}/secret.csv')",
    "SELECT * FROM read_blob('{database}')",
    "SELECT * FROM glob('{folder}/*')",
    "SELECT * FROM sniff_csv('{folder}/secret.csv')",
    "SELECT * FROM parquet_metadata('{folder}/secret.csv')",
    "SELECT * FROM query('SELECT 1')",
    "SELECT * FROM query_table('core.person')",
    "SELECT * FROM secret",  # a Python variable of the caller's
    "FROM duckdb_secrets()",
]
BEYOND_THE_COHORT = [
    "FROM healthsim.cohort",
    "FROM healthsim_store.core.person",
    "FROM healthsim_store.healthsim.cohort",
    "SELECT * FROM core.person JOIN healthsim_store.core.person AS other USING (person_id)",
    "FROM duckdb_tables()",
    "FROM duckdb_tables",
    "FROM information_schema.tables",
    "FROM pg_catalog.pg_tables",
    "FROM sqlite_master",
    "SHOW ALL TABLES",
    "SHOW DATABASES",
    "WITH duckdb_tables AS (SELECT 1) SELECT (SELECT count(*) FROM duckdb_tables)",
    "SELECT (SELECT count(*) FROM healthsim_store.core.person)",
    "PIVOT healthsim_store.core.person ON sex IN ('F', 'M') USING count(*)",
]


@pytest.fixture
def two(store, tmp_path):
    """Two cohorts, of two and of five people, and a file beside them."""
    store.save("made")
    store.save("other", store.chunk(5, first=10))
    (tmp_path / "secret.csv").write_text("a\n1\n")
    return store


@pytest.mark.parametrize("sql", WRITES)
@pytest.mark.parametrize("cohort", [None, "made"])
def test_a_query_that_would_write_is_refused_and_nothing_changes(two, content, sql, cohort):
    before, raw = content(two.database), two.database.read_bytes()
    with pytest.raises(StateError, match=r"^query: "):
        query(sql.replace("{database}", str(two.database)), cohort=cohort)
    assert (content(two.database), two.database.read_bytes()) == (before, raw)


@pytest.mark.parametrize("sql", READS_ELSEWHERE)
@pytest.mark.parametrize("cohort", [None, "made"])
def test_a_query_reads_nothing_but_the_cohorts(two, tmp_path, sql, cohort):
    with pytest.raises(StateError, match=r"^query: "):
        query(sql.format(folder=tmp_path, database=two.database), cohort=cohort)


@pytest.mark.parametrize("sql", BEYOND_THE_COHORT)
def test_a_query_of_a_cohort_sees_that_cohort_alone(two, sql):
    with pytest.raises(StateError, match=r"^query: "):
        query(sql, cohort="made")


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT count(*) AS n FROM core.person",
        "FROM core.person SELECT count(*) AS n",
        "WITH everybody AS (FROM core.person) SELECT count(*) AS n FROM everybody",
        "WITH RECURSIVE up(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM up WHERE n < 2) SELECT max(n) AS n FROM up",
        "SELECT n FROM (VALUES (2)) AS given(n)",
        "PIVOT (SELECT 1 AS one, count(*) AS n FROM core.person) ON one IN (1 AS n) USING sum(n)",
        "SELECT count(*) AS n FROM (DESCRIBE core.person) JOIN range(2) ON column_name = 'age'",
        "SELECT sum(i) + 1 AS n FROM range((SELECT count(*) FROM core.person)) AS r(i)",
    ],
)
def test_a_query_may_ask_in_every_way_that_reads(two, sql):
    assert query(sql, cohort="made").to_pylist() == [{"n": 2}]


def test_a_query_of_all_cohorts_may_ask_what_the_database_holds(two):
    assert query("SELECT count(*) AS n FROM duckdb_tables() WHERE table_name = 'person'").to_pylist() == [{"n": 1}]


def test_a_pivot_that_does_not_say_its_columns_is_told_to(two):
    with pytest.raises(StateError, match="PIVOT does not say its columns"):
        query("PIVOT core.person ON sex USING count(*)")


@pytest.mark.parametrize(
    "sql",
    [
        "SELEC 1",
        "SELECT nothing FROM core.person",
        "FROM core.persons",
        "",
        "SELECT 1; SELECT 2",
        "   ",
        "(" * 3_000 + "1",
    ],
)
def test_a_query_that_means_nothing_is_refused_in_one_line(store, sql):
    store.save()
    with pytest.raises(StateError, match=r"^query: ") as refused:
        query(sql, cohort="made")
    assert "\n" not in refused.value.what


def test_rows_beyond_a_limit_are_left_out(two):
    assert query("SELECT i FROM range(1000) AS r(i)", limit=3)["i"].to_pylist() == [0, 1, 2]


def test_a_million_rows_and_more_are_an_error_where_no_limit_is_said(two):
    with pytest.raises(StateError, match="more than 1,000,000 rows"):
        query("SELECT i FROM range(1_000_001) AS r(i)")


def test_a_query_that_takes_too_long_is_stopped(two):
    with pytest.raises(StateError, match=r"takes longer than 0\.2 seconds"):
        query("SELECT count(*) FROM range(10_000_000_000) a, range(1_000) b", timeout=0.2)


def test_a_query_that_takes_too_much_memory_is_stopped(two):
    with pytest.raises(StateError, match="more memory"):
        query("SELECT list(i::VARCHAR || repeat('x', 100)) FROM range(10_000_000) AS r(i)", memory="50MB")


def test_a_function_that_nothing_stops_is_not_waited_for(two, monkeypatch):
    monkeypatch.setattr(database, "_PATIENCE", 0.1)
    with pytest.raises(StateError, match=r"takes longer than 0\.2 seconds"):
        query("SELECT levenshtein(repeat('a', 50_000), repeat('b', 50_000))", timeout=0.2)
    (asking,) = [thread for thread in threading.enumerate() if thread.name == "healthsim-asking"]
    assert database.is_left_alone()
    asking.join()
    assert not database.is_left_alone() and query("SELECT 1 AS one").to_pylist() == [{"one": 1}]


def ended(two, sql: str, *options: str) -> tuple[int, str]:
    """A command's exit code, and what it says of what went wrong."""
    command = [
        "-c",
        "from healthsim_core.cli import main; main()",
        "cohorts",
        "query",
        sql,
        "--database",
        str(two.database),
        *options,
    ]
    done = subprocess.run([sys.executable, *command], capture_output=True, text=True, check=False, timeout=300)
    return done.returncode, done.stderr


def test_the_command_ends_at_such_a_function(two):
    code, said = ended(two, "SELECT levenshtein(repeat('a', 900_000), repeat('b', 900_000))", "--timeout", "0.5")
    assert (code, said.splitlines()[0]) == (2, "healthsim: query: takes longer than 0.5 seconds.")
    assert len(said.splitlines()) == 2


@pytest.mark.skipif(sys.platform != "linux", reason="Linux says how much memory a process has")
@pytest.mark.parametrize(
    "value", ["format('{:>2100000000}', 'x')", "list_resize([1], 3_000_000_000)", "printf('%2100000000s', 'x')"]
)
def test_the_command_makes_no_value_beyond_its_memory(two, value):
    code, said = ended(two, f"SELECT len({value})", "--memory", "200MB")
    assert (code, said.splitlines()[0]) == (2, "healthsim: query: takes more memory than it may.")


@pytest.mark.parametrize(("option", "value"), [("limit", 0), ("limit", -1), ("memory", "much")])
def test_a_limit_that_is_none_is_refused(two, option, value):
    with pytest.raises(StateError):
        query("SELECT 1", **{option: value})


def test_the_command_shows_so_many_rows_and_no_more(two, capsys):
    with pytest.raises(SystemExit) as ended:
        main(
            [
                "cohorts",
                "query",
                "SELECT i FROM range(10) AS r(i) ORDER BY i",
                "--limit",
                "3",
                "--json",
                "--database",
                str(two.database),
            ]
        )
    assert (ended.value.code, json.loads(capsys.readouterr().out)) == (0, [{"i": 0}, {"i": 1}, {"i": 2}])
