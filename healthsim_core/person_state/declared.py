"""What the skills of a catalog declare of a person's state, compiled, and everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import attrs
import numpy as np

from healthsim_core.catalog import Catalog
from healthsim_core.distributions import Distribution, compile_distribution
from healthsim_core.errors import Mistakes, SpecificationError, suggestion
from healthsim_core.expressions.asking import drug_key
from healthsim_core.expressions.expression import Expression
from healthsim_core.expressions.known_state import KnownState
from healthsim_core.person_state.loadings import explained
from healthsim_core.person_state.measures import OWN, Cause, Effect, Law, Measures, Scatter
from healthsim_core.person_state.recoding import CodeByState
from healthsim_core.spec.base import read_part
from healthsim_core.spec.state import CodeOfState, Measure, StateSpecification
from healthsim_core.spec.state import Effect as WrittenEffect

_LEAST_REST = 1e-6  # of a score's variance that is its own
_ORDERED = "order"
_NEVER = Expression.parse("1 == 0", "", "boolean")


@attrs.frozen(eq=False)
class Written:
    """A measure as a skill declares it.

    Attributes:
        name: Its name.
        measure: What is said of it.
        where: The path of it.
        effects: What moves it, by whichever skill says so, each with its path.
    """

    name: str
    measure: Measure
    where: str
    effects: list[tuple[str, WrittenEffect]]


@attrs.frozen(eq=False)
class Declared:
    """What skills declare.

    Attributes:
        written: The measures as they are written, by name.
        measures: The measures, compiled.
        stages: By condition and code, the stage that the code says.
        codes: Codes by state; of several that hold the first counts.
    """

    written: Mapping[str, Written]
    measures: Measures
    stages: Mapping[str, Mapping[str, str]]
    codes: tuple[CodeByState, ...] = ()

    @classmethod
    def of(cls, catalog: Catalog) -> Declared:
        """What the skills of a catalog declare; `catalog.derived(Declared.of)` once.

        Raises:
            SpecificationError: Every mistake of it.
        """
        mistakes, states = Mistakes(), dict[str, StateSpecification]()
        stages: dict[str, dict[str, str]] = {}
        for skill in (skill for _, skill in sorted(catalog.skills.items()) if skill.state):
            where = f"{skill.document.name if skill.document is not None else skill.skill}: State"
            with mistakes.caught():
                states[where] = read_part(StateSpecification, dict(skill.state), where)
                for code, staged in states[where].conditions.items():
                    of_code = {code: stage for stage, codes in staged.stages.items() for code in codes}
                    stages.setdefault(code, {}).update(of_code)
        written = _written(states, mistakes)
        known = catalog.derived(KnownState.of)
        compiled = [_compiled(one, written, known, catalog, mistakes) for one in _in_order(written, mistakes)]
        measures = _with_rest([law for law in compiled if law is not None], written, mistakes)
        codes = tuple(
            _code(said, f"{where}.codes[{at}]", catalog, mistakes)
            for where, state in states.items()
            for at, said in enumerate(state.codes)
        )
        mistakes.tell()
        return cls(written, Measures(measures), stages, codes)


def _code(said: CodeOfState, where: str, catalog: Catalog, mistakes: Mistakes) -> CodeByState:
    mistakes.attempt(None, catalog.code_systems["icd-10-cm"].require, said.code, f"{where}.code")
    when = mistakes.attempt(_NEVER, Expression.parse, said.when, f"{where}.when", "boolean")
    return CodeByState(said.instead_of, when, said.code, said.description)


def _written(states: Mapping[str, StateSpecification], mistakes: Mistakes) -> dict[str, Written]:
    """The measures that skills declare, with all that moves them."""
    listed = [
        Written(name, measure, path, [(f"{path}.moved_by[{at}]", effect) for at, effect in enumerate(measure.moved_by)])
        for where, said in states.items()
        for name, measure in said.measures.items()
        if (path := f"{where}.measures.{name}")
    ]
    written: dict[str, Written] = {}
    for one in sorted(listed, key=lambda one: one.measure.unless_declared):
        other = written.setdefault(one.name, one)
        if other is not one and not one.measure.unless_declared:
            with mistakes.caught():
                what = f"{other.where} declares it too."
                raise SpecificationError(what, one.where, "Leave one of them out: a measure is declared once.")
    for where, said in states.items():
        for name, effects in said.effects.items():
            with mistakes.caught():
                if name not in written or written[name].measure.level is None:
                    raise _without_level(name, written, f"{where}.effects")
                paths = (f"{where}.effects.{name}[{at}]" for at in range(len(effects)))
                written[name].effects.extend(zip(paths, effects, strict=True))
    return written


def _without_level(name: str, written: Mapping[str, Written], where: str) -> SpecificationError:
    remedy = suggestion(name, [other for other in written if written[other].measure.level is not None])
    return SpecificationError(f'no measure with a level is called "{name}".', where, remedy)


def _made_of(one: Written, written: Mapping[str, Written]) -> set[str]:
    """The measures that one follows or is made of."""
    measure, names = one.measure, set(one.measure.follows)
    for scatter in (measure.wanders, measure.noise):
        names |= set(scatter.follows) if scatter is not None else set()
    if measure.is_ is not None:
        names |= Expression.parse(measure.is_, f"{one.where}.is").names
    if measure.level is not None:
        names |= compile_distribution(measure.level, f"{one.where}.level").names
    return names & written.keys() - {one.name}


def _in_order(written: Mapping[str, Written], mistakes: Mistakes) -> list[Written]:
    """The measures, each after those that it follows or is made of."""
    needs = {name: mistakes.attempt(set[str](), _made_of, one, written) for name, one in written.items()}
    done: dict[str, Written] = {}
    while left := {name: needs[name] - done.keys() for name in written if name not in done}:
        ready = [name for name, missing in left.items() if not missing]
        if not ready:
            name = min(left)
            with mistakes.caught():
                circle = _circle(name, left)
                what = f"it is made of itself: {' -> '.join(circle)}."
                raise SpecificationError(what, written[name].where, "Break the circle.")
            return list(done.values())
        done |= {name: written[name] for name in ready}
    return list(done.values())


def _circle(name: str, needs: Mapping[str, set[str]]) -> list[str]:
    path = [name]
    while (following := min(needs[path[-1]])) not in path:
        path.append(following)
    return [*path[path.index(following) :], following]


def _compiled(
    one: Written, written: Mapping[str, Written], known: KnownState, catalog: Catalog, mistakes: Mistakes
) -> Law | None:
    measure, where = one.measure, one.where
    for name in measure.follows:
        with mistakes.caught():
            if name not in written or written[name].measure.level is None:
                raise _without_level(name, written, f"{where}.follows")
    for name, system in (("unit", "ucum"), ("loinc", "loinc")):
        text = getattr(measure, name)
        if text is not None:
            mistakes.attempt(None, catalog.code_systems[system].require, text, f"{where}.{name}")
    level = None
    if measure.level is not None:
        level = mistakes.attempt(None, compile_distribution, measure.level, f"{where}.level")
        mistakes.attempt(None, _check_bounds, level, measure, where)
    formula = None if measure.is_ is None else mistakes.attempt(None, _formula, one, written)
    drifts = [
        (mistakes.attempt(None, _cause, *drift.named, known, "taken", f"{where}.drift[{at}]"), drift.per_year)
        for at, drift in enumerate(measure.drift)
    ]
    effects = [mistakes.attempt(None, _effect, effect, known, path) for path, effect in one.effects]
    if level is None and formula is None:
        return None
    return Law(
        name=one.name, level=level, follows=tuple(measure.follows.items()), rest=1.0,
        wanders=mistakes.attempt(None, _scatter, one, "wanders", written),
        noise=mistakes.attempt(None, _scatter, one, "noise", written),
        drifts=tuple((cause, per_year) for cause, per_year in drifts if cause is not None),
        effects=tuple(effect for effect in effects if effect is not None),
        bounds=measure.bounds, formula=formula, decimals=measure.decimals,
    )  # fmt: skip


def _scatter(one: Written, of: str, written: Mapping[str, Written]) -> Scatter | None:
    said = getattr(one.measure, of)
    if said is None:
        return None
    days = getattr(said, "days", 1.0)
    for name in said.follows:
        other = getattr(written[name].measure, of) if name in written else None
        if other is None:
            remedy = suggestion(name, [name for name in written if getattr(written[name].measure, of) is not None])
            raise SpecificationError(f'no measure with "{of}" is called "{name}".', f"{one.where}.{of}.follows", remedy)
        if getattr(other, "days", 1.0) != days:
            what = f'it wanders with "{name}", but within other days.'
            raise SpecificationError(what, f"{one.where}.{of}.days", f"Write {other.days:g}, as there.")
    return Scatter(said.sd or said.cv or 0.0, said.sd is None, tuple(said.follows.items()), days=days)


def _formula(one: Written, written: Mapping[str, Written]) -> Expression:
    assert one.measure.is_ is not None
    formula = Expression.parse(one.measure.is_, f"{one.where}.is", "number")
    if not formula.names & written.keys() and not (OWN in formula.names and one.measure.level is not None):
        remedy = suggestion(min(formula.names, default=""), written)
        raise SpecificationError(f'"{formula.text}" reads no measure.', f"{one.where}.is", remedy)
    return formula


def _effect(effect: WrittenEffect, known: KnownState, where: str) -> Effect:
    cause = _cause(*effect.named, known, effect.of, where)
    size = effect.share if effect.share is not None else effect.size
    compiled = Expression.parse(size, f"{where}.size", "number") if isinstance(size, str) else size
    assert compiled is not None
    whole = {drug: {dose: 1.0} for drug, dose in effect.full_dose.items()}
    doses = {drug_key(drug): _rising({0.0: 0.0, **parts}) for drug, parts in (whole | effect.by_dose).items()}
    return Effect(cause, compiled, effect.share is not None, effect.days, doses)


def _rising(parts: Mapping[float, float]) -> tuple[list[float], list[float]]:
    return sorted(parts), [parts[dose] for dose in sorted(parts)]


def _cause(kind: str, name: str, known: KnownState, of: str, where: str) -> Cause:
    names = {"treatment": known.treatments, "circumstance": known.circumstances}.get(kind)
    if names is not None and drug_key(name) not in map(drug_key, names):
        raise SpecificationError(f'nobody knows a {kind} "{name}".', f"{where}.{kind}", suggestion(name, names))
    return Cause(_ORDERED if kind == "treatment" and of == "ordered" else kind, name)


def _check_bounds(level: Distribution | None, measure: Measure, where: str) -> None:
    """The middle of each law is a value that a body can have."""
    for law in _laws(level) if level is not None else ():
        middle = law.quantile(np.array([0.5]))
        if middle is not None and not measure.bounds[0] <= float(middle[0]) <= measure.bounds[1]:
            what = f"the bounds exclude a level of {float(middle[0]):g}."
            raise SpecificationError(what, f"{where}.bounds", "Widen them, or mend the level.")


def _laws(level: Distribution) -> Iterator[Distribution]:
    inner = [value for value in _parts(level) if isinstance(value, Distribution)]
    yield level
    for law in inner:
        yield from _laws(law)


def _parts(level: Any) -> Iterator[object]:
    for field in attrs.fields(type(level)) if attrs.has(type(level)) else ():
        value = getattr(level, field.name)
        for part in value if isinstance(value, tuple) else (value,):
            yield from part if isinstance(part, tuple) else (part,)


def _with_rest(laws: list[Law], written: Mapping[str, Written], mistakes: Mistakes) -> list[Law]:
    """The measures, each with the part of its scores that is its own."""
    done = {law.name: law for law in laws}
    for of in ("", "wanders", "noise"):
        scores: dict[str, Any] = {name: law if not of else getattr(law, of) for name, law in done.items()}
        followed = {name: score.follows for name, score in scores.items() if score is not None}
        for name, part in explained(followed).items():
            with mistakes.caught():
                if part > 1 - _LEAST_REST:
                    where = ".".join(filter(None, (written[name].where, of, "follows")))
                    what = f"its loadings explain {part:.0%} of it."
                    raise SpecificationError(what, where, "Lower them: below 100%.")
                own: Any = attrs.evolve(scores[name], rest=float(np.sqrt(1 - part)))
                done[name] = attrs.evolve(done[name], **{of: own}) if of else own
    return list(done.values())
