"""define.xml taken apart: a row for each element that has a name of its own,
a column for each attribute and text in it."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator, Mapping
from typing import Any
from xml.etree import ElementTree

import pyarrow as pa

from healthsim_core import HealthSimError

PREFIXES = {
    "http://www.cdisc.org/ns/odm/v1.3": "", "http://www.cdisc.org/ns/def/v2.1": "def:",
    "http://www.w3.org/1999/xlink": "xlink:",
    "http://www.w3.org/XML/1998/namespace": "xml:",
}  # fmt: skip
NAMED_BY: Mapping[str, str] = {
    "ODM": "@FileOID", "def:Standard": "@OID", "def:ValueListDef": "@OID", "def:WhereClauseDef": "@OID",
    "ItemGroupDef": "@OID",
    "ItemRef": "@ItemOID", "ItemDef": "@OID", "CodeList": "@OID", "CodeListItem": "@CodedValue",
    "EnumeratedItem": "@CodedValue",
    "MethodDef": "@OID", "def:CommentDef": "@OID",
}  # fmt: skip
DECLARATION = b"<?xml version='1.0' encoding='utf-8'?>\n"
Row = dict[str, Any]


def read_definition(content: bytes) -> dict[str, pa.Table]:
    """The elements of `NAMED_BY`, by tag.

    Beside its fields a row has `within`, the OID of the element around it, and `position`, its place among those of its
    tag there. Elements without a name are columns of the one that they are part of, by path;
    `elements` is the order of tags in an element.

    Args:
        content: The document.

    Raises:
        HealthSimError: It is no XML of version 1.0 in UTF-8.
    """
    if not content.startswith(DECLARATION):
        raise HealthSimError("does not begin as XML 1.0 in UTF-8.", "define.xml")
    try:
        root = ElementTree.fromstring(content)
    except ElementTree.ParseError as error:
        raise HealthSimError(f"is no XML: {error}.", "define.xml") from error
    elements: dict[str, list[Row]] = {tag: [] for tag in NAMED_BY}
    for tag, row in _rows(root, "", {}):
        elements.setdefault(tag, []).append(row)
    return {tag: _table(rows) for tag, rows in elements.items()}


def _rows(element: ElementTree.Element, within: str, counts: dict[str, int]) -> Iterator[tuple[str, Row]]:
    tag = _name(element.tag)
    counts[tag] = counts.get(tag, 0) + 1
    row: Row = {"within": within, "position": counts[tag]}
    yield tag, row
    yield from _members(element, "", row, element.get("OID") or within, {})


def _members(
    element: ElementTree.Element, path: str, row: Row, within: str, counts: dict[str, int]
) -> Iterator[tuple[str, Row]]:
    row |= {f"{path}@{_name(name)}": value for name, value in element.attrib.items()}
    tags = [_name(child.tag) for child in element]
    if tags:
        row[f"{path}elements"] = " ".join(tag for tag, _ in itertools.groupby(tags))
    text = "".join([element.text or "", *(child.tail or "" for child in element)])
    if text.strip():
        row[f"{path}text"] = text
    seen: dict[str, int] = {}
    for tag, child in zip(tags, element, strict=True):
        if tag in NAMED_BY:
            yield from _rows(child, within, counts)
        else:
            seen[tag] = seen.get(tag, 0) + 1
            step = tag if seen[tag] == 1 else f"{tag}[{seen[tag]}]"
            yield from _members(child, f"{path}{step}/", row, child.get("OID") or within, counts)


@functools.cache
def _name(tag: str) -> str:
    space, _, name = tag.rpartition("}")
    uri = space.removeprefix("{")
    return PREFIXES.get(uri, f"{uri} ") + name if space else tag


def _table(rows: list[Row]) -> pa.Table:
    names = dict.fromkeys(name for row in rows for name in row)
    return pa.table({name: [row.get(name) for row in rows] for name in names})
