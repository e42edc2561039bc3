"""Options that several commands share, and what they mean to `generate`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

Function = TypeVar("Function", bound=Callable[..., Any])

AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
DATABASE = click.option(
    "--database",
    type=click.Path(dir_okay=False),
    help="DuckDB file [default: HEALTHSIM_DATABASE, else the user's data folder].",
)
QUIET = click.option(
    "--quiet", is_flag=True, help="Print neither progress nor summary; what failed, and notes, still go to stderr."
)

_WHEN = (
    click.option("--seed", type=int, help="Any whole number; the same seed gives the same bytes."),
    click.option(
        "--namespace",
        metavar="NAME",
        help="Of identifiers, to tell runs apart [default: profile or scenario, and seed].",
    ),
    click.option("--as-of", metavar="DATE", help="The world's today [default: 2026-01-01]."),
    click.option(
        "--start",
        metavar="DATE",
        help="When journeys begin [default: by household, in the year before as-of less the longest].",
    ),
    click.option("--truth", is_flag=True, help="Add core.measure: the true value beside each measured one."),
)
_WHERE = (
    click.option("--out", metavar="DIR", help="Folder or fsspec URL for files."),
    click.option("--overwrite", is_flag=True, help="Replace what an earlier run wrote to DIR."),
    click.option(
        "--resume",
        is_flag=True,
        help="Go on with the unfinished run in DIR, and leave what is finished if this one fails.",
    ),
    click.option("--cohort", metavar="NAME", help="Name of the stored cohort."),
    DATABASE,
    click.option("--workers", type=int, default=1, show_default=True, help="Processes."),
    click.option(
        "--executor", default="local", show_default=True, help="Who runs the parts: local, ray, spark, or a plugin's."
    ),
    click.option("--chunk-size", type=int, hidden=True),
    QUIET,
)
_WHO = (
    click.option("--profile", metavar="NAME|FILE", required=True, help="Template, or JSON file."),
    click.option(
        "--journey", "journeys", metavar="NAME|FILE", multiple=True, help="Template, or JSON file; may be repeated."
    ),
    click.option("--count", type=int, help="How many people, or households [default: the profile's]."),
    click.option(
        "--product",
        "products",
        metavar="P",
        multiple=True,
        help="Product whose records are made [default: all]; may be repeated.",
    ),
    click.option("--format", "formats", metavar="F", multiple=True, help="Format that is written; may be repeated."),
)


def when(function: Function) -> Function:
    """--seed, --namespace, --as-of, --start, --truth."""
    return _with(function, _WHEN)


def where(function: Function) -> Function:
    """--out, --overwrite, --resume, --cohort, --database, --workers, --executor, --quiet."""
    return _with(function, _WHERE)


def who(function: Function) -> Function:
    """--profile, --journey, --count, --product, --format."""
    return _with(function, _WHO)


def chosen(
    profile: str, journeys: tuple[str, ...], products: tuple[str, ...], formats: tuple[str, ...]
) -> dict[str, Any]:
    """Arguments of `generate` from what `who` gave."""
    return {
        "profile": profile,
        "journey": list(journeys) or None,
        "products": list(products) or None,
        "formats": list(formats) or None,
    }


def _with(function: Function, options: tuple[Any, ...]) -> Function:
    for option in reversed(options):
        function = option(function)
    return function
