"""The entries of Bundles, taken out of their lines."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from healthsim_core import read_json_lines

FILE = "bundles.ndjson"
_BASE = "http://example.org/fhir/"
_ENTRY = b'{"fullUrl":"'  # quotes within strings are escaped, so that it stands in no value
_LAST = np.frombuffer(b"]}\n", np.uint8)  # what follows the last entry of a line; a comma follows the others
_HEADS = pa.schema(
    [("resourceType", pa.string()), ("id", pa.string()), ("type", pa.string()), ("entry", pa.list_(pa.string()))]
)
# a pair of letters that is seldom there and soon looked for, and what is empty where it is part of it
_SIGNS = ((b":n", b'":null'), (b"{}", b'":{}'), (b"[]", b'":[]'))
_EMPTY = re.compile(rb'[^\\]":(?:null|\{\}|\[\])')
_BLOCK = 4 << 20
_Index = NDArray[np.int64]


class Entries:
    """Bundles, a line each, cut into heads without entries and into entries,
    which are put by for each type of resource.

    Args:
        path: The file.
        types: The types of resources.

    Attributes:
        heads: The Bundles: resourceType, id, type, entry.
        problems: What is neither.
    """

    def __init__(self, path: Path, types: Sequence[str]) -> None:
        self._lines: dict[str, list[pa.Buffer]] = {name: [] for name in types}
        self._bundle: dict[str, list[_Index]] = {name: [np.zeros(0, np.int64)] for name in types}
        self.heads, self.problems = _HEADS.empty_table(), list[str]()
        for content in _blocks(path):
            if holds_something_empty(content):
                self._problem("something empty")
            self._cut(content)

    def of(self, name: str, like: pa.Schema) -> pa.Table:
        """The entries of one type of resource, once: their Bundle's id, fullUrl and request,
        and the members of the resource as columns."""
        members = [field for field in like if field.name not in {"bundle", "fullUrl", "request"}]
        schema = pa.schema([like.field("fullUrl"), pa.field("resource", pa.struct(members)), like.field("request")])
        said = read_json_lines(b"".join(self._lines.pop(name)), schema)
        bundle = self.heads["id"].take(pa.array(np.concatenate(self._bundle.pop(name))))
        own = said.select(["resource"]).flatten()
        own = own.rename_columns([path.removeprefix("resource.") for path in own.column_names])
        return (
            own.add_column(0, "bundle", bundle)
            .append_column("fullUrl", said["fullUrl"])
            .append_column("request", said["request"])
        )

    def _cut(self, content: bytes) -> None:
        pieces, first, stop = _pieces(content)
        line = np.repeat(np.arange(len(first)) + self.heads.num_rows, stop - first)
        heads = pc.binary_join_element_wise(pieces.take(pa.array(first)), _large(b"]}\n"), _large(b""))
        self.heads = pa.concat_tables([self.heads, read_json_lines(_text(heads), _HEADS)])
        entry = np.ones(len(pieces), bool)
        entry[first] = False
        pieces, sound = _ended(pieces, entry, stop - 1)
        known = ~entry
        for name, lines in self._lines.items():
            mine = np.asarray(pc.starts_with(pieces, _ENTRY + f"{_BASE}{name}/".encode()))
            known |= mine
            if mine.any():
                lines.append(_text(pieces.filter(pa.array(mine))))
                self._bundle[name].append(line[mine])
        for piece in pieces.filter(pa.array(~(known & sound))).to_pylist():
            self._problem(f"an entry that is none of ours: {piece[:100].decode(errors='replace')}")

    def _problem(self, what: str) -> None:
        self.problems.append(f"{FILE} holds {what}")


def holds_something_empty(content: bytes) -> bool:
    """Whether some member is null, or an object or array without anything: FHIR allows neither."""
    there = any(_has_pair(content, pair) and sign in content for pair, sign in _SIGNS)
    return there and _EMPTY.search(content) is not None


def _has_pair(content: bytes, pair: bytes) -> bool:
    letters, word = np.frombuffer(content, np.uint8), np.frombuffer(pair, np.uint16)
    return any((letters[at : len(letters) - (len(letters) - at) % 2].view(np.uint16) == word).any() for at in (0, 1))


def _blocks(path: Path) -> Iterator[bytes]:
    """Stretches of a file, each to the end of a line."""
    if path.exists():
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                yield block + file.readline()


def _pieces(content: bytes) -> tuple[pa.LargeBinaryArray, _Index, _Index]:
    """Heads and entries, one after the other, with what stands between them; and of each line the first,
    and one past the last."""
    ends = [0]
    while ends[-1] < len(content):
        ends.append(content.find(b"\n", ends[-1]) + 1 or len(content))
    split = pc.split_pattern(_binary(np.array(ends), content), _ENTRY)
    first, stop = split.offsets.to_numpy()[:-1], split.offsets.to_numpy()[1:]
    entry = np.ones(len(split.values), np.int64)
    entry[first] = 0
    begin = np.frombuffer(split.values.buffers()[1], np.int64)[: len(entry)] + (np.cumsum(entry) - entry) * len(_ENTRY)
    return _binary(np.append(begin, len(content)), content), first, stop


def _binary(offsets: _Index, content: bytes | NDArray[np.uint8]) -> pa.LargeBinaryArray:
    return pa.LargeBinaryArray.from_buffers(
        pa.large_binary(), len(offsets) - 1, [None, pa.py_buffer(offsets), pa.py_buffer(content)]
    )


def _ended(
    pieces: pa.LargeBinaryArray, entry: NDArray[np.bool_], last: _Index
) -> tuple[pa.LargeBinaryArray, NDArray[np.bool_]]:
    """Pieces of lines, those that are entries with a line end in place of what follows them;
    and whether that followed them.

    Args:
        pieces: The pieces.
        entry: Which are entries.
        last: The last of each line.
    """
    _, offsets, data = pieces.buffers()
    ends = np.frombuffer(offsets, np.int64)[1 : len(pieces) + 1]
    letters = np.frombuffer(data, np.uint8).copy()
    follows = letters[ends - 1] == ord(",")
    follows[last] = (letters[ends[last][:, None] - np.array([3, 2, 1])] == _LAST).all(axis=1)
    for back in (3, 2):
        letters[ends[last] - back] = ord(" ")
    letters[ends[entry] - 1] = ord("\n")
    return _binary(np.frombuffer(offsets, np.int64), letters), follows | ~entry


def _large(value: bytes) -> pa.Scalar:
    return pa.scalar(value, pa.large_binary())


def _text(lines: pa.LargeBinaryArray) -> pa.Buffer:
    """Lines behind one another."""
    _, offsets, data = lines.buffers()
    first, end = np.frombuffer(offsets, np.int64)[[lines.offset, lines.offset + len(lines)]]
    return data.slice(first, end - first)
