"""Plans of benefits and kinds of service that plugins offer."""

from __future__ import annotations

import pytest
from clinic import plugin

from healthsim_core import BenefitPlan, ServiceKind
from healthsim_core.catalog import Catalog, default_catalog
from healthsim_core.errors import ConflictError, PluginError, SpecificationError, UnknownNameError
from healthsim_core.planning.benefits import plans_of

VILLAGE = BenefitPlan("Village", {"plan": "Village"}, description="Visits.")


def test_a_plan_is_found_by_its_name_with_minus_and_underscore_alike() -> None:
    assert Catalog((plugin(healthsim_benefits=[VILLAGE]),)).find("plan", "village").product == "clinic"


def test_two_plans_of_one_name_are_a_conflict_that_names_both_plugins() -> None:
    with pytest.raises(ConflictError, match=r'the same plan is offered twice: "village" by clinic .* and inn'):
        Catalog((plugin(healthsim_benefits=[VILLAGE]), plugin("inn", healthsim_benefits=[VILLAGE])))


def test_an_unknown_plan_names_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match=r'no plan is called "HDPH".*\n.*Did you mean "HDHP"'):
        default_catalog().find("plan", "HDPH")


def test_kinds_of_service_are_those_of_the_core_and_those_that_are_offered() -> None:
    usual = {"Commercial": {"coinsurance": 0.5}}
    kinds = Catalog((plugin(healthsim_benefits=[ServiceKind("hearing", usual)]),)).service_kinds
    assert {"primary", "insulin", "hearing"} <= set(kinds)
    assert kinds["hearing"] == usual


def test_a_kind_of_service_of_the_core_cannot_be_offered_again() -> None:
    with pytest.raises(PluginError, match='core has a kind of service "insulin"'):
        Catalog((plugin(healthsim_benefits=[ServiceKind("insulin")]),))


def test_a_run_knows_the_usual_terms_of_a_kind_of_service_that_is_offered() -> None:
    catalog = Catalog((plugin(healthsim_benefits=[ServiceKind("hearing", {"commercial": {"coinsurance": 0.5}})]),))
    assert plans_of(catalog).usual["hearing"] == {"Commercial": {"coinsurance": 0.5}}


def test_usual_terms_that_are_none_are_refused_with_the_product() -> None:
    catalog = Catalog((plugin(healthsim_benefits=[ServiceKind("hearing", {"Commercial": {"copay": "five"}})]),))
    with pytest.raises(SpecificationError, match=r'"hearing" of clinic: usual: Commercial: copay: "five" is not'):
        plans_of(catalog)
