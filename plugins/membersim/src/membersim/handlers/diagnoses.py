"""Diagnoses of claims: the principal one, a second, those made during a stay, the chronic conditions of an inpatient,
the admitting one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from healthsim_core import Columns, Events, Text, matches, rank_within
from membersim.facts import document
from membersim.handlers.payday import Days
from membersim.handlers.services import INSTITUTIONAL, Services

_MOST_CHRONIC = 8
_MOST_OTHER = 24  # what an institutional claim holds: two HI segments of 12 (005010X223A2)
_CATEGORY = 3  # characters of an ICD-10-CM category


def diagnosis_table(services: Services, claim_id: NDArray[np.int64], events: Events) -> Columns:
    """`membersim.claim_diagnosis`.

    Args:
        services: What the claims bill.
        claim_id: Their ids.
        events: The chunk's events, of which those of type diagnosis are read.
    """
    every, stays = np.arange(len(services)), np.flatnonzero(services.type == INSTITUTIONAL)
    principal = _diagnoses(services, every, services.diagnosis, "principal")
    others = [_diagnoses(services, every, services.second, "other")]
    made = _made(services, events, stays)
    others.append(made)
    others += [_diagnoses(services, stays, code, "other") for code in _chronic(services, stays, made)]
    admitting = _diagnoses(services, every, services.admitting, "admitting")
    coded = Columns.concat([principal, *others])
    coded = coded.take(np.argsort(coded.array("row"), kind="stable"))
    coded = coded.assign(sequence=rank_within(coded.array("row")) + 1)
    coded = coded.where(coded.array("sequence") <= 1 + _MOST_OTHER)
    joined = Columns.concat([coded, admitting.assign(sequence=np.zeros(admitting.rows, np.int64))])
    joined = joined.take(np.lexsort((joined.array("sequence"), joined.array("row"))))
    joined = joined.assign(claim_id=claim_id[joined.array("row")])
    return joined.select(name for name in joined if name != "row")


def _diagnoses(services: Services, owner: NDArray[np.intp], code: Text, qualifier: str) -> Columns:
    """The diagnoses `code` of the claims `owner`, of those that have one."""
    at = np.flatnonzero(~code.is_null())
    claim, code = owner[at], code[at]
    exempt = tuple(document("revenue")["exempt_from_present_on_admission"])
    inpatient = services.type[claim] == INSTITUTIONAL if qualifier != "admitting" else np.zeros(len(at), bool)
    asked = inpatient & ~code.map(lambda value: value.startswith(exempt), np.bool_, True)
    columns = {
        "row": claim, "person_id": services.events.person[claim],
        "code": code, "qualifier": qualifier, "present_on_admission": Text(asked.astype(np.int32) - 1, ["Y"]),
    }  # fmt: skip
    return Columns(columns, len(at))


def _made(services: Services, events: Events, stays: NDArray[np.intp]) -> Columns:
    """The diagnoses made from admission to discharge that are not coded already, each once, in order of time."""
    diagnoses = events.where(events.type == "diagnosis")
    admission, visit = diagnoses.ancestor("admission"), diagnoses.ancestor("encounter")
    elsewhere = visit.array("time") > admission.array("time")  # at a visit that the stay led to
    stays = stays[services.origin[stays] > 0]
    at, row = matches(np.where(elsewhere, -1, admission.array("id")), services.origin[stays])
    claim, code = stays[at], diagnoses.parameters.text("code")[row]
    coded = (code == services.diagnosis[claim]) | (code == services.second[claim]) | code.is_null()
    new = np.flatnonzero(~coded & (diagnoses.time[row] <= services.discharged[claim]))
    claim, code, row = claim[new], code[new], row[new]
    _, once = np.unique(claim * (len(code.values) + 1) + code.codes, return_index=True)
    once.sort()
    claim, code, row = claim[once], code[once], row[once]
    made = _diagnoses(services, claim, code, "other")
    late = (_first_made(diagnoses)[row] > services.service_from[claim]) & ~_brought(diagnoses)[row]
    asked = made.text("present_on_admission")
    return made.assign(present_on_admission=Text(np.where(asked.is_null(), -1, late), ["Y", "N"]))


def _first_made(diagnoses: Events) -> Days:
    """When the person was first diagnosed with the code of each of these."""
    code = diagnoses.parameters.text("code")
    key = diagnoses.row * (len(code.values) + 1) + code.codes
    _, first, inverse = np.unique(key, return_index=True, return_inverse=True)
    return np.asarray(diagnoses.date[first][inverse])


def _brought(diagnoses: Events) -> NDArray[np.bool_]:
    """Whether the person came with the very code: a complication of a known illness is as new as its code."""
    brought, code = diagnoses.people["conditions"], diagnoses.parameters.text("code")
    known = [set((words or "").split()) for words in [*brought.values.to_pylist(), None]]
    codes = [*code.values.to_pylist(), None]
    pairs, inverse = np.unique(np.stack([brought.codes, code.codes]), axis=1, return_inverse=True)
    has = np.array([codes[word] in known[words] for words, word in pairs.T], np.bool_)
    return np.asarray(has[inverse.reshape(-1)], np.bool_)


def _chronic(services: Services, stays: NDArray[np.intp], made: Columns) -> list[Text]:
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
        known = np.any([_category(code) == other for other in coded], axis=0) | _among(made, stays, _category(code))
        codes.append(code.only(~(own_chapter | known)))
        coded.append(_category(codes[-1]))
    return codes


def _among(made: Columns, stays: NDArray[np.intp], category: Text) -> NDArray[np.bool_]:
    """Whether a diagnosis of the category was made during each stay."""
    at, row = matches(made.array("row"), stays)
    same = category[at] == _category(made.text("code"))[row]
    return np.asarray(np.bincount(at[same], minlength=len(stays)) > 0)


def _category(code: Text) -> Text:
    return code.recode(lambda value: value[:_CATEGORY])
