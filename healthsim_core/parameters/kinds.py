"""What an event's parameters hold, and whether its handlers can take them."""

from __future__ import annotations

import functools
from collections.abc import Collection, Mapping
from typing import Any

import attrs

from healthsim_core.catalog import CORE_EVENT_TYPES, Catalog
from healthsim_core.errors import Mistakes, SpecificationError, suggestion
from healthsim_core.expressions.asking import LAST, MEASURED
from healthsim_core.expressions.kinds import ANYTHING, BOOLEAN, NOTHING, NUMBER, TEXT, Kind, always, kind_of_field
from healthsim_core.parameters.compiling import Parameters
from healthsim_core.skills.use import Reference, SkillUse
from healthsim_core.tables import Field

_SPACES = ("outcome.", "parameters.", MEASURED)
GREATEST_PARAMETER = 1e9  # of a number; what is drawn beyond is taken for it
SHARED = (  # read by whoever assigns clinicians and places, whatever the event type
    Field("specialty", "category", "Specialty asked for.", nullable=True, codes="specialty"),
    Field("class", "category", "Class of the encounter.", nullable=True, codes="encounter-class"),
)


@attrs.frozen(slots=False)
class ParameterKinds:
    """The parameters of one event, and what is known where it happens.

    Attributes:
        catalog: Whose handlers read them.
        event_type: The event type.
        parameters: The parameters.
        readable: What the columns hold that they refer to, outcomes of the event itself included.
        carried: What the parameters of the causing event hold, by their names there.
    """

    catalog: Catalog
    event_type: str
    parameters: Parameters
    readable: Mapping[str, Kind]
    carried: Mapping[str, Kind] = attrs.field(factory=dict)

    @functools.cached_property
    def by_name(self) -> dict[str, Kind]:
        """What each parameter holds; of one that a handler declares and nobody gives, what it would hold."""
        fields = {field.name: kind_of_field(field) for field in self.catalog.parameters(self.event_type)}
        given = {name for use in self.parameters.skills for name in use.gives}
        uses = [use for use in self.parameters.skills if not self.catalog.needed_parameters.isdisjoint(use.gives)]
        certain = frozenset().union(*(use.always(self.readable) for use in uses))
        kinds = {**dict.fromkeys(given, ANYTHING), **fields}
        kinds |= {name: always(kinds[name], name in certain) for name in given}
        kinds |= {new: self.carried.get(old, NOTHING) for old, new in self.parameters.carried}
        kinds |= {name: _kind_of_value(value) for name, value in self.parameters.constants.items()}
        references = self.parameters.references.items()
        kinds |= {
            name: self.readable.get(r.name, ANYTHING) for name, r in references if not r.name.startswith("parameters.")
        }
        named = {name: r.name.removeprefix("parameters.") for name, r in references if r.name.startswith("parameters.")}
        return kinds | {name: kinds.get(other, ANYTHING) for name, other in named.items()}

    @property
    def as_read(self) -> dict[str, Kind]:
        """What each holds, by the name that expressions read it by."""
        return {f"parameters.{name}": kind for name, kind in self.by_name.items()}

    def check(self, where: str) -> None:
        """Raise SpecificationError where the handlers of the event cannot take its parameters.

        Args:
            where: The path of the parameters, for errors.
        """
        mistakes, kinds, given = Mistakes(), self.by_name, {*self.parameters.constants, *self.parameters.references}
        read = self.catalog.parameters(self.event_type)
        accepted, readers = {field.name for field in (*read, *SHARED)}, self.catalog.readers(self.event_type)
        for name in given if readers and self.event_type not in CORE_EVENT_TYPES else ():
            if name not in accepted:
                with mistakes.caught():
                    what = f'"{self.event_type}" has no parameter "{name}".'
                    raise SpecificationError(what, f"{where}.{name}", suggestion(name, accepted))
        wanted = {field.name: kind_of_field(field) for field in read}
        for name, kind in wanted.items():
            given_kind, value = kinds[name], self.parameters.constants.get(name, 0)
            with mistakes.caught():
                if name in given and kind.counts and not given_kind.counts and given_kind.of != "nothing":
                    raise SpecificationError(
                        f'"{name}" is {given_kind}, not {kind}.', f"{where}.{name}", f"Give {kind}."
                    )
                if kind.counts and isinstance(value, int | float) and abs(value) > GREATEST_PARAMETER:
                    remedy = f"Give one between -{GREATEST_PARAMETER:,.0f} and {GREATEST_PARAMETER:,.0f}."
                    raise SpecificationError(f'"{name}" is {value:g}.', f"{where}.{name}", remedy)
        known = {*self.readable, *self.as_read}
        for name in sorted(self.parameters.reads - known):
            with mistakes.caught():
                raise SpecificationError(f'reads "{name}", which nobody has.', where, suggestion(name, known))
        mistakes.attempt(None, self.check_needed, where)
        mistakes.tell()

    def check_accepted(self, accepted: Mapping[str, Collection[str]], where: str) -> None:
        """Raise SpecificationError where a parameter is said to be a text that its handler does not accept.

        Args:
            accepted: By parameter, the texts that it may be.
            where: The path of the parameters, for errors.
        """
        mistakes, constants = Mistakes(), self.parameters.constants
        for name, texts in accepted.items():
            kind = self.by_name.get(name, ANYTHING)
            possible = {str(constants[name])} if constants.get(name) is not None else kind.values or frozenset()
            for text in sorted(possible - set(texts)):
                with mistakes.caught():
                    what = f'"{text}" is not what "{name}" may be.'
                    raise SpecificationError(
                        what, f"{where}.{name}", suggestion(text, texts) or f"It is one of {', '.join(texts)}."
                    )
        mistakes.tell()

    def check_needed(self, where: str) -> None:
        """Raise SpecificationError where a parameter that the handlers need is not given,
        or may be null for some people."""
        mistakes, kinds = Mistakes(), self.by_name
        needed = {field.name: field for field in self.catalog.needs(self.event_type)}
        for name, field in needed.items():
            with mistakes.caught():
                if name not in self.parameters.names or kinds[name].of == "nothing":
                    what = f'"{self.event_type}" needs the parameter "{name}".'
                    raise SpecificationError(what, where, f"Give it: {field.description}")
                if not kinds[name].always and self._is_known(name):
                    raise self._may_be_null(name, where)
        mistakes.tell()

    def _is_known(self, name: str) -> bool:
        """Whether all that a parameter reads is there; what is not is a mistake already."""
        uses = [use for use in self.parameters.skills if name in use.gives]
        read = [self.parameters.references.get(name), *(value for use in uses for value in use.context.values())]
        return all(
            reference.name in self.readable or reference.name.startswith("parameters.")
            for reference in read
            if isinstance(reference, Reference)
        )

    def _may_be_null(self, name: str, where: str) -> SpecificationError:
        source = self.parameters.references.get(name)
        if source is not None:
            written = source.name if source.name.startswith(_SPACES) else f"entity.{source.name}"
            written = written.replace(f"entity.{LAST}", "last.")
            what, path, asked = f'the parameter "{name}" is "${{{written}}}"', f"{where}.{name}", [source.name]
        elif use := next((use for use in self.parameters.skills if name in use.gives), None):
            what, path = (
                f'the parameter "{name}" is what "{use.lookup}" of "{use.skill.skill}" gives',
                f"{where}.skill_ref",
            )
            asked = self._doubtful(use)
        else:
            what, path, asked = f'the parameter "{name}" is carried', where, []
        rule = " and ".join(f"{column.removeprefix('outcome.')} is not None" for column in asked)
        remedy = f'Add the condition "{rule}", or give' if rule else "Give"
        return SpecificationError(
            f'{what}, which may be null for some people, and "{self.event_type}" needs it.',
            path,
            f'{remedy} a default: an outcome of type conditional with the rule "is not None".',
        )

    def _doubtful(self, use: SkillUse) -> list[str]:
        """What the context of a lookup refers to and may be null."""
        references = [value.name for value in use.context.values() if isinstance(value, Reference)]
        return [name for name in references if not self.readable.get(name, ANYTHING).always]


def _kind_of_value(value: Any) -> Kind:
    if value is None:
        return NOTHING
    return always(BOOLEAN if isinstance(value, bool) else TEXT if isinstance(value, str) else NUMBER)
