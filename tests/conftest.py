"""Every test has a database of its own, and none writes into the checkout."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest


def pytest_configure() -> None:
    """Ctrl-C is tested, so it must come: who starts the tests in the background may have it ignored."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def own_database(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """HEALTHSIM_DATABASE is a file of this test alone."""
    monkeypatch.setenv("HEALTHSIM_DATABASE", str(tmp_path_factory.mktemp("state") / "healthsim.duckdb"))


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path
