"""Pieces of text for columns: rendered once per distinct combination of values, never once a row."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from healthsim_core import Text, text

# for functions that render: most of what one part of a chunk holds, the next holds too
once = functools.lru_cache(maxsize=1 << 16)


def rendered(render: Callable[..., str], *columns: Text) -> Text:
    """`render` of the values (None for null) of each row, called once per distinct combination."""
    codes, sample = text.combinations(columns)
    values = [column[sample].to_pylist() for column in columns]
    return Text(codes, [render(*row) for row in zip(*values, strict=True)])


def numbers(column: Any) -> Text:
    """Numbers in their shortest decimal form; NaN becomes null."""
    encoded = pa.array(np.asarray(column, np.float64)).dictionary_encode()
    null, codes = np.isnan(encoded.dictionary), encoded.indices.to_numpy()
    if null.any():
        codes = np.where(null, -1, np.arange(len(null)))[codes]
    return Text(codes, pc.cast(encoded.dictionary, pa.string()))


def escaped(column: Text, special: str, escape: Callable[[str], str]) -> Text:
    """`escape` of every value, called only where one holds a character of the class `special`."""
    if not pc.any(pc.match_substring_regex(column.values, special)).as_py():
        return column
    return column.recode(escape)
