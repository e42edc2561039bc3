"""healthsim schema profile | journey | scenario."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from healthsim_core.cli import show

if TYPE_CHECKING:
    from pydantic import BaseModel


@click.command()
@click.argument("kind", type=click.Choice(["profile", "journey", "scenario"]))
def command(kind: str) -> None:
    """Print the JSON Schema of a specification, for editors and language models."""
    from healthsim_core.spec import JourneySpecification, ProfileSpecification, ScenarioSpecification

    models: dict[str, type[BaseModel]] = {
        "profile": ProfileSpecification,
        "journey": JourneySpecification,
        "scenario": ScenarioSpecification,
    }
    schema = models[kind].model_json_schema(by_alias=True)
    show.document({"$schema": "https://json-schema.org/draft/2020-12/schema", **schema})
