"""Domains about the subject: demographics, elements, visits, disposition, criteria not met."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from healthsim_core import Text
from trialsim.formats.sdtm.source import Rows, Source, flag
from trialsim.formats.sdtm.spec import terms

Domain = tuple[Mapping[str, Any], NDArray[np.intp]]
ONE_DAY = np.timedelta64(1, "D")


def demographics(source: Source) -> Domain:
    """DM: one row a subject, screen failures too."""
    subject, people = source.rows("trialsim.subject"), source.rows("core.person")
    person = np.empty(len(subject), np.intp)
    person[people.owner] = np.arange(len(people))
    words = terms()

    def term(name: str, unknown: str) -> Text:
        return people.columns.text(name)[person].recode(lambda value: words[name].get(value, unknown)).or_else(unknown)

    arm, status = subject["arm_code"], subject["status"]
    reason = Text(np.where(status == "screen_failure", 1, 0), ["NOT ASSIGNED", "SCREEN FAILURE"])
    columns = {
        "SUBJID": subject["subject_number"], "RFSTDTC": subject["first_dose_date"],
        "RFENDTC": subject["last_dose_date"],
        "RFXSTDTC": subject["first_dose_date"], "RFXENDTC": subject["last_dose_date"],
        "RFICDTC": subject["consent_date"],
        "RFPENDTC": subject["last_contact_date"], "DTHDTC": subject["death_date"],
        "DTHFL": flag(~np.isnat(subject["death_date"])),
        "SITEID": subject["site_id"], "BRTHDTC": people["birth_date"][person], "AGE": subject["age_at_consent"],
        "AGEU": Text.constant("YEARS", len(subject)), "SEX": term("sex", "U"), "RACE": term("race", "UNKNOWN"),
        "ETHNIC": term("ethnicity", "UNKNOWN"), "ARMCD": arm, "ARM": subject["arm"], "ACTARMCD": arm,
        "ACTARM": subject["arm"],
        "ARMNRS": reason.only(arm.is_null()),
        "COUNTRY": Text.constant(source.protocol["country"], len(subject)),
    }  # fmt: skip
    return columns, subject.owner


def elements(source: Source) -> Domain:
    """SE: screening, treatment and follow-up as the subject went through them."""
    subject = source.rows("trialsim.subject")
    consent, first, last, end = (
        subject[name] for name in ("consent_date", "first_dose_date", "last_dose_date", "end_date")
    )
    arm = subject["arm_code"]
    treated, followed = ~np.isnat(first), (last < end) | (~np.isnat(last) & np.isnat(end))
    by_epoch = {element["epoch"]: element for element in source.protocol["elements"] if not element.get("arm")}
    by_arm = {element["arm"]: element for element in source.protocol["elements"] if element.get("arm")}
    row, turn, starts, ends = _treatments(
        source, subject, np.flatnonzero(treated), np.where(followed, last + ONE_DAY, last)
    )
    after = np.flatnonzero(followed)
    none = np.zeros(len(subject), np.int64)
    starts = np.concatenate([consent, starts, (last + ONE_DAY)[after]])
    ends = np.concatenate([np.where(treated, first, end), ends, end[after]])
    order = np.repeat([0, 1, 2], [len(subject), len(row), len(after)])
    turn = np.concatenate([none, turn, none[after] + source.protocol.cycles - 1])
    row = np.concatenate([np.arange(len(subject)), row, after])
    names = [by_epoch["SCREENING"], by_epoch["FOLLOW-UP"], *by_arm.values()]
    arm_place = arm.map({code: index + 2 for index, code in enumerate(by_arm)}.__getitem__, np.int64, -1)
    which = np.where(order == 1, arm_place[row], np.where(order == 0, 0, 1))
    lived = Rows(source, subject.columns.take(row), subject.owner[row])
    columns = {
        "ETCD": Text(which, [name["code"] for name in names]), "ELEMENT": Text(which, [name["name"] for name in names]),
        "TAETORD": order + turn + 1.0, "EPOCH": Text(order, ["SCREENING", "TREATMENT", "FOLLOW-UP"]), "SESTDTC": starts,
        "SEENDTC": ends,
        "SESTDY": lived.study_day(starts), "SEENDY": lived.study_day(ends),
    }  # fmt: skip
    return columns, lived.owner


def _treatments(
    source: Source, subject: Rows, treated: NDArray[np.intp], until: NDArray[Any]
) -> tuple[NDArray[np.intp], NDArray[np.int64], NDArray[Any], NDArray[Any]]:
    """Elements of treatment, one a subject or one a cycle: the subject's row, which in the row of cycles, start,
    end."""
    cycle = source.protocol["dosing"].get("cycle")
    if cycle is None:
        return treated, np.zeros(len(treated), np.int64), subject["first_dose_date"][treated], until[treated]
    visit = source.rows("trialsim.visit")
    day = visit["time"].astype("datetime64[D]")
    visit = visit.where(np.isin(visit["visit_number"], cycle["visits"]) & ~(day > visit.of_subject("last_dose_date")))
    row_of = np.empty(len(subject), np.intp)
    row_of[subject.owner] = np.arange(len(subject))
    row, day = row_of[visit.owner], visit["time"].astype("datetime64[D]")
    goes_on = np.append(row[1:] == row[:-1], False) if len(row) else np.zeros(0, bool)
    end = np.where(goes_on, np.append(day[1:], np.datetime64("NaT", "D")), until[row])
    return row, np.searchsorted(cycle["visits"], visit["visit_number"]).astype(np.int64), day, end


def visits(source: Source) -> Domain:
    """SV: visits that took place."""
    visit = source.rows("trialsim.visit")
    planned = visit["kind"] != "unscheduled"
    day = visit.study_day(visit["time"])
    columns = {
        "VISITNUM": visit["visit_number"], "VISIT": visit["visit"], "SVPRESP": flag(planned), "SVOCCUR": flag(planned),
        "VISITDY": visit["planned_day"], "SVSTDTC": visit["time"], "SVENDTC": visit["time"], "SVSTDY": day,
        "SVENDY": day,
        "SVUPDES": visit["reason"],
    }  # fmt: skip
    return columns, visit.owner


def disposition(source: Source) -> Domain:
    """DS: consent, randomisation, and how participation ended."""
    row = source.rows("trialsim.disposition")
    day = row.study_day(row["date"])
    ended = row["category"] == "DISPOSITION EVENT"
    columns = {
        "DSTERM": row["term"], "DSDECOD": row["decoded_term"], "DSCAT": row["category"],
        "DSSCAT": Text.constant("STUDY PARTICIPATION", len(ended)).only(ended), "EPOCH": row["epoch"],
        "DSDTC": row["date"],
        "DSSTDTC": row["date"], "DSDY": day, "DSSTDY": day,
    }  # fmt: skip
    return columns, row.owner


def criteria_not_met(source: Source) -> Domain:
    """IE: a row for each criterion that was not met."""
    row = source.rows("trialsim.eligibility")
    row = row.where(~np.asarray(row["met"], bool))
    by_code = {criterion.code: criterion for criterion in source.protocol.criteria}
    screening = source.protocol.visit("screening")
    excluded = row["criterion_code"].map(lambda code: by_code[code].category == "EXCLUSION", bool, False)
    result = Text(excluded * 1, ["N", "Y"])
    columns = {
        "IETESTCD": row["criterion_code"], "IETEST": row["criterion_code"].recode(lambda code: by_code[code].text),
        "IECAT": row["criterion_code"].recode(lambda code: by_code[code].category), "IEORRES": result,
        "IESTRESC": result,
        "VISITNUM": np.full(len(row), screening.number if screening else np.nan),
        "VISIT": Text.constant(screening.name if screening else None, len(row)),
        "EPOCH": Text.constant("SCREENING", len(row)),
        "IEDTC": row["assessed_date"], "IEDY": row.study_day(row["assessed_date"]),
    }  # fmt: skip
    return columns, row.owner
