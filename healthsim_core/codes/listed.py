"""Code systems whose codes ship as a list: a Parquet table each, opened when a code of it is first asked for."""

from __future__ import annotations

import bisect
import functools
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from healthsim_core.codes.system import CodeSystem
from healthsim_core.errors import nearest

if TYPE_CHECKING:
    import pyarrow as pa

_DATA = Path(__file__).parent / "data"
_STEM = 3  # characters that a code shares with those that may be meant
_ALIKE = 0.5
_UNSPECIFIED = ("9", "90", "909", "90XA", "9XXA")  # how codes end that say no more than their category
_UNSPECIFIED_BELOW = ("9", "0", "09", "0XA")  # the same, of a subcategory
_SHOWN = 3  # codes that an error lists
_MOST = 1_000  # codes that are compared with one that is none


def _plain(text: str) -> str:
    return text.strip().upper()


def dotted(code: str) -> str:
    """An ICD-10-CM code with its dot."""
    return code if len(code) <= _STEM else f"{code[:_STEM]}.{code[_STEM:]}"


@attrs.frozen(kw_only=True, slots=False)
class ListedSystem(CodeSystem):
    """A code system that ships as a list.

    Attributes:
        file: Name of the list.
        only_billable: Whether headings, which no transaction takes, are no codes of it.
        spoken: How a code of the list is written.
        read: What a written code is in the list.
    """

    file: str
    only_billable: bool = False
    spoken: Callable[[str], str] = str
    read: Callable[[str], str] = _plain

    def canonical(self, text: str) -> str | None:
        """The code as the system writes it, or None."""
        row = self._row(text)
        if row is None or (self.only_billable and not self._list["billable"][row].as_py()):
            return None
        return self.spoken(self._list["code"][row].as_py())

    def display(self, code: str) -> str | None:
        """What the list calls a code; None where it holds no words for it."""
        row = self._row(code)
        return None if row is None else self._words[row].as_py()

    def unspecified(self, category: str) -> str | None:
        """The billable code below a category that says no more than the category does: its "unspecified",
        by its place and its words."""
        stem = self.read(category)
        for ending in _UNSPECIFIED if len(stem) <= _STEM else _UNSPECIFIED_BELOW:
            row = self._row(stem + ending)
            if (
                row is not None
                and self._list["billable"][row].as_py()
                and "unspecified" in str(self._words[row]).lower()
            ):
                return self.spoken(stem + ending)
        return None

    def below(self, category: str) -> list[str]:
        """The first billable codes below a category."""
        return self._alike(self.read(category))[:_SHOWN]

    def sex(self, code: str) -> str | None:
        """F or M where only they can have the code."""
        return self._edit(code, "sex")

    def age(self, code: str) -> str | None:
        """The age group of the Medicare Code Editor that alone can have the code."""
        return self._edit(code, "age")

    def remedy(self, text: str) -> str:
        """The nearest code, or how a list of one's own becomes known."""
        row = self._row(text)
        if row is not None:
            return (
                f"It cannot be billed; write one below it, such as {', '.join(self._alike(self.read(text))[:_SHOWN])}."
            )
        near = self._nearest(self.read(text))
        meant = f'Did you mean "{self.spoken(near)}"? ' if near else ""
        return (
            f"{meant}It is neither in {self.source.split(' (')[0].split(';')[0]} nor in a list that `healthsim "
            "init --from` has loaded."
        )

    def _nearest(self, wanted: str) -> str:
        """The code that is most like `wanted` among those that begin alike."""
        for length in range(min(_STEM, len(wanted)), 0, -1):
            alike = [
                code for code in map(self.read, self._alike(wanted[:length])) if abs(len(code) - len(wanted)) < length
            ][:_MOST]
            near = nearest(wanted, alike, _ALIKE)
            if near:
                return near
        return ""

    def _edit(self, code: str, name: str) -> str | None:
        row = self._row(code)
        return None if row is None else self._list[name][row].as_py()

    def _row(self, text: str) -> int | None:
        codes, wanted = self._list["code"], self.read(text)
        at = bisect.bisect_left(codes, wanted, key=_text)
        return at if at < len(codes) and codes[at].as_py() == wanted else None

    def _alike(self, stem: str) -> list[str]:
        """Codes that begin with `stem` and may be written."""
        codes, first = self._list["code"], bisect.bisect_left(self._list["code"], stem, key=_text)
        last = bisect.bisect_left(codes, f"{stem}~", key=_text)
        rows = range(first, last) if stem else ()
        return [
            self.spoken(codes[at].as_py())
            for at in rows
            if not self.only_billable or self._list["billable"][at].as_py()
        ]

    @property
    def _list(self) -> Mapping[str, pa.Array]:
        return _columns(self.file, ("code", "billable", "sex", "age"))

    @property
    def _words(self) -> pa.Array:
        return _columns(self.file, ("description",))["description"]


def words_of(file: str, code: str) -> str | None:
    """What a shipped list calls a code; None where it does not hold it."""
    columns = _columns(file, ("code", "description"))
    at = bisect.bisect_left(columns["code"], code, key=_text)
    known = at < len(columns["code"]) and columns["code"][at].as_py() == code
    return columns["description"][at].as_py() if known else None


def icd_10_cm(text: str) -> str:
    """An ICD-10-CM code as the list holds it, without its dot; what has a dot elsewhere is none."""
    plain = _plain(text)
    head, dot, rest = plain.partition(".")
    return head + rest if not dot or (len(head) == _STEM and rest) else plain


def _text(scalar: Any) -> str:
    return str(scalar.as_py())


@functools.cache
def _columns(file: str, names: tuple[str, ...]) -> dict[str, pa.Array]:
    import pyarrow.parquet as pq

    table = pq.read_table(_DATA / f"{file}.parquet", columns=list(names))
    return {name: table[name].combine_chunks() for name in names}
