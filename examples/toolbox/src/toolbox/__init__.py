"""Toolbox: a distribution, a function of expressions, a validator and an executor, and a profile that uses them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

import numpy as np
from numpy.typing import NDArray

from healthsim_core import (
    Columns,
    DistributionOffer,
    ExecutorOffer,
    ExpressionFunction,
    Field,
    Profile,
    Validator,
    hookimpl,
    portable,
)

HEALTHSIM_API = 1
Floats = NDArray[np.float64]
HEAVY = 30


# a distribution: how likely values up to one are, and which value a share of all lies below


def gumbel_cdf(value: Floats, mode: Floats, scale: Floats) -> Floats:
    """P(X <= value) of a Gumbel distribution."""
    share: Floats = portable.exp(-portable.exp((mode - value) / scale))
    return share


def gumbel_quantile(share: Floats, mode: Floats, scale: Floats) -> Floats:
    """The value below which a share of all lies."""
    value: Floats = mode - scale * portable.log(-portable.log(share))
    return value


@hookimpl
def healthsim_distributions() -> Iterator[DistributionOffer]:
    parameters = [Field("mode", "number", "The most likely value."), Field("scale", "number", "The spread.", above=0)]
    yield DistributionOffer("gumbel", gumbel_cdf, gumbel_quantile, parameters, description="Largest of many values.")


# a function of expressions: columns in, a column out


def body_mass_index(kilograms: Floats, metres: Floats) -> Floats:
    """Weight by the square of height."""
    return kilograms / metres**2


@hookimpl
def healthsim_expression_functions() -> Iterator[ExpressionFunction]:
    yield ExpressionFunction("body_mass_index", body_mass_index, ("number", "number"), description="kg by m squared.")


# a validator: rules about the rows of a chunk


def index_agrees(tables: Mapping[str, Columns]) -> dict[tuple[str, str], tuple[int, int]]:
    """Heavy are those whose index says so; asked of people who have been measured."""
    people = tables["core.person"]
    if not {"kilograms", "metres", "heavy"} <= set(people):
        return {}
    index = body_mass_index(people.array("kilograms"), people.array("metres"))
    wrong = people.array("heavy") != (index >= HEAVY)
    return {("core.person", "heavy are those whose index says so"): (int(wrong.sum()), people.rows)}


@hookimpl
def healthsim_validators() -> Iterator[Validator]:
    yield Validator("index", ["core.person"], index_agrees, description="Heavy are those whose index says so.")


# an executor: calls a function for every part, wherever it likes


def in_a_pool(make: Callable[[Any], Any], parts: Sequence[Any], workers: int) -> Iterator[Any]:
    """Parts made in a pool of processes."""
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        yield from pool.map(make, parts)


@hookimpl
def healthsim_executors() -> Iterator[ExecutorOffer]:
    yield ExecutorOffer("pool", in_a_pool, description="A pool of processes of this machine.")


# what uses them


@hookimpl
def healthsim_profiles() -> Iterator[Profile]:
    attributes = {
        "metres": {"type": "normal", "mean": 1.7, "sd": 0.09, "min": 1.4, "max": 2.1},
        "kilograms": {"type": "toolbox.gumbel", "mode": "74 + 90 * (metres - 1.7)", "scale": 11, "min": 35, "max": 250},
        "heavy": {"type": "derived", "expression": f"toolbox.body_mass_index(kilograms, metres) >= {HEAVY}"},
    }
    adults = {"id": "toolbox-adults", "demographics": {"age": {"type": "uniform", "min": 18, "max": 90}}}
    adults |= {"attributes": attributes}
    yield Profile("toolbox-adults", adults, description="Adults with made-up weights and heights.")
