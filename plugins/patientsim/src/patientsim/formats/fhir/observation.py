"""Observation: laboratory results and vital signs."""

from __future__ import annotations

from typing import Any

from healthsim_core import Text, text
from patientsim.formats.fhir.elements import (
    CODES,
    SYSTEMS,
    coding,
    concept,
    identifier,
    members,
    meta,
    moment,
    optional_reference,
    reference,
)
from patientsim.formats.fhir.orders import number_of
from patientsim.formats.fhir.participants import performer
from patientsim.formats.fhir.resources import Pieces, Rows
from patientsim.formats.fragments import numbers, once, rendered

ABSENT = members(dataAbsentReason=concept(coding("absent", "unknown", "Unknown")))


def observation(rows: Rows) -> Pieces:
    """US Core laboratory result, or the US Core vital sign of the LOINC code; two values make a panel's components."""
    panel = ~rows["second_loinc"].is_null()
    value = text.joined(*_value(numbers(rows["value"]), rows["unit"]))
    return [
        rendered(_measured, rows["category"], rows["loinc"], rows["description"], rows["second_loinc"]),
        *identifier(rows.ids),
        optional_reference("basedOn", "ServiceRequest", rows["lab_order_id"], array=True),
        *reference("subject", "Patient", rows.person_ids),
        optional_reference("encounter", "Encounter", rows["encounter_id"]),
        *moment(',"effectiveDateTime":"', rows["effective"], rows.zones),
        *moment(',"issued":"', rows["issued"], rows.zones),
        rendered(rows.records.directory.once(performer), rows["provider_npi"]),
        text.choose(panel, _components(rows, value), value) if panel.any() else value,
        rendered(_interpreted, rows["interpretation"]),
        rendered(_range, numbers(rows["low"]), numbers(rows["high"]), rows["unit"]),
    ]


@once
def _measured(category: str, loinc: str, words: str | None, second: str | None) -> str:
    panel = CODES["panel_of_second"].get(second)
    code, name = (loinc, words) if panel is None else (panel["code"], panel["description"])
    profile = CODES["vital_sign_profile"].get(code) or CODES["observation_profile"].get(category, "us-core-observation-clinical-result")
    return members(
        meta=meta(profile),
        status="final",
        category=[concept(coding("observation_category", category, CODES["observation_category"].get(category)))],
        code=concept(coding("LOINC", code, name), coding("LOINC", *CODES["further_coding"].get(code, (None,))), words=name),
    )


def _value(value: Text, unit: Text) -> list[text.Piece]:
    """`,"valueQuantity":...`, or why there is none."""
    quantity = text.joined(',"valueQuantity":{"value":', value, rendered(_unit, unit), "}")
    return [text.choose(value.is_null(), ABSENT, quantity)]


def _unit(unit: str | None) -> str:
    return "" if unit is None else members(unit=unit, system=SYSTEMS["UCUM"], code=unit)


def _components(rows: Rows, first_value: Any) -> Any:
    """Both values of a panel; the first one's code is the panel's where the table gives the panel's own."""
    second_value = text.joined(*_value(numbers(rows["second_value"]), rows["unit"]))
    first = rendered(_first_code, rows["loinc"], rows["description"], rows["second_loinc"])
    second = rendered(_code, rows["second_loinc"], rows["second_description"])
    return text.joined(',"component":[{', first, first_value, "},{", second, second_value, "}]")


@once
def _first_code(loinc: str, words: str | None, second: str | None) -> str:
    panel = CODES["panel_of_second"].get(second)
    return _code(panel["first"], panel["first_description"]) if panel and loinc == panel["code"] else _code(loinc, words)


@once
def _code(loinc: str | None, words: str | None) -> str:
    return members(code=concept(coding("LOINC", loinc, words), words=words)).removeprefix(",")


def _interpreted(code: str | None) -> str:
    return members(interpretation=[concept(coding("interpretation", code))])


@once
def _range(low: str | None, high: str | None, unit: str | None) -> str:
    limits = {name: _limit(value, unit) for name, value in (("low", low), ("high", high)) if value is not None}
    return members(referenceRange=[limits])


def _limit(value: str, unit: str | None) -> dict[str, Any]:
    return {"value": number_of(value), "unit": unit, **({} if unit is None else {"system": SYSTEMS["UCUM"], "code": unit})}
