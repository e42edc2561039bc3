"""The public names, for type checkers and for the lazy loader."""

from .columns import Columns as Columns
from .columns import Text as Text
from .dates import plus_months as plus_months
from .dates import whole_years as whole_years
from .draws import Draws as Draws
from .errors import HealthSimError as HealthSimError
from .errors import SpecificationError as SpecificationError
from .events import Events as Events
from .events import People as People
from .events import Run as Run
from .events import Schedule as Schedule
from .formats import text as text
from .formats.destination import Destination as Destination
from .generation.executor import ProfileExecutor as ProfileExecutor
from .generation.result import Result as Result
from .generator import generate as generate
from .hookspecs import hookimpl as hookimpl
from .offers import Command as Command
from .offers import EventColumns as EventColumns
from .offers import EventHandler as EventHandler
from .offers import FileLayout as FileLayout
from .offers import FormatWriter as FormatWriter
from .offers import Journey as Journey
from .offers import OutputFormat as OutputFormat
from .offers import PersonColumns as PersonColumns
from .offers import Profile as Profile
from .offers import ReadBack as ReadBack
from .offers import ReferenceDataset as ReferenceDataset
from .offers import RunHandler as RunHandler
from .offers import SkillResolver as SkillResolver
from .offers import Trigger as Trigger
from .reference import official as official
from .reference import places as places
from .reference.stored import reference_rows as reference_rows
from .skills.document import read_skill as read_skill
from .spec import JourneySpecification as JourneySpecification
from .spec import ProfileSpecification as ProfileSpecification
from .tables import Field as Field
from .tables import Table as Table
from .tables import cents as cents
from .tables import from_arrow as from_arrow
from .templates import Templates as Templates
from .templates import journey_templates as journey_templates
from .templates import profile_templates as profile_templates

__version__: str
