"""How well people take what was prescribed, read from their fills."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from healthsim_core import Columns, Events, Text, text
from rxmembersim import reading
from rxmembersim.facts import document
from rxmembersim.formulary import formulary

ADHERENT = ["non-adherent", "adherent"]
_DAYS = 1 << 20  # more days than any run has, so that (person, class, day) packs into one number

Ints = NDArray[np.int64]


def possession(looks: Events, fills: Events, drug: Ints) -> Columns:
    """The medication possession ratio at each `mpr_threshold`: as the fills tell it, else as the event does.

    Args:
        looks: The events.
        fills: The fills' events, with what was decided of them.
        drug: Row of the formulary of each fill.
    """
    ratio = _ratio(looks, fills, formulary().drug_class[drug])
    ratio = np.where(np.isnan(ratio), reading.number(looks, "mpr"), ratio)
    threshold = reading.number(looks, "threshold", document("adherence")["adherent"]["ratio"])
    columns = {
        "therapy_id": looks.id,
        "person_id": looks.person,
        "date": looks.date,
        "kind": "mpr",
        "drug_class": reading.text(looks, "drug_class"),
        "description": looks.label,
        "reason": reading.text(looks, "reason"),
        "mpr": np.round(ratio, 3),
        "threshold": threshold,
        "adherence": Text(ratio >= threshold, ADHERENT).only(~np.isnan(ratio)),
    }
    return Columns(columns, len(looks))


def gaps(late: Events, fills: Events) -> Columns:
    """Times without the drug, over on the day of the event: as the refill that ended it tells, else as the event does.

    A refill that was refused ended none; nor did one of a drug that another prescription had kept in supply.

    Args:
        late: The events.
        fills: The fills' events, with what was decided of them.
    """
    cause = late.ancestor("refill")["id"]
    refill = text.positions(fills.id, np.asarray(cause))
    told = refill >= 0
    prior = text.positions(fills.id, np.append(fills.parameters.array("prior_fill_id"), 0)[refill])
    ended = np.append(fills.date.astype(np.int64) + reading.days_supply(fills), 0)[prior]
    days = np.where(told & (prior >= 0), late.date.astype(np.int64) - ended, 0)
    days = np.where(told, days, np.maximum(reading.number(late, "gap_days", 0), 0)).astype(np.int64)
    least = document("adherence")["reportable_gap"]["days"]
    kept = ~told | ((days >= least) & np.append(reading.dispensed(fills), False)[refill])
    days, late = days[kept], late.where(kept)
    columns = {
        "gap_id": late.id,
        "person_id": late.person,
        "prescription_id": late.ancestor("new_rx")["id"],
        "drug_class": reading.text(late, "drug_class"),
        "gap_days": days,
        "start_date": late.date - days.astype("timedelta64[D]"),
        "end_date": late.date,
    }
    return Columns(columns, len(late))


def _ratio(looks: Events, fills: Events, drug_class: Ints) -> NDArray[np.float64]:
    kept = np.flatnonzero(reading.dispensed(fills) & ~fills.parameters.array("reversed"))
    size, day, supply = len(formulary().classes), fills.date.astype(np.int64)[kept], reading.days_supply(fills)[kept]
    key = (fills.row[kept] * size + drug_class[kept]) * _DAYS + day
    order = np.argsort(key, kind="stable")
    key, day, supply = key[order], day[order], supply[order]
    asked = formulary().drug_class[formulary().find(reading.text(looks, "ndc"), reading.text(looks, "drug_class"))]
    today = looks.date.astype(np.int64)
    wanted = (looks.row * size + asked) * _DAYS
    first, last = np.searchsorted(key, wanted), np.searchsorted(key, wanted + today)  # fills before today
    total = np.concatenate([[0], np.cumsum(supply)])
    some = last > first
    days = today - np.append(day, 0)[np.where(some, first, len(day))]
    return np.where(some, np.minimum((total[last] - total[first]) / np.maximum(days, 1), 1.0), np.nan)
