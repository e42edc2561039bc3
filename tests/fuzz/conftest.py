"""The fuzz tests may import the mutations by name, and have a database of their own."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
