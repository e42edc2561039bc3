"""Who a person is to others: birth date, name, address, telephone, numbers."""

from __future__ import annotations

import attrs
import numpy as np

from healthsim_core import identity
from healthsim_core.expressions.kinds import DATE, Kind, always
from healthsim_core.households.household import Household
from healthsim_core.households.steps import Known, Step


@attrs.frozen
class Identified(Step):
    """Birth date, name, address, telephone and numbers of each person, of which expressions may read the birth date."""

    makes = ("birth_date",)

    names = frozenset({"age", "sex"})

    loose = ()  # it is a date

    def kinds(self, known: Known) -> dict[str, Kind]:
        """A date, of everybody."""
        return {"birth_date": always(DATE)}

    def make(self, house: Household) -> None:
        """Draw them."""
        columns, space = house.columns, house.run.namespace
        start = np.asarray(columns["start_date"])
        columns["birth_date"] = identity.birth_dates(np.asarray(columns["age"]), start, house.draws("birth"))
        columns["death_date"] = np.full(house.rows, np.datetime64("NaT"), "datetime64[D]")
        columns["last_name"] = identity.last_names(house.household_draws("name"))
        columns["first_name"] = identity.first_names(columns["sex"], columns["birth_date"], house.draws("name"))  # type: ignore[arg-type]
        columns["address"] = identity.streets(house.household_draws("street"))
        columns["phone"] = identity.phones(house.household_draws("phone"))
        columns["email"] = identity.emails(columns["first_name"], columns["last_name"], house.person_id, space)  # type: ignore[arg-type]
        columns["ssn"] = identity.social_security_numbers(house.person_id, space)
        columns["member_number"] = identity.member_numbers(np.asarray(columns["subscriber_id"]), space)
