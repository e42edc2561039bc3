"""FHIR's resources are read back whatever the tables hold and however the run was cut."""

import json
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from patientsim import formats
from test_patientsim_fhir_verify import CARE, FORMATS, KINDS, LOST, OF_PEOPLE, STRANGE

from healthsim_core import Destination, generate
from healthsim_core.testing import contradictions, make_run
from healthsim_core.verification.verify import verify_folder

HOSTILE = [
    "en~NM1*IL*1*EVIL", '","evil":{"a":"', "\\", 'a\tb\nc\r\n"d', "\x00\x1f\x7f", "e\u0301cole",
    "\u65e5\u672c \U0001f600", "\ue000\ue001",
    "\u2028\u2029\x85", "</a><b>&amp;", "], \u202e",
]  # fmt: skip
RULED = ("_id", "npi", "code", "category", "status", "type", "class", "relationship", "sex", "role", "system", "fips")


def poisoned(table, value):
    """The table with a value appended to every text that is words."""
    for index, field in enumerate(table.schema):
        words = pa.types.is_string(field.type) or pa.types.is_dictionary(field.type)
        if words and not field.name.endswith(RULED):
            plain = table.column(index).cast(pa.string())
            ended = pc.binary_join_element_wise(plain, value, "")
            table = table.set_column(
                index, field, ended.dictionary_encode() if pa.types.is_dictionary(field.type) else ended
            )
    return table


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    out = tmp_path_factory.mktemp("fhir_texts") / "out"
    generate(**CARE, count=4, products=["patientsim", "membersim"], output_formats=list(FORMATS), out=out)
    return out


@pytest.mark.parametrize("value", HOSTILE)
@pytest.mark.parametrize(
    "offer", [each for each in formats.FORMATS if each.name in FORMATS], ids=lambda offer: offer.name
)
def test_whatever_text_a_table_holds_is_read_back(run, tmp_path, offer, value):
    out = Path(shutil.copytree(run, tmp_path / "out"))
    tables = {}
    for name in (*offer.needs, *offer.wants):
        path = out / "tables" / f"{name}.parquet"
        tables[name] = poisoned(pq.read_table(path), value)
        pq.write_table(tables[name], path)
    shutil.rmtree(out / offer.name)
    destination = Destination(out, offer.name, characters=offer.characters)
    writer = offer.writer(destination, make_run())
    writer.write(offer.guarded(tables))
    left = writer.close()
    if offer.finish is not None:
        offer.finish(destination, make_run(), offer.guarded(tables), [left])
    destination.close()
    assert contradictions(out, offer.name) == []


@pytest.fixture(scope="module")
def cut(tmp_path_factory):
    """A run of several parts."""
    out = tmp_path_factory.mktemp("cut") / "out"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("healthsim_core.output.parts.units_a_part", lambda *_: 3)
        generate(**CARE, count=8, products=["patientsim", "membersim"], output_formats=list(FORMATS), out=out)
    return out


def wrong(out):
    findings = verify_folder(out, formats=FORMATS).findings
    return [str(finding) for finding in findings if finding.wrong and finding.where.startswith(FORMATS)]


def test_a_run_of_several_parts_verifies(cut):
    assert len(list((cut / "fhir_r4" / "Observation").iterdir())) == 3
    assert wrong(cut) == []


@pytest.mark.parametrize("kind", KINDS[len(OF_PEOPLE) :])
def test_a_resource_of_the_whole_run_that_no_part_refers_to_is_found_once(cut, tmp_path, kind):
    shutil.copytree(cut, tmp_path / "out")
    path = tmp_path / "out" / "fhir_r4" / f"{kind}.ndjson"
    first = path.read_text(encoding="utf-8").splitlines()[0]
    other = json.dumps({**json.loads(first), "id": "npi-1234567893"})
    path.write_text(f"{path.read_text(encoding='utf-8')}{other}\n", encoding="utf-8")
    told = [each for each in wrong(tmp_path / "out") if f"fhir_r4 {kind}: agrees: {STRANGE}" in each]
    assert len(told) == 1
    assert f"({len(path.read_bytes().splitlines())}): 1 wrong" in told[0]


@pytest.mark.parametrize("kind", KINDS[len(OF_PEOPLE) :])
def test_a_resource_of_the_whole_run_that_is_lost_is_found(cut, tmp_path, kind):
    shutil.copytree(cut, tmp_path / "out")
    path = tmp_path / "out" / "fhir_r4" / f"{kind}.ndjson"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[1:]))
    assert any(f"fhir_r4 {kind}: agrees: {LOST}" in each for each in wrong(tmp_path / "out"))


@pytest.mark.parametrize("count", [0, 1])
def test_nobody_and_one_person_verify(tmp_path, count):
    generate(**CARE, count=count, products=["patientsim"], output_formats=list(FORMATS), out=tmp_path)
    assert verify_folder(tmp_path).passed


@pytest.mark.parametrize("name", FORMATS)
def test_files_that_are_all_gone_are_resources_that_are_lost(run, tmp_path, name):
    out = Path(shutil.copytree(run, tmp_path / "out"))
    shutil.rmtree(out / name)
    assert any(f"{name} Patient: agrees: {LOST}" in each for each in contradictions(out, name))
