"""How many of everything each county has, and at which position of its identifiers each stands."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from healthsim_core import Text
from networksim.facts import document, rows

_FIGURES: Mapping[str, Any] = document("facilities")
HOSPITAL, LABORATORY, CLINIC, PHARMACY, PROVIDER = 0, 200, 300, 1_300, 2_000  # first positions of each kind
CLINICS_A_GROUP, PROVIDERS_A_SPECIALTY = 100, 400

Ints = NDArray[np.int64]


@attrs.frozen
class Specialty:
    """A specialty: its number, our word, its taxonomy code, its people's credential, its group of practices,
    its ratio."""

    number: int
    name: str
    taxonomy: str
    credential: str
    group: str
    per_100k: float


@cache
def specialties() -> tuple[Specialty, ...]:
    """All specialties, by number."""
    return tuple(
        Specialty(
            int(row["number"]),
            row["specialty"],
            row["taxonomy"],
            row["credential"],
            row["group"],
            float(row["per_100k"]),
        )
        for row in rows("specialties")
    )


def specialty_number(name: str) -> int:
    """The number of a specialty; -1 where the network has none of that name."""
    return next((specialty.number for specialty in specialties() if specialty.name == name), -1)


@attrs.frozen(eq=False)
class Roster:
    """Counts by county, for all counties.

    Attributes:
        fips: FIPS codes by county number.
        number: County number by FIPS code.
        population: Int array (counties,).
        hospitals: Int array (counties,).
        laboratories: Int array (counties,).
        pharmacies: Int array (counties,).
        providers: Int array (counties, specialties).
        before: Int array (counties, specialties): how many of the same group precede a specialty's first.
        clinics: Int array (counties, groups).
        group: Int array (specialties,): the group's number, -1 for those who work in a hospital.
    """

    fips: tuple[str, ...]
    number: dict[str, int]
    population: Ints
    hospitals: Ints
    laboratories: Ints
    pharmacies: Ints
    providers: Ints
    before: Ints
    clinics: Ints
    group: Ints

    def counties(self, fips: Text) -> Ints:
        """County numbers of FIPS codes, -1 for a county that the network does not know."""
        return fips.map(lambda code: self.number.get(code, -1), np.int64, -1)

    def organization(self, county: Ints, position: Ints) -> Ints:
        """Position of the organization of each clinician's position."""
        specialty, ordinal = np.divmod(position - PROVIDER, PROVIDERS_A_SPECIALTY)
        group = self.group[specialty]
        size = _FIGURES["clinic"]["providers"]
        clinic = CLINIC + group * CLINICS_A_GROUP + (self.before[county, specialty] + ordinal) // size
        return np.where(group < 0, HOSPITAL + ordinal % self.hospitals[county], clinic)


@cache
def roster() -> Roster:
    """The roster of every county."""
    counties = rows("county_population")
    fips = tuple(row["fips"] for row in counties)
    population = np.array([int(row["population"]) for row in counties], np.int64)
    groups = _FIGURES["group"]
    group = np.array([groups[s.group]["number"] if s.group in groups else -1 for s in specialties()], np.int64)
    providers = _providers(population)
    before, clinics = np.zeros_like(providers), np.zeros((len(fips), len(groups)), np.int64)
    for number in range(len(groups)):
        mine = np.flatnonzero(group == number)
        running = np.cumsum(providers[:, mine], axis=1)
        before[:, mine] = running - providers[:, mine]
        clinics[:, number] = -(-running[:, -1] // _FIGURES["clinic"]["providers"])
    counted = {kind: _count(population, _FIGURES[kind]) for kind in ("hospital", "laboratory", "pharmacy")}
    return Roster(
        fips, {code: index for index, code in enumerate(fips)}, population, counted["hospital"], counted["laboratory"],
        counted["pharmacy"], providers, before, clinics, group,
    )  # fmt: skip


def _providers(population: Ints) -> Ints:
    ratios = np.array([specialty.per_100k for specialty in specialties()]) / 100_000
    wanted = population[:, None] * ratios
    most = _FIGURES["providers"]["most_per_county"]
    scale = np.minimum(1.0, most / np.maximum(wanted.sum(axis=1), 1.0))
    return np.asarray(np.maximum(np.floor(wanted * scale[:, None] + 0.5), 1), np.int64)


def _count(population: Ints, figure: dict[str, Any]) -> Ints:
    return np.asarray(np.clip(np.floor(population * figure["per_100k"] / 100_000 + 0.5), 1, figure["most"]), np.int64)
