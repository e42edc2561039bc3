"""The problem list that people bring, and the diagnoses made during the run."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from healthsim_core import Columns, EventHandler, Events, Field, Text, latest_of
from patientsim.facts import document
from patientsim.handlers.linking import origin
from patientsim.tables import CONDITION

_CATEGORY = 3  # characters of an ICD-10-CM category
_NEVER = np.iinfo(np.int64).max // 2


def conditions(events: Events) -> dict[str, Columns]:
    """Problems as they stand at the start, then diagnoses in order.

    A diagnosis of a category on the person's problem list is a finding of that problem: it keeps the problem's onset,
    unless it is a stage or a complication that begins when it is found.
    One made again keeps the onset of the first time, unless the illness passes by itself. One that a later diagnosis
    corrects, such as an earlier stage, is inactive.
    """
    people, made = events.where(events.type == "person"), events.where(events.type == "diagnosis")
    parts = [_problem(people, category, has) for category, has in events.chunk.conditions.items()]
    recorded = Columns.concat([*parts, _diagnoses(made)])
    corrected = _corrected(recorded.text("code"), recorded.array("person_id"))
    status = Text.constant("inactive", len(corrected)).only(corrected).or_else(recorded.text("clinical_status"))
    return {CONDITION.name: recorded.assign(clinical_status=status)}


def _problem(people: Events, category: str, has: NDArray[np.bool_]) -> Columns:
    theirs = people.where(np.asarray(has)[people.row])
    words = theirs.run.draws("patientsim.condition", theirs.person).words(category)
    columns = {
        "condition_id": np.maximum((words >> np.uint64(1)).astype(np.int64), 1),
        "person_id": theirs.person,
        "encounter_id": np.zeros(len(theirs), np.int64),
        "code": theirs.people[f"code.{category}"],
        "description": theirs.people[f"description.{category}"],
        "severity": theirs.people[f"severity.{category}"],
        "clinical_status": Text.constant("active", len(theirs)),
        "category": Text.constant("problem-list-item", len(theirs)),
        "onset_date": np.asarray(theirs.people[f"onset.{category}"]).astype("datetime64[D]"),
        "recorded_date": theirs.date,
        "recorded_time": np.full(len(theirs), np.datetime64("NaT", "s")),
    }
    return Columns(columns, len(theirs))


def _diagnoses(made: Events) -> Columns:
    code = made.parameters.text("code")
    lasts = _days_until_resolved(code)
    over = made.date.astype(np.int64) + lasts <= made.run.as_of.astype("datetime64[D]").astype(np.int64)
    columns: dict[str, Any] = {
        **origin(made, "condition_id"),
        "code": code,
        "description": made.parameters["description"],
        "severity": made.parameters["severity"],
        "clinical_status": Text(over.astype(np.int32), ["active", "resolved"]),
        "category": Text.constant("encounter-diagnosis", len(made)),
        "onset_date": _onset(made, code, lasts),
        "recorded_date": made.date,
        "recorded_time": made.time,
    }
    del columns["provider_npi"]
    return Columns(columns, len(made))


def _onset(made: Events, code: Text, lasts: NDArray[np.int64]) -> NDArray[Any]:
    onset = made.date
    if len(made):
        _, first, inverse = np.unique(
            made.row * (len(code.values) + 1) + code.codes, return_index=True, return_inverse=True
        )
        onset = np.where(lasts < _NEVER, onset, made.date[first][inverse])
    stages = tuple(document("conditions")["begins_when_found"])
    anew = _begins(code, stages)
    for category, has in made.chunk.conditions.items():
        known = np.asarray(has)[made.row] & _begins(code, category[:_CATEGORY])
        known &= ~anew | (code == made.people[f"code.{category}"])
        since = np.asarray(made.people[f"onset.{category}"]).astype("datetime64[D]")
        onset = np.where(known & ~np.isnat(since), since, onset)
    return onset


def _begins(code: Text, stem: str | tuple[str, ...]) -> NDArray[np.bool_]:
    return code.map(lambda said: said.startswith(stem), bool, False)


def _corrected(code: Text, person: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Of rows in the order in which a person's were recorded, those whose code gives way to one recorded later."""
    corrected = np.zeros(len(code), bool)
    for old, new in document("conditions")["gives_way_to"]:
        wide, narrow = (np.flatnonzero(_begins(code, stem)) for stem in (new, old))
        last = np.append(wide, -1)[latest_of(person[wide], wide, person[narrow], np.full(len(narrow), len(code)))]
        corrected[narrow] |= (last > narrow) & (code.codes[last] != code.codes[narrow])
    return corrected


def _days_until_resolved(code: Text) -> NDArray[np.int64]:
    days: dict[str, int] = document("conditions")["resolves_after_days"]
    longest = sorted(days, key=len, reverse=True)
    return code.map(
        lambda said: next((days[stem] for stem in longest if said.startswith(stem)), _NEVER), np.int64, _NEVER
    )


HANDLER = EventHandler(
    ("person", "diagnosis"),
    conditions,
    writes=(CONDITION,),
    parameters=(
        Field("code", "category", "Billable ICD-10-CM code.", codes="icd-10-cm"),
        Field("description", "category", "The code in words.", nullable=True),
        Field("severity", "category", "Severity or control.", nullable=True, codes="severity"),
    ),
    description="The problem list and diagnoses.",
)
