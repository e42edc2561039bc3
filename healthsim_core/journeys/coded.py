"""Coded parameters and numbers of events: what they are known to say is checked when the plan is compiled,
the rest as it is drawn."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import attrs

from healthsim_core.catalog import Catalog
from healthsim_core.distributions import Distribution
from healthsim_core.distributions.field_bounds import in_words, within
from healthsim_core.distributions.number_bounds import check_law
from healthsim_core.errors import Mistakes, SpecificationError
from healthsim_core.expressions.kinds import Kind
from healthsim_core.journeys.nodes import Node
from healthsim_core.parameters.befalling import Said, said_by_skill
from healthsim_core.parameters.coded_columns import CodedColumn, text_of_value
from healthsim_core.parameters.compiling import Parameters
from healthsim_core.parameters.kinds import SHARED
from healthsim_core.person_state.declared import Declared
from healthsim_core.person_state.recoding import Recoded
from healthsim_core.reference.known_codes import KnownCodes
from healthsim_core.tables import Field

_TEXTS = ("text", "category")


@attrs.frozen(slots=False)
class Coded:
    """What the parameters of events may say.

    Attributes:
        catalog: Whose handlers read them.
        known: The codes that the run knows.
    """

    catalog: Catalog
    known: KnownCodes
    _fields: dict[str, dict[str, tuple[Field, ...]]] = attrs.field(factory=dict)

    def fields(self, event_type: str) -> Mapping[str, tuple[Field, ...]]:
        """By parameter, the fields that say what it may be."""
        if event_type not in self._fields:
            by_name: dict[str, dict[tuple[Any, ...], Field]] = {}
            for field in (*self.catalog.parameters(event_type), *SHARED):
                limits = (field.least, field.above, field.most)
                if field.codes or any(limit is not None for limit in limits):
                    by_name.setdefault(field.name, {})[field.codes, limits, field.signed_by] = field
            self._fields[event_type] = {name: tuple(fields.values()) for name, fields in by_name.items()}
        return self._fields[event_type]

    def sought(self, event_type: str, kinds: Mapping[str, Kind]) -> dict[str, Kind]:
        """What parameters hold, with what to write in place of texts that they never are."""
        systems = {
            name: fields[0].codes
            for name, fields in self.fields(event_type).items()
            if fields[0].codes and not fields[0].said_by
        }
        return {
            name: attrs.evolve(kind, instead=partial(self.known.instead, systems[name]))
            if name in systems and kind.of == "text"
            else kind
            for name, kind in kinds.items()
        }

    def written(self, event_type: str, parameters: Parameters, where: str) -> Parameters:
        """The parameters with their constants as their code systems write them.

        Raises:
            SpecificationError: A constant is no code of its system, or a number is out of bounds.
        """
        mistakes, constants = Mistakes(), dict(parameters.constants)
        for name, fields in self.fields(event_type).items():
            for field in fields if constants.get(name) is not None else ():
                constants[name] = mistakes.attempt(constants[name], self._constant, field, constants, f"{where}.{name}")
        mistakes.tell()
        return attrs.evolve(parameters, constants=constants)

    def _constant(self, field: Field, constants: Mapping[str, Any], where: str) -> Any:
        value = constants[field.name]
        if field.type not in _TEXTS:
            return self._number(field, value, constants, where)
        system = self._system(field, constants)
        return self.known.require(system, text_of_value(value), where) if system else value

    def _system(self, field: Field, values: Mapping[str, Any]) -> str:
        """The code system of a field; "" where that is not known."""
        if not field.said_by:
            return field.codes
        named = self.known.canonical("procedure-system", str(values.get(field.said_by)))
        return named.lower() if named is not None else ""

    def _number(self, field: Field, value: Any, constants: Mapping[str, Any], where: str) -> Any:
        if isinstance(value, int | float) and not isinstance(value, bool) and not within(field, value, constants):
            raise SpecificationError(f'"{field.name}" is {value:g}.', where, in_words(field))
        return value

    def read(
        self,
        event_type: str,
        parameters: Parameters,
        kinds: Mapping[str, Kind],
        carried: Mapping[str, tuple[Any, tuple[Field, ...]]],
        where: str,
    ) -> Parameters:
        """The parameters with what must be looked at while they are drawn.

        Args:
            event_type: The event type.
            parameters: Its parameters, with constants as written.
            kinds: What each parameter holds.
            carried: By our name of what is carried, the constant that it is known to be,
                and the fields of the causing event.
            where: The path of the parameters, for errors.

        Raises:
            SpecificationError: What a parameter is known to say is no code of its system.
        """
        mistakes, drawn = Mistakes(), list[CodedColumn]()
        for name, fields in self.fields(event_type).items():
            if name in parameters.constants or name not in parameters.names:
                continue
            for field in (candidate for candidate in fields if candidate.codes and candidate.type in _TEXTS):
                open_ = mistakes.attempt(False, self._open, field, parameters, kinds, carried, where)
                if open_:
                    system = "" if field.said_by else field.codes
                    drawn.append(CodedColumn(name, system, field.said_by, f"{where}.{name}", self.known))
        mistakes.tell()
        return attrs.evolve(parameters, coded=tuple(drawn)) if drawn else parameters

    def _open(
        self,
        field: Field,
        parameters: Parameters,
        kinds: Mapping[str, Kind],
        carried: Mapping[str, tuple[Any, tuple[Field, ...]]],
        where: str,
    ) -> bool:
        """Whether a parameter must be looked at while it is drawn: all it may say is not known,
        or is written otherwise."""
        if field.name in carried:
            constant, fields = carried[field.name]
            if constant is None:
                return not any(other.codes == field.codes for other in fields)
            return self._all_codes([(field.codes, text_of_value(constant))], f"{where}.{field.name}", "") or bool(
                field.said_by
            )
        use = next(
            (use for use in parameters.skills if field.name in use.gives and field.name not in parameters.references),
            None,
        )
        if use is not None:
            cells = use.cells()
            if cells is None:
                return True
            systems: Sequence[Any] = cells.get(field.said_by) or [parameters.constants.get(field.said_by)] * len(
                cells[field.name]
            )
            pairs = [
                (self._system(field, {field.said_by: name}), text)
                for name, text in zip(systems, cells[field.name], strict=True)
            ]
            source = f'"{use.lookup}" of "{use.skill.skill}" gives as {field.name}: '
            return self._all_codes([pair for pair in pairs if all(pair)], f"{where}.skill_ref", source)
        values = kinds[field.name].values if kinds[field.name].of == "text" else None
        system = self._system(field, parameters.constants)
        if values is None or not system:
            return True
        return self._all_codes([(system, text) for text in sorted(values)], f"{where}.{field.name}", "")

    def triggered(self, node: Node, nodes: Sequence[Node], where: str, mistakes: Mistakes) -> Node:
        """A triggered node with its parameters as their code systems write them.

        Args:
            node: The node.
            nodes: Those before it.
            where: The path of its parameters, for errors.
            mistakes: Takes what is no code, or out of bounds.
        """
        assert node.parent is not None
        fields = self.fields(nodes[node.parent].event_type)
        parameters = mistakes.attempt(node.parameters, self.written, node.event_type, node.parameters, where)
        carried = {new: (_said(nodes, node.parent, name), fields.get(name, ())) for name, new in parameters.carried}
        parameters = mistakes.attempt(parameters, self.read, node.event_type, parameters, {}, carried, where)
        return attrs.evolve(node, parameters=parameters)

    def diagnoses(
        self, event_type: str, parameters: Parameters, kinds: Mapping[str, Kind]
    ) -> Iterator[tuple[str, list[Said] | None]]:
        """By parameter, all diagnoses that it may say; None where they are not known."""
        for name, fields in self.fields(event_type).items():
            if not any(field.codes == "icd-10-cm" for field in fields) or name not in parameters.names:
                continue
            use = next((use for use in parameters.skills if name in use.gives), None)
            if name in parameters.constants:
                constant = parameters.constants[name]
                yield name, [] if constant is None else [Said(str(constant), certain=True)]
            elif name in parameters.references:
                values = kinds[name].values
                yield name, None if values is None else [Said(code) for code in sorted(values)]
            elif use is not None:
                yield name, said_by_skill(use, name)

    def by_state(self, event_type: str, parameters: Parameters, kinds: Mapping[str, Kind]) -> tuple[Recoded, ...]:
        """Parameters whose codes depend on the person's state."""
        rules = self.catalog.derived(Declared.of).codes
        said = self.diagnoses(event_type, parameters, kinds) if rules else ()
        possible = ((name, None if codes is None else [one.code for one in codes]) for name, codes in said)
        found = (Recoded.of(name, codes, rules) for name, codes in possible)
        return tuple(recoded for recoded in found if recoded is not None)

    def check_outcomes(
        self,
        event_type: str,
        parameters: Parameters,
        written: Mapping[str, Any],
        drawn: Mapping[str, Distribution],
        where: str,
    ) -> None:
        """Refuse outcomes that a number's bounds exclude: all of them do, or what the outcome itself states.

        Args:
            event_type: The event type.
            parameters: Its parameters.
            written: Its outcomes as they are written.
            drawn: The same, compiled.
            where: The path of the event, for errors.
        """
        mistakes = Mistakes()
        for name, fields in self.fields(event_type).items():
            reference = parameters.references.get(name)
            outcome = reference.name.removeprefix("outcome.") if reference is not None else ""
            law = drawn.get(outcome)
            if law is None or law.names or law.kind != "number":
                continue
            for field in (candidate for candidate in fields if candidate.type not in _TEXTS):
                with mistakes.caught():
                    check_law(field, law, written[outcome], parameters.constants, f"{where}.outcomes.{outcome}")
        mistakes.tell()

    def _all_codes(self, pairs: Iterable[tuple[str, str]], where: str, source: str) -> bool:
        """Whether some codes are written otherwise than their systems do; raises where some are none."""
        mistakes, otherwise = Mistakes(), False
        for system, text in dict.fromkeys(pairs):
            with mistakes.caught():
                try:
                    otherwise |= self.known.require(system, text, where) != text
                except SpecificationError as error:
                    raise SpecificationError(source + error.what, where, error.remedy) from None
        mistakes.tell()
        return otherwise


def _said(nodes: Sequence[Node], index: int, name: str) -> Any:
    """The constant that a parameter of a node is known to be, its own or carried to it."""
    node = nodes[index]
    carried = {new: old for old, new in node.parameters.carried}
    if name in node.parameters.constants or name not in carried or node.parent is None:
        return node.parameters.constants.get(name)
    return _said(nodes, node.parent, carried[name])
