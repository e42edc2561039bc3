"""Read the datasets back: what they say in the words of TrialSim's tables, and what is wrong in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from healthsim_core import Columns, ReadBack, Text, outward_id
from trialsim.formats.sdtm.define import listed
from trialsim.formats.xpt import XptFile, read_xpt

Names = Mapping[str, str]
_SUBJECT: Names = {
    "USUBJID": "usubjid", "STUDYID": "study_id", "SITEID": "site_id", "SUBJID": "subject_number", "RFICDTC": "consent_date",
    "RFXSTDTC": "first_dose_date", "RFXENDTC": "last_dose_date", "RFPENDTC": "last_contact_date", "DTHDTC": "death_date",
    "AGE": "age_at_consent", "ARMCD": "arm_code", "ARM": "arm",
}  # fmt: skip
_TABLES: Mapping[str, tuple[str, Names]] = {
    "SV": ("trialsim.visit", {"VISITNUM": "visit_number", "VISIT": "visit", "VISITDY": "planned_day"}),
    "EX": ("trialsim.exposure", {"EXSTDTC": "start_date", "EXENDTC": "end_date", "EXTRT": "treatment", "EXDOSE": "dose",
                                 "EXDOSU": "dose_unit"}),
    "AE": ("trialsim.adverse_event", {"AESPID": "adverse_event_id", "AETERM": "term", "AESEV": "severity", "AEACN": "action",
                                      "AEOUT": "outcome", "AESTDTC": "start_date", "AEENDTC": "end_date"}),
    "DS": ("trialsim.disposition", {"DSTERM": "term", "DSDECOD": "decoded_term", "DSCAT": "category", "DSSTDTC": "date"}),
    "DV": ("trialsim.deviation", {"DVSPID": "deviation_id", "DVTERM": "term", "DVCAT": "category", "DVSTDTC": "date"}),
    "LB": ("trialsim.lab", {"VISIT": "visit", "VISITNUM": "visit_number", "LBTESTCD": "test_code", "LBDTC": "time", "LBORRES": "value",
                            "LBORRESU": "unit", "LBSTRESN": "standard_value", "LBNRIND": "indicator", "LBLOINC": "loinc"}),
    "VS": ("trialsim.vital", {"VISIT": "visit", "VISITNUM": "visit_number", "VSTESTCD": "test_code", "VSDTC": "time", "VSORRES": "value",
                              "VSORRESU": "unit"}),
}  # fmt: skip
_NUMBERS, _IDS = ("LBORRES", "VSORRES"), ("AESPID", "DVSPID")


def read_back(folder: Path) -> ReadBack:
    """The files of a folder, as tables and problems."""
    files = {path.stem.upper(): read_xpt(path) for path in sorted(folder.glob("*.xpt"))}
    problems = [*_undescribed(folder, files), *_strangers(files), *_disorder(files)]
    tables: dict[str, Columns] = {}
    if "DM" in files:
        columns = _renamed(files["DM"], _SUBJECT)
        tables["trialsim.subject"] = columns.assign(person_id=np.asarray(files["DM"].columns["SUBJID"].map(outward_id, np.int64, 0)))
    for name, (table, names) in _TABLES.items():
        if name in files:
            tables[table] = _renamed(files[name], {"USUBJID": "usubjid", **names})
    return ReadBack(tables, complete=tuple(tables), problems=tuple(problems))


def _renamed(file: XptFile, names: Names) -> Columns:
    return Columns({ours: _typed(theirs, file.columns[theirs]) for theirs, ours in names.items()}, file.rows)


def _typed(name: str, column: Any) -> Any:
    if name in _IDS:
        return _whole(column)
    if name in _NUMBERS:
        return column.map(float)
    if name.endswith("DTC"):
        return _moments(column, "s" if name in ("LBDTC", "VSDTC") else "D")
    return column


def _whole(column: Any) -> NDArray[np.int64]:
    return np.asarray(column.map(int, np.int64, 0))


def _moments(column: Any, unit: str) -> NDArray[np.datetime64]:
    kind = f"datetime64[{unit}]"
    return np.asarray(column.map(lambda value: np.datetime64(value, unit), kind, np.datetime64("NaT", unit)))


def _undescribed(folder: Path, files: Mapping[str, XptFile]) -> Iterator[str]:
    path = folder / "define.xml"
    if not path.exists():
        yield "define.xml is missing"
        return
    described = listed(path)
    for name in sorted(set(described) ^ set(files)):
        yield f"{name}: in {'define.xml' if name in described else 'the folder'} only"
    for name in sorted(set(described) & set(files)):
        told = [variable for variable, *_ in described[name][1]]
        if told != [variable.name for variable in files[name].variables]:
            yield f"{name}: define.xml and the dataset differ in their variables"


def _strangers(files: Mapping[str, XptFile]) -> Iterator[str]:
    if "DM" not in files:
        return
    known = files["DM"].columns["USUBJID"]
    if len(set(known.to_pylist())) < files["DM"].rows:  # type: ignore[union-attr]
        yield "DM: a USUBJID stands twice"
    for name, file in files.items():
        if "USUBJID" in file.columns:
            unknown = ~file.columns["USUBJID"].isin(known.values.to_pylist())  # type: ignore[union-attr]
            if unknown.any():
                yield f"{name}: {int(unknown.sum())} rows of subjects who are not in DM"


def _disorder(files: Mapping[str, XptFile]) -> Iterator[str]:
    """Consent, first dose, last dose: each after the one before; every dose between first and last."""
    if "DM" not in files:
        return
    subject = _renamed(files["DM"], _SUBJECT)
    consent, first, last = (np.asarray(subject[name]) for name in ("consent_date", "first_dose_date", "last_dose_date"))
    if (first < consent).any():
        yield "DM: a first dose before consent"
    if (last < first).any():
        yield "DM: a last dose before the first"
    if "EX" in files:
        doses = _renamed(files["EX"], {"USUBJID": "usubjid", "EXSTDTC": "start", "EXENDTC": "end"})
        row = _positions(subject["usubjid"], doses["usubjid"])
        if ((doses["start"] < first[row]) | (doses["end"] > last[row])).any():
            yield "EX: a dose before the first or after the last of DM"


def _positions(known: Any, wanted: Any) -> NDArray[np.intp]:
    assert isinstance(known, Text)
    rows = {value: row for row, value in enumerate(known.to_pylist())}
    return np.asarray(wanted.map(lambda value: rows.get(value, 0), np.intp, 0))
