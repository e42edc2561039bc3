"""Whatever stands in the records of an output folder that somebody sent: findings, a run, or one clear error;
nothing else."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from mutations import mutated
from test_fuzz import EXAMPLES, FUZZ

from healthsim_core.errors import HealthSimError
from healthsim_core.execution.output_folder import recovered
from healthsim_core.generator import generate
from healthsim_core.output.manifest import MANIFEST, PUBLISHING, VALIDATION
from healthsim_core.output.unfinished import PLAN
from healthsim_core.state import register_dataset
from healthsim_core.verification.verify import verify_folder

REQUEST: dict[str, Any] = {
    "profile": "dental-adults",
    "count": 2,
    "products": ["dentalsim"],
    "output_formats": ["dental_list"],
    "seed": 1,
}
JOURNAL = {"paths": ["tables/core.person.parquet", MANIFEST], "earlier": [MANIFEST, "tables/core.event.parquet"]}
BEGUN = {"hash": "0", "request": {"formats": ["dental_list"]}, "versions": {}}
DEEP = "[" * 100_000
USES: dict[str, Callable[[Path], object]] = {
    "verify": verify_folder,
    "register": lambda out: register_dataset("them", out, database=out.with_name("x.duckdb")),
    "overwrite": lambda out: generate(**REQUEST, out=out, overwrite=True),
    "resume": lambda out: generate(**REQUEST, out=out, resume=True),
    "recover": recovered,
}
RECORDS = [MANIFEST, VALIDATION, PUBLISHING, f".healthsim/new/{PLAN}"]


class Folders:
    """A run, and copies of it in which a record says something else."""

    def __init__(self, place: Path) -> None:
        self._sound, self._copy = place / "sound", place / "copy"
        generate(**REQUEST, out=self._sound)

    def said(self, record: str) -> Any:
        return {PUBLISHING: JOURNAL, RECORDS[3]: BEGUN}.get(record) or json.loads((self._sound / record).read_text())

    def tried(self, record: str, content: str, use: Callable[[Path], object]) -> None:
        for left in (self._copy, self._copy.with_name("x.duckdb")):
            shutil.rmtree(left) if left.is_dir() else left.unlink(missing_ok=True)
        shutil.copytree(self._sound, self._copy)
        (self._copy / record).parent.mkdir(parents=True, exist_ok=True)
        (self._copy / record).write_bytes(content.encode("utf-8", "surrogatepass"))
        said = ""
        try:
            use(self._copy)
        except HealthSimError as error:
            said = str(error)
        assert len(said) < 20_000


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Folders:
    return Folders(tmp_path_factory.mktemp("folders"))


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("record", RECORDS)
@pytest.mark.parametrize(
    "content", [DEEP, "", "null", "[]", "{}", "3", '"x"', "NaN", "\ufeff{}", "{", "\0", '{"files": {}}']
)
def test_a_record_of_another_kind(folders: Folders, record: str, use: str, content: str) -> None:
    folders.tried(record, content, USES[use])


@pytest.mark.parametrize("use", USES)
def test_a_record_that_has_been_changed(folders: Folders, use: str) -> None:
    sound = [{record: folders.said(record)} for record in RECORDS]

    @settings(FUZZ, max_examples=max(EXAMPLES // 4, 1))
    @given(mutated(sound))
    def changed(document: dict[str, Any]) -> None:
        for record in RECORDS:
            if record in document:
                folders.tried(record, json.dumps(document[record]), USES[use])

    changed()


def test_a_manifest_that_asks_for_a_thousand_million_people_is_not_made_again(folders: Folders) -> None:
    manifest = folders.said(MANIFEST)
    manifest["spec"]["count"] = 10**9
    found: list[str] = []
    folders.tried(MANIFEST, json.dumps(manifest), lambda out: found.extend(map(str, verify_folder(out).findings)))
    assert any("as many parts and people are there" in each and each.startswith("FAIL") for each in found)
