"""Ages and sexes as a place has them: within open bands, and the share of women at each age."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs
import numpy as np

from healthsim_core.columns import Column, Text
from healthsim_core.distributions import Distribution, compile_distribution
from healthsim_core.distributions.bands import single_years
from healthsim_core.distributions.finite import Choice
from healthsim_core.draws import Floats
from healthsim_core.expressions.kinds import Kind, always, text_of
from healthsim_core.people.attribute import Attribute
from healthsim_core.reference.ages import SEXES, AgeStructure, nation
from healthsim_core.spec.distribution import AgeBands
from healthsim_core.spec.distribution.leaves import replaced
from healthsim_core.spec.distribution.parameters import OLDEST
from healthsim_core.spec.profile import ProfileSpecification


@attrs.frozen(eq=False)
class SexByAge(Distribution):
    """A sex that is stated for nobody: women as often as the place has them at the person's age."""

    structure: AgeStructure

    def gives(self, known: Mapping[str, Kind]) -> Kind:
        return always(text_of(SEXES))

    @property
    def names(self) -> frozenset[str]:
        return frozenset({"age"})

    def sample(self, unit: Floats, columns: Mapping[str, Any]) -> Column:
        return Text(unit >= self._women(columns), list(SEXES))

    def cdf(self, values: Column, columns: Mapping[str, Any]) -> Floats:
        return np.where(np.asarray(values == "M"), 1.0, self._women(columns))

    def below(self, values: Column, columns: Mapping[str, Any]) -> Floats:
        return np.where(np.asarray(values == "M"), self._women(columns), 0.0)

    @property
    def whatever_the_age(self) -> Choice:
        """The same for people of whom the age is not known first."""
        return Choice(SEXES, np.array([self.structure.women, 1 - self.structure.women]))

    def _women(self, columns: Mapping[str, Any]) -> Floats:
        return self.structure.share_of_women[np.asarray(columns["age"], np.int64)]


def structure_of(published: ProfileSpecification | None) -> AgeStructure:
    """The age structure that a place's published facts tell; the nation's, where there are none."""
    of_nation = nation(OLDEST)
    demographics = None if published is None else published.demographics
    if demographics is None or demographics.age is None or demographics.sex is None:
        return of_nation
    age, sex = (
        compile_distribution(demographics.age, "demographics.age"),
        compile_distribution(demographics.sex, "demographics.sex"),
    )
    shares, years = sex.probabilities(), np.arange(OLDEST + 1.0)
    if shares is None or not age.names <= {"sex"}:
        return of_nation
    people = []
    for letter in SEXES:
        columns = {"sex": Text.constant(letter, len(years))}
        people.append(shares.get(letter, 0.0) * (age.below(years + 1, columns) - age.below(years, columns)))
    return AgeStructure(np.maximum(np.stack(people), 0.0))


def as_common(written: Any, structure: AgeStructure) -> Any:
    """A distribution of ages whose bands, where one of them is open, hold each age as often as it is in the place."""
    return replaced(written, lambda leaf: single_years(leaf, structure) if isinstance(leaf, AgeBands) else leaf)


def without_circles(attributes: Sequence[Attribute]) -> tuple[Attribute, ...]:
    """The attributes; where ages follow from sex, or sex is correlated, sex does not follow from age."""
    by_name = {attribute.name: attribute for attribute in attributes}
    correlated = any(name == "sex" for attribute in attributes for name, _ in attribute.normals)
    if not correlated and not _reads("age", "sex", by_name):
        return tuple(attributes)
    laws = (law.whatever_the_age if isinstance(law, SexByAge) else law for law in by_name["sex"].by_member)
    sex = attrs.evolve(by_name["sex"], by_member=tuple(laws))
    return tuple(sex if attribute.name == "sex" else attribute for attribute in attributes)


def _reads(first: str, sought: str, attributes: Mapping[str, Attribute]) -> bool:
    """Whether an attribute is made of another one, be it by way of others."""
    seen, open_names = set[str](), [first]
    while open_names:
        attribute = attributes.get(open_names.pop())
        read = set() if attribute is None else {name.removeprefix("subscriber_") for name in attribute.names}
        if sought in read:
            return True
        open_names += sorted(read - seen)
        seen |= read
    return False
