"""A trial of 28-day cycles: when it is dosed, which visits there are, and how SDTM tells it."""

from __future__ import annotations

import collections
import datetime
import itertools
from pathlib import Path
from typing import Any

import pyreadstat
import pytest
from trialsim.protocol import find_protocol

from healthsim_core import Result, generate
from healthsim_core.verification.verify import verify_folder

PROTOCOL = find_protocol("hs-onc-202")
OPENING = PROTOCOL["dosing"]["cycle"]["visits"]
Rows = list[dict[str, Any]]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Result, Path]:
    out = tmp_path_factory.mktemp("cycles") / "out"
    asked = {"products": ["trialsim"], "output_formats": ["sdtm_datasets"], "out": out, "seed": 8}
    return generate("trial-breast-cancer-adults", "trial_oncology", 300, **asked), out


@pytest.fixture(scope="module")
def tables(run: tuple[Result, Path]) -> dict[str, Rows]:
    return {name.split(".")[1]: table.to_pylist() for name, table in run[0].tables.items()}


@pytest.fixture(scope="module")
def sdtm(run: tuple[Result, Path]) -> dict[str, Rows]:
    found = {}
    for path in (run[1] / "sdtm_datasets").glob("*.xpt"):
        columns, _ = pyreadstat.read_xport(str(path), output_format="dict", encoding="utf-8")
        found[path.stem.upper()] = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    return found


def by_subject(rows: Rows, key: str = "usubjid") -> dict[str, Rows]:
    found: dict[str, Rows] = collections.defaultdict(list)
    for row in rows:
        found[row[key]].append(row)
    return found


def opened(visits: Rows) -> list[datetime.date]:
    return [row["time"].date() for row in visits if row["visit_number"] in OPENING]


def test_nobody_is_dosed_but_on_the_first_21_days_of_a_cycle(tables: dict[str, Rows]) -> None:
    visits = by_subject(tables["visit"])
    assert len(by_subject(tables["exposure"])) > 250
    for subject, doses in by_subject(tables["exposure"]).items():
        cycles = opened(visits[subject])
        for dose in doses:
            opening = max(day for day in cycles if day <= dose["start_date"])
            assert (dose["end_date"] - opening).days <= 20


def test_whoever_completes_is_dosed_in_every_cycle_that_was_opened(tables: dict[str, Rows]) -> None:
    visits, doses = by_subject(tables["visit"]), by_subject(tables["exposure"])
    completed = [row["usubjid"] for row in tables["disposition"] if row["decoded_term"] == "COMPLETED"]
    assert len(completed) > 150
    for subject in completed:
        cycles = opened(visits[subject])
        starts = {max(day for day in cycles if day <= dose["start_date"]) for dose in doses[subject]}
        assert len(cycles) >= 4
        assert starts == set(cycles)


def test_a_reduced_dose_is_four_fifths_and_lasts(tables: dict[str, Rows]) -> None:
    active = {row["usubjid"] for row in tables["subject"] if row["arm_code"] == "HS"}
    reduced = 0
    for subject, doses in by_subject(tables["exposure"]).items():
        amounts = [dose["dose"] for dose in doses]
        assert amounts == sorted(amounts, reverse=True)
        assert set(amounts) <= ({125.0, 100.0} if subject in active else {0.0})
        reduced += 100.0 in amounts
    assert 0.1 * len(active) < reduced < 0.4 * len(active)


def test_visits_take_place_within_their_windows_of_28_day_cycles(tables: dict[str, Rows]) -> None:
    planned = {visit.number: visit for visit in PROTOCOL.visits if visit.day is not None}
    assert [planned[number].day for number in OPENING] == [1 + 28 * cycle for cycle in range(6)]
    first = {row["usubjid"]: row["first_dose_date"] for row in tables["subject"]}
    seen = collections.Counter()
    for row in tables["visit"]:
        visit = planned.get(row["visit_number"])
        if visit is None or visit.role == "screening":
            continue
        day = (row["time"].date() - first[row["usubjid"]]).days + 1
        assert visit.day + visit.window[0] <= day <= visit.day + visit.window[1], visit.name
        seen[visit.number] += 1
    assert set(seen) == {visit.number for visit in planned.values() if visit.role != "screening"}


def test_the_drug_lowers_neutrophils_and_placebo_does_not(tables: dict[str, Rows]) -> None:
    arm = {row["usubjid"]: row["arm_code"] for row in tables["subject"]}
    values: dict[tuple[str | None, bool], list[float]] = collections.defaultdict(list)
    for row in tables["lab"]:
        if row["test_code"] == "NEUT" and row["visit_number"] in (1, 6):
            values[arm[row["usubjid"]], row["visit_number"] == 6].append(row["value"])
    means = {key: sum(found) / len(found) for key, found in values.items()}
    assert means["HS", False] - means["HS", True] > 2
    assert abs(means["PBO", False] - means["PBO", True]) < 0.3


def test_ta_repeats_the_element_of_treatment_once_a_cycle(sdtm: dict[str, Rows]) -> None:
    arms = by_subject(sdtm["TA"], "ARMCD")
    assert set(arms) == {"HS", "PBO"}
    for code, rows in arms.items():
        assert [row["ETCD"] for row in rows] == ["SCRN", *[code] * 6, "FUP"]
        assert [row["TAETORD"] for row in rows] == list(range(1, 9))


def test_te_has_each_element_once_with_the_length_of_a_cycle(sdtm: dict[str, Rows]) -> None:
    assert {row["ETCD"]: row["TEDUR"] for row in sdtm["TE"]} == {"SCRN": "P3W", "HS": "P4W", "PBO": "P4W", "FUP": "P4W"}


def test_tv_plans_day_1_of_six_cycles_and_day_15_of_two(sdtm: dict[str, Rows]) -> None:
    days = {row["VISIT"]: row["VISITDY"] for row in sdtm["TV"]}
    assert [days[f"CYCLE {cycle} DAY 1"] for cycle in range(1, 7)] == [1, 29, 57, 85, 113, 141]
    assert [days[f"CYCLE {cycle} DAY 15"] for cycle in (1, 2)] == [15, 43]


def test_se_has_an_element_a_cycle_without_a_gap_that_holds_its_doses(sdtm: dict[str, Rows]) -> None:
    doses = by_subject(sdtm["EX"], "USUBJID")
    for subject, rows in by_subject(sdtm["SE"], "USUBJID").items():
        order = [row["TAETORD"] for row in rows]
        assert order == sorted(set(order))
        assert all(after["SESTDTC"] == before["SEENDTC"] for before, after in itertools.pairwise(rows))
        cycles = [row for row in rows if row["EPOCH"] == "TREATMENT"]
        begun = {row["SESTDTC"] for row in cycles}
        for dose in doses[subject]:
            assert any(row["SESTDTC"] <= dose["EXSTDTC"] and dose["EXENDTC"] <= row["SEENDTC"] for row in cycles)
        assert not cycles or min(begun) == min(dose["EXSTDTC"] for dose in doses[subject])


def test_sv_has_the_cycle_s_visits_on_their_planned_days(sdtm: dict[str, Rows]) -> None:
    planned = {row["VISITNUM"]: row["VISITDY"] for row in sdtm["TV"]}
    kept = [row for row in sdtm["SV"] if row["VISITNUM"] in OPENING]
    assert len(kept) > 1_000
    assert all(row["VISITDY"] == planned[row["VISITNUM"]] and abs(row["SVSTDY"] - row["VISITDY"]) <= 3 for row in kept)


def test_the_files_agree_with_the_tables(run: tuple[Result, Path]) -> None:
    report = verify_folder(run[1])
    assert report.passed, str(report)


@pytest.mark.parametrize(
    ("profile", "journey"),
    [("trial-breast-cancer-adults", "trial_oncology"), ("trial-diabetes-adults", "trial_participation")],
)
def test_people_die_in_the_trial_of_what_threatened_their_life(profile: str, journey: str) -> None:
    result = generate(profile, journey, 2_000, products=["trialsim"], output_formats=[], seed=4)
    fatal = [row for row in result.tables["trialsim.adverse_event"].to_pylist() if row["outcome"] == "FATAL"]
    assert fatal
    assert {row["term"] for row in fatal} <= {"Heart attack", "Stroke", "Blood poisoning", "Clot in the lung"}


def test_nobody_s_cancer_is_newly_found_in_a_cancer_trial(tables: dict[str, Rows]) -> None:
    serious = {row["term"] for row in tables["adverse_event"] if row["serious"]}
    assert serious
    assert "Newly found cancer" not in serious
