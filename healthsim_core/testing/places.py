"""Where what a plugin offers is written, as file and line, for messages about it."""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import attrs

from healthsim_core.offers import EventHandler, Offer, PersonColumns, RunHandler
from healthsim_core.plugins import Plugin, short_place

# attributes of offers that are functions or classes of the plugin
CALLED = ("handle", "decide", "compute", "build", "writer", "resolve", "load", "schedule", "cdf", "check", "run")


def place_of(thing: Any) -> str:
    """File and line of a function, a class, or an object that is called as one."""
    while hasattr(thing, "func"):  # a part of a call
        thing = thing.func
    thing = inspect.unwrap(thing)
    code = getattr(thing, "__code__", None)
    if code is not None:
        return short_place(code.co_filename, code.co_firstlineno)
    kind = thing if inspect.isclass(thing) else type(thing)
    try:
        return short_place(inspect.getsourcefile(kind) or "", inspect.findsource(kind)[1] + 1)
    except (OSError, TypeError):  # built in
        return getattr(thing, "__qualname__", repr(thing))


@attrs.frozen
class Places:
    """Where a plugin's offers, tables and columns are made."""

    plugin: Plugin

    @property
    def module(self) -> ModuleType:
        """The module that its entry point names."""
        return importlib.import_module(self.plugin.module)

    @property
    def start(self) -> str:
        """The first line of that module; of one that does not import, its name."""
        try:
            return short_place(inspect.getfile(self.module), 1)
        except Exception:  # whatever a stranger's module raises
            return self.plugin.module

    @property
    def sources(self) -> list[Path]:
        """Its files."""
        origin = Path(inspect.getfile(importlib.import_module(self.plugin.module.split(".")[0])))
        return sorted(origin.parent.rglob("*.py")) if origin.name == "__init__.py" else [origin]

    def hooks(self) -> Iterator[tuple[str, Callable[..., Any]]]:
        """Every function of the module, and of a class there, that is called as a hook."""
        classes = (member for member in vars(self.module).values() if inspect.isclass(member))
        rooms = (self.module, *(cls for cls in classes if cls.__module__ == self.module.__name__))
        for name, member in (pair for room in rooms for pair in vars(room).items()):
            if name.startswith("healthsim_") and inspect.isroutine(member):
                yield name, member

    def of_offer(self, offer: Offer) -> str:
        """Where an offer's document or function is, else the hook that gives it."""
        document = getattr(offer, "specification", None) or getattr(offer, "design", None)
        if isinstance(document, Path):
            return short_place(str(document), 1)
        called = next(filter(None, (getattr(offer, name, None) for name in CALLED)), None)
        if called is not None:
            return place_of(called)
        hook = next((hook for hook, offers in self.plugin.offers.items() if offer in offers), "")
        return next((place_of(function) for name, function in self.hooks() if name == hook), self.start)

    def of_column(self, table: str, column: str = "") -> str:
        """Where the columns of a table are made, if it is one that the plugin makes or extends; else nothing."""
        for offer in (offer for offers in self.plugin.offers.values() for offer in offers):
            written = isinstance(offer, EventHandler | RunHandler) and table in [
                output_table.name for output_table in offer.writes
            ]
            extended = isinstance(offer, PersonColumns) and table == "core.person" and column in offer.fields
            if written or extended:
                return self.of_offer(offer)
        return ""


def at_name(document: Path, where: str) -> str:
    """A JSON document's line that has the last name of a path within it; its first, where several lines have it."""
    names = re.findall(r"[A-Za-z_]\w*", where)
    lines = document.read_text(encoding="utf-8").splitlines() if names else []
    numbers = [number for number, line in enumerate(lines, 1) if re.search(rf'"{names[-1]}"\s*:', line)]
    return short_place(str(document), numbers[0] if len(numbers) == 1 else 1)
