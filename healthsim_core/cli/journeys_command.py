"""healthsim journeys list | show."""

from __future__ import annotations

import click

from healthsim_core.cli import options, show


@click.group()
def command() -> None:
    """Journey templates."""


@command.command("list")
@options.AS_JSON
def list_journeys(as_json: bool) -> None:
    """Templates of all installed products."""
    from healthsim_core.catalog import default_catalog

    templates = [
        {"name": o.name, "product": o.product, "description": show.first_sentence(o.description)}
        for o in default_catalog().journeys.values()
    ]
    show.rows(templates, as_json)


@command.command("show")
@click.argument("name")
def show_journey(name: str) -> None:
    """Print a journey as JSON: a template, or a file as it is read."""
    from healthsim_core.catalog import default_catalog
    from healthsim_core.planning.given import find_journey

    show.echo(find_journey(name, default_catalog()).to_json())
