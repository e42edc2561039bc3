"""Run by `nox -s alone`: one product with the core and nothing else, as it is installed from its wheel."""

from __future__ import annotations

import importlib
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import healthsim_core
from healthsim_core.catalog import default_catalog
from healthsim_core.errors import SpecificationError
from healthsim_core.verification.verify import verify_folder


def main(product: str) -> None:
    """Import the product, run each of its journeys and profiles, write each of its formats, and read them back."""
    assert "site-packages" in str(Path(healthsim_core.__file__)), "the core is not the installed one"
    catalog = default_catalog()
    assert catalog.products == (product,), catalog.products
    module = importlib.import_module(product)
    journeys = [offer.name for offer in catalog.journeys.values()]
    formats = [offer.name for offer in catalog.formats.values()]
    assert catalog.profiles and journeys
    for journey in journeys:
        whole = (name for name in catalog.profiles if set(formats) <= _written(module.generate, name, journey, formats))
        assert next(whole, None), (
            f"{journey}: no profile of {product} has people for it of whom all formats tell something"
        )
    for name in catalog.profiles:
        assert module.generate(profile=name, count=5).validation.passed, name
    print(
        f"{product}: alone, {len(catalog.profiles)} profiles, {len(journeys)} journeys, formats "
        f"{', '.join(formats) or 'none'}"
    )


def _written(generate: Callable[..., Any], profile: str, journey: str, formats: list[str]) -> set[str]:
    """The formats that a run has files of; it must pass its validation and be read back."""
    with tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch, "out")
        try:
            result = generate(profile=profile, journey=journey, count=40, output_formats=formats, out=out, seed=7)
        except SpecificationError:  # the journey is not for such people
            return set()
        assert result.validation.passed, f"{profile}, {journey}: {result.validation}"
        assert len(result) >= 40
        report = verify_folder(out)
        assert report.passed, f"{profile}, {journey}: {report}"
        return {name for name, paths in result.outputs.items() if paths}


if __name__ == "__main__":
    main(sys.argv[1])
