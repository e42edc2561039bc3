"""What follows by itself in a clinic."""

from __future__ import annotations

from healthsim_core import Trigger

LAB_RESULT = Trigger(
    on="lab_order",
    then="lab_result",
    delay=(1, 5),
    carry=("loinc", "description", "value", "unit", "low", "high"),
    description="A laboratory reports one to five days after the specimen was taken.",
)
