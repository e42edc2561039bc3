"""Distributions made of others: by rule, by chance, around a date; and values computed from other columns."""

from __future__ import annotations

import datetime
from typing import Annotated, Any, Literal, get_args

from pydantic import AliasChoices, BeforeValidator, Discriminator, Field, Tag

from healthsim_core.errors import suggestion
from healthsim_core.spec.base import Checked, Findings, Specification
from healthsim_core.spec.distribution.continuous import (
    Beta,
    Empirical,
    Exponential,
    Gamma,
    LogNormal,
    Normal,
    Triangular,
    Uniform,
    Weibull,
)
from healthsim_core.spec.distribution.counts import NegativeBinomial, Poisson
from healthsim_core.spec.distribution.finite import AgeBands, Categorical, Constant, Explicit
from healthsim_core.spec.distribution.offered import OFFERED, Offered
from healthsim_core.spec.distribution.parameters import Share, checked_weights, one_way
from healthsim_core.spec.schema import Or
from healthsim_core.spec.wording import COLUMN


class Compared(Specification):
    """A condition in structured form: field, operator, value. The field is a name,
    with a namespace where it has one."""

    field: str = Field(pattern=COLUMN)
    operator: Literal["eq", "ne", "gt", "gte", "lt", "lte", "in", "not_in", "contains"] = "eq"
    value: Any

    def expression(self) -> str:
        """The same condition as an expression."""
        symbol = {
            "eq": "==",
            "ne": "!=",
            "gt": ">",
            "gte": ">=",
            "lt": "<",
            "lte": "<=",
            "in": "in",
            "not_in": "not in",
        }
        name = self.field.removeprefix("entity.")
        if self.operator in ("in", "not_in") and not isinstance(self.value, list | tuple):
            return f"{name} {symbol[self.operator]} {[self.value]!r}"
        return (
            f"{self.value!r} in {name}"
            if self.operator == "contains"
            else f"{name} {symbol[self.operator]} {self.value!r}"
        )


Condition = str | Compared


class Rule(Specification):
    """One case of a conditional distribution."""

    when: Condition = Field(validation_alias=AliasChoices("if", "when"), serialization_alias="if")
    then: Distribution


class Conditional(Specification):
    """The first rule whose condition holds, else the default."""

    type: Literal["conditional"]
    rules: list[Rule] = Field(min_length=1)
    default: Distribution | None = None


class ZeroInflated(Specification):
    """Zero with a probability, else a value of the distribution (which may be zero too)."""

    type: Literal["zero_inflated"]
    probability: Share | str
    distribution: Distribution


class Component(Specification):
    """A part of a mixture and its weight."""

    weight: Annotated[float, Field(ge=0)]
    distribution: Distribution


class Mixture(Checked):
    """One of several distributions, by weight."""

    type: Literal["mixture"]
    components: list[Component]

    def _check(self, findings: Findings) -> None:
        with findings.caught("components"):
            checked_weights({index: component.weight for index, component in enumerate(self.components)})


class Date(Checked):
    """A day: any between two alike (both included), or so many days around another.

    `around` is a date, or the name of a date column. Days are rounded to whole ones; negative ones lie before.
    """

    type: Literal["date"]
    between: tuple[datetime.date, datetime.date] | None = None
    around: Annotated[datetime.date | str, Field(union_mode="left_to_right")] | None = None
    days: Distribution | None = None

    def _check(self, findings: Findings) -> None:
        one_way(self, findings, ("between",), ("around", "days"))
        if self.between is not None and self.between[0] > self.between[1]:
            findings.add(f"{self.between[0]} is after {self.between[1]}.", "Give the first day first.", "between")


class Derived(Specification):
    """Computed from the person's other columns by an expression, without chance."""

    type: Literal["derived"]
    expression: str


def _kind(value: Any) -> str:
    return str(value.get("type", "constant") if isinstance(value, dict) else getattr(value, "type", "constant"))


def _known(value: Any) -> Any:
    if isinstance(value, bool | int | float | str):
        return {"type": "constant", "value": value}
    if isinstance(value, dict) and "type" not in value and "value" not in value:
        raise ValueError('the field "type" is missing; say which distribution it is, such as "normal"')
    if isinstance(value, dict) and _kind(value) not in KINDS and not OFFERED.fullmatch(_kind(value)):
        hint = suggestion(_kind(value), KINDS) or f'it is one of {", ".join(KINDS)}, or a plugin\'s, "plugin.name"'
        raise ValueError(f'no distribution is called "{_kind(value)[:60]}"; {hint}')
    return value


Distribution = Annotated[
    Annotated[Constant, Tag("type=constant")]
    | Annotated[Categorical, Tag("type=categorical")]
    | Annotated[Normal, Tag("type=normal")]
    | Annotated[LogNormal, Tag("type=log_normal")]
    | Annotated[Uniform, Tag("type=uniform")]
    | Annotated[AgeBands, Tag("type=age_bands")]
    | Annotated[Explicit, Tag("type=explicit")]
    | Annotated[Conditional, Tag("type=conditional")]
    | Annotated[Beta, Tag("type=beta")]
    | Annotated[Gamma, Tag("type=gamma")]
    | Annotated[Exponential, Tag("type=exponential")]
    | Annotated[Weibull, Tag("type=weibull")]
    | Annotated[Triangular, Tag("type=triangular")]
    | Annotated[Poisson, Tag("type=poisson")]
    | Annotated[NegativeBinomial, Tag("type=negative_binomial")]
    | Annotated[ZeroInflated, Tag("type=zero_inflated")]
    | Annotated[Mixture, Tag("type=mixture")]
    | Annotated[Empirical, Tag("type=empirical")]
    | Annotated[Date, Tag("type=date")]
    | Annotated[Derived, Tag("type=derived")]
    | Annotated[Offered, Tag("type=plugin.name")],
    Discriminator(
        lambda value: f"type={_kind(value)}" if "." not in _kind(value) else "type=plugin.name"
    ),  # no tag is also the name of a parameter, as beta would be
    BeforeValidator(_known),
    Or({"type": ["number", "string", "boolean"]}),
]
KINDS: dict[str, type[Specification]] = {
    tag.tag.removeprefix("type="): model
    for model, tag in (get_args(member) for member in get_args(get_args(Distribution)[0]))
    if model is not Offered
}
for _model in (Rule, Conditional, ZeroInflated, Component, Mixture, Date):
    _model.model_rebuild()
