"""What the law says of plans by year, and what plans leave unsaid: core's data/benefits.json."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from healthsim_core.package_data import PackageData

_DATA = PackageData("healthsim_core")


def kinds_of_service() -> Mapping[str, Mapping[str, Mapping[str, Any]]]:
    """Kinds of service that are known whatever is installed: by coverage type, the terms of plans that do not name
    them."""
    stated: Mapping[str, Mapping[str, Any]] = _DATA.document("benefits")["services"]
    return {name: kind["usual"] for name, kind in stated.items()}


def bare_plans() -> Mapping[str, Mapping[str, Any]]:
    """By coverage type, the plan of somebody whose plan nobody describes."""
    bare: Mapping[str, Mapping[str, Any]] = _DATA.document("benefits")["bare"]["plans"]
    return bare


def law(rule: str) -> Mapping[str, Any]:
    """The figures of a rule that plans keep: "aca" or "hsa"; amounts by year."""
    figures: Mapping[str, Any] = _DATA.document("benefits")["laws"][rule]
    return figures
