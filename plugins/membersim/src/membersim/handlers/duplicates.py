"""Duplicates: a claim for what an earlier one of the same person, kind, provider,
day and service has billed already."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from healthsim_core import Text
from membersim.facts import document
from membersim.handlers.lines import ClaimLines
from membersim.handlers.services import Services

_LINES = 2  # of a claim that tell its service: a visit and its add-on


def duplicates(services: Services, lines: ClaimLines, adjudicated: NDArray[np.datetime64]) -> NDArray[np.bool_]:
    """Whether each claim repeats one that was adjudicated before it.

    The provider is told by kind, as a person has one of each kind: so it is the same with and without a network.

    Args:
        services: The claims.
        lines: Their lines.
        adjudicated: Day on which each is adjudicated; of one day, the claim with the lower id comes first.
    """
    again = np.zeros(len(services), bool)
    some = _of_one_day(services)
    some = some[np.lexsort((services.events.id[some], adjudicated[some].astype(np.int64)))]
    if len(some):
        texts = (_provider(services), services.place, services.visit_class, services.drg)
        codes = [np.append(_codes(lines.code), -1)[_line(services, lines, number)] for number in range(1, _LINES + 1)]
        days = (services.service_from.astype(np.int64), services.service_to.astype(np.int64))
        what = np.stack([services.events.row, services.type, *days, *map(_codes, texts), *codes], axis=1)[some]
        _, first = np.unique(what, axis=0, return_index=True)
        again[np.delete(some, first)] = True
    return again


def _of_one_day(services: Services) -> NDArray[np.intp]:
    """The claims whose person has another one of the same kind and day: only among them is a duplicate."""
    day = services.service_from.astype(np.int64)
    order = np.lexsort((day, services.type, services.events.row))
    same = np.ones(max(len(order) - 1, 0), bool)
    for column in (day, services.type, services.events.row):
        same &= np.diff(column[order]) == 0
    shares = np.append(same, False) | np.append([False], same)[: len(order)]
    return np.asarray(order[shares[: len(order)]])


def _provider(services: Services) -> Text:
    own = document("diagnosis_kinds")["own_doctor"]["names"]
    return services.providers.kind.recode(lambda name: own[0] if name in own else name)


def _codes(column: Text) -> NDArray[np.int32]:
    """The same number for the same text, however the column is coded."""
    return column.recode(str).codes


def _line(services: Services, lines: ClaimLines, number: int) -> NDArray[np.intp]:
    """Row of a line of each claim, -1 for none."""
    line = np.full(len(services), -1, np.intp)
    mine = np.flatnonzero(lines.number == number)
    line[lines.claim[mine]] = mine
    return line
