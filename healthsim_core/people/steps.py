"""What makes the columns of people: attributes, conditions and what follows from them, and in which order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

import attrs

from healthsim_core.distributions import Distribution
from healthsim_core.errors import SpecificationError
from healthsim_core.expressions.expression import Expression
from healthsim_core.offers import SkillResolver
from healthsim_core.spec.distribution.parameters import OLDEST


@attrs.frozen
class Attribute:
    """One attribute of every person.

    Attributes:
        name: Column name; also the name of its stream of draws.
        by_member: The distribution of each household position.
        household: Whether it is drawn once a household.
        where: The path in the profile, for errors.
        stated: Where it is stated for each household position, and validation therefore tests it;
            empty where it is not.
        normals: Where it is correlated: attributes and their shares, whose normals make up its own.
    """

    name: str
    by_member: tuple[Distribution, ...]
    household: bool = False
    where: str = ""
    stated: tuple[str, ...] = ()
    normals: tuple[tuple[str, float], ...] = ()

    @property
    def makes(self) -> tuple[str, ...]:
        """The column that it makes."""
        return (self.name,)

    @property
    def names(self) -> frozenset[str]:
        """Columns that it reads."""
        return frozenset().union(*(distribution.names for distribution in self.by_member))


@attrs.frozen
class Prevalence:
    """Who has a condition: a probability by age band, for one household position."""

    bands: tuple[tuple[int, int, float], ...]
    when: Expression | None = None

    @property
    def is_certain(self) -> bool:
        """Whether everybody has it, at whatever age."""
        covered = {age for low, high, probability in self.bands if probability >= 1 for age in range(low, high + 1)}
        return self.when is None and covered.issuperset(range(OLDEST + 1))


@attrs.frozen
class ConditionPlan:
    """A condition as compiled.

    Attributes:
        category: The code as the profile writes it.
        by_member: Prevalence of each household position; None where the position never has it.
        severity: Its severity by position; None leaves it to the skill, or null.
        skill: The skill that knows the category, where one does.
        code: The billable code; None leaves it to the skill.
        description: The code in words.
        primary: Whether it is the profile's primary condition.
        where: The path in the profile.
    """

    category: str
    by_member: tuple[Prevalence | None, ...]
    severity: tuple[Distribution | None, ...]
    skill: SkillResolver | None
    code: str | None
    description: str | None
    primary: bool
    where: str

    @property
    def certain(self) -> tuple[int, ...]:
        """Household positions whose people have it without exception."""
        return tuple(index for index, each in enumerate(self.by_member) if each is not None and each.is_certain)

    @property
    def by_skill(self) -> bool:
        """Whether a skill gives the severities that are not stated."""
        return self.skill is not None and "severity" in self.skill.lookups

    @property
    def makes(self) -> tuple[str, ...]:
        """Columns that it makes; its code is a step of its own, for it may depend on other conditions."""
        return tuple(f"{part}.{self.category}" for part in ("condition", "severity", "onset"))

    @property
    def names(self) -> frozenset[str]:
        """Columns that it reads."""
        whens = [each.when.names for each in self.by_member if each is not None and each.when is not None]
        said = [each.names for each in self.severity if each is not None]
        return frozenset({"age", "birth_date"}).union(*whens, *said)


@attrs.frozen
class ConditionCode:
    """The billable code of a condition, which its skill may tell by what else the person has.

    Attributes:
        condition: The condition.
        where: The condition's path in the profile.
    """

    condition: ConditionPlan
    where: str

    @property
    def makes(self) -> tuple[str, ...]:
        """Columns that it makes."""
        return (f"code.{self.condition.category}", f"description.{self.condition.category}")

    @property
    def asked(self) -> tuple[str, ...]:
        """Keys of the skill's lookup, `severity` being that of the condition;
        none where the profile states the code."""
        skill = self.condition.skill
        return tuple(skill.lookups["diagnosis"][0]) if skill is not None and self.condition.code is None else ()

    @property
    def names(self) -> frozenset[str]:
        """Columns that it reads."""
        own = {f"{part}.{self.condition.category}" for part in ("condition", "severity")}
        return frozenset(own).union(self.asked) - {"severity"}


@attrs.frozen
class Consequence:
    """A column that follows from others without being stated: birth date, all conditions, severity, a baseline,
    what a skill asks for.

    Attributes:
        name: The column.
        names: The columns that it reads.
        where: Empty: no path of the profile states it.
    """

    name: str
    names: frozenset[str]
    where: str = ""

    @property
    def makes(self) -> tuple[str, ...]:
        """The column."""
        return (self.name,)


Step: TypeAlias = Attribute | ConditionPlan | ConditionCode | Consequence


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
    found = {maker[column].makes[0]: maker[column] for column in read if column in maker}
    return [other for name, other in found.items() if name != step.makes[0]]


def _refuse_circle(needed: Iterable[Step], path: Mapping[str, None], maker: Mapping[str, Step]) -> None:
    for name in (other.makes[0] for other in needed):
        if name in path:
            way = list(path)
            circle = [*way[way.index(name) :], name]
            where = next((maker[each].where for each in circle if maker[each].where), "")
            remedy = (
                'Break it: name single conditions ("condition.E11") instead of all.'
                if "conditions" in circle
                else "Break it."
            )
            raise SpecificationError(f"these depend on each other in a circle: {' -> '.join(circle)}.", where, remedy)
