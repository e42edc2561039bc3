"""What the site makes when it is built: the data dictionary, the code systems, the list of sources,
and READMEs as pages."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from healthsim_core.catalog import default_catalog
from healthsim_core.codes import CodeSystem, ValueSet
from healthsim_core.tables import Field, Table

ROOT = Path(__file__).parents[1]
README = re.compile(r"<!-- readme: (\S+) -->")


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Fill in what a page leaves to the code and to other files."""
    for mark, lines in FILLED.items():
        if mark in markdown:
            markdown = markdown.replace(mark, "\n".join(lines()))
    readme = README.search(markdown)
    return _as_page((ROOT / readme[1]).read_text(encoding="utf-8")) if readme else markdown


def data_dictionary() -> Iterator[str]:
    """Every declared table, product by product."""
    before = ""
    for name, table in default_catalog().tables.items():
        product = name.split(".")[0]
        if product != before:
            yield f"\n## {product}\n"
            before = product
        yield from _table(table)


def systems_told() -> Iterator[str]:
    """Every code system, and every value set with its codes."""
    systems = default_catalog().code_systems.values()
    yield "| name | what | from |\n|---|---|---|"
    yield from (
        f"| `{each.name}` | {each.title} | {each.source} |" for each in systems if not isinstance(each, ValueSet)
    )
    for each in systems:
        if isinstance(each, ValueSet):
            yield (
                f"\n## {each.name} {{#{each.name}}}\n\n{each.title.capitalize()}. {each.source}\n\n| code | "
                "what |\n|---|---|"
            )
            yield from (f"| `{code}` | {words} |" for code, words in each.codes.items())


def skills_sources() -> Iterator[str]:
    """What every skill's document says before its first table."""
    for skill in default_catalog().skills.values():
        if skill.document is not None:
            text = skill.document.read_text(encoding="utf-8").split("+++\n", 2)[2]
            told = re.sub(r"^# .*\n", "", text.strip().split("\n## ")[0]).strip()
            yield f"### {skill.skill}\n\n{skill.product}, version {skill.version}.\n\n{told}\n"


def data_sources() -> Iterator[str]:
    """Every entry `source` of the JSON files of the core and of products: their data, and their plans of benefits."""
    houses = {"the core": ROOT / "healthsim_core"}
    houses |= {path.name: path / "src" / path.name for path in sorted((ROOT / "plugins").iterdir())}
    for name, house in houses.items():
        paths = sorted([*house.glob("data/*.json"), *house.glob("plans/*.json")])
        documents = [(path.name, json.loads(path.read_text(encoding="utf-8"))) for path in paths]
        rows = [
            f"| `{file}` | {where} | {said} |" for file, document in documents for where, said in _sources(document)
        ]
        if rows:
            yield f"### Figures of {name}\n\n| file | of | source |\n|---|---|---|"
            yield from dict.fromkeys(rows)
            yield ""


def table_sources() -> Iterator[str]:
    """Every SOURCES.md, its headings made smaller."""
    for path in [
        *sorted((ROOT / "healthsim_core").glob("*/data/SOURCES.md")),
        *sorted((ROOT / "plugins").glob("*/src/*/data/SOURCES.md")),
    ]:
        yield re.sub(r"^# ", "### ", path.read_text(encoding="utf-8"), flags=re.MULTILINE)


FILLED: dict[str, Callable[[], Iterator[str]]] = {
    "<!-- the declared tables -->": data_dictionary,
    "<!-- the code systems -->": systems_told,
    "<!-- the skills' sources -->": skills_sources,
    "<!-- the data files' sources -->": data_sources,
    "<!-- the tables' sources -->": table_sources,
}


def _table(table: Table) -> Iterator[str]:
    yield f"\n### {table.name} {{#{_anchor(table.name)}}}\n\n{table.description}\n"
    run = "" if table.person else " One table a run, whoever the people are."
    yield f"Key: {', '.join(f'`{name}`' for name in table.key)}.{run}\n"
    yield "| column | type | what it is | unit | null |\n|---|---|---|---|---|"
    yield from (_row(field) for field in table.fields)


def _row(field: Field) -> str:
    known = default_catalog().tables
    target = f"[{field.references}](#{_anchor(field.references)})" if field.references in known else field.references
    words = field.description.replace("|", "\\|") + (f" Refers to {target}." if target else "") + _codes(field)
    return f"| `{field.name}` | {field.type} | {words} | {field.unit} | {'yes' if field.nullable else ''} |"


def _codes(field: Field) -> str:
    """Which codes a column holds; of a value set, with a link to it."""
    if not field.codes:
        return ""
    if field.codes.startswith("["):
        return f" Codes of the system that `{field.codes.strip('[]')}` names."
    system: CodeSystem = default_catalog().code_systems[field.codes]
    anchor = f"#{system.name}" if isinstance(system, ValueSet) else ""
    return f" Codes: [{field.codes}](code-systems.md{anchor})."


def _anchor(name: str) -> str:
    return name.replace(".", "-").replace("_", "-")


def _sources(document: Any, where: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(document, list):
        for each in document:
            yield from _sources(each, where)
    elif isinstance(document, dict):
        for name, value in document.items():
            if name in ("source", "sources"):
                told = value.items() if isinstance(value, dict) else [("", value)]
                yield from (
                    (" ".join(filter(None, [where, part])).replace("_", " "), str(said).replace("|", "\\|"))
                    for part, said in told
                )
            else:
                yield from _sources(value, f"{where} {name}".strip())


def _as_page(readme: str) -> str:
    """The README with links that hold on the site; what lies outside of it becomes plain text."""
    readme = (
        readme.replace("](../../README.md)", "](../index.md)")
        .replace("](../../docs/", "](../")
        .replace("](docs/", "](../")
    )
    return re.sub(r"\[([^\]]+)\]\((?!https?://|#|\.\./)[^)]+\)", r"\1", readme)
