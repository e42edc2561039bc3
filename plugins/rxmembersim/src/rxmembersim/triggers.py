"""What RxMemberSim lets follow from what."""

from __future__ import annotations

from healthsim_core import Trigger
from rxmembersim import courses
from rxmembersim.reading import CARRIED

TRIGGERS = (
    Trigger("medication_order", "new_rx", (0, 1), carry=CARRIED, description="An order reaches the pharmacy."),
    Trigger("new_rx", "fill", carry=CARRIED, schedule=courses.first_fills, description="A prescription is filled."),
    Trigger(
        "new_rx",
        "refill",
        carry=CARRIED,
        schedule=courses.refills,
        description="A prescription is refilled as far as it allows.",
    ),
    Trigger("fill", "reversal", schedule=courses.reversals, description="An abandoned fill is reversed."),
    Trigger("refill", "reversal", schedule=courses.reversals, description="An uncollected refill is reversed."),
    Trigger(
        "refill",
        "adherence_gap",
        carry=("drug_class", "gap_days"),
        schedule=courses.gaps,
        description="A late refill ends a gap.",
    ),
)
