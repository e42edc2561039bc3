"""The names, for type checkers and for the lazy loader."""

from .conformance import PluginConformance as PluginConformance
from .conformance import check_plugin as check_plugin
from .made import contradictions as contradictions
from .made import decided as decided
from .made import make_events as make_events
from .made import make_people as make_people
from .made import make_run as make_run
from .made import settled_alone as settled_alone
