"""Run by `nox -s alone`: one product with the core and nothing else, as it is installed from its wheel."""

from __future__ import annotations

import importlib
import sys
import tempfile
from pathlib import Path

import healthsim_core
from healthsim_core.catalog import default_catalog
from healthsim_core.execution.verify import verify_folder


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
        with tempfile.TemporaryDirectory() as scratch:
            out = Path(scratch, "out")
            result = module.generate(journey=journey, count=40, output_formats=formats, out=out, seed=7)
            assert result.validation.passed, f"{journey}: {result.validation}"
            assert len(result) >= 40
            report = verify_folder(out)
            assert report.passed, f"{journey}: {report}"
            assert {name for name, paths in result.outputs.items() if paths} >= set(formats), (journey, result.outputs)
    for name in catalog.profiles:
        assert module.generate(profile=name, count=5).validation.passed, name
    print(f"{product}: alone, {len(catalog.profiles)} profiles, {len(journeys)} journeys, formats {', '.join(formats) or 'none'}")


if __name__ == "__main__":
    main(sys.argv[1])
