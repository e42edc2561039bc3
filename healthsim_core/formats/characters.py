"""What values may bring into a format's text: whatever would end a field,
a segment or a string is taken out of them on the way in.

A value is never the writer's own constant, so this is said once for all writers of a format, and none of them can
forget it. Characters that the format can escape become placeholders (of Unicode's private use area) before the writer
sees them, and their escapes when its bytes leave for the file; a writer may cut, pad and compare values without
breaking an escape. Where a format has no escapes, `replace` says what a value becomes.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping

import attrs
import pyarrow as pa
import pyarrow.compute as pc

_FIRST = 0xE000  # of the private use area; values that bring such characters themselves lose them
_OWN = f"{chr(_FIRST)}-{chr(_FIRST + 0xFF)}"
_UNKNOWN = "\ufffd"
_MARK = chr(_FIRST).encode()[:2]  # what all placeholders begin with


def _same(value: str) -> str:
    return value


@attrs.frozen(slots=False)
class Characters:
    """The characters of a format's values.

    Attributes:
        special: What no value may bring: a regular expression's class, without its brackets.
        escapes: Special characters and what stands for them in the file.
        replace: What a value becomes that has special characters, after those with an escape are put by;
            it may leave no others.
    """

    special: str
    escapes: Mapping[str, str] = attrs.field(factory=dict)
    replace: Callable[[str], str] = _same

    @functools.cached_property
    def _taken(self) -> Mapping[int, str]:
        return {ord(special): chr(_FIRST + index) for index, special in enumerate(self.escapes)}

    @functools.cached_property
    def _given(self) -> tuple[tuple[bytes, bytes], ...]:
        return tuple(
            (chr(_FIRST + index).encode(), escape.encode()) for index, escape in enumerate(self.escapes.values())
        )

    @functools.cached_property
    def _others(self) -> re.Pattern[str]:
        return re.compile(f"[{self.special}]")

    def taken(self, value: str) -> str:
        """The value without special characters."""
        plain = re.sub(f"[{_OWN}]", _UNKNOWN, value)
        return self._others.sub(" ", self.replace(plain.translate(self._taken)))

    def given(self, content: bytes) -> bytes:
        """Written text with escapes in place of the placeholders."""
        if _MARK in content:
            for placeholder, escape in self._given:
                content = content.replace(placeholder, escape)
        return content

    def guarded(self, tables: Mapping[str, pa.Table]) -> dict[str, pa.Table]:
        """The tables with every text column's values taken."""
        return {name: self._guarded(table) for name, table in tables.items()}

    def _guarded(self, table: pa.Table) -> pa.Table:
        for index, field in enumerate(table.schema):
            if pa.types.is_dictionary(field.type) or pa.types.is_string(field.type):
                column = table.column(index)
                chunks = [self._chunk(chunk) for chunk in column.chunks]
                if any(new is not old for new, old in zip(chunks, column.chunks, strict=True)):
                    table = table.set_column(index, field, pa.chunked_array(chunks, field.type))
        return table

    def _chunk(self, chunk: pa.Array) -> pa.Array:
        if isinstance(chunk, pa.DictionaryArray):
            values = self._values(chunk.dictionary)
            return chunk if values is chunk.dictionary else pa.DictionaryArray.from_arrays(chunk.indices, values)
        return self._values(chunk)

    def _values(self, values: pa.Array) -> pa.Array:
        odd = pc.match_substring_regex(values, f"[{self.special}]|[{_OWN}]")
        if not pc.any(odd).as_py():
            return values
        return pc.replace_with_mask(
            values, odd, pa.array([self.taken(value) for value in values.filter(odd).to_pylist()], pa.string())
        )


def json_characters() -> Characters:
    """Those of a JSON string (RFC 8259, section 7), for writers that put values between quotes themselves."""
    controls = {chr(code): f"\\u{code:04x}" for code in range(0x20)}
    named = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
    return Characters('"\\\\\\x00-\\x1f', {**controls, **named})
