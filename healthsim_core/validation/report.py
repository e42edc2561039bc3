"""Whether what was made is what was said: tests that know their sample size, corrected for their number."""

from __future__ import annotations

import html
from collections.abc import Iterator
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from healthsim_core.portable import dot, ndtri
from healthsim_core.validation.counts import CELLS, Scores, Tallies
from healthsim_core.validation.significance import of_proportion, of_shape, of_total

FALSE_ALARMS = 1e-4  # of a whole report: an honest run fails less than once in 10,000 seeds
SHOWN = 20
_NOTHING = 1e-12  # what sums that cancel leave: other digits on every machine
_ALIKE = np.full(CELLS, 1 / CELLS)
_STANDARD = ndtri((np.arange(CELLS) + 0.5) / CELLS)
_PAIRS = CELLS // 2  # of cells: fewer cells see a shape sooner


@attrs.frozen
class Check:
    """One check.

    Attributes:
        where: Path in the specification, or table.
        what: What was checked.
        passed: Whether it holds.
        expected: What was stated: a probability, a mean or standard deviation, or 0 rows.
        observed: What was found.
        rows: How many could have been so.
        p_value: Chance of something as far from what is stated; None for rules without exception.
    """

    where: str
    what: str
    passed: bool
    expected: float
    observed: float
    rows: int
    p_value: float | None = None

    def document(self) -> dict[str, Any]:
        """The check as plain JSON, to as many digits as are the same on every machine."""
        p_value = None if self.p_value is None else _rounded(self.p_value, 4)
        return {
            **attrs.asdict(self),
            "expected": _rounded(self.expected, 9),
            "observed": _rounded(self.observed, 9),
            "p_value": p_value,
        }

    @property
    def found(self) -> str:
        """What was stated and what was found, in words."""
        if self.p_value is None:
            return "every row is so" if self.passed else f"{self.observed:,.0f} of {self.rows:,} rows are not so"
        return f"stated {self.expected:.5g}, found {self.observed:.5g} of {self.rows:,} (p={self.p_value:.2g})"

    def __str__(self) -> str:
        return f"{'ok  ' if self.passed else 'FAIL'} {self.where}: {self.what}: {self.found}"


@attrs.frozen
class ValidationReport:
    """All checks of a run.

    Attributes:
        checks: The checks, in a fixed order.
        mode: strict, warn or none.
    """

    checks: tuple[Check, ...]
    mode: str = "warn"

    @property
    def passed(self) -> bool:
        """Whether every check holds."""
        return all(check.passed for check in self.checks)

    @property
    def failures(self) -> tuple[Check, ...]:
        """The checks that do not hold, the least likely first."""
        return tuple(
            sorted((check for check in self.checks if not check.passed), key=lambda check: check.p_value or 0.0)
        )

    def document(self) -> dict[str, Any]:
        """The report as plain JSON."""
        return {"passed": self.passed, "mode": self.mode, "checks": [check.document() for check in self.checks]}

    def __str__(self) -> str:
        lines = [self._head(), *(f"  {check}" for check in self.failures[:SHOWN])]
        return "\n".join(lines + ([f"  and {len(self.failures) - SHOWN} more"] if len(self.failures) > SHOWN else []))

    def _head(self) -> str:
        if self.mode == "none":
            return "validation skipped"
        verdict = "passed" if self.passed else "FAILED"
        return f"validation {verdict}: {len(self.checks)} checks, {len(self.failures)} failed"

    def _repr_html_(self) -> str:
        ordered = [*self.failures, *(check for check in self.checks if check.passed)]
        rows = "".join(
            f"<tr><td>{'✓' if c.passed else '✗'}</td><td>{html.escape(c.where)}</td><td>{html.escape(c.what)}</td>"
            f"<td>{c.expected:.5g}</td><td>{c.observed:.5g}</td><td>{c.rows:,}</td>"
            f"<td>{'' if c.p_value is None else f'{c.p_value:.2g}'}</td></tr>"
            for c in ordered[: 5 * SHOWN]
        )
        head = "".join(f"<th>{name}</th>" for name in ("", "where", "what", "stated", "found", "of", "p"))
        more = f"<p>and {len(ordered) - 5 * SHOWN} more</p>" if len(ordered) > 5 * SHOWN else ""
        return f"<p>{html.escape(self._head())}</p><table><tr>{head}</tr>{rows}</table>{more}"


# scores of infinite values prove nothing, and say nothing
@np.errstate(over="ignore", invalid="ignore", divide="ignore")
def report(tallies: Tallies, mode: str) -> ValidationReport:
    """Test everything that was tallied.

    A proportion is tested by the exact binomial test. Of a distribution, every value has become the probability of
    less, which is uniform if what is stated is true, and is counted in cells that are alike; tested are the mean, the
    standard deviation, and the shape as a whole. Each test may fail with probability `FALSE_ALARMS` divided by the
    number of tests (Bonferroni).
    """
    tests = len(tallies.proportions) + 3 * len(tallies.shapes)
    limit = FALSE_ALARMS / max(tests, 1)
    checks = [
        Check(where, what, rows == 0, 0.0, float(rows), among)
        for (where, what), (rows, among) in tallies.violations.items()
    ]
    checks += [_proportion(*key, so, asked, limit) for key, (so, asked) in tallies.proportions.items()]
    checks += [check for key, counts in tallies.shapes.items() for check in _distribution(*key, counts, limit)]
    return ValidationReport(tuple(sorted(checks, key=lambda check: (check.where, check.what, check.expected))), mode)


def _rounded(value: float, digits: int) -> float:
    return float(f"{value:.{digits}g}") if abs(value) > _NOTHING else 0.0


def _proportion(where: str, what: str, stated: float, successes: int, trials: int, limit: float) -> Check:
    p_value = of_proportion(successes, trials, stated)
    return Check(where, what, p_value >= limit, stated, successes / trials if trials else stated, trials, p_value)


def _distribution(where: str, what: str, scores: Scores, counts: NDArray[np.int64], limit: float) -> Iterator[Check]:
    rows, value = int(counts.sum()), np.array(scores) if scores else _STANDARD
    shares = counts / rows if rows else _ALIKE
    unit = "" if scores else " (standard scores)"
    mean = dot(_ALIKE, value)
    p_value = of_total(counts, _ALIKE, value)
    yield Check(where, f"{what}: mean{unit}", p_value >= limit, mean, dot(shares, value), rows, p_value)
    squares = (value - mean) ** 2
    p_value = of_total(counts, _ALIKE, squares)
    spread = float(np.sqrt(dot(_ALIKE, squares))), float(np.sqrt(dot(shares, squares)))
    yield Check(where, f"{what}: spread{unit}", p_value >= limit, *spread, rows, p_value)
    p_value = of_shape(counts.reshape(_PAIRS, -1).sum(axis=1), np.full(_PAIRS, 1 / _PAIRS))
    astray = float(np.abs(shares.reshape(_PAIRS, -1).sum(axis=1) - 1 / _PAIRS).sum() / 2)
    yield Check(where, f"{what}: share out of place", p_value >= limit, 0.0, astray, rows, p_value)
