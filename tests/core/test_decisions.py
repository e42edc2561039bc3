"""Decisions: made of events once they happened, before any handler, and read by whoever declares them."""

import numpy as np
import pytest
from clinic import adults, event, journey, plugin

from healthsim_core import EventDecision, EventHandler, Field, Table
from healthsim_core.catalog import Catalog
from healthsim_core.errors import ConflictError, PluginError, SpecificationError
from healthsim_core.generation.executor import ProfileJourneyOrchestrator

TURN, SCORE = Field("turn", "integer", "Which one it is.", nullable=True), Field("score", "number", "A number.")
WORD = Field("word", "category", "In words.", nullable=True)


def turns(events):
    """Which of the person's events each is, 1 for the first, and a word for the first."""
    first = np.flatnonzero(np.diff(events.row, prepend=-1))
    turn = np.arange(len(events)) - np.repeat(first, np.diff([*first, len(events)])) + 1
    return {"turn": turn, "word": ["first" if one == 1 else None for one in turn.tolist()]}


DECISION = EventDecision(("clinic_call", "clinic_knock"), (TURN, WORD), turns)


def board(name, *types, fields=(TURN, WORD)):
    """A handler that writes down what it reads."""
    table = Table(
        f"{name}.board",
        (Field("id", "id", "The event."), Field("person_id", "id", "Whose.", references="core.person"), *fields),
        key=("id",),
        description="What was read.",
    )

    def read(events):
        read = {field.name: events.parameters[field.name] for field in fields}
        return {table.name: {"id": events.id, "person_id": events.person, **read}}

    return EventHandler(types, read, writes=[table], parameters=fields)


def of(name, *offers):
    return plugin(name, healthsim_event_handlers=list(offers), healthsim_triggers=[], healthsim_skill_resolvers=[])


def happened(*plugins, events=None, products=None):
    events = events or [
        event("call", "clinic_call", delay={"days": 3}),
        event("knock", "clinic_knock", delay={"days": 1}),
    ]
    catalog = Catalog(tuple(plugins))
    made = ProfileJourneyOrchestrator(adults(), journey(*events), count=3, catalog=catalog, products=products)
    return made.execute().tables


def read(tables, table="clinic.board"):
    """What stands on the board, by event type."""
    types = dict(zip(*(tables["core.event"][name].to_pylist() for name in ("event_id", "event_type")), strict=True))
    return {(types[row["id"]], row["turn"], row["word"]) for row in tables[table].to_pylist()}


def test_a_handler_reads_what_was_decided_of_events_of_several_types_seen_together():
    tables = happened(of("clinic", board("clinic", "clinic_call", "clinic_knock"), DECISION))

    assert read(tables) == {("clinic_knock", 1, "first"), ("clinic_call", 2, None)}


def test_a_handler_of_some_of_the_types_reads_its_own_rows():
    tables = happened(of("clinic", board("clinic", "clinic_call"), DECISION))

    assert read(tables) == {("clinic_call", 2, None)}


def test_what_nobody_decided_is_null():
    events = [event("call", "clinic_call"), event("wave", "clinic_wave")]
    tables = happened(of("clinic", board("clinic", "clinic_call", "clinic_wave"), DECISION), events=events)

    assert read(tables) == {("clinic_call", 1, "first"), ("clinic_wave", None, None)}


def test_a_parameter_of_the_same_name_stands_where_nobody_decides_it():
    events = [event("call", "clinic_call"), event("wave", "clinic_wave", parameters={"turn": 7, "word": "hello"})]
    tables = happened(of("clinic", board("clinic", "clinic_call", "clinic_wave"), DECISION), events=events)

    assert read(tables) == {("clinic_call", 1, "first"), ("clinic_wave", 7, "hello")}


def test_a_handler_of_another_product_reads_it():
    tables = happened(of("clinic", board("clinic", "clinic_call"), DECISION), of("inn", board("inn", "clinic_knock")))

    assert read(tables, "inn.board") == {("clinic_knock", 1, "first")}


def test_a_product_that_takes_no_part_decides_nothing():
    plugins = of("clinic", board("clinic", "clinic_call"), DECISION), of("inn", board("inn", "clinic_call"))

    assert read(happened(*plugins, products=["inn"]), "inn.board") == {("clinic_call", None, None)}


def test_a_decision_reads_parameters_and_not_what_another_one_gives():
    def scored(events):
        return {"score": np.nan_to_num(events.parameters["turn"], nan=-1) + len(events.parameters["word"])}

    reading = EventDecision("clinic_call", (SCORE,), scored, (TURN, WORD))
    handler = board("clinic", "clinic_call", fields=(SCORE,))

    assert set(happened(of("clinic", handler, DECISION, reading))["clinic.board"]["score"].to_pylist()) == {2.0}


def test_other_columns_than_it_says_are_refused():
    wrong = EventDecision(DECISION.event_types, (TURN,), turns)

    with pytest.raises(PluginError, match=r"gives \['turn', 'word'\], not \['turn'\].\s+Return what `gives` names"):
        happened(of("clinic", board("clinic", "clinic_call"), wrong))


def test_fewer_rows_than_events_are_refused():
    short = EventDecision(DECISION.event_types, (TURN,), lambda events: {"turn": np.zeros(len(events) - 1)})

    with pytest.raises(PluginError, match=r"no row for each of 6 events: column 'turn' has 5 rows"):
        happened(of("clinic", board("clinic", "clinic_call"), short))


def test_two_products_that_decide_one_column_of_one_event_type_are_refused():
    both = (of("clinic", DECISION), of("inn", EventDecision("clinic_knock", (TURN,), turns)))

    with pytest.raises(ConflictError, match=r'"turn" of "clinic_knock" is decided by clinic .* and inn'):
        Catalog(both)


def test_two_products_decide_one_column_of_two_event_types():
    waves = EventDecision("clinic_wave", (TURN, WORD), turns)
    events = [event("call", "clinic_call"), event("wave", "clinic_wave")]
    tables = happened(
        of("clinic", board("clinic", "clinic_call", "clinic_wave"), DECISION),
        of("inn", board("inn", "clinic_wave"), waves),
        events=events,
    )

    assert read(tables) == {("clinic_call", 1, "first"), ("clinic_wave", 1, "first")}


def test_a_journey_cannot_give_what_is_decided():
    given = [event("call", "clinic_call", parameters={"turn": 7})]

    with pytest.raises(SpecificationError, match='"clinic_call" has no parameter "turn"'):
        happened(of("clinic", board("clinic", "clinic_call"), DECISION), events=given)


def test_an_event_type_that_somebody_decides_of_is_known():
    tables = happened(of("clinic", DECISION), events=[event("knock", "CLINIC-KNOCK")])

    assert set(tables["core.event"]["event_type"].to_pylist()) == {"clinic_knock"}


@pytest.mark.parametrize(
    ("types", "parameters", "what"),
    [(("person",), (), "does not happen"), (("clinic_call",), (TURN,), "reads .'turn'., which it decides")],
)
def test_a_decision_of_what_does_not_happen_or_of_itself_is_refused(types, parameters, what):
    with pytest.raises(ValueError, match=what):
        EventDecision(types, (TURN, WORD), turns, parameters)
