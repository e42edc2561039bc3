"""What readers of formats may ask of a run in SQL."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet
import pytest

from healthsim_core.catalog import default_catalog
from healthsim_core.formats.folder import Folder
from healthsim_core.output.stored import StoredTables
from healthsim_core.reading import Truth
from healthsim_core.verification.truth import truth_of

SPEC = {"as_of": "2025-12-31", "settings": {}}


@pytest.fixture
def truth(tmp_path) -> Truth:
    for part, families in enumerate((["Ng", "Ng", "Roe"], ["Roe", "Diaz"])):
        rows = pa.table({"person_id": range(len(families)), "last_name": pa.array(families).dictionary_encode()})
        path = tmp_path / "tables" / "core.person" / f"part-{part:05d}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        pa.parquet.write_table(rows, path)
    stored = StoredTables(Folder(tmp_path), [f"tables/core.person/part-{part:05d}.parquet" for part in (0, 1)])
    return truth_of({"as_of": SPEC["as_of"], "spec": SPEC}, stored, stored.part(1), 1, default_catalog())


@pytest.mark.parametrize(
    ("local", "minutes"),
    [
        ("2025-07-04 12:00:00", -300),
        ("2025-12-24 12:00:00", -360),
        ("2025-11-02 01:30:00", -300),  # shown twice: the first is meant
        ("2025-11-02 02:30:00", -360),
        ("2025-03-09 02:30:00", -360),  # never shown: the offset of before
        ("2025-03-09 03:30:00", -300),
    ],
)
def test_a_clock_in_chicago_is_so_far_ahead_of_utc(truth: Truth, local: str, minutes: int) -> None:
    assert truth.select(f"SELECT minutes_ahead('America/Chicago', TIMESTAMP '{local}') AS m")["m"].to_pylist() == [
        minutes
    ]


def test_a_question_is_about_the_part(truth: Truth) -> None:
    assert truth.select('SELECT last_name FROM "core.person" ORDER BY 1')["last_name"].to_pylist() == ["Diaz", "Roe"]


def test_values_of_the_run_are_those_of_all_parts_each_once(truth: Truth) -> None:
    assert sorted(truth.of_run("core.person", ["last_name"])["last_name"].to_pylist()) == ["Diaz", "Ng", "Roe"]


def test_a_table_that_the_run_does_not_have_has_no_values(truth: Truth) -> None:
    assert truth.of_run("membersim.coverage", ["payer_id"]).num_rows == 0
