"""A distribution that a plugin offers: its name tells whose it is; what its parameters are, the plugin knows."""

from __future__ import annotations

import re

from pydantic import ConfigDict, Field

from healthsim_core.spec.distribution.parameters import Bounded

OFFERED = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*")


class Offered(Bounded):
    """One of a plugin, by the plugin's name and its own, such as "toolbox.bathtub"; other fields are its parameters."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, float | str] = Field(init=False)

    type: str = Field(pattern=f"^{OFFERED.pattern}$")
