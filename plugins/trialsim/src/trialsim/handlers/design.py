"""What a study writes once a run, whoever its subjects are: arms, elements, visits, criteria, sites, summary."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from healthsim_core import Columns, Run, Text
from trialsim import tables
from trialsim.protocol import Criterion, PlannedVisit, Protocol, protocol_of, sites

EPOCHS = ("SCREENING", "TREATMENT", "FOLLOW-UP")


def study_design(run: Run) -> dict[str, Columns]:
    """The design tables of the run's protocol."""
    protocol = protocol_of(run)
    design = {
        tables.STUDY.name: _study(protocol),
        tables.ARM.name: _arms(protocol),
        tables.ELEMENT.name: _elements(protocol),
        tables.VISIT_SCHEDULE.name: _visits(protocol.visits),
        tables.CRITERION.name: _criteria(protocol.criteria),
        tables.SITE.name: _sites(protocol, run),
        tables.SUMMARY.name: _summary(protocol),
    }
    return {
        name: columns.assign(study_id=Text.constant(protocol.study_id, columns.rows))
        for name, columns in design.items()
    }


def _sites(protocol: Protocol, run: Run) -> Columns:
    """The sites of the counties where somebody lives, numbered among those of all counties where people may live."""
    every = sites(protocol, run.counties)
    here = every.where(every.text("county_fips").isin(run.inhabited)) if run.inhabited else every
    return here.assign(country=Text.constant(protocol["country"], here.rows))


def _study(protocol: Protocol) -> Columns:
    stated = {"protocol": protocol.name, "title": protocol["title"], "sponsor": protocol["sponsor"]}
    return Columns({**stated, "block_size": np.array([protocol.block_size])}, 1)


def _arms(protocol: Protocol) -> Columns:
    arms = protocol.arms
    names = {"code": "arm_code", "name": "arm", "treatment": "treatment"}
    text = {ours: Text.of([getattr(arm, theirs) for arm in arms]) for theirs, ours in names.items()}
    numbers = {name: np.array([getattr(arm, name) for arm in arms]) for name in ("ratio", "dose")}
    return Columns({**text, **numbers, "dose_unit": protocol["dosing"]["unit"]}, len(arms))


def _elements(protocol: Protocol) -> Columns:
    elements: Sequence[Mapping[str, Any]] = protocol["elements"]
    names = {"code": "element_code", "name": "element", "epoch": "epoch", "arm": "arm_code", "starts": "starts",
             "ends": "ends",
             "duration": "duration"}  # fmt: skip
    text = {ours: Text.of([element.get(theirs) for element in elements]) for theirs, ours in names.items()}
    repeats = np.array([element.get("repeats", 1) for element in elements])
    epoch = np.array([EPOCHS.index(element["epoch"]) for element in elements])
    before = np.array([sum(repeats[epoch == earlier].max(initial=0) for earlier in range(mine)) for mine in epoch])
    return Columns({**text, "order": before + 1, "repeats": repeats}, len(elements))


def _visits(visits: Sequence[PlannedVisit]) -> Columns:
    text = {name: Text.of([getattr(visit, name) for visit in visits]) for name in ("role", "starts", "ends")}
    return Columns(
        {
            "visit_number": np.array([visit.number for visit in visits], np.float64),
            "visit": Text.of([visit.name for visit in visits]),
            "day": _numbers(visit.day for visit in visits),
            "days_before": _numbers(-visit.window[0] if visit.window else None for visit in visits),
            "days_after": _numbers(visit.window[1] if visit.window else None for visit in visits),
            **text,
        },
        len(visits),
    )


def _criteria(criteria: Sequence[Criterion]) -> Columns:
    names = {
        "code": "criterion_code",
        "text": "criterion",
        "category": "category",
        "variable": "variable",
        "condition": "condition",
    }
    text = {
        ours: Text.of([getattr(criterion, theirs) or None for criterion in criteria]) for theirs, ours in names.items()
    }
    bounds = {"least": _numbers(c.min for c in criteria), "most": _numbers(c.max for c in criteria)}
    return Columns({**text, **bounds}, len(criteria))


def _summary(protocol: Protocol) -> Columns:
    rows = [*protocol["summary"], *_derived_summary(protocol)]
    rows.sort(key=lambda row: row[0])
    columns = {
        name: Text.of([row[index] for row in rows])
        for index, name in enumerate(("parameter_code", "parameter", "value"))
    }
    return Columns({**columns, "sequence": np.ones(len(rows), np.int64)}, len(rows))


def _derived_summary(protocol: Protocol) -> list[list[str]]:
    ratios = [arm.ratio for arm in protocol.arms]
    active = sum(arm.ratio for arm in protocol.arms if arm.dose) / sum(ratios)
    return [
        ["TITLE", "Trial Title", protocol["title"]],
        ["SPONSOR", "Clinical Study Sponsor", protocol["sponsor"]],
        ["NARMS", "Planned Number of Arms", str(len(ratios))],
        ["RANDQT", "Randomization Quotient", f"{active:.4g}"],
    ]


def _numbers(values: Iterable[float | None]) -> np.ndarray:
    return np.array([np.nan if value is None else value for value in values], np.float64)
