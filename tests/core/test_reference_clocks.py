"""The clock of each county."""

from datetime import datetime, timedelta
from zoneinfo import TZPATH, ZoneInfo, reset_tzpath

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from healthsim_core import Text, places
from healthsim_core.errors import SpecificationError
from healthsim_core.reference.clocks import _clock

MOUNTAIN, CENTRAL, EASTERN = -420, -360, -300  # minutes, in winter


def offset(local: str, fips: str) -> int:
    return int(places.offsets(np.array([local], "datetime64[s]"), Text.constant(fips, 1))[0])


@pytest.mark.parametrize(
    ("fips", "winter", "summer"),
    [
        ("48141", MOUNTAIN, MOUNTAIN + 60),  # El Paso, Texas
        ("48201", CENTRAL, CENTRAL + 60),  # Harris, Texas
        ("12033", CENTRAL, CENTRAL + 60),  # Escambia, Florida
        ("12086", EASTERN, EASTERN + 60),  # Miami-Dade, Florida
        ("18089", CENTRAL, CENTRAL + 60),  # Lake, Indiana
        ("47093", EASTERN, EASTERN + 60),  # Knox, Tennessee
        ("26053", CENTRAL, CENTRAL + 60),  # Gogebic, Michigan
        ("16055", -480, -420),  # Kootenai, Idaho
        ("41045", MOUNTAIN, MOUNTAIN + 60),  # Malheur, Oregon
        ("04013", MOUNTAIN, MOUNTAIN),  # Maricopa, Arizona
        ("04017", MOUNTAIN, MOUNTAIN),  # Navajo, Arizona, most of whose people live outside the Navajo Nation
        ("04001", MOUNTAIN, MOUNTAIN + 60),  # Apache, Arizona, most of whose people live within it
        ("15003", -600, -600),  # Honolulu
        ("02016", -540, -480),  # Aleutians West, most of whose people live in Unalaska
        ("72127", -240, -240),  # San Juan, Puerto Rico
        ("09001", EASTERN, EASTERN + 60),  # Fairfield, Connecticut, until 2022
    ],
)
def test_a_county_has_its_own_clock(fips: str, winter: int, summer: int) -> None:
    assert (offset("2025-01-15T12:00:00", fips), offset("2025-07-15T12:00:00", fips)) == (winter, summer)


def test_every_county_that_people_live_in_has_a_zone() -> None:
    assert all(places.time_zone(fips).startswith(("America/", "Pacific/")) for fips in places.counties())


def test_the_hour_that_a_clock_shows_twice_is_the_first() -> None:
    assert [offset(f"2025-11-02T{time}", "48201") for time in ("00:59:59", "01:00:00", "01:59:59", "02:00:00")] == [
        -300,
        -300,
        -300,
        -360,
    ]


def test_a_time_that_a_clock_skips_is_the_instant_an_hour_later() -> None:
    skipped, later = (
        datetime(2025, 3, 9, hour, 30) - timedelta(minutes=offset(f"2025-03-09T0{hour}:30", "48201")) for hour in (2, 3)
    )
    assert skipped == later


def test_the_clocks_before_2007_changed_in_april_and_in_indiana_not_at_all() -> None:
    assert [offset("2005-03-20T12:00", fips) for fips in ("48201", "18097")] == [CENTRAL, EASTERN]
    assert [offset("2005-07-20T12:00", fips) for fips in ("48201", "18097")] == [CENTRAL + 60, EASTERN]


@given(
    st.datetimes(datetime(1975, 1, 1), datetime(2035, 1, 1)),
    st.sampled_from(["48141", "06037", "04013", "18089", "02110", "21231"]),
)
def test_offsets_are_those_of_the_zone(local: datetime, fips: str) -> None:
    ahead = ZoneInfo(places.time_zone(fips)).utcoffset(local)
    assert timedelta(minutes=offset(local.replace(microsecond=0).isoformat(), fips)) == ahead


def test_a_batch_of_many_counties_and_years_is_as_each_by_itself() -> None:
    fips = ["48141", "04013", "36061", "18089", "15003"]
    times = np.datetime64("2019-01-01T00:30:00") + np.arange(0, 7 * 365 * 24, 37).astype("timedelta64[h]")
    which = np.arange(len(times)) % len(fips)
    alone = [offset(str(time), fips[index]) for time, index in zip(times, which, strict=True)]
    assert places.offsets(times, Text(which, [*fips, "a value of no row"])).tolist() == alone


def test_null_times_are_let_pass() -> None:
    times = np.array(["NaT", "2025-07-01"], "datetime64[s]")
    assert places.offsets(times, Text.constant("48201", 2))[1] == CENTRAL + 60
    assert len(places.offsets(times[:1], Text.constant("48201", 1))) == 1


def test_the_rules_are_never_the_machines(tmp_path) -> None:
    (tmp_path / "America").mkdir()
    (tmp_path / "America" / "Adak").write_bytes(b"not a zone")
    reset_tzpath([str(tmp_path)])
    try:
        with pytest.raises(ValueError):
            ZoneInfo.no_cache("America/Adak")
        assert set(_clock("America/Adak", 2024, 2024)[1]) == {-600, -540}
    finally:
        reset_tzpath(TZPATH)


def test_a_code_of_no_state_is_refused() -> None:
    with pytest.raises(SpecificationError, match='"99999"'):
        places.time_zone("99999")
