"""What a person's state is at a moment, as whoever reads it asks."""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from healthsim_core.columns import Column, Columns, Text
from healthsim_core.expressions.asking import MEASURED, OF_CONDITIONS, asked, drug_key
from healthsim_core.expressions.diagnosed import KNOWN, Diagnosed
from healthsim_core.patterns.timing import DAY, NEVER, Minutes, minutes
from healthsim_core.person_state.changed import Changed
from healthsim_core.person_state.ends import Ends
from healthsim_core.person_state.intervals import Intervals, intervals_of
from healthsim_core.person_state.keys import packed
from healthsim_core.person_state.log import Log, Matching
from healthsim_core.person_state.reads import Reads
from healthsim_core.person_state.recoding import CodeByState, alike
from healthsim_core.person_state.records import Bound, Part
from healthsim_core.person_state.sources import CIRCUMSTANCE, CONDITION, TREATMENT, Said, Sources

_WORDS = ("name", "drug")  # that name a treatment
_FROM_THE_START = -1  # in place of the rank of a node
_NOTHING = np.empty(0, np.int64)
_NEVER = intervals_of(_NOTHING, _NOTHING, np.empty(0, bool), np.empty(0), Text.constant(None, 0), np.empty(0, bool))
_COLUMNS: Mapping[str, Any] = {
    "drug": None, "dose": np.nan, "days": np.nan, "stops": False, "known": True, "before": False,
}  # fmt: skip


class State:
    """The state of a chunk's people while it is lived.

    Args:
        sources: What changes it.
        people: Columns of people, a row a position.
        seed: The run's seed.
        start: Int array (positions,): when each begins, minutes since 1970; births change it.
        ends: When journeys end before their time.
        decide: Decides of what has happened, before what that changes is read; takes the kinds that are read.
        logs: What is known already, where some lives are lived anew.
    """

    def __init__(
        self,
        sources: Sources,
        people: Mapping[str, Column],
        seed: int,
        start: Minutes,
        ends: Ends,
        decide: Callable[[Collection[str]], None],
        logs: Mapping[str, Log] | None = None,
    ) -> None:
        self.sources, self.people, self._decide = sources, people, decide
        self.seed, self.start, self.person_id = seed, start, np.asarray(people["person_id"])
        self.reads = Reads()
        self._kinds: dict[str, frozenset[str]] = {}
        self._intervals: dict[tuple[str, str], tuple[int, Intervals]] = {}
        self.logs = dict(logs) if logs is not None else self._begun(ends)

    def __contains__(self, name: str) -> bool:
        """Whether a name is read here, and not of the person as it was at the start."""
        if asked(name) is not None:
            return True
        if name == "conditions" or name.startswith(("condition.", "code.")):
            return CONDITION in self.logs
        return name in self.sources.circumstances or name.removeprefix(MEASURED) in self.sources.read

    def read(self, name: str, row: NDArray[np.intp], minute: Minutes, rank: int) -> Any:
        """What a name is of each row at each moment, before what happens there."""
        self._decide(self._kinds_of(name))
        if name == "conditions":
            return Diagnosed(_Noting(self), row, minute, rank)
        return self.reads.note(name, row, minute, rank, self._read(name, row, minute, rank))

    def stale(self, some: NDArray[np.bool_]) -> Iterator[NDArray[np.intp]]:
        """Rows, among some, that read something else than what is known now."""
        return self.reads.stale(some, self._read)

    def _read(self, name: str, row: NDArray[np.intp], minute: Minutes, rank: int) -> Any:
        if name.startswith(KNOWN):
            return self.logs[CONDITION].holds(name, row, minute, rank)
        parts = asked(name)
        if parts is not None:
            return _READ[parts[0]](self, parts[1], row, minute, rank)
        if name.removeprefix(MEASURED) in self.sources.read:
            return self._measure(name, row, minute, rank)
        space, _, rest = name.partition(".")
        if space == "condition":
            return self.logs[CONDITION].holds(f"{KNOWN}{rest}", row, minute, rank)
        if space == "code":
            return self.logs[CONDITION].latest(f"{KNOWN}{rest}", "name", row, minute, rank)
        return self._holds(CIRCUMSTANCE, name, row, minute, rank)

    def _kinds_of(self, name: str) -> frozenset[str]:
        """Of what records a name is read."""
        if name not in self._kinds:
            plain, parts = name.removeprefix(MEASURED), asked(name)
            if parts is not None:
                self._kinds[name] = frozenset([CONDITION if parts[0] in OF_CONDITIONS else TREATMENT])
            elif plain in self.sources.read:
                self._kinds[name] = frozenset(kind for kind, _ in self.sources.measures.causes(plain))
            else:
                self._kinds[name] = frozenset([CIRCUMSTANCE if name in self.sources.circumstances else CONDITION])
        return self._kinds[name]

    @functools.cached_property
    def levels(self) -> Mapping[str, NDArray[np.float64]]:
        """The levels of all measures that are read or asked for, of everybody."""
        return self.sources.measures.levels(
            self.people, self.person_id, self.seed, self.sources.read | self.sources.asked
        )

    def measured(self, name: str, row: NDArray[np.intp], minute: Minutes) -> NDArray[np.float64]:
        """What is measured of a measure after all that has happened; NaN where nobody declares it or said to ask."""
        if name not in self.sources.read | self.sources.asked:
            return np.full(len(row), np.nan)
        return self.sources.measures.measured(name, self, self.levels, row, minute)

    def true(self, name: str, row: NDArray[np.intp], minute: Minutes) -> NDArray[np.float64]:
        """What a measure that is read or asked for truly is."""
        return self.sources.measures.true(name, self, self.levels, row, minute)

    def intervals(self, kind: str, name: str) -> Intervals:
        """When something held, of everybody."""
        log = self.logs.get(kind)
        if log is None:
            return _NEVER
        known = self._intervals.get((kind, name))
        if known is None or known[0] != log.version:
            known = self._intervals[kind, name] = log.version, log.intervals(name)
        return known[1]

    def _measure(self, name: str, row: NDArray[np.intp], minute: Minutes, rank: int) -> NDArray[np.float64]:
        measures, plain = self.sources.measures, name.removeprefix(MEASURED)
        for kind, cause in measures.causes(plain):
            if kind in self.logs:
                self.logs[kind].ask_of(cause, row, minute, rank)
        asked_of = measures.measured if name.startswith(MEASURED) else measures.true
        return asked_of(plain, self, self.levels, row, minute)

    def change(
        self,
        kind: str,
        rank: int | NDArray[np.int64],
        row: NDArray[np.intp],
        minute: Minutes,
        given: Mapping[str, Any],
        bounds: tuple[Bound, ...] = (),
    ) -> NDArray[np.intp]:
        """Keep what events have begun or ended, and what that hangs on.

        Returns:
            Rows of which it was read, as of a later moment, before this was known.
        """
        if kind not in self.logs:
            return row[:0]
        return self.logs[kind].add(
            rank if isinstance(rank, int) else int(rank[0]), self._part(rank, row, minute, given, bounds)
        )

    def say(
        self, said: Said, rank: int, row: NDArray[np.intp], minute: Minutes, bounds: tuple[Bound, ...] = ()
    ) -> NDArray[np.intp]:
        """Keep what an event says itself that it begins or ends; as `change`."""
        given = {"name": said.name, "stops": said.stops, "known": False}
        return self.change(said.kind, rank, row, minute, given, bounds)

    @property
    def records(self) -> list[Log]:
        """All that is known."""
        return [log for _, log in sorted(self.logs.items())]

    def replace(self, gone: NDArray[np.bool_], other: State, rows: NDArray[np.intp], ends: Ends) -> None:
        """Take what is known of some rows elsewhere in place of what is known here; as `Records.replace`."""
        for kind, log in self.logs.items():
            log.replace(gone, other.logs[kind], rows, ends)

    def take_of(self, other: State, place: NDArray[np.intp], ends: Ends) -> None:
        """Take over what another state knows of some rows; `place` is the row here of each of its rows, -1 for none."""
        self.logs = {kind: log.taken(place, ends.rows, ends) for kind, log in other.logs.items()}

    def decide(self, rows: NDArray[np.intp], changed: Sequence[Changed]) -> NDArray[np.intp]:
        """Keep what is decided of some rows in place of what was decided of them before.

        Returns:
            Rows of which something else was read.
        """
        misled = [rows[:0]]
        for kind, log in self.logs.items():
            parts = [self._part(one.rank, one.row, one.minute, one.given) for one in changed if one.kind == kind]
            misled.append(log.decide(rows, parts))
        return np.concatenate(misled)

    def _part(
        self,
        rank: int | NDArray[np.int64],
        row: NDArray[np.intp],
        minute: Minutes,
        given: Mapping[str, Any],
        bounds: tuple[Bound, ...] = (),
    ) -> Part:
        columns = Columns({**_COLUMNS, **given}, len(row))
        days = np.asarray(columns["days"], np.float64)
        lasts = np.isnan(days)
        until = np.where(lasts, NEVER, minute + np.where(lasts, 0, np.rint(days * DAY)).astype(np.int64))
        kept = columns.assign(until=until).select([*_COLUMNS, "name", "until"])
        return Part(packed(row, minute, rank), kept, bounds).take(np.flatnonzero(~columns.text("name").is_null()))

    def _begun(self, ends: Ends) -> dict[str, Log]:
        matching: dict[str, Callable[[str], Matching]] = {
            **_MATCHING,
            CONDITION: functools.partial(_coded, rules=self.sources.codes),
        }
        logs = {kind: Log(ends.rows, ends, matching[kind]) for kind in self.sources.kinds}
        if CONDITION in logs:
            for name in self.people:
                if name.startswith("onset."):
                    logs[CONDITION].keep(_FROM_THE_START, self._of_profile(name.removeprefix("onset.")))
        return logs

    def _of_profile(self, category: str) -> Part:
        row = np.flatnonzero(np.asarray(self.people[f"condition.{category}"]))
        code, onset = self.people[f"code.{category}"], np.asarray(self.people[f"onset.{category}"])[row]
        assert isinstance(code, Text)
        begin = minutes(np.where(np.isnat(onset), np.datetime64("1970-01-01"), onset))
        columns = Columns(
            {**_COLUMNS, "name": code[row].or_else(category), "until": np.full(len(row), NEVER), "before": True},
            len(row),
        )
        return Part(packed(row, begin, 0), columns)

    def _holds(self, kind: str, name: str, row: NDArray[np.intp], minute: Minutes, rank: int) -> NDArray[np.bool_]:
        log = self.logs.get(kind)
        return np.zeros(len(row), bool) if log is None else log.holds(name, row, minute, rank)

    def _has(self, code: str, row: NDArray[np.intp], minute: Minutes, rank: int) -> NDArray[np.bool_]:
        if CONDITION not in self.logs:
            return np.asarray(self._conditions(row).map(_begins_with(code), bool, False))
        return self.logs[CONDITION].holds(code, row, minute, rank)

    def _since(self, code: str, row: NDArray[np.intp], minute: Minutes, rank: int) -> NDArray[np.float64]:
        return self.logs[CONDITION].since(code, row, minute, rank)

    def _stage(self, code: str, row: NDArray[np.intp], minute: Minutes, rank: int) -> Text:
        of_code = self.sources.stages[code]
        codes = self.logs[CONDITION].latest(code, "name", row, minute, rank)
        assert isinstance(codes, Text)
        return codes.recode(of_code.get)

    def _on(self, name: str, row: NDArray[np.intp], minute: Minutes, rank: int) -> NDArray[np.bool_]:
        return self._holds(TREATMENT, name, row, minute, rank)

    def _dose(self, name: str, row: NDArray[np.intp], minute: Minutes, rank: int) -> Any:
        log = self.logs.get(TREATMENT)
        return np.full(len(row), np.nan) if log is None else log.latest(name, "dose", row, minute, rank)

    def _days_covered(self, name: str, row: NDArray[np.intp], minute: Minutes, rank: int) -> NDArray[np.float64]:
        log = self.logs.get(TREATMENT)
        return np.zeros(len(row)) if log is None else log.days_covered(name, row, minute, rank)

    def _conditions(self, row: NDArray[np.intp]) -> Text:
        conditions = self.people["conditions"]
        assert isinstance(conditions, Text)
        return conditions[row]


class _Noting:
    """Records of conditions whose reading is noted."""

    def __init__(self, state: State) -> None:
        self._state, self._log = state, state.logs[CONDITION]

    def holds(self, name: str, row: NDArray[np.intp], minute: Minutes, rank: int) -> NDArray[np.bool_]:
        held = self._log.holds(name, row, minute, rank)
        return np.asarray(self._state.reads.note(name, row, minute, rank, held))

    def sorted(self) -> tuple[NDArray[np.int64], Columns]:
        return self._log.sorted()


def _begins_with(code: str) -> Callable[[str], bool]:
    return lambda words: any(word.startswith(code) for word in words.split())


def _coded(name: str, rules: Sequence[CodeByState]) -> Matching:
    known, code = name.startswith(KNOWN), name.removeprefix(KNOWN)
    stems = alike(code, rules)

    def matching(columns: Columns) -> NDArray[np.bool_]:
        names, stops = columns.text("name"), np.asarray(columns["stops"])
        named = names.map(lambda said: said.startswith(stems), bool, False)
        if stops.any():  # what ends E11 ends E11.9
            named |= stops & names.map(lambda said: code.startswith(said), bool, False)
        return np.asarray(named & (np.asarray(columns["known"]) if known else True))

    return matching


def _drug(name: str) -> Matching:
    wanted = drug_key(name)

    def matching(columns: Columns) -> NDArray[np.bool_]:
        said = (columns.text(name).map(lambda word: drug_key(word) == wanted, bool, False) for name in _WORDS)
        return np.asarray(np.logical_or.reduce([*said]))

    return matching


def _named(name: str) -> Matching:
    def matching(columns: Columns) -> NDArray[np.bool_]:
        return np.asarray(columns.text("name") == name)

    return matching


_MATCHING: Mapping[str, Callable[[str], Matching]] = {
    TREATMENT: _drug, "order": _drug, CIRCUMSTANCE: _named,
}  # fmt: skip
_READ: Mapping[str, Callable[..., Any]] = {
    "has": State._has, "since": State._since, "stage": State._stage,
    "on": State._on, "dose": State._dose, "days_covered": State._days_covered,
}  # fmt: skip
