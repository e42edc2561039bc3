"""A file that follows a guide, read block by block: its records, and what is wrong in it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path

import pyarrow as pa

from .guides import Guide
from .parser import Block, blocks
from .soundness import Soundness

Parts = Mapping[str, Mapping[str, pa.Array]]


def read_file(
    folder: Path, guide: Guide, of_block: Callable[[Block, Soundness], Parts]
) -> tuple[dict[str, pa.Table], list[str]]:
    """What a file says.

    Args:
        folder: The format's folder.
        guide: The guide, which names the file.
        of_block: The records of a block by name, column by column; it reports what is wrong in them.

    Returns:
        The records of all blocks, and what is wrong; nothing of either where there is no such file.

    Raises:
        HealthSimError: It is no X12, or its segments are not in the places that the guide gives them.
    """
    if not (path := folder / guide.file).is_file():
        return {}, []
    sound, tables = Soundness(guide), defaultdict[str, list[pa.Table]](list)
    for block in blocks(path, guide):
        sound.check(block)
        for name, columns in of_block(block, sound).items():
            tables[name].append(pa.table(dict(columns)))
    return {name: pa.concat_tables(parts, promote_options="default") for name, parts in tables.items()}, sound.finish()
