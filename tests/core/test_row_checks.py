"""What `verify` asks of each row of a table by itself."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from healthsim_core.catalog import default_catalog
from healthsim_core.tables import Field, Table
from healthsim_core.verification.row_checks import Codes, row_findings

FIELDS = (
    Field("visit_id", "id", "The visit."),
    Field("share", "number", "A share.", nullable=True, least=0, most=1),
    Field("dose", "number", "A dose.", nullable=True, above=0),
    Field("sex", "category", "The sex.", nullable=True, codes="sex"),
    Field("system", "category", "Which system.", nullable=True),
    Field("code", "category", "A code of it.", nullable=True, codes="[system]"),
    Field("paid", "money", "Paid.", nullable=True),
    Field("owed", "money", "Owed.", nullable=True),
    Field("due", "money", "Both.", nullable=True, sum_of=("paid", "owed")),
    Field("city", "text", "Where."),
)
TABLE = Table("test.visit", FIELDS, ("visit_id",), "Visits.", person="")
RIGHT = {
    "visit_id": 1, "share": 1.0, "dose": 0.1, "sex": "F", "system": "icd-10-cm", "code": "E11.9",
    "paid": Decimal("1.10"), "owed": None, "due": Decimal("1.10"), "city": "Rome",
}  # fmt: skip


def wrong_in(*rows: dict[str, Any]) -> list[tuple[str, int, str]]:
    """What is wrong in rows that are a piece each: what must hold, of how many it does not, and an example."""
    pieces = [pa.Table.from_pylist([{**RIGHT, **row}], schema=TABLE.schema) for row in rows]
    found = row_findings(TABLE, pieces, Codes(default_catalog()))
    return [(finding.what, finding.wrong, finding.example) for finding in found if finding.wrong]


@pytest.mark.parametrize(
    ("change", "what", "example"),
    [
        ({"share": -0.1}, "share is within its bounds", ", such as -0.1"),
        ({"share": 1.5}, "share is within its bounds", ", such as 1.5"),
        ({"share": float("nan")}, "share is within its bounds", ", such as nan"),
        ({"dose": 0.0}, "dose is within its bounds", ", such as 0.0"),
        ({"sex": "X9"}, "sex is a code of its system", ", such as X9"),
        ({"code": "E99.999"}, "code is a code of its system", ", such as E99.999"),
        ({"due": Decimal("1.11")}, "due is paid + owed", ", such as 1.11"),
        ({"city": None}, "city is there", ""),
    ],
)
def test_what_a_row_may_not_say_is_found(change: dict[str, Any], what: str, example: str) -> None:
    assert wrong_in({}, change) == [(what, 1, example)]


def test_what_is_wrong_in_two_pieces_counts_twice() -> None:
    assert wrong_in({"sex": "X9"}, {}, {"sex": "X9"}) == [("sex is a code of its system", 2, ", such as X9")]


def test_a_code_is_one_of_the_system_that_its_row_names() -> None:
    assert wrong_in({"system": "rxnorm", "code": "860975"}, {"system": "icd-10-cm", "code": "860975"}) == [
        ("code is a code of its system", 1, ", such as 860975")
    ]


def test_rows_that_are_right_have_nothing_wrong() -> None:
    nothing = dict.fromkeys(("share", "dose", "sex", "system", "code", "paid", "due"))
    assert wrong_in({}, nothing) == []
