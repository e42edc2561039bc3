"""How participation goes and ends: eligibility, status, milestones, the subject's own row."""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from healthsim_core import Columns, Text, first_of, whole_years
from trialsim.handlers.exposure import Dosing
from trialsim.handlers.participation import NEVER, Participation, at
from trialsim.handlers.visits import Visits
from trialsim.protocol import Criterion
from trialsim.terminology import codelists

STATUSES = ("screening", "screen_failure", "ongoing", "completed", "discontinued")


@attrs.frozen(eq=False)
class Ending:
    """How the subjects' participation ended.

    Attributes:
        met: Boolean array (subjects, criteria).
        date: `datetime64[D]`: when it ended, NaT while it goes on.
        reason: Text: COMPLETED, or why not; null while it goes on.
        status: Text: see `STATUSES`.
        failed: Text: code of the first criterion not met, null.
    """

    met: NDArray[np.bool_]
    date: NDArray[np.datetime64]
    reason: Text
    status: Text
    failed: Text


def ending_of(part: Participation, visits: Visits) -> Ending:
    """How each subject's participation ended by as_of."""
    met = np.stack([_met(part, criterion) for criterion in part.protocol.criteria], axis=1)
    draw = part.people.run.draws("trialsim.screening", part.people.id[part.row])
    wait = part.protocol["screening_result_days"]
    result = draw.integers("result", wait["least"], wait["most"] + 1).astype("timedelta64[D]")
    known = part.consent.astype("datetime64[D]") + result
    failing = part.screening_failed & np.isnat(part.withdrawn) & ~met.all(axis=1) & (known <= part.as_of)
    last = visits.number == part.protocol.last_visit.number
    finished = visits.batch.where(last)
    completed = at(first_of(finished.subject, len(part)), finished.events.date)
    left = part.withdrawn.astype("datetime64[D]")
    candidates = np.stack([part.died, left, completed, np.where(failing, known, NEVER)])
    date = np.fmin.reduce(candidates, axis=0)
    which = np.where(np.isnat(date), -1, (candidates == date).argmax(axis=0))
    reason = _reasons(part, which)
    randomized, over = ~part.screening_failed, which >= 0
    status = np.where(randomized, np.where(over, 4, 2), np.where(over, 1, 0))
    status = np.where(which == 2, 3, status)
    codes = np.where(failing & (which == 3), (~met).argmax(axis=1), -1)
    return Ending(met, date, reason, Text(status, STATUSES), Text(codes, [c.code for c in part.protocol.criteria]))


def eligibility_table(part: Participation, ending: Ending) -> Columns:
    """Rows of trialsim.eligibility."""
    count = len(part.protocol.criteria)
    subject = np.repeat(np.arange(len(part)), count)
    codes = Text(np.tile(np.arange(count), len(part)), [criterion.code for criterion in part.protocol.criteria])
    columns: dict[str, Any] = {
        **part.identity(subject), "criterion_code": codes, "met": ending.met.ravel(),
        "assessed_date": part.consent.astype("datetime64[D]")[subject],
    }  # fmt: skip
    return Columns(columns, len(subject))


def disposition_table(part: Participation, ending: Ending, dosing: Dosing) -> Columns:
    """Rows of trialsim.disposition."""
    everybody, randomized = np.arange(len(part)), np.flatnonzero(~part.screening_failed)
    over = np.flatnonzero(~np.isnat(ending.date))
    reason = ending.reason[over]
    milestones = Text.of(["INFORMED CONSENT OBTAINED", "RANDOMIZED"])
    subject = np.concatenate([everybody, randomized, over])
    date = np.concatenate(
        [part.consent.astype("datetime64[D]"), part.randomized.astype("datetime64[D]")[randomized], ending.date[over]]
    )
    milestone = np.repeat([0, 1], [len(everybody), len(randomized)])
    codes = np.concatenate([milestone, reason.codes + 2])
    term = Text(codes, [*milestones.values.to_pylist(), *reason.values.to_pylist()])
    decoded = Text(codes, [*milestones.values.to_pylist(), *map(decode, reason.values.to_pylist())])
    kind = Text(
        np.repeat([0, 0, 1], [len(everybody), len(randomized), len(over)]), ["PROTOCOL MILESTONE", "DISPOSITION EVENT"]
    )
    epoch = dosing.epoch(subject, date)
    before_dose = codes == 1  # randomisation comes before the first dose of its day
    columns: dict[str, Any] = {
        **part.identity(subject), "term": term, "decoded_term": decoded, "category": kind,
        "date": date, "epoch": Text(np.where(before_dose, 0, epoch.codes), epoch.values),
    }  # fmt: skip
    whole = Columns(columns, len(subject))
    return whole.take(np.lexsort((codes, date, subject)))


def subject_table(part: Participation, visits: Visits, ending: Ending, dosing: Dosing) -> Columns:
    """Rows of trialsim.subject."""
    consent, arms = part.consent.astype("datetime64[D]"), part.protocol.arms
    failure = part.screening_failed & ~np.isnat(ending.date)
    own = ending.reason.only(failure)
    ages = whole_years(part.column("birth_date"), consent)
    columns: dict[str, Any] = {
        "usubjid": part.usubjid, "person_id": part.people.id[part.row], "study_id": part.protocol.study_id,
        "site_id": part.site,
        "subject_number": part.number, "status": ending.status, "consent_date": consent, "screening_date": consent,
        "screen_failure_date": np.where(failure, ending.date, NEVER),
        "screen_failure_reason": ending.failed.or_else(own),
        "randomization_date": part.randomized.astype("datetime64[D]"),
        "arm_code": Text(part.arm, [arm.code for arm in arms]),
        "arm": Text(part.arm, [arm.name for arm in arms]), "first_dose_date": dosing.first,
        "last_dose_date": dosing.last,
        "end_date": ending.date, "end_reason": ending.reason.recode(decode),
        "last_contact_date": _last_contact(part, visits, ending),
        "death_date": np.where(part.died <= ending.date, part.died, NEVER), "age_at_consent": ages,
    }  # fmt: skip
    return Columns(columns, len(part))


def decode(reason: str) -> str:
    """The term of the codelist NCOMPLT for a reason in whatever words."""
    return reason.upper() if reason.upper() in {term for term, _ in codelists()["NCOMPLT"].terms} else "OTHER"


def _met(part: Participation, criterion: Criterion) -> NDArray[np.bool_]:
    if criterion.condition:
        codes: Text = part.column("conditions").or_else("")
        has = codes.map(lambda words: any(word.startswith(criterion.condition) for word in words.split()), bool, False)
        return has if criterion.category == "INCLUSION" else ~has
    value = _value(part, criterion.variable)
    least, most = (np.nan if bound is None else bound for bound in (criterion.min, criterion.max))
    return ~((value < least) | (value > most))


def _value(part: Participation, variable: str) -> NDArray[np.float64]:
    """The value as the laboratory reports it: rounded; NaN where nobody knows it, which breaks no criterion."""
    if variable not in part.known:
        return np.asarray(part.column(variable), np.float64)
    tests = [*part.protocol["labs"]["tests"], *part.protocol["vitals"]["tests"]]
    places = next((test["decimals"] for test in tests if test.get("parameter") == variable), 1)
    return np.round(part.known[variable], places)


def _reasons(part: Participation, which: NDArray[np.intp]) -> Text:
    fixed = ["DEATH", "", "COMPLETED", "SCREEN FAILURE"]
    codes = np.where(which == 1, part.reason.codes + len(fixed), which)
    return Text(codes, [*fixed, *part.reason.values.to_pylist()])


def _last_contact(part: Participation, visits: Visits, ending: Ending) -> NDArray[np.datetime64]:
    latest = part.consent.astype("datetime64[D]")
    np.maximum.at(latest, visits.subject, visits.date)
    return np.asarray(np.fmax(latest, ending.date))
