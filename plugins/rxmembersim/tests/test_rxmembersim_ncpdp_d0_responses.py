"""What payers respond: NCPDP Telecommunication Standard Implementation Guide, version D.0, chapters on responses.

dzero-python parses each response; what it holds is compared with the tables, and with the plans' own books.
"""

import re
from collections import Counter
from decimal import Decimal

import pytest
import rxmembersim
from d0_frames import ETX, FIELD, GROUP, SEGMENT, another, planting
from dzero_python import Response
from rxmembersim.formats.ncpdp_d0 import layout

import healthsim
from healthsim_core.testing import contradictions

OTHERS = [{"type": "Medicaid", "plan": "Medicaid FFS", "probability": 0.7}, {"type": "Commercial", "rank": 3}]
PROFILE = {
    "id": "several",
    "demographics": {"age": {"type": "uniform", "min": 30, "max": 60}},
    "clinical": {"conditions": [{"code": "E11"}]},
    "coverage": {"type": "Commercial", "plan": "HDHP", "others": OTHERS},
}
FIELDS = (
    "C1", "C2", "CA", "CB", "C4", "AN", "F3", "FA", "FB", "EM", "D2", "F5", "F6", "F7", "J5", "F9", "FM", "FC", "FD",
    "FH", "FI", "FK", "4U", "J6", "E4", "FS", "FY", "NT", "5C", "6C", "7C", "MH", "NU", "MJ", "UV",
)  # fmt: skip
RUNS = {
    "reviewed": ("J6", "E4", "FS", "FY"),
    "capped": ("FK", "4U"),
}  # of fields that a run of several payers has none of
PARTS = {"FH": "deductible", "FI": "copay", "FK": "not_covered", "4U": "coinsurance"}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    out = tmp_path_factory.mktemp("responses") / "out"
    made = rxmembersim.generate(
        PROFILE, ["diabetes-drug-therapy", "polypharmacy-year"], count=40, seed=3, output_formats=["ncpdp_d0"],
        out=out, persist=False,
    )  # fmt: skip
    return made.tables, out


@pytest.fixture(scope="module")
def fills(made):
    return {row["fill_id"]: row for row in made[0]["rxmembersim.fill"].to_pylist()}


@pytest.fixture
def planted(made):
    yield from planting(made[1])


def frames(made, name):
    return (made[1] / "ncpdp_d0" / f"{name}.ncpdp").read_text(encoding="ascii").split("\n")[:-1]


def said(frame, header):
    """A transmission's fields after its header."""
    pieces = re.split(f"[{FIELD}{GROUP}{SEGMENT}{ETX}]+", frame[1 + header :])
    return {piece[:2]: piece[2:] for piece in pieces if piece and not piece.startswith("AM")}


def answered(made, name="b1"):
    """Pairs of a request's fields and its response's."""
    pairs = zip(frames(made, name), frames(made, f"{name}_response"), strict=True)
    return [(said(request, 56), said(response, 31)) for request, response in pairs]


def claims(made, fills):
    """Each claim of the tables by what the request's narrative calls it."""
    later = {f"CLAIM {row['claim_id']}": row for row in made[0]["rxmembersim.secondary_claim"].to_pylist()}
    return {f"FILL {fill_id}": row for fill_id, row in fills.items()} | later


def dollars(text):
    return Decimal(text[:-1] + str(layout.POSITIVE.index(text[-1]))) / 100


def test_every_request_is_answered_in_its_place(made):
    for name in ("b1", "b2"):
        for request, response in answered(made, name):
            assert response["D2"] == request["D2"]


@pytest.mark.parametrize(("name", "status"), [("b1", {"P", "R"}), ("b2", {"A"})])
def test_a_response_opens_with_31_bytes_and_its_status(made, name, status):
    """Header: version, transaction, count, status, provider and day; then paid, rejected or approved (112-AN)."""
    for frame, (_, response) in zip(frames(made, f"{name}_response"), answered(made, name), strict=True):
        assert re.fullmatch(rf"\x02D0{name.upper()}1A01\d{{10}} {{5}}\d{{8}}", frame[:32])
        assert response["AN"] in status


def test_segments_stand_in_the_order_of_the_standard(made):
    """Insurance and patient, then the transaction: status, claim, pricing where it is paid, review, next payer."""
    for frame in frames(made, "b1_response"):
        found = re.findall(f"{GROUP}|{SEGMENT}{FIELD}AM(..)", frame)
        paid = "23" if f"{FIELD}ANP" in frame else ""
        order = rf"25 29 \| 21 22 ?{paid}( 24)?( 28)?"
        assert re.fullmatch(order, " ".join(one or "|" for one in found)), found


def test_an_independent_parser_reads_the_status_and_the_amounts(made, fills):
    rows = claims(made, fills)
    for request, frame in zip(frames(made, "b1"), frames(made, "b1_response"), strict=True):
        row = rows[said(request, 56)["BM"]]
        (group,) = Response.parse(frame[1:-1]).transaction_groups
        by_name = {type(segment).__name__: segment for segment in group.segments}
        assert by_name["ResponseStatus"]["authorization_number"] == row["authorization_number"]
        if row.get("status") == "rejected":
            assert by_name["ResponseStatus"]["reject_code"] == row["reject_code"]
        else:
            assert dollars(by_name["ResponsePricing"]["total_amount_paid"]) == row["plan_paid"]


def test_what_the_patient_pays_is_told_in_its_parts(made, fills):
    """505-F5 is the sum of 517-FH, 518-FI, 520-FK and 572-4U; a part of nothing is left out."""
    rows = claims(made, fills)
    for request, response in answered(made):
        row = rows[request["BM"]]
        if response["AN"] == "P":
            parts = {name: dollars(response[name]) for name in PARTS if name in response}
            assert parts == {name: row[column] for name, column in PARTS.items() if row[column]}
            assert dollars(response["F5"]) == row["patient_pay"] == sum(parts.values())


def test_what_is_paid_for_drug_and_fee_less_the_others_shares_is_the_plan_s(made, fills):
    """506-F6 + 507-F7 - 505-F5 - 566-J5 = 509-F9."""
    rows = claims(made, fills)
    for request, response in answered(made):
        if response["AN"] == "P":
            f5, f6, f7, f9 = (dollars(response[name]) for name in ("F5", "F6", "F7", "F9"))
            assert f6 + f7 - f5 - dollars(response.get("J5", "0{")) == f9 == rows[request["BM"]]["plan_paid"]
            assert f6 >= 0 <= f7


def test_what_is_paid_as_submitted_is_what_was_asked(made):
    """522-FM: 1 as submitted, 4 usual and customary, 8 the rate of a contract, which is below both."""
    seen = Counter()
    for request, response in answered(made):
        if response["AN"] == "P" and "J5" not in response:
            paid = dollars(response["F6"]) + dollars(response["F7"])
            if response["FM"] == "1":
                assert (response["F6"], response["F7"]) == (request["D9"], request["DC"])
            else:
                limit = {"4": paid, "8": dollars(request["DQ"]) - Decimal("0.01")}[response["FM"]]
                assert paid <= limit and paid < dollars(request["DU"])
            seen[response["FM"]] += 1
    assert set(seen) >= {"1", "8"}


def test_only_who_pays_after_others_says_what_they_have_paid(made):
    for request, response in answered(made):
        assert ("J5" in response) == (request["BM"].startswith("CLAIM"))


def test_who_pays_next_is_named_to_the_pharmacy(made):
    """Segment 28: the payer of the request that follows on this one."""
    asked = frames(made, "b1")
    headers, pairs, seen = [frame[1:57] for frame in asked], answered(made), 0
    for at, (_, response) in enumerate(pairs[:-1]):
        follows = pairs[at + 1][0]["BM"].startswith("CLAIM")
        assert ("NT" in response) == follows
        if follows:
            request, header = pairs[at + 1][0], headers[at + 1]
            sent = (header[:6].strip(), header[10:20].strip(), request["C2"], request["C1"], request["C3"])
            assert sent == tuple(response[name] for name in ("7C", "MH", "NU", "MJ", "UV"))
            assert int(response["5C"]) == int(request["4C"]) + 1
            seen += 1
    assert seen


def test_a_rejected_claim_has_its_code_and_no_price(made, fills):
    codes = Counter()
    for request, response in answered(made):
        if response["AN"] == "R":
            assert response["FA"] == "1" and "F5" not in response and "F3" not in response
            assert response["FB"] == fills[int(request["BM"].removeprefix("FILL "))]["reject_code"]
            codes[response["FB"]] += 1
    assert codes


def test_a_conflict_that_the_payer_has_found_is_told(tmp_path):
    made = rxmembersim.generate(
        "rx-senior-polypharmacy", count=60, output_formats=["ncpdp_d0"], out=tmp_path / "out", persist=False
    )
    fills, seen = {row["fill_id"]: row for row in made.tables["rxmembersim.fill"].to_pylist()}, 0
    for request, response in answered((made.tables, tmp_path / "out")):
        fill = fills[int(request["BM"].removeprefix("FILL "))]
        assert response.get("E4") == fill["dur_code"]
        seen += fill["dur_code"] is not None
    assert seen


def test_a_deductible_runs_down_over_the_year_as_the_plan_s_books_say(tmp_path):
    """512-FC and 513-FD: what `membersim.ledger` has as the balance after the fill, and what its limit leaves."""
    profile = {**PROFILE, "coverage": {"type": "Commercial", "plan": "HDHP"}}
    made = healthsim.generate(
        profile, ["diabetes-drug-therapy"], count=30, seed=5, products=["membersim", "rxmembersim"],
        output_formats=["ncpdp_d0"], out=tmp_path / "out", persist=False,
    )  # fmt: skip
    limits = {
        (row["person_id"], row["plan_year"]): row["limit"]
        for row in made.tables["membersim.accumulator"].to_pylist()
        if row["kind"] == "deductible" and row["level"] == "individual"
    }
    told = {
        said(request, 56)["BM"]: said(response, 31)
        for request, response in zip(
            frames((None, tmp_path / "out"), "b1"), frames((None, tmp_path / "out"), "b1_response"), strict=True
        )
    }
    moved = [
        row
        for row in made.tables["membersim.ledger"].to_pylist()
        if row["record"] == "fill"
        and row["kind"] == "deductible"
        and row["level"] == "individual"
        and row["amount"] > 0
    ]

    assert moved
    for row in moved:
        response = told[f"FILL {row['claim_id']}"]
        assert dollars(response["FH"]) == row["amount"]
        assert dollars(response["FC"]) == row["balance"]
        assert dollars(response["FD"]) == limits[row["person_id"], row["plan_year"]] - row["balance"]


@pytest.mark.parametrize(
    ("deductible", "levels"),
    [
        ({"individual": 2000, "family": 4000, "aggregate": True}, {"family"}),
        ({"individual": 2000, "family": 2500}, {"individual", "family"}),
    ],
)
def test_a_family_s_deductible_is_told_where_less_is_left_of_it(tmp_path, deductible, levels):
    """512-FC and 513-FD are of one deductible, and make its limit together."""
    services = {"pharmacy": {"coinsurance": 0.2, "deductible": True}}
    plan = {"coverage_type": "Commercial", "kind": "commercial", "in": {"deductible": deductible, "services": services}}
    members = [
        {"role": "subscriber", "age": {"type": "uniform", "min": 40, "max": 55}},
        {"role": "spouse", "probability": 1.0},
    ]
    profile = {**PROFILE, "members": members, "coverage": {"type": "Commercial", "plan": "Own", "plans": {"Own": plan}}}
    profile.pop("demographics")
    made = healthsim.generate(
        profile, ["diabetes-drug-therapy"], count=12, seed=5, products=["membersim", "rxmembersim"],
        output_formats=["ncpdp_d0"], out=tmp_path / "out", persist=False,
    )  # fmt: skip
    told = {request["BM"]: response for request, response in answered((None, tmp_path / "out"))}
    balances, seen = {}, Counter()
    for row in made.tables["membersim.ledger"].to_pylist():
        if (row["record"], row["kind"]) == ("fill", "deductible") and row["amount"] > 0:
            balances.setdefault(row["claim_id"], {})[row["level"]] = row["balance"]

    for claim_id, balance in balances.items():
        response = told[f"FILL {claim_id}"]
        left = {level: deductible[level] - balance[level] for level in balance}
        level = min(sorted(left, reverse=True), key=left.get)
        assert (dollars(response["FC"]), dollars(response["FD"])) == (balance[level], left[level])
        seen[level] += 1
    assert set(seen) == levels


def test_who_buys_for_cash_is_answered_by_nobody(tmp_path):
    profile = {**PROFILE, "coverage": {"type": "Uninsured"}}
    made = rxmembersim.generate(
        profile, ["diabetes-drug-therapy"], count=5, output_formats=["ncpdp_d0"], out=tmp_path / "out", persist=False
    )

    assert made.tables["rxmembersim.fill"].num_rows
    assert (tmp_path / "out" / "ncpdp_d0" / "b1_response.ncpdp").read_bytes() == b""


def test_a_run_as_it_was_written_agrees(made):
    assert contradictions(made[1], "ncpdp_d0") == []


@pytest.fixture(scope="module")
def reviewed(tmp_path_factory):
    """A run with conflicts."""
    out = tmp_path_factory.mktemp("reviewed") / "out"
    rxmembersim.generate("rx-senior-polypharmacy", count=60, output_formats=["ncpdp_d0"], out=out, persist=False)
    return None, out


@pytest.fixture(scope="module")
def capped(tmp_path_factory):
    """A run with coinsurance, and more than the plan pays in a year."""
    out = tmp_path_factory.mktemp("capped") / "out"
    services = {"pharmacy": {"coinsurance": 0.2, "maximum": 500}}
    plan = {"coverage_type": "Commercial", "kind": "commercial", "in": {"services": services}}
    profile = {**PROFILE, "coverage": {"type": "Commercial", "plan": "Own", "plans": {"Own": plan}}}
    rxmembersim.generate(
        profile, ["diabetes-drug-therapy", "polypharmacy-year"], count=40, seed=3, output_formats=["ncpdp_d0"],
        out=out, persist=False,
    )  # fmt: skip
    return None, out


@pytest.mark.parametrize(("name", "field"), [("b1_response", field) for field in FIELDS]
                         + [("b2_response", field) for field in ("AN", "F3", "EM", "D2")])  # fmt: skip
def test_a_changed_letter_in_a_response_is_found(request, name, field):
    run = request.getfixturevalue(next((run for run, fields in RUNS.items() if field in fields), "made"))

    def changed(found):
        at = next(at for at, frame in enumerate(found) if field in said(frame, 31))
        value = said(found[at], 31)[field]
        new = re.sub(f"{FIELD}{field}{re.escape(value)}", f"{FIELD}{field}{another(value)}", found[at], count=1)
        return [*found[:at], new, *found[at + 1 :]]

    for plant in planting(run[1]):
        assert plant(name, changed)


@pytest.mark.parametrize("name", ["b1_response", "b2_response"])
@pytest.mark.parametrize("place", [1, 3, 4, 5, 7, 17, 25], ids=["A2", "A3", "A9", "F1", "B2", "B1", "D1"])
def test_a_changed_letter_in_the_header_of_a_response_is_found(planted, name, place):
    def changed(found):
        first = found[0]
        return [first[:place] + another(first[place]) + first[place + 1 :], *found[1:]]

    assert planted(name, changed)


@pytest.mark.parametrize("name", ["b1_response", "b2_response"])
@pytest.mark.parametrize(
    "change",
    [
        lambda found: found[1:],
        lambda found: found[:-1],
        lambda found: [found[0], *found],
        lambda found: [*found[1:], found[0]],
        lambda found: [],
        lambda found: [found[0].replace(GROUP, ""), *found[1:]],
        lambda found: [found[0].replace(f"{FIELD}EM1", ""), *found[1:]],
    ],
    ids=["first missing", "last missing", "doubled", "out of order", "none", "no group", "no qualifier"],
)
def test_a_response_missing_doubled_misplaced_or_broken_is_found(made, planted, name, change):
    assert planted(name, change)
