"""One chunk of a run: a pure function of (plan, first unit, last unit)."""

from __future__ import annotations

import functools
from collections.abc import Mapping

import attrs
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from healthsim_core.columns import Columns
from healthsim_core.errors import PluginError
from healthsim_core.events import People
from healthsim_core.generation.conditions import condition_rows
from healthsim_core.generation.truth import measure_rows
from healthsim_core.handling.deciding import Deciding
from healthsim_core.handling.dispatch import Dispatcher, collected
from healthsim_core.offers import PersonColumns
from healthsim_core.people.making import make_people
from healthsim_core.planning.met import met_in, run_tables
from healthsim_core.planning.plan import Plan
from healthsim_core.reference.stored import using
from healthsim_core.reliving.passes import live
from healthsim_core.timeline.running import execute
from healthsim_core.timeline.state import Reader, Timeline, Witness
from healthsim_core.validation import OutcomeTally, Tallies, tally_lives, tally_people, tally_records, tally_timeline
from healthsim_core.validation.offered import checked_by_plugins
from healthsim_core.world import CONDITION, MEASURE


@attrs.frozen(eq=False)
class Chunk:
    """What a chunk makes.

    Attributes:
        start: First unit (0 is the first household).
        stop: One past the last.
        tables: Every table of the plan that has a person, by name, sorted by person.
        run_tables: The tables that have no person, with the rows that this chunk names.
        tallies: What validation and the notes need to know of it.
    """

    start: int
    stop: int
    tables: Mapping[str, pa.Table]
    run_tables: Mapping[str, pa.Table]
    tallies: Tallies


# what is too great to be computed is infinite or null, and so in the tables
@np.errstate(over="ignore", invalid="ignore", divide="ignore")
def run_chunk(plan: Plan, start: int, stop: int) -> Chunk:
    """Make the people of the units start to stop, what happens to them, and what the products make of it."""
    with using(plan.facts):
        return _chunk(plan, start, stop)


def _chunk(plan: Plan, start: int, stop: int) -> Chunk:
    tallies, validated = Tallies(), plan.request.validation != "none"
    everybody, present, timeline = lived(
        plan, start, stop, OutcomeTally(tallies, plan, start, stop) if validated else None
    )
    rows = np.flatnonzero(timeline.present)
    columns = Columns(timeline.people, len(timeline.present)).take(rows)
    people = People(plan.run, columns, _conditions(plan, columns))
    rows_of = _renumbered(timeline.present)
    dispatcher = Dispatcher(
        plan.run, plan.catalog, plan.nodes, people, timeline, rows_of, plan.decisions, plan.request.truth
    )  # fmt: skip
    dispatcher.settle(plan.handlers)
    of_handlers = collected(plan.tables, map(dispatcher.handle, plan.handlers))
    tables = {name: of_handlers.get(name, table.empty()) for name, table in plan.tables.items() if table.person}
    tables["core.person"] = plan.person_table.arrow(columns.select([field.name for field in plan.person_table.fields]))
    tables["core.condition"] = CONDITION.arrow(condition_rows(plan, columns, dispatcher))
    tables["core.event"] = dispatcher.event_table()
    if MEASURE.name in plan.tables:
        tables[MEASURE.name] = MEASURE.arrow(measure_rows(plan, timeline, dispatcher))
    met = met_in(plan, tables)
    tallies.meet(met)
    of_run = run_tables(plan, met)
    for text, count in dispatcher.notes.items():
        tallies.note(text, count)
    for text, (count, among) in timeline.left_out.counts.items():
        tallies.note(text, count, among)
    if validated:
        tally_people(tallies, plan, everybody, present)
        tally_timeline(tallies, plan, timeline)
        tally_lives(tallies, plan, dispatcher)
        tally_records(tallies, plan, tables, of_run, start, stop)
        for (table, rule), (wrong, among) in (*dispatcher.checks, *checked_by_plugins(plan, tables)):
            tallies.violation(table, rule, wrong, among)
    return Chunk(start, stop, plan.run.namespace.tables(tables, plan.tables), of_run, tallies)


@functools.lru_cache(maxsize=1)
def events_a_unit(plan: Plan, probe: int = 128) -> float:
    """How many events a household has, by the first few of them."""
    _, _, timeline = _begun(plan, 0, min(probe, plan.request.count))
    execute(timeline, plan.nodes, plan.blocks)  # once: how many events there are does not hang on what is decided
    return sum(int(block.kept.sum()) for block in timeline.blocks) / max(1, min(probe, plan.request.count))


@np.errstate(over="ignore", invalid="ignore", divide="ignore")
def lived(
    plan: Plan, start: int, stop: int, witness: Witness | None = None, reader: Reader | None = None
) -> tuple[Columns, NDArray[np.bool_], Timeline]:
    """The people of the units start to stop (a row for every household position), who is there,
    and what happens to them; the witness is told of what is drawn, the reader of what is read."""
    everybody, present, timeline = _begun(plan, start, stop, witness, deciding_of(plan), reader)
    live(timeline, plan.nodes, plan.blocks)
    return everybody, present, timeline


def _begun(
    plan: Plan,
    start: int,
    stop: int,
    witness: Witness | None = None,
    deciding: Deciding | None = None,
    reader: Reader | None = None,
) -> tuple[Columns, NDArray[np.bool_], Timeline]:
    """The people of some units, who is there, and their lives before anything happens."""
    everybody, present = make_people(plan.people, plan.run, plan.start_dates, start, stop)
    everybody = _extended(plan, everybody)
    size = len(plan.people.members)
    timeline = Timeline(plan.run, everybody, present, size, plan.births, witness, plan.sharing, deciding, reader)
    return everybody, present, timeline


def deciding_of(plan: Plan) -> Deciding | None:
    """What is decided of events while lives are lived."""
    return Deciding.of(plan.run, plan.nodes, plan.decisions, plan.sharing.sources, functools.partial(_conditions, plan))


def _extended(plan: Plan, everybody: Columns) -> Columns:
    for offer in plan.catalog.of(PersonColumns):
        given = offer.compute(People(plan.run, everybody, _conditions(plan, everybody)))
        if set(given) != set(offer.fields):
            raise PluginError(
                f"its person columns are {sorted(given)}, not {sorted(offer.fields)}.",
                offer.product,
                "Return what `fields` names.",
            )
        everybody = everybody.assign(**given)
    missing = [field.name for field in plan.person_table.fields if field.name not in everybody]
    return everybody.assign(**{name: plan.person_table.field(name).nulls(everybody.rows) for name in missing})


def _conditions(plan: Plan, columns: Columns) -> dict[str, NDArray[np.bool_]]:
    return {
        condition.category: np.asarray(columns[f"condition.{condition.category}"])
        for condition in plan.people.conditions
    }


def _renumbered(present: NDArray[np.bool_]) -> NDArray[np.intp]:
    return np.where(present, np.cumsum(present) - 1, -1)
