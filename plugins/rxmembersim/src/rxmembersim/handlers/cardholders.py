"""The pharmacy cards of the insured."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from healthsim_core import Columns, Events, Text
from rxmembersim.benefits import benefits, card
from rxmembersim.reading import UNINSURED

_RELATIONSHIPS = {"subscriber": "1", "individual": "1", "spouse": "2", "dependent": "3", "newborn": "3"}
_POSITIONS = 16  # places in a household: a person's id is the household's place, then the person's


def cardholders(people: Events) -> dict[str, Columns]:
    """One card a person who is insured."""
    people = people.where(people.people["coverage_type"] != UNINSURED)
    persons = people.people
    benefit = benefits().find(persons["coverage_type"], persons["plan"])
    positions = [f"{position:03d}" for position in range(1, _POSITIONS + 1)]
    columns = {
        "person_id": people.person,
        "bin": card(benefit, "bin"),
        "pcn": card(benefit, "pcn"),
        "group_id": card(benefit, "group"),
        "cardholder_id": persons["member_number"],
        "person_code": Text(people.person % _POSITIONS, positions),
        "relationship_code": persons["role"].recode(lambda role: _RELATIONSHIPS.get(role, "4")),
        "subscriber_id": persons["subscriber_id"],
        "coverage_type": persons["coverage_type"],
        "benefit": Text(benefit, list(benefits().names)),
    }
    return {"rxmembersim.cardholder": Columns(columns, len(people))}


def keyed(card_number: Text, misread: np.ndarray) -> Text:
    """The card number as the pharmacy keys it: misread, it lacks its last digit and matches nobody's."""
    short = card_number.recode(lambda number: number[:-1])
    codes = np.where(misread, short.codes + len(card_number.values), card_number.codes)
    return Text(codes, pa.concat_arrays([card_number.values, short.values])).only(~card_number.is_null())
