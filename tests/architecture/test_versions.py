"""All that is released together has one version, written once."""

from __future__ import annotations

import tomllib
from importlib import metadata
from pathlib import Path

import pytest

import healthsim_core

ROOT = Path(__file__).parents[2]
RELEASED = [ROOT, *sorted(path.parent for path in ROOT.glob("plugins/*/pyproject.toml"))]


@pytest.mark.parametrize("folder", RELEASED, ids=lambda folder: folder.name)
def test_a_distribution_takes_its_version_from_the_core(folder: Path) -> None:
    settings = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))
    source = folder / settings["tool"]["hatch"]["version"]["path"]
    assert source.resolve() == ROOT / "healthsim_core" / "__init__.py"
    assert metadata.version(settings["project"]["name"]) == healthsim_core.__version__
