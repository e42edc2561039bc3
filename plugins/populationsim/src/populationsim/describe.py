"""A county's facts as part of a profile: who lives there, and which conditions they have."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from populationsim.facts import AGE_BANDS, SEXES, Place, document, nation, rows
from populationsim.prevalence import by_age

_RACES = {
    "EP_AFAM": "black",
    "EP_ASIAN": "asian",
    "EP_AIAN": "aian",
    "EP_NHPI": "nhpi",
    "EP_TWOMORE": "multiple",
    "EP_OTHERRACE": "other",
}


def describe(place: Place) -> dict[str, Any]:
    """The part of a profile that a place's facts give; what they do not tell is left out."""
    demographics: dict[str, Any] = {}
    if place.structure is not None:
        demographics |= {"age": _age(place.structure), "sex": _sex(place.structure)}
    demographics |= _origin(place)
    conditions = _conditions(place)
    return {"demographics": demographics, **({"clinical": {"conditions": conditions}} if conditions else {})}


def _age(structure: NDArray[np.float64]) -> dict[str, Any]:
    women, men = (_bands(sex, structure[index]) for index, sex in enumerate(SEXES))
    return {"type": "conditional", "rules": [{"if": "sex == 'F'", "then": women}], "default": men}


def _bands(sex: str, people: NDArray[np.float64]) -> dict[str, Any]:
    counts = dict(zip(AGE_BANDS, people.tolist(), strict=True))
    above = counts.pop("85+")
    counts |= {band: above * share for band, share in document("composition")["oldest"][sex].items()}
    return {"type": "age_bands", "bands": _shares(counts)}


def _sex(structure: NDArray[np.float64]) -> dict[str, Any]:
    return {"type": "categorical", "weights": _shares(dict(zip(SEXES, structure.sum(axis=1).tolist(), strict=True)))}


def _origin(place: Place) -> dict[str, Any]:
    if place.origins:
        return _counted_origin(place)
    hispanic, minority = place.figure("EP_HISP"), place.figure("EP_MINRTY")
    if hispanic is None or minority is None:
        return {}
    others = {race: place.figure(measure) or 0.0 for measure, race in _RACES.items()}
    return _origins(
        hispanic / 100, {"white": 100.0 - minority, **others}, document("composition")["hispanic_race"]["weights"]
    )


def _counted_origin(place: Place) -> dict[str, Any]:
    races: dict[str, dict[str, float]] = {"hispanic": {}, "not_hispanic": {}}
    for (ethnicity, race), people in place.origins.items():
        races[ethnicity][race] = people
    hispanic, others = sum(races["hispanic"].values()), sum(races["not_hispanic"].values())
    return _origins(hispanic / (hispanic + others), races["not_hispanic"], races["hispanic"])


def _origins(hispanic: float, others: dict[str, float], hispanics: dict[str, float]) -> dict[str, Any]:
    rule = {"if": "ethnicity == 'hispanic'", "then": {"type": "categorical", "weights": _shares(hispanics)}}
    return {
        "ethnicity": {"type": "categorical", "weights": _shares({"hispanic": hispanic, "not_hispanic": 1 - hispanic})},
        "race": {
            "type": "conditional",
            "rules": [rule],
            "default": {"type": "categorical", "weights": _shares(others)},
        },
    }


def _conditions(place: Place) -> list[dict[str, Any]]:
    structure = nation().structure if place.structure is None else place.structure
    assert structure is not None
    conditions = []
    for row in rows("conditions"):
        crude = place.figure(row["measure"], "crude")
        if crude is not None:
            prevalence = by_age(row["measure"], crude / 100, structure)
            conditions.append({"code": row["code"], "prevalence": prevalence})
    return conditions


def _shares(weights: dict[str, float]) -> dict[str, float]:
    total = sum(weights.values())
    return {name: weight / total for name, weight in weights.items() if weight > 0}
