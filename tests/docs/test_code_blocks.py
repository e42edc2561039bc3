"""Everything that stands in a block of the documentation is tried: Python runs, commands exit as they say,
JSON is read."""

from __future__ import annotations

import json
import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from doc_pages import PAGES, Block, all_blocks, blocks, name

from healthsim_core import JourneySpecification, ProfileSpecification
from healthsim_core.catalog import default_catalog
from healthsim_core.cli import main
from healthsim_core.generator import make_plan
from healthsim_core.spec import PlanSpecification, ScenarioSpecification
from healthsim_core.spec.base import read_part
from healthsim_core.spec.distribution import KINDS
from healthsim_core.spec.journey import Delay, EventSpecification
from healthsim_core.spec.state import StateSpecification

LANGUAGES = {"python", "console", "json", "toml", "sql", "markdown", "text", ""}
NOT_RUN = "not run"
RUN = [page for page in PAGES if blocks(page, "python", "console")]
DOCUMENTS = [block for page in PAGES for block in blocks(page, "json") if not block.mark.startswith("only JSON")]


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_blocks_are_in_languages_that_are_tried(page: Path) -> None:
    assert {block.language for block in all_blocks(page)} <= LANGUAGES


@pytest.mark.parametrize("page", RUN, ids=name)
def test_a_page_runs_from_its_first_block_to_its_last(
    page: Path, desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    namespace: dict[str, Any] = {"__name__": "page"}
    for block in blocks(page, "python", "console", "json", "markdown"):
        if block.title:
            (desk / block.title).write_text(block.text, encoding="utf-8")
        if block.mark.startswith(NOT_RUN):
            continue
        if block.language == "python":
            exec(compile(block.text, block.place, "exec"), namespace)
        elif block.language == "console":
            for command, shown in commands(block):
                said = run(command, block, capsys)
                assert_said(shown, said, f"{block.place}: {command}")


@pytest.mark.parametrize("block", DOCUMENTS, ids=lambda block: block.place)
def test_a_document_is_what_it_looks_like(block: Block, desk: Path) -> None:
    read(json.loads(block.text), block.place)


@pytest.mark.parametrize("block", [b for page in PAGES for b in blocks(page, "json")], ids=lambda block: block.place)
def test_json_is_json(block: Block) -> None:
    assert json.loads(block.text) is not None


def test_the_plugin_tutorial_is_the_plugin() -> None:
    page = next(page for page in PAGES if page.name == "first-plugin.md")
    told = [block.text for block in blocks(page, "python") if block.mark == "dentalsim"]
    source = (page.parents[2] / "examples/dentalsim/src/dentalsim/__init__.py").read_text(encoding="utf-8")
    assert lines("\n".join(told)) == lines(source)


def test_the_plugin_tutorial_shows_the_plugins_entry_point() -> None:
    page = next(page for page in PAGES if page.name == "first-plugin.md")
    told = [tomllib.loads(block.text) for block in blocks(page, "toml")]
    real = tomllib.loads((page.parents[2] / "examples/dentalsim/pyproject.toml").read_text(encoding="utf-8"))
    assert told == [{"project": {"entry-points": real["project"]["entry-points"]}}]


def commands(block: Block) -> Iterator[tuple[str, list[str]]]:
    """The block's `healthsim` commands, each with the output that is shown below it."""
    for part in re.split(r"^\$ ", block.text.replace("\\\n", " "), flags=re.MULTILINE)[1:]:
        command, *shown = part.rstrip("\n").split("\n")
        if command.startswith("healthsim "):
            yield command, [line for line in shown if line.strip()]


def run(command: str, block: Block, capsys: pytest.CaptureFixture[str]) -> str:
    """What a command prints; it must exit as the block's mark says, else with 0."""
    expected = re.search(r"exits (\d+)", block.mark)
    capsys.readouterr()
    with pytest.raises(SystemExit) as ended:
        main(shlex.split(command, comments=True)[1:])
    printed = capsys.readouterr()
    assert ended.value.code == int(expected[1] if expected else 0), (
        f"{block.place}: {command}\n{printed.out}{printed.err}"
    )
    return printed.out + printed.err


def assert_said(shown: list[str], said: str, where: str) -> None:
    """Every line shown was printed, in order; `...` stands for anything."""
    at = 0
    for line in shown:
        found = re.compile(r"\s+".join(map(_pattern, line.split()))).search(said, at)
        assert found, f"{where}\ndoes not say: {line}\nbut:\n{said}"
        at = found.end()


def _pattern(word: str) -> str:
    return ".*?".join(map(re.escape, word.split("...")))


def read(document: Any, where: str) -> None:
    """Read a document by what it is; profiles, journeys and scenarios are compiled as well."""
    keys = set(document) if isinstance(document, dict) else set()
    if "scenario" in keys:
        make_plan(scenario=ScenarioSpecification.read(document, where).model_dump(exclude_unset=True, by_alias=True))
    elif "journey_id" in keys:
        make_plan("adult-hypertension", JourneySpecification.read(document, where), count=1)
    elif {"coverage_type", "in"} <= keys:
        PlanSpecification.read(document, where)
    elif "event_type" in keys:
        event = {"event_id": "event", **document}
        after = [{"event_id": event["depends_on"], "event_type": "encounter"}] if "depends_on" in event else []
        make_plan("diabetic-senior", {"journey_id": "page", "duration_days": 365, "events": [*after, event]}, count=1)
    elif document.get("type") in {*KINDS, *default_catalog().distributions}:
        make_plan({"attributes": {"it": document, "a1c": 8.0}}, count=1)
    elif keys and keys <= set(Delay.model_fields):
        Delay.model_validate(document)
    elif keys and keys <= _fields(StateSpecification):
        read_part(StateSpecification, document, where)
    elif keys <= _fields(ProfileSpecification):
        make_plan(ProfileSpecification.read(document, where), count=1)
    elif keys <= _fields(EventSpecification):
        event = {"event_id": "event", "event_type": "encounter", **document}
        make_plan("diabetic-senior", {"journey_id": "page", "duration_days": 365, "events": [event]}, count=1)
    else:
        raise AssertionError(
            f"{where}: neither profile, journey, scenario, plan, event, distribution nor delay: {sorted(keys)}"
        )


def _fields(model: Any) -> set[str]:
    aliases = {
        alias for field in model.model_fields.values() for alias in getattr(field.validation_alias, "choices", [])
    }
    return set(model.model_fields) | aliases


def lines(source: str) -> list[str]:
    """Its lines that are not empty."""
    return [line for line in source.splitlines() if line.strip()]


def test_the_catalog_is_whole() -> None:
    """The pages speak of all products; where one is missing, these tests say so and not something strange."""
    assert {plugin.name: plugin.cause for plugin in default_catalog().plugins if plugin.status != "active"} == {}
