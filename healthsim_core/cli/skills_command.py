"""healthsim skills list | show."""

from __future__ import annotations

import click

from healthsim_core.cli import options, show


@click.group()
def command() -> None:
    """Clinical knowledge that journeys refer to."""


@command.command("list")
@options.AS_JSON
def list_skills(as_json: bool) -> None:
    """Skills of all installed products."""
    from healthsim_core.catalog import default_catalog

    skills = [
        {
            "name": s.skill,
            "version": s.version,
            "product": s.product,
            "lookups": list(s.lookups),
            "description": show.first_sentence(s.description),
        }
        for s in default_catalog().skills.values()
    ]
    show.rows(skills, as_json)


@command.command("show")
@click.argument("name")
def show_skill(name: str) -> None:
    """Print a skill: the document it was read from, or what its lookups need and give."""
    from healthsim_core.catalog import default_catalog

    skill = default_catalog().find("skill", name, "skill")
    if skill.document is not None:
        show.echo(skill.document.read_text(encoding="utf-8"))
        return
    show.rows(
        [{"lookup": lookup, "needs": keys, "gives": gives} for lookup, (keys, gives) in skill.lookups.items()],
        as_json=False,
    )
