"""Records of files that stand in another order than the tables have them."""

from __future__ import annotations

import pyarrow as pa
import pytest

from healthsim_core.reading import Records
from healthsim_core.verification.agreement import agreement

TABLES = pa.table({"bundle": ["a", "a", "b"], "id": ["1", "2", "1"], "status": ["active", "ended", "active"]})


def wrong_in(*said: tuple[str, str, str]) -> set[str]:
    """What does not agree where files say these records."""
    rows = pa.table(dict(zip(TABLES.column_names, map(list, zip(*said, strict=True)), strict=True)))
    return {
        each.what.removeprefix("agrees: ")
        for each in agreement("x", Records("R", ["bundle", "id"], rows, TABLES))
        if each.wrong
    }


def test_they_agree() -> None:
    assert wrong_in(("b", "1", "active"), ("a", "2", "ended"), ("a", "1", "active")) == set()


@pytest.mark.parametrize(
    ("third", "wrong"),
    [
        (("a", "1", "ended"), {"status"}),
        (("a", "2", "ended"), {"no record is there twice", "every record of the tables is there"}),
        (("c", "1", "active"), {"every record is one of the tables'", "every record of the tables is there"}),
    ],
)
def test_what_does_not_agree_is_found(third: tuple[str, str, str], wrong: set[str]) -> None:
    assert wrong_in(("b", "1", "active"), ("a", "2", "ended"), third) == wrong
