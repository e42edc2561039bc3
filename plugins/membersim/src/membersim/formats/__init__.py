"""MemberSim's output formats."""

from __future__ import annotations

from healthsim_core import OutputFormat
from membersim.billable import refuse_classes

from .characters import CHARACTERS
from .parties import NETWORK
from .reading import read_claims, read_enrollments, read_remittances
from .x12_834 import X12Enrollments
from .x12_835 import X12Remittances
from .x12_837 import X12Claims

_SHARED = ("core.person", "membersim.payer", "membersim.coverage")
_CLAIMS = (*_SHARED, "membersim.claim", "membersim.claim_line")

FORMATS: tuple[OutputFormat, ...] = (
    OutputFormat(
        name="x12_834",
        description="Benefit enrollment, ASC X12N 834 (005010X220A1).",
        writer=X12Enrollments,
        records=read_enrollments,
        in_parts=True,
        characters=CHARACTERS,
        needs=(*_SHARED, "membersim.member"),
        wants=NETWORK,
    ),
    OutputFormat(
        name="x12_837",
        description=(
            "Professional (005010X222A1) and institutional (005010X223A2) claims, ASC X12N 837, in a file each."
        ),
        writer=X12Claims,
        records=read_claims,
        in_parts=True,
        characters=CHARACTERS,
        needs=(*_CLAIMS, "membersim.claim_diagnosis"),
        wants=NETWORK,
        reviews=lambda run, events: refuse_classes("x12_837", events),
    ),
    OutputFormat(
        name="x12_835",
        description="Remittance advice, ASC X12N 835 (005010X221A1).",
        writer=X12Remittances,
        records=read_remittances,
        in_parts=True,
        characters=CHARACTERS,
        needs=_CLAIMS,
        wants=NETWORK,
        reviews=lambda run, events: refuse_classes("x12_835", events),
    ),
)
