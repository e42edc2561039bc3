"""Cohorts, saved profiles and the history of executions, in one DuckDB file."""

from healthsim_core.state import *  # noqa: F403
from healthsim_core.state import __all__ as __all__
