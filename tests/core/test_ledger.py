"""The ledger shares lines as a plain loop over them does."""

from __future__ import annotations

import datetime
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from healthsim_core.benefits.covered import Coverages
from healthsim_core.benefits.ledger import Ledger, settle, settled
from healthsim_core.benefits.movements import LIMIT_KINDS, books, movements, standing
from healthsim_core.benefits.plans import NETWORKS, Plans
from healthsim_core.benefits.spending import PricedLines, Reversals, Spending
from healthsim_core.columns import Text

sys.path.insert(0, str(Path(__file__).parents[1]))
from plain_ledger import Back, Line, PlainLedger, Share, Span

EMBEDDED = {
    "coverage_type": "Commercial",
    "rules": ["aca"],
    "in": {
        "deductible": {"individual": 500, "family": 800},
        "out_of_pocket": {"individual": {"2025": 900, "2026": 1100}, "family": 1700},
        "services": {
            "visit": {"copay": 25},
            "other": {"coinsurance": 0.2, "deductible": True, "penalty": 75},
            "inpatient": {"copay": 90, "per": "day", "days": 3, "coinsurance": 0.1, "deductible": True},
            "drug": {"deductible": True, "tiers": {"1": {"copay": 11.5, "per": "month"}, "2": {"coinsurance": 0.25}}},
            "insulin": {"copay": 35, "per": "month", "most": 0.25},
        },
    },
    "out": {
        "deductible": {"individual": 700, "family": 1000},
        "out_of_pocket": {"individual": None, "family": None},
        "services": {"visit": {"coinsurance": 0.4, "deductible": True}, "other": {"coinsurance": 0.35}},
    },
}
AGGREGATE = {
    "coverage_type": "Commercial",
    "rules": ["aca"],
    "exempt_below_age": 18,
    "in": {
        "deductible": {"individual": 400, "family": 900, "aggregate": True},
        "out_of_pocket": {"individual": 800, "family": 3000, "aggregate": True},
        "services": {
            name: {"coinsurance": 0.125, "deductible": True} for name in ("visit", "other", "inpatient", "drug")
        },
    },
}
APART = {
    "coverage_type": "Medicare",
    "individual": True,
    "in": {
        "deductible": {"individual": 257},
        "stay_deductible": {"2025": 676, "2026": 736},
        "services": {"visit": {"coinsurance": 0.2, "deductible": True}, "inpatient": {}, "vision": {"covered": False}},
    },
    "apart": {
        "drugs": {
            "services": ["drug", "insulin"],
            "deductible": {"individual": {"2025": 90, "2026": 115}},
            "out_of_pocket": {"individual": 300},
        }
    },
}
PLANS = {"Embedded": EMBEDDED, "Aggregate": AGGREGATE, "Apart": APART}
USUAL: dict[str, dict[str, Any]] = {
    "visit": {}, "other": {}, "inpatient": {}, "vision": {},
    "drug": {"Medicare": {"deductible": True, "coinsurance": 0.25}},
    "insulin": {"Medicare": {"copay": 35, "per": "month"}},
    "dental": {"Commercial": {"coinsurance": 0.5, "maximum": 200, "penalty": 20}},
}  # fmt: skip
SELF_ONLY = {"2025": 920, "2026": 1060}
BORN = [datetime.date(1980, 2, 29), datetime.date(2008, 6, 1), datetime.date(1950, 1, 1), datetime.date(1979, 3, 3)]
# a family of two plans, of which the last is a second for the first; a senior by herself
SPANS = [Span(0, 0, 0), Span(1, 0, 0), Span(0, 1, 0), Span(1, 1, 0), Span(2, 2, 2), Span(3, 0, 3), Span(3, 0, 0)]

a_line = st.builds(
    Line,
    claim=st.integers(1, 12),
    number=st.just(1),
    person=st.just(0),
    span=st.sampled_from(range(len(SPANS))),
    service=st.dates(datetime.date(2025, 10, 1), datetime.date(2026, 3, 31)),
    moment=st.datetimes(datetime.datetime(2026, 4, 1), datetime.datetime(2026, 4, 5)).map(
        lambda moment: moment.replace(minute=0, second=0, microsecond=0)
    ),
    kind=st.sampled_from(list(USUAL)),
    tier=st.integers(0, 2),
    network=st.sampled_from(["in", "out"]),
    allowed=st.one_of(st.integers(0, 3_000), st.integers(0, 90_000)),
    units=st.integers(1, 5),
    free=st.booleans(),
    unauthorized=st.booleans(),
    opens=st.booleans(),
    after=st.just(-1),
)


def claims_of(drawn: list[Line]) -> list[Line]:
    """Lines whose claims hold together: one span, day and moment a claim, its lines numbered."""
    first: dict[int, Line] = {}
    lines = []
    for line in drawn:
        head = first.setdefault(line.claim, line)
        number = 1 + sum(other.claim == line.claim for other in lines)
        lines.append(
            line._replace(
                number=number,
                person=SPANS[head.span].person,
                span=head.span,
                service=head.service,
                moment=head.moment,
                network=head.network,
                kind=head.kind,
                tier=head.tier,
            )
        )
    return lines


def backs_of(lines: list[Line], chosen: set[int]) -> list[Back]:
    moments = {line.claim: line.moment for line in lines}
    day = datetime.timedelta(days=1, hours=5)
    return [Back(1000 + claim, claim, moments[claim] + day) for claim in sorted(chosen & set(moments))]


def spans(count: int) -> Coverages:
    nothing = np.full(count, np.datetime64("NaT", "D"))
    words = Text.constant("", count)
    row, plan, holder = (np.array([span[at] for span in SPANS], np.int64) for at in range(3))
    ids = np.arange(count)
    return Coverages(
        row, ids, np.ones(count, np.int64), nothing, nothing, nothing, nothing, plan, words, holder, words, words
    )


def priced(lines: list[Line]) -> PricedLines:
    def column(name: str, kind: Any = np.int64) -> Any:
        return np.array([getattr(line, name) for line in lines], kind)

    return PricedLines(
        claim=column("claim"), number=column("number"), row=column("person"), coverage=column("span"),
        service=column("service", "datetime64[D]"), moment=column("moment", "datetime64[s]"),
        kind=Text.of([line.kind for line in lines]), tier=column("tier"),
        network=np.array([line.network == "out" for line in lines], np.int64), allowed=column("allowed"),
        units=column("units"), free=column("free", bool), unauthorized=column("unauthorized", bool),
        opens=column("opens", bool), after=column("after"),
    )  # fmt: skip


def posted(lines: list[Line], backs: list[Back]) -> Ledger:
    reversals = Reversals(
        id=np.array([back.id for back in backs], np.int64),
        claim=np.array([back.claim for back in backs], np.int64),
        moment=np.array([back.moment for back in backs], "datetime64[s]"),
    )
    plans = Plans.of(PLANS, USUAL, self_only=SELF_ONLY)
    born = np.array(BORN, "datetime64[D]")
    return settle([Spending(priced(lines), reversals)], plans, spans(len(SPANS)), born)


def plain() -> PlainLedger:
    return PlainLedger(list(PLANS.values()), USUAL, SPANS, dict(enumerate(BORN)), SELF_ONLY)


def shares_of(ledger: Ledger) -> list[Share]:
    given = next(iter(settled(ledger))).shares
    columns = [getattr(given, name).tolist() for name in Share._fields]
    return [Share(*row) for row in zip(*columns, strict=True)]


@settings(deadline=None, max_examples=200)
@given(st.lists(a_line, max_size=30).map(claims_of), st.sets(st.integers(1, 12), max_size=5))
def test_lines_are_shared_as_a_plain_loop_shares_them(lines: list[Line], reversed_claims: set[int]) -> None:
    backs = backs_of(lines, reversed_claims)
    shares, _ = plain().settle(lines, backs)
    assert shares_of(posted(lines, backs)) == shares


@settings(deadline=None, max_examples=200)
@given(st.lists(a_line, max_size=30).map(claims_of), st.sets(st.integers(1, 12), max_size=5))
def test_what_plans_pay_of_kinds_with_a_maximum_is_what_the_plain_loop_says(
    lines: list[Line], reversed_claims: set[int]
) -> None:
    loop, backs = plain(), backs_of(lines, reversed_claims)
    loop.settle(lines, backs)
    ledger = posted(lines, backs)
    limits, of = standing(ledger), books(ledger)
    at = limits.accumulator[limits.kind == LIMIT_KINDS.index("maximum")]
    used = limits.used[limits.kind == LIMIT_KINDS.index("maximum")].tolist()

    said = {key[1:3] + key[3:]: amount for key, amount in loop.used.items() if key[0] == "paid" and amount}
    keys = zip(
        of.row[at].tolist(), [SPANS[span].plan for span in of.coverage[at].tolist()],
        [NETWORKS[network] for network in of.network[at].tolist()], of.benefit[at].to_pylist(), of.year[at].tolist(),
        strict=True,
    )  # fmt: skip
    assert {key: amount for key, amount in zip(keys, used, strict=True) if amount} == said


@settings(deadline=None, max_examples=200)
@given(st.lists(a_line, max_size=30).map(claims_of), st.sets(st.integers(1, 12), max_size=5))
def test_every_balance_is_the_sum_of_the_movements_up_to_it(lines: list[Line], reversed_claims: set[int]) -> None:
    ledger = posted(lines, backs_of(lines, reversed_claims))
    moved, balances = movements(ledger), Counter()

    for accumulator, kind, amount, balance in zip(
        moved.accumulator.tolist(), moved.kind.tolist(), moved.amount.tolist(), moved.balance.tolist(), strict=True
    ):
        balances[accumulator, kind] += amount
        assert balances[accumulator, kind] == balance
    limits = standing(ledger)
    used = dict(
        zip(zip(limits.accumulator.tolist(), limits.kind.tolist(), strict=True), limits.used.tolist(), strict=True)
    )
    assert {key: amount for key, amount in balances.items() if amount} == {
        key: amount for key, amount in used.items() if amount
    }


@settings(deadline=None, max_examples=200)
@given(st.lists(a_line, min_size=1, max_size=30).map(claims_of), st.sets(st.integers(1, 12), min_size=1, max_size=5))
def test_after_a_reversal_accumulators_are_what_the_plain_loop_says(
    lines: list[Line], reversed_claims: set[int]
) -> None:
    backs = backs_of(lines, reversed_claims)
    _, after = plain().settle(lines, backs)
    given = next(iter(settled(posted(lines, backs))))
    pairs = zip(given.deductible_to_date.tolist(), given.out_of_pocket_to_date.tolist(), strict=True)
    assert [list(pair) for pair in pairs] == [after[back.claim] for back in backs]


@settings(deadline=None, max_examples=200)
@given(
    st.lists(a_line, max_size=15).map(claims_of), st.dictionaries(st.integers(1, 12), st.integers(0, 6)),
    st.integers(0, 1), st.sampled_from([-100, 100]),
)  # fmt: skip
def test_what_a_second_coverage_pays_is_what_the_first_has_left(
    lines: list[Line], span_of: dict[int, int], hours: int, id_further: int
) -> None:
    later = datetime.timedelta(hours=hours)
    seconds = [
        line._replace(claim=line.claim + id_further, span=span_of[line.claim], after=at, moment=line.moment + later)
        for at, line in enumerate(lines)
        if line.claim in span_of and SPANS[span_of[line.claim]].person == line.person
    ]
    everything = [*lines, *seconds]
    shares, _ = plain().settle(everything)
    assert shares_of(posted(everything, [])) == shares


def test_of_one_moment_the_first_coverage_pays_before_the_second_whatever_their_ids() -> None:
    (first,) = day_by_day((3, 10_000))
    second = first._replace(claim=first.claim - 1, span=6, after=0)
    given = shares_of(posted([first, second], []))
    left = given[0].deductible + given[0].copay + given[0].coinsurance + given[0].not_covered
    assert given[1].allowed == left > 0


def test_what_a_second_coverage_pays_happens_by_what_the_first_is_asked_for() -> None:
    (first,) = day_by_day((3, 10_000))
    ledger = posted([first, first._replace(claim=100, span=6, after=0)], [])
    assert ledger.events(np.arange(2)).tolist() == [first.claim, first.claim]


@settings(deadline=None, max_examples=200)
@given(st.lists(a_line, max_size=30).map(claims_of), st.sets(st.integers(1, 12), max_size=5))
def test_the_movements_of_an_accumulator_sum_to_what_is_used(lines: list[Line], reversed_claims: set[int]) -> None:
    ledger = posted(lines, backs_of(lines, reversed_claims))
    moved = movements(ledger)
    for kind, used in enumerate((ledger.accumulators.deductible, ledger.accumulators.out_of_pocket)):
        limit = (ledger.accumulators.deductible_limit, ledger.accumulators.out_of_pocket_limit)[kind]
        mine = moved.kind == kind
        sums = np.zeros(len(used), np.int64)
        np.add.at(sums, moved.accumulator[mine], moved.amount[mine])
        limited = (limit > 0) & (limit < 1 << 50)
        assert sums[limited].tolist() == used[limited].tolist()


@pytest.mark.parametrize("reversed_claims", [set(), {1, 2}])
def test_an_accumulator_never_passes_its_limit(reversed_claims: set[int]) -> None:
    day, moment = datetime.date(2026, 1, 5), datetime.datetime(2026, 2, 1)
    drawn = [Line(claim, 1, 0, claim % 2, day, moment, "other", 0, "in", 90_000) for claim in range(1, 9)]
    lines = claims_of(drawn)
    ledger = posted(lines, backs_of(lines, reversed_claims))
    every = ledger.accumulators
    assert ((every.out_of_pocket <= every.out_of_pocket_limit) & (every.deductible <= every.deductible_limit)).all()


def day_by_day(*spent: tuple[int, int], kind: str = "other") -> list[Line]:
    """A claim of one line a day under the first plan: person, cents."""
    day = datetime.datetime(2026, 2, 1)
    spans = {0: 0, 1: 1, 3: 5}
    return [
        Line(at, 1, person, spans[person], day.date(), day + datetime.timedelta(at), kind, 0, "in", allowed)
        for at, (person, allowed) in enumerate(spent, start=1)
    ]


def test_a_family_that_has_met_its_deductible_satisfies_its_members() -> None:
    shares = shares_of(posted(day_by_day((0, 50_000), (1, 50_000), (1, 10_000)), []))
    assert [share.deductible for share in shares] == [50_000, 30_000, 0]


def test_after_the_out_of_pocket_limit_the_plan_pays_all() -> None:
    shares = shares_of(posted(day_by_day((0, 300_000), (0, 300_000), (0, 300_000)), []))
    assert [share.deductible + share.coinsurance for share in shares] == [100_000, 6_000, 0]


def test_a_claim_owes_its_copay_once_and_carries_the_rest_to_its_next_line() -> None:
    first, second, third = day_by_day((0, 1_000), (0, 5_000), (0, 5_000), kind="visit")
    second = second._replace(claim=first.claim, number=2, moment=first.moment)
    shares = shares_of(posted([first, second, third], []))
    assert [share.copay for share in shares] == [1_000, 1_500, 2_500]


def test_families_do_not_touch_each_other() -> None:
    shares = shares_of(posted(day_by_day((0, 50_000), (3, 50_000), (1, 50_000)), []))
    assert [share.deductible for share in shares] == [50_000, 50_000, 30_000]
