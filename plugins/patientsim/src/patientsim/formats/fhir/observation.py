"""Observation: laboratory results and vital signs."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from healthsim_core import Text, display_of, text
from patientsim.formats.fhir.elements import (
    CODES,
    SYSTEMS,
    coding,
    concept,
    identifier,
    members,
    meta,
    optional_reference,
    reference,
)
from patientsim.formats.fhir.orders import number_of
from patientsim.formats.fhir.participants import to_clinician
from patientsim.formats.fhir.resources import Pieces, Rows
from patientsim.formats.fragments import numbers, once, rendered

ABSENT = members(dataAbsentReason=concept(coding("absent", "unknown", "Unknown")))


def observation(rows: Rows) -> Pieces:
    """US Core laboratory result, or the US Core vital sign of the LOINC code; two values make a panel's components."""
    panel = ~rows["second_loinc"].is_null()
    value = _value(numbers(rows["value"]), rows["unit"])
    return [
        rendered(_measured, rows["category"], *rows.said("LOINC", "loinc", "description"), rows["second_loinc"]),
        *identifier(rows.ids),
        optional_reference("basedOn", "ServiceRequest", rows["lab_order_id"], array=True),
        *reference("subject", "Patient", rows.person_ids),
        optional_reference("encounter", "Encounter", rows["encounter_id"]),
        *rows.moment(',"effectiveDateTime":"', rows["effective"]),
        *rows.moment(',"issued":"', rows["issued"]),
        to_clinician(',"performer":[', rows.records.directory, rows["provider_npi"], "]"),
        text.choose(panel, _components(rows, panel, value), value) if panel.any() else value,
        rendered(_interpreted, rows["interpretation"]),
        rendered(_range, numbers(rows["low"]), numbers(rows["high"]), rows["unit"]),
    ]


@once
def _measured(category: str, loinc: str, display: str | None, words: str | None, second: str | None) -> str:
    panel = CODES["panel_of_second"].get(second)
    code, told, name = (
        (loinc, display, words) if panel is None else (panel["code"], panel["description"], panel["description"])
    )
    profile = CODES["vital_sign_profile"].get(code) or CODES["observation_profile"].get(
        category, "us-core-observation-clinical-result"
    )
    return members(
        meta=meta(profile),
        status="final",
        category=[concept(coding("observation_category", category, CODES["observation_category"].get(category)))],
        code=concept(
            coding("LOINC", code, told), coding("LOINC", *CODES["further_coding"].get(code, (None,))), words=name
        ),
    )


def _value(value: Text, unit: Text) -> Text:
    """`,"valueQuantity":...`, or why there is none."""
    return text.together(_quantity, value, unit)


def _quantity(value: Text, unit: Text) -> list[text.Piece]:
    there = text.joined(',"valueQuantity":{"value":', value, rendered(_unit, unit), "}")
    return [text.choose(value.is_null(), ABSENT, there)]


def _unit(unit: str | None) -> str:
    return "" if unit is None else members(unit=unit, system=SYSTEMS["UCUM"], code=unit)


def _components(rows: Rows, panel: NDArray[np.bool_], first_value: Text) -> text.Joined:
    """Both values of the rows that are panels; the first one's code is the panel's where the table gives the panel's
    own."""
    panels = rows.columns.where(panel)
    first = rendered(
        _first_code,
        panels.text("loinc"),
        display_of("LOINC", panels.text("loinc")),
        panels.text("description"),
        panels.text("second_loinc"),
    )
    second = rendered(
        _code,
        panels.text("second_loinc"),
        display_of("LOINC", panels.text("second_loinc")),
        panels.text("second_description"),
    )
    second_value = _value(numbers(panels["second_value"]), panels.text("unit"))
    return text.joined(
        _spread(
            panel, text.together(lambda code, value: [',"component":[{', code, value, "},{"], first, first_value[panel])
        ),
        _spread(panel, text.together(lambda code, value: [code, value, "}]"], second, second_value)),
    )


def _spread(panel: NDArray[np.bool_], column: Text) -> Text:
    codes = np.full(len(panel), -1, np.int32)
    codes[panel] = column.codes
    return Text(codes, column.values)


@once
def _first_code(loinc: str, display: str | None, words: str | None, second: str | None) -> str:
    panel = CODES["panel_of_second"].get(second)
    if panel and loinc == panel["code"]:
        return _code(panel["first"], panel["first_description"], panel["first_description"])
    return _code(loinc, display, words)


@once
def _code(loinc: str | None, display: str | None, words: str | None) -> str:
    return members(code=concept(coding("LOINC", loinc, display), words=words)).removeprefix(",")


def _interpreted(code: str | None) -> str:
    return members(interpretation=[concept(coding("interpretation", code))])


@once
def _range(low: str | None, high: str | None, unit: str | None) -> str:
    limits = {name: _limit(value, unit) for name, value in (("low", low), ("high", high)) if value is not None}
    return members(referenceRange=[limits])


def _limit(value: str, unit: str | None) -> dict[str, Any]:
    return {
        "value": number_of(value),
        "unit": unit,
        **({} if unit is None else {"system": SYSTEMS["UCUM"], "code": unit}),
    }
