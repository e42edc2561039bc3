"""What validation says of people and timelines that one plan makes and another states."""

from __future__ import annotations

import attrs

from healthsim_core.generation.chunk import lived
from healthsim_core.generation.memory import spans, units_a_chunk
from healthsim_core.planning.plan import Plan
from healthsim_core.validation import OutcomeTally, Tallies, tally_people, tally_timeline
from healthsim_core.validation.report import ValidationReport, report


def validated(stated: Plan, made: Plan | None = None) -> ValidationReport:
    """What the report of one plan says of the people and timelines that another makes; by default of its own."""
    tallies = Tallies()
    for start, stop in spans(0, stated.request.count, units_a_chunk(stated)):
        everybody, present, timeline = lived(made or stated, start, stop, OutcomeTally(tallies, stated, start, stop))
        tally_people(tallies, stated, everybody, present)
        tally_timeline(tallies, stated, timeline)
    return report(tallies, "warn")


def with_seed(plan: Plan, seed: int) -> Plan:
    """The same plan, drawn anew."""
    return attrs.evolve(plan, run=attrs.evolve(plan.run, seed=seed))
