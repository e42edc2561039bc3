"""What MemberSim's events follow from."""

from __future__ import annotations

from healthsim_core import Trigger

TRIGGERS = (
    Trigger(
        "encounter",
        "claim_professional",
        delay=(1, 7),
        carry=("class", "specialty", "place_of_service", "service_code", "reason_code", "secondary_code"),
        outlives=True,
        description="A visit is billed.",
    ),
    Trigger(
        "discharge",
        "claim_institutional",
        delay=(3, 10),
        carry=("drg", "reason_code", "secondary_code", "procedure_code", "discharge_disposition"),
        outlives=True,
        description="The hospital bills a stay when it is over.",
    ),
    Trigger(
        "gap_identified", "milestone", delay=(3, 14), description="The plan reaches out to a member with a care gap."
    ),
)
