"""Compile the conditions of a profile: known codes, severities that their skills know,
and only for those who can have them."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import attrs
import numpy as np

from healthsim_core.catalog import Catalog
from healthsim_core.codes import CodeSystem, ValueSet
from healthsim_core.codes.edits import SEXES, Edit, edit_of
from healthsim_core.codes.forms import UnionSystem
from healthsim_core.codes.listed import ListedSystem
from healthsim_core.conditions.condition import ConditionPlan, Prevalence
from healthsim_core.conditions.pairs import refuse_pairs
from healthsim_core.distributions import Distribution, compile_distribution, condition
from healthsim_core.distributions.allowed import NEGLIGIBLE
from healthsim_core.errors import Mistakes, SpecificationError
from healthsim_core.expressions.expression import Expression
from healthsim_core.offers import SkillResolver
from healthsim_core.reference.known_codes import KnownCodes
from healthsim_core.reference.places import default_codes
from healthsim_core.spec.coded import texts_of
from healthsim_core.spec.distribution import age_band
from healthsim_core.spec.distribution.leaves import leaves
from healthsim_core.spec.profile import ConditionSpecification, Position, ProfileSpecification

_CATEGORY, _CODE = "icd-10-cm-category", "icd-10-cm"
Stated = tuple[str, ConditionSpecification, int | None]  # where, what, and of which member; None of all


def conditions_of(
    profile: ProfileSpecification,
    written: Sequence[Position],
    laws: Mapping[str, Sequence[Distribution]],
    catalog: Catalog,
    codes: KnownCodes,
    mistakes: Mistakes,
) -> tuple[ConditionPlan, ...]:
    """The conditions of a profile, compiled.

    Args:
        profile: The profile.
        written: The members that it writes, or the one person that it is of.
        laws: The distributions of every position, births included, by attribute: age and sex tell who can have one.
        catalog: Where skills are found.
        codes: The codes that the run knows.
        mistakes: Takes what is wrong.
    """
    laws = {name: laws[name] for name in ("age", "sex") if name in laws}
    members = max(map(len, laws.values()), default=len(written))
    by_code: dict[str, list[Stated]] = {}
    for where, spec, position in _stated(profile, written):
        code = mistakes.attempt(spec.code, codes.require, _CATEGORY, spec.code, where)
        by_code.setdefault(code, []).append((where, spec, position))
    known = {category: skill for skill in catalog.skills.values() for category in skill.conditions}
    compiler = _Compiler(profile, len(written), members, laws, known, codes)
    first = next(iter(by_code), None)
    plans = tuple(
        mistakes.attempt(_nobodys(c, members), compiler.condition, c, stated, c == first)
        for c, stated in by_code.items()
    )
    refuse_pairs(plans, compiler.unspecified, mistakes)
    if profile.clinical.severity is not None:
        mistakes.attempt(None, compiler.check_severity, profile.clinical.severity, first, catalog.skills.values())
    return plans


def _stated(profile: ProfileSpecification, written: Sequence[Position]) -> Iterable[Stated]:
    clinical = profile.clinical
    if clinical.primary_condition:
        yield "clinical.primary_condition", clinical.primary_condition, None
    for name in ("comorbidities", "conditions"):
        for index, spec in enumerate(getattr(clinical, name)):
            yield f"clinical.{name}[{index}]", spec, None
    for position, (member, path, _) in enumerate(written):
        for index, spec in enumerate(member.conditions):
            yield f"{path}.conditions[{index}]", spec, position


def _nobodys(code: str, members: int) -> ConditionPlan:
    nobody = (None,) * members
    return ConditionPlan(code, nobody, nobody, None, None, None, False, "")


@attrs.frozen
class _Compiler:
    """What the conditions of a profile have in common."""

    profile: ProfileSpecification
    written: int
    members: int
    laws: Mapping[str, Sequence[Distribution]]
    knowing: Mapping[str, SkillResolver]
    codes: KnownCodes

    def condition(self, code: str, stated: Sequence[Stated], primary: bool) -> ConditionPlan:
        """One condition.

        Raises:
            SpecificationError: No code below it can be billed, a severity is none of it, or nobody can have it.
        """
        prevalence: list[Prevalence | None] = [None] * self.members
        severity: list[Distribution | None] = [None] * self.members
        skill, mistakes = self.knowing.get(code) or self.knowing.get(code.split(".")[0]), Mistakes()
        where, spec, _ = stated[0]
        billable, description = mistakes.attempt((code, None), self._billable, code, skill, spec.description, where)
        edit = edit_of(billable or code)
        for path, written, position in stated:
            drawn = mistakes.attempt(None, self._severity, code, skill, written, path, primary)
            positions = range(self.written) if position is None else [position]
            for index in positions:
                prevalence[index], severity[index] = (
                    mistakes.attempt(None, self._prevalence, written, index, edit, path),
                    drawn,
                )
            if not mistakes.found and all(prevalence[index] is None for index in positions):
                mistakes.attempt(None, _refuse, code, edit, path)
        mistakes.tell()
        return ConditionPlan(code, tuple(prevalence), tuple(severity), skill, billable, description, primary, where)

    def _billable(
        self, code: str, skill: SkillResolver | None, words: str | None, where: str
    ) -> tuple[str | None, str | None]:
        """The billable code, None where the skill tells it, and what it is called."""
        listed = self.codes.systems[_CODE]
        if self.codes.canonical(_CATEGORY, code) is None or (
            skill is not None and "diagnosis" in skill.lookups and "." not in code
        ):
            return None, words
        billable = self.codes.canonical(_CODE, code) or self.unspecified(code)
        if billable is None and isinstance(listed, ListedSystem):
            remedy = f"Write one below it, such as {', '.join(listed.below(code))}."
            raise SpecificationError(f'"{code}" is a category that has no code for what is unspecified.', where, remedy)
        return billable, words or default_codes().get(code, ("", None))[1] or listed.display(str(billable))

    def unspecified(self, category: str) -> str | None:
        """The billable code that says no more than a category does."""
        listed = self.codes.systems[_CATEGORY]
        stated = self.codes.canonical(_CODE, default_codes().get(category, (category, None))[0])
        return listed.unspecified(category) if stated is None and isinstance(listed, ListedSystem) else stated

    def _severity(
        self, code: str, skill: SkillResolver | None, spec: ConditionSpecification, where: str, primary: bool
    ) -> Distribution | None:
        """The distribution of its severity, of texts as the skill that knows the condition writes them,
        else of general words."""
        at, severity = f"{where}.severity", spec.severity
        if severity is None and primary:
            at, severity = "clinical.severity", self.profile.clinical.severity
        if severity is None:
            return None
        return compile_distribution(
            _with_severities(severity, _severities(code, skill, self.codes.systems["severity"]), at), at
        )

    def check_severity(self, severity: Any, primary: str | None, skills: Iterable[SkillResolver]) -> None:
        """Refuse a severity of the primary condition that none can be,
        also where there is no such condition or it states its own."""
        general = self.codes.systems["severity"]
        if primary is not None:
            skills = [
                skill
                for skill in (self.knowing.get(primary) or self.knowing.get(primary.split(".")[0]),)
                if skill is not None
            ]
        systems = [_severities(primary or "any condition", skill, general) for skill in skills]
        known = (
            UnionSystem(name=general.name, title=general.title, systems=systems)
            if len(systems) > 1
            else (*systems, general)[0]
        )
        _with_severities(severity, known, "clinical.severity")

    def _prevalence(self, spec: ConditionSpecification, index: int, edit: Edit, where: str) -> Prevalence | None:
        """Who of a position has it: of those who can; None where nobody can."""
        stated = spec.prevalence if isinstance(spec.prevalence, dict) else {"0+": spec.prevalence}
        bands = [(*age_band(band), probability) for band, probability in stated.items()]
        when = condition(spec.when, f"{where}.when") if spec.when is not None else None
        sexes = self._sexes(index)
        if edit.sex and edit.sex not in sexes:
            return None
        if edit.sex and sexes != {edit.sex}:
            of_sex = f"sex == '{edit.sex}'"
            when = Expression.parse(
                of_sex if when is None else f"({when.text}) and {of_sex}",
                where if when is None else when.where,
                "boolean",
            )
        if edit.ages is not None and not self._all_within(index, edit.ages):
            bands = [(max(low, edit.ages[0]), min(high, edit.ages[1]), p) for low, high, p in bands]
            bands = [band for band in bands if band[0] <= band[1]]
            if not bands or self._none_within(index, edit.ages):
                return None
        return Prevalence(tuple(bands), when)

    def _sexes(self, index: int) -> frozenset[str]:
        law = self.laws["sex"][index] if index < len(self.laws.get("sex", ())) else None
        return (law.gives({}).values if law is not None else None) or frozenset(SEXES)

    def _share(self, index: int, ages: tuple[int, int]) -> float:
        """The share of a position whose age lies within; a half where it depends on other columns."""
        law = self.laws["age"][index] if index < len(self.laws.get("age", ())) else None
        if law is None or law.names or law.kind != "number":
            return 0.5
        low, high = law.below(np.array([ages[0], ages[1] + 1.0]), {})
        return float(high - low)

    def _all_within(self, index: int, ages: tuple[int, int]) -> bool:
        return self._share(index, ages) > 1 - NEGLIGIBLE

    def _none_within(self, index: int, ages: tuple[int, int]) -> bool:
        return self._share(index, ages) < NEGLIGIBLE


def _refuse(code: str, edit: Edit, where: str) -> None:
    raise SpecificationError(
        f'"{code}" is {edit.told}, and nobody here is.', where, "Give it to those who can have it, or leave it out."
    )


def _with_severities(severities: Any, known: CodeSystem, where: str) -> Any:
    """A distribution of severities with its texts as their set writes them."""
    mistakes, written = Mistakes(), copy.deepcopy(severities)
    for path, leaf in leaves(written):
        for inner, text, put in texts_of(leaf):
            place = where + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in (*path, *inner))
            put(mistakes.attempt(text, known.require, text, place))
    mistakes.tell()
    return written


def _severities(code: str, skill: SkillResolver | None, general: CodeSystem) -> CodeSystem:
    """The severities of a condition: those that its skill draws and asks for; general words too where it draws none."""
    if skill is None or skill.cells is None:
        return general
    tables = {lookup: skill.cells(lookup) for lookup in skill.lookups}
    drawn = tables.get("severity", {}).get("severity", ())
    severities = {*drawn, *(cell for table in tables.values() for cell in table.get("by severity", ()))} - {"*", ""}
    value_set = ValueSet(
        name="severity", title=f"severity of {code}", codes=dict.fromkeys(sorted(severities), skill.skill)
    )
    return value_set if drawn else UnionSystem(name="severity", title=value_set.title, systems=(value_set, general))
