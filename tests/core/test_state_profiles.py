"""Saved profiles: every version stays as it was saved."""

from __future__ import annotations

import json

import duckdb
import pytest

from healthsim_core.errors import SpecificationError, StateError
from healthsim_core.spec import ProfileSpecification
from healthsim_core.state import list_profiles, load_profile, profile_versions, save_profile, search_profiles


def diabetics(oldest: int = 90, **more):
    return {
        "id": "diabetics",
        "description": "Diabetic seniors",
        "demographics": {"age": {"type": "uniform", "min": 65, "max": oldest}, "gender": "F"},
        "clinical": {
            "primary_condition": "E11",
            "lab_values": {"a1c": {"type": "normal", "mean": 7.5, "sd": 1, "min": 5, "max": 14}},
        },
        **more,
    }


def test_a_profile_comes_back_as_it_was_saved(store):
    assert save_profile("diabetics", diabetics()) == 1
    assert load_profile("diabetics") == ProfileSpecification.model_validate(diabetics())


@pytest.mark.parametrize("kind", ["mapping", "specification", "file"])
def test_a_profile_is_saved_from_whatever_holds_it(store, tmp_path, kind):
    path = tmp_path / "profile.json"
    path.write_text(json.dumps(diabetics()))
    sources = {"mapping": diabetics(), "specification": ProfileSpecification.model_validate(diabetics()), "file": path}
    save_profile("diabetics", sources[kind])
    assert load_profile("diabetics") == ProfileSpecification.model_validate(diabetics())


def test_saving_again_what_is_saved_makes_no_version(store):
    reordered = dict(reversed(diabetics().items()))
    assert [save_profile("diabetics", each) for each in (diabetics(), diabetics(), reordered)] == [1, 1, 1]
    assert len(profile_versions("diabetics")) == 1


def test_what_was_loaded_is_the_same_version_when_it_is_saved(store):
    save_profile("diabetics", diabetics())
    assert save_profile("diabetics", load_profile("diabetics")) == 1


def test_a_change_makes_a_version_and_the_old_one_stays(store):
    assert [save_profile("diabetics", diabetics(oldest)) for oldest in (90, 95)] == [1, 2]
    oldest = [load_profile("diabetics", version).demographics.age.max for version in (1, 2, None)]
    assert oldest == [90, 95, 95]


def test_going_back_makes_the_old_content_the_latest(store):
    assert [save_profile("diabetics", diabetics(oldest)) for oldest in (90, 95, 90)] == [1, 2, 3]
    assert load_profile("diabetics").demographics.age.max == 90


def test_a_saved_row_is_never_changed(store, content):
    save_profile("diabetics", diabetics())
    first = content(store.database)["healthsim.profile"]
    save_profile("diabetics", diabetics(95))
    assert content(store.database)["healthsim.profile"][: len(first)] == first


def test_versions_are_told_apart(store):
    for oldest in (90, 95):
        save_profile("diabetics", diabetics(oldest))
    versions = profile_versions("diabetics")
    assert [(each.name, each.version, each.description) for each in versions] == [
        ("diabetics", 1, "Diabetic seniors"),
        ("diabetics", 2, "Diabetic seniors"),
    ]
    assert versions[0].spec_hash != versions[1].spec_hash


@pytest.mark.parametrize("written", ["Diabetic_Seniors", "diabetic-seniors", "DIABETIC-SENIORS"])
def test_a_name_is_the_same_with_hyphen_or_underscore_and_in_any_case(store, written):
    save_profile("diabetic-seniors", diabetics())
    assert save_profile(written, diabetics(95)) == 2
    assert load_profile(written).demographics.age.max == 95
    assert [each.name for each in list_profiles()] == ["diabetic-seniors"]


def test_the_list_shows_the_latest_version_of_each(store):
    for name, oldest in (("b", 90), ("a", 90), ("b", 95)):
        save_profile(name, diabetics(oldest))
    assert [(each.name, each.version) for each in list_profiles()] == [("a", 1), ("b", 2)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("diabetic seniors", ["old"]),
        ("E11", ["old"]),
        ("A1C", ["old"]),
        ("young", ["young"]),
        ("06073", ["young"]),
        ("%", []),
        ("", ["old", "young"]),
    ],
)
def test_search_finds_names_descriptions_and_content(store, text, found):
    save_profile("old", diabetics())
    save_profile("young", {"id": "y", "demographics": {"age": 30, "geography": {"fips": "06073"}}})
    assert [each.name for each in search_profiles(text)] == found


def test_search_does_not_find_what_the_latest_version_no_longer_says(store):
    save_profile("people", diabetics())
    save_profile("people", {"id": "people"})
    assert search_profiles("E11") == []


def test_a_profile_that_is_none_is_refused_and_no_database_is_made(store):
    with pytest.raises(SpecificationError, match='there is no field "agee" here'):
        save_profile("wrong", {"demographics": {"agee": 3}})
    assert not store.database.exists()


@pytest.mark.parametrize("name", ["", "  "])
def test_a_profile_needs_a_name(store, name):
    with pytest.raises(StateError, match="a profile needs a name"):
        save_profile(name, diabetics())


@pytest.mark.parametrize("use", [load_profile, profile_versions])
def test_an_unknown_profile_is_an_error_with_the_nearest(store, use):
    save_profile("diabetics", diabetics())
    with pytest.raises(StateError, match='no saved profile is called "diabetix"\\.\n  Did you mean "diabetics"\\?'):
        use("diabetix")


def test_an_unknown_version_is_an_error_with_those_that_are(store):
    for oldest in (90, 95):
        save_profile("diabetics", diabetics(oldest))
    with pytest.raises(StateError, match='the profile "diabetics" has no version 3\\.\n  It has 1, 2\\.'):
        load_profile("diabetics", 3)


def test_profiles_and_cohorts_share_a_database(store):
    save_profile("diabetics", diabetics())
    store.save()
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH '{store.database}' AS kept (READ_ONLY)")
        counts = connection.execute(
            "SELECT (SELECT count(*) FROM kept.healthsim.profile), (SELECT count(*) FROM kept.healthsim.cohort)"
        ).fetchall()
    assert counts == [(1, 1)]
