"""The clock of each county: its zone, and how far it is from UTC at any local time, daylight saving included.

Rules come from the package `tzdata`, never from the machine, so that the same run has the same bytes everywhere.
"""

from __future__ import annotations

import csv
import functools
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib import resources
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from healthsim_core.columns import Text
from healthsim_core.draws import FEW
from healthsim_core.errors import SpecificationError, suggestion

_FILE = Path(__file__).parent / "data" / "time_zones.csv"
_NULL = np.iinfo(np.int64).min  # what a null time is as a number
_FIRST_YEAR, _LAST_YEAR = 1900, 2200  # outside them the offset of the nearest
_BETWEEN = timedelta(days=7)  # no two changes of a zone since 1900 lie nearer together


def time_zone(county_fips: str) -> str:
    """The IANA zone that most people of a county live by: "America/Denver".

    A county that the table lacks (a former one) has the zone of most counties of its state.

    Raises:
        SpecificationError: The code is of no state either.
    """
    zones, of_state = _zones()
    zone = zones.get(county_fips) or of_state.get(county_fips[:2])
    if zone is None:
        raise SpecificationError(
            f'no county has the FIPS code "{county_fips}".', "county_fips", suggestion(county_fips, zones)
        )
    return zone


def offsets(times: NDArray[np.datetime64], counties: Text) -> NDArray[np.int64]:
    """Minutes that each county's clock is ahead of UTC (west of Greenwich: negative).

    Of the hour that a clock shows twice in autumn, the first is meant. A time that a clock skips in spring has the
    offset of before, so that it names the same instant as the time an hour later with the offset of after.

    Args:
        times: Local civil times (rows,); the offset of a null time means nothing.
        counties: County FIPS codes (rows,), none null.
    """
    seconds = np.asarray(times).astype("datetime64[s]").view(np.int64)
    given = seconds[seconds != _NULL]
    if not len(given):
        return np.zeros(len(seconds), np.int64)
    earliest, latest = int(given.min()), int(given.max())
    used = np.flatnonzero(np.bincount(counties.codes, minlength=len(counties.values)))
    names = [time_zone(counties.values[code].as_py()) for code in used]
    zones = tuple(sorted(set(names)))
    changes, minutes = _clocks(zones, _year(earliest), _year(latest))
    begun = int(np.searchsorted(changes, earliest, side="right"))  # so many lie before all times
    period = _periods(changes[begun : np.searchsorted(changes, latest, side="right")], seconds) + begun
    of_county = np.zeros(len(counties.values), np.intp)
    of_county[used] = np.array([zones.index(name) for name in names]) * minutes.shape[1]
    return np.asarray(minutes.ravel().take(period + of_county.take(counties.codes)))


def _periods(changes: NDArray[np.int64], seconds: NDArray[np.int64]) -> NDArray[np.int64]:
    """How many of the changes each moment has behind it."""
    if len(changes) > FEW:
        return np.searchsorted(changes, seconds, side="right")
    passed = np.zeros(len(seconds), np.int64)
    for change in changes:
        passed += seconds >= change
    return passed


def _year(seconds: int) -> int:
    return int(np.datetime64(seconds, "s").astype("datetime64[Y]").astype(np.int64)) + 1970


@functools.cache
def _zones() -> tuple[dict[str, str], dict[str, str]]:
    """The zone of each county, and of most counties of each state."""
    with _FILE.open(encoding="utf-8", newline="") as file:
        zones = {row["fips"]: row["time_zone"] for row in csv.DictReader(file)}
    counts: dict[str, Counter[str]] = {}
    for fips, zone in zones.items():
        counts.setdefault(fips[:2], Counter())[zone] += 1
    return zones, {state: counted.most_common(1)[0][0] for state, counted in counts.items()}


@functools.cache
def _rules(zone: str) -> ZoneInfo:
    with resources.files("tzdata").joinpath("zoneinfo", *zone.split("/")).open("rb") as file:
        return ZoneInfo.from_file(file, key=zone)


@functools.cache
def _clocks(zones: tuple[str, ...], first: int, last: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Local seconds since 1970 at which any of the zones changes,
    and each zone's minutes before the first and from each on."""
    clocks = [_clock(zone, first, last) for zone in zones]
    changes = np.unique(np.concatenate([zone_changes for zone_changes, _ in clocks]))
    return changes, np.array(
        [
            minutes[np.concatenate([[0], np.searchsorted(zone_changes, changes, side="right")])]
            for zone_changes, minutes in clocks
        ]
    )


def _clock(zone: str, first: int, last: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    first, last = (min(max(year, _FIRST_YEAR), _LAST_YEAR) for year in (first - 1, last + 1))
    changes = [change for year in range(first, last + 1) for change in _changes(zone, year)]
    minutes = [_seconds_ahead(zone, datetime(first, 1, 1, tzinfo=UTC)) // 60, *(after // 60 for _, _, after in changes)]
    return np.array([instant + max(before, after) for instant, before, after in changes], np.int64), np.array(
        minutes, np.int64
    )


@functools.cache
def _changes(zone: str, year: int) -> tuple[tuple[int, int, int], ...]:
    """The instants of a year (seconds since 1970) at which a zone's offset changes,
    with the seconds before and after."""
    return tuple(_found(zone, datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)))


def _found(zone: str, start: datetime, stop: datetime) -> Iterator[tuple[int, int, int]]:
    while start < stop:
        end = min(start + _BETWEEN, stop)
        before, after = _seconds_ahead(zone, start), _seconds_ahead(zone, end)
        if before != after:
            yield _instant(zone, start, end), before, after
        start = end


def _instant(zone: str, start: datetime, stop: datetime) -> int:
    """The first second after `start` with the offset of `stop`."""
    low, high, after = int(start.timestamp()), int(stop.timestamp()), _seconds_ahead(zone, stop)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (
            (low, middle) if _seconds_ahead(zone, datetime.fromtimestamp(middle, UTC)) == after else (middle, high)
        )
    return high


def _seconds_ahead(zone: str, moment: datetime) -> int:
    ahead: Any = _rules(zone).utcoffset(moment.astimezone(_rules(zone)))
    return int(ahead.total_seconds())
