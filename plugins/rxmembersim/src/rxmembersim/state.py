"""What a pharmacy's events change of a person's state: what is dispensed and fetched is taken."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from healthsim_core import Columns, Field, StateChange
from rxmembersim.decisions import REJECT_CODE, REVERSED
from rxmembersim.reading import FILLED

_PARAMETERS = (
    Field("drug_class", "category", "Therapeutic class.", nullable=True),
    Field("drug", "category", "The ingredient.", nullable=True),
    Field("dose", "number", "Amount a dose.", nullable=True),
    Field("doses_per_day", "number", "Doses a day.", nullable=True),
    Field("days_supply", "number", "Days that one fill lasts.", nullable=True),
)


def fetched(parameters: Columns) -> Mapping[str, Any]:
    """A fill lasts for its supply from the day of its sale; one that is refused, or put back, is not taken."""
    taken = parameters.text("reject_code").is_null() & ~np.nan_to_num(parameters.array("reversed")).astype(bool)
    return {
        "name": parameters.text("drug_class").only(taken),
        "drug": parameters["drug"],
        "dose": parameters.array("dose") * parameters.array("doses_per_day"),
        "days": parameters.array("days_supply"),
    }


TAKEN = StateChange(
    FILLED,
    "treatment",
    fetched,
    (*_PARAMETERS, REJECT_CODE, REVERSED),
    dispensed=True,
    description="What is dispensed and fetched is taken for as long as it lasts.",
)
