"""The tables of a run as X12 has them, for the questions of the readers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa

from healthsim_core import Truth, read_queries

from ..codes import CODES
from .guides import Guide
from .words import in_x12

HERE = Path(__file__).parent
_SHARED = read_queries(HERE / "x12.sql")
_PART = 100  # a part's control numbers begin at the next hundred
_NETWORK = {
    "networksim.facility": ("npi", "name", "taxonomy", "tax_id", "address", "city", "state", "zip"),
    "networksim.pharmacy": ("npi", "name", "taxonomy", "address", "city", "state", "zip"),
    "networksim.provider": ("npi", "last_name", "first_name", "taxonomy", "address", "city", "state", "zip"),
}


def prepare(truth: Truth, questions: Mapping[str, str], *names: str) -> None:
    """Make the relations known that a format's questions use.

    Args:
        truth: The run's tables.
        questions: The format's questions.
        names: Relations, of the format or of all; text in them is as X12 has it.
    """
    for name, columns in _NETWORK.items():
        truth.stand_in(name, pa.schema([(column, pa.string()) for column in columns]))
    truth.register("codes", pa.Table.from_pylist([dict(CODES)]))
    _register_codes(truth, "filing", CODES["remittance_filing_indicator"])
    _register_codes(truth, "remark", CODES["remark"]["by_reason"])
    _register_codes(truth, "processed", CODES["claim_status"])
    _register_codes(truth, "races", CODES["race"])
    truth.define(_SHARED["macros"])
    relations(truth, questions, *names)


def _register_codes(truth: Truth, name: str, codes: Mapping[str, str]) -> None:
    truth.register(name, pa.table({"said": list(codes), "code": list(codes.values())}))


def relations(truth: Truth, questions: Mapping[str, str], *names: str) -> None:
    """Make relations known, text in them as X12 has it."""
    for name in names:
        truth.register(name, in_x12(truth.select(asked(questions, name))))


def asked(questions: Mapping[str, str], name: str) -> str:
    """A question of a format, or of all."""
    return questions[name] if name in questions else _SHARED[name]


def about(truth: Truth, guide: Guide, kind: str = "") -> None:
    """Make known which file is read."""
    part = truth.part or 0
    truth.register("file", pa.table({
        "type": [kind], "today": [truth.as_of.item()], "day": [f"{truth.as_of.item():%Y%m%d}"],
        "part": [f"{part}-" if part else ""],
        "control": [guide.control + _PART * part], "sender": [CODES[guide.sender]["id"]],
        "receiver": [CODES[guide.receiver]["id"]],
    }))  # fmt: skip
