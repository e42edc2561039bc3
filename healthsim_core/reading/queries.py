"""Questions in SQL, kept in files beside the code that asks them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

_NAME = re.compile(r"^-- name: (.+)\n", re.MULTILINE)


def read_queries(path: Path) -> Mapping[str, str]:
    """The questions of a file, by name.

    Each stands below a line `-- name: NAME`, up to the next such line. What stands above the first is a comment.

    Args:
        path: The file.
    """
    _, *pieces = _NAME.split(path.read_text(encoding="utf-8"))
    return {name.strip(): sql.strip() for name, sql in zip(pieces[::2], pieces[1::2], strict=True)}
