"""The house keeps its layers: a module imports only from its own row and from rows above it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CORE = ROOT / "healthsim_core"
PRODUCTS = sorted(path.name for path in (ROOT / "plugins").iterdir() if (path / "pyproject.toml").is_file())

ROWS = (
    ("errors", "allocation", "calls", "strict_json", "package_data", "defaults"),
    ("columns", "groups", "lookup", "dates", "portable", "draws", "codes"),
    # of DuckDB; reference facts lie in it, and are read before anything is planned
    ("tables", "declared", "file_layouts", "database"),
    ("benefits",),
    (
        "world",
        "events",
        "enrolled",
        "identifiers",
        "planned",
        "offers",
        "benefit_offers",
        "decision_offers",
        "language_offers",
        "state_offers",
        "reading",
        "format_offers",
        "formats.text",
        "formats.destination",
        "formats",
    ),
    ("spec", "hookspecs", "templates"),
    ("plugins", "absent", "catalog"),
    ("reference",),
    ("expressions",),
    ("distributions",),
    ("patterns",),
    ("person_state",),
    ("designs", "coverage"),
    ("skills",),
    ("parameters",),
    ("households",),
    ("conditions",),
    ("people", "identity"),
    ("journeys",),
    ("timeline",),
    ("reliving",),
    ("handling",),
    ("planning",),
    ("validation",),
    ("generation",),
    ("output",),
    ("state",),
    ("execution",),
    ("verification",),
    ("explaining",),
    ("generator",),
    ("products",),
    ("testing",),
    ("cli",),
)
ROW_OF = {name: row for row, names in enumerate(ROWS) for name in names}


def modules() -> list[Path]:
    return sorted(path for path in CORE.rglob("*.py") if path.name != "__init__.py" or path.parent != CORE)


def imports(path: Path) -> Iterator[tuple[str, int]]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module, node.lineno
        elif isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)


def row(dotted: str) -> int | None:
    parts = dotted.removeprefix("healthsim_core").strip(".").split(".")
    for length in range(len(parts), 0, -1):
        found = ROW_OF.get(".".join(parts[:length]))
        if found is not None:
            return found
    return None


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(CORE)))
def test_a_module_imports_only_from_its_own_row_and_above(path: Path) -> None:
    own = row(".".join(path.relative_to(CORE).with_suffix("").parts))
    assert own is not None, "the module stands in no row"
    below = [
        (name, line) for name, line in imports(path) if name.startswith("healthsim_core.") and (row(name) or 0) > own
    ]
    assert below == []


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(CORE)))
def test_the_core_imports_no_product(path: Path) -> None:
    assert [name for name, _ in imports(path) if name.split(".")[0] in PRODUCTS] == []


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(CORE)))
def test_the_core_names_no_product(path: Path) -> None:
    text = path.read_text(encoding="utf-8").lower()
    assert [product for product in PRODUCTS if product in text and (path.name, product) not in ALLOWED] == []


ALLOWED = {("hybrid.py", "populationsim")}  # the default of a profile's `source`, a name that users write


@pytest.mark.parametrize("product", PRODUCTS)
def test_a_product_imports_only_the_core_s_public_names(product: str) -> None:
    import healthsim_core

    public = set(healthsim_core.__all__)
    offences = []
    for path in sorted((ROOT / "plugins" / product / "src").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in (
                "healthsim_core",
                "healthsim",
            ):
                private = (
                    {alias.name for alias in node.names} - public if node.module == "healthsim_core" else {node.module}
                )
                offences += [f"{path.name}:{node.lineno} {name}" for name in private]
            elif isinstance(node, ast.Import):
                offences += [
                    f"{path.name}:{node.lineno} {a.name}"
                    for a in node.names
                    if a.name.startswith(("healthsim_core.", "healthsim"))
                ]
    assert offences == []


@pytest.mark.parametrize("product", PRODUCTS)
def test_products_never_import_each_other(product: str) -> None:
    others = set(PRODUCTS) - {product}
    offences = [
        f"{path.name}:{line} {name}"
        for path in sorted((ROOT / "plugins" / product).rglob("*.py"))
        for name, line in imports(path)
        if name.split(".")[0] in others
    ]
    assert offences == []


def needed(path: Path) -> set[str]:
    """The modules that a module imports, whether it names them or what is in them."""
    found = [
        node
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module
    ]
    return {
        name for node in found for alias in node.names for name in (node.module or "", f"{node.module}.{alias.name}")
    }


def test_no_module_imports_itself_by_way_of_others() -> None:
    names = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts): path for path in modules() if path.name != "__init__.py"
    }
    left = {name: needed(path) & names.keys() - {name} for name, path in names.items()}
    # whoever needs nobody stands in no circle
    while free := [name for name, needs in left.items() if not needs & left.keys()]:
        left = {name: needs for name, needs in left.items() if name not in free}
    assert left == {}
