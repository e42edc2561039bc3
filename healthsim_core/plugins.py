"""Find plugins, load them one by one, and report: one that fails does not stop the others."""

from __future__ import annotations

import functools
import importlib.metadata
import os
from collections.abc import Iterable
from types import ModuleType
from typing import Any

import attrs
import pluggy

from healthsim_core import hookspecs
from healthsim_core.errors import canonical
from healthsim_core.offers import Offer

GROUP = "healthsim"
BLOCKING = "HEALTHSIM_DISABLE_PLUGINS"
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
    """

    name: str
    distribution: str
    version: str
    status: str = "active"
    cause: str = ""
    offers: dict[str, tuple[Offer, ...]] = attrs.field(factory=dict)
    module: str = ""


@functools.cache
def installed() -> tuple[Plugin, ...]:
    """All plugins of the entry-point group `healthsim`, sorted by name; loaded once a process."""
    blocked = {canonical(name.strip()) for name in os.environ.get(BLOCKING, "").split(",")}
    points = sorted(importlib.metadata.entry_points(group=GROUP), key=lambda point: point.name)
    return tuple(_found(point, blocked) for point in points)


def load(name: str, module: ModuleType | Any, distribution: str = "", version: str = "") -> Plugin:
    """Ask a plugin's module (or any namespace of hook implementations) for its offers."""
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    plugin = Plugin(name, distribution, version)
    try:
        manager.register(module, name)
        manager.check_pending()
        offers = {hook: _asked(getattr(manager.hook, hook), name) for hook in HOOKS}
    except (Exception, SystemExit) as error:  # whatever a stranger's module raises is reported, and the others go on
        return attrs.evolve(plugin, status="failed", cause=_in_one_line(error))
    return attrs.evolve(plugin, offers={hook: found for hook, found in offers.items() if found})


def _found(point: importlib.metadata.EntryPoint, blocked: Iterable[str]) -> Plugin:
    distribution = point.dist.name if point.dist else ""
    version = point.dist.version if point.dist else ""
    found = Plugin(point.name, distribution, version, module=point.module)
    if canonical(point.name) in blocked:
        return attrs.evolve(found, status="blocked", cause=BLOCKING)
    try:
        module = point.load()
    except (Exception, SystemExit) as error:
        return attrs.evolve(found, status="failed", cause=_in_one_line(error))
    return attrs.evolve(load(point.name, module, distribution, version), module=point.module)


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
