"""Links lead somewhere: to a file that is there, and to a heading in it."""

from __future__ import annotations

from pathlib import Path

import pytest
from doc_pages import PAGES, anchors, links, name

LINKED = [(page, target) for page in PAGES for target in dict.fromkeys(links(page)) if "://" not in target]


@pytest.mark.parametrize(("page", "target"), LINKED, ids=[f"{name(page)} {target}" for page, target in LINKED])
def test_a_link_leads_somewhere(page: Path, target: str) -> None:
    path, _, anchor = target.partition("#")
    file = (page.parent / path).resolve() if path else page
    assert file.exists()
    # those are made of docstrings; building the site checks them
    if anchor and not anchor.startswith("healthsim_core."):
        assert anchor in anchors(file)


def test_pages_have_links() -> None:
    assert len(LINKED) > 40
