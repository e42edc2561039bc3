"""A letter changed at random anywhere in a format's files is found:
a fixed sample of what `nox` and `changed.py` measure at length."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.changed import made, missed

FORMATS = (
    "fhir_bundle", "fhir_r4", "hl7v2_adt", "x12_834", "x12_835", "x12_837", "ncpdp_d0", "sdtm_datasets", "dental_list",
)  # fmt: skip


@pytest.mark.parametrize("name", FORMATS)
def test_twenty_changed_letters_are_found(name: str, tmp_path: Path) -> None:
    out = made(name, tmp_path / "out")

    assert missed(name, out, count=20, seed=7) == []
