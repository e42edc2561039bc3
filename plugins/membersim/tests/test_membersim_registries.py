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
OWN = (
    "code,description,rvu,varies,replaces,weight\nX0001,short visit,2.5,0,T1015,0.25\nX0002,long "
    "visit,5.0,0,T1015,0.75\n"
)


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


TABLE_5 = "MS-DRG,MS-DRG Title,TYPE,MDC,Weights - 10% Cap Applied,Geometric mean LOS\n"


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (OWN + "99213-25-GT,visit,1,0,,1\n", 'line 4, code: "99213-25-GT" is not a procedure code'),
        (OWN + "9921,visit,1,0,,1\n", 'line 4, code: "9921" is not a procedure code'),
        (OWN + "G0463,visit,-2.7,0,,1\n", "line 4, rvu: -2.7 is less than 0"),
        (OWN + "G0463,visit,seven,0,,1\n", 'line 4, rvu: "seven" is no number'),
        *((OWN + f"G0463,visit,{blank},0,,1\n", "line 4, rvu: is missing") for blank in ("", "  ", "n/a", "-999")),
        (OWN + 'G0463,visit,"2,7",0,,1\n', 'line 4, rvu: "2,7" is no number'),
        (OWN + "G0463,visit,2,0,nothing,1\n", 'line 4, replaces: "nothing" is not a procedure code'),
        (OWN + "X0001,visit,3,0,G0463,0.25\n", "line 4, rvu: 3 is a second figure for X0001, beside 2.5"),
        (OWN + ",visit,3,0,,1\n", "line 4, code: is missing"),
        (TABLE_5 + "1001,HEART,SURG,05,1.5,3\n", 'line 2, MS-DRG: "1001" is not an MS-DRG'),
        (TABLE_5 + "I21,HEART,SURG,05,1.5,3\n", 'line 2, MS-DRG: "I21" is not an MS-DRG'),
        (TABLE_5 + "001,HEART,SURG,05,-1.5,3\n", "line 2, Weights - 10% Cap Applied: -1.5 is less than 0"),
        (
            TABLE_5 + "001,HEART,SURG,05,1.5,3\n1,HEART,SURG,05,2.5,3\n",
            "line 3, Weights - 10% Cap Applied: 2.5 is a second figure",
        ),
    ],
)
def test_a_mistake_in_a_file_is_refused_by_line_and_column(tmp_path, lines, told):
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "any.csv").write_text(lines)
    (refused,) = initialize(tmp_path / "x.duckdb", tmp_path / "files").refused

    assert [each for each in refused.mistakes if not each.startswith(told)] == []
    assert len(refused.mistakes) == 1


def test_one_code_may_be_billed_in_the_place_of_several(tmp_path):
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "any.csv").write_text(OWN + "X0001,short visit,2.5,0,G0463,0.25\n")

    assert initialize(tmp_path / "x.duckdb", tmp_path / "files").passed
