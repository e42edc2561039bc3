"""Whether what was made is what was said: exact tests that know their sample size, corrected for their number."""

from __future__ import annotations

import html
from typing import Any

import attrs
import numpy as np
from scipy.special import bdtr, bdtrc, ndtr

from healthsim_core.generation.tallies import SCALE, Tallies

FALSE_ALARMS = 1e-4  # of a whole report: an honest run fails less than once in 10,000 seeds
SHOWN = 20


@attrs.frozen
class Check:
    """One check.

    Attributes:
        where: Path in the specification, or table.
        what: What was checked.
        passed: Whether it holds.
        expected: What was stated: a probability, or 0 rows.
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

    def __str__(self) -> str:
        mark = "ok  " if self.passed else "FAIL"
        if self.p_value is None:
            return f"{mark} {self.where}: {self.what}" + ("" if self.passed else f" ({self.observed:.0f} rows are not so)")
        found = f"stated {self.expected:.4g}, found {self.observed:.4g} of {self.rows:,} (p={self.p_value:.2g})"
        return f"{mark} {self.where}: {self.what}: {found}"


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
        """The checks that do not hold."""
        return tuple(check for check in self.checks if not check.passed)

    def document(self) -> dict[str, Any]:
        """The report as plain JSON."""
        return {"passed": self.passed, "mode": self.mode, "checks": [attrs.asdict(check) for check in self.checks]}

    def __str__(self) -> str:
        head = f"validation {'passed' if self.passed else 'FAILED'}: {len(self.checks)} checks, {len(self.failures)} failed"
        return "\n".join([head, *(f"  {check}" for check in self.failures[:SHOWN])])

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{'✓' if c.passed else '✗'}</td><td>{html.escape(c.where)}</td><td>{html.escape(c.what)}</td>"
            f"<td>{c.expected:.4g}</td><td>{c.observed:.4g}</td><td>{c.rows:,}</td></tr>"
            for c in sorted(self.checks, key=lambda check: check.passed)[: 5 * SHOWN]
        )
        head = "<tr><th></th><th>where</th><th>what</th><th>stated</th><th>found</th><th>of</th></tr>"
        return f"<p>{html.escape(str(self).splitlines()[0])}</p><table>{head}{rows}</table>"


def report(tallies: Tallies, mode: str) -> ValidationReport:
    """Test everything that was tallied.

    A proportion is tested by the exact binomial test; a continuous distribution by the mean of its probability integral
    transform (a mean of uniforms, whose tails are lighter than the normal's) and by the exact test of each tenth.
    Each test may fail with probability `FALSE_ALARMS` divided by the number of tests (Bonferroni).
    """
    tests = len(tallies.proportions) + len(tallies.means)
    limit = FALSE_ALARMS / max(tests, 1)
    checks = [_rule(where, what, rows) for (where, what), rows in tallies.violations.items()]
    checks += [_proportion(*key, so, asked, limit) for key, (so, asked) in tallies.proportions.items()]
    checks += [_mean(*key, total, count, limit) for key, (total, count) in tallies.means.items()]
    return ValidationReport(tuple(sorted(checks, key=lambda check: (check.where, check.what, check.expected))), mode)


def _rule(where: str, what: str, rows: int) -> Check:
    return Check(where, what, rows == 0, 0.0, float(rows), rows)


def _proportion(where: str, what: str, stated: float, successes: int, trials: int, limit: float) -> Check:
    p_value = _binomial(successes, trials, stated) if trials else 1.0
    observed = successes / trials if trials else stated
    return Check(where, what, p_value >= limit, stated, observed, trials, p_value)


def _binomial(successes: int, trials: int, stated: float) -> float:
    """Twice the smaller exact tail: never less than the chance of something as far away."""
    at_most = bdtr(successes, trials, stated)
    at_least = bdtrc(successes - 1, trials, stated) if successes else 1.0
    return float(min(1.0, 2 * min(at_most, at_least)))


def _mean(where: str, what: str, total: int, count: int, limit: float) -> Check:
    observed = total / SCALE / count if count else 0.5
    p_value = float(2 * ndtr(-abs(observed - 0.5) * np.sqrt(12 * count))) if count else 1.0
    return Check(where, what, p_value >= limit, 0.5, observed, count, p_value)
