"""A county's prevalence by age: the national pattern, shifted until the county's adults have the published
prevalence."""

from __future__ import annotations

from functools import cache

import attrs
import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from populationsim.facts import AGE_BANDS, rows

ADULT, OLDEST, TOP_BAND = 18, 110, 99  # ages are drawn up to 99
_STEPS = 80  # halvings of the interval: far below rounding


@attrs.frozen
class Band:
    """National prevalence of an age band, as a share."""

    low: int
    high: int
    share: float


@cache
def patterns() -> dict[str, tuple[Band, ...]]:
    """National patterns by measure."""
    by_condition: dict[str, list[Band]] = {}
    for row in rows("age_patterns"):
        by_condition.setdefault(row["measure"], []).append(
            Band(int(row["low"]), int(row["high"]), float(row["percent"]) / 100)
        )
    return {measure: tuple(bands) for measure, bands in by_condition.items()}


def by_age(measure: str, crude: float, structure: NDArray[np.float64]) -> dict[str, float]:
    """Prevalence by age band, such that a county's adults have the crude prevalence.

    The odds of every band are multiplied by one factor, so that no prevalence leaves 0 to 1.

    Args:
        measure: PLACES measure.
        crude: Share of adults, 0 to 1.
        structure: People by sex and five-year age band.
    """
    bands = patterns()[measure]
    national, weights = np.array([band.share for band in bands]), _adults(bands, structure)
    low, high = -20.0, 20.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if np.sum(weights * _shifted(national, middle)) < crude else (low, middle)
    shares = _shifted(national, (low + high) / 2)
    return {_name(band): round(float(share), 6) for band, share in zip(bands, shares, strict=True)}


def people_by_year(structure: NDArray[np.float64]) -> NDArray[np.float64]:
    """People by single year of age: those of a band alike over its years, as ages are drawn.

    Args:
        structure: Array (sexes, age bands) of people.

    Returns:
        Array (100,) of people aged 0 to 99; those of 85 and older stand at 85.
    """
    people = np.zeros(TOP_BAND + 1)
    for band, total in zip(AGE_BANDS, structure.sum(axis=0), strict=True):
        first = int(band.rstrip("+").split("-")[0])
        years = 1 if band.endswith("+") else 5
        people[first : first + years] = total / years
    return people


def _adults(bands: tuple[Band, ...], structure: NDArray[np.float64]) -> NDArray[np.float64]:
    people = people_by_year(structure)
    people[:ADULT] = 0.0
    mine = np.array([people[band.low : min(band.high, TOP_BAND) + 1].sum() for band in bands])
    return np.asarray(mine / mine.sum())


def _shifted(share: NDArray[np.float64], by: float) -> NDArray[np.float64]:
    return np.where(share > 0, expit(logit(np.where(share > 0, share, 0.5)) + by), 0.0)


def _name(band: Band) -> str:
    return f"{band.low}+" if band.high >= OLDEST else f"{band.low}-{band.high}"
