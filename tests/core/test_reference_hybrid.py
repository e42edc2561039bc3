"""Profiles that leave to published facts what they do not say."""

import types
from typing import Any

import pytest

from healthsim_core import ProfileSpecification, ReferenceDataset, hookimpl
from healthsim_core.catalog import Catalog
from healthsim_core.errors import ReferenceDataError, SpecificationError, UnknownNameError
from healthsim_core.plugins import load
from healthsim_core.reference.hybrid import ReferenceProfileResolver, with_reference

FACTS = {
    "demographics": {
        "age": {"type": "age_bands", "bands": {"0-49": 0.6, "50-99": 0.4}},
        "sex": {"type": "categorical", "weights": {"F": 0.5, "M": 0.5}},
    },
    "clinical": {
        "conditions": [
            {"code": "E11", "prevalence": {"0-49": 0.02, "50+": 0.2}},
            {"code": "F17.210", "prevalence": 0.1},
        ]
    },
}
HARRIS = {"type": "county", "fips": "48201"}


@pytest.fixture
def catalog() -> Catalog:
    @hookimpl
    def healthsim_reference_datasets() -> list[ReferenceDataset]:
        known = types.SimpleNamespace(describe=lambda fips: FACTS if fips == "48201" else None)
        return [ReferenceDataset("census", lambda: known)]

    return Catalog((load("facts", types.SimpleNamespace(healthsim_reference_datasets=healthsim_reference_datasets)),))


def merged(catalog: Catalog, **stated: Any) -> ProfileSpecification:
    return with_reference(ProfileSpecification.read({"source": "census", "reference": HARRIS, **stated}), catalog)


def test_what_is_unsaid_comes_from_the_facts(catalog: Catalog) -> None:
    profile = merged(catalog)

    assert profile.demographics.age is not None
    assert profile.demographics.age.type == "age_bands"
    assert [condition.code for condition in profile.clinical.conditions] == ["E11", "F17.210"]


def test_what_is_said_stays(catalog: Catalog) -> None:
    profile = merged(catalog, demographics={"age": 70})

    assert profile.demographics.age is not None
    assert profile.demographics.age.type == "constant"
    assert profile.demographics.sex is None  # it follows from the ages, as the place has women at each


@pytest.mark.parametrize(
    "clinical",
    [{"primary_condition": "E11"}, {"comorbidities": ["E11"]}, {"conditions": [{"code": "E11.65", "prevalence": 0.5}]}],
)
def test_a_stated_condition_is_not_doubled(catalog: Catalog, clinical: dict[str, Any]) -> None:
    published = [c.code for c in merged(catalog, clinical=clinical).clinical.conditions if c.code in ("E11", "F17.210")]

    assert published == ["F17.210"]


def test_the_given_profile_is_not_changed(catalog: Catalog) -> None:
    profile = ProfileSpecification.read({"source": "census", "reference": HARRIS})
    before = profile.to_json()
    with_reference(profile, catalog)

    assert profile.to_json() == before


def test_a_profile_without_a_place_stays_as_it_is(catalog: Catalog) -> None:
    profile = ProfileSpecification.read({"demographics": {"age": 40}})

    assert with_reference(profile, catalog) is profile


def test_a_source_without_a_place_is_an_error(catalog: Catalog) -> None:
    with pytest.raises(SpecificationError, match="without a place"):
        with_reference(ProfileSpecification.read({"source": "census"}), catalog)


@pytest.mark.parametrize(
    ("fips", "source", "error", "said"),
    [
        ("99999", "census", SpecificationError, "no county has the FIPS code"),
        ("48201", "consus", UnknownNameError, 'Did you mean "census"'),
        ("06073", "census", ReferenceDataError, "no facts of San Diego County"),
    ],
)
def test_what_cannot_be_resolved_says_why(
    catalog: Catalog, fips: str, source: str, error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        ReferenceProfileResolver(catalog).resolve({"type": "county", "fips": fips}, source)
