"""The tests of the documentation read pages by `doc_pages`, and run what stands in them in a folder of their own."""

import shutil
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from doc_pages import ROOT


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with `examples/` in it, as in the checkout, and a database of its own."""
    shutil.copytree(ROOT / "examples", tmp_path / "examples", ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HEALTHSIM_DATABASE", str(tmp_path / "healthsim.duckdb"))
    return tmp_path
