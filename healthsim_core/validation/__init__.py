"""Whether what was made is what was said: counts of each chunk, the same for any chunking, and the report."""

from healthsim_core.validation.counts import Tallies
from healthsim_core.validation.outcomes import OutcomeTally
from healthsim_core.validation.people import tally_people
from healthsim_core.validation.records import tally_records, tally_run_tables
from healthsim_core.validation.timeline import tally_lives, tally_timeline

__all__ = [
    "OutcomeTally",
    "Tallies",
    "tally_lives",
    "tally_people",
    "tally_records",
    "tally_run_tables",
    "tally_timeline",
]
