"""The product's data: protocols, value sets, and what SDTM says of its datasets."""

from __future__ import annotations

from healthsim_core import PackageData

DATA, SDTM = PackageData("trialsim"), PackageData("trialsim", "data/sdtm")
