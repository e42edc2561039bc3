"""Loadings of scores on those of other measures: how much of each they explain, and what is left that is its own."""

from __future__ import annotations

from collections.abc import Mapping

Followed = Mapping[str, tuple[tuple[str, float], ...]]


def explained(followed: Followed) -> dict[str, float]:
    """The part of each score's variance that what it follows explains.

    Args:
        followed: By name, in an order in which each comes after those that it follows: their names and loadings.
    """
    correlation: dict[tuple[str, str], float] = {}
    parts: dict[str, float] = {}
    for name, follows in followed.items():
        parts[name] = sum(
            one * other * _between(first, second, correlation) for first, one in follows for second, other in follows
        )
        for before in list(parts)[:-1]:
            value = sum(loading * _between(other, before, correlation) for other, loading in follows)
            correlation[name, before] = correlation[before, name] = value
    return parts


def _between(one: str, other: str, correlation: Mapping[tuple[str, str], float]) -> float:
    return 1.0 if one == other else correlation.get((one, other), 0.0)
