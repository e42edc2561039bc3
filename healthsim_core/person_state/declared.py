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
from healthsim_core.person_state.measures import Cause, Effect, Law, Measures
from healthsim_core.spec.base import read_part
from healthsim_core.spec.state import Effect as WrittenEffect
from healthsim_core.spec.state import Measure, StateSpecification

_LEAST_REST = 1e-6  # of a score's variance that is its own
_ORDERED = "order"


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
    """

    written: Mapping[str, Written]
    measures: Measures
    stages: Mapping[str, Mapping[str, str]]

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
        measures = [law for law in compiled if law is not None]
        _check_loadings(measures, written, mistakes)
        mistakes.tell()
        return cls(written, Measures(_with_rest(measures)), stages)


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
    if measure.is_ is not None:
        names |= Expression.parse(measure.is_, f"{one.where}.is").names
    elif measure.level is not None:
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
    if (level is None) == (formula is None):
        return None
    wanders, noise = measure.wanders, measure.noise
    return Law(
        name=one.name, level=level, follows=tuple(measure.follows.items()), rest=1.0,
        wanders=None if wanders is None else (wanders.sd or wanders.cv or 0.0, wanders.sd is None, wanders.days),
        noise=None if noise is None else (noise.sd or noise.cv or 0.0, noise.sd is None),
        drifts=tuple((cause, per_year) for cause, per_year in drifts if cause is not None),
        effects=tuple(effect for effect in effects if effect is not None),
        bounds=measure.bounds, formula=formula, decimals=measure.decimals,
    )  # fmt: skip


def _formula(one: Written, written: Mapping[str, Written]) -> Expression:
    assert one.measure.is_ is not None
    formula = Expression.parse(one.measure.is_, f"{one.where}.is", "number")
    if not formula.names & written.keys():
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


def _correlations(laws: list[Law]) -> dict[tuple[str, str], float]:
    """Correlations of the scores of measures, as their loadings make them."""
    correlation: dict[tuple[str, str], float] = {}
    names: list[str] = []
    for law in laws:
        for other in names:
            value = sum(loading * _between(followed, other, correlation) for followed, loading in law.follows)
            correlation[law.name, other] = correlation[other, law.name] = value
        names.append(law.name)
    return correlation


def _between(one: str, other: str, correlation: Mapping[tuple[str, str], float]) -> float:
    return 1.0 if one == other else correlation.get((one, other), 0.0)


def _explained(law: Law, correlation: Mapping[tuple[str, str], float]) -> float:
    return sum(
        one * other * _between(first, second, correlation)
        for first, one in law.follows
        for second, other in law.follows
    )


def _check_loadings(laws: list[Law], written: Mapping[str, Written], mistakes: Mistakes) -> None:
    correlation = _correlations(laws)
    for law in laws:
        with mistakes.caught():
            if (explained := _explained(law, correlation)) > 1 - _LEAST_REST:
                what = f"its loadings explain {explained:.0%} of it."
                raise SpecificationError(what, f"{written[law.name].where}.follows", "Lower them: below 100%.")


def _with_rest(laws: list[Law]) -> list[Law]:
    correlation = _correlations(laws)
    return [attrs.evolve(law, rest=float(np.sqrt(1 - _explained(law, correlation)))) for law in laws]
