"""Identifiers that leave the system: those inside, in a namespace of the run.

Inside, ids are addresses of draws and the same in every run: person = household * 16 + position, event = a hash. What
leaves the system carries the run's namespace besides, so that two cohorts can share a server. A namespace is 29 bits.
They are XORed into the upper bits of every id: one-to-one, its own inverse, and in the order of before wherever ids lie
below 2**34, as those of people do. In text the namespace is six characters, with the inner number after them.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Mapping

import attrs
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from healthsim_core.columns import Text
from healthsim_core.formats.text import lines, padded
from healthsim_core.tables import Field, Table

INNER_BITS = 34  # of a person's id: a thousand million households of sixteen
_BITS = 63 - INNER_BITS
_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # base 32 by Crockford: none is taken for another one
_FIRST, _DIGITS = "ABCDEFGHJKMNPQRS", 5  # a code begins with a letter, so that numbers without one are told apart
_DIGIT_BITS = 5


@attrs.frozen(slots=False)
class Namespace:
    """What sets the identifiers of one run apart from those of another.

    Attributes:
        name: Any text; the same text gives the same identifiers. "" leaves ids as they are inside.
    """

    name: str = ""

    @functools.cached_property
    def number(self) -> int:
        """1 to 2**29 - 1, and 0 for no name."""
        if not self.name:
            return 0
        return max(
            int.from_bytes(hashlib.blake2b(self.name.encode(), digest_size=8).digest(), "little") >> (64 - _BITS), 1
        )

    @functools.cached_property
    def code(self) -> str:
        """Six letters and digits that begin identifiers in text; "" for no name."""
        if not self.number:
            return ""
        digits = [self.number >> (_DIGIT_BITS * place) & 31 for place in reversed(range(_DIGITS))]
        return _FIRST[self.number >> (_DIGIT_BITS * _DIGITS)] + "".join(_LETTERS[digit] for digit in digits)

    def outward(self, ids: NDArray[np.int64]) -> NDArray[np.int64]:
        """The ids that leave the system, of ids inside; of the same namespace, and of null (0), itself."""
        return np.where(ids == 0, ids, ids ^ self._key) if self.number else ids

    def text(self, ids: NDArray[np.int64], digits: int) -> Text:
        """Identifiers in text, of the ids of people inside: the code, and the id in at least so many digits."""
        return Text.distinct(lines(self.code, padded(ids, digits)))

    def tables(self, tables: Mapping[str, pa.Table], declared: Mapping[str, Table]) -> dict[str, pa.Table]:
        """Tables with their ids as they leave the system; those of the world (of tables without a person) stay."""
        return {name: self._renamed(rows, declared[name], declared) for name, rows in tables.items()}

    @property
    def _key(self) -> int:
        return self.number << INNER_BITS

    def _renamed(self, rows: pa.Table, table: Table, declared: Mapping[str, Table]) -> pa.Table:
        if not self.number or not rows.num_rows:
            return rows
        key = pa.scalar(self._key, pa.int64())
        columns = [
            pc.bit_wise_xor(rows[field.name], key) if _somebodys(field, declared) else rows[field.name]
            for field in table.fields
        ]
        return pa.Table.from_arrays(columns, schema=rows.schema)


def _somebodys(field: Field, declared: Mapping[str, Table]) -> bool:
    """Whether a column holds ids of people, or of what happens to them."""
    target = declared.get(field.references)
    return field.type == "id" and (target is None or bool(target.person))


def outward_id(text: str) -> int:
    """The id, as it leaves the system, of an identifier in text."""
    if not text[:1].isalpha():
        return int(text)
    number = _FIRST.index(text[0])
    for letter in text[1 : _DIGITS + 1]:
        number = number << _DIGIT_BITS | _LETTERS.index(letter)
    return number << INNER_BITS ^ int(text[_DIGITS + 1 :])
