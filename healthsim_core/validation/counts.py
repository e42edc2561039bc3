"""What validation needs of each chunk: whole numbers, so that their sum is the same for any chunking."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

import attrs
import numpy as np
from numpy.typing import NDArray

from healthsim_core.draws import Floats

CELLS = 32  # of equal probability, into which a distribution is cut
Count: TypeAlias = int | np.integer[Any] | np.bool_  # numpy's stubs say that a sum of booleans is one
Scores: TypeAlias = tuple[float, ...]


@attrs.define
class Tallies:
    """What was counted; `where` is a path in the specification, an event's path, or the name of a table.

    Attributes:
        proportions: (where, what, stated probability) to [times it was so, times it could have been].
        shapes: (where, what, scores) to rows in each of `CELLS` cells that are alike if what is stated is true. Scores
            are the stated distribution's value in the middle of each cell, or none where it differs from row to row.
        violations: (where, what) to [rows that break a rule without exception, rows that it was asked of].
        met: Keys of the tables without a person that something names, by table.
        notes: What a user should know of the run, to [how often it was so, how often it could have been];
            0 where that says nothing.
    """

    proportions: dict[tuple[str, str, float], list[int]] = attrs.field(factory=dict)
    shapes: dict[tuple[str, str, Scores], NDArray[np.int64]] = attrs.field(factory=dict)
    violations: dict[tuple[str, str], list[int]] = attrs.field(factory=dict)
    notes: dict[str, list[int]] = attrs.field(factory=dict)
    met: dict[str, set[str]] = attrs.field(factory=dict)

    def proportion(self, where: str, what: str, stated: float, successes: Count, trials: Count) -> None:
        """Count something stated as a probability."""
        _add(self.proportions, (where, what, float(stated)), int(successes), int(trials))

    def shape(self, where: str, what: str, uniforms: Floats, scores: Scores = ()) -> None:
        """Count values that are uniform in 0..1 if what is stated is true."""
        cells = np.minimum((uniforms * CELLS).astype(np.intp), CELLS - 1)
        counts, key = np.bincount(cells, minlength=CELLS), (where, what, scores)
        before = self.shapes.get(key)
        self.shapes[key] = counts if before is None else before + counts

    def violation(self, where: str, what: str, rows: Count, among: Count) -> None:
        """Count rows that break a rule; none is a count too, so that the rule is seen to have been checked."""
        _add(self.violations, (where, what), int(rows), int(among))

    def note(self, text: str, count: Count, among: Count = 0) -> None:
        """Count what a user should know of."""
        _add(self.notes, text, int(count), int(among))

    def meet(self, keys: Mapping[str, Iterable[str]]) -> None:
        """Take note of keys that are named, by the table that has them."""
        for name, met in keys.items():
            self.met.setdefault(name, set()).update(met)

    @property
    def told(self) -> tuple[str, ...]:
        """The notes, a line each; what never was so is left out."""
        return tuple(
            f"{text}: {count:,}" + (f" of {among:,}" if among else "")
            for text, (count, among) in sorted(self.notes.items())
            if count
        )

    def add(self, other: Tallies) -> None:
        """Add another chunk's."""
        for key, counts in other.proportions.items():
            _add(self.proportions, key, *counts)
        for rule, rows in other.violations.items():
            _add(self.violations, rule, *rows)
        self.meet(other.met)
        for text, times in other.notes.items():
            _add(self.notes, text, *times)
        for cells, shape in other.shapes.items():
            before = self.shapes.get(cells)
            self.shapes[cells] = shape if before is None else before + shape

    def document(self) -> dict[str, Any]:
        """The counts as plain JSON."""
        return {
            "proportions": [[*key, *counts] for key, counts in self.proportions.items()],
            "shapes": [[*key, counts.tolist()] for key, counts in self.shapes.items()],
            "violations": [[*key, *counts] for key, counts in self.violations.items()],
            "notes": [[text, *counts] for text, counts in self.notes.items()],
            "met": {name: sorted(keys) for name, keys in self.met.items()},
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Tallies:
        """The counts that `document` gave."""
        return cls(
            {(where, what, stated): [so, asked] for where, what, stated, so, asked in document["proportions"]},
            {
                (where, what, tuple(scores)): np.array(cells, np.int64)
                for where, what, scores, cells in document["shapes"]
            },
            {(where, what): [wrong, among] for where, what, wrong, among in document["violations"]},
            {text: [count, among] for text, count, among in document["notes"]},
            {name: set(keys) for name, keys in document["met"].items()},
        )


def _add(into: dict[Any, list[int]], key: Any, first: int, second: int) -> None:
    counts = into.setdefault(key, [0, 0])
    counts[0] += first
    counts[1] += second
