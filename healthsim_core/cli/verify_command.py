"""healthsim verify OUT|COHORT."""

from __future__ import annotations

import os

import click

from healthsim_core.cli import options, show


@click.command()
@click.argument("target", metavar="OUT|COHORT")
@click.option(
    "--format", "formats", metavar="F", multiple=True, help="Format that is read back [default: all]; may be repeated."
)
@options.DATABASE
@options.AS_JSON
def command(target: str, formats: tuple[str, ...], database: str | None, as_json: bool) -> int:
    """Read the files of an output folder back, or a stored cohort, and check that everything agrees."""
    from healthsim_core.errors import OutputError
    from healthsim_core.verification.verify import verify_cohort, verify_folder

    folder = "://" in target or os.path.exists(target)  # False too for a name that no file can have
    if "/" in target and not folder:
        raise OutputError("is not there.", target, "Name a folder that --out named, or a stored cohort.")
    report = verify_folder(target, formats=formats or None) if folder else verify_cohort(target, database)
    if as_json:
        show.document(report.document())
    else:
        show.echo(str(report))
    return 0 if report.passed else 1
