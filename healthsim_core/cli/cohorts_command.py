"""healthsim cohorts list | show | query | export | register | delete."""

from __future__ import annotations

import warnings
from pathlib import Path

import attrs
import click

from healthsim_core.cli import options, show


@click.group()
def command() -> None:
    """Stored cohorts."""


@command.command("list")
@options.AS_JSON
@options.DATABASE
def list_stored(as_json: bool, database: str | None) -> None:
    """Every cohort of the database."""
    from healthsim_core.state import list_cohorts

    cohorts = [attrs.asdict(cohort) for cohort in list_cohorts(database)]
    show.rows(
        cohorts if as_json else [{**row, "description": show.first_sentence(row["description"])} for row in cohorts],
        as_json,
    )


@command.command("show")
@click.argument("name")
@options.AS_JSON
@options.DATABASE
def show_cohort(name: str, as_json: bool, database: str | None) -> None:
    """Summary of a cohort."""
    from healthsim_core.state import get_summary

    summary = get_summary(name, database=database)
    if as_json:
        show.document(summary.to_dict())
    else:
        show.echo(str(summary))


@command.command()
@click.argument("sql")
@click.option("--cohort", help="See only this cohort's tables and rows.")
@click.option(
    "--limit",
    type=click.IntRange(1),
    help="Rows at most; what is beyond is left out.  [default: a million, more are an error]",
)
@click.option(
    "--timeout", type=click.FloatRange(0, min_open=True), default=600.0, show_default=True, help="Seconds at most."
)
@click.option("--memory", default="4GB", show_default=True, help="Memory at most.")
@options.AS_JSON
@options.DATABASE
def query(
    sql: str, cohort: str | None, limit: int | None, timeout: float, memory: str, as_json: bool, database: str | None
) -> None:
    """Run a SQL query, which can only read."""
    from healthsim_core.cli.bounds import memory_bound
    from healthsim_core.state import query as run_query

    with warnings.catch_warnings(record=True) as warned, memory_bound(memory):
        answer = run_query(sql, database, cohort, limit=limit, timeout=timeout, memory=memory)
    for warning in warned:
        show.echo(warning.message, err=True)
    show.rows(answer.to_pylist(), as_json, "No rows.")


@command.command()
@click.argument("name")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--format", "form", type=click.Choice(["parquet", "csv", "json"]), default="parquet", show_default=True)
@click.option("--overwrite", is_flag=True, help="Replace files of an earlier export.")
@options.DATABASE
def export(name: str, folder: Path, form: str, overwrite: bool, database: str | None) -> None:
    """Write a cohort's tables to files."""
    from healthsim_core.state import export_cohort

    for path in export_cohort(name, folder, form, database=database, overwrite=overwrite):
        show.echo(str(path))


@command.command()
@click.argument("name")
@click.argument("folder", metavar="OUT_DIR")
@options.DATABASE
def register(name: str, folder: str, database: str | None) -> None:
    """Register what a run wrote to OUT_DIR as a cohort, without copying it."""
    from healthsim_core.state import register_dataset

    show.echo(f"registered {register_dataset(name, folder, database=database)}")


@command.command()
@click.argument("name")
@options.DATABASE
def delete(name: str, database: str | None) -> None:
    """Delete a cohort; the record of its execution stays."""
    from healthsim_core.state import delete_cohort

    delete_cohort(name, database=database)
    show.echo(f"deleted {name}")
