"""Diagnoses of claims: the principal one, a second, the chronic conditions of an inpatient, the admitting one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from healthsim_core import Columns, Text
from membersim.facts import document
from membersim.handlers.services import INSTITUTIONAL, Services

_MOST_CHRONIC = 8
_CATEGORY = 3  # characters of an ICD-10-CM category


def diagnosis_table(services: Services) -> Columns:
    """`membersim.claim_diagnosis`."""
    stay = services.type == INSTITUTIONAL
    principal = _diagnoses(services, services.diagnosis, "principal", stay)
    others = [_diagnoses(services, code, "other", stay) for code in (services.second, *_chronic(services, stay))]
    admitting = _diagnoses(services, services.admitting, "admitting", np.zeros(len(services), bool))
    coded = Columns.concat([principal, *others])
    coded = coded.take(np.argsort(coded["row"], kind="stable"))
    sequence = np.arange(coded.rows) - np.searchsorted(coded["row"], coded["row"]) + 1
    joined = Columns.concat([coded.assign(sequence=sequence), admitting.assign(sequence=np.zeros(admitting.rows, np.int64))])
    joined = joined.take(np.lexsort((joined["sequence"], joined["row"])))
    return joined.select(name for name in joined if name != "row")


def _diagnoses(services: Services, code: Text, qualifier: str, stay: NDArray[np.bool_]) -> Columns:
    exempt = tuple(document("revenue")["exempt_from_present_on_admission"])
    asked = stay & ~code.map(lambda value: value.startswith(exempt), np.bool_, True)
    columns = {
        "row": np.arange(len(services)), "claim_id": services.events.id, "person_id": services.events.person,
        "code": code, "qualifier": qualifier, "present_on_admission": Text(asked.astype(np.int32) - 1, ["Y"]),
    }  # fmt: skip
    return Columns(columns, len(services)).where(~code.is_null())


def _chronic(services: Services, stay: NDArray[np.bool_]) -> list[Text]:
    """The person's conditions, a column a position, where they may be coded and their category is not coded already.

    A stay for childbirth or birth codes conditions in its own chapter, so they are left out there.
    """
    own_chapter = services.diagnosis.map(lambda code: code.startswith(("O", "P", "Z3")), np.bool_, False)
    conditions = services.events.people["conditions"]
    most = max((len(value.split()) for value in conditions.values.to_pylist()), default=0)
    coded = [_category(services.diagnosis), _category(services.second)]
    found = []
    for position in range(min(most, _MOST_CHRONIC)):
        code = conditions.recode(lambda value, at=position: (value.split() + [""] * _MOST_CHRONIC)[at] or None)
        known = np.any([_category(code) == other for other in coded], axis=0)
        found.append(Text(np.where(stay & ~own_chapter & ~known, code.codes, -1), code.values))
        coded.append(_category(found[-1]))
    return found


def _category(code: Text) -> Text:
    return code.recode(lambda value: value[:_CATEGORY])
