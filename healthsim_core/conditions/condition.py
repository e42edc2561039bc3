"""A condition as compiled: who has it, how severe, since when, and under which billable code."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import attrs
import numpy as np
from numpy.typing import NDArray

from healthsim_core.catalog import Catalog
from healthsim_core.columns import Columns, Text, concat
from healthsim_core.defaults import defaults
from healthsim_core.distributions import Distribution
from healthsim_core.draws import Draws
from healthsim_core.errors import HealthSimError, SkillError, SpecificationError
from healthsim_core.expressions.expression import Expression
from healthsim_core.expressions.kinds import ANYTHING, BOOLEAN, DATE, TEXT, Kind, always, text_of, together
from healthsim_core.households.household import Household
from healthsim_core.households.steps import Known, Step
from healthsim_core.offers import SkillResolver
from healthsim_core.skills.use import always_given, check_lookup, resolved_or_null
from healthsim_core.spec.distribution.parameters import OLDEST

_DAYS_A_YEAR = 365.25


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
class ConditionPlan(Step):
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
        return tuple(
            index for index, prevalence in enumerate(self.by_member) if prevalence is not None and prevalence.is_certain
        )

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
        whens = [
            prevalence.when.names
            for prevalence in self.by_member
            if prevalence is not None and prevalence.when is not None
        ]
        severities = [law.names for law in self.severity if law is not None]
        return frozenset({"age", "birth_date"}).union(*whens, *severities)

    @property
    def drawn(self) -> str:
        """Its code, as the profile writes it."""
        return self.category

    def kinds(self, known: Known) -> dict[str, Kind]:
        """What its columns hold, once prevalences and severities are checked."""
        known.check((self.by_member, self.severity))
        kinds = [law.gives(known.columns) for law in self.severity if law is not None]
        given = together([*kinds, _severities(known.catalog)]) if kinds else _severities(known.catalog)
        severity = given if given is None else always(given, _has_severity(self, known.columns))
        if severity is None:
            with known.mistakes.caught():
                raise SpecificationError(
                    "the severity is not a text.", f"{self.where}.severity", 'Give texts, such as "mild".'
                )
        parts = {"condition": BOOLEAN, "severity": severity or TEXT, "onset": always(DATE)}
        return _of_those_who_have(self, {f"{part}.{self.category}": kind for part, kind in parts.items()})

    def make(self, house: Household) -> None:
        """Draw who has it, how severe, and since when."""
        name, draw = self.category, house.draws(f"condition.{self.category}")
        has = draw.uniform("has") < _probability(house, self)
        severity = _severity(house, self)
        house.severities[name] = severity
        years = defaults()["attributes"]["onset_years"]["distribution"]
        before = (draw.uniform("onset", years["min"], years["max"]) * _DAYS_A_YEAR).astype(np.int64)
        birth, start = np.asarray(house.columns["birth_date"]), np.asarray(house.columns["start_date"])
        onset = np.maximum(birth, start - before)
        house.columns[f"condition.{name}"] = has
        house.columns[f"severity.{name}"] = severity.only(has)
        house.columns[f"onset.{name}"] = np.where(has, onset, np.datetime64("NaT"))


@attrs.frozen
class ConditionCode(Step):
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
        columns = {f"{part}.{self.condition.category}" for part in ("condition", "severity")}
        return frozenset(columns).union(self.asked) - {"severity"}

    def kinds(self, known: Known) -> dict[str, Kind]:
        """What its columns hold; who has the condition has a code."""
        plan, filled = self.condition, frozenset({"code", *(["description"] if self.condition.description else [])})
        if plan.skill is not None and plan.code is None:
            severity = always(known.columns.get(f"severity.{plan.category}", TEXT), _has_severity(plan, known.columns))
            context = {key: {**known.columns, "severity": severity}.get(key, ANYTHING) for key in self.asked}
            missing = sorted(key for key in self.asked if key not in known.columns and key != "severity")
            with known.mistakes.caught():
                if missing:
                    what = f'the lookup "diagnosis" of "{plan.skill.skill}" asks for "{missing[0]}", which nobody has.'
                    raise SkillError(what, plan.where, "State it as an attribute.")
            known.mistakes.attempt(None, check_lookup, plan.skill, "diagnosis", context, f"{plan.where}.severity")
            filled = always_given(plan.skill, "diagnosis", context, ("age",))
        code = f"code.{plan.category}"
        if "code" not in filled:
            with known.mistakes.caught():
                what = f'"{plan.skill.skill if plan.skill else ""}" has no code for some who have {plan.category}.'
                raise SkillError(
                    what,
                    f"{plan.where}.severity",
                    "Give a severity that the skill has a row for, or a code with its decimals.",
                )
        kinds = {name: always(TEXT, name.split(".")[0] in filled) for name in self.makes}
        had = known.columns[f"condition.{plan.category}"]
        columns = _of_those_who_have(plan, kinds, had.tells | ({"conditions"} if code in kinds else frozenset()))
        again = {f"{part}.{plan.category}" for part in ("condition", "severity", "onset")} & known.columns.keys()
        return {**columns, **{name: attrs.evolve(known.columns[name], tells=columns[code].tells) for name in again}}

    def make(self, house: Household) -> None:
        """Tell the code of those who have it."""
        name = self.condition.category
        has = np.asarray(house.columns[f"condition.{name}"])
        code, description = _code(house, self)
        house.columns[f"code.{name}"] = code.only(has)
        house.columns[f"description.{name}"] = description.only(has)


def _of_those_who_have(plan: ConditionPlan, kinds: Mapping[str, Kind], told: Iterable[str] = ()) -> dict[str, Kind]:
    """The columns of a condition: what is always there for those who have it is so for everybody only where all have
    it."""
    name = f"condition.{plan.category}"
    tells = frozenset({column for column, kind in kinds.items() if kind.always}.union(told))
    tells |= {"severity"} if plan.primary and f"severity.{plan.category}" in tells else set()
    everybody = len(plan.certain) == len(plan.by_member)
    return {
        column: attrs.evolve(kind, always=column == name or (kind.always and everybody), tells=tells)
        for column, kind in kinds.items()
    }


def _has_severity(plan: ConditionPlan, known: Mapping[str, Kind]) -> bool:
    """Whether everybody who has the condition has a severity of it."""
    skill = (
        plan.skill is not None and "severity" in always_given(plan.skill, "severity", {}) if plan.by_skill else False
    )
    return all(skill if stated is None else stated.gives(known).always for stated in plan.severity)


def _severities(catalog: Catalog) -> Kind:
    """The severities that skills give, as far as a thousand people show them."""
    draw, severities = Draws(0, "severities", np.arange(1_000)), set()
    for skill in catalog.skills.values():
        if "severity" in skill.lookups and not skill.lookups["severity"][0]:
            try:
                drawn = skill.resolve("severity", Columns({}, 1_000), draw)["severity"]
            except HealthSimError:
                return TEXT
            severities |= set(drawn.values.to_pylist()) if isinstance(drawn, Text) else set()
    return text_of(severities) if severities else TEXT


def _probability(house: Household, plan: ConditionPlan) -> NDArray[np.float64]:
    age, probability = np.asarray(house.columns["age"]), np.zeros(house.rows)
    for index, prevalence in enumerate(plan.by_member):
        if prevalence is None:
            continue
        at_position = house.position == index
        for low, high, value in prevalence.bands:
            probability[at_position & (age >= low) & (age <= high)] = value
        if prevalence.when is not None:
            probability[at_position & ~prevalence.when.holds(house.columns, house.rows)] = 0.0
    return probability


def _severity(house: Household, plan: ConditionPlan) -> Text:
    draw = house.draws(f"severity.{plan.category}")
    unit, parts = draw.uniform("value"), []
    for index, stated in enumerate(plan.severity):
        rows = house.of_member(index)
        if stated is not None:
            parts.append(stated.sample(unit[rows], {name: house.columns[name][rows] for name in stated.names}))
        elif plan.skill is not None and "severity" in plan.skill.lookups:
            drawn = resolved_or_null(plan.skill, "severity", Columns({}, house.rows), draw)["severity"]
            parts.append(drawn[rows])
        else:
            parts.append(Text.constant(None, len(rows)))
    order = np.argsort(np.concatenate([house.of_member(index) for index in range(house.size)]), kind="stable")
    return concat(parts)[order]  # type: ignore[return-value]


def _code(house: Household, step: ConditionCode) -> tuple[Text, Text]:
    plan = step.condition
    if plan.code is not None:
        return Text.constant(plan.code, house.rows), Text.constant(plan.description, house.rows)
    assert plan.skill is not None
    severity = house.severities[plan.category]
    context = Columns({key: severity if key == "severity" else house.columns[key] for key in step.asked}, house.rows)
    cells = resolved_or_null(plan.skill, "diagnosis", context, house.draws(f"code.{plan.category}"))
    return cells.text("code"), cells.text("description")
