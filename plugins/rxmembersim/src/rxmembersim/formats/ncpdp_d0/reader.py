"""Read the transmissions back, for `healthsim verify`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs
import numpy as np

from healthsim_core import Columns, ReadBack, Text
from rxmembersim.facts import facts
from rxmembersim.formats.ncpdp_d0 import layout
from rxmembersim.formats.ncpdp_d0.layout import ETX, FIELD, GROUP, HEADER, SEGMENT, STX
from rxmembersim.formats.ncpdp_d0.writer import SALES

_MONEY = {"D9": "ingredient_cost", "DC": "dispensing_fee", "DQ": "usual_and_customary", "DU": "gross_amount_due"}
Key = tuple[str, ...]


@attrs.frozen
class Transmission:
    """One transmission: the header's fields, and the fields of each segment by its identifier."""

    header: Mapping[str, str]
    segments: Mapping[str, Mapping[str, str]]

    @classmethod
    def parse(cls, raw: str) -> Transmission:
        """The transmission that stands between STX and ETX."""
        header, at = {}, 0
        for name, width in HEADER.items():
            header[name] = raw[at : at + width].rstrip()
            at += width
        segments = {}
        for part in raw[at:].replace(GROUP, "").split(SEGMENT):
            fields = {element[:2]: element[2:] for element in part.split(FIELD) if element}
            segments[fields.pop("AM", "")] = fields
        return cls(header, segments)

    @property
    def key(self) -> Key:
        """What a reversal and its claim have in common."""
        claim = self.segments["07"]
        return (self.header["pharmacy"], self.header["date"], claim["D2"], claim["D3"], claim["D7"], self.segments["04"]["C2"])


def read_claims(folder: Path) -> ReadBack:
    """The fills and reversals that the files tell."""
    problems: list[str] = []
    fills, reversals = [], []
    by_key: dict[Key, dict[str, Any]] = {}
    for claim in transmissions(folder / "b1.ncpdp"):
        row = _fill(claim)
        fills.append(row)
        if claim.key in by_key:
            problems.append(f"b1.ncpdp: two claims for prescription {claim.key[2]}, fill {claim.key[3]}, on {claim.key[1]}.")
        by_key[claim.key] = row
        problems += _sums(claim, row)
    for reversal in transmissions(folder / "b2.ncpdp"):
        row = by_key.get(reversal.key)
        if row is None:
            problems.append(f"b2.ncpdp: reverses fill {reversal.key[3]} of prescription {reversal.key[2]}, which was not billed.")
        else:
            reversals.append({"fill_id": row["fill_id"], "fill_number": int(reversal.segments["07"]["D3"])})
    tables = {"rxmembersim.fill": _columns(fills, _FILL), "rxmembersim.reversal": _columns(reversals, _REVERSAL)}
    return ReadBack(tables, complete=tuple(tables), problems=tuple(problems), leaves_out={"rxmembersim.fill": ("status", SALES)})


def transmissions(path: Path) -> Iterator[Transmission]:
    """All transmissions of a file, in order; none where the file is not there."""
    if not path.exists():
        return
    for framed in path.read_text(encoding="ascii").split(STX)[1:]:
        yield Transmission.parse(framed[: framed.index(ETX)])


def _fill(request: Transmission) -> dict[str, Any]:
    claim, pricing = request.segments["07"], request.segments["11"]
    fallback = facts("pharmacies")["fallback"]
    pharmacy, prescriber = request.header["pharmacy"], request.segments["03"]["DB"]
    return {
        "fill_id": int(request.segments["16"]["BM"].removeprefix("FILL ")),
        "cardholder_id": request.segments["04"]["C2"],
        "fill_number": int(claim["D3"]),
        "ndc": None if claim["D7"] == layout.NO_PRODUCT else claim["D7"],
        "days_supply": int(claim["D5"]),
        "quantity": int(claim["E7"]) / 1000,
        "fill_date": np.datetime64(f"{request.header['date'][:4]}-{request.header['date'][4:6]}-{request.header['date'][6:]}"),
        "pharmacy_npi": None if pharmacy == fallback["pharmacy_npi"] else pharmacy,
        "prescriber_npi": None if prescriber == fallback["prescriber_npi"] else prescriber,
        **{name: layout.amount(pricing[code]) for code, name in _MONEY.items()},
    }


def _sums(request: Transmission, row: Mapping[str, Any]) -> list[str]:
    if row["ingredient_cost"] + row["dispensing_fee"] == row["gross_amount_due"]:
        return []
    return [f"b1.ncpdp: fill {row['fill_id']}: ingredient cost and dispensing fee do not make the gross amount due."]


_FILL = (
    "fill_id", "cardholder_id", "fill_number", "ndc", "days_supply", "quantity", "fill_date", "pharmacy_npi", "prescriber_npi",
    *_MONEY.values(),
)  # fmt: skip
_REVERSAL = ("fill_id", "fill_number")
_TEXTS = ("cardholder_id", "ndc", "pharmacy_npi", "prescriber_npi")


def _columns(rows: list[dict[str, Any]], names: tuple[str, ...]) -> Columns:
    columns: dict[str, Any] = {}
    for name in names:
        values = [row[name] for row in rows]
        kind = "datetime64[D]" if name == "fill_date" else np.float64 if name == "quantity" else np.int64
        columns[name] = Text.of(values) if name in _TEXTS else np.array(values, kind)
    return Columns(columns, len(rows))
