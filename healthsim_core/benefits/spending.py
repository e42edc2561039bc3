"""What products hand to the ledger, and what it gives back: priced lines, reversals, and how they are shared."""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from healthsim_core.columns import Text

Cents = NDArray[np.int64]
Rows = NDArray[np.int64]

UNCOVERED = ("", "service", "maximum", "authorization")  # why a plan does not cover something


@attrs.frozen(eq=False, kw_only=True)
class PricedLines:
    """Lines that spend against coverages, as a product prices them; all arrays are (lines,).

    Attributes:
        claim: Id of the event that is the claim, fill or visit; its lines share it.
        number: 1 for the first line of a claim.
        row: The person's row in the chunk.
        coverage: Index of the span of coverage under which it is adjudicated.
        service: Day of service, `datetime64[D]`; its year is the plan year.
        moment: When it is adjudicated, `datetime64[s]`: a fill's own moment, midnight of the day a claim is paid.
        kind: Kind of service.
        tier: Tier of a drug, 1 to 9; 0 for none.
        network: 0 in, 1 out.
        allowed: Cents; of a line that is paid second, whatever the first leaves to the patient.
        units: How often a copay by the day or by the month is due, 1 or more.
        free: Whether nothing is due of it, such as prevention.
        unauthorized: Whether a penalty is due, where the plan states one.
        opens: Whether it begins a benefit period.
        after: Row among these lines of the line that another coverage pays before this one; -1 for none.
    """

    claim: NDArray[np.int64]
    number: NDArray[np.int64]
    row: NDArray[np.intp]
    coverage: Rows
    service: NDArray[np.datetime64]
    moment: NDArray[np.datetime64]
    kind: Text
    network: NDArray[np.int64]
    allowed: Cents
    tier: NDArray[np.int64] = attrs.field(default=attrs.Factory(lambda lines: lines._fill(0), takes_self=True))
    units: NDArray[np.int64] = attrs.field(default=attrs.Factory(lambda lines: lines._fill(1), takes_self=True))
    free: NDArray[np.bool_] = attrs.field(default=attrs.Factory(lambda lines: lines._no(), takes_self=True))
    unauthorized: NDArray[np.bool_] = attrs.field(default=attrs.Factory(lambda lines: lines._no(), takes_self=True))
    opens: NDArray[np.bool_] = attrs.field(default=attrs.Factory(lambda lines: ~lines._no(), takes_self=True))
    after: Rows = attrs.field(default=attrs.Factory(lambda lines: lines._fill(-1), takes_self=True))

    def __len__(self) -> int:
        return len(self.claim)

    def _fill(self, value: int) -> NDArray[np.int64]:
        return np.full(len(self.claim), value, np.int64)

    def _no(self) -> NDArray[np.bool_]:
        return np.zeros(len(self.claim), bool)


@attrs.frozen(eq=False, kw_only=True)
class Reversals:
    """Claims that are given back as a whole; all arrays are (reversals,).

    Attributes:
        id: Id of the event that reverses; of what no event reverses, the claim's own.
        claim: Id of the claim: one of the same product's lines.
        moment: When, `datetime64[s]`, after the claim's moment.
    """

    id: NDArray[np.int64] = attrs.field(factory=lambda: np.zeros(0, np.int64))
    claim: NDArray[np.int64] = attrs.field(factory=lambda: np.zeros(0, np.int64))
    moment: NDArray[np.datetime64] = attrs.field(factory=lambda: np.zeros(0, "datetime64[s]"))

    def __len__(self) -> int:
        return len(self.claim)


@attrs.frozen(eq=False)
class Spending:
    """What one handler spends of a chunk.

    Attributes:
        lines: The lines, in any order.
        reversals: What is given back.
        made: What the handler wants back beside its shares, such as what it has made of the events already.
        record: What a claim of it is called in the ledger: claim, fill, visit.
    """

    lines: PricedLines
    reversals: Reversals = attrs.field(factory=Reversals)
    made: Any = None
    record: str = "claim"


@attrs.frozen(eq=False)
class Shares:
    """How lines are shared, cents (lines,): allowed = paid + deductible + copay + coinsurance + not_covered.

    Attributes:
        allowed: The allowed amount; of a line that is paid second, what the first left.
        deductible: What the patient pays of a deductible.
        copay: What the patient pays as copay.
        coinsurance: What the patient pays as coinsurance.
        not_covered: What the plan does not cover, penalties among it.
        uncovered: Why, of two reasons that of the greater amount: index into `UNCOVERED`; 0 where nothing is not.
        deductible_to_date: The person's deductible that is met after the line.
        out_of_pocket_to_date: What the person has paid towards the limit after the line.
        deductible_met: What is met after it of the person's deductible, or of the family's where less is left of that.
        deductible_remaining: What is left of the same; -1 where the plan has none.
    """

    allowed: Cents
    deductible: Cents
    copay: Cents
    coinsurance: Cents
    not_covered: Cents
    uncovered: NDArray[np.int64]
    deductible_to_date: Cents
    out_of_pocket_to_date: Cents
    deductible_met: Cents
    deductible_remaining: Cents

    @property
    def patient(self) -> Cents:
        """What the patient pays."""
        return self.deductible + self.copay + self.coinsurance + self.not_covered

    @property
    def paid(self) -> Cents:
        """What the plan pays."""
        return self.allowed - self.patient

    def __getitem__(self, rows: NDArray[Any] | slice) -> Shares:
        return Shares(*(getattr(self, field.name)[rows] for field in attrs.fields(Shares)))
