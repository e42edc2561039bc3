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
    EventHandler,
    Events,
    ExecutorOffer,
    ExpressionFunction,
    Field,
    Journey,
    Profile,
    Table,
    Validator,
    hookimpl,
    portable,
)

HEALTHSIM_API = 1
Floats = NDArray[np.float64]
WEIGHING = Table(
    "toolbox.weighing",
    (
        Field("weighing_id", "id", "The weighing.", references="core.event"),
        Field("person_id", "id", "Who is weighed.", references="core.person"),
        Field("kilograms", "number", "Weight.", unit="kg", above=0),
        Field("metres", "number", "Height.", unit="m", above=0),
        Field("body_mass_index", "number", "Weight by the square of height.", unit="kg/m2", above=0),
    ),
    key=("weighing_id",),
    description="Weighings.",
)


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
    """The index is that of the weight and the height beside it."""
    rows = tables[WEIGHING.name]
    index = body_mass_index(rows.array("kilograms"), rows.array("metres"))
    wrong = ~np.isclose(rows.array("body_mass_index"), index)
    return {(WEIGHING.name, "the index is that of weight and height"): (int(wrong.sum()), rows.rows)}


@hookimpl
def healthsim_validators() -> Iterator[Validator]:
    yield Validator("index", [WEIGHING.name], index_agrees, description="Indices agree with weight and height.")


# an executor: calls a function for every part, wherever it likes


def in_a_pool(make: Callable[[Any], Any], parts: Sequence[Any], workers: int) -> Iterator[Any]:
    """Parts made in a pool of processes."""
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        yield from pool.map(make, parts)


@hookimpl
def healthsim_executors() -> Iterator[ExecutorOffer]:
    yield ExecutorOffer("pool", in_a_pool, description="A pool of processes of this machine.")


# what uses them


def weighings(events: Events) -> dict[str, Columns]:
    """A row for each weighing."""
    kilograms, metres = events.parameters.array("kilograms"), events.parameters.array("metres")
    index = body_mass_index(kilograms, metres)
    measures = {"kilograms": kilograms, "metres": metres, "body_mass_index": index}
    return {WEIGHING.name: Columns({"weighing_id": events.id, "person_id": events.person, **measures})}


@hookimpl
def healthsim_event_handlers() -> Iterator[EventHandler]:
    measures = [Field("kilograms", "number", "Weight.", above=0), Field("metres", "number", "Height.", above=0)]
    yield EventHandler("toolbox_weighing", weighings, writes=[WEIGHING], parameters=measures)


@hookimpl
def healthsim_profiles() -> Iterator[Profile]:
    attributes = {
        "metres": {"type": "normal", "mean": 1.7, "sd": 0.09, "min": 1.4, "max": 2.1},
        "kilograms": {"type": "toolbox.gumbel", "mode": 74, "scale": 11, "min": 35, "max": 250},
        "heavy": {"type": "derived", "expression": "toolbox.body_mass_index(kilograms, metres) >= 30"},
    }
    adults = {"id": "toolbox-adults", "demographics": {"age": {"type": "uniform", "min": 18, "max": 90}}}
    adults |= {"attributes": attributes, "journeys": ["toolbox-year"]}
    yield Profile("toolbox-adults", adults, description="Adults with made-up weights and heights.")


@hookimpl
def healthsim_journeys() -> Iterator[Journey]:
    measures = {"kilograms": "${entity.kilograms}", "metres": "${entity.metres}"}
    weighing = {"event_type": "toolbox_weighing", "delay": {"days": [0, 60]}, "parameters": measures}
    again = {"event_id": "again", "depends_on": "first", "conditions": ["heavy"]}
    events = [{"event_id": "first", **weighing}, {**weighing, **again}]
    year = {"journey_id": "toolbox-year", "duration_days": 365, "events": events}
    yield Journey("toolbox-year", year, description="A weighing for everybody, and another one for the heavy.")
