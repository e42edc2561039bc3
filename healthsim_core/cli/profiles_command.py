"""healthsim profiles list | show | save | history."""

from __future__ import annotations

import click

from healthsim_core.cli import options, show


@click.group()
def command() -> None:
    """Profile templates and saved profiles."""


@command.command("list")
@options.AS_JSON
@options.DATABASE
def list_profiles(as_json: bool, database: str | None) -> None:
    """Templates of all installed products, and profiles saved in the database."""
    from healthsim_core.catalog import default_catalog
    from healthsim_core.state import list_profiles as saved_profiles

    templates = [
        {"name": o.name, "from": o.product, "description": show.first_sentence(o.description)}
        for o in default_catalog().profiles.values()
    ]
    saved = [
        {"name": p.name, "from": f"saved, version {p.version}", "description": show.first_sentence(p.description)}
        for p in saved_profiles(database)
    ]
    show.rows([*templates, *saved], as_json)


@command.command("show")
@click.argument("name")
@click.option("--version", type=int, help="Version of a saved profile [default: the newest].")
@options.DATABASE
def show_profile(name: str, version: int | None, database: str | None) -> None:
    """Print the profile that a run of that name would use: a template, a saved profile (NAME@2 is a version),
    or a file."""
    from healthsim_core.catalog import default_catalog
    from healthsim_core.generator import named_profile
    from healthsim_core.planning.given import find_profile

    meant = name if version is None else f"{name}@{version}"
    profile, remarks = named_profile(meant, default_catalog(), database)
    show.notes(remarks)
    show.echo(find_profile(profile, default_catalog()).to_json())


@command.command()
@click.argument("name")
@click.argument("source", metavar="FILE|TEMPLATE")
@options.DATABASE
def save(name: str, source: str, database: str | None) -> None:
    """Save a profile under a name; the same content again makes no new version."""
    from healthsim_core.catalog import default_catalog
    from healthsim_core.generator import named_profile
    from healthsim_core.planning.given import find_profile
    from healthsim_core.state import save_profile

    profile, _ = named_profile(source, default_catalog(), database)
    version = save_profile(name, find_profile(profile, default_catalog()), database=database)
    show.echo(f"{name}, version {version}")


@command.command()
@click.argument("name")
@options.AS_JSON
@options.DATABASE
def history(name: str, as_json: bool, database: str | None) -> None:
    """Versions of a saved profile."""
    import attrs

    from healthsim_core.state import profile_versions

    show.rows([attrs.asdict(version) for version in profile_versions(name, database=database)], as_json)
