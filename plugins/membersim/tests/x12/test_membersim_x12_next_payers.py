"""Claims that another payer has paid before, in 837 and 835: the guides accept them, they balance, and whatever
contradicts the tables is found."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from membersim import tables
from test_membersim_claims import YEAR
from test_membersim_coordination import DUALS, THREE

from healthsim import generate
from healthsim_core import Columns, from_arrow
from healthsim_core.verification.verify import verify_folder

from . import plants

FILE_P, FILE_I, FILE_835 = FILES = ("x12_837/837p.edi", "x12_837/837i.edi", "x12_835/835.edi")
NEXT = 1_000_000_000  # between the ids of a claim and of the one to the next payer


def coverage_of(every, rank):
    """Everybody's coverage of a rank, from the first they have."""
    spans = from_arrow(every["membersim.coverage"])
    first = spans.take(np.unique(spans.array("person_id"), return_index=True)[1])
    return first.assign(
        coverage_id=first.array("person_id") * 10 + rank, subscriber_id=first.array("person_id"),
        payer_id=f"HSP{rank + 1}", member_number="M7", relationship="self", relationship_code="18",
        coverage_type="Medicaid", plan="Medicaid FFS", group_number=None,
    )  # fmt: skip


def sent_on(every, rank, order):
    """The claims and lines that the payer of a rank receives of what was paid before: it leaves a quarter as copay."""
    claims, lines = from_arrow(every["membersim.claim"]), from_arrow(every["membersim.claim_line"])
    before = claims.where((claims["status"] == "paid") & (claims["payer_order"] == order[0]))
    lines = lines.where(np.isin(lines.array("claim_id"), before.array("claim_id")))
    allowed = lines.array("member_share").astype(np.int64)
    copay = allowed // 4
    amounts = {
        "allowed": allowed, "deductible": allowed * 0, "coinsurance": allowed * 0, "copay": copay,
        "not_covered": allowed * 0, "member_share": copay, "adjustment": lines.array("billed") - allowed,
        "paid": allowed - copay,
    }  # fmt: skip
    owner = np.searchsorted(before.array("claim_id"), lines.array("claim_id"))
    sums = {name: np.bincount(owner, cents, before.rows) for name, cents in amounts.items()}
    reason = {"adjustment_group": "OA", "adjustment_reason": "23"}
    claim = before.assign(
        claim_id=before.array("claim_id") + NEXT, payer_order=order[1], primary_claim_id=before.array("event_id"),
        subscriber_id=before.array("person_id"), coverage_id=before.array("person_id") * 10 + rank,
        payer_id=f"HSP{rank + 1}", plan="Medicaid FFS", filing_indicator="MC",
        payer_claim_number=[f"NEXT{rank}{n}" for n in before.array("claim_id").tolist()],
        received_date=before.array("paid_date") + 3, paid_date=before.array("paid_date") + 20,
        trace_number=[f"{trace}{rank}" for trace in before["trace_number"].to_pylist()], **sums, **reason,
    )  # fmt: skip
    return claim, lines.assign(claim_id=lines.array("claim_id") + NEXT, **amounts, **reason)


def with_next(every, rank, order):
    claim, line = sent_on(every, rank, order)
    codes = from_arrow(every["membersim.claim_diagnosis"])
    codes = codes.where(np.isin(codes.array("claim_id") + NEXT, claim.array("claim_id")))
    codes = codes.assign(claim_id=codes.array("claim_id") + NEXT)
    payers = from_arrow(every["membersim.payer"]).take(np.arange(1)).assign(payer_id=f"HSP{rank + 1}", name="Next One")
    added = {
        tables.COVERAGE: coverage_of(every, rank), tables.CLAIM: claim, tables.CLAIM_LINE: line,
        tables.CLAIM_DIAGNOSIS: codes, tables.PAYER: payers,
    }  # fmt: skip
    return {
        **every,
        **{table.name: table.arrow(Columns.concat([from_arrow(every[table.name]), rows]))
           for table, rows in added.items()},
    }  # fmt: skip


@pytest.fixture(scope="module")
def every(families):
    """Families all of whose paid claims go on to a second payer, and from there to a third."""
    return with_next(with_next(families(2).tables, 2, "PS"), 3, "ST")


@pytest.fixture(scope="module")
def next_written(tmp_path_factory, write_x12, every):
    return write_x12(every, tmp_path_factory.mktemp("next"))


@pytest.fixture(scope="module")
def loops(next_written, segments):
    """The segments of each claim by its number."""

    def of(file):
        found, open_ = {}, None
        for row in segments(next_written / file):
            open_ = found.setdefault(row[1], []) if row[0] == "CLM" else None if row[0] in ("HL", "SE") else open_
            if open_ is not None:
                open_.append(row)
        return found

    return of


@pytest.mark.parametrize("file", FILES)
def test_the_guides_accept_claims_after_another_payer(next_written, pyx12_errors, file):
    assert pyx12_errors(next_written / file) == []


@pytest.mark.parametrize("name", ["x12_837", "x12_835"])
def test_the_files_say_what_the_tables_say(next_written, every, findings, name):
    assert list(findings(name, next_written / name, every)) == []


def test_chunks_change_no_byte(next_written, every, write_x12, tmp_path):
    one = write_x12(every, tmp_path, size=1)

    assert [(one / file).read_bytes() for file in FILES[:2]] == [
        (next_written / file).read_bytes() for file in FILES[:2]
    ]


@pytest.mark.parametrize("file", [FILE_P, FILE_I])
def test_a_claim_names_every_payer_before_in_their_order(loops, every, file):
    order = {str(row["claim_id"]): row["payer_order"] for row in every["membersim.claim"].to_pylist()}

    named = {(order[number], tuple(row[1] for row in rows if row[0] == "SBR")) for number, rows in loops(file).items()}

    assert named == {("P", ()), ("S", ("P",)), ("T", ("P", "S"))}


@pytest.mark.parametrize("file", [FILE_P, FILE_I])
def test_what_another_payer_paid_and_adjusted_of_a_line_is_its_charge(loops, file):
    for rows in loops(file).values():
        charge, told = 0.0, []
        for row in rows:
            if row[0] in ("SV1", "SV2"):
                charge = float(row[2 if row[0] == "SV1" else 3])
            elif row[0] == "SVD":
                told.append([charge, float(row[2])])
            elif row[0] == "CAS":
                told[-1][1] += sum(map(float, row[3::3]))
        assert [said for said in told if abs(said[0] - said[1]) > 0.001] == []


def test_the_remittance_of_the_next_payer_says_what_was_settled_before(next_written, segments, every):
    orders = {str(row["claim_id"]): row["payer_order"] for row in every["membersim.claim"].to_pylist()}
    said, order = set(), ""
    for row in segments(next_written / FILE_835):
        if row[0] == "CLP":
            order = "" if row[2] in ("4", "22") else orders[row[1]]  # not what is denied or taken back
            said |= {(order, "CLP", row[2])} if order else set()
        elif row[0] == "CAS" and row[1] != "PR" and order:
            said.add((order, row[1], row[2]))

    assert said == {
        ("P", "CLP", "1"), ("S", "CLP", "2"), ("T", "CLP", "3"), ("P", "CO", "45"), ("S", "OA", "23"),
        ("T", "OA", "23"),
    }  # fmt: skip


@pytest.mark.parametrize("file", [FILE_P, FILE_I])
@pytest.mark.parametrize("plant", ["changed", "exchanged", "missing", "doubled", "shifted", "loops_missing"])
def test_what_contradicts_the_tables_about_other_payers_is_found(next_written, every, findings, tmp_path, file, plant):
    rows = plants.rows_of((next_written / file).read_text())
    about = ("SBR", "SVD", "CAS", "AMT", "OI", "F8", "573", "EAF", "LX")
    planted = [each for each in getattr(plants, plant)(rows) if any(word in each[0] for word in about)]
    folder = tmp_path / "damaged"
    folder.mkdir()

    missed = []
    for what, changed in planted[:: -(-len(planted) // 8)]:
        (folder / Path(file).name).write_text(plants.content_of(changed))
        if next((line for line in findings("x12_837", folder, every) if Path(file).name in line), None) is None:
            missed.append(what)

    assert planted
    assert missed == []


def test_medicare_says_why_it_does_not_pay_first(every, write_x12, tmp_path, segments):
    claims = from_arrow(every["membersim.claim"])
    second = claims["payer_order"] == "S"
    medicare = np.where(second, "MB", claims["filing_indicator"].to_pylist())
    of_medicare = {**every, "membersim.claim": tables.CLAIM.arrow(claims.assign(filing_indicator=list(medicare)))}

    folder = write_x12(of_medicare, tmp_path)

    assert {row[5] for row in segments(folder / FILE_P) if row[:2] == ["SBR", "S"]} == {"12"}
    assert {row[5] for row in segments(folder / FILE_I) if row[:2] == ["SBR", "S"]} == {""}


@pytest.mark.parametrize(
    ("begin", "problem"),
    [("SVD*HSP1*", "what another payer says of a line does not balance"), ("AMT*D*", "AMT*D is not the sum")],
)
def test_reading_back_reports_amounts_that_do_not_add_up(next_written, every, findings, tmp_path, begin, problem):
    intact = (next_written / FILE_P).read_text()
    (tmp_path / "837p.edi").write_text(intact.replace(f"\n{begin}", f"\n{begin}1", 1))

    assert any(problem in line for line in findings("x12_837", tmp_path, every))


@pytest.mark.parametrize("profile", [DUALS, THREE], ids=lambda profile: profile["id"])
def test_a_run_with_several_coverages_is_accepted_and_reads_back(profile, tmp_path, pyx12_errors):
    out = tmp_path / "out"
    generate(profile, YEAR, count=12, seed=11, products=["membersim"], output_formats=["x12_837", "x12_835"], out=out)

    report = verify_folder(out, formats=["x12_837", "x12_835"])

    assert {path.name: pyx12_errors(path) for path in out.glob("x12_*/*.edi")} == {Path(f).name: [] for f in FILES}
    assert [str(finding) for finding in report.findings if finding.wrong] == []
