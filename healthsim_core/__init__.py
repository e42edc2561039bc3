"""HealthSim's core: the public names that a plugin uses."""

from healthsim_core.columns import Columns, Text
from healthsim_core.draws import Draws
from healthsim_core.errors import HealthSimError, SpecificationError
from healthsim_core.events import Events, People, Run, Schedule
from healthsim_core.formats import text
from healthsim_core.formats.destination import Destination
from healthsim_core.generate import generate
from healthsim_core.generation.executor import ProfileExecutor
from healthsim_core.generation.result import Result
from healthsim_core.hookspecs import hookimpl
from healthsim_core.offers import (
    Command,
    EventColumns,
    EventHandler,
    FileLayout,
    FormatWriter,
    Journey,
    OutputFormat,
    PersonColumns,
    Profile,
    ReadBack,
    ReferenceDataset,
    RunHandler,
    SkillResolver,
    Trigger,
)
from healthsim_core.reference import official, places
from healthsim_core.skills.document import read_skill
from healthsim_core.spec import JourneySpecification, ProfileSpecification
from healthsim_core.tables import Field, Table, cents, from_arrow
from healthsim_core.templates import Templates, journey_templates, profile_templates

__version__ = "0.1.0"

__all__ = [
    "Columns",
    "Command",
    "Destination",
    "Draws",
    "EventColumns",
    "EventHandler",
    "Events",
    "Field",
    "FileLayout",
    "FormatWriter",
    "HealthSimError",
    "Journey",
    "JourneySpecification",
    "OutputFormat",
    "People",
    "PersonColumns",
    "Profile",
    "ProfileExecutor",
    "ProfileSpecification",
    "ReadBack",
    "ReferenceDataset",
    "Result",
    "Run",
    "RunHandler",
    "Schedule",
    "SkillResolver",
    "SpecificationError",
    "Table",
    "Templates",
    "Text",
    "Trigger",
    "cents",
    "from_arrow",
    "generate",
    "hookimpl",
    "journey_templates",
    "official",
    "places",
    "profile_templates",
    "read_skill",
    "text",
]
