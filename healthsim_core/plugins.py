"""Find plugins, load them one by one, and report: one that fails does not stop the others."""

from __future__ import annotations

import functools
import importlib.metadata
import importlib.util
import os
import re
import traceback
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

import attrs
import pluggy

from healthsim_core import hookspecs
from healthsim_core.errors import canonical
from healthsim_core.offers import Offer

GROUP = "healthsim"
BLOCKING = "HEALTHSIM_DISABLE_PLUGINS"
STATED = "HEALTHSIM_API"
HOOKS = tuple(sorted(name for name in vars(hookspecs) if name.startswith("healthsim_")))


@attrs.frozen
class Plugin:
    """A plugin as it was found.

    Attributes:
        name: Entry-point name; for a product, the product's name.
        distribution: The distribution that brings it.
        version: The distribution's version.
        status: "active", "blocked" or "failed".
        cause: Why it failed, in one line.
        offers: What it offers, by hook name.
        module: The module that its entry point names.
        api: The API that it says it was written for; None where it says nothing.
        place: File and line at which it failed.
    """

    name: str
    distribution: str
    version: str
    status: str = "active"
    cause: str = ""
    offers: dict[str, tuple[Offer, ...]] = attrs.field(factory=dict)
    module: str = ""
    api: int | None = None
    place: str = ""


@functools.cache
def installed() -> tuple[Plugin, ...]:
    """All plugins of the entry-point group `healthsim`, sorted by name; loaded once a process."""
    blocked = {canonical(name.strip()) for name in os.environ.get(BLOCKING, "").split(",")}
    points = sorted(importlib.metadata.entry_points(group=GROUP), key=lambda point: point.name)
    return tuple(_found(point, blocked) for point in points)


def load(name: str, module: ModuleType | Any, distribution: str = "", version: str = "") -> Plugin:
    """Ask a plugin's module (or any namespace of hook implementations) for its offers."""
    plugin = Plugin(name, distribution, version, api=getattr(module, STATED, None))
    if unfit := _unfit(plugin.api):
        return attrs.evolve(plugin, status="failed", cause=unfit)
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    try:
        manager.register(module, name)
        manager.check_pending()
        offers = {hook: _asked(getattr(manager.hook, hook), name) for hook in HOOKS}
    except (Exception, SystemExit) as error:  # whatever a stranger's module raises is reported, and the others go on
        return attrs.evolve(plugin, status="failed", cause=_in_one_line(error), place=_place_of(error))
    return attrs.evolve(plugin, offers={hook: offered for hook, offered in offers.items() if offered})


def _found(point: importlib.metadata.EntryPoint, blocked: Iterable[str]) -> Plugin:
    distribution = point.dist.name if point.dist else ""
    version = point.dist.version if point.dist else ""
    plugin = Plugin(point.name, distribution, version, module=point.module)
    if canonical(point.name) in blocked:
        return attrs.evolve(plugin, status="blocked", cause=BLOCKING)
    try:
        module = point.load()
    except (Exception, SystemExit) as error:
        api = _written_api(point.module)
        cause = " ".join(filter(None, [_unfit(api), _in_one_line(error)]))
        return attrs.evolve(plugin, status="failed", cause=cause, api=api, place=_place_of(error))
    return attrs.evolve(load(point.name, module, distribution, version), module=point.module)


def _unfit(api: Any) -> str:
    """What to do about a plugin that was written for another API, in one line; nothing for one that works."""
    if api is None:
        return ""
    if type(api) is not int or api < 1:
        return f"{STATED} is {api!r}, which is no version: write `{STATED} = {hookspecs.API}`."
    if api > hookspecs.API:
        upgrade = "`pip install --upgrade healthsim-core` brings a newer one"
        return f"it was written for API {api}, and this core has API {hookspecs.API}: {upgrade}."
    since = [f"API {number}: {change}" for number, change in sorted(hookspecs.CHANGES.items()) if number > api]
    if not since:
        return ""
    return (
        f"it was written for API {api}; change what is new, then write `{STATED} = {hookspecs.API}`. {' '.join(since)}"
    )


def _written_api(module: str) -> int | None:
    """The API that a module which does not import says it was written for."""
    try:
        spec = importlib.util.find_spec(module)
    except (Exception, SystemExit):  # its package does not import either
        return None
    if spec is None or spec.origin is None or not spec.origin.endswith(".py"):
        return None
    match = re.search(rf"^{STATED}\s*=\s*(\d+)", Path(spec.origin).read_text(encoding="utf-8"), re.MULTILINE)
    return int(match[1]) if match else None


def _asked(hook: Any, product: str) -> tuple[Offer, ...]:
    offers: list[Offer] = []
    for answer in hook():
        for offer in answer:
            if not isinstance(offer, Offer):
                raise TypeError(f"{hook.name} returned {type(offer).__name__}, which is not an offer")
            offers.append(attrs.evolve(offer, product=product))
    return tuple(offers)


def _in_one_line(error: BaseException) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())}"


def _place_of(error: BaseException) -> str:
    """File and line of what went wrong."""
    if isinstance(error, SyntaxError) and error.filename:
        return short_place(error.filename, error.lineno)
    frames = [f for f in traceback.extract_tb(error.__traceback__) if not f.filename.startswith("<frozen importlib")]
    return short_place(frames[-1].filename, frames[-1].lineno) if frames else ""


def short_place(file: str, line: int | None) -> str:
    """A line of a file as messages name it: the file and the folder that it is in."""
    return f"{'/'.join(Path(file).parts[-2:])}:{line}"
