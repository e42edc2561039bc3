"""The integration tests may import their validators by name, and have runs cut into small parts."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from in_tens import cut_into_tens


@pytest.fixture
def parts_of_ten(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every run of the test has parts of ten people."""
    cut_into_tens(monkeypatch)
