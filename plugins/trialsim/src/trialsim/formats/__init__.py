"""TrialSim's output formats."""

from __future__ import annotations

from healthsim_core import OutputFormat
from trialsim.formats.sdtm import SDTM

FORMATS: tuple[OutputFormat, ...] = (SDTM,)
