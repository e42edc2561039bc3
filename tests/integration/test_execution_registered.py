"""What a run wrote to a folder can be a cohort where it lies."""

from __future__ import annotations

from pathlib import Path

import pytest

from healthsim import generate
from healthsim.state import (
    delete_cohort,
    export_cohort,
    get_summary,
    list_cohorts,
    load_cohort,
    query,
    register_dataset,
)
from healthsim_core.errors import StateError
from healthsim_core.verification.verify import verify_cohort


@pytest.fixture
def out(tmp_path: Path, parts_of_ten: None) -> Path:
    """Thirty people in three parts, registered, and stored besides under another name."""
    request = {"profile": "dental-adults", "journey": "dental-year", "count": 30, "products": ["dentalsim"]}
    generate(**request, out=tmp_path / "out", persist=True, cohort="stored")
    register_dataset("registered", tmp_path / "out")
    return tmp_path / "out"


def test_it_is_listed_summed_up_and_loaded_as_a_stored_cohort_is(out: Path) -> None:
    stored, registered = list_cohorts()
    assert (registered.people, registered.events, registered.records) == (stored.people, stored.events, stored.records)
    assert {**get_summary("registered").to_dict(), "cohort": "stored"} == get_summary("stored").to_dict()
    ours, theirs = load_cohort("registered"), load_cohort("stored")
    assert {name: ours[name].to_pylist() for name in ours} == {name: theirs[name].to_pylist() for name in theirs}
    assert verify_cohort("registered").passed


def test_it_is_queried_alone_and_among_the_others(out: Path) -> None:
    assert query("SELECT count(*) AS n FROM core.person", cohort="registered").to_pylist() == [{"n": 30}]
    sql = (
        "SELECT name, count(*) AS n FROM core.person JOIN healthsim.cohort USING (cohort_id) GROUP BY name "
        "ORDER BY name"
    )
    assert query(sql).to_pylist() == [{"name": "registered", "n": 30}, {"name": "stored", "n": 30}]


def test_a_query_reads_no_other_file(out: Path) -> None:
    with pytest.raises(StateError):
        query(f"SELECT * FROM read_text('{out}/manifest.json')", cohort="registered")


def test_a_damaged_dataset_disturbs_only_queries_of_its_own(out: Path) -> None:
    person = next(out.glob("tables/core.person/*.parquet"))
    person.write_bytes(person.read_bytes()[:100])
    with pytest.warns(UserWarning, match='"registered" is left out'):
        assert query("SELECT count(*) AS n FROM core.person").to_pylist() == [{"n": 30}]
    assert query("SELECT count(DISTINCT cohort_id) AS n FROM core.event").to_pylist() == [{"n": 2}]
    with pytest.raises(StateError):
        query("SELECT count(*) FROM core.person", cohort="registered")


def test_it_is_exported(out: Path, tmp_path: Path) -> None:
    names = {path.name for path in export_cohort("registered", tmp_path / "exported")}
    assert {"core.person.parquet", "dentalsim.visit.parquet"} <= names


def test_deleting_it_leaves_the_files(out: Path) -> None:
    delete_cohort("registered")
    assert [cohort.name for cohort in list_cohorts()] == ["stored"]
    assert (out / "manifest.json").exists()


def test_where_the_dataset_was_moved_the_error_says_so_and_it_can_be_deleted(out: Path, tmp_path: Path) -> None:
    out.rename(tmp_path / "elsewhere")
    with pytest.raises(StateError, match="is not there any more"):
        load_cohort("registered")
    assert len(list_cohorts()) == 2
    delete_cohort("registered")


def test_a_folder_without_a_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StateError, match="holds no finished run"):
        register_dataset("nothing", tmp_path)
