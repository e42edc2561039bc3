"""healthsim executions list | show | rerun."""

from __future__ import annotations

from typing import Any

import attrs
import click

from healthsim_core.cli import options, show


@click.group()
def command() -> None:
    """Earlier runs, and running them again."""


@command.command("list")
@options.AS_JSON
@options.DATABASE
def list_stored(as_json: bool, database: str | None) -> None:
    """Every execution that the database remembers."""
    from healthsim_core.state import list_executions

    executions = [attrs.asdict(execution) for execution in list_executions(database)]
    shown = ("id", "cohort", "profile", "seed", "as_of", "spec_hash")
    show.rows(
        executions if as_json else [{name: row[name] for name in shown if name in row} for row in executions], as_json
    )


@command.command("show")
@click.argument("execution")
@options.DATABASE
def show_execution(execution: str, database: str | None) -> None:
    """Print an execution's record as JSON: what was asked, seed, as-of, versions."""
    from healthsim_core.state import load_execution

    show.document(attrs.asdict(load_execution(execution, database=database)))


@command.command()
@click.argument("execution")
@options.where
@click.option("--persist/--no-persist", default=None, help="Store the cohort again [default: where --cohort names it].")
def rerun(execution: str, quiet: bool, **where: Any) -> int:
    """Run an earlier execution again: the same bytes under the same versions."""
    from healthsim_core.cli.run_command import execute
    from healthsim_core.generator import plan_again
    from healthsim_core.state import load_execution

    record = load_execution(execution, database=where["database"])
    plan = plan_again(record.spec, where["database"])
    changed = {name: version for name, version in plan.versions.items() if record.versions.get(name) != version}
    if changed:
        show.echo(f"Note: other versions than then, so other bytes are possible: {changed}", err=True)
    return execute(plan, quiet, **where)
