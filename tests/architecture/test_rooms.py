"""Rooms stay small: files under 400 lines, functions under 40, and no room called utils."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted(
    path
    for folder in ("healthsim", "healthsim_core", "plugins", "examples", "tests")
    for path in (ROOT / folder).rglob("*.py")
    if ".venv" not in path.parts and "build" not in path.parts
)


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_a_file_has_at_most_400_lines(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_a_function_has_at_most_40_lines_of_code(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    assert [f"{f.name}: {_lines(f)}" for f in functions if _lines(f) > 40] == []


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_no_module_is_called_utils(path: Path) -> None:
    assert path.stem not in {"utils", "util", "helpers", "misc", "common"}


def _lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    body = function.body
    has_docstring = (
        isinstance(body[0], ast.Expr)
        and isinstance(body[0].value, ast.Constant)
        and isinstance(body[0].value.value, str)
    )
    first = body[1].lineno if has_docstring and len(body) > 1 else body[0].lineno
    return (function.end_lineno or first) - first + 1


# from which all rooms are entered: each of its files stands in a row of the layers by itself
HALL = ROOT / "healthsim_core"
ROOMS = sorted({path.parent for path in SOURCES if "tests" not in path.parts} - {HALL})


@pytest.mark.parametrize("room", ROOMS, ids=name)
def test_a_room_has_at_most_2_000_lines(room: Path) -> None:
    assert sum(len(path.read_text(encoding="utf-8").splitlines()) for path in room.glob("*.py")) <= 2_000
