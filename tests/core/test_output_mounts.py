"""The output folder may be a mount point; a disk mounted inside it is found out before anything is made."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

TWO_RUNS = """
import sys
from healthsim import generate
for seed in (1, 2):
    generate("dental-adults", count=2, seed=seed, products=["dentalsim"], out=sys.argv[1], overwrite=seed == 2)
"""


def _can_mount() -> bool:
    if not shutil.which("unshare"):
        return False
    return (
        subprocess.run(
            ["unshare", "-m", "mount", "-t", "tmpfs", "none", "/mnt"], check=False, capture_output=True
        ).returncode
        == 0
    )


pytestmark = pytest.mark.skipif(not _can_mount(), reason="no mount namespaces here, or nobody may mount in one")


def run_where(mounted: Path, out: Path, kept: Path) -> subprocess.CompletedProcess[str]:
    """Run twice into a folder, a disk mounted somewhere that only this process sees;
    what lies there is copied to `kept`."""
    mounted.mkdir(parents=True)
    script = 'mount -t tmpfs none "$1" && "$2" -c "$3" "$4" && cp -r "$4" "$5"'
    command = ["unshare", "-m", "sh", "-c", script, "sh", str(mounted), sys.executable, TWO_RUNS, str(out), str(kept)]
    return subprocess.run(command, check=False, capture_output=True, text=True)


def test_a_mount_point_takes_a_run_and_another_in_its_place(tmp_path: Path) -> None:
    ended = run_where(tmp_path / "out", tmp_path / "out", tmp_path / "kept")
    assert ended.returncode == 0, ended.stderr
    assert json.loads((tmp_path / "kept" / "manifest.json").read_bytes())["seed"] == 2
    assert not (tmp_path / "kept" / ".healthsim").exists()


def test_a_disk_that_is_mounted_inside_the_folder_is_refused_and_nothing_is_made(tmp_path: Path) -> None:
    ended = run_where(tmp_path / "out" / "tables", tmp_path / "out", tmp_path / "kept")
    assert ended.returncode != 0
    assert "OutputError" in ended.stderr and "tables" in ended.stderr.splitlines()[-2]
    assert [path.name for path in (tmp_path / "out").rglob("*")] == ["tables"]
