"""What makes the columns of people, one step after the other, and in which order."""

from __future__ import annotations

import abc
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import attrs

from healthsim_core.catalog import Catalog
from healthsim_core.errors import Mistakes, SpecificationError
from healthsim_core.expressions.checking import kind_of_expression
from healthsim_core.expressions.expression import expressions_in
from healthsim_core.expressions.kinds import NUMBER, Kind
from healthsim_core.households.household import Household, Member
from healthsim_core.reference.known_codes import KnownCodes


@attrs.frozen
class Known:
    """What is known before anybody is made, where a step says what its columns hold.

    Attributes:
        columns: What the columns hold that the steps before it make.
        members: The household positions.
        catalog: What products offer.
        codes: The codes that the run knows.
        mistakes: Takes what is wrong with the step's expressions.
    """

    columns: Mapping[str, Kind]
    members: Sequence[Member]
    catalog: Catalog
    codes: KnownCodes
    mistakes: Mistakes

    def check(self, compiled: Any, but: str = "") -> None:
        """Check every expression within something compiled, which may read all columns but one."""
        readable = {name: kind for name, kind in self.columns.items() if name != but}
        for expression in expressions_in(compiled):
            self.mistakes.attempt(NUMBER, kind_of_expression, expression, readable)


class Step(abc.ABC):
    """Something that makes columns of people: it says what it reads and makes, what that holds, and makes it.

    Attributes:
        where: The path in the profile, for errors; empty where none states it.
    """

    __slots__ = ()
    where: str = ""

    @property
    @abc.abstractmethod
    def makes(self) -> tuple[str, ...]:
        """Columns that it makes."""

    @property
    @abc.abstractmethod
    def names(self) -> frozenset[str]:
        """Columns that it reads."""

    @property
    def loose(self) -> tuple[str, ...]:
        """Those of its columns that a profile names as it likes: they may be compared with anything."""
        return self.makes

    @property
    def drawn(self) -> str:
        """What a plan calls it, where it is drawn; empty where it follows from others."""
        return ""

    @abc.abstractmethod
    def kinds(self, known: Known) -> dict[str, Kind]:
        """What its columns hold, once its expressions are checked."""

    @abc.abstractmethod
    def make(self, house: Household) -> None:
        """Add its columns to those of a chunk's people."""


class ColumnStep(Step):
    """A step that makes one column.

    Attributes:
        name: The column.
    """

    __slots__ = ()
    name: str

    @property
    def makes(self) -> tuple[str, ...]:
        """The column."""
        return (self.name,)


def in_order(steps: Sequence[Step]) -> tuple[Step, ...]:
    """The steps as they are given, but each after those whose columns it reads.

    A step may name its own column, and a subscriber's by `subscriber_` and the name:
    that is made before the others' are.

    Raises:
        SpecificationError: Some of them read each other in a circle, which the error prints.
    """
    maker = {column: step for step in reversed(steps) for column in step.makes}
    done: dict[str, Step] = {}
    for step in steps:
        _visit(step, maker, done)
    return tuple(done.values())


def _visit(first: Step, maker: Mapping[str, Step], done: dict[str, Step]) -> None:
    """Depth first, without recursion: chains may be long."""
    path: dict[str, None] = {}
    stack = [(first, False)]
    while stack:
        step, ready = stack.pop()
        name = step.makes[0]
        if ready:
            del path[name]
            done[name] = step
        elif name not in done:
            path[name] = None
            stack.append((step, True))
            needed = [other for other in _needed(step, maker) if other.makes[0] not in done]
            _refuse_circle(needed, path, maker)
            stack += [(other, False) for other in reversed(needed)]


def _needed(step: Step, maker: Mapping[str, Step]) -> Iterable[Step]:
    read = sorted({column.removeprefix("subscriber_") for column in step.names})
    makers = {maker[column].makes[0]: maker[column] for column in read if column in maker}
    return [other for name, other in makers.items() if name != step.makes[0]]


def _refuse_circle(needed: Iterable[Step], path: Mapping[str, None], maker: Mapping[str, Step]) -> None:
    for name in (other.makes[0] for other in needed):
        if name in path:
            way = list(path)
            circle = [*way[way.index(name) :], name]
            where = next((maker[column].where for column in circle if maker[column].where), "")
            remedy = (
                'Break it: name single conditions ("condition.E11") instead of all.'
                if "conditions" in circle
                else "Break it."
            )
            raise SpecificationError(f"these depend on each other in a circle: {' -> '.join(circle)}.", where, remedy)
