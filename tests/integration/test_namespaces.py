"""Two cohorts on one server: their people and events share no identifier, and their worlds are one."""

import json
import re
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pytest

from healthsim import generate
from healthsim_core import HealthSimError, Namespace
from healthsim_core.generator import rerun
from healthsim_core.state import load_execution, query

CARE = {
    "profile": {
        "id": "families",
        "demographics": {"age": {"type": "uniform", "min": 30, "max": 60}},
        "clinical": {"primary_condition": {"code": "E11"}},
        "members": [{"role": "subscriber"}, {"role": "spouse"}],
    },
    "journey": [
        "diabetic-first-year",
        "member-year",
        "diabetes-drug-therapy",
        "trial_participation",
        "primary-care-year",
    ],
    "count": 25,
    "seed": 4,
}
FORMATS = ["fhir_r4", "hl7v2_adt", "x12_834", "x12_837", "x12_835", "ncpdp_d0", "sdtm_datasets"]
MAY_COINCIDE = {
    ("core.person", "ssn"),
    ("rxmembersim.prescription", "prescription_number"),
    ("rxmembersim.fill", "prescription_number"),
}
WORLD = {"Organization", "Location", "Practitioner", "PractitionerRole"}


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    out = tmp_path_factory.mktemp("namespaces")
    return [generate(**CARE, namespace=name, output_formats=FORMATS, out=out / name) for name in ("east", "west")]


def columns_of(result):
    return {
        (name, column): table[column].to_pylist()
        for name, table in result.tables.items()
        for column in table.column_names
    }


def test_every_column_says_the_same_or_shares_nothing(runs):
    east, west = map(columns_of, runs)
    partly = {
        where
        for where, values in east.items()
        if where not in MAY_COINCIDE and values != west[where] and ({*values} & {*west[where]}) - {None}
    }
    assert east.keys() == west.keys()
    assert partly == set()


def test_what_differs_are_identifiers_alone(runs):
    east, west = map(columns_of, runs)
    differ = {column for (table, column), values in east.items() if values != west[table, column]}
    named = {
        "email", "ssn", "mrn", "member_number", "cardholder_id", "usubjid", "subject_number", "payer_claim_number",
        "trace_number",
        "prescription_number", "authorization_number",
    }  # fmt: skip
    assert {column for column in differ if not column.endswith("_id")} <= named
    assert {
        "person_id",
        "household_id",
        "event_id",
        "claim_id",
        "encounter_id",
        "mrn",
        "member_number",
        "email",
        "usubjid",
    } <= differ


def test_identifiers_are_one_to_one_within_a_namespace(runs):
    for name, column in (
        ("core.person", "ssn"),
        ("core.person", "email"),
        ("patientsim.patient", "mrn"),
        ("trialsim.subject", "usubjid"),
    ):
        values = runs[0].tables[name][column]
        assert pc.count_distinct(values).as_py() == len(values) > 0


def test_fhir_resources_of_people_share_no_id_and_those_of_the_world_all(runs):
    for paths in zip(*(run.outputs["fhir_r4"] for run in runs), strict=True):
        ids = [
            {json.loads(line)["id"] for line in Path(path).read_text(encoding="utf-8").splitlines()} for path in paths
        ]
        kind = re.search(r"(\w+)\.ndjson$", paths[0])[1]
        assert ids[0] == ids[1] if kind in WORLD else not ids[0] & ids[1], kind


def test_messages_and_claims_share_no_number(runs):
    def numbers(run, name, pattern):
        return {
            number for path in run.outputs[name] for number in re.findall(pattern, Path(path).read_bytes().decode())
        }

    for name, pattern in (
        ("hl7v2_adt", r"ADT\^\w+\^\w+\|(\w+)\|"),
        ("x12_837", r"CLM\*(\w+)\*"),
        ("x12_835", r"TRN\*1\*(\w+)\*"),
    ):
        east, west = (numbers(run, name, pattern) for run in runs)
        assert east and west and not east & west, name


def test_a_larger_count_keeps_the_identifiers_of_the_first(runs):
    more = generate(**{**CARE, "count": 40}, namespace="east", products=[])
    ids = runs[0].entities["person_id"].to_pylist()
    assert more.entities["person_id"].to_pylist()[: len(ids)] == ids
    assert more.entities["member_number"].to_pylist()[: len(ids)] == runs[0].entities["member_number"].to_pylist()


def test_more_products_and_formats_keep_the_identifiers(runs):
    fewer = generate(**CARE, namespace="east", products=["patientsim"])
    for name, key in {
        "core.event": "event_id",
        "patientsim.patient": "mrn",
        "patientsim.encounter": "encounter_id",
    }.items():
        before, after = (
            {row[key]: row["person_id"] for row in run.tables[name].to_pylist()} for run in (fewer, runs[0])
        )
        assert before and before.items() <= after.items(), name


ADULTS = {"id": "adults", "demographics": {"age": 40}}


def people(**given):
    return set(generate(**{"profile": ADULTS, "count": 30, "products": [], **given}).entities["person_id"].to_pylist())


@pytest.mark.parametrize("other", [{"seed": 2}, {"profile": {**ADULTS, "id": "others"}}, {"namespace": "mine"}])
def test_runs_with_another_seed_id_or_namespace_share_nobody(other):
    assert not people() & people(**other)


def test_the_content_of_a_profile_is_not_part_of_the_default():
    assert people() == people(profile={**ADULTS, "demographics": {"age": 50}})


def test_a_profile_may_name_its_namespace_and_the_call_overrides_it():
    named = {**ADULTS, "generation": {"namespace": "clinic"}}
    assert people(profile=named) == people(namespace="clinic")
    assert people(profile=named, namespace="other") == people(namespace="other")


def test_a_scenario_has_its_name_and_seed_or_what_it_says():
    scenario = {"scenario": "Two of them", "profile": {"demographics": {"age": 40}}, "count": 2, "seed": 9}
    ids = [
        generate(scenario=each, products=[]).entities["person_id"][0].as_py()
        for each in (scenario, {**scenario, "namespace": "mine"})
    ]
    assert ids == [Namespace(name).outward(np.array([16]))[0] for name in ("two-of-them/9", "mine")]


@pytest.mark.parametrize("wrong", ["x" * 201, 7, "two\nlines", "\ud800"])
def test_what_is_no_namespace_is_refused(wrong):
    with pytest.raises(HealthSimError, match="namespace"):
        generate(ADULTS, count=1, products=[], namespace=wrong)


@pytest.mark.parametrize("wrong", ["x" * 201, "\x00"])
def test_what_is_no_namespace_is_refused_in_a_profile_too(wrong):
    with pytest.raises(HealthSimError, match="namespace"):
        generate({**ADULTS, "generation": {"namespace": wrong}}, count=1, products=[])


def test_an_empty_namespace_shows_the_ids_inside():
    assert generate(ADULTS, count=2, products=[], namespace="").entities["person_id"].to_pylist() == [16, 32]


def test_the_namespace_is_kept_and_a_rerun_has_it(tmp_path):
    where = {"out": tmp_path / "out", "persist": True, "cohort": "c", "database": tmp_path / "d"}
    made = generate(ADULTS, count=3, products=[], namespace="clinic", **where)
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))
    kept = load_execution("c", database=tmp_path / "d").spec
    assert manifest["namespace"] == kept["namespace"] == made.execution.spec["namespace"] == "clinic"
    assert rerun(kept).entities["person_id"].to_pylist() == made.entities["person_id"].to_pylist()


def test_two_cohorts_in_one_database_join_to_nothing(tmp_path):
    for seed in (1, 2):
        generate(ADULTS, count=20, seed=seed, products=[], persist=True, cohort=f"c{seed}", database=tmp_path / "d")
    sql = "SELECT count(*) n FROM core.person a JOIN core.person b USING (person_id) WHERE a.cohort_id <> b.cohort_id"
    assert query(sql, tmp_path / "d")["n"].to_pylist() == [0]
