"""The JSON Schema of specifications says all that their reader takes: every name of a field,
and one of a list alone."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import attrs
from pydantic import GetJsonSchemaHandler
from pydantic.aliases import AliasChoices
from pydantic.fields import FieldInfo
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema


def names_of(name: str, field: FieldInfo) -> tuple[str, ...]:
    """The names by which a field may be written."""
    alias = field.validation_alias
    also = alias.choices if isinstance(alias, AliasChoices) else [alias] if isinstance(alias, str) else []
    return tuple(dict.fromkeys([*map(str, also), name]))


def name_all(schema: dict[str, Any], names: Mapping[str, tuple[str, ...]]) -> None:
    """Add to a model's schema the other names of its fields, of which one at most may be written.

    Args:
        schema: The schema of the model, which is changed.
        names: By field, its names.
    """
    properties, required = schema.get("properties", {}), schema.get("required", [])
    for choices in names.values():
        shown = next((choice for choice in choices if choice in properties), None)
        if shown is None or len(choices) < 2:
            continue
        properties |= dict.fromkeys(choices, properties[shown])
        one_of_them = [{"required": [choice]} for choice in choices]
        if shown in required:
            required.remove(shown)
            schema.setdefault("allOf", []).append({"oneOf": one_of_them})
        else:
            pairs = [{"not": {"required": list(pair)}} for pair in itertools.combinations(choices, 2)]
            schema.setdefault("allOf", []).extend(pairs)
    if not required:
        schema.pop("required", None)


def never_null(schema: dict[str, Any]) -> None:
    """Say that a field is left out or has a value; for `json_schema_extra` of one whose default is None."""
    forms = [form for form in schema.pop("anyOf") if form.get("type") != "null"]
    schema.pop("default", None)
    schema.update({"anyOf": forms} if len(forms) > 1 else forms[0])


def close_patterns(schema: Any) -> None:
    """Say of mappings whose names have a form that no other names are taken; the schema is changed."""
    if isinstance(schema, dict):
        if "patternProperties" in schema:
            schema.setdefault("additionalProperties", False)
        for inner in schema.values():
            close_patterns(inner)
    elif isinstance(schema, list):
        for inner in schema:
            close_patterns(inner)


@attrs.frozen(init=False, eq=False)
class Or:
    """Annotation: other forms in which a value may be written, as JSON Schemas;
    the reader makes of them what is annotated."""

    forms: tuple[dict[str, Any], ...]

    def __init__(self, *forms: dict[str, Any]) -> None:
        self.__attrs_init__(forms)

    def __get_pydantic_json_schema__(self, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"anyOf": [*self.forms, handler(core_schema)]}


class AnyOf:
    """Annotation: forms of which the reader takes the first that fits, though others would fit as well."""

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        schema = handler(core_schema)
        return {"anyOf": schema.pop("oneOf"), **schema}


def or_one(schema: dict[str, Any]) -> None:
    """Say that one item may stand where a list is meant; for `json_schema_extra` of a list's field."""
    several = {name: schema.pop(name) for name in ("type", "items", "maxItems", "minItems") if name in schema}
    schema["anyOf"] = [several, several["items"]]


def or_weights(schema: dict[str, Any]) -> None:
    """Say that a list of weighted values may be one of bare values, or a mapping from value to weight."""
    several = {name: schema.pop(name) for name in ("type", "items") if name in schema}
    bare = {"anyOf": [several["items"], {"type": ["string", "number", "boolean"]}]}
    weights = {"type": "object", "additionalProperties": {"type": "number", "minimum": 0}}
    schema["anyOf"] = [{"type": "array", "items": bare}, weights]
