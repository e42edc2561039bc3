"""Profiles that leave to published facts what they do not say: the resolver, and the merge."""

from __future__ import annotations

from typing import Any

from healthsim_core.calls import checked_call
from healthsim_core.catalog import Catalog, default_catalog
from healthsim_core.codes.listed import icd_10_cm
from healthsim_core.errors import ReferenceDataError, SpecificationError
from healthsim_core.reference.places import county
from healthsim_core.spec.base import read_part
from healthsim_core.spec.profile import ConditionSpecification, ProfileSpecification, ReferenceSpecification
from healthsim_core.templates import PROFILE_PARTS

DEFAULT_SOURCE = "populationsim"


class ReferenceProfileResolver:
    """Finds what is published of a place.

    Args:
        catalog: Where reference datasets are found; defaults to all installed plugins.

    Examples:
        >>> sorted(ReferenceProfileResolver().resolve({"type": "county", "fips": "06073"})["demographics"])
        ['age', 'ethnicity', 'race', 'sex']
    """

    @checked_call()
    def __init__(self, catalog: Catalog | None = None) -> None:
        self._catalog = catalog or default_catalog()

    @checked_call()
    def resolve(
        self, reference: ReferenceSpecification | dict[str, Any], source: str = DEFAULT_SOURCE
    ) -> dict[str, Any]:
        """The part of a profile that a place's facts give: age, sex, race, ethnicity, conditions by prevalence.

        Args:
            reference: `{"type": "county", "fips": "06073"}`.
            source: Name of the reference dataset.

        Raises:
            SpecificationError: There is no such county or dataset.
            ReferenceDataError: The dataset holds nothing of the county.
        """
        place = read_part(ReferenceSpecification, reference, "reference")
        county(place.fips, "reference.fips")
        datasets = self._catalog.datasets
        if source not in datasets:
            raise self._catalog.nobody(
                "reference dataset", source, datasets, "source", "`healthsim plugins list` shows what is installed."
            )
        facts: dict[str, Any] | None = datasets[source].load().describe(place.fips)
        if facts is None:
            name = county(place.fips).name
            what = f"{source} holds no facts of {name} ({place.fips})."
            raise ReferenceDataError(what, "reference", "`healthsim init --from DIR` loads more.")
        return facts


@checked_call(stated=PROFILE_PARTS)
def create_hybrid_profile(
    reference: ReferenceSpecification | dict[str, Any],
    overrides: dict[str, Any] | None = None,
    source: str = DEFAULT_SOURCE,
    **stated: Any,
) -> ProfileSpecification:
    """A profile of a place's people, with what `overrides` (or keywords) state in place of the published facts.

    Examples:
        >>> harris, older = {"type": "county", "fips": "48201"}, {"demographics": {"age": 70}}
        >>> create_hybrid_profile(harris, older).demographics.age.value
        70.0
    """
    place = read_part(ReferenceSpecification, reference, "reference")
    written = {**(overrides or {}), **stated, "source": source, "reference": {"type": place.type, "fips": place.fips}}
    return with_reference(ProfileSpecification.read(written), default_catalog())


def published_of(profile: ProfileSpecification, catalog: Catalog) -> ProfileSpecification | None:
    """What is published of the place that a profile refers to; None where it refers to none."""
    reference = profile.reference or profile.demographics.reference
    if reference is None:
        if profile.source not in (None, "explicit"):
            what = f'the source "{profile.source}" is named without a place.'
            raise SpecificationError(what, "reference", 'Add {"type": "county", "fips": ...}.')
        return None
    source = profile.source or profile.demographics.source or DEFAULT_SOURCE
    facts = ReferenceProfileResolver(catalog).resolve(reference, DEFAULT_SOURCE if source == "hybrid" else source)
    return ProfileSpecification.read(facts)


def with_reference(profile: ProfileSpecification, catalog: Catalog) -> ProfileSpecification:
    """The profile with what it leaves unsaid taken from its reference, where it has one."""
    published = published_of(profile, catalog)
    return profile if published is None else merged_with(profile, published)


def merged_with(profile: ProfileSpecification, published: ProfileSpecification) -> ProfileSpecification:
    """The profile with what it leaves unsaid taken from what is published.

    Where it states the ages, the sexes are not taken: they then follow from the ages,
    as the place has women at each age.
    """
    merged = profile.model_copy(deep=True)
    for name in published.demographics.model_fields_set:
        if name == "sex" and profile.demographics.age is not None:
            continue
        if getattr(merged.demographics, name) is None:
            setattr(merged.demographics, name, getattr(published.demographics, name))
    merged.clinical.conditions = [*merged.clinical.conditions, *_unsaid(merged, published)]
    if merged.coverage is None:
        merged.coverage = published.coverage
    return merged


def _unsaid(profile: ProfileSpecification, published: ProfileSpecification) -> list[Any]:
    clinical = profile.clinical
    stated = [
        *([clinical.primary_condition] if clinical.primary_condition else []),
        *clinical.comorbidities,
        *clinical.conditions,
    ]
    categories = {_category(condition) for condition in stated}
    return [condition for condition in published.clinical.conditions if _category(condition) not in categories]


def _category(condition: ConditionSpecification) -> str:
    return icd_10_cm(condition.code)[:3]
