"""healthsim plans list | show | check."""

from __future__ import annotations

import click

from healthsim_core.cli import options, show


@click.group()
def command() -> None:
    """Plans of benefits."""


@command.command("list")
@options.AS_JSON
def list_plans(as_json: bool) -> None:
    """Plans of all installed products."""
    from healthsim_core.catalog import default_catalog
    from healthsim_core.designs.known import offered_plan

    plans = [(offer, offered_plan(offer)) for offer in default_catalog().plans.values()]
    show.rows(
        [
            {
                "name": offer.name,
                "type": plan.coverage_type,
                "product": offer.product,
                "description": show.first_sentence(plan.description),
            }
            for offer, plan in plans
        ],
        as_json,
    )


@command.command("show")
@click.argument("name")
def show_plan(name: str) -> None:
    """Print a plan as JSON, a good start for one of your own."""
    from healthsim_core.catalog import default_catalog
    from healthsim_core.designs.known import offered_plan

    show.document(offered_plan(default_catalog().find("plan", name, "plan")).design)


@command.command()
@click.argument("file", type=click.Path(dir_okay=False))
def check(file: str) -> None:
    """Check a plan of your own, and print every mistake that it has."""
    from healthsim_core.catalog import default_catalog
    from healthsim_core.designs.checks import checked_plan

    plan = checked_plan(file, default_catalog())
    laws = f" that keeps {' and '.join(plan.rules)}" if plan.rules else ""
    show.echo(f"{file}: a plan of {plan.coverage_type}{laws}, without mistakes.")
