"""Laboratory values that a profile states: known ones, and numbers that they can be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import attrs

from healthsim_core.catalog import Catalog
from healthsim_core.codes import ValueSet
from healthsim_core.codes.laboratory import laboratory_values
from healthsim_core.distributions.number_bounds import check_law
from healthsim_core.errors import Mistakes, SpecificationError, nearest
from healthsim_core.people.attribute import Attribute
from healthsim_core.tables import Field

LABORATORY = "laboratory-value"
_OWN = 'A value of your own goes into "attributes".'


def check_labs(
    written: Mapping[str, Any], attributes: Iterable[Attribute], catalog: Catalog, mistakes: Mistakes
) -> None:
    """Refuse laboratory values that nobody knows, and those that are not what they can be.

    Args:
        written: The profile's `lab_values`.
        attributes: The attributes of people, in which they are compiled.
        catalog: Whose value sets and skills know laboratory values.
        mistakes: Takes what is wrong.
    """
    listed = catalog.code_systems[LABORATORY]
    assert isinstance(listed, ValueSet)
    known = {
        **listed.codes,
        **{lab: lab for skill in catalog.skills.values() for lab in skill.baselines if lab not in listed.codes},
    }
    laws = {attribute.name: attribute for attribute in attributes if attribute.by_member}
    for name, spec in written.items():
        with mistakes.caught():
            if name not in known:
                raise _unknown(name, known)
            if name in laws:
                _check_values(name, spec, laws[name])


def _unknown(name: str, known: Mapping[str, str]) -> SpecificationError:
    meant = {title.lower().replace(" ", "_"): lab for lab, title in known.items()} | {lab: lab for lab in known}
    near = nearest(name, meant)
    remedy = f'Did you mean "{meant[near]}"? {_OWN}' if near else _OWN
    return SpecificationError(f'no laboratory value is called "{name}".', f"clinical.lab_values.{name}", remedy)


def _check_values(name: str, spec: Any, attribute: Attribute) -> None:
    law = attribute.by_member[0]
    if law.names:
        return
    if law.kind != "number":
        raise SpecificationError(f"{name} is {law.gives({})}, not a number.", attribute.where, "Give a number.")
    limits = laboratory_values().get(name)
    if limits is not None:
        field = attrs.evolve(_A_VALUE, name=name, least=limits.least, most=limits.most)
        check_law(field, law, spec, {}, attribute.where)


_A_VALUE = Field("value", "number", "A laboratory value.")
