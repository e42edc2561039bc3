"""Text of columns: numbers, dates and times rendered once per distinct value, and the joining of `pieces`."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from healthsim_core.columns import Text
from healthsim_core.formats.distinct import combinations as combinations
from healthsim_core.formats.distinct import numbered as numbered
from healthsim_core.formats.pieces import Joined as Joined
from healthsim_core.formats.pieces import Piece as Piece
from healthsim_core.formats.pieces import as_text, combined, spanned
from healthsim_core.formats.pieces import batches as batches
from healthsim_core.formats.pieces import choose as choose
from healthsim_core.formats.pieces import joined as joined
from healthsim_core.formats.pieces import lines as lines
from healthsim_core.formats.pieces import merged as merged
from healthsim_core.formats.pieces import optional as optional
from healthsim_core.formats.pieces import together as together

_BLOCK = 1_024  # days rendered at once
_DIGITS = 12  # that are looked up four at a time
_SPARSE = 4  # days a row from the first to the last, above which only the days that are there are rendered
_SPLIT = 134_217_729.0  # 2**27 + 1: a float's halves of 26 bits each


def each(column: Text | pa.Array | pa.ChunkedArray, function: Callable[[str], str]) -> Text:
    """`function` of every value (an escape, a fragment), computed once per distinct value."""
    return (column if isinstance(column, Text) else Text.of(column)).recode(function)


def whole(numbers: NDArray[Any] | pa.Array | pa.ChunkedArray) -> pa.Array:
    """Integers in decimal."""
    return pc.cast(_array(numbers), pa.string())


def ids(numbers: NDArray[np.int64]) -> Text:
    """Ids in decimal, null where 0; the same id in one row after the other is rendered once."""
    first = np.empty(len(numbers), bool)
    first[:1] = True
    np.not_equal(numbers[1:], numbers[:-1], out=first[1:])
    return Text(np.where(numbers == 0, -1, np.cumsum(first, dtype=np.int32) - 1), whole(numbers[first]))


def padded(numbers: NDArray[Any], width: int) -> pa.Array:
    """Non-negative integers in decimal, with zeros on the left up to `width`."""
    values = np.asarray(numbers, np.int64)
    if width > _DIGITS or not len(values) or values.max() >= 10**width:
        return pc.utf8_lpad(whole(values), width=width, padding="0")
    groups = -(-width // 4)
    words = np.empty((len(values), groups), np.uint32)
    for group in range(groups - 1, 0, -1):
        values, rest = np.divmod(values, 10_000)
        words[:, group] = _four_digits()[rest]
    words[:, 0] = _four_digits()[values]
    digits = np.ascontiguousarray(words.view(np.uint8).reshape(len(words), 4 * groups)[:, 4 * groups - width :])
    return pa.StringArray.from_buffers(
        len(words), pa.py_buffer(np.arange(len(words) + 1, dtype=np.int32) * width), pa.py_buffer(digits)
    )


def decimal(numbers: NDArray[Any] | pa.Array | pa.ChunkedArray, places: int) -> pa.Array:
    """Numbers with exactly `places` decimals; what is no number, infinite or null becomes null."""
    values = np.asarray(_array(numbers).to_numpy(zero_copy_only=False), np.float64)
    null = ~np.isfinite(values)
    return _fixed_point(_nearest(np.where(null, 0, values), 10.0**places), places, null)


def _nearest(values: NDArray[np.float64], times: float) -> NDArray[np.int64]:
    """The whole numbers nearest to products; where a product was rounded to a half, what it was before decides."""
    scaled = values * times
    nearest = np.rint(scaled)
    half = np.flatnonzero(np.abs(scaled - nearest) == 0.5)
    if len(half):
        off = _lost(values[half], times, scaled[half])
        below = np.floor(scaled[half])
        nearest[half] = np.where(off == 0, nearest[half], below + (off > 0))
    return nearest.astype(np.int64)


def _lost(values: NDArray[np.float64], times: float, product: NDArray[np.float64]) -> NDArray[np.float64]:
    """What rounding has taken from products, exactly (T. J. Dekker, Numer Math 1971;18:224)."""
    high = values * _SPLIT - (values * _SPLIT - values)
    high_times = times * _SPLIT - (times * _SPLIT - times)
    low, low_times = values - high, times - high_times
    lost: NDArray[np.float64] = low * low_times - (
        ((product - high * high_times) - low * high_times) - high * low_times
    )
    return lost


def amount(cents: NDArray[np.int64]) -> pa.Array:
    """Money: dollars with two decimals from cents."""
    return _fixed_point(np.asarray(cents, np.int64), 2, np.zeros(len(cents), bool))


def plain_amount(cents: NDArray[np.int64]) -> Joined:
    """Money as X12 writes a number: no trailing zeros of the fraction, no trailing point ("12.5", "12")."""
    magnitude = np.abs(cents)
    units = magnitude // 100
    sign = [Text(np.where(cents < 0, 0, -1), ["-"])] if (cents < 0).any() else []
    return Joined([*sign, as_text(whole(units)), Text(magnitude - units * 100, _fractions())])


def dates(days: NDArray[Any] | pa.Array | pa.ChunkedArray, pattern: str = "%Y-%m-%d") -> Text:
    """Dates (of days or of times) by a strftime pattern, rendered once per distinct date; null stays null."""
    values = _moments(days)
    null = np.isnat(values)
    number = (
        values.view(np.int64)
        if values.dtype == "datetime64[D]"
        else values.astype("datetime64[s]").view(np.int64) // 86_400
    )
    if null.any():
        if null.all():
            return Text.constant(None, len(values))
        number = np.where(null, number[~null].min(), number)
    if not len(number):
        return Text.constant(None, 0)
    first, last = int(number.min()) // _BLOCK, int(number.max()) // _BLOCK
    if (last - first) * _BLOCK > _SPARSE * len(number):
        distinct, codes = np.unique(number, return_inverse=True)
        rendered = _strftime(distinct * 86_400, pattern)
    else:
        codes, rendered = number - first * _BLOCK, _calendar(first, last, pattern)
    return Text(np.where(null, -1, codes) if null.any() else codes, rendered)


def times(moments: NDArray[Any] | pa.Array | pa.ChunkedArray, pattern: str = "%Y-%m-%dT%H:%M:%S") -> Text:
    """Times by a strftime pattern, rendered once per distinct time; null stays null."""
    distinct, codes = np.unique(_moments(moments).astype("datetime64[s]").view(np.int64), return_inverse=True)
    return Text(codes, _strftime(distinct, pattern))


def clock(moments: NDArray[Any] | pa.Array | pa.ChunkedArray, separator: str = ":") -> Joined:
    """Times of day, with `separator` between hours, minutes and seconds; null is empty."""
    values = _moments(moments).astype("datetime64[s]")
    seconds = values.view(np.int64)
    minutes = seconds // 60
    null = np.isnat(values)
    minute, second = minutes % 1_440, seconds - minutes * 60
    if null.any():
        minute, second = np.where(null, -1, minute), np.where(null, 0, second)
    if not second.any():
        return Joined([Text(minute, _minutes(f"{separator}00", separator))])
    return Joined([Text(minute, _minutes(separator, separator)), Text(np.where(null, -1, second), _seconds())])


def grouped(strings: pa.Array, owners: NDArray[Any], groups: int, separator: str = "") -> pa.Array:
    """The strings of each group, joined.

    Args:
        strings: Arrow string array (rows,).
        owners: Int array (rows,), ascending: the group of each row, 0 <= owner < groups.
        groups: Number of groups; one without rows gives empty text.
        separator: Text between two strings.

    Returns:
        Arrow string array (groups,).
    """
    offsets = np.searchsorted(owners, np.arange(groups + 1)).astype(np.int32)
    if not separator and len(strings):
        return spanned(strings, offsets)
    return pc.binary_join(pa.ListArray.from_arrays(pa.array(offsets), strings), separator)


def positions(keys: NDArray[Any], wanted: NDArray[Any]) -> NDArray[np.int64]:
    """Row in `keys` (distinct, any order) of each of `wanted`; -1 where it is not there."""
    order = np.argsort(keys, kind="stable")
    places = np.searchsorted(keys, wanted, sorter=order)
    places = np.minimum(places, len(keys) - 1) if len(keys) else np.zeros(len(wanted), np.int64)
    if not len(keys):
        return np.full(len(wanted), -1, np.int64)
    rows = order[places]
    return np.where(keys[rows] == wanted, rows, -1)


def data(strings: pa.Array) -> memoryview:
    """The bytes of all rows, one after the other, without copying them."""
    whole_array = combined(strings)
    if not len(whole_array):
        return memoryview(b"")
    offsets = np.frombuffer(whole_array.buffers()[1], np.int32)[whole_array.offset :]
    return memoryview(whole_array.buffers()[2] or b"")[int(offsets[0]) : int(offsets[len(whole_array)])]


def _array(numbers: Any) -> pa.Array:
    return combined(numbers) if isinstance(numbers, pa.Array | pa.ChunkedArray) else pa.array(numbers)


def _fixed_point(scaled: NDArray[np.int64], places: int, null: NDArray[np.bool_]) -> pa.Array:
    sign = choose(scaled < 0, "-", "")
    units, fraction = np.divmod(np.abs(scaled), 10**places)
    text = lines(sign, whole(units), ".", padded(fraction, places)) if places else lines(sign, whole(units))
    return pc.if_else(pa.array(~null), text, pa.scalar(None, pa.string()))


def _moments(values: Any) -> NDArray[Any]:
    if isinstance(values, pa.Array | pa.ChunkedArray):
        values = combined(values).cast(pa.timestamp("s")).to_numpy(zero_copy_only=False)
    moments: NDArray[Any] = values
    return moments


@functools.lru_cache(maxsize=256)
def _calendar(first: int, last: int, pattern: str) -> pa.Array:
    return pa.concat_arrays([_days(block, pattern) for block in range(first, last + 1)])


@functools.cache
def _days(block: int, pattern: str) -> pa.Array:
    return _strftime((block * _BLOCK + np.arange(_BLOCK)) * 86_400, pattern)


def _strftime(seconds: NDArray[np.int64], pattern: str) -> pa.Array:
    return pc.strftime(pa.array(seconds.view("datetime64[s]")), format=pattern)


@functools.cache
def _minutes(end: str, separator: str) -> pa.Array:
    return pa.array([f"{minute // 60:02d}{separator}{minute % 60:02d}{end}" for minute in range(1_440)])


@functools.cache
def _seconds() -> pa.Array:
    return pa.array([f"{second:02d}" for second in range(60)])


@functools.cache
def _four_digits() -> NDArray[np.uint32]:
    """The bytes of "0000" to "9999", each as one word."""
    return np.frombuffer("".join(f"{number:04d}" for number in range(10_000)).encode(), np.uint32)


@functools.cache
def _fractions() -> pa.Array:
    return pa.array(["", *(f".{cents:02d}".rstrip("0") for cents in range(1, 100))])
