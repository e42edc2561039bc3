"""healthsim explain OUT|COHORT ID."""

from __future__ import annotations

import click

from healthsim_core.cli import options, show


@click.command()
@click.argument("target", metavar="OUT|COHORT")
@click.argument("id", metavar="ID")
@options.DATABASE
@options.AS_JSON
def command(target: str, id: str, database: str | None, as_json: bool) -> None:
    """Tell where a record comes from: person, journey, event, what it read and drew, who made it."""
    from healthsim_core.explaining.explain import explain

    told = explain(target, id, database=database)
    if as_json:
        show.document(told.document())
    else:
        show.echo(str(told))
