"""Domains of interventions, events and findings."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from healthsim_core import Columns, Text, text
from trialsim.formats.sdtm.source import Rows, Source, flag, number_text, yes_no
from trialsim.formats.sdtm.subjects import Domain

ORDERS, PRESCRIPTIONS = "patientsim.medication_request", "rxmembersim.prescription"
NEVER = np.datetime64("NaT")


def exposure(source: Source) -> Domain:
    """EX: intervals of constant dose."""
    row = source.rows("trialsim.exposure")
    columns = {
        "EXTRT": row["treatment"], "EXDOSE": row["dose"], "EXDOSU": row["dose_unit"], "EXDOSFRM": row["form"],
        "EXDOSFRQ": row["frequency"],
        "EXROUTE": row["route"], "EPOCH": row["epoch"], "EXSTDTC": row["start_date"], "EXENDTC": row["end_date"],
        "EXSTDY": row.study_day(row["start_date"]), "EXENDY": row.study_day(row["end_date"]),
    }  # fmt: skip
    return columns, row.owner


def adverse_events(source: Source) -> Domain:
    """AE: in plain terms; the MedDRA variables are there and empty."""
    row = source.rows("trialsim.adverse_event")
    kind, serious = row["seriousness"], np.asarray(row["serious"], bool)
    open_ended = row["outcome"] == "NOT RECOVERED/NOT RESOLVED"
    columns = {
        "AESPID": _identifier(row["adverse_event_id"]), "AETERM": row["term"], "AEDECOD": row["term"],
        "AESEV": row["severity"],
        "AESER": yes_no(serious), "AEACN": row["action"],
        "AEREL": Text(np.asarray(row["related"], bool) * 1, ["NOT RELATED", "RELATED"]),
        "AEOUT": row["outcome"], "AESDISAB": yes_no(kind == "disability"), "AESDTH": yes_no(row["outcome"] == "FATAL"),
        "AESHOSP": yes_no(kind == "hospitalization"), "AESLIFE": yes_no(kind == "life_threatening"),
        "AESMIE": yes_no(serious & ~kind.isin(("disability", "hospitalization", "life_threatening", "death"))),
        "EPOCH": row["epoch"],
        "AESTDTC": row["start_date"], "AEENDTC": row["end_date"], "AESTDY": row.study_day(row["start_date"]),
        "AEENDY": row.study_day(row["end_date"]),
        **_ongoing(row, open_ended, "AEENRTPT", "AEENTPT", "last_contact_date"),
    }  # fmt: skip
    return columns, row.owner


def deviations(source: Source) -> Domain:
    """DV: protocol deviations."""
    row = source.rows("trialsim.deviation")
    columns = {
        "DVSPID": _identifier(row["deviation_id"]), "DVTERM": row["term"], "DVCAT": row["category"],
        "EPOCH": row["epoch"],
        "DVSTDTC": row["date"], "DVSTDY": row.study_day(row["date"]),
    }  # fmt: skip
    return columns, row.owner


def medical_history(source: Source) -> Domain:
    """MH: conditions that began before consent."""
    row = source.rows("core.condition")
    row = row.where((row["onset_date"] <= row.of_subject("consent_date")) & (row["event_id"] == 0))
    known = source.protocol["condition_terms"]
    category = row["category"]
    term = (
        row["description"]
        .or_else(category.recode(lambda code: known.get(code) or known.get(code.split(".")[0])))
        .or_else(category)
    )
    columns = {
        "MHSPID": category, "MHTERM": term, "MHDECOD": term,
        "MHCAT": Text(np.asarray(row["primary"], bool) * 1, ["GENERAL", "PRIMARY DIAGNOSIS"]),
        "MHSTDTC": row["onset_date"],
        "MHSTDY": row.study_day(row["onset_date"]),
        **_ongoing(row, np.ones(len(row), bool), "MHENRTPT", "MHENTPT", "consent_date"),
    }  # fmt: skip
    return columns, row.owner


def medications(source: Source) -> Domain:
    """CM: what was ordered or prescribed up to the last contact;
    a prescription that follows an order is the order's row."""
    parts: list[Columns] = []
    owners: list[NDArray[np.intp]] = []
    for name in (ORDERS, PRESCRIPTIONS):
        if source.has(name):
            columns, owner = _prescribed(source.rows(name), name == ORDERS, source.has(ORDERS))
            parts.append(columns)
            owners.append(owner)
    return Columns.concat(parts), np.concatenate(owners)


def _prescribed(row: Rows, ordered: bool, after_orders: bool) -> tuple[Columns, NDArray[np.intp]]:
    start = np.asarray(row["authored" if ordered else "written_date"]).astype("datetime64[D]")
    wanted = start <= row.of_subject("last_contact_date")
    if not ordered and after_orders:
        wanted &= np.asarray(row["medication_request_id"]) == 0
    row, start = row.where(wanted), start[wanted]
    supply, refills = (np.nan_to_num(np.asarray(row[name], np.float64)) for name in ("days_supply", "refills"))
    end = start + (np.maximum(supply * (refills + 1), 1) - 1).astype("timedelta64[D]")
    lasting = end > row.of_subject("last_contact_date")
    end = np.where(lasting, NEVER, end)
    columns = {
        "CMSPID": _identifier(row["medication_request_id" if ordered else "prescription_id"]),
        "CMTRT": row["description"].or_else("Medication, not specified"), "CMCLAS": row["drug_class"],
        "CMDOSRGM": row["sig"],
        "CMDOSE": row["dose"] if ordered else np.full(len(row), np.nan),
        "CMDOSU": row["dose_unit"] if ordered else None,
        "EPOCH": row.epoch(start), "CMSTDTC": start, "CMENDTC": end, "CMSTDY": row.study_day(start),
        "CMENDY": row.study_day(end),
        **_ongoing(row, lasting, "CMENRTPT", "CMENTPT", "last_contact_date"),
    }  # fmt: skip
    return Columns(columns, len(row)), row.owner


def laboratory(source: Source) -> Domain:
    """LB: laboratory results."""
    row = source.rows("trialsim.lab")
    tests = source.protocol["labs"]["tests"]
    places, standard = _places(row, tests, "decimals"), _places(row, tests, "standard_decimals")
    columns = {
        "LBTESTCD": row["test_code"], "LBTEST": row["test"], "LBCAT": row["category"],
        "LBORRES": number_text(row["value"], places),
        "LBORRESU": row["unit"], "LBORNRLO": number_text(row["low"], places),
        "LBORNRHI": number_text(row["high"], places),
        "LBSTRESC": number_text(row["standard_value"], standard), "LBSTRESN": row["standard_value"],
        "LBSTRESU": row["standard_unit"],
        "LBSTNRLO": row["standard_low"], "LBSTNRHI": row["standard_high"], "LBNRIND": row["indicator"],
        "LBLOINC": row["loinc"],
        "LBSPEC": row["specimen"], "LBLOBXFL": flag(np.asarray(row["baseline"], bool)), "LBFAST": row["fasting"],
        "VISITNUM": row["visit_number"], "VISIT": row["visit"], "EPOCH": row["epoch"], "LBDTC": row["time"],
        "LBDY": row.study_day(row["time"]),
    }  # fmt: skip
    return columns, row.owner


def vital_signs(source: Source) -> Domain:
    """VS: vital signs."""
    row = source.rows("trialsim.vital")
    written = number_text(row["value"], _places(row, source.protocol["vitals"]["tests"], "decimals"))
    columns = {
        "VSTESTCD": row["test_code"], "VSTEST": row["test"], "VSPOS": row["position"], "VSORRES": written,
        "VSORRESU": row["unit"],
        "VSSTRESC": written, "VSSTRESN": row["value"], "VSSTRESU": row["unit"],
        "VSLOBXFL": flag(np.asarray(row["baseline"], bool)),
        "VISITNUM": row["visit_number"], "VISIT": row["visit"], "EPOCH": row["epoch"], "VSDTC": row["time"],
        "VSDY": row.study_day(row["time"]),
    }  # fmt: skip
    return columns, row.owner


def _identifier(ids: NDArray[np.int64]) -> Text:
    return Text.distinct(text.whole(np.asarray(ids, np.int64)))


def _places(row: Rows, tests: Any, name: str) -> NDArray[np.int64]:
    by_code = {test["code"]: test[name] for test in tests}
    return np.asarray(row["test_code"].map(by_code.__getitem__, np.int64, 0))


def _ongoing(row: Rows, mask: NDArray[np.bool_], relation: str, reference: str, date: str) -> dict[str, Any]:
    return {
        relation: Text.constant("ONGOING", len(mask)).only(mask),
        reference: np.where(mask, row.of_subject(date), NEVER),
    }
