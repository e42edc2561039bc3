"""Fee schedules and weights that `healthsim init --from` loads over the bundled ones."""

from pathlib import Path

import duckdb
import membersim
import pytest
from membersim.registries import DATASETS, drg_weights, fee_schedule

from healthsim_core import official
from healthsim_core.reference.init import initialize

SHARED = Path(__file__).resolve().parents[4] / "shared" / "reference"
VISIT = {"journey_id": "visit", "duration_days": 60, "events": [
    {"event_id": "visit", "event_type": "encounter", "delay": {"days": [1, 20]},
     "parameters": {"class": "AMB", "reason_code": "R07.9"}}]}  # fmt: skip
OWN = "code,description,rvu,varies,replaces,weight\nX0001,short visit,2.5,0,T1015,0.25\nX0002,long visit,5.0,0,T1015,0.75\n"


def services(**options):
    result = membersim.generate("commercial-healthy", VISIT, count=400, **options)
    return result.tables["membersim.claim_line"]["service_code"].to_pylist()


@pytest.fixture
def database(tmp_path, monkeypatch):
    """A database of its own."""
    path = tmp_path / "healthsim.duckdb"
    monkeypatch.setenv("HEALTHSIM_DATABASE", str(path))
    return path


def test_codes_of_ones_own_are_billed_once_they_are_loaded(tmp_path, database):
    before = services()
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "fees.csv").write_text(OWN)

    report = initialize(database, tmp_path / "files")

    after = services()
    assert report.passed
    assert set(before) == {"T1015"}
    assert set(after) == {"X0001", "X0002"}
    assert after.count("X0002") / len(after) == pytest.approx(0.75, abs=0.08)


def test_the_bundled_facts_are_stored_with_their_types(database):
    initialize(database)

    with duckdb.connect(str(database), read_only=True) as connection:
        tables = ("fee_schedule", "drg_weights")
        counts = [connection.execute(f"select count(*) from reference.{name}").fetchall()[0][0] for name in tables]

    assert counts == [len(fee_schedule().rvu), len(drg_weights().weight)]


def test_table_5_is_recognised_and_read_like_the_bundled_weights():
    path = SHARED / "msdrg_fy2026_table5.csv"
    if not path.exists():
        pytest.skip(f"{path} is not there: the official IPPS Table 5")
    layouts = [layout for dataset in DATASETS for layout in dataset.layouts]

    layout = official.recognised(path, layouts)

    assert layout is not None
    assert layout.name == "IPPS Table 5"
    assert {row["drg"]: row["weight"] for row in layout.read(path).to_pylist()} == dict(drg_weights().weight)
