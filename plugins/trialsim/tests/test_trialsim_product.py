"""TrialSim as a product: templates, settings, executor, data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import simple_icd_10_cm as icd
import trialsim
from trialsim.formats.sdtm.spec import datasets, methods
from trialsim.generation import SUBJECT_PROFILE_TEMPLATES, SubjectProfileExecutor, create_subject_profile
from trialsim.protocol import protocols
from trialsim.terminology import codelists

from healthsim_core import JourneySpecification, ProfileSpecification, SpecificationError, generate

HOME = Path(trialsim.__file__).parent
HERE = {"demographics": {"geography": {"fips": "48201"}}}


def subjects(profile: Any, count: int = 20, journey: Any = None) -> list[dict[str, Any]]:
    return (
        generate(profile, journey, count, products=["trialsim"], output_formats=[])
        .tables["trialsim.subject"]
        .to_pylist()
    )


@pytest.mark.parametrize("path", sorted((HOME / "journeys").glob("*.json")), ids=lambda path: path.stem)
def test_journeys_parse_and_are_named_as_their_files(path: Path) -> None:
    assert JourneySpecification.read(path).journey_id == path.stem


@pytest.mark.parametrize("path", sorted((HOME / "profiles").glob("*.json")), ids=lambda path: path.stem)
def test_profiles_parse_and_are_named_as_their_files(path: Path) -> None:
    assert ProfileSpecification.read(path).id == path.stem


def test_generate_makes_subjects() -> None:
    result = trialsim.generate(count=30, seed=2)

    assert result.validation.passed
    assert result.tables["trialsim.subject"].num_rows == 30


def test_the_executor_makes_the_people_who_ask_to_join() -> None:
    result = SubjectProfileExecutor(SUBJECT_PROFILE_TEMPLATES["trial-diabetes-adults"], count=10).execute()

    assert (result.entities.num_rows, result.tables["trialsim.study"].num_rows) == (10, 1)


def test_changing_a_template_changes_no_other_copy() -> None:
    SUBJECT_PROFILE_TEMPLATES["trial-diabetes-adults"].clinical.lab_values.clear()

    assert set(SUBJECT_PROFILE_TEMPLATES["trial-diabetes-adults"].clinical.lab_values) == {"a1c", "egfr"}


def test_the_study_can_be_named() -> None:
    found = subjects(create_subject_profile(study_id="DM-07", **HERE))

    assert len(found) == 20
    assert all(row["study_id"] == "DM-07" and row["usubjid"].startswith("DM-07-10") for row in found)


def test_sites_can_be_counted() -> None:
    assert {row["site_id"] for row in subjects(create_subject_profile(sites_per_county=1, **HERE))} == {"101"}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"studyid": "X"}, 'there is no setting "studyid".\n  Did you mean "study_id"'),
        ({"protocol": "hs-t2d-30"}, 'no protocol is called "hs-t2d-30"'),
        ({"study_id": "é"}, "is not a study identifier"),
        ({"sites_per_county": 0}, "is not a number of sites"),
    ],
)
def test_a_wrong_setting_is_an_error_that_says_so(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(SpecificationError) as error:
        subjects(create_subject_profile(products={"trialsim": settings}), 2)

    assert message in str(error.value)


def test_a_42_year_old_with_diabetes_usually_qualifies() -> None:
    family = {
        "id": "family",
        "members": [{"role": "subscriber", "age": 42, "conditions": ["E11"]}, {"role": "spouse", "age": 40}],
    }
    asked = {**family, "journeys": [{"member": "subscriber", "template": "trial_participation"}]}

    found = subjects(asked, 200)

    assert len(found) == 200
    assert sum(row["randomization_date"] is not None for row in found) > 100


def test_two_of_one_family_are_subjects_of_their_own() -> None:
    couple = {"id": "couple", "members": [{"role": "subscriber", "age": 50, "conditions": ["E11"]},
              {"role": "spouse", "age": 50, "conditions": ["E11"]}]}  # fmt: skip

    arms: dict[int, set[str]] = {}
    for row in subjects(couple, 100, "trial_participation"):
        if row["arm_code"]:
            arms.setdefault(row["person_id"] // 16, set()).add(row["arm_code"])

    assert any(len(each) == 2 for each in arms.values())


def test_children_are_not_asked() -> None:
    assert (
        subjects(
            {"id": "children", "demographics": {"age": {"type": "uniform", "min": 5, "max": 17}}},
            20,
            "trial_participation",
        )
        == []
    )


def test_only_eligible_screened_people_wait_when_nobody_is_randomised() -> None:
    found = subjects("trial-community-screening", 300)

    assert {row["status"] for row in found} == {"screening", "screen_failure"}
    assert {row["randomization_date"] for row in found} == {None}


def test_arms_do_not_depend_on_other_products() -> None:
    alone, together = (
        generate("trial-diabetes-adults", "trial_participation", 40, products=products, output_formats=[]).tables[
            "trialsim.subject"
        ]
        for products in (["trialsim"], None)
    )

    assert alone.to_pylist() == together.to_pylist()


@pytest.mark.parametrize("protocol", protocols().values(), ids=lambda protocol: protocol.name)
def test_blocks_hold_the_ratio_a_whole_number_of_times(protocol: Any) -> None:
    assert protocol.block_size % sum(arm.ratio for arm in protocol.arms) == 0


@pytest.mark.parametrize("protocol", protocols().values(), ids=lambda protocol: protocol.name)
def test_conditions_of_the_protocol_are_icd_10_cm(protocol: Any) -> None:
    codes = {criterion.condition for criterion in protocol.criteria if criterion.condition} | set(
        protocol["condition_terms"]
    )

    assert all(icd.is_valid_item(code) for code in codes)


def test_every_variable_has_a_codelist_and_a_method_that_exist() -> None:
    dynamic = {"ARMCD", "ARM", "ETCD", "ELEMENT", "IETESTCD", "LBTESTCD", "LBTEST", "LBCAT", "SPECTYPE", "UNIT",
               "VSTESTCD", "VSTEST",
               "VSRESU", "POSITION", "FRM", "FREQ", "ROUTE", "TSPARMCD", "TSPARM", "COUNTRY"}  # fmt: skip
    variables = [variable for dataset in datasets().values() for variable in dataset.variables]

    assert {v.codelist for v in variables} - {""} <= set(codelists()) | dynamic
    assert {v.method for v in variables} - {""} == set(methods())
    assert all(bool(v.method) == (v.origin == "Derived") for v in variables)


def test_people_of_the_diabetes_trial_are_as_severe_as_their_a1c_says():
    people = generate(
        "trial-diabetes-adults", "trial_participation", 300, products=["trialsim"], output_formats=[]
    ).entities.to_pylist()

    said = {person["severity"]: [p["a1c"] for p in people if p["severity"] == person["severity"]] for person in people}

    assert set(said) == {"controlled", "moderate", "uncontrolled"}
    assert max(said["controlled"]) < 7 <= min(said["moderate"])
    assert max(said["moderate"]) <= 9 < min(said["uncontrolled"])
    assert {p["conditions"].split()[0] for p in people if p["severity"] == "uncontrolled"} == {"E11.65"}
