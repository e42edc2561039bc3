"""What began and ended: conditions, treatments and circumstances, and what holds of them at a moment."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import attrs
import numpy as np
from numpy.typing import NDArray

from healthsim_core.columns import Columns, Text
from healthsim_core.patterns.timing import DAY, Minutes
from healthsim_core.person_state.ends import Ends
from healthsim_core.person_state.intervals import Intervals, intervals_of
from healthsim_core.person_state.keys import Keys, minute_of, mixed, packed, row_of, within_of
from healthsim_core.person_state.records import Part, Records

_FAR = 1 << 40  # minutes, beyond every life
_DECIDED = -2  # in place of the rank of a node: what is decided of events
_TEXTS = ("name", "drug")
_NO_KEYS = np.empty(0, np.int64)
_NO_DRUGS = Text.constant(None, 0)
Matching = Callable[[Columns], NDArray[np.bool_]]


@attrs.frozen(eq=False)
class Course:
    """What is recorded under one name, in order of person, time and rank, and what holds after each.

    Attributes:
        keys: Packed words.
        reach: Int array: until when it holds by all that is recorded up to here, minutes since 1970.
        first: Int array: since when, by what is recorded up to here without a stop between.
        covered: Int array: minutes for which it held or will have held, by all that is recorded up to here.
        at: Int array: the row among all records.
    """

    keys: Keys
    reach: Minutes
    first: Minutes
    covered: Minutes
    at: NDArray[np.intp]

    def last(self, row: NDArray[np.intp], wanted: Keys) -> NDArray[np.intp]:
        """The last record of each row before a word; -1 for none."""
        if not len(self.keys):
            return np.full(len(row), -1)
        places = np.searchsorted(self.keys, wanted, side="left") - 1
        return np.where((places >= 0) & (row_of(self.keys[np.maximum(places, 0)]) == row), places, -1)


def course_of(keys: Keys, until: Minutes, stops: NDArray[np.bool_], at: NDArray[np.intp]) -> Course:
    """What holds after each of some records.

    Args:
        keys: Packed words, sorted: when each begins.
        until: Int array: when each ends; the greatest int64 where it lasts.
        stops: Boolean array: whether it ends what is called so.
        at: Int array: the row of each among all records.
    """
    row, begin = row_of(keys), minute_of(keys)
    new_row = np.diff(row, prepend=-1) != 0
    stretch = np.cumsum(new_row | stops)
    ending = np.where(stops, begin, np.clip(until, -_FAR, _FAR))
    reach = np.maximum.accumulate(stretch * (4 * _FAR) + ending) - stretch * (4 * _FAR)
    before = np.where(new_row, -_FAR, np.concatenate([[-_FAR], reach[:-1]])) if len(keys) else reach
    held = before > begin
    adds = np.where(stops, -np.where(held, before - begin, 0), np.maximum(ending - np.maximum(begin, before), 0))
    total = np.cumsum(adds)
    base = np.maximum.accumulate(np.where(new_row, np.arange(len(keys)), 0))
    begins = np.where(held & ~stops, -1, np.arange(len(keys)))  # the record with which the stretch began
    first = begin[np.maximum(np.maximum.accumulate(begins), 0)] if len(keys) else begin
    return Course(keys, reach, first, total - (total - adds)[base], at)


class Log(Records):
    """What began and ended, by person and time; columns name, drug, dose, until, stops, known
    and before."""

    def __init__(self, rows: int, ends: Ends, matching: Callable[[str], Matching]) -> None:
        super().__init__(rows, ends)
        self._matching = matching
        self._courses: dict[str, Course] = {}

    def renew(self) -> None:
        """See anew what stands."""
        super().renew()
        self._courses = {}

    def add(self, rank: int, part: Part) -> NDArray[np.intp]:
        """What a node has begun or ended.

        Returns:
            Rows of which it was read, as of a later moment, before this was known.
        """
        self.keep(rank, part)
        misled = [np.empty(0, np.intp)]
        for name in self.asked:
            misled.append(self.read_before(name, part.keys[self._matching(name)(part.columns)]))
        return np.concatenate(misled)

    def decide(self, rows: NDArray[np.intp], parts: Sequence[Part]) -> NDArray[np.intp]:
        """What is decided of some rows, in place of what was decided of them before.

        Returns:
            Rows of which something else was read.
        """
        before = {name: self._read_of_decided(name) for name in self.asked}
        gone = np.zeros(self.rows, bool)
        gone[rows] = True
        stay = (part.take(np.flatnonzero(~gone[row_of(part.keys)])) for part in self.parts.pop(_DECIDED, ()))
        self.parts[_DECIDED] = [*(part for part in stay if len(part.keys)), *parts]
        self.renew()
        misled = np.zeros(self.rows, bool)
        for name, prints in before.items():
            misled |= prints != self._read_of_decided(name)
        return np.flatnonzero(misled)

    def _read_of_decided(self, name: str) -> NDArray[np.uint64]:
        """A print, for each row, of what was decided of it under a name before it was last read."""
        prints, asked = np.zeros(self.rows, np.uint64), self.asked[name]
        for part in self.parts.get(_DECIDED, ()):
            row = row_of(part.keys)
            read = np.flatnonzero((within_of(part.keys) < asked[row]) & self._matching(name)(part.columns))
            for column in ("until", "dose", "stops"):
                values = np.asarray(part.columns[column])[read]
                np.add.at(prints, row[read], mixed(within_of(part.keys[read]), values))
        return prints

    def course(self, name: str) -> Course:
        """What is recorded under a name."""
        if name not in self._courses:
            keys, columns = self.sorted()
            if not len(keys):
                return course_of(keys, keys, keys.astype(bool), keys)
            at = np.flatnonzero(self._matching(name)(columns))
            stops, until = np.asarray(columns["stops"])[at], np.asarray(columns["until"])[at]
            self._courses[name] = course_of(keys[at], until, stops, at)
        return self._courses[name]

    def intervals(self, name: str) -> Intervals:
        """When something held, of everybody."""
        course = self.course(name)
        _, columns = self.sorted()
        if not len(course.at):
            return intervals_of(_NO_KEYS, _NO_KEYS, _NO_KEYS.astype(bool), np.empty(0), _NO_DRUGS, np.empty(0, bool))
        some = columns.take(course.at)
        stops, until, before = (np.asarray(some[name]) for name in ("stops", "until", "before"))
        return intervals_of(course.keys, until, stops, np.asarray(some["dose"], np.float64), some.text("drug"), before)

    def ask_of(self, name: str, row: NDArray[np.intp], minute: Minutes, rank: int) -> None:
        """Note that what is recorded under a name is read as of some moments."""
        self.ask(name, row, packed(row, minute, rank))

    def holds(self, name: str, row: NDArray[np.intp], minute: Minutes, rank: int) -> NDArray[np.bool_]:
        """Whether it holds of each row at each moment."""
        course, last = self._last(name, row, minute, rank)
        return (last >= 0) & (_of(course.reach, last) > minute)

    def since(self, name: str, row: NDArray[np.intp], minute: Minutes, rank: int) -> NDArray[np.float64]:
        """Days since it began to hold; NaN where it does not."""
        course, last = self._last(name, row, minute, rank)
        holds = (last >= 0) & (_of(course.reach, last) > minute)
        return np.where(holds, (minute - _of(course.first, last)) / DAY, np.nan)

    def days_covered(self, name: str, row: NDArray[np.intp], minute: Minutes, rank: int) -> NDArray[np.float64]:
        """Days for which it held until each moment."""
        course, last = self._last(name, row, minute, rank)
        beyond = np.maximum(_of(course.reach, last) - minute, 0)
        return np.where(last >= 0, (_of(course.covered, last) - beyond) / DAY, 0.0)

    def latest(
        self, name: str, column: str, row: NDArray[np.intp], minute: Minutes, rank: int
    ) -> NDArray[np.intp] | Text:
        """A column of the last record that holds of each row; null where none does."""
        course, last = self._last(name, row, minute, rank)
        holds = (last >= 0) & (_of(course.reach, last) > minute)
        _, columns = self.sorted()
        at = np.where(holds, _of(course.at, last), -1)
        if not columns.rows:
            return Text.constant(None, len(row)) if column in _TEXTS else np.full(len(row), np.nan)
        values = columns[column]
        if isinstance(values, Text):
            return values.take_or_null(at)
        return np.where(holds, _of(np.asarray(values), at), np.nan)

    def taken(self, place: NDArray[np.intp], rows: int, ends: Ends) -> Log:
        """That of some rows; `place` is the new row of each, -1 for none."""
        log = Log(rows, ends, self._matching)
        log.take_of(self, place)
        return log

    def _last(self, name: str, row: NDArray[np.intp], minute: Minutes, rank: int) -> tuple[Course, NDArray[np.intp]]:
        wanted = packed(row, minute, rank)
        self.ask(name, row, wanted)
        course = self.course(name)
        return course, course.last(row, wanted)


def _of(values: NDArray[np.int64], at: NDArray[np.intp]) -> NDArray[np.int64]:
    return values[np.maximum(at, 0)] if len(values) else np.zeros(len(at), np.int64)
