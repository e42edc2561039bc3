"""fhir_r4: resources that independent validators, US Core and the tables agree with."""

import json
import re
from collections import defaultdict
from datetime import date
from pathlib import Path

import fhirkit
import pyarrow as pa
import pytest
from fhir.resources.R4B import get_fhir_model_class
from patientsim.formats import FORMATS
from patientsim.formats.directory import Directory
from patientsim.formats.records import NEEDS, Records

from healthsim_core import Destination, from_arrow, generate
from healthsim_core.testing import make_run

FORMAT = next(each for each in FORMATS if each.name == "fhir_r4")
CARE = json.loads((Path(__file__).parent / "data" / "year_of_everything.json").read_text(encoding="utf-8"))
TIME = re.compile(r"^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)([+-]\d\d:\d\d)$")
# daylight saving time in Texas
SUMMERS = (("2024-03-10T02:00:00", "2024-11-03T02:00:00"), ("2025-03-09T02:00:00", "2025-11-02T02:00:00"))

# Elements that US Core 6.1 marks as mandatory or must support and that the tables tell.
MANDATORY = {
    "Patient": "meta.profile identifier.system identifier.value name.family name.given gender birthDate address.line "
    "address.city address.state address.postalCode telecom.system telecom.value communication.language extension.url "
    "generalPractitioner.reference",
    "Encounter": "meta.profile identifier.value status class.code type.text subject.reference "
    "participant.individual.reference period.start reasonCode.coding.code serviceProvider.reference "
    "location.location.reference",
    "Condition": "meta.profile clinicalStatus.coding.code verificationStatus.coding.code category.coding.code "
    "code.coding.code subject.reference recordedDate onsetDateTime",
    "Observation": (
        "meta.profile status category.coding.code code.coding.code subject.reference effectiveDateTime "
        "encounter.reference"
    ),
    "Procedure": "meta.profile status code.coding.code subject.reference performedDateTime encounter.reference",
    "Immunization": (
        "meta.profile status vaccineCode.coding.code patient.reference occurrenceDateTime "
        "primarySource encounter.reference"
    ),
    "MedicationRequest": "meta.profile status intent reportedBoolean medicationCodeableConcept.coding.code "
    "subject.reference encounter.reference authoredOn requester.reference dosageInstruction.text "
    "dosageInstruction.doseAndRate.doseQuantity.value "
    "dispenseRequest.numberOfRepeatsAllowed dispenseRequest.quantity.value category.coding.code",
    "ServiceRequest": "meta.profile status intent category.text code.text subject.reference encounter.reference "
    "authoredOn requester.reference",
    "CarePlan": "meta.profile text.status text.div status intent category.coding.code subject.reference",
    "Coverage": "meta.profile identifier.value status type.coding.code subscriberId beneficiary.reference "
    "relationship.coding.code period.start payor.reference class.value",
    "Practitioner": "meta.profile identifier.value name.family telecom.value address.line",
    "PractitionerRole": (
        "meta.profile practitioner.reference organization.reference specialty.coding.code "
        "location.reference telecom.value"
    ),
    "Organization": "meta.profile identifier.value active name telecom.value address.line",
    "Location": "meta.profile status name telecom.value address.line managingOrganization.reference",
}
# Required bindings of FHIR R4 4.0.1, as far as our resources use them.
REQUIRED = {
    "Patient.gender": {"male", "female", "other", "unknown"},
    "Encounter.status": {"planned", "arrived", "triaged", "in-progress", "onleave", "finished", "cancelled"},
    "Observation.status": {"registered", "preliminary", "final", "amended", "corrected", "cancelled"},
    "Procedure.status": {"preparation", "in-progress", "not-done", "on-hold", "stopped", "completed"},
    "Immunization.status": {"completed", "entered-in-error", "not-done"},
    "MedicationRequest.status": {"active", "on-hold", "cancelled", "completed", "stopped", "draft"},
    "MedicationRequest.intent": {
        "proposal",
        "plan",
        "order",
        "original-order",
        "reflex-order",
        "filler-order",
        "instance-order",
        "option",
    },
    "ServiceRequest.status": {"draft", "active", "on-hold", "revoked", "completed", "unknown"},
    "CarePlan.status": {"draft", "active", "on-hold", "revoked", "completed", "unknown"},
    "Coverage.status": {"active", "cancelled", "draft", "entered-in-error"},
    "Condition.clinicalStatus.coding.code": {"active", "recurrence", "relapse", "inactive", "remission", "resolved"},
    "Observation.interpretation.coding.code": {"N", "H", "L", "HH", "LL", "A"},
}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    out = tmp_path_factory.mktemp("fhir_r4")
    return generate(**CARE, count=30, products=["patientsim", "membersim"], output_formats=["fhir_r4"], out=out)


@pytest.fixture(scope="module")
def folder(made):
    return Path(made.outputs["fhir_r4"][0]).parent


@pytest.fixture(scope="module")
def resources(folder):
    return read(folder)


def read(folder):
    return [
        json.loads(line)
        for path in sorted(folder.glob("*.ndjson"))
        for line in path.read_text(encoding="utf-8").splitlines()
    ]


def of_type(resources, name):
    return [resource for resource in resources if resource["resourceType"] == name]


def written(tables, folder, run=None):
    """The resources that the writer makes of some tables."""
    destination = Destination(folder, "fhir_r4")
    writer = FORMAT.writer(destination, run or make_run())
    writer.write({name: tables[name] for name in (*FORMAT.needs, *FORMAT.wants) if name in tables})
    FORMAT.finish(destination, run or make_run(), tables, [writer.close()])
    destination.close()
    return read(folder / "fhir_r4")


def with_column(table, name, values):
    index = table.schema.get_field_index(name)
    return table.set_column(
        index, table.schema.field(name), pa.array(values, pa.string()).cast(table.schema.field(name).type)
    )


def values_at(value, path):
    """All values at a dotted path, through arrays."""
    if isinstance(value, list):
        return [found for part in value for found in values_at(part, path)]
    if not path:
        return [value]
    name, _, rest = path.partition(".")
    return values_at(value[name], rest) if isinstance(value, dict) and name in value else []


def nodes(value):
    yield value
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from nodes(part)


def test_every_kind_of_record_becomes_a_resource(made, resources):
    counts = defaultdict(int)
    for resource in resources:
        counts[resource["resourceType"]] += 1
    rows = {name: table.num_rows for name, table in made.tables.items()}
    assert counts["Patient"] == rows["core.person"]
    assert counts["ServiceRequest"] == rows["patientsim.lab_order"] + rows["patientsim.referral"]
    assert counts["Procedure"] + counts["Immunization"] == rows["patientsim.procedure"]
    assert min(counts["Immunization"], counts["Procedure"]) > 0
    assert set(MANDATORY) == set(counts)


def test_fhirkit_finds_nothing_wrong(resources):
    assert [str(issue) for each in resources for issue in fhirkit.validate(json.dumps(each))] == []


def test_the_r4b_models_accept_every_resource(resources):
    for resource in resources:
        get_fhir_model_class(resource["resourceType"]).model_validate(resource)


@pytest.mark.parametrize("name", MANDATORY)
def test_us_core_elements_are_there(resources, name):
    fallback_has_no_address = [each for each in of_type(resources, name) if not each["id"].startswith("healthsim")]
    lacking = {
        path for path in MANDATORY[name].split() for each in fallback_has_no_address if not values_at(each, path)
    }
    assert lacking == set()


@pytest.mark.parametrize("path", REQUIRED)
def test_required_bindings_hold(resources, path):
    name, _, element = path.partition(".")
    said = set(values_at(of_type(resources, name), element))
    assert said
    assert said <= REQUIRED[path]


def test_encounter_class_is_a_coding_of_act_codes(resources):
    classes = [each["class"] for each in of_type(resources, "Encounter")]
    assert {each["system"] for each in classes} == {"http://terminology.hl7.org/CodeSystem/v3-ActCode"}
    assert {each["code"] for each in classes} == {"AMB", "EMER", "IMP"}


def test_profiles_are_us_core(resources):
    profiles = {profile for each in resources for profile in each["meta"]["profile"]}
    assert {profile.rpartition("/")[0] for profile in profiles} == {"http://hl7.org/fhir/us/core/StructureDefinition"}


def test_every_reference_resolves(resources):
    there = {f"{each['resourceType']}/{each['id']}" for each in resources}
    wanted = {
        node["reference"]
        for each in resources
        for node in nodes(each)
        if isinstance(node, dict) and "reference" in node
    }
    assert {target for target in wanted if not target.startswith("#")} - there == set()
    for each in resources:
        within = {
            node["reference"]
            for node in nodes(each)
            if isinstance(node, dict) and node.get("reference", "").startswith("#")
        }
        assert within == {f"#{part['id']}" for part in each.get("contained", ())}


def test_ids_are_distinct_and_of_fhirs_alphabet(resources):
    ids = [f"{each['resourceType']}/{each['id']}" for each in resources]
    assert len(ids) == len(set(ids))
    assert all(re.fullmatch(r"[A-Za-z0-9.-]{1,64}", each["id"]) for each in resources)


def test_nothing_is_null_or_empty(resources):
    assert [node for each in resources for node in nodes(each) if node is None or node in ("", [], {})] == []


def test_date_times_have_the_offset_of_the_persons_county(resources):
    paths = [
        "period.start",
        "period.end",
        "effectiveDateTime",
        "issued",
        "authoredOn",
        "performedDateTime",
        "occurrenceDateTime",
    ]
    times = [
        time
        for each in resources
        if each["resourceType"] != "Coverage"
        for path in paths
        for time in values_at(each, path)
    ]
    assert len(times) > 1000
    told = [TIME.match(time).groups() for time in times]
    assert {offset for _, offset in told} == {"-05:00", "-06:00"}
    summer = [any(first <= local < last for first, last in SUMMERS) for local, _ in told]
    assert [
        (local, offset) for (local, offset), late in zip(told, summer, strict=True) if (offset == "-05:00") != late
    ] == []


def test_encounters_have_the_tables_dates(made, resources):
    rows = made.tables["patientsim.encounter"].to_pylist()
    expected = {
        f"hs-{row['encounter_id']}": (row["start"].isoformat(), row["end"] and row["end"].isoformat()) for row in rows
    }
    periods = {each["id"]: each["period"] for each in of_type(resources, "Encounter")}
    assert {
        key: (period["start"][:19], period.get("end", "")[:19] or None) for key, period in periods.items()
    } == expected


def test_npis_pass_the_luhn_check(resources):
    elements = [node for each in resources for node in nodes(each) if isinstance(node, dict)]
    npis = {element["value"] for element in elements if element.get("system", "").endswith("us-npi")}
    assert npis
    for npi in npis:
        digits = [int(digit) for digit in "80840" + npi]
        doubled = [sum(divmod(2 * digit, 10)) for digit in digits[-2::-2]]
        assert (sum(doubled) + sum(digits[-1::-2])) % 10 == 0, npi


def test_blood_pressure_is_a_panel_of_two_components(resources):
    panel = next(each for each in of_type(resources, "Observation") if each["code"]["coding"][0]["code"] == "85354-9")
    assert panel["meta"]["profile"] == ["http://hl7.org/fhir/us/core/StructureDefinition/us-core-blood-pressure"]
    told = {part["code"]["coding"][0]["code"]: part["valueQuantity"] for part in panel["component"]}
    assert {code: quantity["value"] for code, quantity in told.items()} == {"8480-6": 131, "8462-4": 82}
    assert {quantity["code"] for quantity in told.values()} == {"mm[Hg]"}
    assert "valueQuantity" not in panel


def test_a_result_refers_to_its_order_which_is_completed(resources):
    orders = {f"ServiceRequest/{each['id']}": each for each in of_type(resources, "ServiceRequest")}
    results = [each for each in of_type(resources, "Observation") if "basedOn" in each]
    assert results
    assert {orders[each["basedOn"][0]["reference"]]["status"] for each in results} == {"completed"}


def test_a_stay_tells_where_the_patient_went(resources):
    stay = next(each for each in of_type(resources, "Encounter") if "hospitalization" in each)
    codes = {coding["system"]: coding["code"] for coding in stay["hospitalization"]["dischargeDisposition"]["coding"]}
    assert codes["http://terminology.hl7.org/CodeSystem/discharge-disposition"] == "home"
    assert stay["location"][1]["location"] == {"display": "Cardiac care unit"}


@pytest.mark.parametrize("kind", ["ACUTE", "NONAC", "SS", "OBSENC", "PRENC", "FLD"])
def test_other_classes_are_their_own_act_code(made, tmp_path, kind):
    encounters = made.tables["patientsim.encounter"]
    changed = with_column(encounters, "class", [kind] * encounters.num_rows)
    resources = written({**made.tables, "patientsim.encounter": changed}, tmp_path)
    assert {each["class"]["code"] for each in of_type(resources, "Encounter")} == {kind}
    test_fhirkit_finds_nothing_wrong(resources)


def test_a_narrative_is_xhtml_with_the_text_escaped(resources):
    plan = of_type(resources, "CarePlan")[0]
    assert plan["description"] == 'A1c < 7 & walks | daily ^ "often"'
    assert "A1c &lt; 7 &amp; walks" in plan["text"]["div"]


def test_names_with_delimiters_quotes_and_accents_come_through(made, tmp_path):
    tables = dict(made.tables)
    people = tables["core.person"].num_rows
    family, street = 'Núñez-"O\'Neil" \\ {x}, |^~&', 'No. 5\n"Rear" \\ Flat\t\u00df'
    tables["core.person"] = with_column(
        with_column(tables["core.person"], "last_name", [family] * people), "address", [street] * people
    )
    patients = of_type(written(tables, tmp_path), "Patient")
    assert {each["name"][0]["family"] for each in patients} == {family}
    assert {each["address"][0]["line"][0] for each in patients} == {street}


def test_without_a_network_the_fallback_organization_provides(made, tmp_path):
    tables = {name: table for name, table in made.tables.items() if not name.startswith("networksim")}
    for name, table in tables.items():
        for column in table.column_names:
            if column.endswith("_npi"):
                table = with_column(table, column, [None] * table.num_rows)
        tables[name] = table
    resources = written(tables, tmp_path)
    assert not of_type(resources, "Practitioner")
    assert not [node for each in resources for node in nodes(each) if isinstance(node, dict) and "participant" in node]
    assert {each["serviceProvider"]["reference"] for each in of_type(resources, "Encounter")} == {
        "Organization/healthsim-general-hospital"
    }
    test_every_reference_resolves(resources)
    test_fhirkit_finds_nothing_wrong(resources)


def test_somebody_unknown_is_named_by_npi_alone(made, tmp_path):
    tables = {name: table for name, table in made.tables.items() if not name.startswith("networksim")}
    resources = written(tables, tmp_path)
    individual = of_type(resources, "Encounter")[0]["participant"][0]["individual"]
    assert individual["identifier"]["system"] == "http://hl7.org/fhir/sid/us-npi"
    assert "reference" not in individual
    test_every_reference_resolves(resources)


@pytest.mark.parametrize(
    ("race", "code"), [("black", "2054-5"), ("nhpi", "2076-8"), ("multiple", None), ("other", None)]
)
def test_race_is_an_omb_category_or_words_alone(made, tmp_path, race, code):
    tables = dict(made.tables)
    tables["core.person"] = with_column(tables["core.person"], "race", [race] * tables["core.person"].num_rows)
    extension = of_type(written(tables, tmp_path), "Patient")[0]["extension"][0]
    parts = {
        part["url"]: part.get("valueCoding", {}).get("code") or part["valueString"] for part in extension["extension"]
    }
    assert parts.get("ombCategory") == code
    assert parts["text"]


def test_a_value_that_is_absent_says_why(made, tmp_path):
    tables = dict(made.tables)
    observations = tables["patientsim.observation"]
    index = observations.schema.get_field_index("value")
    nulls = pa.nulls(observations.num_rows, pa.float64())
    tables["patientsim.observation"] = observations.set_column(index, observations.schema.field(index), nulls)
    single = [each for each in of_type(written(tables, tmp_path), "Observation") if "component" not in each]
    assert {each["dataAbsentReason"]["coding"][0]["code"] for each in single} == {"unknown"}
    assert not any("valueQuantity" in each for each in single)


def test_death_is_told(made, tmp_path):
    tables = dict(made.tables)
    patients = tables["patientsim.patient"]
    index = patients.schema.get_field_index("deceased_date")
    died = pa.array([date(2025, 11, 2)] + [None] * (patients.num_rows - 1), pa.date32())
    tables["patientsim.patient"] = patients.set_column(index, patients.schema.field(index), died)
    told = [each.get("deceasedDateTime") for each in of_type(written(tables, tmp_path), "Patient")]
    assert told == ["2025-11-02"] + [None] * (patients.num_rows - 1)


def test_chunks_do_not_matter(made, folder, tmp_path):
    generate(
        **CARE, count=30, products=["patientsim", "membersim"], output_formats=["fhir_r4"], out=tmp_path, chunk_size=7
    )
    for path in folder.glob("*.ndjson"):
        assert path.read_bytes() == (tmp_path / "fhir_r4" / path.name).read_bytes(), path.name


def test_parts_hold_every_row_once_and_whole_households(made):
    tables = {name: from_arrow(made.tables[name]) for name in NEEDS}
    parts = list(Records(make_run(), Directory({}), tables).parts(limit=50))
    assert len(parts) > 10
    for name, rows in tables.items():
        assert sum(part[name].rows for part in parts) == rows.rows
        assert all(set(part[name]["person_id"]) <= set(part.people["person_id"]) for part in parts)
