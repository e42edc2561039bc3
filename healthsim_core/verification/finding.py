"""What `verify` finds: one thing that was checked, and all of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs

SHOWN = 20


@attrs.frozen
class Finding:
    """One thing that was checked.

    Attributes:
        where: A table, a format and its kind of record, or a file.
        what: What must hold.
        rows: How many rows were looked at.
        wrong: How many of them are wrong.
        example: One of them.
        unread: Whether it was not checked at all, and `what` says which field, and why not.
    """

    where: str
    what: str
    rows: int
    wrong: int
    example: str = ""
    unread: bool = False

    def with_more(self, other: Finding) -> Finding:
        """The same, with what was found of another part."""
        rows, wrong = self.rows + other.rows, self.wrong + other.wrong
        return attrs.evolve(self, rows=rows, wrong=wrong, example=self.example or other.example)

    def __str__(self) -> str:
        mark = "not compared" if self.unread else "ok  " if not self.wrong else "FAIL"
        return f"{mark} {self.where}: {self.what} ({self.rows:,})" + (
            f": {self.wrong:,} wrong{self.example}" if self.wrong else ""
        )


def such_as(mistakes: Sequence[str]) -> str:
    """The first of what is wrong, as an example; empty where nothing is."""
    return f", such as {mistakes[0]}" if mistakes else ""


@attrs.frozen
class Verification:
    """Everything that was checked."""

    findings: tuple[Finding, ...]

    @property
    def passed(self) -> bool:
        """Whether nothing is wrong."""
        return not any(finding.wrong for finding in self.findings)

    def document(self) -> dict[str, Any]:
        """The findings as plain JSON."""
        return {"passed": self.passed, "findings": [attrs.asdict(finding) for finding in self.findings]}

    def __str__(self) -> str:
        bad = [finding for finding in self.findings if finding.wrong]
        checked = [finding for finding in self.findings if not finding.unread]
        rows = sum(finding.rows for finding in checked)
        head = (
            f"verified {rows:,} values in {len(checked)} checks: "
            f"{'all agree' if not bad else f'{len(bad)} checks FAILED'}"
        )
        places = dict.fromkeys(
            finding.where for finding in checked if finding.what.startswith(("agrees", "is sound", "files"))
        )
        shown = [str(finding) for finding in bad[:SHOWN]] if bad else [f"ok   {place}" for place in places]
        unread = [str(finding) for finding in self.findings if finding.unread]
        return "\n".join([head, *(f"  {line}" for line in (*shown, *unread))])
