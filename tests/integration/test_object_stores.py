"""A run written to an object store is the run written to a folder; servers on this machine stand for S3,
Google Cloud Storage and Azure."""

from __future__ import annotations

import gc
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import fsspec
import object_stores
import pytest
from fsspec.registry import _registry as loaded
from in_tens import cut_into_tens, killed

from healthsim import generate
from healthsim.state import load_cohort, register_dataset
from healthsim_core.cli import main
from healthsim_core.errors import OutputError
from healthsim_core.output.unfinished import RECORDS
from healthsim_core.verification.verify import verify_folder

pytestmark = pytest.mark.usefixtures("parts_of_ten")

REQUEST: dict[str, Any] = {
    "profile": "adult-hypertension", "journey": "chronic-management", "count": 40, "products": ["patientsim"],
    "output_formats": ["fhir_r4", "hl7v2_adt"],
}  # fmt: skip
PARTS = 4


class Bucket:
    """A bucket on a server, behind a driver."""

    def __init__(self, protocol: str, files: Any) -> None:
        self.protocol, self._files = protocol, files

    def url(self, name: str) -> str:
        return f"{self.protocol}://{object_stores.BUCKET}/{name}"

    def paths(self, name: str) -> list[str]:
        self._files.invalidate_cache()
        root = f"{object_stores.BUCKET}/{name}/"
        return sorted(path.removeprefix(root) for path in self._files.find(root))

    def manifest(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.get(f"{name}/manifest.json"))
        return found

    def digest(self, name: str) -> str:
        return str(self.manifest(name)["digest"])

    def get(self, path: str) -> bytes:
        self._files.invalidate_cache()
        content: bytes = self._files.cat_file(f"{object_stores.BUCKET}/{path}")
        return content

    def put(self, path: str, content: bytes) -> None:
        self._files.pipe_file(f"{object_stores.BUCKET}/{path}", content)

    def remove(self, path: str) -> None:
        self._files.rm_file(f"{object_stores.BUCKET}/{path}")


@pytest.fixture(scope="module", params=list(object_stores.DRIVERS))
def bucket(request: pytest.FixtureRequest) -> Iterator[Bucket]:
    with object_stores.served(request.param) as files:
        yield Bucket(request.param, files)


@pytest.fixture(scope="module")
def usual(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The digest of the run in a folder."""
    out = tmp_path_factory.mktemp("usual") / "out"
    with pytest.MonkeyPatch.context() as patch:
        cut_into_tens(patch)
        generate(**REQUEST, out=out)
    return str(json.loads((out / "manifest.json").read_text(encoding="utf-8"))["digest"])


def failing_after(people: int, error: BaseException) -> Callable[[int, int], None]:
    def fail(done: int, total: int) -> None:
        if done > people:
            raise error

    return fail


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What the command line says of a request that cannot be done."""
    with pytest.raises(SystemExit) as ended:
        main([*arguments])
    told = capsys.readouterr().err
    assert ended.value.code == 2
    assert "Traceback" not in told
    return told


def asked(out: str) -> list[str]:
    return [
        "generate",
        "--profile",
        "adult-hypertension",
        "--count",
        "2",
        "--product",
        "patientsim",
        "--no-persist",
        "--out",
        out,
    ]


@pytest.mark.parametrize("workers", [1, 2])
def test_a_bucket_gets_the_bytes_of_a_folder(bucket: Bucket, usual: str, workers: int) -> None:
    result = generate(**REQUEST, out=bucket.url(f"by-{workers}"), workers=workers)
    assert bucket.digest(f"by-{workers}") == usual
    assert result.entities.num_rows == REQUEST["count"]


def test_workers_of_a_cluster_write_there_themselves(bucket: Bucket, usual: str) -> None:
    pytest.importorskip("ray", reason="the extra ray is not installed")
    generate(**REQUEST, out=bucket.url("by-ray"), executor="ray", workers=2)
    assert bucket.digest("by-ray") == usual


def test_the_manifest_comes_last_and_lists_all_that_is_there(bucket: Bucket) -> None:
    seen: list[str] = []
    generate(**REQUEST, out=bucket.url("listed"), progress=lambda done, total: seen.extend(bucket.paths("listed")))
    there = bucket.paths("listed")
    assert seen and "manifest.json" not in seen
    assert there == sorted(
        ["manifest.json", "validation.json", *(file["path"] for file in bucket.manifest("listed")["files"])]
    )


def test_a_run_that_fails_leaves_no_object_not_even_half_of_one(bucket: Bucket) -> None:
    with pytest.raises(ValueError, match="enough"):
        generate(**REQUEST, out=bucket.url("failed"), chunk_size=5, progress=failing_after(12, ValueError("enough")))
    gc.collect()  # the files that were open are gone now
    assert bucket.paths("failed") == []


def test_a_run_that_was_killed_is_no_run_and_is_resumed(bucket: Bucket, usual: str) -> None:
    killed(REQUEST, bucket.url("killed"), after=25)
    assert "manifest.json" not in bucket.paths("killed")
    with pytest.raises(OutputError, match="holds an unfinished run"):
        generate(**REQUEST, out=bucket.url("killed"))
    result = generate(**REQUEST, out=bucket.url("killed"), resume=True)
    assert f"resumed: 2 of {PARTS} parts were there" in result.notes
    assert bucket.digest("killed") == usual


def test_a_part_that_was_removed_in_between_is_made_again(bucket: Bucket, usual: str) -> None:
    with pytest.raises(KeyboardInterrupt):
        generate(**REQUEST, out=bucket.url("removed"), resume=True, progress=failing_after(25, KeyboardInterrupt()))
    bucket.remove("removed/tables/core.event/part-00000.parquet")
    result = generate(**REQUEST, out=bucket.url("removed"), resume=True)
    assert [note for note in result.notes if note.startswith("resumed")] == [f"resumed: 1 of {PARTS} parts were there"]
    assert bucket.digest("removed") == usual


def test_another_plan_is_not_resumed(bucket: Bucket) -> None:
    with pytest.raises(KeyboardInterrupt):
        generate(**REQUEST, out=bucket.url("other"), resume=True, progress=failing_after(25, KeyboardInterrupt()))
    with pytest.raises(OutputError, match="unfinished run of another plan: its seed was 42, not 7"):
        generate(**REQUEST, out=bucket.url("other"), resume=True, seed=7)


def test_an_earlier_run_is_replaced_where_that_is_asked_for(bucket: Bucket, usual: str) -> None:
    generate(**{**REQUEST, "output_formats": ["fhir_bundle"]}, out=bucket.url("replaced"), seed=7)
    with pytest.raises(OutputError, match="is not empty"):
        generate(**REQUEST, out=bucket.url("replaced"))
    generate(**REQUEST, out=bucket.url("replaced"), overwrite=True)
    assert bucket.digest("replaced") == usual
    assert not [path for path in bucket.paths("replaced") if path.startswith(("fhir_bundle", RECORDS))]


def test_what_is_not_ours_is_never_replaced(bucket: Bucket) -> None:
    bucket.put("strange/notes.txt", b"mine")
    with pytest.raises(OutputError, match="no earlier run of ours wrote it"):
        generate(**REQUEST, out=bucket.url("strange"), overwrite=True)
    assert bucket.paths("strange") == ["notes.txt"]


def test_a_run_in_a_bucket_is_verified_and_registered_where_it_lies(bucket: Bucket, tmp_path: Path) -> None:
    generate(**REQUEST, out=bucket.url("registered"))
    before = bucket.paths("registered")
    report = verify_folder(bucket.url("registered"))
    name = register_dataset("registered", bucket.url("registered"), tmp_path / "state.duckdb")
    assert report.passed, str(report)
    assert any(
        finding.where.startswith("fhir_r4 ") and finding.what.startswith("agrees") for finding in report.findings
    )
    assert load_cohort(name, tmp_path / "state.duckdb")["core.person"].num_rows == REQUEST["count"]
    assert bucket.paths("registered") == before


def test_verifying_sees_an_object_that_was_changed(bucket: Bucket) -> None:
    generate(**REQUEST, out=bucket.url("changed"))
    path = "changed/fhir_r4/Patient/part-00001.ndjson"
    bucket.put(path, b"".join(bucket.get(path).splitlines(keepends=True)[:-1]))
    wrong = [
        finding
        for finding in verify_folder(bucket.url("changed")).findings
        if finding.what == "files are those that were written"
    ]
    assert [finding.wrong for finding in wrong] == [1]


def test_a_bucket_that_is_missing_is_told_in_one_line(bucket: Bucket, capsys: pytest.CaptureFixture[str]) -> None:
    told = refused(capsys, *asked(f"{bucket.protocol}://no-such-bucket/out"))
    assert told.startswith(f"healthsim: {bucket.protocol}://no-such-bucket/out")
    assert len(told.splitlines()) == 2  # what and where, and the remedy


def test_keys_that_are_missing_are_told_in_one_line(
    bucket: Bucket, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    if bucket.protocol == "gs":
        pytest.skip("the emulator lets everybody write")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AZURE_STORAGE_CONNECTION_STRING"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    fsspec.get_filesystem_class(bucket.protocol).clear_instance_cache()
    told = refused(capsys, *asked(bucket.url("nobody")))
    fsspec.get_filesystem_class(bucket.protocol).clear_instance_cache()
    assert "credentials" in told
    assert len(told.splitlines()) == 2


@pytest.mark.parametrize(("protocol", "driver"), object_stores.DRIVERS.items())
def test_a_driver_that_is_not_installed_is_named(
    protocol: str, driver: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, driver, None)
    monkeypatch.delitem(loaded, protocol, raising=False)
    told = refused(capsys, *asked(f"{protocol}://bucket/out"))
    assert told == (
        f"healthsim: {protocol}://bucket/out: cannot be reached: {told.split('reached: ')[1].splitlines()[0]}\n  "
        f"pip install {driver}\n"
    )


def test_a_url_that_nobody_knows_is_refused_with_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert 'no fsspec protocol is called "abfz". Did you mean "abfs"?' in " ".join(
        refused(capsys, *asked("abfz://bucket/out")).split()
    )
