"""Tables of products that may not be installed: the columns that questions ask for, of the types declared there."""

from __future__ import annotations

import pyarrow as pa

from healthsim_core import Truth

_ID, _DATE, _TEXT = pa.int64(), pa.date32(), pa.string()
_PLACE = ("phone", "address", "city", "state", "zip")
OTHERS = {
    "membersim.coverage": pa.schema({
        **dict.fromkeys(("coverage_id", "person_id", "subscriber_id"), _ID),
        **dict.fromkeys(("payer_id", "member_number", "relationship", "coverage_type", "plan", "group_number"), _TEXT),
        "rank": pa.int32(),
        **dict.fromkeys(("start_date", "end_date"), _DATE),
    }),
    "membersim.payer": pa.schema(dict.fromkeys(("payer_id", "name", *_PLACE), _TEXT)),
    "networksim.provider": pa.schema(dict.fromkeys(
        ("npi", "first_name", "last_name", "credential", "specialty", "taxonomy", "organization_npi", *_PLACE), _TEXT
    )),
    "networksim.facility": pa.schema(dict.fromkeys(("npi", "tax_id", "kind", "name", *_PLACE), _TEXT)),
}  # fmt: skip


def stand_in(truth: Truth) -> None:
    """Make those known without rows that the run does not have and nobody declares."""
    for name, schema in OTHERS.items():
        truth.stand_in(name, schema)
