"""What all specifications share: strict reading, and all mistakes at once, each with its path,
the value and the remedy."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar, Self, TypeVar

from pydantic import BaseModel, ConfigDict, GetJsonSchemaHandler, ValidationError, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, InitErrorDetails, PydanticCustomError

from healthsim_core.errors import ArgumentError, HealthSimError, Mistakes, SpecificationError
from healthsim_core.spec.bounds import check_bounds, parsed_json, read_json
from healthsim_core.spec.kinds import how_to_give, refuse_other_kind
from healthsim_core.spec.schema import close_patterns, name_all, names_of
from healthsim_core.spec.wording import MOST_READ, Location, located, mistakes_of

STAND_INS: tuple[Any, ...] = ("unsaid", 1, [], {})  # for what is missing, tried in turn
Part = TypeVar("Part", bound="Specification")
ROUNDS = 6  # readings of a document, each without what the earlier ones found wrong


class Specification(BaseModel):
    """A part of a specification; an unknown field is an error."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True, allow_inf_nan=False)

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        schema = handler(core_schema)
        own = handler.resolve_ref_schema(schema)
        name_all(own, {name: names_of(name, field) for name, field in cls.model_fields.items()})
        close_patterns(own)
        return schema


class Findings:
    """What a validator of several fields finds wrong: it tells all of it at once, each at its own path.

    Examples:
        >>> findings = Findings()
        >>> findings.add("a spouse is an adult, not 12.", "Give 18 or more.", "members", 1, "age", value=12)
        >>> len(findings.found)
        1
    """

    def __init__(self) -> None:
        self.found: list[InitErrorDetails] = []

    def add(self, what: str, remedy: str, *path: int | str, value: Any = None) -> None:
        """Keep a mistake at `path` below the model that is validated."""
        error = PydanticCustomError("mistake", "{what}", {"what": what, "remedy": remedy})
        if not any(
            mistake["loc"] == path and str(mistake["type"]) == str(error) for mistake in self.found[-MOST_READ:]
        ):
            self.found.append(InitErrorDetails(type=error, loc=path, input=value))

    @contextmanager
    def caught(self, *path: int | str) -> Iterator[None]:
        """Keep the ValueError of the block at `path`, and go on after it; what follows "; " is the remedy."""
        try:
            yield
        except ValueError as error:
            what, _, remedy = str(error).partition("; ")
            self.add(f"{what}.", f"{remedy[:1].upper()}{remedy[1:]}." if remedy else "", *path)

    def tell(self) -> None:
        """Raise what was found, if anything."""
        if self.found:
            raise ValidationError.from_exception_data("specification", self.found)


class Checked(Specification):
    """A part of a specification whose fields must go together; `_check` is told all of it at once."""

    @model_validator(mode="after")
    def _goes_together(self) -> Self:
        findings = Findings()
        self._check(findings)
        findings.tell()
        return self

    def _check(self, findings: Findings) -> None:
        raise NotImplementedError


class Document(Specification):
    """A specification that stands in a file of its own.

    Attributes:
        document_kind: "scenario", "journey", "profile" or "plan"; "" where it is none of them.
    """

    document_kind: ClassVar[str] = ""

    def __init__(self, *given: Any, **fields: Any) -> None:
        """From its fields, by name; mistakes are told as by `read`."""
        if given:
            raise ArgumentError(
                "its fields are given by name.", type(self).__name__, "`model_validate` takes a mapping of them."
            )
        try:
            super().__init__(**fields)
        except ValidationError:
            read_part(type(self), fields)
            raise

    __init__.__pydantic_base_init__ = True  # type: ignore[attr-defined]  # parts of another document are read without it

    @classmethod
    def read(
        cls, source: Any, where: str = "", check: Callable[[Self], Iterable[HealthSimError]] | None = None
    ) -> Self:
        """Read a mapping, a JSON file's path, or an instance (taken as it is).

        Args:
            source: What to read.
            where: How errors name the source; defaults to the file's name.
            check: Finds what is wrong in it that its form does not tell.

        Raises:
            SpecificationError: Every mistake of the document, each with its path, the value and the remedy.
        """
        file = "FILE"
        if isinstance(source, str | Path):
            where = where or Path(source).name
            file, source = str(source), read_json(Path(source))
        if isinstance(source, Document) and source.document_kind != cls.document_kind:
            raise SpecificationError(
                f"this is a {source.document_kind}, not a {cls.document_kind}.",
                where,
                how_to_give(source.document_kind, "FILE"),
            )
        refuse_other_kind(cls.document_kind, source, where, file)
        return read_part(cls, source, where, check)

    @classmethod
    def model_validate(cls, obj: Any, **_: Any) -> Self:
        """Read a mapping, or an instance; mistakes are told as by `read`."""
        return read_part(cls, obj)

    @classmethod
    def model_validate_json(cls, json_data: str | bytes | bytearray, **_: Any) -> Self:
        """Read JSON text; mistakes are told as by `read`."""
        return read_part(cls, parsed_json(json_data))

    def to_json(self) -> str:
        """The specification as JSON, without what it leaves unsaid."""
        return self.model_dump_json(indent=2, exclude_none=True, exclude_unset=True, by_alias=True)


def read_part(
    model: type[Part], source: Any, where: str = "", check: Callable[[Part], Iterable[HealthSimError]] | None = None
) -> Part:
    """A specification, or a part of one, from a mapping or an instance (taken as it is).

    Args:
        model: What it is read as.
        source: What to read.
        where: How errors name the source.
        check: Finds what is wrong in it that its form does not tell; where the form is wrong, of what is left without
            what is wrong.

    Raises:
        SpecificationError: Every mistake, each with its path, the value and the remedy.
    """
    if isinstance(source, model):
        return source
    mistakes, found = Mistakes(), list[HealthSimError]()
    with mistakes.caught(where):
        check_bounds(source)
    mistakes.tell()
    part = None
    try:
        part = _validated(model, source)
        found += check(part) if check is not None else ()
    except ValidationError as error:
        found += _all_mistakes(model, source, error, check)
    for mistake in found:
        with mistakes.caught(where):
            raise mistake from None
    mistakes.tell()
    assert part is not None, "an invalid document has a mistake"
    return part


def _validated(model: type[Part], source: Any) -> Part:
    part: Part = model.__pydantic_validator__.validate_python(source)
    return part


def _all_mistakes(
    model: type[Part],
    source: Any,
    error: ValidationError,
    check: Callable[[Part], Iterable[HealthSimError]] | None = None,
) -> list[HealthSimError]:
    """Mistakes of a document, also those that a reading meets only where others are put right.

    A field that is wrong keeps the validators of several fields from running; so the document is read again without it,
    and with something in the place of what is missing. What then is wrong only because of that is no mistake.
    """
    mistakes = mistakes_of(error, model, source)
    told, rest = [mistake for _, mistake in mistakes], _copied(source)
    removed, filled = list[Location](), dict[Location, int]()
    latest = [path for path, _ in mistakes]
    for _ in range(ROUNDS):
        stood_in = [path for path in latest if path not in removed and _stand_in(rest, path, filled)]
        fresh = [path for path in map(_removable, latest) if path not in filled and _remove(rest, path)]
        removed += fresh
        if not fresh and not stood_in:
            break
        try:
            left = _validated(model, rest)
            return told + (_elsewhere(check(left), (*removed, *filled)) if check is not None else [])
        except ValidationError as further:
            more = mistakes_of(further, model, rest)
        gone = (*removed, *filled)
        told += [
            mistake
            for path, mistake in more
            if not any(g[: len(path)] == path for g in gone) and not _below(path, filled)
        ]
        latest = [path for path, _ in more]
    return told


def _elsewhere(found: Iterable[HealthSimError], gone: Iterable[Location]) -> list[HealthSimError]:
    """Mistakes of what is not among places that have been put right, nor around them."""
    places = [f"{'.'.join(map(str, place))}." for place in gone]
    return [
        mistake
        for mistake in found
        if not any(f"{mistake.where}.".startswith(place) or place.startswith(f"{mistake.where}.") for place in places)
    ]


def _copied(value: Any) -> Any:
    """A copy in which every place has a value of its own, also where callers give one object in several places."""
    if isinstance(value, dict):
        return {name: _copied(inner) for name, inner in value.items()}
    return [_copied(inner) for inner in value] if isinstance(value, list) else copy.deepcopy(value)


def _stand_in(document: Any, path: Location, filled: dict[Location, int]) -> bool:
    """Put something in the place of a field that is missing; where that did not fit, the next."""
    at = located(document, path[:-1])
    attempt = filled.get(path, -1) + 1
    if not path or not isinstance(at, dict) or attempt >= len(STAND_INS) or (path[-1] in at and path not in filled):
        return False
    at[path[-1]] = copy.deepcopy(STAND_INS[attempt])
    filled[path] = attempt
    return True


def _below(path: Location, filled: Iterable[Location]) -> bool:
    return any(path[: len(place)] == place for place in filled)


def _removable(path: Location) -> Location:
    """The nearest field around a mistake; an item of a list stays, so that the others keep their places."""
    while path and isinstance(path[-1], int):
        path = path[:-1]
    return path


def _remove(document: Any, path: Location) -> bool:
    at = located(document, path[:-1])
    return bool(path) and isinstance(at, dict) and at.pop(path[-1], document) is not document
