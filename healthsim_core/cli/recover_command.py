"""healthsim recover OUT."""

from __future__ import annotations

from pathlib import Path

import click

from healthsim_core.cli import show


@click.command()
@click.argument("out", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--clear", is_flag=True, help="Drop what an unfinished run left there, too.")
def command(out: Path, clear: bool) -> None:
    """Put an output folder right whose run was killed: the earlier run is in place again, or the new one."""
    from healthsim_core.execution.output_folder import recovered

    show.echo(recovered(out, clear))
