"""A new plugin, written from the templates in `data/new_plugin`: all of its folder, or nothing."""

from __future__ import annotations

import importlib.util
import keyword
import re
import shutil
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from string import Template

from healthsim_core.absent import first_party
from healthsim_core.catalog import default_catalog
from healthsim_core.errors import ArgumentError, OutputError, canonical
from healthsim_core.hookspecs import API

TEMPLATES = Path(__file__).parents[1] / "data" / "new_plugin"
FORM = re.compile(r"[a-z][a-z0-9_]*")
OTHERWISE = "Choose another name."


def plugin_files(name: str) -> Mapping[str, str]:
    """The files of a new plugin by their path within its folder."""
    where = {
        "pyproject.txt": "pyproject.toml",
        "readme.txt": "README.md",
        "package.txt": f"src/{name}/__init__.py",
        "tests.txt": f"tests/test_{name}.py",
    }
    read = {path: (TEMPLATES / file).read_text(encoding="utf-8") for file, path in where.items()}
    written = {path: Template(text).substitute(name=name, api=API) for path, text in read.items()}
    return {**written, f"src/{name}/py.typed": ""}


def write_plugin(name: str, beside: Path) -> Path:
    """Write a new plugin into a folder of its name.

    Args:
        name: The plugin's name, its package's and its folder's.
        beside: Where the folder is made.

    Raises:
        ArgumentError: The name is none that a plugin can have.
        OutputError: The folder is there already, or cannot be written.
    """
    check_name(name)
    folder = beside / name
    if folder.exists() or folder.is_symlink():
        raise OutputError("it is there already.", str(folder), "Choose another name, or move it away.")
    try:
        scratch = Path(tempfile.mkdtemp(prefix=f".{name}-", dir=beside))
        try:
            _write(scratch / name, plugin_files(name))
            (scratch / name).rename(folder)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
    except OSError as error:
        what = f"it cannot be written: {error.strerror or error}."
        raise OutputError(what, str(folder), "Change into a folder that you may write to.") from error
    return folder


def check_name(name: str) -> None:
    """Refuse what cannot be a plugin's name.

    Raises:
        ArgumentError: It is no package name, or somebody has it.
    """
    if not FORM.fullmatch(name) or keyword.iskeyword(name):
        plain = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_0123456789")
        better = f' Such as "{plain}".' if plain and not keyword.iskeyword(plain) else ""
        remedy = f"Use small letters, digits and _, a letter first.{better}"
        raise ArgumentError(f'"{name}" cannot be the name of a Python package.', "NAME", remedy)
    products = {product for offered in first_party().values() for product in offered["product"]}
    known = {canonical(other) for other in (*products, *(plugin.name for plugin in default_catalog().plugins))}
    if canonical(name) in known:
        raise ArgumentError(f'there is a plugin "{name}".', "NAME", f"{OTHERWISE} `healthsim plugins list` shows all.")
    if name in {"core", *sys.stdlib_module_names} or importlib.util.find_spec(name) is not None:
        raise ArgumentError(f'there is a package "{name}", which yours would hide.', "NAME", OTHERWISE)


def _write(folder: Path, files: Mapping[str, str]) -> None:
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
