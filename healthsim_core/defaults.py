"""What a profile leaves unsaid: national figures, each with its source, in data/defaults.json."""

from __future__ import annotations

from typing import Any

from healthsim_core.package_data import PackageData

_DATA = PackageData("healthsim_core")


def defaults() -> dict[str, Any]:
    """The figures by subject, as the file holds them."""
    figures: dict[str, Any] = _DATA.document("defaults")
    return figures


def mothers() -> tuple[str, ...]:
    """Who may give birth, as expressions."""
    who = defaults()["mothers"]
    return f"sex == {who['sex']!r}", f"age >= {who['least_age']} and age <= {who['most_age']}"
