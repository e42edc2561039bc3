"""Facts of the field that handlers need, each file with its sources."""

from __future__ import annotations

from healthsim_core import PackageData

DATA = PackageData("patientsim")
document = DATA.document
