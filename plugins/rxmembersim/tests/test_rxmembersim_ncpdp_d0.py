"""The claims as transmissions: NCPDP Telecommunication Standard Implementation Guide, version D.0.

`GUIDE` below names the guide's sections in our own words; each test cites the rule it holds the files to. dzero-python
parses them independently; as it takes anything, the structure is checked by hand as well.
"""

import re
from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
import rxmembersim
from dzero_python import Request
from hypothesis import given
from hypothesis import strategies as st
from rxmembersim.facts import document
from rxmembersim.formats.ncpdp_d0 import layout
from rxmembersim.formats.ncpdp_d0.parser import cents
from rxmembersim.formats.ncpdp_d0.writer import ClaimWriter

from healthsim_core import Destination
from healthsim_core.testing import make_run

SEGMENT, GROUP, FIELD = "\x1e", "\x1d", "\x1c"
# greatest length of each field, as the data dictionary states its format (X for text, 9 for digits, s9(6)v99 for money)
LENGTHS = {
    "AM": "X2", "C2": "X20", "C1": "X15", "C3": "X3", "C6": "9(1)", "C4": "9(8)", "C5": "9(1)", "CA": "X12",
    "CB": "X15", "CM": "X30",
    "CN": "X20", "CO": "X2", "CP": "X15", "CQ": "9(10)", "C7": "9(2)", "EM": "X1", "D2": "9(12)", "E1": "X2",
    "D7": "X19", "E7": "9(10)",
    "D3": "9(2)", "D5": "9(3)", "D6": "9(1)", "D8": "X1", "DE": "9(8)", "DF": "9(2)", "DJ": "9(1)", "28": "X2",
    "D9": "$", "DC": "$",
    "DQ": "$", "DU": "$", "DN": "X2", "EZ": "X2", "DB": "X15", "DR": "X15", "2J": "X12", "7E": "9(1)", "E4": "X2",
    "E5": "X2", "E6": "X2",
    "BM": "X200",
}  # fmt: skip
MANDATORY = {  # by transaction and segment: the fields without which it is refused
    "B1": {"04": {"C2"}, "01": {"C4", "C5", "CA", "CB"},
           "07": {"EM", "D2", "E1", "D7", "E7", "D3", "D5", "D6", "D8", "DE"},
           "11": {"D9", "DU", "DQ"}, "03": {"EZ", "DB"}},
    "B2": {"04": {"C2"}, "07": {"EM", "D2", "E1", "D7"}},
}  # fmt: skip


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    out = tmp_path_factory.mktemp("ncpdp")
    result = rxmembersim.generate(
        "rx-senior-polypharmacy", count=150, output_formats=["ncpdp_d0"], out=out / "out", persist=False
    )
    return result, out / "out" / "ncpdp_d0"


@pytest.fixture(scope="module")
def billing(run):
    return framed(run[1] / "b1.ncpdp")


@pytest.fixture(scope="module")
def reversals(run):
    return framed(run[1] / "b2.ncpdp")


def framed(path):
    content = path.read_text(encoding="ascii")
    assert re.fullmatch("(\x02[^\x02\x03\n]+\x03\n)*", content)
    return [one[: one.index("\x03")] for one in content.split("\x02")[1:]]


def fields(raw):
    """(segment, field, value) of everything after the header."""
    found = []
    for segment in raw[56:].replace(GROUP, "").split(SEGMENT)[1:]:
        parts = segment.split(FIELD)[1:]
        found += [(parts[0], part[:2], part[2:]) for part in parts]
    return found


def test_a_request_opens_with_a_fixed_header_of_56_bytes(billing, reversals):
    """Transaction header segment, request: nine fields of fixed width, without separators or identifiers."""
    for code, raws in (("B1", billing), ("B2", reversals)):
        for raw in raws:
            assert re.fullmatch(rf"\d{{6}}D0{code}[A-Z0-9 ]{{10}}101\d{{10}} {{5}}\d{{8}}[A-Z0-9 ]{{10}}", raw[:56]), (
                raw[:56]
            )
            assert raw[56] == SEGMENT


def test_segments_and_groups_are_set_apart_as_the_standard_says(billing, reversals):
    """Structure: a segment separator and a field separator before each segment's identification;
    one group separator before the claim."""
    for raws, order in ((billing, r"04 01 \| 07 11 03( 08)? 16"), (reversals, r"04 \| 07")):
        for raw in raws:
            found = re.findall(f"{GROUP}|{SEGMENT}{FIELD}AM(..)|{SEGMENT}", raw)
            assert raw.count(SEGMENT) == len([one for one in found if one])
            assert re.fullmatch(order, " ".join(one or "|" for one in found))


def test_every_field_keeps_to_its_format_and_none_is_empty(billing, reversals):
    """Data dictionary: format and greatest length of each field; an empty field is left out, never sent."""
    patterns = {"X": "[ -~]{{1,{}}}", "9": r"\d{{1,{}}}"}
    for raw in (*billing, *reversals):
        for _, name, value in fields(raw):
            said = LENGTHS[name]
            length = re.sub(r"\D", "", said[1:])
            pattern = r"\d{1,7}[{A-I}J-R]" if said == "$" else patterns[said[0]].format(length)
            assert re.fullmatch(pattern, value), (name, value)


def test_mandatory_fields_are_there(billing, reversals):
    """Claim billing and claim reversal: the fields that are mandatory in their segments."""
    for code, raws in (("B1", billing), ("B2", reversals)):
        for raw in raws:
            sent = {(segment, name) for segment, name, _ in fields(raw)}
            assert {(f"AM{segment}", name) for segment, names in MANDATORY[code].items() for name in names} <= sent


def test_no_field_comes_twice(billing):
    for raw in billing:
        names = [(segment, name) for segment, name, _ in fields(raw)]
        assert len(names) == len(set(names))


def test_an_independent_parser_finds_the_claims_of_the_table(run, billing):
    rows = {row["fill_id"]: row for row in run[0].tables["rxmembersim.fill"].to_pylist()}

    for raw in billing:
        request = Request.parse(raw)
        (group,) = request.transaction_groups
        claim, pricing = group.claim_segment, group.pricing_segment
        row = rows.pop(int(group.narrative_segment["narrative_message"].removeprefix("FILL ")))
        assert request.header["date_of_service"] == row["fill_date"].strftime("%Y%m%d")
        assert claim["product_service_id"] == row["ndc"]
        assert int(claim["fill_number"]) == row["fill_number"]
        assert int(claim["days_supply"]) == row["days_supply"]
        assert Decimal(claim["quantity_dispensed"]) / 1000 == Decimal(row["quantity"])
        assert dollars(pricing["gross_amount_due"]) == row["gross_amount_due"]
        assert (
            dollars(pricing["ingredient_cost_submitted"]) + dollars(pricing["dispensing_fee_submitted"])
            == row["gross_amount_due"]
        )
        assert request.transmission_group.insurance_segment["cardholder_id"] == row["cardholder_id"]
    assert not rows


def test_people_and_prescriptions_are_those_of_the_tables(run, billing):
    tables = run[0].tables
    people = {row["person_id"]: row for row in tables["core.person"].to_pylist()}
    fills = {row["fill_id"]: row for row in tables["rxmembersim.fill"].to_pylist()}
    held = {row["prescription_id"]: row for row in tables["rxmembersim.prescription"].to_pylist()}

    for raw in billing:
        sent = {name: value for _, name, value in fields(raw)}
        fill = fills[int(sent["BM"][5:])]
        person, prescription = people[fill["person_id"]], held[fill["prescription_id"]]
        assert sent["C4"] == person["birth_date"].strftime("%Y%m%d")
        assert sent["C5"] == {"M": "1", "F": "2"}[person["sex"]]
        assert (sent["D2"], int(sent["DF"])) == (prescription["prescription_number"], prescription["refills"])
        assert sent["DE"] == prescription["written_date"].strftime("%Y%m%d") <= fill["fill_date"].strftime("%Y%m%d")


def test_npis_pass_the_check_digit(billing):
    """Service provider id and prescriber id, qualifier 01: a national provider identifier (Luhn with prefix 80840)."""
    for npi in {raw[23:33] for raw in billing} | {
        value for raw in billing for _, name, value in fields(raw) if name == "DB"
    }:
        digits = [int(digit) for digit in "80840" + npi]
        doubled = [digit if at % 2 else sum(divmod(2 * digit, 10)) for at, digit in enumerate(reversed(digits), 1)]
        assert sum(doubled) % 10 == 0


def test_the_fallback_npis_pass_the_check_digit_too():
    fallback = document("pharmacies")["fallback"]
    for npi in (fallback["pharmacy_npi"], fallback["prescriber_npi"]):
        digits = [int(digit) for digit in "80840" + npi]
        assert (
            sum(digit if at % 2 else sum(divmod(2 * digit, 10)) for at, digit in enumerate(reversed(digits), 1)) % 10
            == 0
        )


def test_a_cleared_conflict_is_sent_and_one_that_was_not_cleared_is_not(run, billing):
    """DUR/PPS segment: reason for service, professional service, result of service, where the pharmacist has acted."""
    fills = {row["fill_id"]: row for row in run[0].tables["rxmembersim.fill"].to_pylist()}
    seen = 0

    for raw in billing:
        sent = {name: value for _, name, value in fields(raw)}
        fill = fills[int(sent["BM"][5:])]
        expected = None if fill["status"] == "rejected" else fill["dur_code"]
        assert sent.get("E4") == expected
        seen += expected is not None
    assert seen


def test_each_reversal_names_one_claim_that_was_billed(run, billing, reversals):
    """Claim reversal: matched by pharmacy, date of service, prescription number,
    fill number and product of the claim."""

    def key(raw):
        sent = {name: value for _, name, value in fields(raw)}
        return raw[23:46], sent["D2"], sent["D3"], sent["D7"], sent["C2"]

    billed = [key(raw) for raw in billing]
    assert len(reversals) == run[0].tables["rxmembersim.reversal"].num_rows > 0
    assert all(billed.count(key(raw)) == 1 for raw in reversals)


@given(st.lists(st.integers(-99_999_999, 99_999_999), min_size=1, max_size=50))
def test_amounts_carry_their_sign_in_the_last_digit(amounts):
    """Format s9(6)v99: the last digit is overpunched, { and A to I for plus, } and J to R for minus."""
    written = layout.money(np.array(amounts))

    assert [100 * dollars(text) for text in written.to_pylist()] == amounts
    assert cents(written).to_pylist() == amounts


def test_amounts_look_as_the_data_dictionary_shows_them():
    """The dictionary's own example: fifty dollars are 500{; a negative amount ends in } or a letter from J on."""
    assert layout.money(np.array([5000, 1234, -5000, -1231, 7])).to_pylist() == ["500{", "123D", "500}", "123J", "0G"]


@given(st.text(max_size=40))
def test_no_text_can_break_the_structure(value):
    """Structure: separators and control characters never stand in a field; text is printable."""
    assert re.fullmatch("[ -~]*", layout.plain(value))


@pytest.mark.parametrize(
    ("name", "sent"), [("José Núñez", "JOSE NUNEZ"), ("Søren", "SOREN"), ("O'Neil\x1c\x1e", "O'NEIL"), ("a\nb", "A B")]
)
def test_names_keep_their_letters(name, sent):
    assert layout.plain(name) == sent


def test_a_name_of_which_nothing_can_be_sent_is_left_out():
    """Structure: an empty field is left out, never sent."""
    assert layout.field("CA", layout.alphanumeric(pa.array(["Ann", "\u65e5\u672c"]), 12)).to_pylist() == [
        f"{FIELD}CAANN",
        None,
    ]


def written(tables, folder, parts):
    destination = Destination(folder, "ncpdp_d0")
    writer = ClaimWriter(destination, make_run())
    people = tables["core.person"]["person_id"]
    for part in np.array_split(np.arange(len(people)), parts):
        ids = people.take(pa.array(part))
        writer.write(
            {
                name: t.filter(pc.is_in(t["person_id"], ids)) if "person_id" in t.column_names else t
                for name, t in tables.items()
            }
        )
    writer.close()
    destination.close()
    return [(Path(folder) / "ncpdp_d0" / name).read_bytes() for name in ("b1.ncpdp", "b2.ncpdp")]


def test_the_files_do_not_depend_on_chunks(run, tmp_path):
    tables = run[0].tables
    whole = written(tables, tmp_path / "one", 1)

    assert written(tables, tmp_path / "many", 11) == whole
    assert whole == [(run[1] / name).read_bytes() for name in ("b1.ncpdp", "b2.ncpdp")]


def test_without_a_network_the_fallback_stands_and_nothing_is_empty(run, tmp_path):
    nobody = {"pharmacy_npi": None, "prescriber_npi": None}
    tables = {name: table for name, table in run[0].tables.items() if not name.startswith("networksim")}
    fill = tables["rxmembersim.fill"]
    for name in nobody:
        at = fill.column_names.index(name)
        fill = fill.set_column(at, fill.schema.field(at), pa.nulls(fill.num_rows, fill.schema.field(at).type))
    content = written({**tables, "rxmembersim.fill": fill}, tmp_path, 1)[0].decode()

    fallback = document("pharmacies")["fallback"]
    assert (
        content.count(f"101{fallback['pharmacy_npi']}     ")
        == fill.num_rows
        == content.count(f"{FIELD}DB{fallback['prescriber_npi']}")
    )


def dollars(overpunched):
    """An overpunched amount, read by the standard's table rather than by the writer's."""
    last = overpunched[-1]
    sign, digit = (1, "{ABCDEFGHI".index(last)) if last in "{ABCDEFGHI" else (-1, "}JKLMNOPQR".index(last))
    return sign * Decimal(int(overpunched[:-1]) * 10 + digit) / 100


def test_dates_of_service_lie_within_the_run(billing):
    assert all(
        date(2024, 1, 1) <= date(int(raw[38:42]), int(raw[42:44]), int(raw[44:46])) <= date(2026, 1, 1)
        for raw in billing
    )
