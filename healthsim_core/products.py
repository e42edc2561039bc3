"""`generate` of a product: that of the core, of the product's usual profile and for the product alone."""

from __future__ import annotations

from typing import Any, Protocol

from healthsim_core.generation.result import Result
from healthsim_core.generator import generate as generate_everything


class ProductGenerate(Protocol):
    """The `generate` of a product."""

    def __call__(self, profile: Any = ..., journey: Any = ..., count: int | None = ..., **options: Any) -> Result:
        """Generate what the product makes; the options are those of `healthsim.generate`."""


def product_generate(product: str, makes: str, *, profile: str, journey: str | None = None) -> ProductGenerate:
    """The `generate` of a product, for its package to offer.

    Args:
        product: The product's name, which is its package's.
        makes: What it generates; documents the function.
        profile: The template that is taken where nobody names another.
        journey: The journey that is; None takes the profile's own.

    Examples:
        >>> generate = product_generate("clinic", "Generate visits.", profile="adults")
        >>> generate.__module__, generate.__doc__.splitlines()[0]
        ('clinic', 'Generate visits.')
    """
    of_product, of_journey = profile, journey

    def generate(
        profile: Any = of_product, journey: Any = of_journey, count: int | None = None, **options: Any
    ) -> Result:
        options.setdefault("products", [product])
        return generate_everything(profile=profile, journey=journey, count=count, **options)

    generate.__doc__ = f"""{makes}

    Args:
        profile: Template name, specification, mapping or path.
        journey: The same for a journey, or a list of these; None for the profile's own.
        count: How many people (households where the profile has members).
        options: As in `healthsim.generate`; `products` defaults to {product} alone.
    """
    generate.__module__, generate.__qualname__ = product, "generate"
    return generate
