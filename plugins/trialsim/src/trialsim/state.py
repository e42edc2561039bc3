"""What a trial's events change of a person's state: being in a trial, the drug under study, what befalls the body."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

import numpy as np

from healthsim_core import Columns, Field, StateChange, Text
from trialsim.protocol import treatments

IN_TRIAL = "in_trial"
_TREATMENT = Field("treatment", "category", "randomization: what the arm is given.", nullable=True)
_DOSE = Field("dose", "number", "randomization: how much of it a day.", nullable=True)
_DAYS = Field("treatment_days", "number", "randomization: planned days of treatment.", unit="d", nullable=True)
_STATE = Field("state", "category", "adverse_event: the circumstance that the body is in meanwhile.", nullable=True)
_LASTS = Field("days", "number", "adverse_event: usual duration.", unit="d", nullable=True)


def joined(parameters: Columns) -> Mapping[str, Any]:
    """Who is randomised is in a trial until they leave it, or it is over."""
    return {
        "name": Text.constant(IN_TRIAL, parameters.rows),
        "days": parameters.array("treatment_days") + FOLLOW_UP_DAYS,
    }


def left(parameters: Columns) -> Mapping[str, Any]:
    """Who withdraws is in it no longer."""
    return {"name": Text.constant(IN_TRIAL, parameters.rows), "stops": np.ones(parameters.rows, bool)}


def dosed(parameters: Columns) -> Mapping[str, Any]:
    """The arm's drug is taken from randomisation on, as long as treatment is planned."""
    treatment = parameters["treatment"]
    return {
        "name": treatment,
        "drug": treatment,
        "dose": parameters.array("dose"),
        "days": parameters.array("treatment_days"),
    }


def stopped(name: str, parameters: Columns) -> Mapping[str, Any]:
    """Who withdraws takes the drug under study no longer."""
    return {"name": Text.constant(name, parameters.rows), "stops": np.ones(parameters.rows, bool)}


def befallen(parameters: Columns) -> Mapping[str, Any]:
    """An adverse event with a meaning for the laboratory lasts as long as such ones do."""
    return {"name": parameters["state"], "days": parameters.array("days")}


FOLLOW_UP_DAYS = 28.0  # as the protocols that ship have it after the last dose
CHANGES = (
    StateChange(
        "randomization", "circumstance", joined, (_DAYS,), names=(IN_TRIAL,), description="A trial is joined."
    ),
    StateChange("withdrawal", "circumstance", left, names=(IN_TRIAL,), description="A trial is left."),
    StateChange(
        "randomization", "treatment", dosed, (_TREATMENT, _DOSE, _DAYS), given=True,
        description="The arm's drug is taken.",
    ),
    *(
        StateChange(
            "withdrawal", "treatment", functools.partial(stopped, name), names=(name,), given=True,
            description=f"{name} is taken no longer.",
        )
        for name in treatments()
    ),
    StateChange(
        "adverse_event", "circumstance", befallen, (_STATE, _LASTS),
        description="What an adverse event does to the body.",
    ),
)  # fmt: skip
