"""Trial design domains: TA, TE, TV, TI, TS, from the study's own tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from healthsim_core import Columns, Text
from trialsim import tables
from trialsim.protocol import Protocol

Design = Mapping[str, Columns]


def arms(design: Design, protocol: Protocol) -> dict[str, Any]:
    """TA: the elements of each arm, in order."""
    element, arm = design[tables.ELEMENT.name], design[tables.ARM.name]
    codes, names = (arm.text(name).to_pylist() for name in ("arm_code", "arm"))
    owner = element.text("arm_code").to_pylist()
    repeats = element.array("repeats").astype(int).tolist()
    rows = [
        (a, e, turn)
        for a, code in enumerate(codes)
        for e, whose in enumerate(owner)
        if whose in (None, code)
        for turn in range(repeats[e])
    ]
    pairs = [(a, e) for a, e, _ in rows]
    row, turn = np.array([e for _, e in pairs]), np.array([turn for *_, turn in rows])
    epochs = [element.text("epoch").to_pylist()[e] for e in row.tolist()]
    branch = [
        f"Randomized to {names[a]}" if epoch == "SCREENING" else None
        for (a, _), epoch in zip(pairs, epochs, strict=True)
    ]
    return {
        "ARMCD": Text.of([codes[a] for a, _ in pairs]), "ARM": Text.of([names[a] for a, _ in pairs]),
        "TAETORD": element.array("order")[row] + turn,
        "ETCD": element["element_code"][row], "ELEMENT": element["element"][row], "EPOCH": Text.of(epochs),
        "TABRANCH": Text.of(branch),
    }  # fmt: skip


def elements(design: Design, protocol: Protocol) -> dict[str, Any]:
    """TE: the elements."""
    element = design[tables.ELEMENT.name]
    return {
        "ETCD": element["element_code"], "ELEMENT": element["element"], "TESTRL": element["starts"],
        "TEENRL": element["ends"],
        "TEDUR": element["duration"],
    }  # fmt: skip


def visits(design: Design, protocol: Protocol) -> dict[str, Any]:
    """TV: the planned visits."""
    visit = design[tables.VISIT_SCHEDULE.name]
    return {
        "VISITNUM": visit["visit_number"], "VISIT": visit["visit"], "VISITDY": visit["day"], "TVSTRL": visit["starts"],
        "TVENRL": visit["ends"],
    }  # fmt: skip


def criteria(design: Design, protocol: Protocol) -> dict[str, Any]:
    """TI: the criteria."""
    criterion = design[tables.CRITERION.name]
    return {
        "IETESTCD": criterion["criterion_code"], "IETEST": criterion["criterion"], "IECAT": criterion["category"],
        "TIVERS": Text.constant("1", criterion.rows),
    }  # fmt: skip


def summary(design: Design, protocol: Protocol) -> dict[str, Any]:
    """TS: the trial in parameters; a value that does not apply has the null flavour NA."""
    row = design[tables.SUMMARY.name]
    value = row.text("value")
    return {
        "TSSEQ": row["sequence"], "TSPARMCD": row["parameter_code"], "TSPARM": row["parameter"], "TSVAL": value,
        "TSVALNF": Text.constant("NA", len(value)).only(value.is_null()),
    }  # fmt: skip


DOMAINS = {"TA": arms, "TE": elements, "TV": visits, "TI": criteria, "TS": summary}
