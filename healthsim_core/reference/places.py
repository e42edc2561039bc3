"""Counties, their ZIP codes, and names: the bundled public facts that every product's people need."""

from __future__ import annotations

import csv
import functools
import re
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
from numpy.typing import NDArray

from healthsim_core.columns import Text
from healthsim_core.draws import Floats, pick
from healthsim_core.errors import SpecificationError, nearest
from healthsim_core.reference.clocks import offsets as offsets
from healthsim_core.reference.clocks import time_zone as time_zone

_DATA = Path(__file__).parent / "data"
_FIVE_DIGITS = "A county is named by the five digits of its FIPS code."
_AS_TEXT = pyarrow.csv.ConvertOptions(
    column_types={name: pa.string() for name in ("fips", "county_fips", "zip", "state")}
)


def bundled(name: str) -> pa.Table:
    """A bundled CSV, codes as text."""
    return pyarrow.csv.read_csv(
        _DATA / name, read_options=pyarrow.csv.ReadOptions(use_threads=False), convert_options=_AS_TEXT
    )


@attrs.frozen
class County:
    """A county: FIPS code, name, two-letter state, the state's name, residents."""

    fips: str
    name: str
    state: str
    state_name: str
    population: int


@functools.cache
def counties() -> dict[str, County]:
    """Every county by FIPS code, as they are today."""
    return _counties("counties.csv")


@functools.cache
def former_counties() -> dict[str, County]:
    """Counties whose codes others have replaced since 2013, by FIPS code: they still stand in files,
    and people can live in them."""
    return _counties("former_counties.csv")


def county(fips: str, where: str = "") -> County:
    """The county of a FIPS code, today's or a former one.

    Raises:
        SpecificationError: There is none; the message names one of the same state.
    """
    place = counties().get(fips) or former_counties().get(fips)
    if place is None:
        raise SpecificationError(f'no county has the FIPS code "{fips}".', where, county_suggestion(fips))
    return place


def instead_of_county(fips: str) -> str:
    """What to write in place of a text that is no county's FIPS code; "" where it is one."""
    return "" if fips in counties() or fips in former_counties() else county_suggestion(fips)


def county_suggestion(fips: str) -> str:
    """The county that somebody may have meant with a code that no county has: the nearest of its state,
    by code or by name."""
    known = counties()
    if re.fullmatch("[0-9]{4}", fips) and f"0{fips}" in known:
        return _meant(known[f"0{fips}"])
    if not re.fullmatch("[0-9]{5}", fips):
        named = {f"{place.name}, {place.state}": place for place in known.values()}
        near = nearest(fips, named, 0.7) or nearest(f"{fips} County", {place.name for place in known.values()}, 0.85)
        return _meant(next(place for name, place in named.items() if name.startswith(near))) if near else _FIVE_DIGITS
    of_state = [place for place in known.values() if place.fips[:2] == fips[:2]]
    if not of_state:
        return f"No state has the code {fips[:2]}: the first two digits are the state, the others the county."
    return _meant(min(of_state, key=lambda place: (_digits_apart(place.fips, fips), abs(int(place.fips) - int(fips)))))


def _digits_apart(code: str, other: str) -> int:
    return sum(digit != its for digit, its in zip(code, other, strict=True))


def _meant(place: County) -> str:
    return f'Did you mean "{place.fips}" ({place.name}, {place.state_name})?'


def _counties(name: str) -> dict[str, County]:
    with (_DATA / name).open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        return {
            row["fips"]: County(row["fips"], row["name"], row["state"], row["state_name"], int(row["population"]))
            for row in rows
        }


@attrs.frozen(eq=False)
class Addresses:
    """ZIP codes of some counties, with the counties' weights."""

    fips: tuple[str, ...]
    weights: NDArray[np.float64]
    _county: NDArray[np.int64]
    _zip_weights: NDArray[np.float64]
    _zips: Text
    _cities: Text

    @classmethod
    def of(cls, weights: dict[str, float]) -> Addresses:
        """The ZIP codes of the counties that `weights` names."""
        fips = tuple(sorted(weights))
        table = _zips(fips).sort_by([("county_fips", "ascending"), ("zip", "ascending")])
        owner = np.searchsorted(np.array(fips), np.array(table["county_fips"].to_pylist()))
        zip_weights = table["weight"].to_numpy().astype(np.float64)
        columns = Text.of(table["zip"]), Text.of(table["city"])
        return cls(fips, np.array([weights[code] for code in fips]), owner, zip_weights, *columns)

    def draw(self, unit_county: Floats, unit_zip: Floats) -> dict[str, Text]:
        """Columns county_fips, state, city, zip from two uniforms a row."""
        return self.within(pick(unit_county, self.weights), unit_zip)

    def within(self, county_codes: NDArray[Any], unit_zip: Floats) -> dict[str, Text]:
        """Columns county_fips, state, city, zip in given counties.

        Args:
            county_codes: Int array (rows,): places in `fips`.
            unit_zip: Float array (rows,) of uniforms.
        """
        totals = np.concatenate([[0.0], np.cumsum(self._zip_weights)])
        bounds = totals[np.searchsorted(self._county, np.arange(len(self.fips) + 1))]
        starts, ends = bounds[county_codes], bounds[np.asarray(county_codes) + 1]
        rows = np.searchsorted(totals[1:], starts + unit_zip * (ends - starts), side="right")
        rows = np.minimum(rows, len(totals) - 2)
        state = Text(county_codes, [county(code).state for code in self.fips])
        return {
            "county_fips": Text(county_codes, list(self.fips)),
            "state": state,
            "city": self._cities[rows],
            "zip": self._zips[rows],
        }


def _zips(fips: tuple[str, ...]) -> pa.Table:
    """Rows of zips.csv in some counties, read block by block: of the whole country's a run needs few,
    and memory stays small."""
    wanted, blocks = pa.array(fips, pa.string()), pyarrow.csv.ReadOptions(use_threads=False, block_size=1 << 17)
    with pyarrow.csv.open_csv(_DATA / "zips.csv", read_options=blocks, convert_options=_AS_TEXT) as reader:
        return pa.Table.from_batches(
            [block.filter(pc.is_in(block["county_fips"], wanted)) for block in reader], reader.schema
        )


@functools.cache
def default_codes() -> dict[str, tuple[str, str]]:
    """Billable ICD-10-CM code and description of each category of a condition, for where no skill knows better."""
    table = bundled("default_codes.csv").to_pydict()
    return {category: (code, text) for category, code, text in zip(*table.values(), strict=True)}


@functools.cache
def surnames() -> tuple[pa.Array, NDArray[np.float64]]:
    """Family names and their weights."""
    table = bundled("surnames.csv")
    return table["name"].combine_chunks(), table["weight"].to_numpy().astype(np.float64)


@functools.cache
def first_names() -> dict[tuple[int, str], tuple[pa.Array, NDArray[np.float64]]]:
    """Given names and their weights by (birth decade, sex)."""
    table = bundled("first_names.csv").combine_chunks()
    rows: dict[tuple[int, str], list[int]] = {}
    for row, key in enumerate(zip(table["decade"].to_pylist(), table["sex"].to_pylist(), strict=True)):
        rows.setdefault(key, []).append(row)
    name, weight = table["name"].combine_chunks(), table["weight"].to_numpy().astype(np.float64)
    return {key: (name.take(pa.array(of_key)), weight[of_key]) for key, of_key in rows.items()}
