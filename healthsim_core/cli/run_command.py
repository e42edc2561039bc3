"""healthsim run SCENARIO.json."""

from __future__ import annotations

from typing import Any

import attrs
import click

from healthsim_core.cli import options, show


@click.command()
@click.argument("scenario", metavar="SCENARIO.json")
@options.when
@click.option("--count", type=int, help="How many such households [default: the scenario's, else 1].")
@options.where
@click.option("--persist/--no-persist", default=True, help="Store the cohort [default: yes].")
def command(
    scenario: str,
    seed: int | None,
    namespace: str | None,
    as_of: str | None,
    start: str | None,
    truth: bool,
    count: int | None,
    quiet: bool,
    **where: Any,
) -> int:
    """Run a scenario: people, timelines, records, files."""
    from healthsim_core.generator import make_plan

    plan = make_plan(
        scenario=scenario,
        seed=seed,
        namespace=namespace,
        as_of=as_of,
        start=start,
        truth=truth or None,
        count=count,
        database=where["database"],
    )
    return execute(plan, quiet, **where)


def execute(plan: Any, quiet: bool, **where: Any) -> int:
    """Run a plan with progress, print the summary; the exit code."""
    from healthsim_core.cli.summary import summary
    from healthsim_core.execution.aftermath import whole
    from healthsim_core.execution.run import Options, free_folder, run_plan
    from healthsim_core.state import database_path

    if where["out"] is None and plan.formats:
        where["out"] = str(free_folder(plan.request.name))
    with show.progress(plan.request.name, quiet) as report:
        result = run_plan(plan, Options(**where, progress=report))
    try:
        show.notes(result.notes if quiet else plan.remarks)
        if not quiet:
            printed = attrs.evolve(result, notes=result.notes[len(plan.remarks) :])
            show.echo(summary(printed, where["out"], database_path(where["database"])))
        elif not result.validation.passed:
            show.echo(str(result.validation), err=True)
    except KeyboardInterrupt:
        raise KeyboardInterrupt(whole(result.cohort, where["out"], where["database"])) from None
    return 0 if result.validation.passed else 1
