"""What every column of people holds, found before anybody is made, and whether the profile's expressions fit it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs

from healthsim_core.catalog import Catalog
from healthsim_core.distributions.allowed import kind_of_codes
from healthsim_core.errors import Mistakes
from healthsim_core.expressions.kinds import (
    ANYTHING,
    DATE,
    NUMBER,
    TEXT,
    Kind,
    always,
    kind_of_field,
    text_of,
)
from healthsim_core.households.household import Member
from healthsim_core.households.steps import Known, Step
from healthsim_core.offers import PersonColumns
from healthsim_core.reference.known_codes import KnownCodes
from healthsim_core.reference.places import instead_of_county
from healthsim_core.spec.profile import ROLES
from healthsim_core.world import PERSON

_EARLY = {  # there before any attribute; the subscriber's own age and sex come before those of the others
    "person_id": NUMBER, "household_id": NUMBER, "subscriber_id": NUMBER, "start_date": DATE, "role": text_of(ROLES),
    "county_fips": Kind("text", instead=instead_of_county), "state": TEXT, "city": TEXT, "zip": TEXT,
    "subscriber_age": NUMBER, "subscriber_sex": kind_of_codes("sex"),
}  # fmt: skip
DEPENDENTS = "subscriber_dependents"  # there last, when it is known who is; for journeys


def columns_known(
    steps: Sequence[Step],
    members: Sequence[Member],
    catalog: Catalog,
    codes: KnownCodes,
    mistakes: Mistakes,
    circular: bool = False,
) -> Mapping[str, Kind]:
    """What every column holds that an expression may read.

    Args:
        steps: Attributes, conditions and what follows from them; each may read what those before it make.
        members: The household positions.
        catalog: What products add to people.
        codes: The codes that the run knows.
        mistakes: Takes what is wrong with the expressions of attributes, conditions and numbers of members.
        circular: Whether they are in no order, which is a mistake already: each may then read what any of them makes.
    """
    columns = {column: ANYTHING for step in steps for column in step.makes} if circular else {}
    columns |= {column: always(kind) for column, kind in _EARLY.items()}
    known = Known(columns, members, catalog, codes, mistakes)
    for step in steps:
        columns |= step.kinds(known)
    known.check([member.count for member in members])
    loose = {
        name: attrs.evolve(columns[name], strict=False) for step in steps for name in step.loose if name in columns
    }
    labs = dict.fromkeys((lab for skill in catalog.skills.values() for lab in skill.baselines), NUMBER)
    fields = {field.name: field for field in PERSON.fields}
    products = {
        name: kind_of_field(fields[name]) if name in fields else TEXT
        for o in catalog.of(PersonColumns)
        for name in o.fields
    }
    return {**labs, **columns, **loose, **products, DEPENDENTS: NUMBER}
