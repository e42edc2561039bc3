"""The six products are alike inside: who knows one finds the way in all."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

import pyarrow as pa
import pytest

from healthsim_core import ProfileExecutor
from healthsim_core.catalog import default_catalog

PLUGINS = Path(__file__).parents[2] / "plugins"
PRODUCTS = sorted(path.name for path in PLUGINS.iterdir() if (path / "pyproject.toml").is_file())
ROOMS = {"data", "generation", "handlers", "journeys", "profiles"}
WHERE_NEEDED = {"formats", "plans", "skills"}
FILES = {"__init__.py", "facts.py", "plugin.py", "py.typed", "tables.py"}


def house(product: str) -> Path:
    return PLUGINS / product / "src" / product


def generation(product: str) -> ModuleType:
    return importlib.import_module(f"{product}.generation")


@pytest.mark.parametrize("product", PRODUCTS)
def test_a_product_has_the_rooms_of_every_other(product: str) -> None:
    rooms = {path.name for path in house(product).iterdir() if path.is_dir()} - {"__pycache__"}
    assert ROOMS <= rooms <= ROOMS | WHERE_NEEDED


@pytest.mark.parametrize("product", PRODUCTS)
def test_a_product_has_the_files_of_every_other(product: str) -> None:
    assert {path.name for path in house(product).iterdir()} >= FILES


@pytest.mark.parametrize("product", PRODUCTS)
def test_generation_is_the_same_four_files(product: str) -> None:
    files = sorted(path.name for path in (house(product) / "generation").glob("*.py"))
    assert files == ["__init__.py", "executor.py", "profiles.py", "templates.py"]


@pytest.mark.parametrize("product", PRODUCTS)
def test_what_generation_offers_is_made_in_the_file_of_its_kind(product: str) -> None:
    room = generation(product)
    files = {name: importlib.import_module(f"{room.__name__}.{name}") for name in ("executor", "profiles", "templates")}
    homes = {name: [file for file, module in files.items() if hasattr(module, name)] for name in room.__all__}
    kinds = {"ProfileExecutor": "executor", "_profile": "profiles"}
    expected = {name: [kinds.get(_kind(name), "templates")] for name in room.__all__}
    assert homes == expected


def _kind(name: str) -> str:
    return next((ending for ending in ("ProfileExecutor", "_profile") if name.endswith(ending)), "")


@pytest.mark.parametrize("product", PRODUCTS)
def test_an_executor_says_nothing_but_its_product(product: str) -> None:
    room = generation(product)
    [executor] = [getattr(room, name) for name in room.__all__ if name.endswith("ProfileExecutor")]
    own = {name for name in vars(executor) if not name.startswith("__")}
    assert (executor.__base__, executor.products, own) == (ProfileExecutor, (product,), {"products"})


@pytest.mark.parametrize("product", PRODUCTS)
def test_generate_makes_its_product_alone(product: str) -> None:
    package = importlib.import_module(product)
    products = {name.split(".")[0] for name in package.generate(count=1).tables}
    assert products == {"core", product}


def test_tables_that_stand_in_for_another_product_s_are_of_its_types() -> None:
    others = importlib.import_module("patientsim.formats.others").OTHERS
    declared = {table.name: table for table in default_catalog().tables.values()}
    types = {(name, field.name): _plain(field.type) for name in others for field in declared[name].schema}
    columns = {(name, field.name): field.type for name, schema in others.items() for field in schema}
    assert {column: types.get(column) for column in columns} == columns


def _plain(kind: pa.DataType) -> pa.DataType:
    return kind.value_type if pa.types.is_dictionary(kind) else kind
