"""Distributions over a few values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, StrictBool, model_validator

from healthsim_core.spec.base import Specification
from healthsim_core.spec.distribution.parameters import Weights, age_band, checked_weights


class Constant(Specification):
    """The same value for everybody. A bare number or text means the same."""

    type: Literal["constant"] = "constant"
    value: StrictBool | float | str


class Categorical(Specification):
    """One of a few values, by weight."""

    type: Literal["categorical"]
    weights: Weights

    @model_validator(mode="after")
    def _sum_to_one(self) -> Categorical:
        checked_weights(self.weights)
        return self


class AgeBands(Specification):
    """Whole years: a band by weight, and within it every age alike."""

    type: Literal["age_bands"]
    bands: Weights

    @model_validator(mode="after")
    def _bands_parse(self) -> AgeBands:
        checked_weights(self.bands)
        for band in self.bands:
            age_band(band)
        return self


class Weighted(Specification):
    """A value and its weight."""

    value: StrictBool | float | str
    weight: Annotated[float, Field(ge=0)] = 1.0


class Explicit(Specification):
    """Given values: a list (alike, or with weights) or a mapping from value to weight."""

    type: Literal["explicit"]
    values: list[Weighted]

    @model_validator(mode="before")
    @classmethod
    def _as_pairs(cls, data: Any) -> Any:
        values = data.get("values") if isinstance(data, dict) else None
        if isinstance(values, Mapping):
            return {**data, "values": [{"value": value, "weight": weight} for value, weight in values.items()]}
        if isinstance(values, list) and not all(isinstance(item, dict | Weighted) for item in values):
            return {**data, "values": [item if isinstance(item, dict) else {"value": item} for item in values]}
        return data

    @model_validator(mode="after")
    def _some_weight(self) -> Explicit:
        if sum(item.weight for item in self.values) <= 0:
            raise ValueError("there are no values with a weight; give at least one")
        if len({str if isinstance(item.value, str) else bool if isinstance(item.value, bool) else float for item in self.values}) > 1:
            raise ValueError("some values are text and others numbers; make all of them one or the other")
        return self
