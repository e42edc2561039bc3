"""Plans of benefits against what somebody knows of services, and against the laws that they say they keep."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from healthsim_core.benefits.law import bare_plans, kinds_of_service
from healthsim_core.benefits.plans import in_year
from healthsim_core.catalog import default_catalog
from healthsim_core.designs.checks import mistakes_of_plan
from healthsim_core.designs.known import offered_plan
from healthsim_core.spec import PlanSpecification

FREE_OF_DEDUCTIBLE = {"vaccine": {}, "insulin": {"copay": 35}}
MET = {"deductible": True, "coinsurance": 0.2}
SAVING: dict[str, Any] = {  # a plan that keeps both laws of 2024, 2025 and 2026
    "coverage_type": "Commercial", "kind": "commercial", "rules": ["aca", "hsa"],
    "in": {
        "deductible": {"individual": 3400, "family": 6800},
        "out_of_pocket": {"individual": 8050, "family": 16100},
        "services": {"primary": MET, "inpatient": MET, "pharmacy": MET, "insulin": {"copay": 35}, "vaccine": {},
                     "specialist": MET, "urgent": MET, "emergency": MET, "other": MET},
    },
}  # fmt: skip


def mistakes(services: Mapping[str, Any] | None = None, **changes: Any) -> list[tuple[str, str]]:
    """Path and what is wrong of every mistake of the saving plan, with other entries in network and elsewhere."""
    inside = {name: changes.pop(name) for name in ("deductible", "out_of_pocket") if name in changes}
    side = {**SAVING["in"], **inside, "services": {**SAVING["in"]["services"], **(services or {})}}
    plan = PlanSpecification.read({**SAVING, "in": side, **changes})
    return [(mistake.where, mistake.what) for mistake in mistakes_of_plan(plan, kinds_of_service())]


def test_a_plan_that_keeps_the_laws_of_every_year_has_no_mistakes():
    assert mistakes() == []


REFUSED = [
    ({"services": {"dentist": {}}}, "in.services.dentist", 'nobody knows a kind of service "dentist".'),
    ({"out": {"services": {"primry": {}}}, "rules": []}, "out.services.primry", 'nobody knows a kind of service "pr'),
    (
        {"apart": {"drugs": {"services": ["pharmcy"], "out_of_pocket": {"individual": 9}}}, "rules": []},
        "apart.drugs.services[0]",
        'nobody knows a kind of service "pharmcy".',
    ),
    (
        {"out_of_pocket": {"individual": 9300, "family": 18000}, "rules": ["aca"]},
        "in.out_of_pocket.individual",
        "one person may pay 9,300 dollars in 2025, and 45 CFR 156.130 allows 9,200.",
    ),
    (
        {"out_of_pocket": {"individual": 9000, "family": {"2026": 21300}}, "rules": ["aca"]},
        "in.out_of_pocket.family",
        "a family may pay 21,300 dollars in 2026, and 45 CFR 156.130 allows 21,200.",
    ),
    (
        {"out_of_pocket": {"individual": 9000}, "rules": ["aca"]},
        "in.out_of_pocket.family",
        "a family may pay without limit in 2024, and 45 CFR 156.130 allows 18,900.",
    ),
    (
        {
            "out_of_pocket": {"individual": 9000, "family": 18000},
            "apart": {"drugs": {"services": ["pharmacy"], "out_of_pocket": {"individual": 300, "family": 400}}},
            "rules": ["aca"],
        },
        "in.out_of_pocket.individual",
        "one person may pay 9,300 dollars in 2025 with what is apart, and 45 CFR 156.130 allows 9,200.",
    ),
    (
        {"out_of_pocket": {"individual": 8200, "family": 16100}},
        "in.out_of_pocket.individual",
        "one person may pay 8,200 dollars in 2024, and IRC 223(c)(2)(A)(ii) allows 8,050.",
    ),
    (
        {"deductible": {"individual": 1600, "family": 6800, "aggregate": True}},
        "in.deductible.individual",
        "the deductible of one person is 1,600 in 2025, and IRC 223(c)(2)(A)(i) asks for more.",
    ),
    (
        {"deductible": {"individual": 3400}},
        "in.deductible.family",
        "the deductible of a family is 0 in 2024, and IRC 223(c)(2)(A)(i) asks for more.",
    ),
    (
        {"deductible": {"individual": 3300, "family": 6600}},
        "in.deductible.individual",
        "one member of a family is done at 3,300 in 2026, below the least family deductible of 3,400.",
    ),
    ({"services": {"primary": {"copay": 20}}}, "in.services.primary", '"primary" is paid for before the deductible.'),
    (
        {"services": {"pharmacy": {"deductible": True, "tiers": {"2": {"copay": 9, "deductible": False}}}}},
        "in.services.pharmacy",
        '"pharmacy" of tier 2 is paid for before the deductible.',
    ),
    (
        {"apart": {"drugs": {"services": ["pharmacy", "insulin"], "deductible": {"individual": 150, "family": 9000}}}},
        "apart.drugs.deductible.individual",
        "the deductible of one person is 150 in 2024, and IRC 223(c)(2)(A)(i) asks for more.",
    ),
    (
        {"coverage_type": "Medicare", "kind": "medicare", "rules": ["aca"]},
        "rules[0]",
        '"aca" is a law of Commercial plans, and this one is of Medicare.',
    ),
]


@pytest.mark.parametrize(("changes", "where", "what"), REFUSED, ids=[f"{where}: {what}" for _, where, what in REFUSED])
def test_a_plan_that_breaks_a_law_or_names_no_service_is_told_once_at_its_entry(changes, where, what):
    ((found, said),) = mistakes(**changes)

    assert (found, said[: len(what)]) == (where, what)


def test_a_service_left_to_usual_terms_that_spare_the_deductible_is_no_hsa_plan():
    plan = PlanSpecification.read({**SAVING, "in": {**SAVING["in"], "services": {"primary": MET}}})

    told = [(mistake.where, mistake.what) for mistake in mistakes_of_plan(plan, kinds_of_service())]

    assert told == [
        (
            "in.services.pharmacy",
            '"pharmacy" of tier 1 is paid for before the deductible, by the usual terms of plans that do not name it.',
        )
    ]


def test_a_plan_of_each_member_alone_needs_no_family_limit():
    alone = {"individual": True, "deductible": {"individual": 1700}, "out_of_pocket": {"individual": 8050}}

    assert mistakes(**alone) == []


def test_a_limit_stated_from_a_year_on_is_held_against_that_year_and_those_after():
    assert mistakes(out_of_pocket={"individual": {"2026": 10600}, "family": {"2026": 21200}}, rules=["aca"]) == []


def test_a_limit_of_a_year_of_which_the_law_is_not_known_yet_is_nobodys_mistake():
    limits = {"individual": {"2026": 10600, "2031": 15000}, "family": {"2026": 21200, "2031": 30000}}

    assert mistakes(out_of_pocket=limits, rules=["aca"]) == []


def test_paths_begin_where_the_plan_is_written():
    plan = PlanSpecification.read({**SAVING, "in": {"services": {"dentist": {}}}, "rules": []})

    (mistake,) = mistakes_of_plan(plan, kinds_of_service(), "coverage.plans.Gold.")

    assert mistake.where == "coverage.plans.Gold.in.services.dentist"


SHIPPED = {
    **{offer.name: offered_plan(offer).design for offer in default_catalog().plans.values()},
    **{f"bare {kind}": design for kind, design in bare_plans().items()},
}


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_plan_is_one_and_keeps_its_laws(name):
    plan = PlanSpecification.read(SHIPPED[name])

    assert list(mistakes_of_plan(plan, default_catalog().service_kinds)) == []


@pytest.mark.parametrize("year", [2024, 2025, 2026])
def test_the_limits_of_shipped_commercial_plans_are_within_those_of_each_year(year):
    most = {2024: (9450, 18900), 2025: (9200, 18400), 2026: (10600, 21200)}[year]  # 45 CFR 156.130
    commercial = [design for design in SHIPPED.values() if "aca" in design.get("rules", ())]

    limits = [
        [in_year(design["in"]["out_of_pocket"][level], year) for level in ("individual", "family")]
        for design in commercial
    ]

    assert len(limits) == 4
    assert all(one <= most[0] and family <= most[1] for one, family in limits)


@pytest.mark.parametrize(("year", "least", "most"), [(2024, 3200, 8050), (2025, 3300, 8300), (2026, 3400, 8500)])
def test_the_shipped_high_deductible_plan_is_one_in_each_year(year, least, most):
    side = SHIPPED["HDHP"]["in"]

    assert side["deductible"]["aggregate"]
    assert in_year(side["deductible"]["family"], year) >= least
    assert in_year(side["out_of_pocket"]["individual"], year) <= most
