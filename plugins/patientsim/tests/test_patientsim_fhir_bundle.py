"""fhir_bundle: transaction Bundles, each complete in itself, of the very resources of fhir_r4."""

import json
from pathlib import Path

import fhirkit
import pyarrow as pa
import pytest
from fhir.resources.R4B import get_fhir_model_class
from patientsim.formats import FORMATS

from healthsim_core import Destination, generate
from healthsim_core.testing import contradictions, make_run

FORMAT = next(each for each in FORMATS if each.name == "fhir_bundle")
CARE = json.loads((Path(__file__).parent / "data" / "year_of_everything.json").read_text(encoding="utf-8"))
OSWALD = {
    "id": "families",
    "demographics": {"geography": {"fips": "06073"}},
    "members": [{"role": "subscriber", "age": 42}, {"role": "spouse", "age": 40}, {"role": "dependent", "age": 16}],
}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    out = tmp_path_factory.mktemp("fhir_bundle")
    formats = ["fhir_bundle", "fhir_r4", "hl7v2_adt"]
    return generate(**CARE, count=40, products=["patientsim", "membersim"], output_formats=formats, out=out)


@pytest.fixture(scope="module")
def folder(made):
    return Path(made.outputs["fhir_bundle"][0]).parent.parent


@pytest.fixture(scope="module")
def lines(folder):
    return (folder / "fhir_bundle" / "bundles.ndjson").read_text(encoding="utf-8").splitlines()


@pytest.fixture(scope="module")
def bundles(lines):
    return [json.loads(line) for line in lines]


def references(value):
    if isinstance(value, dict) and "reference" in value:
        yield value["reference"]
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from references(part)


def test_there_is_one_transaction_a_person(bundles):
    patients = [
        [e["resource"]["id"] for e in each["entry"] if e["resource"]["resourceType"] == "Patient"] for each in bundles
    ]
    assert [each["type"] for each in bundles] == ["transaction"] * 40
    assert patients == [[each["id"]] for each in bundles]


def test_validators_accept_the_bundles(lines):
    assert [str(issue) for line in lines for issue in fhirkit.validate(line)] == []
    for line in lines:
        get_fhir_model_class("Bundle").model_validate_json(line)


def test_references_resolve_against_the_full_urls_of_the_same_bundle(bundles):
    for bundle in bundles:
        full_urls = [entry["fullUrl"] for entry in bundle["entry"]]
        base = full_urls[0].rsplit("/", 2)[0]
        assert len(full_urls) == len(set(full_urls))
        # "#": contained
        outside = {f"{base}/{reference}" for reference in references(bundle) if not reference.startswith("#")}
        assert outside <= set(full_urls)


def test_entries_are_put_under_their_own_id(bundles):
    for entry in (entry for bundle in bundles for entry in bundle["entry"]):
        url = f"{entry['resource']['resourceType']}/{entry['resource']['id']}"
        assert entry["request"] == {"method": "PUT", "url": url}
        assert entry["fullUrl"].endswith(f"/{url}")


def test_the_resources_are_those_of_fhir_r4(folder, bundles):
    singly = {}
    for path in (folder / "fhir_r4").glob("*.ndjson"):
        singly |= {
            (path.stem, each["id"]): each for each in map(json.loads, path.read_text(encoding="utf-8").splitlines())
        }
    bundled = {
        (r["resourceType"], r["id"]): r for bundle in bundles for r in (entry["resource"] for entry in bundle["entry"])
    }
    assert bundled == singly


def test_chunks_do_not_matter(folder, tmp_path):
    generate(
        **CARE,
        count=40,
        products=["patientsim", "membersim"],
        output_formats=["fhir_bundle"],
        out=tmp_path,
        chunk_size=11,
    )
    name = Path("fhir_bundle") / "bundles.ndjson"
    assert (tmp_path / name).read_bytes() == (folder / name).read_bytes()


def reencoded(table):
    """The same table, each dictionary in descending order with a value that no row has."""
    for index, field in enumerate(table.schema):
        if pa.types.is_dictionary(field.type):
            values = table[field.name].cast(pa.string()).to_pylist()
            order = sorted({"0 in no row", *(value for value in values if value is not None)}, reverse=True)
            codes = [None if value is None else order.index(value) for value in values]
            table = table.set_column(
                index, field, pa.DictionaryArray.from_arrays(pa.array(codes, pa.int32()), pa.array(order))
            )
    return table


@pytest.mark.parametrize("offer", FORMATS, ids=lambda offer: offer.name)
def test_the_order_of_dictionaries_does_not_matter(made, folder, tmp_path, offer):
    tables = {name: reencoded(made.tables[name]) for name in (*offer.needs, "membersim.coverage")}
    destination = Destination(tmp_path, offer.name)
    writer = offer.writer(destination, make_run())
    writer.write({**tables, **{name: made.tables[name] for name in offer.wants if name not in tables}})
    writer.close()
    for file in destination.close():
        assert (tmp_path / file.path).read_bytes() == (folder / file.path).read_bytes(), file.path


def test_clinicians_stand_in_order_of_their_number(made, tmp_path):
    tables = {name: made.tables[name] for name in (*FORMAT.needs, *FORMAT.wants)}
    npis = sorted(tables["networksim.provider"]["npi"].to_pylist()[:5], reverse=True)
    encounters = tables["patientsim.encounter"]
    index = encounters.schema.get_field_index("provider_npi")
    turns = pa.array([npis[row % 5] for row in range(encounters.num_rows)]).cast(encounters.schema.field(index).type)
    tables["patientsim.encounter"] = encounters.set_column(index, encounters.schema.field(index), turns)
    destination = Destination(tmp_path, "fhir_bundle")
    FORMAT.writer(destination, make_run()).write(tables)
    destination.close()
    for bundle in map(
        json.loads, (tmp_path / "fhir_bundle" / "bundles.ndjson").read_text(encoding="utf-8").splitlines()
    ):
        clinicians = [e["resource"]["id"] for e in bundle["entry"] if e["resource"]["resourceType"] == "Practitioner"]
        assert clinicians == sorted(set(clinicians))


def test_a_dependents_bundle_is_complete_without_the_subscriber(tmp_path):
    made = generate(
        profile=OSWALD, count=4, products=["patientsim", "membersim"], output_formats=["fhir_bundle"], out=tmp_path
    )
    lines = (tmp_path / "fhir_bundle" / "bundles.ndjson").read_text(encoding="utf-8").splitlines()
    assert len(lines) == made.entities.num_rows
    assert contradictions(tmp_path, "fhir_bundle") == []
