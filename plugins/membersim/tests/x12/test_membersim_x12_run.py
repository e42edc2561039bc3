"""X12 files of real runs: the guides accept them, they read back soundly, and they name whom the tables name."""

from __future__ import annotations

from pathlib import Path

import pytest
from membersim.formats import FORMATS

from healthsim import generate
from healthsim_core.verification.verify import verify_folder

NAMES = [offer.name for offer in FORMATS]
OSWALD = Path(__file__).parents[4] / "examples" / "oswald_family.json"
DIABETICS = {"profile": "medicare-diabetic", "journey": "diabetic-first-year"}
RUNS = [
    pytest.param({"scenario": OSWALD}, id="the Oswald family"),
    pytest.param({**DIABETICS, "count": 40}, id="40 diabetics"),
    pytest.param({"scenario": OSWALD, "count": 60}, id="60 families", marks=pytest.mark.slow),
    pytest.param({**DIABETICS, "count": 200}, id="200 diabetics", marks=pytest.mark.slow),
]


def of_other_products(request):
    for product in ("patientsim", "networksim") + (("populationsim", "trialsim") if "scenario" in request else ()):
        pytest.importorskip(product, reason=f"the run takes its journey or its providers from {product}")


@pytest.fixture(scope="module", params=RUNS)
def run(request, tmp_path_factory):
    """The result and the folder of a run; a scenario's other formats are left out."""
    of_other_products(request.param)
    out = tmp_path_factory.mktemp("run") / "out"
    return generate(**request.param, output_formats=NAMES, out=out), out


def files_of(out):
    return sorted(path for name in NAMES for path in (out / name).glob("*.edi"))


def test_the_guides_accept_every_file(run, pyx12_errors):
    assert {path.name: pyx12_errors(path) for path in files_of(run[1])} == {path.name: [] for path in files_of(run[1])}


@pytest.mark.parametrize("name", NAMES)
def test_the_files_say_what_the_tables_say(run, name):
    report = verify_folder(run[1], formats=[name])

    assert [str(finding) for finding in report.findings if finding.wrong] == []


def test_every_claim_of_a_visit_or_stay_is_filed(run, segments):
    result, out = run
    claims = result.tables["membersim.claim"].to_pylist()
    filed = [row[1] for path in (out / "x12_837").glob("*.edi") for row in segments(path) if row[0] == "CLM"]

    assert filed
    assert sorted(filed) == sorted(str(claim["claim_id"]) for claim in claims if claim["type"] != "R")


def test_every_adjudicated_claim_is_remitted(run, segments):
    result, out = run
    remitted = [row[1] for row in segments(out / "x12_835" / "835.edi") if row[0] == "CLP"]

    claims = result.tables["membersim.claim"].to_pylist()
    assert sorted(remitted) == sorted(str(claim["claim_id"]) for claim in claims if claim["paid_date"] is not None)


def test_everybody_named_is_of_the_network(run, segments):
    result, out = run
    network = {
        npi
        for name in ("provider", "facility", "pharmacy")
        for npi in result.tables[f"networksim.{name}"]["npi"].to_pylist()
    }
    named = {
        row[row.index("XX") + 1]
        for path in files_of(out)
        for row in segments(path)
        if row[0] in ("NM1", "N1") and "XX" in row
    }

    assert named
    assert named <= network


def test_nothing_has_happened_after_as_of(run, segments):
    dates = {
        row[index]
        for path in files_of(run[1])
        for row in segments(path)
        for name, index in (("DTM", 2), ("BPR", 16))
        if row[0] == name
    }

    assert dates
    assert max(dates) <= "20260101"


def test_chunks_change_no_byte_of_a_run(tmp_path):
    of_other_products({"scenario": OSWALD})
    outs = [tmp_path / name for name in ("one", "all")]
    for out, size in zip(outs, (1, None), strict=True):
        generate(scenario=OSWALD, count=5, output_formats=NAMES, out=out, chunk_size=size)

    one, every = ({path.name: path.read_bytes() for path in files_of(out)} for out in outs)
    assert len(one) == 4
    assert one == every
