"""The public names, for type checkers and for the lazy loader."""

from .columns import Columns as Columns, Text as Text
from .draws import Draws as Draws
from .errors import HealthSimError as HealthSimError, SpecificationError as SpecificationError
from .events import Events as Events, People as People, Run as Run, Schedule as Schedule
from .formats import text as text
from .formats.destination import Destination as Destination
from .generator import generate as generate
from .generation.executor import ProfileExecutor as ProfileExecutor
from .generation.result import Result as Result
from .hookspecs import hookimpl as hookimpl
from .offers import Command as Command, EventColumns as EventColumns, EventHandler as EventHandler, FileLayout as FileLayout, FormatWriter as FormatWriter, Journey as Journey, OutputFormat as OutputFormat, PersonColumns as PersonColumns, Profile as Profile, ReadBack as ReadBack, ReferenceDataset as ReferenceDataset, RunHandler as RunHandler, SkillResolver as SkillResolver, Trigger as Trigger
from .reference import official as official, places as places
from .reference.stored import reference_rows as reference_rows
from .skills.document import read_skill as read_skill
from .spec import JourneySpecification as JourneySpecification, ProfileSpecification as ProfileSpecification
from .tables import Field as Field, Table as Table, cents as cents, from_arrow as from_arrow
from .templates import Templates as Templates, journey_templates as journey_templates, profile_templates as profile_templates


__version__: str
