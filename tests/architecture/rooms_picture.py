"""The rooms of the core as a picture, drawn from its imports:
`python tests/architecture/rooms_picture.py` writes it."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from html import escape
from pathlib import Path

from test_layers import CORE, ROOT, ROWS

PICTURE = ROOT / "docs" / "explanation" / "rooms.svg"
# of boxes, the step from one to the next, and from one arc to the next; pixels
LEFT, WIDE, HIGH, STEP, ARC = 20, 900, 30, 42, 13


def rooms() -> dict[str, str]:
    """What each room is, in the order of the layers."""
    files = {name: CORE / name / "__init__.py" for row in ROWS for name in row}
    return {name: _first_line(file) for name, file in files.items() if file.is_file()}


def _first_line(file: Path) -> str:
    return (ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or "").split("\n")[0]


def imported(room: str) -> set[str]:
    """The rooms from which a room imports."""
    modules = [ast.parse(path.read_text(encoding="utf-8")) for path in (CORE / room).rglob("*.py")]
    return {name for module in modules for name in _named(module)} - {room}


def _named(module: ast.Module) -> Iterator[str]:
    for node in ast.walk(module):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == CORE.name:
            _, *below = (node.module or "").split(".")
            yield from below[:1] or [alias.name for alias in node.names]


def arrows(order: Mapping[str, str]) -> list[tuple[str, str]]:
    """Who imports from whom, without what goes by way of a third."""
    needs = {room: imported(room) & order.keys() for room in order}
    reached: dict[str, set[str]] = {}
    for room in order:
        reached[room] = set().union(*({need, *reached[need]} for need in needs[room]))
    return [
        (room, need)
        for room in order
        for need in order
        if need in needs[room] and not any(need in reached[o] for o in needs[room])
    ]


def drawn() -> str:
    """The picture."""
    order = rooms()
    top = {room: LEFT + STEP * at for at, room in enumerate(order)}
    lines = [
        f'<path d="{_arc(top[room], top[need])}"><title>{room} imports {need}</title></path>'
        for room, need in arrows(order)
    ]
    boxes = [_box(room, about, top[room]) for room, about in order.items()]
    said = "; ".join(f"{room} imports {need}" for room, need in arrows(order))
    deepest = max(((top[room] - top[need]) // STEP for room, need in arrows(order)), default=1)
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {LEFT + WIDE + ARC * deepest + 30} '
        f'{LEFT + STEP * len(order)}"'
        ' role="img" aria-labelledby="rooms rooms-said" font-family="sans-serif" font-size="13">',
        '<title id="rooms">The rooms of healthsim_core, each below those that it imports</title>',
        f'<desc id="rooms-said">{escape(said)}</desc>',
        '<rect width="100%" height="100%" fill="#ffffff"/>',
        '<g fill="none" stroke="#00695c" stroke-opacity="0.55">', *lines, "</g>", *boxes, "</svg>", "",
    ])  # fmt: skip


def _arc(below: int, above: int) -> str:
    """From the right edge of a box to that of one above it, further out the further it goes."""
    right, start, end = LEFT + WIDE, below + HIGH // 2 - 4, above + HIGH // 2 + 4
    out = right + ARC * (below - above) // STEP + 12
    return f"M{right} {start} C{out} {start} {out} {end} {right} {end}"


def _box(room: str, about: str, y: int) -> str:
    box = f'<rect x="{LEFT}" y="{y}" width="{WIDE}" height="{HIGH}" rx="5" fill="#e0f2f1" stroke="#00695c"/>'
    name = f'<text x="{LEFT + 12}" y="{y + 20}" font-weight="600">{room}</text>'
    return f'{box}{name}<text x="{LEFT + 120}" y="{y + 20}" fill="#37474f">{escape(about)}</text>'


if __name__ == "__main__":
    PICTURE.write_text(drawn(), encoding="utf-8")
