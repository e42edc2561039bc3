"""Plans of benefits as arrays: which amount counts in which year, what completes a term, where something counts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from healthsim_core.benefits.plans import NO_LIMIT, Plans

KINDS: dict[str, Any] = {"primary": {}, "pharmacy": {"Commercial": {"copay": 11}}, "insulin": {}}


def of(side: Any = None, **entries: Any) -> Plans:
    """The plans of one Commercial plan."""
    return Plans.of({"Gold": {"coverage_type": "Commercial", "in": side or {}, **entries}}, KINDS)


def copay(plans: Plans, year: int, kind: str = "primary", network: int = 0, tier: int = 0) -> int:
    term = plans.term[0, network, plans.kinds.index(kind), tier]
    return int(plans.terms.copay[term, plans.year(np.array([year]))[0]])


def limit(plans: Plans, name: str, year: int, level: int = 0, bucket: int = 0) -> int:
    return int(getattr(plans.buckets, name)[bucket, plans.year(np.array([year]))[0], level])


@pytest.mark.parametrize(
    ("year", "cents"),
    [(1950, 1000), (2024, 1000), (2025, 1000), (2026, 2000), (2029, 2000), (2030, 3050), (2199, 3050)],
)
def test_the_amount_of_the_latest_year_stated_that_has_begun_counts_else_that_of_the_first(year, cents):
    by_year = {"2030": 30.5, "2025": 10, "2026": 20}

    assert copay(of({"services": {"primary": {"copay": by_year}}}), year) == cents


def test_amounts_of_one_year_do_not_reach_into_those_that_state_others():
    services = {"primary": {"copay": {"2025": 10}}, "insulin": {"copay": {"2020": 1, "2040": 4}}}
    plans = of({"services": services})

    assert [copay(plans, year) for year in (2019, 2030, 2050)] == [1000, 1000, 1000]
    assert [copay(plans, year, "insulin") for year in (2019, 2030, 2050)] == [100, 100, 400]


def test_a_limit_may_end_with_a_year():
    plans = of({"out_of_pocket": {"individual": {"2025": 900, "2026": None}}})

    assert (limit(plans, "out_of_pocket", 2025), limit(plans, "out_of_pocket", 2026)) == (90_000, NO_LIMIT)


def test_what_is_not_stated_is_no_deductible_and_no_limit():
    plans = of()

    assert [limit(plans, "deductible", 2025, level) for level in (0, 1)] == [0, NO_LIMIT]
    assert [limit(plans, "out_of_pocket", 2025, level) for level in (0, 1)] == [NO_LIMIT, NO_LIMIT]


def test_a_kind_that_a_plan_does_not_name_takes_the_usual_terms_of_its_coverage_type_else_is_not_covered():
    plans = of()

    covered = plans.terms.covered[plans.term[0, 0, :, 0]].tolist()

    assert dict(zip(plans.kinds, covered, strict=True)) == {"primary": False, "pharmacy": True, "insulin": False}
    assert copay(plans, 2025, "pharmacy") == 1100


def test_a_tier_completes_the_terms_of_its_kind():
    plans = of(
        {"services": {"pharmacy": {"per": "month", "deductible": True, "copay": 5, "tiers": {"2": {"copay": 9}}}}}
    )

    second = plans.term[0, 0, plans.kinds.index("pharmacy"), 2]

    assert [copay(plans, 2025, "pharmacy", tier=tier) for tier in (1, 2, 3)] == [500, 900, 500]
    assert plans.terms.deductible[second]


def test_a_share_of_nothing_is_nothing():
    plans = of({"services": {"insulin": {"copay": 35, "most": 0}}})

    assert plans.terms.most[plans.term[0, 0, plans.kinds.index("insulin"), 0]] == 0


def test_out_of_network_is_as_in_network_where_the_plan_leaves_it_out():
    plans = of({"services": {"primary": {"copay": 20}}})

    assert copay(plans, 2025, network=1) == 2000


DRUGS = {"services": ["pharmacy"], "deductible": {"individual": 150}}


@pytest.mark.parametrize("unsaid", [{}, {"out_of_pocket": None}])
def test_what_is_apart_with_a_deductible_alone_shares_the_limit_of_its_network(unsaid):
    plans = of(apart={"drugs": {**DRUGS, **unsaid}})
    pharmacy = plans.kinds.index("pharmacy")

    deductible, most = plans.deductible_bucket[0, :, pharmacy], plans.limit_bucket[0, :, pharmacy]

    assert [plans.buckets.benefit[bucket] for bucket in deductible] == ["drugs", "drugs"]
    assert [plans.buckets.benefit[bucket] for bucket in most] == ["plan", "plan"]
    assert plans.buckets.network[most].tolist() == [0, 1]
