"""What the SDTM datasets are: read from data, once."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

import attrs

from trialsim.facts import SDTM
from trialsim.formats.xpt import XptVariable


@attrs.frozen
class Variable:
    """A variable of a dataset: name, label, define.xml type, length, core (Req, Exp, Perm), codelist, origin,
    method."""

    variable: str
    label: str
    type: str
    length: int
    core: str
    codelist: str
    origin: str
    method: str

    @property
    def number(self) -> bool:
        """Whether it is a number in the transport file."""
        return self.type in ("integer", "float")

    @property
    def xpt(self) -> XptVariable:
        """The variable in the transport file."""
        return XptVariable(self.variable, self.label, self.length, self.number)


@attrs.frozen
class Dataset:
    """A dataset: name, label, class, structure, keys in order, whether it is reference data, and its variables."""

    name: str
    label: str
    class_name: str
    structure: str
    keys: tuple[str, ...]
    reference: bool
    variables: tuple[Variable, ...]

    @property
    def xpt(self) -> tuple[XptVariable, ...]:
        """Its variables in the transport file."""
        return tuple(variable.xpt for variable in self.variables)


@attrs.frozen
class ValueLevel:
    """A variable whose codelist depends on another variable's value: codelist by that value."""

    dataset: str
    variable: str
    by: str
    codelists: Mapping[str, str]


@functools.cache
def value_levels() -> tuple[ValueLevel, ...]:
    """Where a codelist depends on another variable."""
    return tuple(ValueLevel(**level) for level in SDTM.document("value_levels"))


@functools.cache
def datasets() -> Mapping[str, Dataset]:
    """Every dataset, in the order of define.xml."""
    variables: dict[str, list[Variable]] = {}
    for row in SDTM.rows("variables"):
        stated = {name: value for name, value in row.items() if name not in ("dataset", "length")}
        variables.setdefault(row["dataset"], []).append(Variable(length=int(row["length"]), **stated))
    return {
        row["name"]: Dataset(
            row["name"], row["label"], row["class"], row["structure"], tuple(row["keys"].split()),
            row["reference"] == "Yes",
            tuple(variables[row["name"]]),
        )
        for row in SDTM.rows("datasets")
    }  # fmt: skip


@functools.cache
def methods() -> Mapping[str, str]:
    """How derived variables are derived, by method."""
    stated: Mapping[str, str] = SDTM.document("methods")
    return stated


@functools.cache
def terms() -> Mapping[str, Any]:
    """Controlled terms of the core's own words, and the standards."""
    stated: Mapping[str, Any] = SDTM.document("terms")
    return stated
