"""Controlled substances: the schedule of a drug, and how often the law lets its prescription be refilled.

A drug is known by its NDC, else by its RxNorm concept, else by the words of its description. A rule of several words
goes before those whose words it contains: codeine is of schedule II, with acetaminophen of schedule III.
What nothing names is not controlled.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray

from healthsim_core import Events, plus_months
from rxmembersim import reading
from rxmembersim.facts import document, rows

UNBOUND = 1 << 40  # refills, or a day, that no prescription comes to
NOT_CONTROLLED = 0
_PRODUCT_DIGITS = 9  # labeler and product: all packages of a product are of one schedule

Ints = NDArray[np.int64]


def schedules(events: Events) -> Ints:
    """Schedule of each event's drug: index into `names`, 0 for a drug that is not controlled."""
    lookups: dict[str, Callable[[str], int]] = {"ndc": _by_ndc, "rxnorm": _by_concept, "description": _by_words}
    listed = [reading.text(events, name).map(lookup, np.int64, -1) for name, lookup in lookups.items()]
    return np.asarray(
        np.maximum(np.select([known >= 0 for known in listed], listed, NOT_CONTROLLED), NOT_CONTROLLED), np.int64
    )


def most_refills(schedule: Ints) -> Ints:
    """Refills that the law allows."""
    return np.array([UNBOUND, *(law["refills"] for law in _law().values())])[schedule]


def last_day(schedule: Ints, written: NDArray[np.datetime64]) -> Ints:
    """The last day, days since 1970, on which a prescription written on a day may be filled."""
    months = np.array([0, *(law.get("months", 0) for law in _law().values())])[schedule]
    return np.where(months > 0, plus_months(written.astype("datetime64[D]").astype(np.int64), months), UNBOUND)


def refills(events: Events) -> Ints:
    """Refills authorized after the first fill: what was ordered, as far as the law allows it."""
    return np.minimum(reading.refills(events), most_refills(schedules(events)))


def written(events: Events) -> NDArray[np.datetime64]:
    """When the prescription of each event was written: the day of the order behind it, else the prescription's,
    else its own."""
    time = events.ancestor("medication_order").array("time")
    if not (events.type == "new_rx").all():
        time = np.where(np.isnat(time), events.ancestor("new_rx").array("time"), time)
    return np.where(np.isnat(time), events.time, time).astype("datetime64[D]")


@functools.cache
def _law() -> dict[str, dict[str, int]]:
    schedules: dict[str, dict[str, int]] = document("controlled")["schedules"]
    return schedules


@functools.cache
def _rules() -> dict[str, list[tuple[frozenset[str], int]]]:
    """The rules of names by their first word: all words that must stand there, and the schedule."""
    rules: dict[str, list[tuple[frozenset[str], int]]] = {}
    for row in rows("controlled_names"):
        words = row["words"].split()
        rules.setdefault(words[0], []).append((frozenset(words), _number(row["schedule"])))
    return rules


@functools.cache
def _codes() -> dict[tuple[str, str], int]:
    listed = {(row["system"], row["code"]): _number(row["schedule"]) for row in rows("controlled_codes")}
    ours = {("ndc", row["ndc"][:_PRODUCT_DIGITS]): _by_words(row["description"]) for row in rows("formulary")}
    return {key: schedule for key, schedule in ours.items() if schedule >= 0} | listed


def _by_ndc(code: str) -> int:
    labeler, dash, rest = code.partition("-")
    product = labeler.zfill(5) + rest.partition("-")[0].zfill(4) if dash else code[:_PRODUCT_DIGITS]
    return _codes().get(("ndc", product), -1)


def _by_concept(code: str) -> int:
    return _codes().get(("rxnorm", code), -1)


@functools.lru_cache(maxsize=1 << 14)
def _by_words(description: str) -> int:
    said = document("controlled")["other_names"]
    words = {said.get(word, word) for word in re.findall("[a-z]+", description.lower())}
    hits = [rule for word in words for rule in _rules().get(word, ()) if rule[0] <= words]
    return _strictest(schedule for names, schedule in hits if not any(names < others for others, _ in hits))


def _strictest(schedules: Iterable[int]) -> int:
    """The lowest schedule, 0 where a rule says that it is exempt, -1 where none says anything."""
    known = list(schedules)
    return min((schedule for schedule in known if schedule > 0), default=0 if known else -1)


def _number(schedule: str) -> int:
    return 1 + list(_law()).index(schedule) if schedule else NOT_CONTROLLED
