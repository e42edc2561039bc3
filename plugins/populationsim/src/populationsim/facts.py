"""What is known of counties: bundled facts of the 50 most populous,
and what `healthsim init --from` has stored of others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any

import attrs
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from healthsim_core import PackageData, read_declared, reference_rows
from populationsim.tables import FACT

DATA = PackageData("populationsim")
document, rows = DATA.document, DATA.rows
NATION = "00000"
SEXES = ("F", "M")
AGE_BANDS = (*(f"{low}-{low + 4}" for low in range(0, 85, 5)), "85+")
_TEXT = ("place", "measure", "statistic", "sex", "age", "unit", "source")

Row = Mapping[str, Any]


@attrs.frozen(eq=False)
class Figure:
    """One published figure."""

    value: float
    source: str
    vintage: int | None


@attrs.frozen(eq=False)
class Place:
    """What is known of one place.

    Attributes:
        fips: FIPS code.
        figures: Figures by (measure, statistic), each of the latest vintage that has a value.
        structure: Float array (sexes, age bands): people; None where the structure is not known.
        origins: People by (ethnicity, race), where that is known.
        counted_by: Sources of the structure.
    """

    fips: str
    figures: Mapping[tuple[str, str], Figure]
    structure: NDArray[np.float64] | None
    origins: Mapping[tuple[str, str], float]
    counted_by: frozenset[str] = frozenset()

    def figure(self, measure: str, statistic: str = "percent") -> float | None:
        """The value of a measure, None where nobody has published it."""
        value = self.figures.get((measure, statistic))
        return value.value if value else None

    @property
    def sources(self) -> tuple[str, ...]:
        """Everything that the figures come from."""
        return tuple(sorted({*self.counted_by, *(figure.source for figure in self.figures.values())}))

    @classmethod
    def of(cls, fips: str, rows: Iterable[Row]) -> Place | None:
        """The place that rows of the fact table describe; None where there are none."""
        figures: dict[tuple[str, str], Figure] = {}
        counts: dict[int, list[Row]] = {}
        for row in rows:
            if row["value"] is None:
                continue
            if row["measure"] == "POPULATION":
                counts.setdefault(row["vintage"] or 0, []).append(row)
                continue
            key, known = (row["measure"], row["statistic"]), figures.get((row["measure"], row["statistic"]))
            if known is None or (row["vintage"] or 0) >= (known.vintage or 0):
                figures[key] = Figure(row["value"], row["source"], row["vintage"])
        if not figures and not counts:
            return None
        latest = counts[max(counts)] if counts else []
        return cls(fips, figures, _structure(latest), _origins(latest), frozenset(row["source"] for row in latest))


class Facts:
    """Facts by place.

    Args:
        stored: Function from a place to stored rows, or None where nothing is stored. Stored facts fill gaps: they
            add places, and figures that the bundled facts leave blank. They never replace a bundled figure.
    """

    def __init__(self, stored: Callable[[str], pa.Table | None] | None = None) -> None:
        self._stored = stored or (lambda place: reference_rows("populationsim", place=place))
        self._places: dict[str, Place | None] = {}

    @property
    def bundled(self) -> pa.Table:
        """The bundled facts, in the layout that `healthsim init` stores."""
        return bundled()

    def place(self, fips: str) -> Place | None:
        """What is known of a county, None for nothing."""
        if fips not in self._places:
            mine = _rows_of(fips)
            complete = bool(mine) and all(row["value"] is not None for row in mine)
            stored = None if complete else self._stored(fips)
            held = {(row["measure"], row["statistic"]) for row in mine if row["value"] is not None}
            more = (
                [row for row in stored.to_pylist() if (row["measure"], row["statistic"]) not in held]
                if stored is not None
                else []
            )
            self._places[fips] = Place.of(fips, [*mine, *more])
        return self._places[fips]

    def describe(self, fips: str) -> dict[str, Any] | None:
        """The part of a profile that a county's facts give; None where nothing is known of it."""
        from populationsim.describe import describe

        place = self.place(fips)
        return None if place is None else describe(place)


@cache
def bundled() -> pa.Table:
    """The bundled facts."""
    return read_declared(FACT, DATA.path / "facts.csv")


def sources() -> dict[str, dict[str, str]]:
    """Titles and addresses of the bundled sources."""
    titles: dict[str, dict[str, str]] = document("sources")
    return titles


@cache
def nation() -> Place:
    """The United States: its structure by sex and age."""
    place = Place.of(NATION, _rows_of(NATION))
    assert place is not None
    return place


def _rows_of(fips: str) -> list[Row]:
    return _rows_by_place().get(fips, [])


@cache
def _rows_by_place() -> dict[str, list[Row]]:
    by_place: dict[str, list[Row]] = {}
    for row in bundled().to_pylist():
        by_place.setdefault(row["place"], []).append(row)
    return by_place


def _structure(counts: list[Row]) -> NDArray[np.float64] | None:
    structure = np.zeros((len(SEXES), len(AGE_BANDS)))
    plain = [row for row in counts if row["race"] is None and row["ethnicity"] is None]
    for row in plain or counts:
        if row["sex"] in SEXES and row["age"] in AGE_BANDS:
            structure[SEXES.index(row["sex"]), AGE_BANDS.index(row["age"])] += row["value"]
    return structure if structure.all() else None


def _origins(counts: list[Row]) -> dict[tuple[str, str], float]:
    origins: dict[tuple[str, str], float] = {}
    for row in counts:
        if row["race"] is not None and row["ethnicity"] is not None:
            key = (row["ethnicity"], row["race"])
            origins[key] = origins.get(key, 0.0) + row["value"]
    return origins
