"""Counts that validation needs of each chunk: whole numbers, so that their sum is the same for any chunking."""

from healthsim_core.generation.tallies.counts import Tallies
from healthsim_core.generation.tallies.outcomes import OutcomeTally
from healthsim_core.generation.tallies.people import tally_people
from healthsim_core.generation.tallies.records import tally_records, tally_run_tables
from healthsim_core.generation.tallies.timeline import tally_lives, tally_timeline

__all__ = ["OutcomeTally", "Tallies", "tally_lives", "tally_people", "tally_records", "tally_run_tables", "tally_timeline"]
