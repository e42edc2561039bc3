"""Plans of benefits with round figures, and fills adjudicated against them."""

from rxmembersim.decisions import DISPENSING
from rxmembersim.plugin import healthsim_event_handlers

from healthsim_core import Columns, EventHandler, Plans
from healthsim_core.handling.calling import written_by
from healthsim_core.testing import decided, make_events

COPAYS = {"1": {"copay": 11}, "2": {"copay": 36}, "3": {"copay": 66}, "4": {"copay": 125}, "5": {"coinsurance": 0.25}}
PART_D = {
    "services": ["pharmacy", "insulin", "vaccine"],
    "deductible": {"individual": 590},
    "out_of_pocket": {"individual": 2_000},
}
MEDICARE = {"coverage_type": "Medicare", "individual": True, "in": {}, "apart": {"drugs": PART_D}}


def _commercial(deductible, limit, **drugs):
    limits = {"deductible": {"individual": deductible}, "out_of_pocket": {"individual": limit}}
    return {"coverage_type": "Commercial", "in": {**limits, "services": drugs}}


DESIGNS = {
    "PPO": _commercial(
        150,
        9_200,
        pharmacy={"deductible": True, "per": "month", "tiers": {**COPAYS, "1": {"copay": 11, "deductible": False}}},
    ),
    "HMO": _commercial(0, 9_200),
    "HDHP": _commercial(1_650, 8_300, pharmacy={"deductible": True, "per": "month", "tiers": COPAYS}),
    "Bronze": _commercial(0, 9_200, insulin={"covered": False}),
    "Hospital": _commercial(0, 9_200, **{kind: {"covered": False} for kind in PART_D["services"]}),
    "Original Medicare": MEDICARE,
    "Medicare Advantage": MEDICARE,
    "Managed Medicaid": {
        "coverage_type": "Medicaid",
        "individual": True,
        "exempt_below_age": 18,
        "in": {"out_of_pocket": {"individual": 250}},
    },
}
KINDS = {
    "pharmacy": {
        "Commercial": {"per": "month", "tiers": COPAYS},
        "Medicare": {"per": "month", "tiers": {**COPAYS, "3": {"copay": 47, "deductible": True}}},
        "Medicaid": {"tiers": {tier: {"copay": 1 if tier == "1" else 4} for tier in COPAYS}},
    },
    "insulin": {"Commercial": {"copay": 36}, "Medicare": {"copay": 35, "per": "month"}, "Medicaid": {"copay": 4}},
    "vaccine": {"Commercial": {}, "Medicare": {}, "Medicaid": {}},
}
PLANS = Plans.of(DESIGNS, KINDS)
CLAIMS = next(
    offer for offer in healthsim_event_handlers() if isinstance(offer, EventHandler) and "fill" in offer.event_types
)


def submitted(event_type, people, **events) -> dict[str, Columns]:
    """The tables of fills and reversals, dispensed and adjudicated."""
    return written_by(CLAIMS, decided(make_events(event_type, people, **events), DISPENSING))
