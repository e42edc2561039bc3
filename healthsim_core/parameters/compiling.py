"""Event parameters: constants, references to the person, and skill references, resolved for whole columns."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import attrs

from healthsim_core.catalog import Catalog
from healthsim_core.columns import Columns
from healthsim_core.draws import Draws
from healthsim_core.errors import Mistakes, SkillError, SpecificationError, suggestion, unknown
from healthsim_core.expressions.asking import LAST
from healthsim_core.offers import SkillResolver, asks_condition
from healthsim_core.parameters.coded_columns import CodedColumn
from healthsim_core.skills.use import Reference, SkillUse, check_lookup

_REFERENCE = re.compile(r"^\$\{(entity|outcome|journey|parameters|measured|last)\.([A-Za-z0-9_.]+)\}$")
Lookup = Callable[[str], Any]


@attrs.frozen
class Parameters:
    """The compiled parameters of one node.

    Attributes:
        constants: Value by name.
        references: Reference by name.
        skills: What skills give.
        carried: Parameters of the causing event, (its name, ours).
        coded: Those whose codes are known only when they are drawn.
    """

    constants: Mapping[str, Any] = attrs.field(factory=dict)
    references: Mapping[str, Reference] = attrs.field(factory=dict)
    skills: tuple[SkillUse, ...] = ()
    carried: tuple[tuple[str, str], ...] = ()
    coded: tuple[CodedColumn, ...] = ()

    @property
    def names(self) -> frozenset[str]:
        """Names of all parameters that the node has."""
        given = {name for use in self.skills for name in use.gives}
        return frozenset({*self.constants, *self.references, *given, *(new for _, new in self.carried)})

    @property
    def reads(self) -> frozenset[str]:
        """Scope names that the parameters read."""
        contexts = [value for use in self.skills for value in use.context.values()]
        return frozenset(r.name for r in [*self.references.values(), *contexts] if isinstance(r, Reference))

    def before_outcomes(self, scope: Lookup, rows: int, draw: Draws) -> dict[str, Any]:
        """All parameters but those carried, and references to outcomes and to other parameters."""
        drawn: dict[str, Any] = {}
        for use in self.skills:
            context = {key: scope(v.name) if isinstance(v, Reference) else v for key, v in use.context.items()}
            resolved = use.resolved(Columns(context, rows), draw)
            drawn.update(resolved.parts)
        drawn.update(self.constants)
        drawn.update({name: scope(r.name) for name, r in self.references.items() if not _late(r)})
        return {**drawn, **self.written(drawn, rows)} if self.coded else drawn

    def after_outcomes(self, scope: Lookup, before: Columns) -> dict[str, Any]:
        """References to outcomes and to other parameters; `before` are those that were drawn before them."""
        drawn = {name: scope(r.name) for name, r in self.references.items() if _late(r)}
        return {**drawn, **self.written(drawn, before.rows, before)} if self.coded else drawn

    def written(self, drawn: Mapping[str, Any], rows: int, before: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Those of some drawn parameters that hold codes, as their code systems write them.

        Raises:
            SpecificationError: Some text is no code of its system.
        """
        columns = {**(before or {}), **drawn}
        return {column.name: column.written(columns, rows) for column in self.coded if column.name in drawn}


def compile_parameters(
    written: Mapping[str, Any], event_type: str, journey: Mapping[str, Any], catalog: Catalog, where: str
) -> Parameters:
    """Compile an event's parameters.

    Args:
        written: As the journey writes them.
        event_type: The lookup that the short form of a skill reference means.
        journey: The journey's own parameters, for `${journey.x}`.
        catalog: Where skills are found.
        where: The path, for errors.

    Raises:
        SpecificationError: An unknown skill, lookup, context column or reference.
    """
    skills, context_only, mistakes = list[SkillUse](), set[str](), Mistakes()
    values = {
        name: mistakes.attempt(None, _value, value, journey, f"{where}.{name}")
        for name, value in written.items()
        if name != "skill_ref"
    }
    with mistakes.caught():
        if "skill_ref" in written:
            use = _skill_use(written["skill_ref"], event_type, values, journey, catalog, f"{where}.skill_ref")
            skills.append(use)
            context_only = (
                set(use.skill.lookups.get(use.lookup, ((), ()))[0]) if isinstance(written["skill_ref"], str) else set()
            )
    mistakes.tell()
    kept = {name: value for name, value in values.items() if name not in context_only}
    references = {name: value for name, value in kept.items() if isinstance(value, Reference)}
    constants = {name: value for name, value in kept.items() if not isinstance(value, Reference)}
    return Parameters(constants, references, tuple(skills))


def _late(reference: Reference) -> bool:
    return reference.name.startswith(("outcome.", "parameters."))


def one_value(value: Any, where: str) -> None:
    """Raise SpecificationError where a parameter is a list or a mapping."""
    if isinstance(value, dict | list):
        raise SpecificationError(
            "a parameter is a text, a number, true or false, or a reference.", where, "Say it in one value."
        )


def _value(value: Any, journey: Mapping[str, Any], where: str) -> Any:
    one_value(value, where)
    if not isinstance(value, str) or "${" not in value:
        return value
    match = _REFERENCE.match(value)
    if not match:
        raise SpecificationError(
            f'"{value}" is not a reference.',
            where,
            'Write "${entity.x}", "${outcome.x}", "${measured.x}" or "${last.x}".',
        )
    space, name = match.groups()
    if space == "journey":
        if name not in journey:
            raise unknown("journey parameter", name, journey, where)
        return journey[name]
    if space == "last":
        return Reference(f"{LAST}{name}")
    return Reference(name if space == "entity" else f"{space}.{name}")


def _skill_use(
    reference: Any, event_type: str, values: Mapping[str, Any], journey: Mapping[str, Any], catalog: Catalog, where: str
) -> SkillUse:
    mistakes = Mistakes()
    texts = [reference.get("skill", ""), reference.get("lookup", "")] if isinstance(reference, dict) else []
    if not all(isinstance(text, str) for text in texts) or (
        texts and not isinstance(reference.get("context", {}), dict)
    ):
        what = "the skill or the lookup is not a text, or the context not a mapping."
        raise SpecificationError(what, where, 'Write {"skill": "...", "lookup": "...", "context": {...}}.')
    if isinstance(reference, str):
        name, lookup, context = reference, event_type, dict(values)
    elif isinstance(reference, dict) and set(reference) <= {"skill", "lookup", "context"} and "skill" in reference:
        name, lookup = reference["skill"], reference.get("lookup", event_type)
        given = reference.get("context", {}).items()
        context = {
            key: mistakes.attempt(None, _value, value, journey, f"{where}.context.{key}") for key, value in given
        }
    else:
        raise SpecificationError(
            "is neither a skill's name nor {skill, lookup, context}.", where, "Use one of the two forms."
        )
    skill: SkillResolver | None = mistakes.attempt(None, catalog.find, "skill", name, where)
    mistakes.tell()
    assert skill is not None
    if lookup not in skill.lookups:
        raise SkillError(f'the skill "{name}" has no lookup "{lookup}".', where, suggestion(lookup, skill.lookups))
    keys, gives = skill.lookups[lookup]
    context = {**skill.unsaid, **{key: Reference(key) for key in keys if asks_condition(key)}, **context}
    for key in keys:
        with mistakes.caught():
            if key not in context:
                raise SkillError(f'the lookup "{lookup}" of "{name}" needs "{key}".', where, "Give it in the context.")
    mistakes.tell()
    use = SkillUse(skill, lookup, {key: context[key] for key in keys}, tuple(gives))
    if not any(isinstance(value, Reference) for value in use.context.values()):
        check_lookup(skill, lookup, use.context, where)
    return use
