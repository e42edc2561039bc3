"""Diagnoses of claims: the principal one, a second, the chronic conditions of an inpatient, the admitting one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from healthsim_core import Columns, Text, rank_within
from membersim.facts import document
from membersim.handlers.services import INSTITUTIONAL, Services

_MOST_CHRONIC = 8
_CATEGORY = 3  # characters of an ICD-10-CM category


def diagnosis_table(services: Services) -> Columns:
    """`membersim.claim_diagnosis`."""
    every, stays = np.arange(len(services)), np.flatnonzero(services.type == INSTITUTIONAL)
    principal = _diagnoses(services, every, services.diagnosis, "principal")
    others = [_diagnoses(services, every, services.second, "other")]
    others += [_diagnoses(services, stays, code, "other") for code in _chronic(services, stays)]
    admitting = _diagnoses(services, every, services.admitting, "admitting")
    coded = Columns.concat([principal, *others])
    coded = coded.take(np.argsort(coded.array("row"), kind="stable"))
    sequence = rank_within(coded.array("row")) + 1
    joined = Columns.concat(
        [coded.assign(sequence=sequence), admitting.assign(sequence=np.zeros(admitting.rows, np.int64))]
    )
    joined = joined.take(np.lexsort((joined.array("sequence"), joined.array("row"))))
    return joined.select(name for name in joined if name != "row")


def _diagnoses(services: Services, owner: NDArray[np.intp], code: Text, qualifier: str) -> Columns:
    """The diagnoses `code` of the claims `of`, of those that have one."""
    at = np.flatnonzero(~code.is_null())
    claim, code = owner[at], code[at]
    exempt = tuple(document("revenue")["exempt_from_present_on_admission"])
    inpatient = services.type[claim] == INSTITUTIONAL if qualifier != "admitting" else np.zeros(len(at), bool)
    asked = inpatient & ~code.map(lambda value: value.startswith(exempt), np.bool_, True)
    columns = {
        "row": claim, "claim_id": services.events.id[claim], "person_id": services.events.person[claim],
        "code": code, "qualifier": qualifier, "present_on_admission": Text(asked.astype(np.int32) - 1, ["Y"]),
    }  # fmt: skip
    return Columns(columns, len(at))


def _chronic(services: Services, stays: NDArray[np.intp]) -> list[Text]:
    """The conditions of the persons of stays, a column a position,
    where they may be coded and their category is not coded already.

    A stay for childbirth or birth codes conditions in its own chapter, so they are left out there.
    """
    diagnosis, second = services.diagnosis[stays], services.second[stays]
    own_chapter = diagnosis.map(lambda code: code.startswith(("O", "P", "Z3")), np.bool_, False)
    conditions = services.events.people["conditions"][stays]
    most = max((len(value.split()) for value in conditions.values.to_pylist()), default=0)
    coded = [_category(diagnosis), _category(second)]
    codes = []
    for position in range(min(most, _MOST_CHRONIC)):
        code = conditions.recode(lambda value, at=position: (value.split() + [""] * _MOST_CHRONIC)[at] or None)
        known = np.any([_category(code) == other for other in coded], axis=0)
        codes.append(code.only(~(own_chapter | known)))
        coded.append(_category(codes[-1]))
    return codes


def _category(code: Text) -> Text:
    return code.recode(lambda value: value[:_CATEGORY])
