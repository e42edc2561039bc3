"""The site builds without a warning, from what is here alone, and shows what the code declares."""

from __future__ import annotations

import html
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from doc_pages import ROOT

from healthsim_core.catalog import default_catalog


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built as strictly as mkdocs can."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    built = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, env={**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    )
    assert built.returncode == 0, built.stderr
    assert "WARNING" not in built.stderr
    return folder


def test_it_takes_nothing_from_elsewhere(site: Path) -> None:
    loaded = re.compile(
        r'<(?:script|img|iframe|link rel="(?:stylesheet|preconnect|icon)")[^>]*(?:src|href)="(?:https?:)?//'
    )
    assert [page.name for page in site.rglob("*.html") if loaded.search(page.read_text(encoding="utf-8"))] == []


def test_the_data_dictionary_has_every_table_and_column(site: Path) -> None:
    page = html.unescape((site / "api/tables.html").read_text(encoding="utf-8"))
    told = {part.split('"', 1)[0]: part for part in page.split('<h3 id="')[1:]}
    missing = [
        f"{name}.{field.name}"
        for name, table in default_catalog().tables.items()
        for field in table.fields
        if f"<code>{field.name}</code>" not in told.get(name.replace(".", "-").replace("_", "-"), "")
    ]
    assert missing == []


def test_every_skill_tells_its_sources(site: Path) -> None:
    page = (site / "explanation/clinical-sources.html").read_text(encoding="utf-8")
    headings = set(re.findall(r'<h3 id="([\w-]+)"', page))
    assert {skill.skill for skill in default_catalog().skills.values() if skill.document} - headings == set()


@pytest.mark.parametrize(
    ("page", "readme"),
    [("products/membersim.html", "plugins/membersim/README.md"), ("explanation/security.html", "SECURITY.md")],
)
def test_a_page_is_the_file_that_it_names(site: Path, page: str, readme: str) -> None:
    page = html.unescape((site / page).read_text(encoding="utf-8"))
    readme = (ROOT / readme).read_text(encoding="utf-8")
    headings = re.findall(r"^##+ (.+)$", readme, re.MULTILINE)
    assert [heading for heading in headings if heading not in page] == []
    assert len(headings) > 3


def test_api_pages_are_made_of_docstrings(site: Path) -> None:
    assert 'id="healthsim_core.generator.generate"' in (site / "api/generation.html").read_text(encoding="utf-8")
    assert 'id="healthsim_core.state.cohorts.persist"' in (site / "api/state.html").read_text(encoding="utf-8")
