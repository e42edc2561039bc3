"""Bills of what nobody covers: of the uninsured, and of services on a day without coverage."""

from __future__ import annotations

import numpy as np

from healthsim_core import Columns, Coverages, Text
from membersim.handlers.claims import CLAIM_LETTERS
from membersim.handlers.lines import lines_of
from membersim.handlers.services import Services
from membersim.tables import BILL

UNINSURED = "uninsured"  # the coverage type of those without coverage
REASONS = (UNINSURED, "before coverage", "after coverage ended")


def bill_table(services: Services | None, spans: Coverages) -> Columns:
    """`membersim.bill`.

    Args:
        services: What nobody covers; None for nothing.
        spans: Who is covered from when to when.
    """
    if services is None:
        return Columns({field.name: [] for field in BILL.fields}, 0)
    events, lines = services.events, lines_of(services, None)
    charges = np.bincount(lines.claim, lines.billed, len(services)).round().astype(np.int64)
    return Columns(
        {
            "bill_id": events.id, "person_id": events.person, "encounter_id": services.origin,
            "type": Text(services.type, list(CLAIM_LETTERS)),
            "service_from": services.service_from, "service_to": services.service_to, "billed": charges,
            "principal_diagnosis": services.diagnosis, "reason": _reasons(services, spans),
            "billing_npi": services.billing, "rendering_npi": events.provider_npi, "facility_npi": services.facility,
            "bill_date": events.date,
        },
        len(services),
    )  # fmt: skip


def _reasons(services: Services, spans: Coverages) -> Text:
    row, start = spans.row[spans.standing], spans.start[spans.standing].astype(np.int64)
    first = np.full(len(services.events.chunk.id), np.iinfo(np.int64).max)
    np.minimum.at(first, row, start)
    began = first[services.events.row] <= services.service_from.astype(np.int64)
    uninsured = services.events.people["coverage_type"] == UNINSURED
    return Text(np.where(uninsured, 0, np.where(began, 2, 1)), list(REASONS))
