"""What the 834 says of members and the 835 of payments, and what reading the files back brings to light."""

from __future__ import annotations

import datetime
from collections import Counter, defaultdict
from pathlib import Path

import attrs
import pyarrow as pa
import pytest
from membersim.formats import FORMATS
from membersim.tables import TABLES

from healthsim_core import from_arrow

KEYS = {table.name: table.key for table in TABLES}
READ = {offer.name: offer.read for offer in FORMATS}
FILE_834, FILE_P, FILE_I, FILE_835 = "x12_834/834.edi", "x12_837/837p.edi", "x12_837/837i.edi", "x12_835/835.edi"


def cents(element):
    return round(100 * float(element))


@attrs.define
class Member:
    """A member's loop: its segments by identifier and qualifier, and its spans of coverage."""

    ins: list[str]
    rows: dict[tuple[str, str], list[str]] = attrs.field(factory=dict)
    spans: list[dict[tuple[str, str], list[str]]] = attrs.field(factory=list)


@pytest.fixture(scope="module")
def members(written, segments):
    found: list[Member] = []
    for row in segments(written / FILE_834):
        if row[0] == "INS":
            found.append(Member(row))
        elif row[0] == "HD":
            found[-1].spans.append({("HD", ""): row})
        elif found and row[0] not in ("SE", "GE", "IEA"):
            target = found[-1].spans[-1] if found[-1].spans else found[-1].rows
            target.setdefault((row[0], row[1]), row)
    return found


def of_family(members, number):
    return [member for member in members if member.rows["REF", "0F"][2] == f"HS{number:08d}"]


def test_dependents_follow_their_subscriber(members):
    assert [(m.ins[1], m.ins[2], m.rows["REF", "17"][2]) for m in of_family(members, 1)] == [
        ("Y", "18", "00"), ("N", "01", "01"), ("N", "19", "02"),
    ]  # fmt: skip


def test_who_stays_is_added(members):
    subscriber = of_family(members, 1)[0]

    assert subscriber.ins[3:5] == ["021", "28"]
    assert [(span["HD", ""][1], ("DTP", "349") in span) for span in subscriber.spans] == [("021", False)]


def test_who_leaves_is_ended_with_the_last_day(members):
    for member in of_family(members, 3):
        assert member.ins[3:5] == ["024", "07"]
        assert member.rows["DTP", "357"][3] == "20250331"
        assert [(span["HD", ""][1], span["DTP", "349"][3]) for span in member.spans] == [("024", "20250331")]


def test_a_change_of_plan_ends_one_span_and_begins_another(members):
    for member in of_family(members, 2):
        assert member.ins[3:5] == ["001", "22"]
        assert [(span["HD", ""][1], span["DTP", "348"][3]) for span in member.spans] == [("024", "20240101"), ("021", "20250401")]


def test_who_dies_leaves_with_the_date_of_death(write_x12, families, segments, pyx12_errors, tmp_path):
    tables = dict(families(3, visits=0).tables)
    people, day = tables["core.person"], datetime.date(2025, 3, 31)
    died = pa.array([day if person == 48 else None for person in people["person_id"].to_pylist()], pa.date32())
    tables["core.person"] = people.set_column(people.column_names.index("death_date"), "death_date", died)

    folder = write_x12(tables, tmp_path)

    assert [row[11:] for row in segments(folder / FILE_834) if row[0] == "INS" and len(row) > 9] == [["D8", "20250331"]]
    assert pyx12_errors(folder / FILE_834) == []


def test_each_sponsor_tells_each_payer_in_a_set_of_its_own(written, segments):
    rows = segments(written / FILE_834)

    assert [row[2:] for row in rows if row[:2] == ["N1", "P5"]] == [["CENTERS FOR MEDICARE", "94", "HSP2"], ["ACME ANVILS", "94", "GRP7"]]
    assert [row[4] for row in rows if row[:2] == ["N1", "IN"]] == ["HSP2", "HSP1"]
    assert [row[2] for row in rows if row[:2] == ["QTY", "TO"]] == ["9", "6"]


def test_families_beyond_a_window_go_into_further_sets(write_x12, families, segments, tmp_path):
    folder = write_x12(families(5_001, visits=0).tables, tmp_path, 1_700)
    totals = [int(row[2]) for row in segments(folder / FILE_834) if row[:2] == ["QTY", "ET"]]

    assert totals == [2_500, 2_500, 1]


@pytest.fixture(scope="module")
def payments(written, segments):
    """Payments: BPR, payee, and claims, each with its CAS, SVC and CAS of these."""
    found = []
    for row in segments(written / FILE_835):
        if row[0] == "BPR":
            found.append({"BPR": row, "claims": []})
        elif row[:2] == ["N1", "PE"]:
            found[-1]["payee"] = row[4]
        elif row[0] == "CLP":
            found[-1]["claims"].append({"CLP": row, "lines": []})
        elif row[0] == "SVC":
            found[-1]["claims"][-1]["lines"].append({"SVC": row, "CAS": []})
        elif row[0] == "CAS":
            found[-1]["claims"][-1]["lines"][-1]["CAS"].append(row)
        elif row[:2] == ["DTM", "472"]:
            found[-1]["claims"][-1]["lines"][-1]["day"] = row[2]
    return found


def adjusted(line):
    return sum(cents(row[index]) for row in line["CAS"] for index in range(3, len(row), 3))


def lines_of(payments):
    return [line for payment in payments for claim in payment["claims"] for line in claim["lines"]]


def test_a_payment_is_the_sum_of_its_claims(payments):
    assert [p for p in payments if cents(p["BPR"][2]) != sum(cents(c["CLP"][4]) for c in p["claims"])] == []


def test_a_line_balances(payments):
    lines = lines_of(payments)

    assert lines
    assert [line for line in lines if cents(line["SVC"][2]) - adjusted(line) != cents(line["SVC"][3])] == []


def test_a_claim_balances_with_its_lines(payments):
    for claim in (claim for payment in payments for claim in payment["claims"]):
        charge, paid = (sum(cents(line["SVC"][index]) for line in claim["lines"]) for index in (2, 3))
        assert (cents(claim["CLP"][3]), cents(claim["CLP"][4])) == (charge, paid)
        assert charge - sum(map(adjusted, claim["lines"])) == paid


def test_what_the_member_owes_stands_under_pr(payments):
    for claim in (claim for payment in payments for claim in payment["claims"] if claim["CLP"][2] == "1"):
        rows = [row for line in claim["lines"] for row in line["CAS"] if row[1] == "PR"]
        assert {row[index] for row in rows for index in range(2, len(row), 3)} == {"1", "2", "3"}
        assert cents(claim["CLP"][5]) == sum(cents(row[index]) for row in rows for index in range(3, len(row), 3))


def test_a_denied_claim_is_a_contractual_obligation_and_pays_nothing(payments):
    denied = [claim for payment in payments for claim in payment["claims"] if claim["CLP"][2] == "4"]

    assert len(denied) == 15  # one of each of 15 people
    assert {(claim["CLP"][4], claim["CLP"][5]) for claim in denied} == {("0", "")}
    assert {tuple(row[1:3]) for claim in denied for line in claim["lines"] for row in line["CAS"]} == {("CO", "16")}


def test_a_reason_that_needs_a_remark_has_one(written, segments):
    rows = segments(written / FILE_835)
    reasons = Counter(row[2] for row in rows if row[:2] == ["CAS", "CO"])
    remarks = Counter(row[2] for row in rows if row[:2] == ["LQ", "HE"])

    assert remarks == {"M76": reasons["16"]}


def test_the_payment_is_later_than_the_service(payments):
    assert [p for p in payments for claim in p["claims"] for line in claim["lines"] if line["day"] >= p["BPR"][16]] == []


def test_a_payment_has_one_payee_and_comes_once(payments, segments, written, families):
    claims = from_arrow(families(5).tables["membersim.claim"])
    payee = dict(zip(map(str, claims["claim_id"].tolist()), claims["billing_npi"].to_pylist(), strict=True))
    traces = [row[2] for row in segments(written / FILE_835) if row[0] == "TRN"]

    assert len(traces) == len(set(traces))
    assert [p["payee"] for p in payments if {payee[claim["CLP"][1]] for claim in p["claims"]} != {p["payee"]}] == []


def test_pending_claims_are_filed_but_not_remitted(written, segments, families):
    claims = from_arrow(families(5).tables["membersim.claim"])
    pending = set(map(str, claims["claim_id"][claims["status"] == "pending"].tolist()))
    filed = {row[1] for row in segments(written / FILE_P) if row[0] == "CLM"}
    remitted = {row[1] for row in segments(written / FILE_835) if row[0] == "CLP"}

    assert pending <= filed
    assert not pending & remitted


def test_pharmacy_claims_are_remitted_by_ndc_but_not_filed(written, segments, families):
    claims = from_arrow(families(5).tables["membersim.claim"])
    pharmacy = set(map(str, claims["claim_id"][claims["type"] == "R"].tolist()))
    filed = {row[1] for file in (FILE_P, FILE_I) for row in segments(written / file) if row[0] == "CLM"}
    codes = Counter(row[1].split(":")[0] for row in segments(written / FILE_835) if row[0] == "SVC")

    assert not pharmacy & filed
    assert codes["N4"] == len(pharmacy) > 0


@pytest.mark.parametrize("name", READ)
def test_read_back_the_files_say_what_the_tables_say(written, families, name):
    back = READ[name](written / name)
    tables = families(5).tables

    assert back.problems == ()
    assert back.tables
    for table_name, columns in back.tables.items():
        key = KEYS[table_name]
        truth = {tuple(row[k] for k in key): row for row in from_arrow(tables[table_name]).to_pylist()}
        wrong = defaultdict(list)
        for row in columns.to_pylist():
            for column, value in row.items():
                right = truth[tuple(row[k] for k in key)][column]
                if value != right and not (value != value and right != right):  # NaT is not NaT
                    wrong[column].append((value, right))
        assert dict(wrong) == {}


def test_enrollment_holds_every_member_and_span(written, families):
    back, tables = READ["x12_834"](written / "x12_834"), families(5).tables

    assert {name: back.tables[name].rows for name in back.complete} == {name: tables[name].num_rows for name in back.complete}


DAMAGE = [
    (FILE_835, "BPR*I*", "BPR*I*1", "BPR02 is not the sum of its claims"),
    (FILE_835, "CAS*CO*45*", "CAS*CO*45*1", "a line does not balance"),
    (FILE_P, "\nLX*2~\nSV1*HC:G0463*", "\nLX*2~\nSV1*HC:G0463*1", "CLM02 is not the sum of its lines"),
    (FILE_P, "\nHL*3*", "\nHL*2*", "HL01 repeats within a transaction set"),
    (FILE_I, "HI*DR:788~\n", "", "SE01 is not the number of segments"),
    (FILE_I, "ABK:O82", "ABK:O8.2", "an ICD-10 code with its dot"),
    (FILE_P, "XX*1999999000", "XX*1999999001", "an NPI fails its check digit"),
    (FILE_834, "*HOUSTON*TX*77002", "*HOUSTON*TX", "N4 without city, state or ZIP"),
    (FILE_834, "\nGE*2", "\nGE*3", "GE01 is not the number of transaction sets"),
    (FILE_834, "\nQTY*TO*9", "\nQTY*TO*8", "QTY*TO is not the number of members"),
    (FILE_834, "000000001*0*T", "000000009*0*T", "IEA02 is not ISA13"),
    (FILE_P, "005010X222A1~\nST", "005010X220A1~\nST", "GS08 is not the guide's version"),
]


@pytest.mark.parametrize(("file", "was", "now", "problem"), DAMAGE, ids=[row[3] for row in DAMAGE])
def test_reading_back_reports_damage(written, tmp_path, file, was, now, problem):
    intact = (written / file).read_text()
    assert was in intact
    damaged = tmp_path / Path(file).name
    damaged.write_text(intact.replace(was, now, 1))

    problems = READ[file.split("/")[0]](tmp_path).problems

    assert any(problem in line for line in problems)


@pytest.mark.parametrize("file", [FILE_834, FILE_P, FILE_835])
@pytest.mark.parametrize("part", [0, 60, 600, 4_000])
def test_reading_back_reports_a_file_that_is_cut_off(written, tmp_path, file, part):
    (tmp_path / Path(file).name).write_bytes((written / file).read_bytes()[:part])

    assert READ[file.split("/")[0]](tmp_path).problems


def test_reading_back_reports_a_file_that_is_not_x12(tmp_path):
    (tmp_path / "835.edi").write_text("claim_id,paid\n" * 100)

    assert READ["x12_835"](tmp_path).problems
