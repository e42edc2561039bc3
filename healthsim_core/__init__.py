"""HealthSim's core: the public names that a plugin uses."""

from healthsim_core.columns import Columns, Text
from healthsim_core.draws import Draws
from healthsim_core.events import Events, People, Run, Schedule
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
    ReferenceDataset,
    RunHandler,
    SkillResolver,
    Trigger,
)
from healthsim_core.skills.document import read_skill
from healthsim_core.tables import Field, Table

__version__ = "0.1.0"

__all__ = [
    "Columns",
    "Command",
    "Draws",
    "EventColumns",
    "EventHandler",
    "Events",
    "Field",
    "FileLayout",
    "FormatWriter",
    "Journey",
    "OutputFormat",
    "People",
    "PersonColumns",
    "Profile",
    "ReferenceDataset",
    "Run",
    "RunHandler",
    "Schedule",
    "SkillResolver",
    "Table",
    "Text",
    "Trigger",
    "hookimpl",
    "read_skill",
]
