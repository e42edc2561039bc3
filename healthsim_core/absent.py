"""Where a name is that nobody offers: in a plugin that did not load or is blocked,
or in a product that is not installed."""

from __future__ import annotations

import functools
import importlib.metadata
import importlib.util
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import attrs

from healthsim_core.errors import canonical
from healthsim_core.package_data import PackageData
from healthsim_core.plugins import Plugin

_QUOTED = re.compile(r"""["']([^"'\n]{1,100})["']""")
_READ = (".py", ".json", ".md")
_DATA = PackageData("healthsim_core")


@attrs.frozen
class Whereabouts:
    """Where a name is, in words that go on from the message, and what to do about it;
    both empty where that is not known."""

    said: str = ""
    remedy: str = ""


def first_party() -> Mapping[str, Mapping[str, Sequence[str]]]:
    """What each distribution of this project offers, by its name and the kind of offer."""
    offers: dict[str, dict[str, list[str]]] = _DATA.document("first_party")
    return offers


def whereabouts(kind: str, name: str, plugins: Sequence[Plugin]) -> Whereabouts:
    """Where a name is that no active plugin offers.

    Args:
        kind: "profile", "journey", "plan", "format", "event type", "skill", "condition", "reference dataset", "table",
            "distribution", "function", "product" or "plugin".
        name: The name.
        plugins: Every plugin that was found, active or not.
    """
    kind = "product" if kind == "plugin" else kind
    idle = [plugin for plugin in plugins if plugin.status != "active"]
    for plugin in idle:
        if _offered(plugin, kind, name):
            return _of(plugin)
    installed = {plugin.name for plugin in plugins}
    for distribution, offered in first_party().items():
        if not installed & set(offered["product"]) and _among(name, kind, offered):
            return Whereabouts(
                f"it is in {distribution}, which is not installed", f"`pip install {distribution}` brings it."
            )
    return Whereabouts(remedy=" ".join(f"{line}." for line in failures(idle)))


def failures(plugins: Sequence[Plugin]) -> tuple[str, ...]:
    """Every plugin that did not load, with the cause, a line each."""
    return tuple(f"{plugin.name} did not load: {plugin.cause}" for plugin in plugins if plugin.status == "failed")


def _of(plugin: Plugin) -> Whereabouts:
    if plugin.status == "blocked":
        variable = plugin.cause
        return Whereabouts(f"it is in {plugin.name}, which {variable} blocks", f"Take {plugin.name} out of {variable}.")
    remedy = f"Mend or reinstall {plugin.distribution or plugin.name}: `healthsim plugins list` shows every plugin."
    return Whereabouts(f"it is in {plugin.name}, which did not load: {plugin.cause}", remedy)


def _offered(plugin: Plugin, kind: str, name: str) -> bool:
    if kind == "product":
        return canonical(name) == canonical(plugin.name)
    offered = first_party().get(plugin.distribution)
    if offered is not None:
        return _among(name, kind, offered)
    own = canonical(name).removeprefix(
        f"{canonical(plugin.name)}."
    )  # words of the language have the plugin's name first
    return not {canonical(name), own}.isdisjoint(_written(plugin))


def _among(name: str, kind: str, offered: Mapping[str, Sequence[str]]) -> bool:
    return canonical(name) in {canonical(offered_name) for offered_name in offered.get(kind, ())}


@functools.cache
def _names_in(files: tuple[Path, ...]) -> frozenset[str]:
    names = {path.stem for path in files}
    for path in files:
        names |= set(_QUOTED.findall(path.read_text(encoding="utf-8", errors="replace")))
    return frozenset(map(canonical, names))


def _written(plugin: Plugin) -> frozenset[str]:
    """Every text that a plugin's files quote: what one offers that could not be asked, as far as that can be read."""
    return _names_in(tuple(sorted(_files(plugin))))


def _files(plugin: Plugin) -> Iterator[Path]:
    """The plugin's own files: those its distribution lists, and those of a package that is used where it lies."""
    try:
        listed = importlib.metadata.files(plugin.distribution) or [] if plugin.distribution else []
    except importlib.metadata.PackageNotFoundError:
        listed = []
    yield from (
        path for path in (Path(str(file.locate())) for file in listed) if path.suffix in _READ and path.is_file()
    )
    try:
        spec = importlib.util.find_spec(plugin.module.split(".")[0]) if plugin.module else None
    except (ImportError, ValueError):
        spec = None
    for folder in (spec.submodule_search_locations or []) if spec else []:
        yield from (path for path in Path(folder).rglob("*") if path.suffix in _READ and path.is_file())
    if spec is not None and spec.origin and not spec.submodule_search_locations and spec.origin.endswith(".py"):
        yield Path(spec.origin)
