"""Payers, and who is insured by which: payer and sponsor are a household's, the same for all its members."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from healthsim_core import Columns, Coverages, People, Plans, Run, Text
from membersim.facts import document, states
from membersim.tables import PAYER


def payer_table(run: Run) -> Mapping[str, Columns]:
    """The payers of a run: all bundled ones, and the Medicaid program of each state where people live."""
    payers = [{k: v for k, v in payer.items() if k != "weight"} for payer in document("payers")["payers"]]
    by_fips = {row["fips"]: state for state, row in states().items()}
    here = sorted({by_fips[county[:2]] for county in run.inhabited if county[:2] in by_fips})
    everything = [*payers, *(_medicaid(state) for state in here)]
    return {
        PAYER.name: Columns(
            {field.name: [payer[field.name] for payer in everything] for field in PAYER.fields}, len(everything)
        )
    }


def _medicaid(state: str) -> dict[str, str]:
    pattern, place = document("payers")["medicaid"], states()[state]
    filled = {key: value.format(state=state, number=int(place["fips"])) for key, value in pattern.items()}
    return {**filled, "kind": "medicaid", "city": place["city"], "state": state, "zip": place["zip"]}


def payer_of(people: People, spans: Coverages, plans: Plans) -> Text:
    """The payer of each span: drawn by household and rank among those of the plan's kind."""
    payers = document("payers")["payers"]
    of_state = people.columns.text("state").recode(
        lambda state: document("payers")["medicaid"]["payer_id"].format(state=state)
    )

    def of_kind(kind: str, rank: int) -> Text:
        if kind == "medicaid":
            return of_state
        weights = {p["payer_id"]: p["weight"] for p in payers if p["kind"] == kind}
        return people.household_draw("membersim.payer").choice(_drawn("payer", rank), weights)

    return _by_kind(spans, plans, of_kind)


def sponsor_of(people: People, spans: Coverages, plans: Plans, name: str) -> Text:
    """The sponsor's `group_number` or `name` of each span."""
    sponsors: Mapping[str, list[dict[str, Any]]] = document("payers")["sponsors"]

    def of_kind(kind: str, rank: int) -> Text:
        weights = {str(index): sponsor["weight"] for index, sponsor in enumerate(sponsors[kind])}
        drawn = people.household_draw("membersim.payer").choice(_drawn("sponsor", rank), weights)
        return drawn.recode(lambda index: sponsors[kind][int(index)][name])

    return _by_kind(spans, plans, of_kind)


def _drawn(what: str, rank: int) -> str:
    return what if rank == 1 else f"{what}_{rank}"


def _by_kind(spans: Coverages, plans: Plans, of_kind: Callable[[str, int], Text]) -> Text:
    kinds, of_plan = np.unique(np.array(plans.given("kind"), str), return_inverse=True)
    values = Text.constant(None, len(spans))
    for kind, rank in np.unique(np.stack([of_plan[spans.plan], spans.rank]), axis=1).T.tolist():
        mine = (of_plan[spans.plan] == kind) & (spans.rank == rank)
        values = values.or_else(of_kind(str(kinds[kind]), rank)[spans.row].only(mine))
    return values
