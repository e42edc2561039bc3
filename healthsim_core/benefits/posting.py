"""The lines of all products together, with the terms of their plans, in the order in which they are posted."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING

import attrs
import numpy as np
from numpy.typing import NDArray

from healthsim_core.benefits.plans import BENEFIT_PERIOD, DAY, MONTH, Plans
from healthsim_core.benefits.spending import PricedLines, Spending
from healthsim_core.columns import Text
from healthsim_core.dates import whole_years

if TYPE_CHECKING:
    from healthsim_core.benefits.covered import Coverages

Cents = NDArray[np.int64]
Numbers = NDArray[np.int64]


@attrs.frozen(eq=False, kw_only=True)
class Posting:
    """Lines with their terms; all arrays but `families` are (lines,), amounts cents.

    Attributes:
        claim: Id of the claim.
        number: Number of the line within its claim.
        row: The person's row.
        holder: Row of who holds the coverage.
        coverage: Index of the span.
        moment: When it is posted.
        year: Plan year.
        deductible_bucket: Bucket of its deductible.
        limit_bucket: Bucket of what is paid out of pocket.
        place: Plan, network and kind of service as one number.
        allowed: The allowed amount; 0 until it is known of what is paid second.
        covered: Whether the plan covers the kind at all.
        applies: Whether the annual deductible does.
        copay: What the claim owes as a whole.
        flat: Whether that is the deductible of a stay.
        coinsurance: Thousandths.
        penalty: What the claim is fined.
        maximum: What the plan pays a year.
        after: Line that another coverage pays first; -1 for none.
        families: By span of coverage, whether several people share it.
    """

    claim: Numbers
    number: Numbers
    row: Numbers
    holder: Numbers
    coverage: Numbers
    moment: NDArray[np.datetime64]
    year: Numbers
    deductible_bucket: Numbers
    limit_bucket: Numbers
    place: Numbers
    allowed: Cents
    covered: NDArray[np.bool_]
    applies: NDArray[np.bool_]
    copay: Cents
    flat: NDArray[np.bool_]
    coinsurance: Cents
    penalty: Cents
    maximum: Cents
    after: Numbers
    families: NDArray[np.bool_]

    @classmethod
    def of(
        cls, spendings: Sequence[Spending], plans: Plans, coverages: Coverages, birth_date: NDArray[np.datetime64]
    ) -> Posting:
        """The lines of spendings, one after the other.

        Args:
            spendings: What products spend.
            plans: The plans.
            coverages: The spans of coverage.
            birth_date: By row of the chunk's people.
        """
        lines = _joined([spending.lines for spending in spendings])
        kind = np.concatenate([plans.kind(spending.lines.kind) for spending in spendings])
        row, coverage, network, service = lines.row, lines.coverage, lines.network, lines.service
        plan, year = coverages.plan[coverage], service.astype("datetime64[Y]").astype(np.int64) + 1970
        term, column, terms = plans.term[plan, network, kind, lines.tier], plans.year(year), plans.terms
        free = lines.free | (whole_years(birth_date[row], service) < plans.exempt_below_age[plan])
        return cls(
            claim=lines.claim, number=lines.number, row=row.astype(np.int64),
            holder=coverages.holder[coverage].astype(np.int64), coverage=coverage, moment=lines.moment, year=year,
            deductible_bucket=plans.deductible_bucket[plan, network, kind],
            limit_bucket=plans.limit_bucket[plan, network, kind],
            place=(plan * 2 + network) * len(plans.kinds) + kind,
            allowed=np.where(lines.after >= 0, 0, lines.allowed), covered=terms.covered[term],
            applies=terms.deductible[term] & ~free,
            copay=np.where(free, 0, _copay(plans, term, column, lines)),
            flat=terms.per[term] == BENEFIT_PERIOD, coinsurance=np.where(free, 0, terms.coinsurance[term]),
            penalty=terms.penalty[term, column] * lines.unauthorized,
            maximum=terms.maximum[term, column], after=lines.after, families=_families(coverages),
        )  # fmt: skip

    @functools.cached_property
    def first(self) -> Numbers:
        """By line, the one that is paid before all others for the same; itself, where it is."""
        return self._chain[0]

    @functools.cached_property
    def turn(self) -> Numbers:
        """By line, how many coverages pay before its own."""
        return self._chain[1]

    @functools.cached_property
    def _chain(self) -> tuple[Numbers, Numbers]:
        first, turn, before = np.arange(len(self.after)), np.zeros(len(self.after), np.int64), self.after.copy()
        while len(rows := np.flatnonzero(before >= 0)):
            first[rows] = before[rows]
            turn[rows] += 1
            before[rows] = self.after[before[rows]]
        return first, turn

    def take(self, order: NDArray[np.intp]) -> Posting:
        """The lines in another order; `after` goes on to mean lines of the old one."""
        parts = {f.name: getattr(self, f.name) for f in attrs.fields(Posting)}
        return Posting(**{name: part if name == "families" else part[order] for name, part in parts.items()})


def _joined(parts: Sequence[PricedLines]) -> PricedLines:
    """The lines one part after the other, but for their kinds of service."""
    named = {field.name: [getattr(part, field.name) for part in parts] for field in attrs.fields(PricedLines)}
    starts = np.cumsum([0, *map(len, parts)])
    after = [np.where(rows >= 0, rows + start, -1) for rows, start in zip(named["after"], starts, strict=False)]
    moments = [moment.astype("datetime64[s]") for moment in named["moment"]]
    columns = {name: np.concatenate(arrays) for name, arrays in named.items() if name != "kind"}
    joined = {**columns, "after": np.concatenate(after), "moment": np.concatenate(moments)}
    return PricedLines(kind=Text.constant(None, int(starts[-1])), **joined)


def _copay(plans: Plans, term: Numbers, column: NDArray[np.intp], lines: PricedLines) -> Cents:
    terms = plans.terms
    per, most = terms.per[term], terms.most[term]
    days = np.where(per == DAY, np.minimum(lines.units, terms.days[term]), np.where(per == MONTH, lines.units, 1))
    copay = terms.copay[term, column] * np.where(per == BENEFIT_PERIOD, lines.opens, days)
    return np.where(most < 1000, np.minimum(copay, (lines.allowed * most + 500) // 1000), copay)


def _families(coverages: Coverages) -> NDArray[np.bool_]:
    """By span, whether somebody else is covered by the same holder too."""
    if not len(coverages.row):
        return np.zeros(0, bool)
    person = np.unique(coverages.holder.astype(np.int64) * (int(coverages.row.max()) + 1) + coverages.row)
    several = np.bincount(person // (int(coverages.row.max()) + 1), minlength=int(coverages.holder.max()) + 1) > 1
    return np.asarray(several[coverages.holder])
