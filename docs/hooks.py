"""What the site makes when it is built: the data dictionary from the declared tables, and each product's README as a page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from healthsim_core.catalog import default_catalog
from healthsim_core.tables import Field, Table

ROOT = Path(__file__).parents[1]
DICTIONARY = "<!-- the declared tables -->"
README = re.compile(r"<!-- readme: (\S+) -->")


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Fill in what a page leaves to the code and to other files."""
    if DICTIONARY in markdown:
        markdown = markdown.replace(DICTIONARY, "\n".join(data_dictionary()))
    readme = README.search(markdown)
    return _as_page((ROOT / readme[1]).read_text(encoding="utf-8")) if readme else markdown


def data_dictionary() -> Iterator[str]:
    """Markdown of every declared table, product by product."""
    before = ""
    for name, table in default_catalog().tables.items():
        product = name.split(".")[0]
        if product != before:
            yield f"\n## {product}\n"
            before = product
        yield from _table(table)


def _table(table: Table) -> Iterator[str]:
    yield f"\n### {table.name} {{#{_anchor(table.name)}}}\n\n{table.description}\n"
    yield f"Key: {', '.join(f'`{name}`' for name in table.key)}." + ("" if table.person else " One table a run, whoever the people are.") + "\n"
    yield "| column | type | what it is | unit | null |\n|---|---|---|---|---|"
    yield from (_row(field) for field in table.fields)


def _row(field: Field) -> str:
    known = default_catalog().tables
    target = f"[{field.references}](#{_anchor(field.references)})" if field.references in known else field.references
    words = field.description.replace("|", "\\|") + (f" Refers to {target}." if target else "")
    return f"| `{field.name}` | {field.type} | {words} | {field.unit} | {'yes' if field.nullable else ''} |"


def _anchor(name: str) -> str:
    return name.replace(".", "-").replace("_", "-")


def _as_page(readme: str) -> str:
    """The README with links that hold on the site: what lies outside of it becomes plain text, the root README the home page."""
    readme = readme.replace("](../../README.md)", "](../index.md)").replace("](../../docs/", "](../")
    return re.sub(r"\[([^\]]+)\]\((?!https?://|#|\.\./)[^)]+\)", r"\1", readme)
