"""What follows by itself in a clinic."""

from __future__ import annotations

import numpy as np

from healthsim_core import Columns, Events, Schedule, Trigger
from patientsim.handlers.facts import facts

_DAYS = 2**20  # more than there are days, so that a person and a day are one number


def reported(orders: Events) -> Schedule:
    """The result of each order; what was taken of a person on one day, such as creatinine and eGFR, is reported on one day."""
    least, most = facts("laboratory")["result_days"]
    taken = orders.run.draws("patientsim.laboratory", orders.person * _DAYS + orders.date.astype(np.int64) % _DAYS)
    return Schedule(np.arange(len(orders)), taken.integers("days", least, most + 1), Columns({}, len(orders)))


LAB_RESULT = Trigger(
    on="lab_order",
    then="lab_result",
    carry=("loinc", "description", "value", "unit", "low", "high"),
    schedule=reported,
    description="A laboratory reports one to five days after the specimen was taken, all of a day's specimens together.",
)
