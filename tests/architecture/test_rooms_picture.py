"""The picture of the rooms in the documentation is that of the code's own imports."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from rooms_picture import PICTURE, arrows, drawn, rooms


def test_the_picture_is_the_one_that_the_imports_draw() -> None:
    assert PICTURE.read_text(encoding="utf-8") == drawn(), "`python tests/architecture/rooms_picture.py` draws it again"


def test_every_room_imports_from_rooms_above_it_alone() -> None:
    order = list(rooms())
    assert [pair for pair in arrows(rooms()) if order.index(pair[0]) < order.index(pair[1])] == []
