"""The product's data: counties, specialties, facilities, names."""

from __future__ import annotations

from healthsim_core import PackageData

DATA = PackageData("networksim")
document, rows = DATA.document, DATA.rows
