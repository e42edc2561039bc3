"""What contradicts the tables in FHIR's resources is found by `verify`, whichever resource and member it is in."""

import copy
import json
import re
import shutil
from collections import defaultdict
from datetime import date, timedelta
from pathlib import Path

import pytest
from test_patientsim_fhir_stays import STAY

from healthsim_core import HealthSimError, generate
from healthsim_core.testing import contradictions

CARE = json.loads((Path(__file__).parent / "data" / "year_of_everything.json").read_text(encoding="utf-8"))
FORMATS = ("fhir_r4", "fhir_bundle")
OF_PEOPLE = (
    "Patient", "Coverage", "Encounter", "Condition", "ServiceRequest", "Observation", "Procedure", "Immunization",
    "MedicationRequest",
    "CarePlan",
)  # fmt: skip
KINDS = (*OF_PEOPLE, "Organization", "Location", "Practitioner", "PractitionerRole")
DATE = re.compile(r"\d{4}-\d\d-\d\d")
FINDING = re.compile(r"FAIL fhir_\w+ (?P<kind>\w+): agrees: (?P<what>[^ ]+)[ :]")
ANOTHER = {"0": "7", "9": "3", "z": "b", "Z": "B"}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    out = tmp_path_factory.mktemp("fhir_verify") / "out"
    care = {**CARE, "journey": [CARE["journey"], STAY]}
    generate(**care, count=6, products=["patientsim", "membersim"], output_formats=list(FORMATS), out=out)
    return out


@pytest.fixture(scope="module")
def planted(run, tmp_path_factory):
    """What was planted into resources of every kind, and what `verify` finds wrong of each: both by kind,
    once for each plant."""
    known = {}

    def plant(name, how):
        if (name, how) not in known:
            out = tmp_path_factory.mktemp("planted") / "out"
            shutil.copytree(run, out)
            files = Files(out / name)
            told = {kind: how(files, kind) for kind in KINDS}
            files.write()
            known[name, how] = told, found_in(out, name)
        return known[name, how]

    return plant


class Files:
    """The documents of a format's folder, and within them the records: a resource, or an entry of a Bundle."""

    def __init__(self, folder):
        self.documents = {
            path: [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
            for path in folder.iterdir()
        }
        self.records = defaultdict(list)  # by kind, each with the list that it stands in
        for path, documents in self.documents.items():
            for listed in [each["entry"] for each in documents] if path.stem == "bundles" else [documents]:
                for record in listed:
                    self.records[resource_of(record)["resourceType"]].append((record, listed))

    def write(self):
        for path, documents in self.documents.items():
            lines = [json.dumps(each, ensure_ascii=False, separators=(",", ":")) + "\n" for each in documents]
            path.write_text("".join(lines), encoding="utf-8")


def resource_of(record):
    return record.get("resource", record)


def person_of(resource):
    subject = resource.get("subject") or resource.get("patient") or resource.get("beneficiary") or resource
    return subject.get("reference", resource["id"]).rpartition("/")[2]


def leaves(value, path=""):
    """Every value of a document with its path as findings tell it, and what it stands in."""
    for key, part in list(value.items()) if isinstance(value, dict) else enumerate(value):
        below = f"{path}[{key}]" if isinstance(value, list) else f"{path}.{key}".lstrip(".").removeprefix("resource.")
        if isinstance(part, dict | list):
            yield from leaves(part, below)
        elif below != "id":
            yield below, value, key


def found_in(out, name):
    found = defaultdict(set)
    for told in contradictions(out, name):
        if match := FINDING.match(told):
            found[match["kind"]].add(
                match["what"] if match["what"] not in {"every", "no"} else told.split(": ")[2].rpartition(" (")[0]
            )
    return found


def of_each_member(change):
    """A plant of one value in every member that a kind has,
    made by `change` of the value and of those of other records."""

    def how(files, kind):
        others = defaultdict(list)
        for record, _ in files.records[kind]:
            for path, within, key in leaves(record):
                others[path].append(within[key])
        done = set()
        for record, _ in files.records[kind]:
            for path, within, key in leaves(record):
                if path not in done and change(within, key, others[path]):
                    done.add(path)
        return done

    return how


def another_letter(within, key, others):
    value = within[key]
    if isinstance(value, bool | int | float):
        within[key] = not value if isinstance(value, bool) else value + 1
    else:
        at = max(index for index, letter in enumerate(value) if (letter.isascii() and letter.isalnum()) or value == "%")
        within[key] = value[:at] + ANOTHER.get(value[at], chr(ord(value[at]) + 1)) + value[at + 1 :]
    return True


def the_next_day(within, key, others):
    value = within[key]
    if not isinstance(value, str) or not DATE.match(value):
        return False
    within[key] = f"{date.fromisoformat(value[:10]) + timedelta(days=1)}{value[10:]}"
    return True


def the_value_of_another(within, key, others):
    other = next((value for value in others if value != within[key]), None)
    if other is None:
        return False
    within[key] = other
    return True


def nothing(within, key, others):
    if isinstance(within, list) or key == "fullUrl":  # without it, see below, nothing of the file can be read
        return False
    del within[key]
    return True


def a_rounded_number(within, key, others):
    value = within[key]
    if not isinstance(value, float) or value == round(value):
        return False
    within[key] = round(value)
    return True


another_letter_each = of_each_member(another_letter)
the_next_day_each = of_each_member(the_next_day)
another_value_each = of_each_member(the_value_of_another)
nothing_each = of_each_member(nothing)
rounded_each = of_each_member(a_rounded_number)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", FORMATS)
def test_another_letter_or_number_in_any_member_is_found(planted, name, kind):
    told, found = planted(name, another_letter_each)
    assert len(told[kind]) > 8
    assert found[kind] == told[kind]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", FORMATS)
def test_a_member_that_is_gone_is_found(planted, name, kind):
    told, found = planted(name, nothing_each)
    assert len(told[kind]) > 8
    assert found[kind] == told[kind]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", FORMATS)
def test_the_value_of_another_resource_is_found_in_any_member(planted, name, kind):
    told, found = planted(name, another_value_each)
    assert told[kind]
    assert found[kind] == told[kind]


@pytest.mark.parametrize("kind", OF_PEOPLE)
@pytest.mark.parametrize("name", FORMATS)
def test_a_date_that_is_a_day_late_is_found(planted, name, kind):
    told, found = planted(name, the_next_day_each)
    assert told[kind]
    assert found[kind] == told[kind]


@pytest.mark.parametrize("name", FORMATS)
def test_a_measured_value_that_is_rounded_is_found(planted, name):
    told, found = planted(name, rounded_each)
    assert told["Observation"]
    assert found["Observation"] == told["Observation"]


def lost(files, kind):
    record, listed = files.records[kind][0]
    listed.remove(record)


def doubled(files, kind):
    record, listed = files.records[kind][0]
    listed.append(copy.deepcopy(record))


def renamed(files, kind):
    resource = resource_of(files.records[kind][0][0])
    resource["id"] += "7"


def exchanged(files, kind):
    """Two people's resources under each other's ids."""
    records = [resource_of(record) for record, _ in files.records[kind]]
    one, other = records[0], next(each for each in records if person_of(each) != person_of(records[0]))
    one["id"], other["id"] = other["id"], one["id"]


LOST, STRANGE, TWICE = (
    "every record of the tables is there",
    "every record is one of the tables'",
    "no record is there twice",
)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", FORMATS)
def test_a_resource_that_is_lost_is_found(planted, name, kind):
    _, found = planted(name, lost)
    assert found[kind] == {LOST}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", FORMATS)
def test_a_resource_that_is_there_twice_is_found(planted, name, kind):
    _, found = planted(name, doubled)
    assert TWICE in found[kind]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", FORMATS)
def test_a_resource_that_no_table_has_is_found(planted, name, kind):
    _, found = planted(name, renamed)
    assert {LOST, STRANGE} <= found[kind]


@pytest.mark.parametrize("kind", OF_PEOPLE)
def test_resources_of_two_people_under_each_others_ids_are_found(planted, kind):
    _, found = planted("fhir_r4", exchanged)
    assert found[kind]


def test_an_entry_without_its_url_is_found(run, tmp_path):
    shutil.copytree(run, tmp_path / "out")
    files = Files(tmp_path / "out" / "fhir_bundle")
    del files.records["Condition"][0][0]["fullUrl"]
    files.write()
    with pytest.raises(HealthSimError, match="cannot be read as it should be"):
        contradictions(tmp_path / "out", "fhir_bundle")


@pytest.mark.parametrize("name", FORMATS)
def test_a_member_that_nobody_writes_is_found(run, tmp_path, name):
    shutil.copytree(run, tmp_path / "out")
    files = Files(tmp_path / "out" / name)
    resource_of(files.records["Patient"][0][0])["photo"] = [{"title": "me"}]
    files.write()
    with pytest.raises(HealthSimError, match="photo"):
        contradictions(tmp_path / "out", name)


@pytest.mark.parametrize("name", FORMATS)
def test_a_member_that_is_null_is_found(run, tmp_path, name):
    shutil.copytree(run, tmp_path / "out")
    files = Files(tmp_path / "out" / name)
    resource_of(files.records["Patient"][0][0])["deceasedDateTime"] = None
    files.write()
    assert any("something empty" in told for told in contradictions(tmp_path / "out", name))


@pytest.mark.parametrize(("member", "value"), [("meta", {}), ("address", [])])
@pytest.mark.parametrize("name", FORMATS)
def test_a_member_without_anything_in_it_is_found(run, tmp_path, name, member, value):
    shutil.copytree(run, tmp_path / "out")
    files = Files(tmp_path / "out" / name)
    resource_of(files.records["Patient"][0][0])[member] = value
    files.write()
    assert any("something empty" in told for told in contradictions(tmp_path / "out", name))


def test_a_resource_in_the_bundle_of_somebody_else_is_found(run, tmp_path):
    shutil.copytree(run, tmp_path / "out")
    files = Files(tmp_path / "out" / "fhir_bundle")
    record, listed = files.records["Condition"][0]
    other = next(each for _, each in files.records["Condition"] if each is not listed)
    listed.remove(record)
    other.append(record)
    files.write()
    found = found_in(tmp_path / "out", "fhir_bundle")
    assert {LOST, STRANGE} <= found["Condition"]


@pytest.mark.parametrize("name", FORMATS)
def test_a_clinician_that_nobody_refers_to_is_found(run, tmp_path, name):
    shutil.copytree(run, tmp_path / "out")
    files = Files(tmp_path / "out" / name)
    record, listed = files.records["Practitioner"][0]
    listed.append(copy.deepcopy(record))
    resource_of(listed[-1])["id"] = "npi-1234567893"
    files.write()
    assert STRANGE in found_in(tmp_path / "out", name)["Practitioner"]


def test_a_bundle_that_is_lost_is_found(run, tmp_path):
    shutil.copytree(run, tmp_path / "out")
    path = tmp_path / "out" / "fhir_bundle" / "bundles.ndjson"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[1:]))
    assert LOST in found_in(tmp_path / "out", "fhir_bundle")["Bundle"]


def test_a_bundle_that_is_no_transaction_is_found(run, tmp_path):
    shutil.copytree(run, tmp_path / "out")
    path = tmp_path / "out" / "fhir_bundle" / "bundles.ndjson"
    path.write_bytes(path.read_bytes().replace(b'"type":"transaction"', b'"type":"collection"', 1))
    assert found_in(tmp_path / "out", "fhir_bundle")["Bundle"] == {"type"}


@pytest.mark.parametrize("name", FORMATS)
def test_what_was_written_contradicts_nothing(run, name):
    assert contradictions(run, name) == []
