"""Events and columns that conformance gives to a plugin's functions, and what does not fit in what they return."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from healthsim_core.codes import CodeSystem
from healthsim_core.columns import LengthError, Text
from healthsim_core.decision_offers import EventDecision
from healthsim_core.distributions.field_bounds import within
from healthsim_core.distributions.offered import family_of
from healthsim_core.errors import HealthSimError
from healthsim_core.events import Events
from healthsim_core.expressions.expression import Expression
from healthsim_core.handling.calling import written_by
from healthsim_core.handling.decided import decided_by
from healthsim_core.language_offers import DistributionOffer, ExpressionFunction
from healthsim_core.offers import EventHandler
from healthsim_core.tables import Field, Table
from healthsim_core.testing.made import AS_OF, make_events, make_people, make_run

SHARES = np.linspace(0.001, 0.999, 999)
NEARLY = 1e-6  # of a share, found from its quantile
TRIED = (1.0, 0.5, 2.0, 10.0, 100.0, 0.0, -1.0, 1e-3, 1e4)  # for a parameter, the first within its bounds
_COLUMNS: Mapping[str, Any] = {
    "number": np.array([0.5, 3.0, 40.0, np.nan, 1.0]),
    "boolean": np.array([True, False, True, False, True]),
    "date": AS_OF + np.arange(5),
    "text": Text.of(["a", "bb", "a", None, "ccc"]),
}


def wrong_lengths(handler: EventHandler, systems: Mapping[str, CodeSystem]) -> Iterator[str]:
    """What does not fit together in what a handler makes of two events of each of its types."""
    for event_type in handler.event_types:
        try:
            accepted = handler.accepts(make_run()) if handler.accepts is not None else {}
            events = two_events(event_type, handler, systems, accepted)
            for name, columns in written_by(handler, events).items():
                next(table for table in handler.writes if table.name == name).arrow(columns)
        except LengthError as error:
            yield f"{event_type}: {error}"
        # made-up parameters are no events of its own: those that its journeys have are looked at elsewhere
        except Exception:
            continue


def undecided(decision: EventDecision, systems: Mapping[str, CodeSystem]) -> Iterator[str]:
    """What a decision does wrong with no event and with two of each of its types."""
    told = Table(decision.product, decision.gives, (), "What it decides.", person="")
    batches = [two_events(event_type, decision, systems, {}) for event_type in decision.event_types]
    for events in (no_events(decision), *batches):
        try:
            told.arrow(decided_by(decision, events))
        except HealthSimError as error:
            yield f"{events.type[:1].to_pylist() or 'of no event'}: {error}"


def two_events(
    event_type: str,
    reader: EventHandler | EventDecision,
    systems: Mapping[str, CodeSystem],
    accepted: Mapping[str, Collection[str]],
) -> Events:
    """Two events of a type, with parameters that they may have."""
    given = {field.name: sample(field, accepted.get(field.name, ()), systems) for field in reader.parameters}
    return make_events(event_type, parameters=given)


def sample(field: Field, accepted: Collection[str], systems: Mapping[str, CodeSystem]) -> Any:
    """A value that a parameter may have, as far as its declaration tells; null where it may be."""
    codes = getattr(systems.get(field.codes), "codes", ())
    if accepted or codes:
        return Text.constant(next(iter(accepted or codes)), 2)
    if field.nullable or field.type == "id":
        return field.nulls(2)
    if field.type in ("text", "category"):
        return Text.constant("text", 2)
    return {"date": np.full(2, AS_OF), "datetime": np.full(2, AS_OF, "datetime64[s]")}.get(field.type, np.ones(2))


def no_events(reader: EventHandler | EventDecision) -> Events:
    """An empty batch of the events of a handler or a decision."""
    parameters = {field.name: field.nulls(0) for field in reader.parameters}
    return make_events(Text.constant(None, 0), make_people(2), row=(), time=(), parameters=parameters)


def unlawful(offer: DistributionOffer) -> Iterator[str]:
    """What keeps a distribution from being drawn by inversion: quantiles that do not rise, or another `cdf`."""
    parameters = [next((value for value in TRIED if within(field, value, {})), 1.0) for field in offer.parameters]
    law, given = family_of(offer), [np.full(len(SHARES), value) for value in parameters]
    with np.errstate(all="ignore"):
        values = law.ppf(SHARES, *given)
        back = law.cdf(values, *given)
    parameters_text = ", ".join(
        f"{field.name} {value:g}" for field, value in zip(offer.parameters, parameters, strict=True)
    )
    if not (np.diff(values) > 0).all():
        yield f"{offer.written}: its quantiles do not rise, with {parameters_text or 'no parameters'}"
    elif (wrong := np.flatnonzero(~(np.abs(back - SHARES) < NEARLY))).size:
        at = wrong[0]
        yield f"{offer.written}: the share below its quantile of {SHARES[at]:g} is {back[at]:g}, with {parameters_text}"


def unlike(function: ExpressionFunction) -> Iterator[str]:
    """What a function of expressions does wrong with made-up columns: of none, of all, and of each row by itself."""
    names = [f"c{place}" for place, _ in enumerate(function.arguments)]
    called = Expression.parse(f"{function.written}({', '.join(names)})")
    columns = {name: _COLUMNS[kind] for name, kind in zip(names, function.arguments, strict=True)}
    try:
        whole = called.values(columns, 5)
        called.values({name: column[:0] for name, column in columns.items()}, 0)
        parts = [called.values({name: column[at : at + 1] for name, column in columns.items()}, 1) for at in range(5)]
    except HealthSimError as error:
        yield error.what
        return
    if [_plain(whole[at : at + 1]) for at in range(5)] != [_plain(part) for part in parts]:
        yield f"{function.written}: what a row gives depends on other rows"


def _plain(column: Any) -> Sequence[str]:
    return [str(value) for value in (column.to_pylist() if isinstance(column, Text) else column.tolist())]
