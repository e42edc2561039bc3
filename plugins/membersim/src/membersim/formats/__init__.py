"""MemberSim's output formats."""

from __future__ import annotations

from healthsim_core import OutputFormat

FORMATS: tuple[OutputFormat, ...] = ()
