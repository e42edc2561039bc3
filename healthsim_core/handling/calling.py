"""Call a handler, and hold it to what it declares."""

from __future__ import annotations

from collections.abc import Mapping

from healthsim_core.benefits.ledger import Settled, settle, settled
from healthsim_core.benefits.spending import Spending
from healthsim_core.columns import Columns, as_columns
from healthsim_core.errors import TableError
from healthsim_core.events import Events
from healthsim_core.offers import EventHandler


def spent_by(handler: EventHandler, events: Events) -> Spending:
    """What a handler spends of plans of benefits.

    Raises:
        TableError: It returns something else.
    """
    assert handler.spends is not None
    spending = handler.spends(events)
    if not isinstance(spending, Spending):
        what = f"`spends` returns {type(spending).__name__}, not a Spending."
        raise TableError(what, "", "Return Spending(lines=PricedLines(...)).")
    return spending


def written_by(handler: EventHandler, events: Events, given: Settled | None = None) -> dict[str, Columns]:
    """The tables that a handler makes of events, by name.

    Args:
        handler: The handler.
        events: Its events.
        given: What the ledger gives back to a handler that spends; None for one that spends alone.

    Raises:
        TableError: It returns something else, or a table that it does not declare.
    """
    if handler.spends is None:
        tables = handler.handle(events)
    else:
        tables = handler.handle(events, given if given is not None else alone(spent_by(handler, events), events))
    if not isinstance(tables, Mapping):
        raise TableError(
            f"returns {type(tables).__name__}, not a mapping.", "", "Return the columns of each table by its name."
        )
    undeclared = sorted(set(tables) - {table.name for table in handler.writes})
    if undeclared:
        raise TableError(f"writes {undeclared}, which it does not declare.", "", "Add them to `writes`.")
    return {name: as_columns(columns) for name, columns in tables.items()}


def alone(spending: Spending, events: Events) -> Settled:
    """What the ledger says of what is spent of some events where nobody else spends."""
    ledger = settle([spending], events.run.plans, events.coverages, events.chunk["birth_date"])
    return next(iter(settled(ledger)))
