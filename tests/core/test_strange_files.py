"""Files that are not what they should be: names that are too long, no files at all, other encodings, damaged records;
one line each."""

from __future__ import annotations

import codecs
import json
import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from healthsim import generate
from healthsim_core.cli import main
from healthsim_core.errors import HealthSimError, OutputError, SpecificationError, StateError
from healthsim_core.execution.output_folder import OutputFolder
from healthsim_core.execution.worker import make_part
from healthsim_core.generator import make_plan
from healthsim_core.output import unfinished
from healthsim_core.reference.official import recognised
from healthsim_core.spec import JourneySpecification, ProfileSpecification, ScenarioSpecification
from healthsim_core.state import export_cohort, list_cohorts, load_profile, save_profile

LONG = "n" * 300
ADULTS = {"id": "adults", "demographics": {"age": {"type": "uniform", "min": 18, "max": 90}}}


def adults(**more) -> None:
    generate(ADULTS, count=2, products=[], **more)


@pytest.mark.parametrize(
    "use",
    [
        lambda place: adults(out=place / LONG),
        lambda place: adults(out=place / LONG / "below"),
        lambda place: adults(out=place / "above" / LONG / "below"),
        lambda place: adults(cohort="a", database=place / LONG),
        lambda place: adults(cohort=LONG, database=place / "x.duckdb"),
        lambda place: adults(cohort="a", database=place / LONG / "x.duckdb"),
        lambda place: list_cohorts(place / LONG),
        lambda place: load_profile("a", database=place / LONG),
        lambda place: save_profile("a", str(place / f"{LONG}.json"), database=place / "x.duckdb"),
        lambda place: ProfileSpecification.read(place / f"{LONG}.json"),
    ],
)
def test_a_name_that_no_file_can_have_is_one_line(tmp_path: Path, use: Callable[[Path], object]) -> None:
    with pytest.raises(HealthSimError) as told:
        use(tmp_path)
    assert len(str(told.value).splitlines()) <= 2


def test_an_export_to_a_folder_that_no_file_system_takes_is_one_line(tmp_path: Path) -> None:
    adults(cohort="them", database=tmp_path / "x.duckdb")
    with pytest.raises(StateError, match="File name too long"):
        export_cohort("them", tmp_path / LONG, database=tmp_path / "x.duckdb")


RUN = ["generate", "--profile", "dental-adults", "--product", "dentalsim", "--count", "2"]


@pytest.mark.parametrize(
    "command",
    [
        ["verify", LONG], ["verify", f"./{LONG}"], ["cohorts", "list", "--database", LONG], ["run", f"{LONG}.json"],
        ["recover", LONG],
        [*RUN, "--out", LONG], [*RUN, "--out", f"above/{LONG}/below"], [*RUN, "--out", "/".join(["n" * 200] * 25)],
        [*RUN, "--format", LONG], [*RUN, "--journey", LONG], [*RUN, "--cohort", LONG],
        *([*RUN, "--database", "n" * length] for length in (252, 255)), ["generate", "--profile", LONG],
        ["cohorts", "export", LONG, "out"],
        ["cohorts", "register", LONG, "a"], ["plan", "--profile", "dental-adults", "--svg", LONG],
        ["profiles", "save", LONG, LONG],
        ["profiles", "show", LONG], ["skills", "show", LONG], ["executions", "rerun", LONG], ["plugins", "check", LONG],
        ["init", "--from", LONG],
    ],
    ids=lambda command: " ".join(part[:20] for part in command if part not in RUN),
)  # fmt: skip
def test_a_command_with_such_a_name_ends_with_few_lines_and_leaves_nothing(
    command: list[str], elsewhere: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(command)
    told = capsys.readouterr().err
    assert (ended.value.code, list(elsewhere.iterdir())) == (2, []), told[-500:]
    assert len(told.splitlines()) <= 4


def test_a_path_in_which_no_file_of_ours_has_room_is_one_line_and_left_as_it_was(elsewhere: Path) -> None:
    deep = str(elsewhere) + "/" + "/".join(["n" * 200] * 20)
    with pytest.raises(OutputError, match="File name too long"):
        adults(out=deep[:4_040])
    assert list(elsewhere.iterdir()) == []


@pytest.mark.parametrize("name", ["n" * 190, "\u65e5" * 150])
def test_a_long_name_of_a_scenario_is_cut_where_it_names_a_folder(elsewhere: Path, name: str) -> None:
    for _ in range(2):
        generate(
            scenario={"scenario": name, "profile": "dental-adults", "outputs": ["dental_list"]},
            products=["dentalsim"],
            count=2,
        )
    first, second = sorted(path.name for path in Path("healthsim-out").iterdir())
    assert name.startswith(first) and second == f"{first}-2"


def pipe(path: Path) -> None:
    os.mkfifo(path)


def listening(path: Path) -> None:
    here = os.getcwd()
    os.chdir(path.parent)  # a socket's path is short
    try:
        with socket.socket(socket.AF_UNIX) as opened:
            opened.bind(path.name)
    finally:
        os.chdir(here)


def device(path: Path) -> None:
    path.symlink_to("/dev/null")


@pytest.mark.parametrize(
    ("make", "kind"), [(pipe, "a named pipe"), (listening, "a socket"), (device, "a device"), (Path.mkdir, "a folder")]
)
@pytest.mark.parametrize("use", [list_cohorts, lambda place: save_profile("a", ADULTS, database=place)])
def test_what_is_no_file_is_no_database_and_is_never_opened(tmp_path: Path, make, kind: str, use) -> None:
    make(tmp_path / "x.duckdb")
    with pytest.raises(StateError, match=f"is not a DuckDB database, but {kind}"):
        use(tmp_path / "x.duckdb")


JOURNEY = {"id": "a", "duration_days": 30, "events": [{"id": "a", "event_type": "milestone", "delay": {"days": 1}}]}


@pytest.mark.parametrize("mark", [b"", codecs.BOM_UTF8])
@pytest.mark.parametrize(
    ("model", "document"),
    [
        (ProfileSpecification, ADULTS),
        (JourneySpecification, JOURNEY),
        (ScenarioSpecification, {"scenario": "a", "profile": ADULTS}),
    ],
)
def test_a_document_may_begin_with_a_byte_order_mark(tmp_path: Path, model, document: dict, mark: bytes) -> None:
    path = tmp_path / "document.json"
    path.write_bytes(mark + json.dumps(document).encode())
    assert model.read(path) == model.read(document)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "utf-16-be", "latin-1"])
def test_a_document_in_another_encoding_is_one_line(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "document.json"
    path.write_bytes(json.dumps({**ADULTS, "name": "Zoë"}, ensure_ascii=False).encode(encoding))
    with pytest.raises(SpecificationError) as told:
        ProfileSpecification.read(path)
    assert len(str(told.value).splitlines()) <= 2


def test_facts_in_utf_16_are_told_to_be_saved_as_utf_8(tmp_path: Path) -> None:
    path = tmp_path / "facts.csv"
    path.write_bytes("code,price\n99213,1\n".encode("utf-16"))
    with pytest.raises(HealthSimError, match="is UTF-16 text; save it as UTF-8"):
        recognised(path, [])


def test_what_never_ends_is_no_document() -> None:
    with pytest.raises(SpecificationError, match="larger than"):
        ProfileSpecification.read("/dev/zero")


def half_done(out: Path) -> Path:
    """A folder with an unfinished run, one part of which is finished; the record of that part."""
    plan = make_plan(ADULTS, count=2, products=[])
    folder = OutputFolder(plan, out, resume=True)
    unfinished.record(folder.staging, make_part(folder.job(10), folder.parts[0], lambda number, units: None))
    folder.abort()
    return next(out.rglob("00000.json"))


DAMAGES = [b"", b"{", b"[]", b"null", b'"text"', b'{"result": 1, "sha256": ""}', b"\xff\xfe", b"[" * 100_000]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_part_whose_record_is_damaged_is_made_again(tmp_path: Path, damage: bytes) -> None:
    half_done(tmp_path / "out").write_bytes(damage)
    again = generate(ADULTS, count=2, products=[], out=tmp_path / "out", resume=True)
    assert (again.rows["core.person"], any("resumed" in note for note in again.notes)) == (2, False)


def test_a_part_whose_record_says_something_else_is_made_again(tmp_path: Path) -> None:
    record = half_done(tmp_path / "out")
    record.write_bytes(record.read_bytes().replace(b"core.person", b"core.parson"))
    assert generate(ADULTS, count=2, products=[], out=tmp_path / "out", resume=True).rows["core.person"] == 2


def test_a_part_whose_record_is_whole_is_kept(tmp_path: Path) -> None:
    half_done(tmp_path / "out")
    assert (
        "resumed: 1 of 1 parts were there"
        in generate(ADULTS, count=2, products=[], out=tmp_path / "out", resume=True).notes
    )


@pytest.mark.parametrize("damage", [*DAMAGES, b'{"hash": 1}', b'{"hash": "a", "request": {"formats": 3}}'])
def test_a_run_whose_beginning_is_damaged_is_refused_in_one_line_and_can_be_begun_anew(
    tmp_path: Path, damage: bytes
) -> None:
    half_done(tmp_path / "out").with_name("plan.json").write_bytes(damage)
    with pytest.raises(OutputError, match=r"plan\.json is damaged"):
        adults(out=tmp_path / "out", resume=True)
    adults(out=tmp_path / "out")
    assert (tmp_path / "out" / "manifest.json").exists()
