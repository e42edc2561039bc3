"""What all specifications share: strict reading, and errors that name the path, the value and the remedy."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from healthsim_core.errors import SpecificationError, suggestion


class Specification(BaseModel):
    """A part of a specification; an unknown field is an error."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True, allow_inf_nan=False)


class Document(Specification):
    """A specification that stands in a file of its own."""

    @classmethod
    def read(cls, source: Any, where: str = "") -> Self:
        """Read a mapping, a JSON file's path, or an instance (taken as it is).

        Args:
            source: What to read.
            where: How errors name the source; defaults to the file's name.

        Raises:
            SpecificationError: Every mistake of the document, one a line, each with its path.
        """
        if isinstance(source, cls):
            return source
        if isinstance(source, str | Path):
            where = where or Path(source).name
            source = read_json(Path(source))
        try:
            return cls.model_validate(source)
        except ValidationError as error:
            mistakes = _without_echoes([(_path(detail, source), detail) for detail in error.errors()])
            raise SpecificationError("\n".join(_said(path, detail, where, cls) for path, detail in mistakes)) from None

    def to_json(self) -> str:
        """The specification as JSON, without what it leaves unsaid."""
        return self.model_dump_json(indent=2, exclude_none=True, exclude_unset=True, by_alias=True)


def read_json(path: Path) -> Any:
    """The JSON that a file holds.

    Raises:
        SpecificationError: The file is absent, unreadable or not JSON; the message names file and line.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        where = f"{path.name}, line {error.lineno}, column {error.colno}"
        raise SpecificationError(f"is not JSON: {error.msg}.", where, "Correct it there.") from None
    except UnicodeDecodeError as error:
        raise SpecificationError("is not UTF-8 text.", path.name, "Save it as UTF-8.") from error
    except OSError as error:
        raise SpecificationError(f"cannot be read: {error.strerror}.", str(path), "Check the path.") from None


Location = tuple[int | str, ...]


def _path(detail: ErrorDetails, source: Any) -> Location:
    """The parts of an error's location that stand in the document; pydantic adds names of union members between them."""
    location, at = detail["loc"], source
    kept: list[int | str] = []
    for index, part in enumerate(location):
        is_there = part in at if isinstance(at, dict) else isinstance(at, list) and isinstance(part, int) and part < len(at)
        if is_there:
            kept, at = [*kept, part], at[part]
        elif index == len(location) - 1 and detail["type"] in ("missing", "extra_forbidden"):
            kept.append(part)
    return tuple(kept)


def _without_echoes(mistakes: list[tuple[Location, ErrorDetails]]) -> list[tuple[Location, ErrorDetails]]:
    """Of a union's errors, those of the member that was meant: not its siblings' complaint that the type is another."""
    kept = []
    for index, (path, detail) in enumerate(mistakes):
        others = [other for position, other in enumerate(mistakes) if position != index and other[0][: len(path)] == path]
        echoes = detail["type"].endswith("_type") and any(
            not other["type"].endswith("_type") or len(longer) > len(path) for longer, other in others
        )
        repeated = any(
            position < index and other[0] == path and other[1]["msg"] == detail["msg"] for position, other in enumerate(mistakes)
        )
        if not echoes and not repeated:
            kept.append((path, detail))
    return kept


def _said(location: Location, detail: ErrorDetails, where: str, model: type[BaseModel]) -> str:
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location).lstrip(".")
    located = ": ".join(filter(None, [where, path]))
    if detail["type"] == "extra_forbidden":
        hint = suggestion(str(detail["loc"][-1]), _fields_near(model, detail["loc"][:-1]))
        return f'{located}: there is no field "{detail["loc"][-1]}" here.' + (f"\n  {hint}" if hint else "")
    message = detail["msg"].removeprefix("Value error, ")
    value = detail["input"]
    shown = f" (got {json.dumps(value, default=str)[:80]})" if not isinstance(value, dict | list) else ""
    return f"{located}: {message}{shown}" if located else f"{message}{shown}"


def _fields_near(model: type[BaseModel], path: tuple[int | str, ...]) -> list[str]:
    found: Any = model
    for part in path:
        models = _models(found.model_fields[part].annotation) if _has(found, part) else []
        found = models[0] if models else found
    return list(found.model_fields)


def _has(model: Any, part: int | str) -> bool:
    return isinstance(part, str) and part in getattr(model, "model_fields", {})


def _models(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for inner in getattr(annotation, "__args__", ()) for model in _models(inner)]
