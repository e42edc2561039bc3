"""Attributes whose texts are codes of a value set: as the set writes them, and every other text a mistake."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import MappingProxyType
from typing import Any

from pydantic import ValidationInfo

from healthsim_core.codes import value_set
from healthsim_core.errors import SpecificationError
from healthsim_core.spec.base import Findings
from healthsim_core.spec.distribution import Categorical, Constant, Explicit
from healthsim_core.spec.distribution.leaves import Path, leaves
from healthsim_core.world import PERSON

CODED = MappingProxyType({field.name: field.codes for field in PERSON.fields if field.codes})
"""Name of the value set of each built-in attribute that has one."""


def recode(name: str, written: Any, findings: Findings, *at: int | str) -> None:
    """Write the texts that a distribution may give as the attribute's value set does.

    Args:
        name: The attribute, one of `CODED`.
        written: Its distribution, which is changed.
        findings: Takes each text that is no code of the set, with its path.
        at: The path of the distribution.
    """
    for path, text, put in _texts_of(written, at):
        try:
            put(value_set(CODED[name]).require(text))
        except SpecificationError as error:
            findings.add(error.what, error.remedy, *path, value=text)


def coded_texts(value: Any, info: ValidationInfo) -> Any:
    """Validator of a field that is an attribute with codes: its texts as the value set writes them."""
    findings = Findings()
    recode({"type": "coverage_type"}.get(str(info.field_name), str(info.field_name)), value, findings)
    findings.tell()
    return value


def rewrite(written: Any, function: Callable[[str], str]) -> None:
    """Write every text that a distribution may give as `function` does; the distribution is changed."""
    for _, text, put in _texts_of(written, ()):
        put(function(text))


def _texts_of(written: Any, at: Path) -> Iterator[tuple[Path, str, Callable[[str], None]]]:
    for path, leaf in leaves(written, at):
        yield from (((*path, *inner), text, put) for inner, text, put in texts_of(leaf))


def texts_of(leaf: Any) -> Iterator[tuple[Path, str, Callable[[str], None]]]:
    """Each text of a distribution, with its path and what puts another one into its place."""
    if isinstance(leaf, Constant) and isinstance(leaf.value, str):
        yield (), leaf.value, lambda code: setattr(leaf, "value", code)
    if isinstance(leaf, Explicit):
        for index, item in enumerate(leaf.values):
            if isinstance(item.value, str):
                yield ("values", index), item.value, lambda code, item=item: setattr(item, "value", code)  # type: ignore[misc]
    if isinstance(leaf, Categorical):
        for text in list(leaf.weights):
            yield ("weights", text), text, lambda code, text=text: _rename(leaf.weights, text, code)  # type: ignore[misc]


def _rename(weights: dict[str, float], text: str, code: str) -> None:
    """Give a weight its code for a name, in its place; a code that is there already has the weights of both."""
    if text != code:
        renamed = [(code if name == text else name, weight) for name, weight in weights.items()]
        weights.clear()
        for name, weight in renamed:
            weights[name] = weights.get(name, 0.0) + weight
