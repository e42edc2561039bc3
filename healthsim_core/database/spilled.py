"""What DuckDB puts by on disk where memory is short: beside the database,
a folder for every connection that needs one."""

from __future__ import annotations

import itertools
import os
import re
from contextlib import suppress
from pathlib import Path

_WRITTEN = "duckdb_temp_*"
_numbers = itertools.count()


def spill_folder(database: Path) -> Path:
    """Where one connection puts things by; DuckDB makes the folder when it needs it, and removes it."""
    return database.with_name(f"{database.name}.tmp-{os.getpid()}-{next(_numbers)}")


def sweep(database: Path) -> None:
    """Remove what killed processes have put by. Only while the database is locked for writing:
    then nobody else has it open."""
    folder = re.compile(rf"{re.escape(database.name)}\.tmp(-\d+-\d+)?")
    with suppress(OSError):
        for place in database.absolute().parent.iterdir():
            if folder.fullmatch(place.name) and _is_ours(place):
                _empty(place)


def _is_ours(place: Path) -> bool:
    return place.is_dir() and not place.is_symlink() and place.lstat().st_uid == os.geteuid()


def _empty(folder: Path) -> None:
    """Remove DuckDB's files from a folder, and the folder where nothing else is in it."""
    with suppress(OSError):
        for file in folder.glob(_WRITTEN):
            file.unlink()
        folder.rmdir()
