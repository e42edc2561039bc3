"""Distributions over a few values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, StrictBool, model_validator

from healthsim_core.spec.base import Checked, Findings, Specification
from healthsim_core.spec.distribution.parameters import Weights, check_bands, checked_weights
from healthsim_core.spec.schema import or_weights


class Constant(Specification):
    """The same value for everybody. A bare number or text means the same."""

    type: Literal["constant"] = "constant"
    value: StrictBool | float | str


class Categorical(Checked):
    """One of a few values, by weight."""

    type: Literal["categorical"]
    weights: Weights

    def _check(self, findings: Findings) -> None:
        with findings.caught("weights"):
            checked_weights(self.weights)


class AgeBands(Checked):
    """Whole years: a band by weight, and within it every age alike, or where a band is open,
    as the population has them."""

    type: Literal["age_bands"]
    bands: Weights

    def _check(self, findings: Findings) -> None:
        with findings.caught("bands"):
            checked_weights(self.bands)
        check_bands(self.bands, findings, "bands")


class Weighted(Specification):
    """A value and its weight."""

    value: StrictBool | float | str
    weight: Annotated[float, Field(ge=0)] = 1.0


class Explicit(Checked):
    """Given values: a list (alike, or with weights) or a mapping from value to weight."""

    type: Literal["explicit"]
    values: list[Weighted] = Field(json_schema_extra=or_weights)

    @model_validator(mode="before")
    @classmethod
    def _as_pairs(cls, data: Any) -> Any:
        values = data.get("values") if isinstance(data, dict) else None
        if isinstance(values, Mapping):
            return {**data, "values": [{"value": value, "weight": weight} for value, weight in values.items()]}
        if isinstance(values, list) and not all(isinstance(item, dict | Weighted) for item in values):
            return {**data, "values": [item if isinstance(item, dict) else {"value": item} for item in values]}
        return data

    def _check(self, findings: Findings) -> None:
        if sum(item.weight for item in self.values) <= 0:
            findings.add("there are no values with a weight.", "Give at least one.", "values")
        if (
            len(
                {
                    str if isinstance(item.value, str) else bool if isinstance(item.value, bool) else float
                    for item in self.values
                }
            )
            > 1
        ):
            findings.add("some values are text and others numbers.", "Make all of them one or the other.", "values")
