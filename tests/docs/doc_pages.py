"""The pages of the documentation, and what stands in them: fenced blocks, headings, links."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import attrs
from markdown.extensions.toc import slugify

ROOT = Path(__file__).parents[2]
PAGES = (
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "docs").rglob("*.md")),
    *sorted((ROOT / "plugins").glob("*/README.md")),
)
_FENCE = re.compile(
    r"(?:^<!-- (?P<mark>[^\n]*?) -->\n+)?^(?P<indent> "
    r"*)```(?P<language>\w*)(?P<rest>[^\n]*)\n(?P<text>.*?)^(?P=indent)```$",
    re.MULTILINE | re.DOTALL,
)
_LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+?)(?: \{#([\w-]+)\})?$", re.MULTILINE)


@attrs.frozen
class Block:
    """A fenced block: its page, line, language, what the HTML comment before it says, its title, its text."""

    page: Path
    line: int
    language: str
    mark: str
    title: str
    text: str

    @property
    def place(self) -> str:
        """Page and line."""
        return f"{name(self.page)}:{self.line}"


def name(page: Path) -> str:
    """A page's path within the project."""
    return str(page.relative_to(ROOT))


def blocks(page: Path, *languages: str) -> list[Block]:
    """The page's blocks in these languages, in order."""
    return [block for block in all_blocks(page) if block.language in languages]


def links(page: Path) -> list[str]:
    """Targets of the page's links."""
    return _LINK.findall(_prose(page))


def anchors(page: Path) -> set[str]:
    """Names that a link into the page may have after its #."""
    return {given or slugify(re.sub(r"[`*]", "", words), "-") for words, given in _HEADING.findall(_prose(page))}


def section(page: Path, heading: str) -> str:
    """The text below a heading, up to the next of its level or above."""
    text = page.read_text(encoding="utf-8")
    start = re.search(rf"^(#+) {re.escape(heading)}$", text, re.MULTILINE)
    if start is None:
        return ""
    end = re.search(rf"^#{{1,{len(start[1])}}} ", text[start.end() :], re.MULTILINE)
    return text[start.end() : start.end() + end.start() if end else len(text)]


def all_blocks(page: Path) -> Iterator[Block]:
    """The page's blocks, in order."""
    text = page.read_text(encoding="utf-8")
    for found in _FENCE.finditer(text):
        title = re.search(r'title="([^"]+)"', found["rest"])
        line = text.count("\n", 0, found.start("language")) + 1
        yield Block(page, line, found["language"], found["mark"] or "", title[1] if title else "", found["text"])


def _prose(page: Path) -> str:
    return _FENCE.sub("", page.read_text(encoding="utf-8"))
