"""What PopulationSim writes of a run: its counties, everybody's community, and public-health outreach."""

from __future__ import annotations

from typing import Any

import numpy as np

from healthsim_core import Columns, Events, Run, Text, places
from populationsim.facts import AGE_BANDS, Facts, Place

_COUNTY = {
    "population": ("E_TOTPOP", "count"), "age_17_percent": ("EP_AGE17", "percent"),
    "age_65_percent": ("EP_AGE65", "percent"),
    "minority_percent": ("EP_MINRTY", "percent"), "hispanic_percent": ("EP_HISP", "percent"),
    "poverty_percent": ("EP_POV150", "percent"),
    "uninsured_percent": ("EP_UNINSUR", "percent"), "svi_percentile": ("RPL_THEMES", "percentile"),
    "diabetes_percent": ("DIABETES", "crude"), "hypertension_percent": ("BPHIGH", "crude"),
    "copd_percent": ("COPD", "crude"),
    "asthma_percent": ("CASTHMA", "crude"), "obesity_percent": ("OBESITY", "crude"),
    "smoking_percent": ("CSMOKING", "crude"),
}  # fmt: skip
_COMMUNITY = {
    "svi_percentile": ("RPL_THEMES", "percentile"), "svi_socioeconomic": ("RPL_THEME1", "percentile"),
    "svi_household": ("RPL_THEME2", "percentile"), "svi_minority": ("RPL_THEME3", "percentile"),
    "svi_housing": ("RPL_THEME4", "percentile"),
    "poverty_percent": ("EP_POV150", "percent"), "uninsured_percent": ("EP_UNINSUR", "percent"),
}  # fmt: skip
_QUARTILES = ("low", "low_to_medium", "medium_to_high", "high")  # CDC/ATSDR's words for a quarter of all counties each


def counties(run: Run) -> dict[str, Columns]:
    """The run's counties and their facts."""
    known = [_facts(run).place(fips) for fips in run.inhabited]
    named = [places.county(fips) for fips in run.inhabited]
    columns: dict[str, Any] = {
        "county_fips": Text.of(run.inhabited),
        "name": Text.of([county.name for county in named]),
        "state": Text.of([county.state for county in named]),
        "known": np.array([place is not None for place in known], bool),
        "sources": Text.of([", ".join(place.sources) or None if place else None for place in known]),
    }
    columns |= {name: _figures(known, measure) for name, measure in _COUNTY.items()}
    return {"populationsim.county": Columns(columns, len(run.inhabited))}


def communities(people: Events) -> dict[str, Columns]:
    """The community of everybody, one row a person."""
    fips = people.people["county_fips"]
    here = set(np.unique(fips.codes).tolist())  # of many counties that are possible, few are met by a chunk
    known = [_facts(people.run).place(code) if at in here else None for at, code in enumerate(fips.values.to_pylist())]
    figures = {name: np.append(_figures(known, measure), np.nan)[fips.codes] for name, measure in _COMMUNITY.items()}
    rank = figures["svi_percentile"]
    quartile = np.where(np.isnan(rank), -1, np.minimum(np.floor(np.nan_to_num(rank) * 4), 3))
    band = np.minimum(np.asarray(people.people["age"]) // 5, len(AGE_BANDS) - 1)
    columns = {
        "person_id": people.person, "county_fips": fips, "age_band": Text(band, list(AGE_BANDS)),
        "svi_quartile": Text(quartile, list(_QUARTILES)), **figures,
    }  # fmt: skip
    return {"populationsim.community": Columns(columns, len(people))}


def screenings(milestones: Events) -> dict[str, Columns]:
    """One row for each milestone that names a public-health measure."""
    measure = milestones.parameters.text("measure")
    reached = milestones.where(~measure.is_null())
    columns = {
        "screening_id": reached.id, "person_id": reached.person, "time": reached.time,
        "measure": reached.parameters["measure"],
        "label": reached.label,
    }  # fmt: skip
    return {"populationsim.screening": Columns(columns, len(reached))}


def _facts(run: Run) -> Facts:
    facts = run.reference("populationsim")
    return facts if isinstance(facts, Facts) else Facts()


def _figures(known: list[Place | None], measure: tuple[str, str]) -> Any:
    figures = [place.figure(*measure) if place else None for place in known]
    return np.array([np.nan if value is None else value for value in figures], np.float64)
