"""healthsim formats list."""

from __future__ import annotations

import click

from healthsim_core.cli import options, show


@click.group()
def command() -> None:
    """Output formats."""


@command.command("list")
@options.AS_JSON
def list_formats(as_json: bool) -> None:
    """Formats of all installed products."""
    from healthsim_core.catalog import default_catalog

    formats = [
        {
            "name": o.name,
            "product": o.product,
            "description": show.first_sentence(o.description),
            "needs": list(o.needs),
        }
        for o in default_catalog().formats.values()
    ]
    show.rows(formats, as_json)
