"""Explain a record: find it, live its household again, and tell the way to it."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pyarrow as pa

from healthsim_core.calls import checked_call
from healthsim_core.errors import StateError
from healthsim_core.explaining.columns import columns_of
from healthsim_core.explaining.events import way_to
from healthsim_core.explaining.finding import Found, found_in
from healthsim_core.explaining.life import Happening, Life, scalar
from healthsim_core.explaining.opened import OpenedRun, opened
from healthsim_core.explaining.told import Explanation, Record, Somebody
from healthsim_core.generation.chunk import run_chunk
from healthsim_core.households.household import POSITIONS
from healthsim_core.offers import EventHandler, RunHandler
from healthsim_core.planning.plan import Plan
from healthsim_core.tables import Table

_KEPT = 16  # households, for the next ids
_CORE = {
    "core.person": "the profile", "core.condition": "the conditions of the profile and of events",
    "core.event": "the timeline", "core.measure": "the measures of events",
}  # fmt: skip


@checked_call()
def explain(run: Any, id: Any, *, database: str | Path | None = None) -> Explanation:
    """Tell where a record of a run comes from: its household is lived again, and every value must come out the same.

    Args:
        run: What `generate` returned, an output folder or its URL, or the name of a stored cohort.
        id: The id of any record, as it stands in a table or a file: of an event, encounter, claim, fill, observation or
            person, a subject, member or prescription number.
        database: Where the cohort is stored; None for the default one.

    Returns:
        The explanation; `print` shows it, `document()` is the same as plain JSON.

    Raises:
        OutputError: The folder holds no run.
        StateError: There is no such cohort, or the record does not come out the same here.
        UnknownNameError: No record has the id.

    Examples:
        >>> from healthsim import generate
        >>> visits = generate("adult-wellness", "annual-wellness", count=2, products=[], seed=7)
        >>> explanation = explain(visits, visits.timeline["event_id"][0])
        >>> explanation.event.journey
        'annual-wellness'
    """
    return Explainer(run, database=database)(id)


class Explainer:
    """Explains records of one run; what it has compiled and lived again serves the next one of the same household.

    Args:
        run: As in `explain`.
        database: As in `explain`.
    """

    def __init__(self, run: Any, *, database: str | Path | None = None) -> None:
        self.run = opened(run, database)
        self.plan = self.run.plan(database)
        self._household = functools.lru_cache(maxsize=_KEPT)(self._lived)

    def __call__(self, id: Any) -> Explanation:
        """Tell where the record with an id comes from."""
        found = found_in(self.run, self.plan.tables, str(id))
        explaining = _Explaining(self.run, self.plan, str(id), found)
        first = next((hit for hit in found if hit.table.person), None)
        if first is None:
            return explaining.of_world()
        outward = int(first.rows[0][first.table.person])
        inner = int(self.plan.run.namespace.outward(np.array([outward]))[0])
        unit = inner // POSITIONS - 1
        if not 0 <= unit < self.plan.request.count:
            raise explaining.other("its person is none of the run's")
        return explaining.of_person(self._household(unit), inner % POSITIONS, first)

    def _lived(self, unit: int) -> _Household:
        return _Household(Life(self.plan, unit), run_chunk(self.plan, unit, unit + 1).tables)


@attrs.frozen(eq=False)
class _Household:
    """A household lived again, and the tables that are made of it."""

    life: Life
    tables: Mapping[str, pa.Table]


@attrs.frozen(eq=False)
class _Explaining:
    """Explains what was found."""

    run: OpenedRun
    plan: Plan
    asked: str
    found: Sequence[Found]

    def of_world(self) -> Explanation:
        """What belongs to nobody, such as a clinic."""
        return self._explanation(None, (), (), self._records(None))

    def of_person(self, household: _Household, row: int, first: Found) -> Explanation:
        """What is somebody's."""
        life = household.life
        self._check(household.tables)
        event = self._event(life, row, first)
        way = () if event is None else way_to(life, event)
        columns = () if event is not None else columns_of(life, row)
        return self._explanation(_somebody(life, row), way, columns, self._records(event))

    def _explanation(self, person: Somebody | None, way: Any, columns: Any, records: Any) -> Explanation:
        profile, products = self.plan.request.profile, {record.product for record in records}
        versions = {name: of for name, of in self.plan.versions.items() if name in {"healthsim-core", *products}}
        return Explanation(
            self.asked, self.plan.request.name, self.plan.request.seed, profile.id, profile.version,
            person, way, columns, tuple(records), versions,
        )  # fmt: skip

    def _check(self, made: Mapping[str, pa.Table]) -> None:
        """Raise StateError where a row is made otherwise here."""
        for hit in self.found:
            if hit.table.name in made and hit.rows != (again := hit.among(made[hit.table.name])):
                raise self.other(f"{hit.table.name} comes out otherwise here{_difference(hit.rows, again)}")

    def other(self, what: str) -> StateError:
        """An error: the record is not what its run makes here."""
        why = self.run.otherwise(self.plan)
        remedy = f"{why[0].upper()}{why[1:]}: install that one." if why else "Run it again, or `healthsim verify` it."
        return StateError(f"{what}.", f"{self.run.place}: {self.asked}", remedy)

    def _event(self, life: Life, row: int, hit: Found) -> Happening | None:
        """The event that a record was made of."""
        ids = [field.name for field in hit.table.fields if field.type == "id"]
        first = [hit.field.name, *hit.table.key, "event_id"]
        for name in (*(name for name in first if name in ids), *ids):
            value = hit.rows[0][name]
            event = life.of_id.get(life.outward(value)) if value is not None else None
            if event is not None:
                return event
        makers = [handler.event_types for handler in self._handlers(hit.table) if isinstance(handler, EventHandler)]
        types = {name for names in makers for name in names}
        if "person" in types:
            return None
        return next((event for event in life.happenings if event.row == row and event.node.event_type in types), None)

    def _handlers(self, table: Table) -> list[EventHandler | RunHandler]:
        makers: tuple[EventHandler | RunHandler, ...] = (*self.plan.handlers, *self.plan.run_handlers)
        return [handler for handler in makers if table.name in {written.name for written in handler.writes}]

    def _records(self, event: Happening | None) -> list[Record]:
        return [
            Record(hit.table.name, product, function, hit.rows)
            for hit in self.found
            for product, function in self._made_by(hit.table, event)
        ]

    def _made_by(self, table: Table, event: Happening | None) -> Iterator[tuple[str, str]]:
        """The product and the function that made the rows of a table."""
        if table.name in _CORE:
            yield "core", _CORE[table.name]
            return
        handlers = self._handlers(table)
        event_type = "person" if event is None else event.node.event_type
        mine = [handler for handler in handlers if event_type in getattr(handler, "event_types", ())] or handlers
        yield mine[0].product, _function(mine[0])


def _difference(stored: Sequence[Any], again: Sequence[Any]) -> str:
    """Where rows first differ."""
    if len(stored) != len(again):
        return f": {len(again)} rows for {len(stored)}"
    for before, now in zip(stored, again, strict=True):
        for name in before:
            if before[name] != now.get(name):
                return f": {name} is {now.get(name)} for {before[name]}"
    return ""


def _function(handler: EventHandler | RunHandler) -> str:
    """The function of a handler, by its module."""
    function = handler.handle if isinstance(handler, EventHandler) else handler.find or handler.build
    function = getattr(function, "func", function)
    return f"{function.__module__}.{getattr(function, '__qualname__', type(function).__qualname__)}"


def _somebody(life: Life, row: int) -> Somebody:
    def known(name: str) -> Any:
        return scalar(life.timeline.people[name][np.array([row])])

    return Somebody(
        id=life.outward(int(known("person_id"))),
        household_id=life.outward(int(known("household_id"))),
        household=life.unit,
        role=known("role"),
        name=f"{known('first_name')} {known('last_name')}",
        sex=known("sex"),
        birth_date=known("birth_date"),
    )
