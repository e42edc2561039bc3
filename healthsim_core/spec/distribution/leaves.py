"""The distributions of which a written one is made, each with its path."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from healthsim_core.spec.distribution.composed import Conditional, Mixture, ZeroInflated

Path = tuple[int | str, ...]


def leaves(written: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """What is drawn from in the end: the branches of a conditional, the parts of a mixture; of any other, itself.

    Args:
        written: A written distribution.
        path: Its path.
    """
    if isinstance(written, Conditional):
        for index, rule in enumerate(written.rules):
            yield from leaves(rule.then, (*path, "rules", index, "then"))
        if written.default is not None:
            yield from leaves(written.default, (*path, "default"))
    elif isinstance(written, Mixture):
        for index, component in enumerate(written.components):
            yield from leaves(component.distribution, (*path, "components", index, "distribution"))
    elif isinstance(written, ZeroInflated):
        yield from leaves(written.distribution, (*path, "distribution"))
    else:
        yield path, written


def replaced(written: Any, function: Callable[[Any], Any]) -> Any:
    """A distribution whose leaves are what `function` makes of those of `written`, which stays as it is."""
    if isinstance(written, Conditional):
        rules = [rule.model_copy(update={"then": replaced(rule.then, function)}) for rule in written.rules]
        default = None if written.default is None else replaced(written.default, function)
        return written.model_copy(update={"rules": rules, "default": default})
    if isinstance(written, Mixture):
        parts = [
            component.model_copy(update={"distribution": replaced(component.distribution, function)})
            for component in written.components
        ]
        return written.model_copy(update={"components": parts})
    if isinstance(written, ZeroInflated):
        return written.model_copy(update={"distribution": replaced(written.distribution, function)})
    return function(written)
