"""What the 834 says of members and the 835 of payments."""

from __future__ import annotations

import datetime
from collections import Counter

import attrs
import pyarrow as pa
import pytest

from healthsim_core import from_arrow

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
        assert [(span["HD", ""][1], span["DTP", "348"][3]) for span in member.spans] == [
            ("024", "20240101"),
            ("021", "20250401"),
        ]


def test_who_dies_leaves_with_the_date_of_death(write_x12, families, segments, pyx12_errors, tmp_path):
    tables = dict(families(3, visits=0).tables)
    people, day = tables["core.person"], datetime.date(2025, 3, 31)
    died = pa.array([day if person == 48 else None for person in people["person_id"].to_pylist()], pa.date32())
    tables["core.person"] = people.set_column(people.column_names.index("death_date"), "death_date", died)

    folder = write_x12(tables, tmp_path)

    assert [row[11:] for row in segments(folder / FILE_834) if row[0] == "INS" and len(row) > 9] == [["D8", "20250331"]]
    assert pyx12_errors(folder / FILE_834) == []


@pytest.fixture
def dual(families):
    """The first subscriber (Medicare of HSP2, since 2024) has a second coverage of HSP1 from March to June 2025."""
    tables = dict(families(3, visits=0).tables)
    coverage = tables["membersim.coverage"]
    (first,) = (row for row in coverage.to_pylist() if row["person_id"] == 16)
    second = {
        **first, "coverage_id": 9_999, "rank": 2, "payer_id": "HSP1", "coverage_type": "Medicaid", "group_number": "G9",
        "sponsor_name": "State Agency", "member_number": "M16", "start_date": datetime.date(2025, 3, 1),
        "end_date": datetime.date(2025, 6, 30), "end_reason": "07",
    }  # fmt: skip
    rows = sorted([*coverage.to_pylist(), second], key=lambda row: (row["person_id"], row["rank"]))
    return {**tables, "membersim.coverage": pa.Table.from_pylist(rows, coverage.schema)}


def test_each_coverage_names_the_other_and_who_pays_first(dual, write_x12, segments, pyx12_errors, tmp_path):
    folder = write_x12(dual, tmp_path)

    rows = segments(folder / FILE_834)
    found = {tuple(row[1:]): rows[at + 1 : at + 5] for at, row in enumerate(rows) if row[0] == "COB"}
    assert sorted(found) == [("P", "HS00000001", "1"), ("S", "M16", "1")]
    assert list(found["S", "M16", "1"][:3]) == [
        ["REF", "6P", "G9"],
        ["DTP", "344", "D8", "20250301"],
        ["DTP", "345", "D8", "20250630"],
    ]
    assert found["S", "M16", "1"][3][:2] == ["NM1", "IN"]
    assert pyx12_errors(folder / FILE_834) == []


def test_a_coverage_after_the_other_names_none(dual, write_x12, segments, tmp_path):
    coverage = dual["membersim.coverage"]
    rows = [
        {**row, "end_date": datetime.date(2025, 2, 28)} if row["person_id"] == 16 and row["rank"] == 1 else row
        for row in coverage.to_pylist()
    ]

    folder = write_x12({**dual, "membersim.coverage": pa.Table.from_pylist(rows, coverage.schema)}, tmp_path)

    assert [row for row in segments(folder / FILE_834) if row[0] == "COB"] == []


def test_each_sponsor_tells_each_payer_in_a_set_of_its_own(written, segments):
    rows = segments(written / FILE_834)

    assert [row[2:] for row in rows if row[:2] == ["N1", "P5"]] == [
        ["CENTERS FOR MEDICARE", "94", "HSP2"],
        ["ACME ANVILS", "94", "GRP7"],
    ]
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
            found.append({"BPR": row, "claims": [], "PLB": []})
        elif row[0] == "PLB":
            found[-1]["PLB"] = row
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


def test_a_payment_is_the_sum_of_its_claims_without_what_is_forwarded(payments):
    assert [
        p for p in payments
        if cents(p["BPR"][2]) != sum(cents(c["CLP"][4]) for c in p["claims"]) - sum(map(cents, p["PLB"][4::2]))
    ] == []  # fmt: skip


def test_what_is_taken_back_is_there_once_more_with_every_amount_below_zero(payments):
    claims = {(claim["CLP"][1], claim["CLP"][2]): claim for payment in payments for claim in payment["claims"]}
    back = {number: claim for (number, status), claim in claims.items() if status == "22"}

    assert len(back) == 15  # a fill of each of 15 people
    for number, claim in back.items():
        paid = claims[number, "1"]
        assert [-cents(claim["CLP"][at]) for at in (3, 4)] == [cents(paid["CLP"][at]) for at in (3, 4)]
        assert claim["CLP"][5] == ""
        assert [-adjusted(line) for line in claim["lines"]] == [adjusted(line) for line in paid["lines"]]


def test_a_payment_below_zero_is_none_and_forwards_its_balance(payments):
    below = [p for p in payments if sum(cents(claim["CLP"][4]) for claim in p["claims"]) < 0]

    assert {(p["BPR"][1], p["BPR"][2], p["BPR"][4]) for p in below} == {("H", "0", "NON")}
    kept = {(p["PLB"][1] == p["payee"], p["PLB"][3][:3], cents(p["PLB"][4]) < 0) for p in below}
    assert kept == {(True, "FB:", True)}


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
        assert {row[index] for row in rows for index in range(2, len(row), 3)} == {"1", "2", "3", "96"}
        assert cents(claim["CLP"][5]) == sum(cents(row[index]) for row in rows for index in range(3, len(row), 3))


def test_a_denied_claim_is_a_contractual_obligation_and_pays_nothing(payments):
    denied = [claim for payment in payments for claim in payment["claims"] if claim["CLP"][2] == "4"]

    assert len(denied) == 15  # one of each of 15 people
    assert {(claim["CLP"][4], claim["CLP"][5]) for claim in denied} == {("0", "")}
    assert {tuple(row[1:3]) for claim in denied for line in claim["lines"] for row in line["CAS"]} == {("CO", "16")}


def test_a_reason_that_needs_a_remark_has_one(written, segments):
    rows = segments(written / FILE_835)
    reasons = Counter(row[2] for row in rows if row[:2] == ["CAS", "CO"])
    uncovered = sum("96" in row[2::3] for row in rows if row[:2] == ["CAS", "PR"])
    remarks = Counter(row[2] for row in rows if row[:2] == ["LQ", "HE"])

    assert remarks == {"M76": reasons["16"], "N130": uncovered}


def test_the_payment_is_later_than_the_service(payments):
    assert [
        p for p in payments for claim in p["claims"] for line in claim["lines"] if line["day"] >= p["BPR"][16]
    ] == []


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
    paid = (row for row in segments(written / FILE_835) if row[0] == "SVC" and cents(row[2]) > 0)
    codes = Counter(row[1].split(":")[0] for row in paid)

    assert not pharmacy & filed
    assert codes["N4"] == len(pharmacy) > 0
