"""What follows by itself in a clinic."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from healthsim_core import Columns, Events, Schedule, Trigger
from patientsim.facts import document
from patientsim.handlers.linking import belonging

_DAYS = 2**20  # more than there are days, so that a person and a day are one number
_MINUTES = 2**31  # likewise for minutes


def reported(orders: Events) -> Schedule:
    """The result of each order: what was taken of a person together, such as creatinine and eGFR,
    is reported together."""
    least, most = document("laboratory")["result_days"]
    taken = orders.run.draws("patientsim.laboratory", orders.person * _DAYS + orders.date.astype(np.int64) % _DAYS)
    days = np.where(_of_hospital(orders), 0, taken.integers("days", least, most + 1))
    return Schedule(np.arange(len(orders)), days, Columns({}, len(orders)), _minutes(orders))


def _minutes(orders: Events) -> NDArray[np.int64]:
    least, most = document("laboratory")["hospital_minutes"]
    minute = orders.time.astype("datetime64[m]").astype(np.int64) % _MINUTES
    return orders.run.draws("patientsim.laboratory.hospital", orders.person * _MINUTES + minute).integers(
        "minutes", least, most + 1
    )


def _of_hospital(orders: Events) -> NDArray[np.bool_]:
    """Whether a hospital's own laboratory reports: on what is ordered in a stay or an emergency,
    but not on cultures."""
    said = document("laboratory")
    place, left = belonging(orders), orders.ancestor("discharge").array("time")
    visit, stay = orders.ancestor("encounter"), orders.ancestor("admission")
    at = [(place.array("id") == cause.array("id")) & (cause.array("id") != 0) for cause in (stay, visit)]
    kinds = [
        cause.text("class").or_else(usual).isin(said["hospital_classes"])
        for cause, usual in ((stay, "IMP"), (visit, "AMB"))
    ]
    inside = np.logical_or(*(here & kind for here, kind in zip(at, kinds, strict=True)))
    return np.asarray(inside & ~(left >= place.array("time")) & ~orders.parameters.text("loinc").isin(said["cultures"]))


LAB_RESULT = Trigger(
    on="lab_order",
    then="lab_result",
    carry=("loinc", "description", "value", "unit", "low", "high"),
    schedule=reported,
    description="A laboratory reports one to five days after the specimen was taken, in a hospital after half an "
    "hour to two hours; what was taken together is reported together.",
)
