"""A trial of real people: consent, randomisation, visits, dosing, adverse events, and how it ends."""

from __future__ import annotations

import collections
import datetime
import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import trialsim
from trialsim.protocol import find_protocol

from healthsim_core import generate, outward_id

PROTOCOL = find_protocol("hs-t2d-301")
VISITS = {visit.number: visit for visit in PROTOCOL.visits}
DAY = datetime.timedelta(days=1)
JOURNEY = Path(trialsim.__file__).parent / "journeys" / "trial_participation.json"

Rows = list[dict[str, Any]]


@pytest.fixture(scope="module")
def trial() -> dict[str, Rows]:
    """A thousand people who were all asked a year before as_of: for nearly all of them the trial is over."""
    return rows_of(
        generate(
            "trial-diabetes-adults", "trial_participation", 1_000, products=["trialsim"], output_formats=[], seed=11
        )
    )


@pytest.fixture(scope="module")
def running() -> dict[str, Rows]:
    """Three hundred people asked all through the year before as_of."""
    return rows_of(
        generate("trial-diabetes-adults", "trial_participation", 300, products=["trialsim"], output_formats=[], seed=3,
                 start=("2025-01-01", "2025-12-31"), as_of="2026-01-01")
    )  # fmt: skip


def rows_of(result: Any) -> dict[str, Rows]:
    assert result.validation.passed
    return {name.split(".")[1]: table.to_pylist() for name, table in result.tables.items()}


def by_subject(rows: Rows) -> dict[str, Rows]:
    found: dict[str, Rows] = collections.defaultdict(list)
    for row in rows:
        found[row["usubjid"]].append(row)
    return found


def study_day(subject: dict[str, Any], day: datetime.date) -> int:
    days = (day - subject["first_dose_date"]).days
    return days + 1 if days >= 0 else days


def test_consent_comes_before_randomisation_and_randomisation_not_after_the_first_dose(trial: dict[str, Rows]) -> None:
    randomised = [subject for subject in trial["subject"] if subject["randomization_date"]]

    assert len(randomised) > 700
    assert all(
        s["consent_date"] < s["randomization_date"] <= s["first_dose_date"] <= s["last_dose_date"] for s in randomised
    )


def test_a_subject_is_the_same_person_as_everywhere(trial: dict[str, Rows]) -> None:
    people = {person["person_id"]: person for person in trial["person"]}

    for subject in trial["subject"]:
        assert subject["usubjid"] == f"{subject['study_id']}-{subject['site_id']}-{subject['subject_number']}"
        assert outward_id(subject["subject_number"]) == subject["person_id"]
        born, consent = people[subject["person_id"]]["birth_date"], subject["consent_date"]
        assert subject["age_at_consent"] == consent.year - born.year - (
            (consent.month, consent.day) < (born.month, born.day)
        )


def test_only_those_who_meet_every_criterion_are_randomised(trial: dict[str, Rows]) -> None:
    met = by_subject(trial["eligibility"])

    for subject in trial["subject"]:
        eligible = all(row["met"] for row in met[subject["usubjid"]])
        if subject["randomization_date"]:
            assert eligible
        elif subject["end_reason"] == "SCREEN FAILURE":
            assert not eligible


def test_the_first_criterion_not_met_is_the_reason(trial: dict[str, Rows]) -> None:
    met = by_subject(trial["eligibility"])
    failures = [subject for subject in trial["subject"] if subject["end_reason"] == "SCREEN FAILURE"]

    assert failures
    for subject in failures:
        assert subject["screen_failure_reason"] == next(
            r["criterion_code"] for r in met[subject["usubjid"]] if not r["met"]
        )


def test_eligibility_agrees_with_the_values_that_were_measured(trial: dict[str, Rows]) -> None:
    a1c = {
        lab["usubjid"]: lab["value"] for lab in trial["lab"] if (lab["test_code"], lab["visit_number"]) == ("HBA1C", 1)
    }

    for row in trial["eligibility"]:
        if row["criterion_code"] == "INCL03":
            assert row["met"] == (6.5 <= a1c[row["usubjid"]] <= 11.0)


def test_planned_visits_lie_in_their_windows(trial: dict[str, Rows]) -> None:
    subjects = {subject["usubjid"]: subject for subject in trial["subject"]}
    looked_at = 0

    for visit in trial["visit"]:
        subject, planned = subjects[visit["usubjid"]], VISITS.get(visit["visit_number"])
        if subject["first_dose_date"] and planned and planned.day and planned.window:
            day = study_day(subject, visit["time"].date())
            assert planned.day + planned.window[0] <= day <= planned.day + planned.window[1]
            looked_at += 1
    assert looked_at > 5_000


def test_unscheduled_visits_are_numbered_after_the_planned_one_before_them(trial: dict[str, Rows]) -> None:
    unscheduled = 0
    for visits in by_subject(trial["visit"]).values():
        for before, visit in itertools.pairwise(visits):
            if visit["kind"] == "unscheduled":
                assert visit["visit_number"] == pytest.approx(before["visit_number"] + 0.01)
                assert visit["visit"] == f"UNSCHEDULED {visit['visit_number']:.2f}"
                unscheduled += 1
    assert unscheduled > 20


def test_nobody_is_dosed_after_leaving_or_dying(trial: dict[str, Rows]) -> None:
    subjects = {subject["usubjid"]: subject for subject in trial["subject"]}

    for dose in trial["exposure"]:
        subject = subjects[dose["usubjid"]]
        assert dose["start_date"] <= dose["end_date"]
        assert subject["first_dose_date"] <= dose["start_date"]
        assert dose["end_date"] <= subject["end_date"]
        assert subject["death_date"] is None or dose["end_date"] <= subject["death_date"]


def test_dosing_intervals_do_not_overlap(trial: dict[str, Rows]) -> None:
    for doses in by_subject(trial["exposure"]).values():
        assert all(a["end_date"] < b["start_date"] for a, b in itertools.pairwise(doses))


def test_everybody_takes_what_the_arm_says(trial: dict[str, Rows]) -> None:
    arms = {subject["usubjid"]: subject["arm_code"] for subject in trial["subject"]}

    taken = {(arms[dose["usubjid"]], dose["treatment"], dose["dose"]) for dose in trial["exposure"]}

    assert {
        ("PBO", "PLACEBO", 0.0),
        ("HS5", "HS-1201", 5.0),
        ("HS10", "HS-1201", 10.0),
        ("HS10", "HS-1201", 5.0),
    } == taken


def test_a_dose_is_reduced_where_the_adverse_event_says_so(trial: dict[str, Rows]) -> None:
    doses = by_subject(trial["exposure"])
    reduced = [event for event in trial["adverse_event"] if event["action"] == "DOSE REDUCED"]

    assert reduced
    assert all(doses[event["usubjid"]][-1]["dose"] == 5.0 for event in reduced)


def test_nothing_of_a_subject_comes_after_the_end_of_participation(trial: dict[str, Rows]) -> None:
    ended = {subject["usubjid"]: subject["end_date"] for subject in trial["subject"] if subject["end_date"]}

    for table, column in (
        ("visit", "time"),
        ("adverse_event", "start_date"),
        ("deviation", "date"),
        ("disposition", "date"),
    ):
        for row in trial[table]:
            day = row[column].date() if isinstance(row[column], datetime.datetime) else row[column]
            assert day <= ended.get(row["usubjid"], day)


def test_a_death_ends_participation() -> None:
    many = rows_of(generate("trial-diabetes-adults", deadly(), 400, products=["trialsim"], output_formats=[], seed=4))
    died = [subject for subject in many["subject"] if subject["death_date"]]
    fatal = {event["usubjid"] for event in many["adverse_event"] if event["outcome"] == "FATAL"}

    assert died
    assert {subject["usubjid"] for subject in died} == fatal
    assert all(subject["end_reason"] == "DEATH" and subject["end_date"] == subject["death_date"] for subject in died)


def deadly() -> dict[str, Any]:
    """The shipped journey, with every serious event fatal and a third of the subjects having one."""
    journey = json.loads(JOURNEY.read_text())
    for event in journey["events"]:
        if event["event_id"] in ("serious", "death"):
            event["probability"] = 1.0 if event["event_id"] == "death" else 0.3
    return journey  # type: ignore[no-any-return]


def test_the_drug_lowers_a1c_by_dose(trial: dict[str, Rows]) -> None:
    arms = {subject["usubjid"]: subject["arm_code"] for subject in trial["subject"]}
    a1c = {(lab["usubjid"], lab["visit_number"]): lab["value"] for lab in trial["lab"] if lab["test_code"] == "HBA1C"}
    changes = collections.defaultdict(list)
    for (subject, visit), value in a1c.items():
        if visit == 7:
            changes[arms[subject]].append(value - a1c[subject, 2])

    # at least 200 an arm with an SD of 0.6: five standard errors are 0.2; the protocol says -0.2, -0.9, -1.3
    assert np.mean(changes["PBO"]) == pytest.approx(-0.2, abs=0.2)
    assert np.mean(changes["HS5"]) == pytest.approx(-0.9, abs=0.2)
    assert np.mean(changes["HS10"]) == pytest.approx(-1.3, abs=0.2)


def test_stomach_complaints_are_more_frequent_with_the_dose(trial: dict[str, Rows]) -> None:
    arms = {subject["usubjid"]: subject["arm_code"] for subject in trial["subject"]}
    size = collections.Counter(arms.values())
    stomach = {"Nausea", "Diarrhea", "Vomiting", "Decreased appetite", "Constipation"}
    hit = collections.Counter(arms[e["usubjid"]] for e in trial["adverse_event"] if e["term"] in stomach)

    assert hit["PBO"] / size["PBO"] < hit["HS5"] / size["HS5"] < hit["HS10"] / size["HS10"]


def test_arms_are_balanced(trial: dict[str, Rows]) -> None:
    size = collections.Counter(subject["arm_code"] for subject in trial["subject"] if subject["arm_code"])

    # lists are balanced exactly; who fails screening unbalances them by chance: at most 1,000/3 in an arm
    assert max(size.values()) <= 334
    assert min(size.values()) > 200


def test_creatinine_gives_the_egfr_that_is_reported(trial: dict[str, Rows]) -> None:
    people = {person["person_id"]: person for person in trial["person"]}
    labs = collections.defaultdict(dict)
    for lab in trial["lab"]:
        labs[lab["person_id"], lab["time"]][lab["test_code"]] = lab["value"]

    for (person, time), values in list(labs.items())[:500]:
        sex = people[person]["sex"]
        age = (time.date() - people[person]["birth_date"]).days / 365.25
        kappa, alpha = (0.7, -0.241) if sex == "F" else (0.9, -0.302)
        ratio = values["CREAT"] / kappa
        egfr = 142 * min(ratio, 1) ** alpha * max(ratio, 1) ** -1.2 * 0.9938**age * (1.012 if sex == "F" else 1)
        assert egfr == pytest.approx(values["GFRE"], rel=0.06)  # both are rounded as they are reported


def test_one_result_of_a_test_is_the_baseline(trial: dict[str, Rows]) -> None:
    treated = {subject["usubjid"] for subject in trial["subject"] if subject["first_dose_date"]}
    flags = collections.Counter((lab["usubjid"], lab["test_code"]) for lab in trial["lab"] if lab["baseline"])

    assert flags == collections.Counter((s, test["code"]) for s in treated for test in PROTOCOL["labs"]["tests"])


def test_nothing_is_dated_after_as_of(running: dict[str, Rows]) -> None:
    as_of = datetime.date(2026, 1, 1)
    for table in ("subject", "visit", "exposure", "adverse_event", "lab", "vital", "disposition", "deviation"):
        for row in running[table]:
            for value in row.values():
                if isinstance(value, datetime.date):
                    assert (value.date() if isinstance(value, datetime.datetime) else value) <= as_of


def test_a_trial_under_way_has_subjects_of_every_status(running: dict[str, Rows]) -> None:
    status = {subject["status"] for subject in running["subject"]}

    assert status == {"screening", "screen_failure", "ongoing", "completed", "discontinued"}


def test_treatment_of_those_under_way_goes_on(running: dict[str, Rows]) -> None:
    doses = by_subject(running["exposure"])
    last_visit = {s: max(v["visit_number"] for v in visits) for s, visits in by_subject(running["visit"]).items()}
    ongoing = [s for s in running["subject"] if s["status"] == "ongoing" and last_visit[s["usubjid"]] < 7]

    assert ongoing
    for subject in ongoing:
        assert (subject["last_dose_date"], subject["end_date"], subject["end_reason"]) == (None, None, None)
        assert doses[subject["usubjid"]][-1]["end_date"] is None or doses[subject["usubjid"]][-1][
            "start_date"
        ] < datetime.date(2026, 1, 1)


def test_vaccine_windows_are_those_of_the_protocol(vaccine: dict[str, Rows]) -> None:
    first = {subject["usubjid"]: subject for subject in vaccine["subject"] if subject["first_dose_date"]}
    planned = {visit.number: visit for visit in find_protocol("hs-vax-201").visits if visit.day}

    for visit in vaccine["visit"]:
        if visit["usubjid"] in first and visit["visit_number"] in planned:
            day, of = study_day(first[visit["usubjid"]], visit["time"].date()), planned[visit["visit_number"]]
            assert of.day + of.window[0] <= day <= of.day + of.window[1]


def test_journey_windows_are_those_of_the_protocol() -> None:
    protocol = json.loads(JOURNEY.read_text())["protocol"]

    assert protocol["anchor"] == "randomization"
    assert {visit["parameters"]["visit_number"] for visit in protocol["visits"]} == {3, 4, 5, 6, 7}
    for visit in protocol["visits"]:
        planned = VISITS[visit["parameters"]["visit_number"]]
        assert (visit["day"], tuple(visit["window"])) == (planned.day, planned.window)


@pytest.fixture(scope="module")
def vaccine() -> dict[str, Rows]:
    """Three hundred people in a trial of another protocol: two doses, at two visits."""
    return rows_of(
        generate("trial-healthy-volunteers", "trial_vaccine", 300, products=["trialsim"], output_formats=[], seed=5)
    )


def test_doses_given_at_visits_are_given_on_their_days(vaccine: dict[str, Rows]) -> None:
    days = {(visit["usubjid"], visit["time"].date()) for visit in vaccine["visit"] if visit["visit_number"] in (2, 4)}

    assert days == {(dose["usubjid"], dose["start_date"]) for dose in vaccine["exposure"]}
    assert all(dose["start_date"] == dose["end_date"] for dose in vaccine["exposure"])


def test_two_get_the_vaccine_for_one_who_gets_placebo(vaccine: dict[str, Rows]) -> None:
    size = collections.Counter(subject["arm_code"] for subject in vaccine["subject"] if subject["arm_code"])

    assert size["VAX"] / size["PBO"] == pytest.approx(2, abs=0.3)


def test_reactions_are_the_vaccines(vaccine: dict[str, Rows]) -> None:
    arms = {subject["usubjid"]: subject["arm_code"] for subject in vaccine["subject"]}
    sore = {
        (event["usubjid"], arms[event["usubjid"]])
        for event in vaccine["adverse_event"]
        if "injection site" in event["term"]
    }
    size, hit = collections.Counter(arms.values()), collections.Counter(arm for _, arm in sore)

    assert hit["VAX"] / size["VAX"] > 0.75
    assert hit["PBO"] / size["PBO"] < 0.4


def test_a_reaction_to_the_last_dose_may_be_related(vaccine: dict[str, Rows]) -> None:
    late = [
        event
        for event in vaccine["adverse_event"]
        if event["epoch"] == "FOLLOW-UP" and "injection site" in event["term"]
    ]

    assert sum(event["related"] for event in late) > 0.8 * len(late) > 0
