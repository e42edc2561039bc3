"""The network of some counties as columns: facilities, pharmacies, clinicians.

A county's network is drawn from the county alone, not from the run's seed: it is the same in every run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from healthsim_core import Columns, Draws, Run, SpecificationError, Text, places, portable, ranks_of, text
from networksim import numbers
from networksim.facts import document
from networksim.roster import (
    CLINIC,
    CLINICS_A_GROUP,
    HOSPITAL,
    LABORATORY,
    PHARMACY,
    PROVIDER,
    PROVIDERS_A_SPECIALTY,
    Ints,
    roster,
    specialties,
)

NETWORK_SEED = 0  # the network's own: it does not change with the run's
_NAMES: Mapping[str, Any] = document("names")
_FIGURES: Mapping[str, Any] = document("facilities")


def network_tables(run: Run) -> dict[str, Columns]:
    """The network of the run's counties."""
    _refuse_unknown(run)
    return _tables(network(run.inhabited))


def met_tables(run: Run, keys: Mapping[str, Sequence[str]], everyone: bool) -> dict[str, Columns]:
    """Those of the network whose NPIs were met and the organizations of these,
    or everybody in the counties where somebody was."""
    _refuse_unknown(run)
    npis = np.array(sorted({npi for named in keys.values() for npi in named if npi.isdigit()}), np.int64)
    county, position = numbers.slots(npis)
    ours = (county < len(roster().fips)) & (numbers.npi(county, position) == npis)
    npis, county, position = npis[ours], county[ours], position[ours]
    counties = tuple(sorted(roster().fips[number] for number in np.unique(county)))
    if everyone:
        return _tables(network(counties or run.inhabited))
    clinicians = position >= PROVIDER
    organizations = numbers.npi(county[clinicians], roster().organization(county[clinicians], position[clinicians]))
    return _tables(_network(_Sites(counties or roster().fips[:1], np.union1d(npis, organizations))))


def _refuse_unknown(run: Run) -> None:
    unknown = [fips for fips in run.inhabited if fips not in roster().number]
    if unknown:
        raise SpecificationError(
            f"no population is known of {', '.join(unknown)}.", "demographics.geography", "Choose another county."
        )


def _tables(network: Network) -> dict[str, Columns]:
    return {
        "networksim.facility": network.facility,
        "networksim.provider": network.provider,
        "networksim.pharmacy": network.pharmacy,
    }


@attrs.frozen(eq=False)
class Network:
    """Columns of the three tables."""

    facility: Columns
    provider: Columns
    pharmacy: Columns


@cache
def network(counties: tuple[str, ...]) -> Network:
    """The network of counties, by FIPS code."""
    return _network(_Sites(counties))


def _network(sites: _Sites) -> Network:
    facility = Columns.concat([_hospitals(sites), _laboratories(sites), *_clinics(sites)])
    return Network(facility, _providers(sites, facility), _pharmacies(sites))


class _Sites:
    """Rows of organizations of some counties: all, or those whose NPIs are wanted."""

    def __init__(self, counties: Sequence[str], wanted: Ints | None = None) -> None:
        self._wanted = wanted
        self.fips = tuple(sorted(counties))
        self.county = np.array([roster().number[code] for code in self.fips], np.int64)
        self.addresses = _addresses(self.fips)

    def spread(self, counts: Ints) -> tuple[Ints, Ints]:
        """Row of the county and ordinal in it, for `counts` rows a county."""
        owner = np.repeat(np.arange(len(counts)), counts)
        return owner, ranks_of(counts)

    def some(self, owner: Ints, position: Ints) -> tuple[Ints, Ints, NDArray[np.bool_]]:
        """Those of the positions of counties that are wanted, and which they are."""
        if self._wanted is None:
            return owner, position, np.ones(len(owner), bool)
        kept = np.isin(numbers.npi(self.county[owner], position), self._wanted)
        return owner[kept], position[kept], kept

    def columns(self, owner: Ints, position: Ints) -> dict[str, Any]:
        """NPI, address and telephone of the positions of counties."""
        county = self.county[owner]
        draw = _draws("place", county, position)
        streets = Text(draw.integers("street", 0, len(_NAMES["streets"])), _NAMES["streets"])
        area = draw.integers("a", 2, 10) * 100 + draw.integers("b", 0, 9) * 10 + draw.integers("c", 2, 10)
        return {
            "npi": numbers.as_text(numbers.npi(county, position)),
            "address": Text.distinct(text.lines(text.whole(draw.integers("house", 100, 9_900)), " ", streets)),
            **self.addresses.within(owner, draw.uniform("zip")),
            "phone": Text.distinct(
                text.lines(text.whole(area), "55501", text.padded(draw.integers("line", 0, 100), 2))
            ),
        }


@lru_cache(maxsize=8)
def _addresses(fips: tuple[str, ...]) -> places.Addresses:
    return places.Addresses.of(dict.fromkeys(fips, 1.0))


def _hospitals(sites: _Sites) -> Columns:
    counts = roster().hospitals[sites.county]
    owner, ordinal = sites.spread(counts)
    position, county = HOSPITAL + ordinal, sites.county[owner]
    share = portable.exp(_draws("hospital", county, position).normal("size", 0.0, 0.7))
    total = np.add.reduceat(share, np.cumsum(counts) - counts)
    figure = _FIGURES["beds"]
    beds = np.maximum(
        np.rint(roster().population[county] * figure["per_100k"] / 100_000 * share / total[owner]), figure["least"]
    )
    owner, position, kept = sites.some(owner, position)
    beds, county = beds[kept], county[kept]
    kinds = Text(_draws("hospital", county, position).integers("kind", 0, len(_NAMES["hospital"])), _NAMES["hospital"])
    name = text.lines(_names(county, position), " ", kinds)
    return _facilities(sites, owner, position, name, "hospital", _FIGURES["hospital"]["taxonomy"], beds)


def _laboratories(sites: _Sites) -> Columns:
    owner, ordinal = sites.spread(roster().laboratories[sites.county])
    owner, position, _ = sites.some(owner, LABORATORY + ordinal)
    name = text.lines(_names(sites.county[owner], position), " Laboratory")
    return _facilities(sites, owner, position, name, "laboratory", _FIGURES["laboratory"]["taxonomy"])


def _clinics(sites: _Sites) -> list[Columns]:
    clinics = []
    for group in _FIGURES["group"].values():
        owner, ordinal = sites.spread(roster().clinics[sites.county, group["number"]])
        owner, position, _ = sites.some(owner, CLINIC + group["number"] * CLINICS_A_GROUP + ordinal)
        name = text.lines(_names(sites.county[owner], position), f" {group['name']}")
        clinics.append(_facilities(sites, owner, position, name, "clinic", group["taxonomy"]))
    return clinics


def _facilities(
    sites: _Sites,
    owner: Ints,
    position: Ints,
    name: Any,
    kind: str,
    taxonomy: str,
    beds: NDArray[np.float64] | float = np.nan,
) -> Columns:
    columns = {
        "name": Text.distinct(name), "kind": kind, "taxonomy": taxonomy, "beds": beds,
        "tax_id": Text.distinct(numbers.tax_ids(sites.county[owner], position)),
    }  # fmt: skip
    return Columns({**sites.columns(owner, position), **columns}, len(owner))


def _pharmacies(sites: _Sites) -> Columns:
    owner, ordinal = sites.spread(roster().pharmacies[sites.county])
    owner, position, _ = sites.some(owner, PHARMACY + ordinal)
    county = sites.county[owner]
    columns = {
        "name": Text.distinct(text.lines(_names(county, position), " Pharmacy")),
        "ncpdp_id": Text.distinct(numbers.ncpdp_ids(county, position - PHARMACY)),
        "taxonomy": _FIGURES["pharmacy"]["taxonomy"],
    }
    return Columns({**sites.columns(owner, position), **columns}, len(owner))


def _providers(sites: _Sites, facility: Columns) -> Columns:
    parts = [sites.spread(roster().providers[sites.county, each_specialty.number]) for each_specialty in specialties()]
    owner = np.concatenate([rows for rows, _ in parts])
    specialty = np.repeat(np.arange(len(parts)), [len(rows) for rows, _ in parts])
    position = PROVIDER + specialty * PROVIDERS_A_SPECIALTY + np.concatenate([ordinal for _, ordinal in parts])
    owner, position, kept = sites.some(owner, position)
    specialty, county = specialty[kept], sites.county[owner]
    organization = numbers.npi(county, roster().organization(county, position))
    at = text.positions(numbers.as_numbers(facility.text("npi")), organization)
    draw = _draws("clinician", county, position)
    columns: dict[str, Any] = {
        "npi": numbers.as_text(numbers.npi(county, position)),
        "sex": draw.choice("sex", {"F": _FIGURES["clinicians"]["female"], "M": 1 - _FIGURES["clinicians"]["female"]}),
        "last_name": _last_names(draw),
        "organization_npi": numbers.as_text(organization),
    }
    columns["first_name"] = _first_names(draw, columns["sex"])
    for name in ("name", "taxonomy", "credential"):
        columns["specialty" if name == "name" else name] = Text(
            specialty, [getattr(each_specialty, name) for each_specialty in specialties()]
        )
    shared = ("address", "city", "state", "zip", "county_fips", "phone")
    return Columns({**columns, **{name: facility[name][at] for name in shared}}, len(owner))


def _first_names(draw: Draws, sex: Text) -> Text:
    decades = _FIGURES["clinicians"]["birth_decades"]
    decade = draw.integers("decade", 0, len(decades))
    unit, known = draw.uniform("first_name"), places.first_names()
    parts: dict[tuple[int, str], Text] = {
        (index, letter): _weighted(unit, *known[year, letter])
        for index, year in enumerate(decades)
        for letter in ("F", "M")
    }
    given = Text.constant(None, len(unit))
    for (index, letter), names in parts.items():
        mine = (decade == index) & (sex == letter)
        given = given.or_else(names.only(mine))
    return given


def _last_names(draw: Draws) -> Text:
    return _weighted(draw.uniform("last_name"), *places.surnames())


def _weighted(unit: NDArray[np.float64], values: Any, weights: NDArray[np.float64]) -> Text:
    thresholds = np.cumsum(weights)
    return Text(np.searchsorted(thresholds[:-1] / thresholds[-1], unit, side="right"), values)


def _names(county: Ints, position: Ints) -> Text:
    first, second = _NAMES["first"], _NAMES["second"]
    words = [f"{a}{b}" for a in first for b in second]
    start = _draws("names", county, np.zeros_like(county)).integers("start", 0, len(words))
    stride = 263  # prime to the number of names: within a county, a kind's names repeat only after all were used
    return Text((start + position * stride) % len(words), words)


def _draws(stream: str, county: Ints, position: Ints) -> Draws:
    return Draws(NETWORK_SEED, f"networksim.{stream}", county * numbers.BLOCK + position)


def summary(network: Network) -> Mapping[str, int]:
    """How many rows each table has."""
    return {name: getattr(network, name).rows for name in ("facility", "provider", "pharmacy")}
