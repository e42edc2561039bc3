"""What can be asked of a person's state, by whoever declares it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import attrs

from healthsim_core.catalog import Catalog
from healthsim_core.errors import SpecificationError, suggestion
from healthsim_core.expressions.asking import HAS, LAST, MEASURED, OF_CONDITIONS, OF_TREATMENTS, asked, drug_key, spoken
from healthsim_core.expressions.kinds import BOOLEAN, NUMBER, Kind, always, text_of
from healthsim_core.offers import SkillResolver
from healthsim_core.state_offers import StateChange

ASKABLE = HAS  # among the names that an expression may read: calls of a person's state are, too
_OF_DRUGS = ("drug_class", "drug")  # columns of skills' tables that name treatments


@attrs.frozen
class KnownState:
    """What can be asked of a person's state.

    Attributes:
        treatments: Classes of drugs and drugs.
        circumstances: Circumstances.
        measures: Measures.
        stages: By condition, its stages.
    """

    treatments: frozenset[str]
    circumstances: frozenset[str]
    measures: frozenset[str]
    stages: Mapping[str, frozenset[str]]

    @classmethod
    def of(cls, catalog: Catalog) -> KnownState:
        """What the skills and the state changes of a catalog declare; `catalog.derived(KnownState.of)` once."""
        treatments, circumstances = set[str](), set[str]()
        for change in catalog.of(StateChange):
            named = {"treatment": treatments, "circumstance": circumstances}.get(change.kind, set())
            named.update(change.names)
        measures, stages = set[str](), dict[str, frozenset[str]]()
        for skill in catalog.skills.values():
            declared = {kind: _named(skill, kind) for kind in ("measures", "treatments", "circumstances", "conditions")}
            treatments |= _drugs_in(skill) | set(declared["treatments"])
            treatments |= {drug for said in declared["treatments"].values() for drug in _named(said, "drugs")}
            circumstances |= set(declared["circumstances"])
            measures |= set(declared["measures"])
            stages |= {code: frozenset(_named(said, "stages")) for code, said in declared["conditions"].items()}
        return cls(frozenset(treatments), frozenset(circumstances), frozenset(measures), stages)

    @property
    def names(self) -> dict[str, Kind]:
        """What is read by its own name: circumstances, measures, what is measured of them and what was last."""
        numbers = {name: always(NUMBER) for name in self.measures}
        measured = {f"{MEASURED}{name}": always(NUMBER) for name in self.measures}
        last = {f"{LAST}{name}": NUMBER for name in self.measures}
        circumstances = {name: always(BOOLEAN) for name in self.circumstances}
        return {ASKABLE: BOOLEAN, **numbers, **measured, **last, **circumstances}

    def kind(self, name: str, where: str, instead: Callable[[str], str] | None = None) -> Kind:
        """What a name such as "has:E11" gives.

        Args:
            name: The name.
            where: Where it is asked, for errors.
            instead: Takes a code of conditions; returns what to write in its place, "" where it is one.

        Raises:
            SpecificationError: Nobody knows what it asks for.
        """
        parts = asked(name)
        assert parts is not None, name
        function, argument = parts
        if function in OF_CONDITIONS:
            return self._of_condition(function, argument, where, instead)
        known = self.treatments if function in OF_TREATMENTS else self.measures
        same = drug_key if function in OF_TREATMENTS else str
        if same(argument) not in map(same, known):
            what = "treatment" if function in OF_TREATMENTS else "measure"
            raise SpecificationError(
                f'no {what} is called "{argument}", which `{spoken(name)}` asks for.',
                where,
                suggestion(argument, known) or f"Skills declare {what}s.",
            )
        always_there = {"on": always(BOOLEAN), "days_covered": always(NUMBER)}
        return always_there.get(function, NUMBER)

    def _of_condition(self, function: str, code: str, where: str, instead: Callable[[str], str] | None) -> Kind:
        if function == "stage":
            if code not in self.stages:
                what = f"no skill knows stages of \"{code}\", which `stage('{code}')` asks for."
                raise SpecificationError(what, where, suggestion(code, self.stages))
            return text_of(self.stages[code])
        if instead is not None and (other := instead(code)):
            raise SpecificationError(f'"{code}" is no code of a condition.', where, other)
        return always(BOOLEAN) if function == "has" else NUMBER


def _named(said: Any, name: str) -> Any:
    """A part of what is declared, as far as it is one: what is wrong with it is told where it is compiled."""
    whole = said.state if isinstance(said, SkillResolver) else said
    part = whole.get(name) if isinstance(whole, Mapping) else None
    return part if isinstance(part, dict | list) else {}


def _drugs_in(skill: SkillResolver) -> set[str]:
    found = set[str]()
    for lookup, (_, gives) in skill.lookups.items():
        if skill.cells is not None:
            cells = skill.cells(lookup)
            found.update(cell for name in _OF_DRUGS if name in gives for cell in cells[name] if cell)
    return found
