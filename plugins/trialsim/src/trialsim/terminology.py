"""Controlled terms: codelists that do not depend on a protocol."""

from __future__ import annotations

import csv
import functools
from collections.abc import Mapping
from pathlib import Path

import attrs

DATA = Path(__file__).parent / "data" / "sdtm"


@attrs.frozen
class Codelist:
    """A codelist: name, NCI code ("" for the sponsor's own), and terms with their decodes ("" for none)."""

    oid: str
    name: str
    nci_code: str
    terms: tuple[tuple[str, str], ...]


@functools.cache
def codelists() -> Mapping[str, Codelist]:
    """The codelists, by name."""
    found: dict[str, list[dict[str, str]]] = {}
    for row in rows("codelists.csv"):
        found.setdefault(row["codelist"], []).append(row)
    return {
        oid: Codelist(oid, each[0]["name"], each[0]["nci_code"], tuple((row["term"], row["decode"]) for row in each))
        for oid, each in found.items()
    }


def rows(name: str) -> list[dict[str, str]]:
    """The rows of a CSV file of `DATA`."""
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
