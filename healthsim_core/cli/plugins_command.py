"""healthsim plugins list | new NAME | check NAME."""

from __future__ import annotations

from typing import Any

import click

from healthsim_core.cli import options, show


@click.group()
def command() -> None:
    """Installed products and what they offer."""


@command.command("list")
@options.AS_JSON
def list_plugins(as_json: bool) -> None:
    """Every plugin found: name, distribution, version, API, status, offers."""
    from healthsim_core.plugins import installed

    rows: list[dict[str, Any]] = [
        {
            "name": p.name,
            "distribution": p.distribution,
            "version": p.version,
            "api": p.api,
            "status": p.status,
            "cause": p.cause,
            "offers": _offers(p),
        }
        for p in installed()
    ]
    if not as_json:
        rows = [
            {**row, "offers": ", ".join(f"{len(names)} {kind}" for kind, names in row["offers"].items())}
            for row in rows
        ]
    show.rows(rows, as_json, "No plugin is installed: `pip install healthsim-core[all]`.")


@command.command()
@click.argument("name")
def new(name: str) -> None:
    """Write a plugin into a folder NAME: typed, tested, and with one of each to start from."""
    from pathlib import Path

    from healthsim_core.cli.new_plugin import plugin_files, write_plugin

    folder = write_plugin(name, Path())
    show.echo("\n".join(f"{folder}/{path}" for path in plugin_files(name)))
    show.echo(f"Next: `pip install -e {folder}`, then `healthsim plugins check {name}`.")


@command.command()
@click.argument("name")
def check(name: str) -> int:
    """Run the conformance checks on a plugin."""
    from healthsim_core.testing.conformance import check_plugin

    failed = 0
    for outcome in check_plugin(name):
        show.echo(
            f"{'ok  ' if outcome.passed else 'FAIL'} {outcome.name}" + (f": {outcome.cause}" if outcome.cause else "")
        )
        failed += not outcome.passed
    return 1 if failed else 0


def _offers(plugin: Any) -> dict[str, list[str]]:
    return {
        hook.removeprefix("healthsim_"): [offer_name(offer) for offer in offers]
        for hook, offers in plugin.offers.items()
    }


def offer_name(offer: Any) -> str:
    """What an offer is called in lists."""
    if hasattr(offer, "event_types"):
        return "+".join(offer.event_types)
    if hasattr(offer, "then"):
        return f"{offer.on} -> {offer.then}"
    if hasattr(offer, "system"):
        return str(offer.system.name)
    name = getattr(offer, "name", None) or getattr(offer, "skill", None)
    return (
        name or f"{type(offer).__name__}: {', '.join(getattr(offer, 'fields', None) or [t.name for t in offer.writes])}"
    )
