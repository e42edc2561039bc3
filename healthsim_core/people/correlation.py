"""Correlated attributes: a Gaussian copula over the uniforms that each attribute draws for itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs

from healthsim_core.distributions import Constant, Derived
from healthsim_core.errors import Mistakes, SpecificationError, unknown
from healthsim_core.people.attribute import Attribute
from healthsim_core.portable import cholesky
from healthsim_core.spec.profile import CorrelationSpecification


def correlated(
    attributes: Sequence[Attribute], groups: Sequence[CorrelationSpecification], mistakes: Mistakes
) -> tuple[Attribute, ...]:
    """The attributes, those of a group with their share in the normals of the group.

    Args:
        attributes: All attributes of people.
        groups: What the profile says of their correlation.
        mistakes: Takes a group whose attributes do not exist, have no order, or are of another group too.
    """
    by_name, taken = {attribute.name: attribute for attribute in attributes}, dict[str, str]()
    for index, group in enumerate(groups):
        where = f"correlate[{index}]"
        with mistakes.caught():
            _check(group, by_name, taken, where)
            factor = cholesky(group.matrix)
            for row, name in enumerate(group.attributes):
                shares = tuple(zip(group.attributes[: row + 1], factor[row, : row + 1].tolist(), strict=True))
                by_name[name] = attrs.evolve(by_name[name], normals=shares)
        taken |= dict.fromkeys(group.attributes, where)
    return tuple(by_name.values())


def _check(
    group: CorrelationSpecification, attributes: Mapping[str, Attribute], taken: Mapping[str, str], where: str
) -> None:
    mistakes = Mistakes()
    for position, name in enumerate(group.attributes):
        with mistakes.caught():
            _check_one(name, attributes, taken, f"{where}.attributes[{position}]")
    mistakes.tell()
    levels = {attributes[name].household for name in group.attributes}
    if len(levels) > 1:
        shared = [name for name in group.attributes if attributes[name].household]
        what = f"{', '.join(shared)} are drawn once a household, the others once a person."
        raise SpecificationError(what, f"{where}.attributes", "Correlate what is drawn alike.")


def _check_one(name: str, attributes: Mapping[str, Attribute], taken: Mapping[str, str], where: str) -> None:
    if name not in attributes:
        raise unknown("attribute", name, attributes, where)
    if name in taken:
        raise SpecificationError(
            f'"{name}" is correlated in {taken[name]} already.', where, "Put all that go together into one group."
        )
    members = attributes[name].by_member
    if any(isinstance(member, Derived) for member in members) or (
        members and all(isinstance(m, Constant) for m in members)
    ):
        raise SpecificationError(f'"{name}" is not drawn by chance.', where, "Correlate what it is computed from.")
    if not all(member.monotone for member in members):
        remedy = "Let its bands or values rise, or correlate something else: a mixture has no order."
        raise SpecificationError(f'the values of "{name}" are in no order.', where, remedy)
