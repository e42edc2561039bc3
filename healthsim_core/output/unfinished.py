"""What a run leaves while it is under way: its plan, and a record of every part that is finished.

A record is written by the worker of its part, after the part's files, so that it holds whoever dies next.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from healthsim_core.catalog import default_catalog
from healthsim_core.errors import OutputError
from healthsim_core.formats.folder import Folder, parsed
from healthsim_core.output.parts import TABLES, Part, PartResult
from healthsim_core.planning.plan import Plan

RECORDS = ".parts"
PLAN = f"{RECORDS}/plan.json"


def begin(folder: Folder, plan: Plan) -> None:
    """Say which run the folder is of."""
    folder.write(PLAN, json.dumps(_identity(plan)).encode())


def is_unfinished(folder: Folder) -> bool:
    """Whether a run has begun here and not ended."""
    return folder.holds(PLAN)


def record(folder: Folder, result: PartResult) -> None:
    """Say that a part is finished."""
    written = json.dumps(result.document())
    folder.write(_path(result.part), json.dumps({"sha256": _digest(written), "result": written}).encode())


def finished(folder: Folder, plan: Plan, parts: Sequence[Part]) -> dict[int, PartResult]:
    """The parts that an earlier run of the same plan has finished, by number;
    those whose files are not whole are left out.

    A part whose record is damaged is made again, like one that has none.

    Raises:
        OutputError: The run that began here was of another plan, or what says so is damaged.
    """
    began = _began(folder)
    if began["hash"] != plan.hash:
        told = next(_differences(began, json.loads(json.dumps(_identity(plan)))), "it")
        raise OutputError(
            f"holds an unfinished run of another plan: {told}.",
            folder.place,
            "Ask for the same, or leave --resume out.",
        )
    paths = set(folder.paths())
    recorded = ((part, _recorded(folder, part)) for part in parts if _path(part) in paths)
    return {
        part.number: result
        for part, result in recorded
        if result and result.part == part and _is_whole(folder, result, paths)
    }


def written(folder: Folder) -> list[str]:
    """Every file of the run that has begun here."""
    folders = {
        TABLES,
        RECORDS,
        *(name for name in _began(folder)["request"]["formats"] if name in default_catalog().formats),
    }
    return [path for path in folder.paths() if path.split("/")[0] in folders]


def is_record(path: str) -> bool:
    """Whether a file in the folder is one of these, and not the run's."""
    return path.startswith(f"{RECORDS}/")


def _began(folder: Folder) -> dict[str, Any]:
    """Which run has begun here."""
    try:
        document: dict[str, Any] = folder.read_json(PLAN)
        if isinstance(document["hash"], str) and all(isinstance(name, str) for name in document["request"]["formats"]):
            return document
    except (OSError, ValueError, KeyError, TypeError):
        pass
    raise OutputError(
        f"holds an unfinished run whose {PLAN} is damaged.",
        folder.place,
        "Leave --resume out, or choose another folder.",
    )


def _recorded(folder: Folder, part: Part) -> PartResult | None:
    """What the record of a part says; None where it is damaged."""
    try:
        document = folder.read_json(_path(part))
        return (
            PartResult.from_document(parsed(document["result"]))
            if document["sha256"] == _digest(document["result"])
            else None
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _path(part: Part) -> str:
    return f"{RECORDS}/{part.number:05d}.json"


def _identity(plan: Plan) -> dict[str, Any]:
    return {"hash": plan.hash, "request": plan.request.document(), "versions": plan.versions}


def _is_whole(folder: Folder, result: PartResult, paths: set[str]) -> bool:
    files = [file for format_files in result.files.values() for file in format_files]
    return all(file.path in paths and folder.digest(file.path) == (file.bytes, file.sha256) for file in files)


def _differences(before: Any, now: Any, where: str = "") -> Iterator[str]:
    """Where two documents differ, deepest first."""
    if isinstance(before, Mapping) and isinstance(now, Mapping):
        names = {*before, *now} - {"hash"}
        # which follows from what the user has said
        for name in sorted(names, key=lambda name: (name == "namespace", name)):
            below = name if where in ("", "request") else f"{where}.{name}"
            yield from _differences(before.get(name), now.get(name), below)
    elif before != now:
        yield f"its {where} was {json.dumps(before):.60}, not {json.dumps(now):.60}"
