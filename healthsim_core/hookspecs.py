"""The hooks. None takes an argument; each returns an iterable of frozen offers. Entry-point group: `healthsim`.

A plugin states the API that it was written for beside its hooks: `HEALTHSIM_API = 1`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pluggy

from healthsim_core.benefit_offers import BenefitPlan, ServiceKind
from healthsim_core.decision_offers import EventDecision
from healthsim_core.format_offers import OutputFormat
from healthsim_core.language_offers import DistributionOffer, ExpressionFunction
from healthsim_core.offers import (
    CodeSystemOffer,
    Command,
    EventColumns,
    EventHandler,
    ExecutorOffer,
    Journey,
    PersonColumns,
    Profile,
    ReferenceDataset,
    RunHandler,
    SkillResolver,
    Trigger,
    Validator,
)
from healthsim_core.state_offers import StateChange

PROJECT = "healthsim"
API = 1  # of hooks and offers; the next number with every change of them
CHANGES: Mapping[int, str] = {}  # of an API that older plugins do not fit: what their authors change
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def healthsim_profiles() -> Iterable[Profile | PersonColumns]:
    """Profile templates, and the product's extension of every person.

    Called once, when plugins are loaded. A complete plugin:

        from healthsim_core import Profile, hookimpl

        @hookimpl
        def healthsim_profiles():
            ages = {"type": "uniform", "min": 18, "max": 90}
            yield Profile("adults", {"id": "adults", "demographics": {"age": ages}})
    """
    raise NotImplementedError


@hookspec
def healthsim_journeys() -> Iterable[Journey]:
    """Journey templates.

    Called once, when plugins are loaded. A complete plugin:

        from healthsim_core import Journey, hookimpl

        @hookimpl
        def healthsim_journeys():
            checkup = {"event_id": "checkup", "event_type": "milestone", "delay": {"days": [0, 30]}}
            yield Journey("one-checkup", {"journey_id": "one-checkup", "duration_days": 31, "events": [checkup]})
    """
    raise NotImplementedError


@hookspec
def healthsim_event_handlers() -> Iterable[EventHandler | EventColumns | EventDecision | RunHandler | StateChange]:
    """What the product makes of events, of a run, what it decides of events, and which clinician and place it assigns.

    Called once, when plugins are loaded. A complete plugin:

        from healthsim_core import EventHandler, Field, Table, hookimpl

        VISIT = Table("clinic.visit", (
            Field("visit_id", "id", "The visit."),
            Field("person_id", "id", "Whose it is.", references="core.person"),
        ), key=("visit_id",), description="Visits.")

        def visit(events):
            return {"clinic.visit": {"visit_id": events.id, "person_id": events.person}}

        @hookimpl
        def healthsim_event_handlers():
            yield EventHandler("clinic_visit", visit, writes=(VISIT,))
    """
    raise NotImplementedError


@hookspec
def healthsim_triggers() -> Iterable[Trigger]:
    """Events that other events cause, across products.

    Called once, when plugins are loaded. A complete plugin:

        from healthsim_core import Trigger, hookimpl

        @hookimpl
        def healthsim_triggers():
            yield Trigger(on="encounter", then="clinic_visit", delay=(1, 3))
    """
    raise NotImplementedError


@hookspec
def healthsim_skill_resolvers() -> Iterable[SkillResolver]:
    """Clinical knowledge: Markdown documents with tables, or functions of columns.

    Called once, when plugins are loaded. A complete plugin:

        from healthsim_core import Columns, SkillResolver, hookimpl

        def resolve(lookup, context, draw):
            return Columns({"code": "Z00.00", "description": "General adult examination"}, context.rows)

        @hookimpl
        def healthsim_skill_resolvers():
            yield SkillResolver("checkups", "1.0", resolve, lookups={"diagnosis": ((), ("code", "description"))})
    """
    raise NotImplementedError


@hookspec
def healthsim_benefits() -> Iterable[BenefitPlan | ServiceKind]:
    """Plans of benefits, and kinds of service that plans may have terms for.

    Called once, when plugins are loaded. A complete plugin:

        from healthsim_core import ServiceKind, hookimpl

        @hookimpl
        def healthsim_benefits():
            yield ServiceKind("vision", usual={"Commercial": {"coinsurance": 0.2, "maximum": 300}})
    """
    raise NotImplementedError


@hookspec
def healthsim_output_formats() -> Iterable[OutputFormat]:
    """File formats.

    Called once, when plugins are loaded. A complete plugin:

        from healthsim_core import OutputFormat, hookimpl

        class PersonList:
            def __init__(self, destination, run):
                self.file = destination.open("people.txt")

            def write(self, tables):
                self.file.write("".join(f"{person}\\n" for person in tables["core.person"]["person_id"].to_pylist()))

            def close(self):
                pass

        @hookimpl
        def healthsim_output_formats():
            yield OutputFormat("person_list", PersonList, needs=("core.person",))
    """
    raise NotImplementedError


@hookspec
def healthsim_reference_datasets() -> Iterable[ReferenceDataset]:
    """Facts that people or events are drawn from.

    Called once, when plugins are loaded. A complete plugin:

        from healthsim_core import ReferenceDataset, hookimpl

        @hookimpl
        def healthsim_reference_datasets():
            yield ReferenceDataset("clinic-fees", lambda: {"visit": 9500})
    """
    raise NotImplementedError


@hookspec
def healthsim_code_systems() -> Iterable[CodeSystemOffer]:
    """Code systems and value sets of the product's own, which its fields name in `codes`.

    Called once, when plugins are loaded. A complete plugin:

        from healthsim_core import CodeSystemOffer, ValueSet, hookimpl

        @hookimpl
        def healthsim_code_systems():
            surfaces = {"M": "mesial", "O": "occlusal", "D": "distal"}
            yield CodeSystemOffer(ValueSet(name="tooth-surface", title="tooth surface", codes=surfaces))
    """
    raise NotImplementedError


@hookspec
def healthsim_commands() -> Iterable[Command]:
    """Extra commands of `healthsim`.

    Called once, when the command line starts. A complete plugin:

        import click
        from healthsim_core import Command, hookimpl

        @click.command()
        def hello():
            click.echo("hello")

        @hookimpl
        def healthsim_commands():
            yield Command("hello", hello)
    """
    raise NotImplementedError


@hookspec
def healthsim_distributions() -> Iterable[DistributionOffer]:
    """Distributions for specifications, `{"type": "plugin.name", ...}`.

    Called once, when plugins are loaded. A complete plugin:

        import numpy as np
        from healthsim_core import DistributionOffer, Field, hookimpl

        def cdf(value, scale):
            return 1 / (1 + np.exp(-value / scale))

        def quantile(share, scale):
            return scale * np.log(share / (1 - share))

        @hookimpl
        def healthsim_distributions():
            yield DistributionOffer("logistic", cdf, quantile, [Field("scale", "number", "Its scale.", above=0)])
    """
    raise NotImplementedError


@hookspec
def healthsim_expression_functions() -> Iterable[ExpressionFunction]:
    """Functions for expressions, `plugin.name(...)`.

    Called once, when plugins are loaded. A complete plugin:

        from healthsim_core import ExpressionFunction, hookimpl

        def body_mass_index(kilograms, metres):
            return kilograms / metres**2

        @hookimpl
        def healthsim_expression_functions():
            yield ExpressionFunction("body_mass_index", body_mass_index, ("number", "number"))
    """
    raise NotImplementedError


@hookspec
def healthsim_executors() -> Iterable[ExecutorOffer]:
    """Who runs the parts of a run.

    Called once, when plugins are loaded. A complete plugin:

        from healthsim_core import ExecutorOffer, hookimpl

        def backwards(make, parts, workers):
            return map(make, reversed(parts))

        @hookimpl
        def healthsim_executors():
            yield ExecutorOffer("backwards", backwards)
    """
    raise NotImplementedError


@hookspec
def healthsim_validators() -> Iterable[Validator]:
    """Rules about the tables of a run.

    Called once, when plugins are loaded. A complete plugin:

        from healthsim_core import Validator, hookimpl

        def named(tables):
            people = tables["core.person"]
            return {("core.person", "everybody has a name"): (int(people["last_name"].is_null().sum()), people.rows)}

        @hookimpl
        def healthsim_validators():
            yield Validator("names", ["core.person"], named)
    """
    raise NotImplementedError
