"""healthsim generate --profile NAME."""

from __future__ import annotations

from typing import Any

import click

from healthsim_core.cli import options
from healthsim_core.cli.run_command import execute


@click.command()
@options.who
@options.when
@options.where
@click.option("--persist/--no-persist", default=True, help="Store the cohort [default: yes].")
def command(
    profile: str,
    journeys: tuple[str, ...],
    count: int | None,
    products: tuple[str, ...],
    formats: tuple[str, ...],
    seed: int | None,
    namespace: str | None,
    as_of: str | None,
    start: str | None,
    truth: bool,
    quiet: bool,
    **where: Any,
) -> int:
    """Generate people of a profile, and what happens to them."""
    from healthsim_core.generator import make_plan

    plan = make_plan(
        **options.chosen(profile, journeys, products, formats),
        count=count,
        seed=seed,
        namespace=namespace,
        as_of=as_of,
        start=start,
        truth=truth or None,
        database=where["database"],
    )
    return execute(plan, quiet, **where)
