"""NCPDP Telecommunication Standard version D.0: billing (B1) and reversal (B2) requests, one claim a transmission, and
what the payers respond.

Files `b1.ncpdp` and `b2.ncpdp` hold transmissions one after the other, each between STX (02) and ETX (03) and followed
by a line feed, as they would travel one by one. A reversal names its claim by pharmacy, date of service, prescription
and fill number, as the standard has it; the billing request carries the fill's id in its narrative segment.
Of a fill that several payers pay, each has its own requests; they say which payers were asked before.
Files `b1_response.ncpdp` and `b2_response.ncpdp` hold a response for each request, in the same order: paid, with what
the patient pays and what is left of the deductible, rejected with its code, or approved.
"""

from __future__ import annotations

from healthsim_core import OutputFormat
from rxmembersim.formats.ncpdp_d0.layout import CHARACTERS
from rxmembersim.formats.ncpdp_d0.reader import read_requests
from rxmembersim.formats.ncpdp_d0.writer import ClaimWriter

NCPDP_D0 = OutputFormat(
    name="ncpdp_d0",
    description=(
        "Pharmacy claims, NCPDP Telecommunication D.0: billing (B1) and reversal (B2) requests, and the responses."
    ),
    writer=ClaimWriter,
    records=read_requests,
    in_parts=True,
    characters=CHARACTERS,
    needs=(
        "core.person",
        "rxmembersim.cardholder",
        "rxmembersim.prescription",
        "rxmembersim.fill",
        "rxmembersim.reversal",
        "rxmembersim.secondary_claim",
    ),
    wants=("networksim.provider",),
)

__all__ = ["NCPDP_D0"]
