"""Cost sharing from zero, one line at a time in plain Python: it reads plans as they are written, and shares with the
product nothing but plans, spans of coverage and priced lines."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

INFINITE = 10**15


class Line(NamedTuple):
    """A priced line: who, under which span, what, when, cents."""

    claim: int
    number: int
    person: int
    span: int
    service: datetime.date
    moment: datetime.datetime
    kind: str
    tier: int
    network: str
    allowed: int
    units: int = 1
    free: bool = False
    unauthorized: bool = False
    opens: bool = True
    after: int = -1


class Back(NamedTuple):
    """A claim that is given back."""

    id: int
    claim: int
    moment: datetime.datetime


class Span(NamedTuple):
    """A span of coverage: whose, by which plan, held by whom."""

    person: int
    plan: int
    holder: int


class Share(NamedTuple):
    """What becomes of a line, cents."""

    allowed: int
    deductible: int
    copay: int
    coinsurance: int
    not_covered: int
    uncovered: int
    deductible_to_date: int
    out_of_pocket_to_date: int
    deductible_met: int
    deductible_remaining: int


class PlainLedger:
    """The ledger as a loop.

    Args:
        plans: Designs, in the order of the spans' numbers.
        usual: By kind of service and coverage type, what plans that do not name the kind say of it.
        spans: The spans of coverage.
        born: Birth dates by person.
        self_only: What one person pays at most under plans of the rule "aca", by year.
    """

    def __init__(
        self,
        plans: Sequence[Mapping[str, Any]],
        usual: Mapping[str, Mapping[str, Any]],
        spans: Sequence[Span],
        born: Mapping[int, datetime.date],
        self_only: Any = None,
    ) -> None:
        self.plans, self.usual, self.spans, self.born, self.self_only = plans, usual, spans, born, self_only
        self.used: dict[Any, int] = defaultdict(int)
        self.owed: dict[Any, int] = {}
        self.people: dict[int, set[int]] = defaultdict(set)
        for span in spans:
            self.people[span.holder].add(span.person)

    def settle(self, lines: Sequence[Line], backs: Sequence[Back] = ()) -> tuple[list[Share], dict[int, list[Any]]]:
        """The share of every line, and by reversal's claim what the accumulators say after it."""
        posted: list[tuple[Any, int, Any]] = [
            ((line.moment, turn(lines, at), line.claim, line.number), at, None) for at, line in enumerate(lines)
        ]
        of_claim = defaultdict(list)
        for at, line in enumerate(lines):
            of_claim[line.claim].append(at)
        posted += [
            ((back.moment, turn(lines, at), back.id, lines[at].number), at, back)
            for back in backs
            for at in of_claim[back.claim]
        ]
        shares: dict[int, Share] = {}
        after: dict[int, list[Any]] = {}
        for _, at, back in sorted(posted, key=lambda entry: entry[0]):
            line = lines[at]
            if back is None:
                left = None
                if line.after >= 0:
                    first = shares[line.after]
                    left = first.deductible + first.copay + first.coinsurance + first.not_covered
                shares[at] = self.share(line, left)
            else:
                after[back.claim] = self.give_back(line, shares[at])
        return [shares[at] for at in range(len(lines))], after

    def share(self, line: Line, left: int | None) -> Share:
        """Share one line."""
        span = self.spans[line.span]
        design, year = self.plans[span.plan], line.service.year
        term = self.term(design, line)
        allowed = line.allowed if left is None else left
        benefit = allowed if term.get("covered", True) else 0
        free = line.free or self.age(line) < (design.get("exempt_below_age") or 0)
        deductible_at, limit_at = self.bucket(design, line, "deductible"), self.bucket(design, line, "out_of_pocket")
        room = min(self.room(span, limit_at, year, "out_of_pocket", level) for level in ("individual", "family"))
        deductible = 0
        if term.get("deductible") and not free:
            unmet = min(self.room(span, deductible_at, year, "deductible", level) for level in ("individual", "family"))
            deductible = min(benefit, unmet, room)
        rest, room = benefit - deductible, room - deductible
        key = (line.claim, span.holder, span.plan, limit_at)
        if line.number == 1:
            self.owed[key] = 0 if free else self.copay(design, term, line, allowed if left is None else line.allowed)
            self.owed["fine", key] = cents(term.get("penalty", 0), year) * line.unauthorized
        due = min(self.owed.get(key, 0), rest)
        self.owed[key] = self.owed.get(key, 0) - due
        copay = min(due, room)
        rest, room = rest - due, room - copay
        rate = 0 if free else round(1000 * term.get("coinsurance", 0))
        coinsurance = min((rest * rate + 500) // 1000, room)
        flat = copay if self.is_flat(design, line) else 0
        self.use(span, deductible_at, year, "deductible", deductible)
        self.use(span, limit_at, year, "out_of_pocket", deductible + copay + coinsurance)
        pays = benefit - deductible - copay - coinsurance
        fine = min(self.owed.get(("fine", key), 0), pays)
        self.owed["fine", key] = self.owed.get(("fine", key), 0) - fine
        beyond = self.beyond(design, term, line, pays - fine)
        uncovered = allowed - benefit + fine + beyond
        return Share(
            allowed, deductible + flat, copay - flat, coinsurance,
            uncovered, why_uncovered(allowed - benefit, beyond, fine),
            self.used[self.account(span, deductible_at, year, "deductible", "individual")],
            self.used[self.account(span, limit_at, year, "out_of_pocket", "individual")],
            *self.met(span, deductible_at, year),
        )  # fmt: skip

    def met(self, span: Span, bucket: str, year: int) -> tuple[int, int]:
        """What is met and left, of the person's deductible or the family's, whichever less is left of; the person's and
        -1 where there is none."""
        levels = ("individual", "family")
        used = [self.used[self.account(span, bucket, year, "deductible", level)] for level in levels]
        left = [self.room(span, bucket, year, "deductible", level) for level in levels]
        limits = [room + amount for room, amount in zip(left, used, strict=True)]
        met = used[0] if left[0] <= left[1] else used[1]
        return met, -1 if min(limits) <= 0 or min(limits) > INFINITE // 2 else min(left)

    def give_back(self, line: Line, share: Share) -> list[Any]:
        """Take a line out again; what the person's accumulators say then."""
        span = self.spans[line.span]
        design, year = self.plans[span.plan], line.service.year
        deductible_at, limit_at = self.bucket(design, line, "deductible"), self.bucket(design, line, "out_of_pocket")
        flat = share.deductible if self.is_flat(design, line) else 0
        self.use(span, deductible_at, year, "deductible", flat - share.deductible)
        paid = share.deductible + share.copay + share.coinsurance
        self.use(span, limit_at, year, "out_of_pocket", -paid)
        if "maximum" in self.term(design, line):
            self.used[self.paid_of(line)] -= share.allowed - paid - share.not_covered
        return [
            self.used[self.account(span, deductible_at, year, "deductible", "individual")],
            self.used[self.account(span, limit_at, year, "out_of_pocket", "individual")],
        ]

    def side(self, design: Mapping[str, Any], network: str) -> Mapping[str, Any]:
        side: Mapping[str, Any] = design[network] if design.get(network) else design["in"]
        return side

    def term(self, design: Mapping[str, Any], line: Line) -> Mapping[str, Any]:
        services = self.side(design, line.network).get("services", {})
        term = services.get(line.kind, self.usual[line.kind].get(design["coverage_type"], {"covered": False}))
        return {**term, **term.get("tiers", {}).get(str(line.tier), {})}

    def is_flat(self, design: Mapping[str, Any], line: Line) -> bool:
        by_side = line.kind == "inpatient" and bool(self.side(design, line.network).get("stay_deductible"))
        return by_side or self.term(design, line).get("per") == "benefit_period"

    def copay(self, design: Mapping[str, Any], term: Mapping[str, Any], line: Line, allowed: int) -> int:
        side, year = self.side(design, line.network), line.service.year
        if self.is_flat(design, line):
            return cents(side.get("stay_deductible") or term["copay"], year) * line.opens
        times = {"day": min(line.units, term.get("days", 366)), "month": line.units}.get(term.get("per", "visit"), 1)
        copay = cents(term.get("copay", 0), year) * times
        return min(copay, (allowed * round(1000 * term["most"]) + 500) // 1000) if "most" in term else copay

    def bucket(self, design: Mapping[str, Any], line: Line, limit: str) -> str:
        for name, part in (design.get("apart") or {}).items():
            if line.kind in part["services"] and limit in part:
                return f"apart {name}"
        return line.network

    def account(self, span: Span, bucket: str, year: int, limit: str, level: str) -> Any:
        whose = "family" if level == "family" else span.person
        return (span.holder, whose, span.plan, bucket, year, limit)

    def room(self, span: Span, bucket: str, year: int, limit: str, level: str) -> int:
        design, family = self.plans[span.plan], len(self.people[span.holder]) > 1
        if level == "family" and not family:
            return INFINITE
        part = design["apart"][bucket[6:]] if bucket.startswith("apart ") else self.side(design, bucket)
        stated = part.get(limit) or {}
        asked = "family" if stated.get("aggregate") and family else level
        unsaid = None if (limit, asked) != ("deductible", "individual") else 0
        most = cents(stated.get(asked, unsaid), year)
        if (limit, level) == ("out_of_pocket", "individual") and "aca" in design.get("rules", ()):
            most = min(most, cents(self.self_only, year))
        return most - self.used[self.account(span, bucket, year, limit, level)]

    def use(self, span: Span, bucket: str, year: int, limit: str, amount: int) -> None:
        for level in ("individual", "family"):
            self.used[self.account(span, bucket, year, limit, level)] += amount

    def beyond(self, design: Mapping[str, Any], term: Mapping[str, Any], line: Line, pays: int) -> int:
        if term.get("maximum") is None:
            return 0
        left = cents(term["maximum"], line.service.year) - self.used[self.paid_of(line)]
        beyond = max(pays - left, 0)
        self.used[self.paid_of(line)] += pays - beyond
        return beyond

    def paid_of(self, line: Line) -> Any:
        return ("paid", line.person, self.spans[line.span].plan, line.network, line.kind, line.service.year)

    def age(self, line: Line) -> int:
        born, day = self.born[line.person], line.service
        try:
            birthday = born.replace(year=day.year)
        except ValueError:  # born on 29 February
            birthday = datetime.date(day.year, 2, 28)
        return day.year - born.year - (day < birthday)


def turn(lines: Sequence[Line], at: int) -> int:
    """How many coverages pay before that of a line."""
    return 0 if lines[at].after < 0 else 1 + turn(lines, lines[at].after)


def why_uncovered(excluded: int, beyond: int, fine: int) -> int:
    """1 the service is excluded, 2 the year's maximum is reached, 3 it was not authorized; 0 nothing."""
    if excluded:
        return 1
    return 0 if not beyond + fine else 2 if beyond >= fine else 3


def cents(amount: Any, year: int) -> int:
    """An amount of a design in cents, of the latest year stated that has begun; None is no limit."""
    if isinstance(amount, Mapping):
        begun = [int(stated) for stated in amount if int(stated) <= year]
        amount = amount[str(max(begun))] if begun else amount[min(amount)]
    return INFINITE if amount is None else round(100 * amount)
