"""The product's data: payers, formulary, adherence, controlled substances."""

from __future__ import annotations

from healthsim_core import PackageData

DATA = PackageData("rxmembersim")
document, rows = DATA.document, DATA.rows
