"""JSON Lines read by Arrow's parser, as the type of what they should say."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json

from healthsim_core.errors import OutputError

_BLOCK = 4 << 20


def read_json_lines(content: bytes | pa.Buffer, like: pa.Schema) -> pa.Table:
    """Documents, a line each, as columns.

    Args:
        content: The lines.
        like: The members that a document may have; numbers are read as doubles, everything else as it is declared.

    Raises:
        OutputError: It is no JSON, a member has another type, or one is there that `like` does not have.
    """
    if not content:
        return _schema(like).empty_table()
    parsing = pyarrow.json.ParseOptions(explicit_schema=_schema(like), unexpected_field_behavior="error")
    block = _BLOCK
    while True:
        options = pyarrow.json.ReadOptions(use_threads=False, block_size=block)
        try:
            rows = pyarrow.json.read_json(pa.BufferReader(content), read_options=options, parse_options=parsing)
            break
        except pa.ArrowException as error:
            if block < len(content) and "straddl" in str(error):  # a line is longer than a block
                block = min(block * 8, len(content))
                continue
            raise OutputError(
                f"cannot be read as it should be: {_stranger(bytes(content), _schema(like)) or error}", ""
            ) from error
    if not all(map(_is_finite, rows.columns)):  # Arrow reads NaN and Infinity, which JSON does not have
        raise OutputError(f"cannot be read as it should be: {_stranger(bytes(content), _schema(like))}", "")
    return rows


def _is_finite(column: pa.ChunkedArray | pa.Array) -> bool:
    """Whether all numbers in a column, or within what it holds, are numbers."""
    if pa.types.is_floating(column.type):
        return pc.all(pc.is_finite(column)).as_py() is not False
    if pa.types.is_struct(column.type):
        return all(_is_finite(pc.struct_field(column, index)) for index in range(column.type.num_fields))
    return _is_finite(pc.list_flatten(column)) if pa.types.is_list(column.type) else True


def _schema(like: pa.Schema) -> pa.Schema:
    return pa.schema([pa.field(field.name, _type(field.type)) for field in like])


def _type(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_struct(kind):
        return pa.struct([pa.field(field.name, _type(field.type)) for field in kind])
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return pa.list_(_type(kind.value_type))
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return pa.float64()
    return kind


def _stranger(content: bytes, schema: pa.Schema) -> str:
    """The first line that is no JSON, or member that the schema does not have;
    empty where that is not what is wrong."""
    for number, line in enumerate(content.splitlines(), 1):
        try:
            document = json.loads(line, parse_constant=_refused, parse_float=_finite, parse_int=_finite)
        except (ValueError, RecursionError) as error:
            return f"line {number} is no JSON ({error})"
        for path in _strangers(document, pa.struct(list(schema)), ""):
            return f"line {number} has {path}"
    return ""


def _finite(number: str) -> float:
    return float(number) if math.isfinite(float(number)) else _refused(f"{number:.20}")


def _refused(number: str) -> float:
    raise ValueError(f"{number} is not a number")


def _strangers(value: Any, kind: pa.DataType, path: str) -> Iterator[str]:
    if isinstance(value, dict):
        known = {field.name: field.type for field in kind} if pa.types.is_struct(kind) else {}
        for name, part in value.items():
            if name not in known:
                yield f"{path}.{name}".lstrip(".")
            else:
                yield from _strangers(part, known[name], f"{path}.{name}")
    elif isinstance(value, list):
        for index, part in enumerate(value):
            if pa.types.is_list(kind):
                yield from _strangers(part, kind.value_type, f"{path}[{index}]")
            else:
                yield path.lstrip(".")
    elif value is not None and (pa.types.is_struct(kind) or pa.types.is_list(kind)):
        yield path.lstrip(".")
