"""RxMemberSim's output formats."""

from __future__ import annotations

from healthsim_core import OutputFormat
from rxmembersim.formats.ncpdp_d0 import NCPDP_D0

FORMATS: tuple[OutputFormat, ...] = (NCPDP_D0,)
