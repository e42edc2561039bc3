"""healthsim init."""

from __future__ import annotations

from pathlib import Path

import click

from healthsim_core.cli import options, show


@click.command()
@click.option(
    "--from",
    "source",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of official files, recognised by their headers.",
)
@options.DATABASE
def command(source: Path | None, database: str | None) -> int:
    """Load the bundled facts, and official files, into the database."""
    from healthsim_core.reference.init import initialize
    from healthsim_core.state import database_path

    report = initialize(database_path(database), source)
    show.echo(str(report))
    return 0 if report.passed else 1
