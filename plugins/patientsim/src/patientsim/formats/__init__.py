"""PatientSim's file formats."""

from __future__ import annotations

from healthsim_core import OutputFormat

FORMATS: tuple[OutputFormat, ...] = ()
