"""healthsim schema profile | journey | scenario | plan."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from healthsim_core.cli import show

if TYPE_CHECKING:
    from pydantic import BaseModel

    from healthsim_core.catalog import Catalog
    from healthsim_core.tables import Field


@click.command()
@click.argument("kind", type=click.Choice(["profile", "journey", "scenario", "plan"]))
def command(kind: str) -> None:
    """Print the JSON Schema of a specification, for editors and language models."""
    from healthsim_core.catalog import default_catalog
    from healthsim_core.spec import JourneySpecification, PlanSpecification, ProfileSpecification, ScenarioSpecification

    models: dict[str, type[BaseModel]] = {
        "profile": ProfileSpecification,
        "journey": JourneySpecification,
        "scenario": ScenarioSpecification,
        "plan": PlanSpecification,
    }
    schema = with_offered(models[kind].model_json_schema(by_alias=True), default_catalog())
    show.document({"$schema": "https://json-schema.org/draft/2020-12/schema", **schema})


def with_offered(schema: dict[str, Any], catalog: Catalog) -> dict[str, Any]:
    """The schema, with the distributions that plugins offer in place of any name with a dot."""
    if "Offered" not in schema["$defs"]:
        return schema
    of_any = schema["$defs"]["Offered"]
    bounds = {name: of_any["properties"][name] for name in ("min", "max")}
    known = [
        {
            "title": name,
            "description": offer.description,
            "type": "object",
            "properties": {"type": {"const": name}, **bounds, **{f.name: _parameter(f) for f in offer.parameters}},
            "required": ["type", *(field.name for field in offer.parameters)],
            "additionalProperties": False,
        }
        for name, offer in catalog.distributions.items()
    ]
    offered: dict[str, Any] = {"oneOf": known} if known else {"not": {}}
    return {**schema, "$defs": {**schema["$defs"], "Offered": offered}}


def _parameter(field: Field) -> dict[str, Any]:
    bounds = {"minimum": field.least, "exclusiveMinimum": field.above, "maximum": field.most}
    number = {"type": "number", **{name: bound for name, bound in bounds.items() if bound is not None}}
    return {"anyOf": [number, {"type": "string"}], "description": field.description}
