"""What was arranged: referrals and care plans."""

from __future__ import annotations

import numpy as np

from healthsim_core import Columns, EventHandler, Events, Field, Text
from patientsim.handlers.linking import origin
from patientsim.tables import CARE_PLAN, REFERRAL


def referrals(events: Events) -> dict[str, Columns]:
    """One row a referral; completed once a visit or stay to which it led has begun."""
    referral = events.type == "referral"
    made, seen = events.where(referral), events.where(~referral)
    kept = np.isin(made.id, seen.ancestor("referral").array("id"))
    columns = {
        **origin(made, "referral_id"),
        **{name: made.parameters[name] for name in ("specialty", "reason_code", "description")},
        "status": Text(kept.astype(np.int32), ["active", "completed"]),
        "authored": made.time,
    }
    return {REFERRAL.name: Columns(columns, len(made))}


def care_plans(events: Events) -> dict[str, Columns]:
    """One row for each care plan and each revision."""
    said = events.parameters.text("description").or_else(events.label)
    return {
        CARE_PLAN.name: Columns(
            {**origin(events, "care_plan_id"), "description": said, "created": events.time}, len(events)
        )
    }


REFERRALS = EventHandler(
    ("referral", "encounter", "admission"),
    referrals,
    writes=(REFERRAL,),
    parameters=(
        Field("specialty", "category", "Specialty referred to.", nullable=True, codes="specialty"),
        Field("reason_code", "category", "ICD-10-CM reason.", nullable=True, codes="icd-10-cm"),
        Field("description", "category", "The reason in words.", nullable=True),
    ),
    description="Referrals.",
)
CARE_PLANS = EventHandler(
    "care_plan_update",
    care_plans,
    writes=(CARE_PLAN,),
    parameters=(Field("description", "category", "What was agreed, in words.", nullable=True),),
    description="Care plans and their revisions.",
)
