"""What a product can offer to plans of benefits: plans, and kinds of service that plans speak of."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs

from healthsim_core.offers import Offer


@attrs.frozen
class BenefitPlan(Offer):
    """A plan of benefits.

    Attributes:
        name: The plan's name, as people's `plan` says it.
        design: The plan as a mapping, or the path of a JSON file that holds it; `healthsim schema plan` is its form.
    """

    name: str
    design: Mapping[str, Any] | Path


@attrs.frozen
class ServiceKind(Offer):
    """A kind of service of a product's own, which plans may have terms for and priced lines may be of.

    Attributes:
        name: The kind, such as "dental".
        usual: By coverage type, the terms of plans that do not name it; a plan of another type does not cover it.
    """

    name: str
    usual: Mapping[str, Mapping[str, Any]] = attrs.field(factory=dict)
