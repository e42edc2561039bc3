"""Payers, and who is insured by which: payer and sponsor are a household's, the same for all its members."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from healthsim_core import Columns, Coverages, People, Plans, Run, Text
from membersim.facts import document, states
from membersim.tables import PAYER

_RANKS = 16  # more than one person's coverages have


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


@attrs.frozen(eq=False)
class Insurers:
    """Who insures and who sponsors each span of coverage; all columns are (spans,)."""

    payer_id: Text
    group_number: Text
    sponsor_name: Text

    @classmethod
    def of(cls, people: People, spans: Coverages, plans: Plans) -> Insurers:
        """The payers and sponsors, drawn by household and rank among those of the plan's kind."""
        payers, sponsors = document("payers")["payers"], document("payers")["sponsors"]
        draw = people.household_draw("membersim.payer")
        of_state = document("payers")["medicaid"]["payer_id"]
        here = people.columns.text("state").recode(lambda state: of_state.format(state=state))

        def payer(kind: str, rank: int) -> Text:
            weights = {payer["payer_id"]: payer["weight"] for payer in payers if payer["kind"] == kind}
            return here if kind == "medicaid" else draw.choice(_drawn("payer", rank), weights)

        def sponsor(kind: str, rank: int) -> Text:
            names = [f"{kind} {index}" for index in range(len(sponsors[kind]))]
            weights = [sponsor["weight"] for sponsor in sponsors[kind]]
            return draw.choice(_drawn("sponsor", rank), dict(zip(names, weights, strict=True)))

        known = {f"{kind} {at}": sponsor for kind, listed in sponsors.items() for at, sponsor in enumerate(listed)}
        sponsored = _by_kind(spans, plans, sponsor)
        return cls(
            _by_kind(spans, plans, payer),
            sponsored.recode(lambda index: known[index]["group_number"]),
            sponsored.recode(lambda index: known[index]["name"]),
        )

    def take(self, rows: NDArray[np.integer[Any]]) -> Insurers:
        """Those of some spans."""
        return Insurers(self.payer_id[rows], self.group_number[rows], self.sponsor_name[rows])


def _drawn(what: str, rank: int) -> str:
    return what if rank == 1 else f"{what}_{rank}"


def _by_kind(spans: Coverages, plans: Plans, of_kind: Callable[[str, int], Text]) -> Text:
    kinds, of_plan = np.unique(np.array(plans.given("kind"), str), return_inverse=True)
    drawn = of_plan[spans.plan] * _RANKS + spans.rank
    values = Text.constant(None, len(spans))
    for number in np.flatnonzero(np.bincount(drawn)).tolist():
        of_one = of_kind(str(kinds[number // _RANKS]), number % _RANKS)
        values = values.or_else(of_one[spans.row].only(drawn == number))
    return values
