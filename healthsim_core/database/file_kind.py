"""What kind of file lies where a database should be, in words."""

from __future__ import annotations

import stat
from pathlib import Path

_BEGINNINGS = {
    b"SQLite format 3\0": "an SQLite database",
    b"PAR1": "a Parquet file",
    b"ARROW1": "an Arrow file",
    b"PK\x03\x04": "a ZIP archive",
    b"\x1f\x8b": "a gzip archive",
    b"%PDF": "a PDF document",
}
_SPECIAL = {
    stat.S_ISDIR: "a folder",
    stat.S_ISFIFO: "a named pipe",
    stat.S_ISSOCK: "a socket",
    stat.S_ISCHR: "a device",
    stat.S_ISBLK: "a device",
}
_LOOKED_AT = 4_096
_OTHER = "another kind of file"


def kind_of_file(path: Path) -> str:
    """What a path is that is no database, such as "an SQLite database"."""
    try:
        special = next((words for is_it, words in _SPECIAL.items() if is_it(path.stat().st_mode)), "")
        if special:
            return special
        with path.open("rb") as file:
            beginning = file.read(_LOOKED_AT)
    except OSError:
        return _OTHER
    return next((words for start, words in _BEGINNINGS.items() if beginning.startswith(start)), "") or _by_content(
        beginning
    )


def _by_content(beginning: bytes) -> str:
    if not beginning:
        return "an empty file"
    try:
        text = beginning.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if error.end < len(beginning) or b"\0" in beginning:  # else a letter is cut in two where we stopped reading
            return _OTHER
        text = beginning[: error.start].decode("utf-8-sig")
    if "\0" in text:
        return _OTHER
    return "a JSON document" if text.lstrip()[:1] in ("{", "[") else "a text file"
