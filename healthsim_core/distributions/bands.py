"""Bands of ages of which the last is open: within each, ages are as common as they are in a place."""

from __future__ import annotations

from healthsim_core.reference.ages import AgeStructure
from healthsim_core.spec.distribution import AgeBands, Explicit, Weighted, age_band


def single_years(bands: AgeBands, structure: AgeStructure) -> AgeBands | Explicit:
    """Single years by weight in place of bands of which one is open; closed bands stay, alike within."""
    if not any(band.strip().endswith("+") for band in bands.bands):
        return bands
    values = []
    for band, weight in bands.bands.items():
        low, high = age_band(band)
        shares = structure.within(low, high).tolist()
        values += [
            Weighted(value=float(low + years), weight=weight * share) for years, share in enumerate(shares) if share > 0
        ]
    return Explicit(type="explicit", values=values)
