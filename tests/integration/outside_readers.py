"""Independent readers of every format: what somebody else's software says of our files."""

from __future__ import annotations

import io
import itertools
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import fhirkit
import pyreadstat
import simple_icd_10_cm as icd
from fhir.resources.R4B import get_fhir_model_class
from hl7apy.consts import VALIDATION_LEVEL
from hl7apy.parser import parse_message
from odmlib.define_2_1.rules.metadata_schema import MetadataSchema
from odmlib.define_loader import XMLDefineLoader
from odmlib.loader import ODMLoader
from odmlib.oid_generator import create_oid_checker
from pydantic import ValidationError
from pyx12.params import ParamsBase
from pyx12.x12n_document import x12n_document


def fhir(folder: Path) -> Iterator[str]:
    """What fhir.resources and fhirkit find wrong in NDJSON files."""
    for path in sorted(folder.glob("*.ndjson")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            where = f"{path.name}:{number}"
            yield from (f"{where} fhirkit: {issue}" for issue in fhirkit.validate(line))
            resource = json.loads(line)
            try:
                get_fhir_model_class(resource["resourceType"]).model_validate(resource)
            except ValidationError as error:
                yield f"{where} fhir.resources: {error}"


def hl7v2(folder: Path, every: int = 1) -> Iterator[str]:
    """What hl7apy, strict, finds wrong in every n-th message of a file; it reads about a hundred a second."""
    for path in sorted(folder.iterdir()):
        text = path.read_text(encoding="utf-8")
        for message in itertools.islice(_messages(text), 0, None, every):
            try:
                parse_message(message, validation_level=VALIDATION_LEVEL.STRICT).validate()
            except Exception as error:  # hl7apy has no common root of its errors
                yield f"{message[:60]}: {error}"


def x12(folder: Path) -> Iterator[str]:
    """What pyx12's implementation guides find wrong."""
    for path in sorted(folder.iterdir()):
        found = io.StringIO()
        passed = x12n_document(ParamsBase(), str(path), None, None, None, fd_json=found)
        listed = sorted(set(_x12_errors(json.loads(found.getvalue()))))
        yield from (f"{path.name}: {error}" for error in (listed or ([] if passed else ["refused without a reason"])))


def xpt(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """The datasets of a folder, as pyreadstat reads them."""
    found = {}
    for path in sorted(folder.glob("*.xpt")):
        columns, _ = pyreadstat.read_xport(str(path), output_format="dict", encoding="utf-8")
        rows = zip(*(list(column) for column in columns.values()), strict=True)
        found[path.stem.upper()] = [dict(zip(columns, row, strict=True)) for row in rows]
    return found


def define(folder: Path) -> bool:
    """Whether odmlib accepts define.xml 2.1: order, object ids, conformance."""
    loader = ODMLoader(XMLDefineLoader(model_package="define_2_1", ns_uri="http://www.cdisc.org/ns/def/v2.1"))
    loader.open_odm_document(str(folder / "define.xml"))
    root = loader.root()
    return bool(
        root.verify_order()
        and root.verify_oids(create_oid_checker("define_2_1"))
        and root.verify_conformance(MetadataSchema())
    )


def not_billable(codes: Iterable[str | None]) -> list[str]:
    """Codes that are not ICD-10-CM, or not of the level that is billed."""
    return sorted(code for code in {*codes} - {None} if not (icd.is_valid_item(code) and icd.is_leaf(code)))


def loinc_digit(body: str) -> int:
    """The check digit of a LOINC code's digits before the dash (LOINC Users' Guide, appendix C: Mod 10)."""
    doubled = "".join(str(int(digit) * (2 - index % 2)) for index, digit in enumerate(reversed(body)))
    return -sum(map(int, doubled)) % 10


def luhn(npi: str) -> bool:
    """Whether an NPI's check digit holds, with the prefix 80840 of health applications (ISO/IEC 7812)."""
    digits = [int(digit) for digit in "80840" + npi]
    doubled = [digit if index % 2 == 0 else sum(divmod(2 * digit, 10)) for index, digit in enumerate(reversed(digits))]
    return len(npi) == 10 and sum(doubled) % 10 == 0


def _messages(text: str) -> Iterator[str]:
    current: list[str] = []
    for segment in text.replace("\n", "\r").split("\r"):
        if segment.startswith("MSH") and current:
            yield "\r".join(current)
            current = []
        if segment and segment[:3] not in ("FHS", "BHS", "BTS", "FTS"):
            current.append(segment)
    if current:
        yield "\r".join(current)


def _x12_errors(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if "err_str" in node:
            yield node["err_str"]
        for value in node.values():
            yield from _x12_errors(value)
    elif isinstance(node, list):
        for value in node:
            yield from _x12_errors(value)
