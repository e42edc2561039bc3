"""What is kept: cohorts, saved profiles and the history of executions, in one DuckDB file."""

from healthsim_core.database.file import database_path
from healthsim_core.state.cohorts import (
    CohortEntry,
    CohortTables,
    available_name,
    delete_cohort,
    list_cohorts,
    load_cohort,
    persist,
)
from healthsim_core.state.dataset import register_dataset
from healthsim_core.state.executions import ExecutionEntry, list_executions, load_execution, show_execution
from healthsim_core.state.export import export_cohort
from healthsim_core.state.profiles import (
    ProfileVersion,
    list_profiles,
    load_profile,
    profile_versions,
    save_profile,
    search_profiles,
)
from healthsim_core.state.query import query
from healthsim_core.state.record import ExecutionRecord
from healthsim_core.state.sink import StateSink
from healthsim_core.state.summary import CohortSummary, get_summary

__all__ = [
    "CohortEntry",
    "CohortSummary",
    "CohortTables",
    "ExecutionEntry",
    "ExecutionRecord",
    "ProfileVersion",
    "StateSink",
    "available_name",
    "database_path",
    "delete_cohort",
    "export_cohort",
    "get_summary",
    "list_cohorts",
    "list_executions",
    "list_profiles",
    "load_cohort",
    "load_execution",
    "load_profile",
    "persist",
    "profile_versions",
    "query",
    "register_dataset",
    "save_profile",
    "search_profiles",
    "show_execution",
]
