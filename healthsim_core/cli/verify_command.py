"""healthsim verify OUT|COHORT."""

from __future__ import annotations

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
    from healthsim_core.output.manifest import is_folder
    from healthsim_core.verification.verify import verify_cohort, verify_folder

    in_folder = is_folder(target)
    report = verify_folder(target, formats=formats or None) if in_folder else verify_cohort(target, database)
    if as_json:
        show.document(report.document())
    else:
        show.echo(str(report))
    return 0 if report.passed else 1
