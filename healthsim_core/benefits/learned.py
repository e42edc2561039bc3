"""What plans thought of coverages before they learned of changes that count from an earlier day."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from healthsim_core.benefits.covered import Versions
from healthsim_core.benefits.openings import TERMINATE, Changes, Openings, effective
from healthsim_core.lookup import matches

Rows = NDArray[np.int64]
Days = NDArray[np.datetime64]


def versions_of(changes: Changes, final: Openings, birth: Days) -> tuple[Versions | None, Rows, Days]:
    """What was thought of coverages whose changes are learned of in another order than that in which they count.

    Args:
        changes: All changes.
        final: What is so in the end.
        birth: Day of birth by row.

    Returns:
        The versions, whose spans are known by the change that opens them; the changes that opened a span that is not
        so in the end; and when the plan learned of that.
    """
    late = np.unique(np.concatenate([_late(changes), _undone(changes, final)]))
    if not len(late):
        return None, np.zeros(0, np.int64), np.zeros(0, "datetime64[D]")
    mine = np.flatnonzero(np.isin(changes.slot, late))
    slot, known = changes.slot[mine], changes.known[mine]
    order = np.lexsort((known.astype(np.int64), slot))
    first = np.append(True, (np.diff(slot[order]) != 0) | (np.diff(known[order]).astype(np.int64) != 0))
    version_slot, version_known = slot[order][first], known[order][first]
    version, change = matches(slot, version_slot)
    heard = known[change] <= version_known[version]
    version, change = version[heard], mine[change[heard]]
    does = np.flatnonzero(effective(version, changes.kind[change]))
    thought = Openings.of(changes, change[does], birth, version[does])
    of_version = version[does][np.flatnonzero(changes.kind[change[does]] != TERMINATE)]
    there = np.flatnonzero(thought.there)
    of_version, opened = of_version[there], thought.change[there]
    versions = Versions(version_slot, version_known, of_version, opened, thought.start[there], thought.end[there])
    return versions, *_taken_back(versions, final)


def _late(changes: Changes) -> Rows:
    """Slots of which something is learned after something that counts from a later day."""
    earlier = (np.diff(changes.known) < np.timedelta64(0)) & (np.diff(changes.slot) == 0)
    return changes.slot[np.flatnonzero(earlier)]


def _undone(changes: Changes, final: Openings) -> Rows:
    """Slots with a span of which nothing is left, as was learned after it."""
    ended = np.flatnonzero(~final.there)
    after = changes.known[final.next[ended]] > changes.known[final.change[ended]]
    return changes.slot[final.change[ended[after]]]


def _taken_back(versions: Versions, final: Openings) -> tuple[Rows, Days]:
    opened, last = np.unique(versions.span[::-1], return_index=True)
    gone = ~np.isin(opened, final.change[final.there])
    version = versions.version[::-1][last[gone]]
    return opened[gone], versions.known[version + 1]
