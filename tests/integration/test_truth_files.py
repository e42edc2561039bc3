"""A run with `--truth`: what is written of it, what is not, and that `verify` and a rerun have it too."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from test_verify_tables import rewrite, with_value

from healthsim import generate
from healthsim_core.cli import cli
from healthsim_core.generator import rerun
from healthsim_core.verification.verify import verify_folder

ASKED = {
    "profile": "trial-diabetes-adults", "journey": ["trial-participation", "diabetic-first-year"], "count": 6,
    "seed": 3, "output_formats": ["fhir_bundle", "sdtm_datasets"],
}  # fmt: skip


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("known") / "out"
    generate(**ASKED, truth=True, out=out)
    return out


def contents(out: Path, *below: str) -> dict[str, bytes]:
    files = (path for name in below for path in (out / name).rglob("*") if path.is_file())
    return {str(path.relative_to(out)): path.read_bytes() for path in files}


def test_formats_and_other_tables_are_the_same_with_and_without(known, tmp_path):
    generate(**ASKED, out=tmp_path / "plain")

    formats, tables = ("fhir_bundle", "sdtm_datasets"), ("tables",)
    assert contents(known, *formats) == contents(tmp_path / "plain", *formats)
    beside = contents(known, *tables)
    assert beside.pop("tables/core.measure.parquet")
    assert beside == contents(tmp_path / "plain", *tables)


def test_every_laboratory_value_of_chart_and_trial_has_its_true_value(known):
    with duckdb.connect() as connection:
        for name in ("core.measure", "patientsim.observation", "trialsim.lab"):
            connection.execute(f"""CREATE VIEW "{name}" AS FROM '{known}/tables/{name}.parquet'""")
        of_chart = connection.execute(
            """SELECT count(*), count(true_value), count(*) FILTER (o.value <> m.value)
               FROM "patientsim.observation" AS o LEFT JOIN "core.measure" AS m
               ON m.event_id = o.lab_order_id AND m.measure = 'a1c' WHERE o.loinc = '4548-4'"""
        ).fetchall()
        of_trial = connection.execute(
            """SELECT count(*), count(true_value), count(*) FILTER (abs(l.value - m.value) > 0.051)
               FROM "trialsim.lab" AS l LEFT JOIN "core.measure" AS m ON m.person_id = l.person_id
               AND m.time = l.time - INTERVAL 20 MINUTE AND m.measure = 'a1c' WHERE l.test_code = 'HBA1C'"""
        ).fetchall()
    for ((rows, with_truth, different),) in (of_chart, of_trial):
        assert rows == with_truth > 5
        assert different == 0


def test_verify_agrees_and_finds_a_true_value_that_was_changed(known):
    assert verify_folder(known).passed

    def off(table: pa.Table) -> pa.Table:
        return with_value(table, "true_value", 3, table["true_value"][3].as_py() + 0.25)

    table = pq.read_table(known / "tables" / "core.measure.parquet")
    try:
        rewrite(known, "core.measure", off)
        found = [finding.where for finding in verify_folder(known, formats=()).findings if finding.wrong]
    finally:
        rewrite(known, "core.measure", lambda _: table)
    assert "core.measure" in found


def test_a_rerun_has_it(known):
    listed = json.loads((known / "manifest.json").read_bytes())

    again = rerun(listed["spec"])
    assert again.tables["core.measure"].to_pylist() == pq.read_table(known / "tables/core.measure.parquet").to_pylist()


def test_the_command_line_stores_it_with_a_cohort(tmp_path):
    database = str(tmp_path / "x.duckdb")
    said = ["generate", "--profile", "adult-hypertension", "--journey", "chronic-management", "--count", "3", "--truth",
            "--product", "patientsim", "--cohort", "known", "--persist", "--database", database]  # fmt: skip
    made = CliRunner().invoke(cli, said)
    count = "SELECT count(*) AS rows, count(true_value) AS truths FROM core.measure"
    asked = CliRunner().invoke(cli, ["cohorts", "query", count, "--json", "--cohort", "known", "--database", database])

    assert made.exit_code == 0, made.output
    (row,) = json.loads(asked.output)
    assert row["rows"] == row["truths"] > 0


def test_the_plan_says_that_it_is_written():
    said = ["plan", "--profile", "adult-hypertension", "--journey", "chronic-management"]
    plain, known = (CliRunner().invoke(cli, [*said, *more]).output for more in ([], ["--truth"]))

    assert "  core.measure" in known.splitlines()
    assert "core.measure" not in plain
