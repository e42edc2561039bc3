"""What pydantic finds wrong, in the words of the specification: path, value and remedy."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from healthsim_core.errors import HealthSimError, SpecificationError, suggestion
from healthsim_core.spec.schema import names_of

Location = tuple[int | str, ...]
MOST_READ = 500  # of pydantic's errors; a document that has more is mended piece by piece

COLUMN = r"^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)?$"  # a name that expressions read, with its namespace
# as a code may be written; the list has it as E11.9
ICD_10 = r"^\s*[A-Za-z][0-9Aa][0-9A-Za-z](\.?[0-9A-Za-z]{1,4})?\s*$"
_EXPECTED = {  # what pydantic calls a wrong type or form of value, by the first word of its name
    "float": "a number", "int": "a whole number", "string": "a text", "list": "a list", "dict": "a mapping",
    "model": "a mapping",
    "bool": "true or false", "date": "a date", "tuple": "a list", "finite": "a finite number",
    "literal": "one of a few words",
}  # fmt: skip
_PATTERNS = {
    r"^[A-Za-z0-9_-]+$": "Use letters, digits, - and _.",
    COLUMN: 'Write a name, such as "age" or "outcome.a1c".',
    r"^\d{5}$": 'Write five digits, such as "06073".',
    ICD_10: 'Write an ICD-10-CM code, such as "E11" or "E11.9".',
}
_BOUNDS = {  # constraint to what is wrong and the remedy
    "greater_than_equal": ("is below {ge}", "Give {ge} or more."),
    "greater_than": ("is not above {gt}", "Give more than {gt}."),
    "less_than_equal": ("is above {le}", "Give {le} or less."),
    "less_than": ("is not below {lt}", "Give less than {lt}."),
    "int_from_float": ("is not a whole number", "Give a whole number."),
    "too_long": ("has {actual_length} items", "Give {max_length} or fewer."),
    "too_short": ("has {actual_length} items", "Give {min_length} or more."),
    "string_too_short": ("is too short", "Give at least {min_length} characters."),
    "string_too_long": ("is too long", "Give at most {max_length} characters."),
}


def mistakes_of(error: ValidationError, model: type[BaseModel], source: Any) -> list[tuple[Location, HealthSimError]]:
    """The mistakes of a document in its own words, with their paths."""
    details = [(_path(detail, source), detail) for detail in error.errors()[:MOST_READ]]
    kept = _without_echoes(details)
    by_path: dict[Location, list[ErrorDetails]] = {}
    for path, detail in kept:
        by_path.setdefault(path, []).append(detail)
    return [
        (path, _mistake(path, joined, model, source)) for path, errors in by_path.items() for joined in _joined(errors)
    ]


def located(document: Any, path: Location) -> Any:
    """What stands at a path; None where nothing does."""
    for part in path:
        stands = (
            part in document if isinstance(document, dict) else isinstance(document, list) and _is_place(part, document)
        )
        if not stands:
            return None
        document = document[part]
    return document


def _is_place(part: object, items: list[Any]) -> bool:
    return isinstance(part, int) and 0 <= part < len(items)


def _path(detail: ErrorDetails, source: Any) -> Location:
    """The parts of an error's location that stand in the document;
    pydantic adds names of union members between them."""
    location, at = detail["loc"], source
    kept: list[int | str] = []
    for index, part in enumerate(location):
        stands = part in at if isinstance(at, dict) else isinstance(at, list) and _is_place(part, at)
        if stands:
            kept, at = [*kept, part], at[part]
        elif (
            index == len(location) - 1
            and detail["type"] in ("missing", "extra_forbidden", "mistake")
            and not _is_tag(part)
        ):
            kept.append(part)
    return tuple(kept)


def _is_tag(part: int | str) -> bool:
    """Whether it is the name of a union's member that is a distribution."""
    return isinstance(part, int) or part.startswith("type=")


def _is_of_type(detail: ErrorDetails) -> bool:
    """Whether the error says that a value is of another type than wanted, which every member of a union may say."""
    no_word = detail["type"] == "literal_error" and isinstance(detail["input"], dict | list)
    return no_word or detail["type"].endswith(("_type", "_parsing"))


def _without_echoes(mistakes: list[tuple[Location, ErrorDetails]]) -> list[tuple[Location, ErrorDetails]]:
    """Of a union's errors, those of the member that was meant: not its siblings' complaint that the type is another."""
    kept = []
    for index, (path, detail) in enumerate(mistakes):
        others = [
            other for position, other in enumerate(mistakes) if position != index and other[0][: len(path)] == path
        ]
        echoes = _is_of_type(detail) and any(
            not _is_of_type(other) or len(longer) > len(path) for longer, other in others
        )
        repeated = any(
            position < index and other[0] == path and other[1]["msg"] == detail["msg"]
            for position, other in enumerate(mistakes)
        )
        if not echoes and not repeated:
            kept.append((path, detail))
    return kept


def _joined(details: list[ErrorDetails]) -> list[list[ErrorDetails]]:
    """Complaints about the type of one value are one mistake; every other is its own."""
    of_type = [detail for detail in details if _is_of_type(detail)]
    rest = [[detail] for detail in details if not _is_of_type(detail)]
    return [of_type, *rest] if of_type else rest


def _mistake(path: Location, details: Sequence[ErrorDetails], model: type[BaseModel], source: Any) -> HealthSimError:
    where = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")
    detail = details[0]
    what, remedy = _said(detail, model, located(source, path[:-1])) if not _is_of_type(detail) else _wrong_type(details)
    return SpecificationError(what, where, remedy)


def _said(detail: ErrorDetails, model: type[BaseModel], beside: Any) -> tuple[str, str]:
    kind, context, name = detail["type"], detail.get("ctx", {}), str(detail["loc"][-1]) if detail["loc"] else ""
    shown = _shown(detail["input"])
    if kind == "mistake":
        return context["what"], context["remedy"]
    if kind == "extra_forbidden":
        fields = _fields_near(model, detail["loc"][:-1])
        other = _said_already(name, _models_near(model, detail["loc"][:-1]), beside)
        if other:
            return f'"{name}" and "{other}" are two names of one field.', "Leave one of them out."
        return f'there is no field "{name}" here.', suggestion(name, fields) or f"Fields: {', '.join(sorted(fields))}."
    if kind == "missing":
        return f'the field "{name}" is missing.', "Add it."
    if kind == "literal_error":
        allowed = str(context["expected"]).replace("'", '"')
        wanted = allowed.replace(" or ", ", ").replace('"', "").split(", ")
        return f"{shown} is not one of {allowed}.", suggestion(str(detail["input"]), wanted)
    if kind in _BOUNDS:
        what, remedy = (
            text.format(**{name: _plain(value) for name, value in context.items()}) for text in _BOUNDS[kind]
        )
        return f"{shown} {what}.", remedy
    if kind == "string_pattern_mismatch":
        return f"{shown} has another form.", _PATTERNS.get(context["pattern"], f"It must match {context['pattern']}.")
    message = detail["msg"].removeprefix("Value error, ")
    what, _, remedy = message.replace(". Did you", "; Did you").strip().partition("; ")
    value = "" if isinstance(detail["input"], dict | list) or shown.strip('"') in what else f" (got {shown})"
    return f"{what.rstrip('.')}{value}.", remedy[:1].upper() + remedy[1:].rstrip(".?") + (
        "?" if "?" in remedy else "."
    ) if remedy else ""


def _wrong_type(details: Sequence[ErrorDetails]) -> tuple[str, str]:
    wanted = list(dict.fromkeys(_EXPECTED.get(detail["type"].split("_")[0], "something else") for detail in details))
    either = " or ".join(wanted)
    return f"{_shown(details[0]['input'])} is not {either}.", f"Give {either}."


def _plain(value: Any) -> str:
    return f"{value:,g}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)


def _shown(value: Any) -> str:
    text = json.dumps(value, default=str, ensure_ascii=False)
    return text if len(text) <= 80 else f"{text[:77]}..."


def _said_already(name: str, models: Sequence[type[BaseModel]], beside: Any) -> str:
    """Another name of the field called `name`, that stands beside it; empty for none."""
    named = [names_of(field_name, field) for model in models for field_name, field in model.model_fields.items()]
    others = (other for names in named if name in names for other in names)
    return next((other for other in others if other != name and isinstance(beside, dict) and other in beside), "")


def _fields_near(model: type[BaseModel], path: Location) -> list[str]:
    """Names of the fields of the model at an error's location."""
    return sorted({name for near in _models_near(model, path) for name in _names(near)})


def _models_near(model: type[BaseModel], path: Location) -> list[type[BaseModel]]:
    """The models at an error's location: several where a union is there."""
    models: list[type[BaseModel]] = [model]
    for part in path:
        if isinstance(part, int):
            continue
        below = [
            field.annotation
            for candidate in models
            for name, field in candidate.model_fields.items()
            if part in names_of(name, field)
        ]
        if below:
            models = [inner for annotation in below for inner in _models(annotation)]
        else:  # the name of a union's member, or a name in a mapping
            models = [candidate for candidate in models if part in (candidate.__name__, _tag(candidate))] or models
    return models


def _names(model: type[BaseModel]) -> list[str]:
    return [alias for name, field in model.model_fields.items() for alias in names_of(name, field)]


def _tag(model: type[BaseModel]) -> str:
    field = model.model_fields.get("type")
    return str(next(iter(get_args(field.annotation)), "")) if field else ""


def _models(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for inner in getattr(annotation, "__args__", ()) for model in _models(inner)]
