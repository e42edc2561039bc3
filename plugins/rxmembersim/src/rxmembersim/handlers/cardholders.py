"""The pharmacy cards of the insured."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from healthsim_core import Columns, Events, Text
from rxmembersim.coverage import covers_drugs
from rxmembersim.payers import card, payers
from rxmembersim.reading import coverage_type as coverage_type_of

_RELATIONSHIPS = {"subscriber": "1", "individual": "1", "spouse": "2", "dependent": "3", "newborn": "3"}
_POSITIONS = 16  # places in a household: a person's id is the household's place, then the person's
_CODES = [f"{position:03d}" for position in range(1, _POSITIONS + 1)]


def cardholders(people: Events) -> dict[str, Columns]:
    """One card for each coverage of drugs."""
    coverages, persons = people.coverages, people.chunk.columns
    spans = np.flatnonzero(covers_drugs(people))
    spans = spans[np.isin(coverages.row[spans], people.row)]
    row, holder, ids = coverages.row[spans], coverages.holder[spans], people.chunk.id
    coverage_type, plan = coverage_type_of(people, spans), coverages.plan_name[spans]
    payer = payers().find(coverage_type, plan)
    columns = {
        "coverage_id": coverages.coverage_id[spans],
        "person_id": ids[row],
        "bin": card(payer, "bin"),
        "pcn": card(payer, "pcn"),
        "group_id": card(payer, "group"),
        "cardholder_id": persons["member_number"][row],
        "person_code": Text(ids[row] % _POSITIONS, _CODES),
        "relationship_code": _relationship(persons.text("role")[row], holder == row),
        "subscriber_id": ids[holder],
        "coverage_type": coverage_type,
        "rank": coverages.rank[spans],
        "plan": plan,
        "start_date": coverages.start[spans],
        "end_date": coverages.end[spans],
    }
    return {"rxmembersim.cardholder": Columns(columns, len(spans))}


def _relationship(role: Text, holds: NDArray[np.bool_]) -> Text:
    others = role.recode(lambda name: _RELATIONSHIPS.get(name, "4"))
    return Text.constant("1", len(role)).only(holds).or_else(others)


def keyed(card_number: Text, misread: np.ndarray) -> Text:
    """The card number as the pharmacy keys it: misread, it lacks its last digit and matches nobody's."""
    short = card_number.recode(lambda number: number[:-1])
    codes = np.where(misread, short.codes + len(card_number.values), card_number.codes)
    return Text(codes, pa.concat_arrays([card_number.values, short.values])).only(~card_number.is_null())
