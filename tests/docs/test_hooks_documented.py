"""What a plugin's author or a user may write is in the documentation: hooks, offers, commands, options, products."""

from __future__ import annotations

import re
from collections.abc import Iterator

import attrs
import click
import pytest
from doc_pages import ROOT, blocks, section

import healthsim_core
from healthsim_core import benefit_offers, language_offers, offers
from healthsim_core.cli import COMMANDS, cli
from healthsim_core.plugins import HOOKS

HOOKS_PAGE = ROOT / "docs/api/hooks.md"
CLI_PAGE = ROOT / "docs/api/cli.md"
OFFERS = [
    each
    for each in vars(offers).values()
    if isinstance(each, type) and attrs.has(each) and each.__module__ == offers.__name__
] + [
    language_offers.DistributionOffer,
    language_offers.ExpressionFunction,
    benefit_offers.BenefitPlan,
    benefit_offers.ServiceKind,
]
PRODUCTS = sorted(path.parent.name for path in (ROOT / "plugins").glob("*/pyproject.toml"))
EXPLAINED = ("generation.md", "core.md", "hooks.md", "testing.md")


def commands(group: click.Command = cli, path: str = "healthsim") -> Iterator[tuple[str, click.Command]]:
    names = COMMANDS if group is cli else getattr(group, "commands", {})
    for name in names:
        command = group.get_command(click.Context(group), name)  # type: ignore[attr-defined]
        yield f"{path} {name}", command
        yield from commands(command, f"{path} {name}")


def options() -> Iterator[tuple[str, str]]:
    for path, command in commands():
        for parameter in command.params:
            if isinstance(parameter, click.Option) and not parameter.hidden:
                yield from ((path, name) for name in (*parameter.opts, *parameter.secondary_opts))


@pytest.mark.parametrize("hook", HOOKS)
def test_a_hook_has_a_section_with_a_plugin_that_runs(hook: str) -> None:
    assert f"def {hook}():" in section(HOOKS_PAGE, hook)


@pytest.mark.parametrize("offer", OFFERS, ids=lambda offer: offer.__name__)
def test_every_attribute_of_an_offer_is_explained(offer: type) -> None:
    shared = {field.name for field in attrs.fields(offers.Offer)} if offer is not offers.Offer else set()
    told = set(re.findall(r"^\| `(\w+)` \| \S", section(HOOKS_PAGE, offer.__name__), re.MULTILINE))
    assert {field.name for field in attrs.fields(offer)} - shared == told


@pytest.mark.parametrize("path", [path for path, _ in commands()])
def test_a_command_has_a_section(path: str) -> None:
    assert section(CLI_PAGE, path) != ""


@pytest.mark.parametrize(("path", "option"), list(options()), ids=lambda part: part)
def test_an_option_is_told_with_its_command(path: str, option: str) -> None:
    assert re.search(rf"`{option}\b", section(CLI_PAGE, path))


@pytest.mark.parametrize(("path", "option"), list(options()), ids=lambda part: part)
def test_an_option_says_what_it_is(path: str, option: str) -> None:
    explained = re.findall(r"^\| (.+?) \| \S", CLI_PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    stated = any(re.search(rf"`{option}\b", names) for names in explained)
    assert stated or re.search(rf"`{option}\b[^`]*` \w+|`{option}` ", section(CLI_PAGE, path))


@pytest.mark.parametrize("product", PRODUCTS)
def test_a_products_readme_shows_how_to_generate(product: str) -> None:
    shown = "\n".join(block.text for block in blocks(ROOT / "plugins" / product / "README.md", "python"))
    assert re.search(rf"\b(import|from) {product}\b", shown)
    assert "generate" in shown


@pytest.mark.parametrize("product", PRODUCTS)
def test_a_product_has_a_page_and_a_line_in_the_readme(product: str) -> None:
    assert (ROOT / "docs/products" / f"{product}.md").is_file()
    assert f"plugins/{product}/README.md" in (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", sorted(healthsim_core.__all__))
def test_a_public_name_of_the_core_is_in_the_api(name: str) -> None:
    pages = "\n".join((ROOT / "docs/api" / page).read_text(encoding="utf-8") for page in EXPLAINED)
    assert re.search(rf"\b{name}\b", pages)
