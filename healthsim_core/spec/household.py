"""How many of a kind a household may hold: the greatest of what a distribution of whole numbers may give."""

from __future__ import annotations

from typing import Any

from healthsim_core.spec import distribution as written

MOST_MEMBERS = 12  # a household has 16 positions; births take the rest
MOST_OF_A_KIND = 6


def greatest_count(count: Any) -> int:
    """The greatest number that a written distribution of counts may give.

    Args:
        count: The distribution: constant, explicit, poisson, negative_binomial, or these by rule or by chance.

    Raises:
        ValueError: It may give something else than whole numbers from 0 to `MOST_OF_A_KIND`.
    """
    return max(_counts(count))


def _counts(count: Any) -> list[int]:
    if isinstance(count, written.Constant):
        return [_whole(count.value)]
    if isinstance(count, written.Explicit):
        return [_whole(item.value) for item in count.values]
    if isinstance(count, written.Poisson | written.NegativeBinomial):
        if count.max is None:
            raise ValueError(f'it has no greatest number; say "max", at most {MOST_OF_A_KIND}')
        return [_whole(count.max)]
    if isinstance(count, written.ZeroInflated):
        return [0, *_counts(count.distribution)]
    if isinstance(count, written.Mixture):
        return [number for component in count.components for number in _counts(component.distribution)]
    if isinstance(count, written.Conditional):
        branches = [*(rule.then for rule in count.rules), *([] if count.default is None else [count.default])]
        return [number for branch in branches for number in _counts(branch)]
    raise ValueError(
        f"a {count.type} distribution does not give whole numbers; use explicit, poisson or negative_binomial"
    )


def _whole(number: Any) -> int:
    if isinstance(number, str):
        raise ValueError(f'"{number}" is a text; say numbers, such as {{"value": 2, "weight": 0.3}}')
    if isinstance(number, bool) or number != int(number) or not 0 <= number <= MOST_OF_A_KIND:
        raise ValueError(f"{number} is no count; say whole numbers from 0 to {MOST_OF_A_KIND}")
    return int(number)
