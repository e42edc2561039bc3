"""From a distribution as it is written to one that draws."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from healthsim_core.catalog import offered
from healthsim_core.distributions import families
from healthsim_core.distributions.bands import single_years
from healthsim_core.distributions.base import Distribution, Parameter
from healthsim_core.distributions.composed import Conditional, Dates, Mixture, ZeroInflated
from healthsim_core.distributions.continuous import Continuous, Empirical, Uniform
from healthsim_core.distributions.counts import NEGATIVE_BINOMIAL, NEGATIVE_BINOMIAL_BY_MEAN, POISSON, counts
from healthsim_core.distributions.field_bounds import in_words, within
from healthsim_core.distributions.finite import AgeBands, Choice, Constant, Derived, no_value
from healthsim_core.distributions.normal import Normal
from healthsim_core.distributions.offered import OfferedLaw, family_of
from healthsim_core.errors import Mistakes, SpecificationError, suggestion
from healthsim_core.expressions.checking import same_kind
from healthsim_core.expressions.expression import Expression
from healthsim_core.language_offers import DistributionOffer
from healthsim_core.reference.ages import nation
from healthsim_core.spec import distribution as written
from healthsim_core.spec.distribution.parameters import OLDEST
from healthsim_core.tables import Field

# in the place of what is wrong, which is told before they are of use
_NONE, _ALWAYS = Constant(0.0), Expression.parse("True")


def compile_distribution(spec: Any, where: str) -> Distribution:
    """The compiled form of a written distribution.

    Args:
        spec: As it is written.
        where: Its path, for errors.

    Raises:
        SpecificationError: A conditional has no default, its branches are of different kinds, bounds leave no value, or
            an expression is not of the language.
    """
    return _COMPILERS[type(spec)](spec, where)


def condition(written_condition: str | written.Compared, where: str) -> Expression:
    """The expression of a condition in either form."""
    if isinstance(written_condition, written.Compared):
        return Expression.parse(written_condition.expression(), where, "boolean")
    return Expression.parse(written_condition, where, "boolean")


def _parameter(spec: Any, name: str, where: str) -> Parameter:
    value = getattr(spec, name)
    if not isinstance(value, str):
        return float(value)
    parsed = Expression.parse(value, f"{where}.{name}", "number")
    if not parsed.names:
        raise SpecificationError(
            f'"{value}" is the same for everybody.', f"{where}.{name}", "Write a number, without quotation marks."
        )
    return parsed


def _given(spec: Any, where: str, *ways: tuple[str, ...]) -> tuple[int, tuple[Parameter, ...]]:
    """Which of several ways to state the parameters is taken, and the parameters."""
    way, mistakes = next(index for index, names in enumerate(ways) if getattr(spec, names[0]) is not None), Mistakes()
    parameters = [mistakes.attempt(0.0, _parameter, spec, name, where) for name in ways[way]]
    mistakes.tell()
    return way, tuple(parameters)


def _bounds(spec: Any) -> tuple[float, float]:
    return (-np.inf if spec.min is None else spec.min), (np.inf if spec.max is None else spec.max)


def _normal(spec: written.Normal, where: str) -> Distribution:
    _, (mean, sd) = _given(spec, where, ("mean", "sd"))
    return Normal(mean, sd, *_bounds(spec))


def _log_normal(spec: written.LogNormal, where: str) -> Distribution:
    way, (mean, sd) = _given(spec, where, ("mean", "sd"), ("mu", "sigma"))
    return Normal(mean, sd, *_bounds(spec), log="mu" if way else "mean")


def _continuous(
    family: families.Family, parameters: tuple[Parameter, ...], bounds: tuple[float, float], where: str
) -> Distribution:
    law = Continuous(family, parameters, *bounds)
    if not law.names and not law.mass() > 0:
        raise no_value(where, law.low, law.high)
    return law


def _beta(spec: written.Beta, where: str) -> Distribution:
    _, shape = _given(spec, where, ("alpha", "beta"))
    return _continuous(families.BETA, (*shape, spec.low, spec.high), _bounds(spec), where)


def _gamma(spec: written.Gamma, where: str) -> Distribution:
    way, parameters = _given(spec, where, ("shape", "scale"), ("mean", "sd"))
    if way and parameters[1] == 0:
        raise SpecificationError(
            "a gamma distribution without deviation is a constant.", f"{where}.sd", "Write the number alone."
        )
    return _continuous((families.GAMMA, families.GAMMA_BY_MEAN)[way], parameters, _bounds(spec), where)


def _exponential(spec: written.Exponential, where: str) -> Distribution:
    way, parameters = _given(spec, where, ("rate",), ("mean",))
    return _continuous(
        (families.EXPONENTIAL_BY_RATE, families.EXPONENTIAL_BY_MEAN)[way], parameters, _bounds(spec), where
    )


def _weibull(spec: written.Weibull, where: str) -> Distribution:
    return _continuous(families.WEIBULL, _given(spec, where, ("shape", "scale"))[1], _bounds(spec), where)


def _triangular(spec: written.Triangular, where: str) -> Distribution:
    low, high = spec.support
    assert low is not None and high is not None
    least, most = _bounds(spec)
    bounds = (least if least > low else -np.inf), (most if most < high else np.inf)
    return _continuous(families.TRIANGULAR, (low, spec.mode, high), bounds, where)


def _empirical(spec: written.Empirical, where: str) -> Distribution:
    if spec.quantiles is not None:
        shares = np.array(sorted(spec.quantiles))
        values = np.array([spec.quantiles[share] for share in shares])
    else:
        upto = np.cumsum([0.0, *(spec.counts or ())])
        shares, values = upto / upto[-1], np.array(spec.edges)
    law = Empirical(shares, values, *_bounds(spec))
    if not law.mass() > 0:
        raise no_value(where, law.low, law.high)
    return law


def _poisson(spec: written.Poisson, where: str) -> Distribution:
    return counts(POISSON, _given(spec, where, ("mean",))[1], spec.min, spec.max, where)


def _negative_binomial(spec: written.NegativeBinomial, where: str) -> Distribution:
    way, parameters = _given(spec, where, ("n", "p"), ("mean", "dispersion"))
    return counts((NEGATIVE_BINOMIAL, NEGATIVE_BINOMIAL_BY_MEAN)[way], parameters, spec.min, spec.max, where)


def _zero_inflated(spec: written.ZeroInflated, where: str) -> Distribution:
    mistakes = Mistakes()
    probability = mistakes.attempt(0.0, _parameter, spec, "probability", where)
    otherwise = mistakes.attempt(_NONE, compile_distribution, spec.distribution, f"{where}.distribution")
    mistakes.attempt(None, _require_number, otherwise, f"{where}.distribution")
    mistakes.tell()
    return ZeroInflated(probability, otherwise)


def _mixture(spec: written.Mixture, where: str) -> Distribution:
    mistakes = Mistakes()
    named = [
        (component.distribution, f"{where}.components[{index}].distribution")
        for index, component in enumerate(spec.components)
    ]
    parts = [mistakes.attempt(_NONE, compile_distribution, distribution, path) for distribution, path in named]
    mistakes.tell()
    kinds = {f"components[{index}]": part.gives({}) for index, part in enumerate(parts)}
    same_kind(kinds, where, "some of its values are text and others numbers")
    return Mixture(np.array([component.weight for component in spec.components]), tuple(parts))


def _date(spec: written.Date, where: str) -> Distribution:
    if spec.between is not None:
        first, last = (np.datetime64(day, "D") for day in spec.between)
        days = int((last - first).astype(np.int64))
        return Dates(first, Uniform(-0.5, days + 0.5))
    around = (
        Expression.parse(spec.around, f"{where}.around", "date")
        if isinstance(spec.around, str)
        else np.datetime64(spec.around, "D")
    )
    days_around = compile_distribution(spec.days, f"{where}.days")
    _require_number(days_around, f"{where}.days")
    return Dates(around, days_around)


def _age_bands(spec: written.AgeBands, where: str) -> Distribution:
    years = single_years(spec, nation(OLDEST))
    if isinstance(years, written.AgeBands):
        return AgeBands(tuple(map(written.age_band, spec.bands)), tuple(spec.bands.values()))
    return compile_distribution(years, where)


def _conditional(spec: written.Conditional, where: str) -> Distribution:
    mistakes, rules = Mistakes(), list[tuple[Expression, Distribution]]()
    for index, rule in enumerate(spec.rules):
        when = mistakes.attempt(_ALWAYS, condition, rule.when, f"{where}.rules[{index}].if")
        rules.append((when, mistakes.attempt(_NONE, compile_distribution, rule.then, f"{where}.rules[{index}].then")))
    with mistakes.caught():
        if spec.default is None:
            raise SpecificationError("no rule may match, and there is no default.", where, 'Add a "default".')
    default = (
        mistakes.attempt(_NONE, compile_distribution, spec.default, f"{where}.default")
        if spec.default is not None
        else _NONE
    )
    mistakes.tell()
    kinds = {f"rules[{index}]": then.gives({}) for index, (_, then) in enumerate(rules)} | {
        "default": default.gives({})
    }
    same_kind(kinds, where, "some of its values are text and others numbers")
    return Conditional(tuple(rules), default)


def _offered(spec: written.Offered, where: str) -> Distribution:
    known, mistakes = offered(), Mistakes()
    if spec.type not in known.distributions:
        listing = f"Plugins offer {', '.join(known.distributions) or 'none'}."
        raise known.nobody("distribution", spec.type, (*known.distributions, *written.KINDS), f"{where}.type", listing)
    offer = known.distributions[spec.type]
    names = {field.name for field in offer.parameters}
    for name in sorted((spec.model_extra or {}).keys() - names):
        with mistakes.caught():
            remedy = suggestion(name, names) or "It has no parameters."
            raise SpecificationError(f'{spec.type} has no parameter "{name}".', f"{where}.{name}", remedy)
    parameters = tuple(mistakes.attempt(0.0, _of_field, spec, field, offer, where) for field in offer.parameters)
    mistakes.tell()
    law = OfferedLaw(family_of(offer), parameters, *_bounds(spec))
    if not law.names and not law.mass() > 0:
        raise no_value(where, law.low, law.high)
    return law


def _of_field(spec: written.Offered, field: Field, offer: DistributionOffer, where: str) -> Parameter:
    if field.name not in (spec.model_extra or {}):
        raise SpecificationError(
            f'the parameter "{field.name}" of {offer.written} is missing.', where, f"Add it. {field.description}"
        )
    parameter = _parameter(spec, field.name, where)
    if isinstance(parameter, float) and not within(field, parameter, {}):
        what = f'{parameter:g} is not what "{field.name}" may be.'
        raise SpecificationError(what, f"{where}.{field.name}", in_words(field))
    return parameter


def _require_number(distribution: Distribution, where: str) -> None:
    kind = distribution.gives({})
    if kind.of not in ("number", "anything"):
        raise SpecificationError(f"its values are {kind}, not a number.", where, "Give a distribution of numbers.")


_COMPILERS: dict[type, Callable[[Any, str], Distribution]] = {
    written.Constant: lambda spec, where: Constant(spec.value),
    written.Categorical: lambda spec, where: Choice(tuple(spec.weights), np.array(list(spec.weights.values()))),
    written.Explicit: lambda spec, where: Choice(
        tuple(item.value for item in spec.values), np.array([item.weight for item in spec.values])
    ),
    written.AgeBands: _age_bands,
    written.Uniform: lambda spec, where: Uniform(spec.min, spec.max),
    written.Normal: _normal,
    written.LogNormal: _log_normal,
    written.Beta: _beta,
    written.Gamma: _gamma,
    written.Exponential: _exponential,
    written.Weibull: _weibull,
    written.Triangular: _triangular,
    written.Empirical: _empirical,
    written.Poisson: _poisson,
    written.NegativeBinomial: _negative_binomial,
    written.Conditional: _conditional,
    written.ZeroInflated: _zero_inflated,
    written.Mixture: _mixture,
    written.Date: _date,
    written.Offered: _offered,
    written.Derived: lambda spec, where: Derived(Expression.parse(spec.expression, f"{where}.expression")),
}
