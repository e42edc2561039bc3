"""Reference data: bundled facts, datasets that plugins offer, and `healthsim init`."""

from healthsim_core.reference import official, places

__all__ = ["official", "places"]
