"""The same request gives the same bytes: in other chunks, with other workers, in another process, on another day."""

from __future__ import annotations

import ast
import datetime
import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pytest

from healthsim import generate
from healthsim_core.catalog import Catalog, default_catalog
from healthsim_core.generation import memory
from healthsim_core.generator import make_plan

ROOT = Path(__file__).parents[2]
OSWALD = json.loads((ROOT / "examples" / "oswald_family.json").read_text(encoding="utf-8"))
FORMATS = ["fhir_r4", "fhir_bundle", "hl7v2_adt", "x12_834", "x12_837", "x12_835", "ncpdp_d0", "sdtm_datasets"]
FAMILIES: dict[str, Any] = {"scenario": OSWALD, "count": 9, "output_formats": FORMATS}
PROBE = ("shared.py", "uuid")  # names a file by which workers find out whether they share a folder, and which then goes
SOURCES = sorted(
    [*(ROOT / "healthsim_core").rglob("*.py"), *(ROOT / "healthsim").rglob("*.py"), *ROOT.glob("plugins/*/src/**/*.py")]
)
A_PART = 8  # household positions
TELLING = """
import os, signal
from pathlib import Path
from healthsim_core.execution import on_this_machine

kept, made = on_this_machine.keep_freed_memory, on_this_machine.make_part


def tell(did, who=os.getpid()):
    (Path({told!r}) / f"{{did}}-{{who}}").touch(exist_ok=who != "first")


def keep_freed_memory():
    kept()
    tell("started")


def make_part(job, part, report):
    def told(*said):
        tell("made")
        if {one_dies}:
            try:
                tell("killed", "first")
                os.kill(os.getpid(), signal.SIGKILL)
            except FileExistsError:
                pass
        report(*said)

    return made(job, part, told)


on_this_machine.keep_freed_memory, on_this_machine.make_part = keep_freed_memory, make_part
"""
ANOTHER_DAY = """
import datetime, time

clock = time.time
time.time = lambda: clock() + 400 * 86_400
time.time_ns = lambda: int(time.time() * 1e9)


class Later(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return cls.fromtimestamp(time.time(), tz)

    today = utcnow = now


class LaterDay(datetime.date):
    @classmethod
    def today(cls):
        return cls.fromtimestamp(time.time())


datetime.datetime, datetime.date = Later, LaterDay
"""


def digests(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def made(out: Path, **options: Any) -> dict[str, str]:
    generate(**FAMILIES, out=out, **options)
    return digests(out)


@pytest.fixture(scope="module", autouse=True)
def several_parts() -> Iterator[None]:
    """Runs of this module have several parts, few as their families are."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(memory, "FEW", 0)
        patch.setattr(memory, "ROWS_A_PART", A_PART)
        yield


@pytest.fixture(scope="module")
def usual(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return made(tmp_path_factory.mktemp("usual") / "out")


def test_every_format_is_among_the_bytes_compared(usual: dict[str, str]) -> None:
    assert set(FORMATS) <= {name.split("/")[0] for name in usual}
    assert len({name for name in usual if name.startswith("fhir_r4/Patient/part-")}) > 1


@pytest.mark.parametrize("size", [1, 7, 1_000])
def test_chunks_of_any_size_make_the_same_bytes_of_every_format(
    usual: dict[str, str], tmp_path: Path, size: int
) -> None:
    assert made(tmp_path / "out", chunk_size=size) == usual


class Others:
    """The other processes of a run, for which this one waits; where `one_dies`,
    the first of them kills itself after a chunk.

    Without waiting, this process would make every part of so small a run before another one has started.
    """

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch, count: int, one_dies: bool) -> None:
        self._told, self._count = folder / "told", count
        self._told.mkdir()
        (folder / "sitecustomize.py").write_text(
            TELLING.format(told=str(self._told), one_dies=one_dies), encoding="utf-8"
        )
        patch.setenv("PYTHONPATH", os.pathsep.join(filter(None, [str(folder), os.environ.get("PYTHONPATH")])))

    def they(self, did: str) -> int:
        return len([*self._told.glob(f"{did}-*")])

    def waited_for(self, done: int, total: int) -> None:
        self._until("started", self._count, 60)
        self._until("made", 1, 3)

    def _until(self, did: str, so_many: int, seconds: float) -> None:
        end = time.monotonic() + seconds
        while self.they(did) < so_many and time.monotonic() < end:
            time.sleep(0.02)


@pytest.mark.parametrize("one_dies", [False, True], ids=["all live", "one is killed in the middle"])
@pytest.mark.parametrize("workers", [2, 4])
def test_many_workers_make_the_bytes_of_one(
    usual: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, workers: int, one_dies: bool
) -> None:
    others = Others(tmp_path, monkeypatch, workers - 1, one_dies)
    assert made(tmp_path / "out", chunk_size=1, workers=workers, progress=others.waited_for) == usual
    assert others.they("made") > 0
    assert others.they("killed") == one_dies


def test_another_process_zone_language_and_day_make_the_same_bytes(usual: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(ANOTHER_DAY, encoding="utf-8")
    request = json.dumps({**FAMILIES, "out": str(tmp_path / "out")})
    program = (
        "import datetime, json, healthsim\nfrom healthsim_core.generation import memory\n"
        "memory.FEW, memory.ROWS_A_PART = 0, "
        f"{A_PART}\nhealthsim.generate(**json.loads({request!r}))\nprint(datetime.date.today())"
    )
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    elsewhere = {
        **os.environ, "PYTHONPATH": path, "PYTHONHASHSEED": "7", "TZ": "Pacific/Kiritimati", "LANG": "tr_TR.UTF-8",
        "LC_ALL": "C",
    }  # fmt: skip
    ran = subprocess.run(
        [sys.executable, "-c", program], env=elsewhere, cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert ran.stdout.split()[-1] > datetime.date.today().isoformat()
    assert digests(tmp_path / "out") == usual


def test_the_order_of_formats_changes_none_of_them(usual: dict[str, str], tmp_path: Path) -> None:
    generate(**{**FAMILIES, "output_formats": FORMATS[::-1]}, out=tmp_path / "out")
    stable = {name: digest for name, digest in usual.items() if name.split("/")[0] in FORMATS}
    assert {name: digest for name, digest in digests(tmp_path / "out").items() if name in stable} == stable


def test_no_source_reads_a_clock_or_makes_its_own_chance() -> None:
    assert [f"{path.relative_to(ROOT)}:{line}: {what}" for path in SOURCES for line, what in _impure(path)] == []


def test_nothing_written_names_this_machine_or_the_time(usual: dict[str, str], tmp_path: Path) -> None:
    out = tmp_path / "out"
    made(out)
    told = (out / "manifest.json").read_text(encoding="utf-8") + (out / "validation.json").read_text(encoding="utf-8")
    assert str(tmp_path) not in told and str(Path.home()) + "/" not in told


def _events(products: list[str] | None) -> dict[int, dict[str, Any]]:
    result = generate(scenario={**OSWALD, "outputs": []}, count=9, products=products)
    return {row["event_id"]: row for row in result.timeline.to_pylist()}


def test_the_products_chosen_change_no_event_that_both_runs_have() -> None:
    everything, charts = _events(None), _events(["patientsim"])
    assert {name: row for name, row in everything.items() if ">" not in row["node"]}.keys() <= charts.keys()
    assert [row for name, row in charts.items() if row != everything[name]] == []


@pytest.mark.parametrize(
    "absent", ["membersim", "rxmembersim", "networksim", "membersim,rxmembersim,networksim,populationsim,dentalsim"]
)
def test_an_absent_product_takes_only_its_own_events_along(absent: str, tmp_path: Path) -> None:
    told = {"profile": "diabetic-senior", "journey": "diabetic-first-year", "count": 20}
    here = generate(**told)
    _run_without(absent, told, tmp_path)
    theirs, ours = _happenings(tmp_path / "events.parquet"), {_happening(row) for row in here.timeline.to_pylist()}
    assert theirs and theirs <= ours
    assert _people(tmp_path / "people.parquet") == [_named(row) for row in here.entities.to_pylist()]


OUTREACH = {"event_id": "gap", "event_type": "gap_identified", "delay": {"days": 9}, "parameters": {"measure": "EED"}}
REMINDED = {
    "journey_id": "reminded",
    "duration_days": 90,
    "events": [OUTREACH, {"event_id": "call", "event_type": "milestone"}],
}


@pytest.mark.parametrize(("products", "absent"), [
    (["patientsim"], "membersim,rxmembersim,trialsim,networksim,populationsim,dentalsim"),
    (["membersim"], "networksim,populationsim"),
    (["membersim", "rxmembersim"], "patientsim"),
])  # fmt: skip
def test_of_the_products_asked_for_the_timeline_is_the_same_whatever_else_is_installed(
    products: list[str], absent: str, tmp_path: Path
) -> None:
    reason, order = (
        {"class": "AMB", "reason_code": "I10"},
        {"ndc": "00093101610", "description": "a drug", "days_supply": 30},
    )
    visit = {"event_id": "visit", "event_type": "encounter", "delay": {"days": [1, 60]}, "parameters": reason}
    drug = {"event_id": "drug", "event_type": "medication_order", "depends_on": "visit", "parameters": order}
    seen = {"journey_id": "seen", "duration_days": 90, "events": [visit, drug]}
    told = {
        "profile": {"id": "adults", "demographics": {"age": 50}},
        "journey": [REMINDED, seen],
        "count": 20,
        "products": products,
    }
    here = generate(**told)
    _run_without(absent, told, tmp_path)
    assert _happenings(tmp_path / "events.parquet") == {_happening(row) for row in here.timeline.to_pylist()}


SENIOR = {
    "id": "senior",
    "demographics": {"age": 60},
    "clinical": {"conditions": [{"code": "E11"}, {"code": "M17.11"}]},
}


@pytest.mark.parametrize(("products", "told"), [
    (["membersim"], ["networksim ... fills pcp_npi", "patientsim ... tells code and severity of E11"]),
    (["membersim", "networksim"], ["patientsim ... tells code and severity of E11"]),
    (["patientsim", "networksim"], []),
    (None, []),
])  # fmt: skip
def test_notes_say_what_products_bring_that_are_installed_and_not_asked_for(
    products: list[str] | None, told: list[str]
) -> None:
    notes = [note for note in make_plan(SENIOR, count=1, products=products).notes if "is installed" in note]
    assert [
        note.replace("is installed, and though not among the products it", "...").split(",")[0] for note in notes
    ] == told


def test_a_condition_that_only_an_absent_product_knows_is_named() -> None:
    here = default_catalog().plugins
    absent = Catalog(tuple(plugin for plugin in here if plugin.name != "patientsim"))
    notes = make_plan(SENIOR, count=1, catalog=absent).notes
    assert "code and severity of E11 would be told by healthsim-patientsim, which is not installed" in notes


def _run_without(absent: str, told: dict[str, Any], place: Path) -> None:
    program = (
        "import json, sys, healthsim, pyarrow.parquet\n"
        f"result = healthsim.generate(**json.loads({json.dumps(told)!r}))\n"
        f"pyarrow.parquet.write_table(result.timeline, {str(place / 'events.parquet')!r})\n"
        f"pyarrow.parquet.write_table(result.entities, {str(place / 'people.parquet')!r})\n"
    )
    subprocess.run(
        [sys.executable, "-c", program], env={**os.environ, "HEALTHSIM_DISABLE_PLUGINS": absent}, cwd=place, check=True
    )


def _happening(row: dict[str, Any]) -> tuple[Any, ...]:
    return row["event_id"], row["person_id"], row["time"], row["event_type"], row["node"], row["cause_id"]


def _happenings(path: Path) -> set[tuple[Any, ...]]:
    import pyarrow.parquet

    return {_happening(row) for row in pyarrow.parquet.read_table(path).to_pylist()}


def _named(row: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(
        row[name]
        for name in ("person_id", "first_name", "last_name", "sex", "birth_date", "address", "ssn", "conditions", "a1c")
    )


def _people(path: Path) -> list[tuple[Any, ...]]:
    import pyarrow.parquet

    return [_named(row) for row in pyarrow.parquet.read_table(path).to_pylist()]


def test_members_of_one_family_do_not_depend_on_the_other_families() -> None:
    few, many = (generate(scenario={**OSWALD, "outputs": []}, count=count) for count in (3, 12))
    theirs = many.timeline.filter(pc.less_equal(many.timeline["person_id"], pc.max(few.entities["person_id"])))
    assert theirs.to_pylist() == few.timeline.to_pylist()


def _impure(path: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
            forbidden = {"random", "uuid", "secrets"} | ({"time"} if isinstance(node, ast.ImportFrom) else set())
            yield from (
                (node.lineno, name) for name in names if name.split(".")[0] in forbidden and (path.name, name) != PROBE
            )
        elif isinstance(node, ast.Attribute):
            said = ast.unparse(node)
            waits = said in ("time.monotonic", "time.sleep")
            if node.attr in ("now", "today", "utcnow") or (
                said.startswith(("time.", "np.random", "numpy.random")) and not waits
            ):
                yield node.lineno, said
