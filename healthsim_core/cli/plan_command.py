"""healthsim plan: what a run would do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from healthsim_core.cli import options, show


@click.command()
@click.argument("scenario", metavar="[SCENARIO.json]", required=False)
@click.option("--profile", metavar="NAME|FILE", help="Template, or JSON file.")
@click.option(
    "--journey", "journeys", metavar="NAME|FILE", multiple=True, help="Template, or JSON file; may be repeated."
)
@click.option("--count", type=int, help="How many people, or households.")
@click.option(
    "--product", "products", metavar="P", multiple=True, help="Product whose records are made; may be repeated."
)
@click.option("--format", "formats", metavar="F", multiple=True, help="Format that is written; may be repeated.")
@options.when
@options.where
@click.option("--persist/--no-persist", default=True, hidden=True)
@options.AS_JSON
@click.option("--dot", "as_dot", is_flag=True, help="Print the event graph as Graphviz text.")
@click.option(
    "--svg", metavar="FILE", type=click.Path(dir_okay=False, writable=True), help="Draw the event graph into FILE."
)
def command(
    scenario: str | None,
    profile: str | None,
    journeys: tuple[str, ...],
    products: tuple[str, ...],
    formats: tuple[str, ...],
    count: int | None,
    seed: int | None,
    namespace: str | None,
    as_of: str | None,
    start: str | None,
    truth: bool,
    as_json: bool,
    as_dot: bool,
    svg: str | None,
    database: str | None,
    **_: Any,
) -> None:
    """Show the compiled plan of a scenario, or of a profile with journeys, without running it."""
    from healthsim_core.generator import make_plan
    from healthsim_core.planning.picture import plan_dot, plan_svg
    from healthsim_core.planning.text import plan_document, plan_text

    given: dict[str, Any] = {"count": count, "seed": seed, "namespace": namespace, "as_of": as_of, "start": start}
    given |= {"truth": truth or None, "products": list(products) or None, "formats": list(formats) or None}
    plan = make_plan(profile, list(journeys) or None, scenario=scenario, database=database, **given)
    if svg is not None:
        Path(svg).write_text(plan_svg(plan), encoding="utf-8")
    if as_dot:
        show.echo(plan_dot(plan), nl=False)
    elif as_json:
        show.document(plan_document(plan))
    elif svg is None:
        show.echo(plan_text(plan))
