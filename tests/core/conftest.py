"""The core's tests may import the clinic, a small plugin, by name."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from publishing import out  # noqa: F401 - an output folder on each of two file systems
from state_store import content, store  # noqa: F401 - fixtures of the tests of state
