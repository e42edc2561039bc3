"""A fill's claims to several payers as transmissions: each has its own header, and says who has paid before.

NCPDP Telecommunication Standard Implementation Guide, version D.0, coordination of benefits.
"""

import re
from collections import defaultdict
from decimal import Decimal

import pytest
import rxmembersim
from d0_frames import another, changed, planting, value
from dzero_python import Request
from dzero_python.segments.coord_of_benefits import CoordOfBenefits
from rxmembersim.formats.ncpdp_d0 import layout

from healthsim_core.testing import contradictions

OTHERS = [{"type": "Medicaid", "plan": "Medicaid FFS", "probability": 0.7}, {"type": "Commercial", "rank": 3}]
PROFILE = {
    "id": "several",
    "demographics": {"age": {"type": "uniform", "min": 30, "max": 60}},
    "clinical": {"conditions": [{"code": "E11"}]},
    "coverage": {"type": "Commercial", "plan": "PPO", "others": OTHERS},
}
PAID = ("5C", "6C", "7C", "E8", "HB", "HC", "DV")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    out = tmp_path_factory.mktemp("secondary") / "out"
    made = rxmembersim.generate(
        PROFILE,
        ["diabetes-drug-therapy", "polypharmacy-year"],
        count=40,
        seed=3,
        output_formats=["ncpdp_d0"],
        out=out,
        persist=False,
    )
    return made.tables, out


@pytest.fixture(scope="module")
def run(made):
    return made[1]


@pytest.fixture
def planted(run):
    yield from planting(run)


def frames(run, name):
    return (run / "ncpdp_d0" / f"{name}.ncpdp").read_text(encoding="ascii").split("\n")[:-1]


def payments(frame):
    """What a claim says of those who have paid before: type of payer, BIN, dollars."""
    (segment,) = re.findall("\x1cAM05([^\x1d\x1e\x03]*)", frame) or [""]
    said = defaultdict(list)
    for piece in segment.split("\x1c")[1:]:
        said[piece[:2]].append(piece[2:])
    return list(zip(said["5C"], said["7C"], [dollars(paid) for paid in said["DV"]], strict=True))


def dollars(text):
    return Decimal(text[:-1] + str(layout.POSITIVE.index(text[-1]))) / 100


def test_files_and_tables_agree(run):
    assert contradictions(run, "ncpdp_d0") == []


def test_each_payer_is_asked_in_turn(made):
    tables, run = made
    later = defaultdict(list)
    for claim in sorted(tables["rxmembersim.secondary_claim"].to_pylist(), key=lambda row: row["rank"]):
        later[claim["fill_id"]].append(f"CLAIM {claim['claim_id']}")
    fills = [row["fill_id"] for row in tables["rxmembersim.fill"].to_pylist()]

    sent = [value(frame, "BM") for frame in frames(run, "b1")]

    assert sent == [name for fill in fills for name in (f"FILL {fill}", *later[fill])]


def test_a_claim_is_routed_to_the_payer_that_it_asks(made):
    tables, run = made
    cards = {row["coverage_id"]: row for row in tables["rxmembersim.cardholder"].to_pylist()}
    asked = {f"CLAIM {row['claim_id']}": cards[row["coverage_id"]]
             for row in tables["rxmembersim.secondary_claim"].to_pylist()}  # fmt: skip

    later = [frame for frame in frames(run, "b1") if value(frame, "BM") in asked]

    assert len(later) == len(asked) > 100
    for frame in later:
        card = asked[value(frame, "BM")]
        assert (value(frame, "A1"), value(frame, "A4"), value(frame, "C1")) == (
            card["bin"], card["pcn"], card["group_id"]
        )  # fmt: skip


def test_a_claim_says_what_each_payer_before_has_paid(made):
    tables, run = made
    bins = {row["coverage_id"]: row["bin"] for row in tables["rxmembersim.cardholder"].to_pylist()}
    paid = defaultdict(list)
    names = {}
    for row in tables["rxmembersim.fill"].to_pylist():
        paid[row["fill_id"]].append((bins[row["coverage_id"]], row["plan_paid"]))
        names[f"FILL {row['fill_id']}"] = (row["fill_id"], 0)
    for row in sorted(tables["rxmembersim.secondary_claim"].to_pylist(), key=lambda row: row["rank"]):
        names[f"CLAIM {row['claim_id']}"] = (row["fill_id"], len(paid[row["fill_id"]]))
        paid[row["fill_id"]].append((bins[row["coverage_id"]], row["plan_paid"]))

    for frame in frames(run, "b1"):
        fill, before = names[value(frame, "BM")]
        said = [(f"0{place}", *one) for place, one in enumerate(paid[fill][:before], 1)]
        assert payments(frame) == said


def test_a_claim_says_whether_another_coverage_has_paid(run):
    for frame in frames(run, "b1"):
        before = payments(frame)
        said = re.findall("\x1cC8([^\x1c\x1d\x1e\x03]*)", frame)
        assert said == ([("2" if sum(paid for *_, paid in before) else "4")] if before else [])


def test_an_independent_parser_reads_the_coordination_of_benefits(run):
    last = next(frame for frame in frames(run, "b1") if len(payments(frame)) == 2)

    (group,) = Request.parse(last[1:-1]).transaction_groups

    assert group.get_segment(CoordOfBenefits)["coordination_of_benefits_other_payments_count"] == "2"


def test_who_was_asked_last_is_told_first_that_a_fill_is_undone(run):
    told = defaultdict(list)
    for frame in frames(run, "b2"):
        told[value(frame, "D2"), value(frame, "D3")].append(frame.count("\x1c5C"))

    assert max(map(len, told.values())) == 3
    assert all(before == sorted(before, reverse=True) for before in told.values())


@pytest.mark.parametrize(
    ("name", "field"),
    [("b1", field) for field in ("C8", "4C", *PAID)] + [("b2", field) for field in ("C8", "4C", "5C")],
)
def test_another_value_is_found(planted, name, field):
    assert planted(name, lambda frames: changed(frames, field, another))


@pytest.mark.parametrize("field", PAID)
def test_another_value_of_the_second_payment_is_found(planted, field):
    def second(frames):
        at = next(at for at, frame in enumerate(frames) if len(payments(frame)) == 2)
        start = frames[at].rindex(f"\x1c{field}") + 3
        end = start + len(re.match("[ -~]*", frames[at][start:])[0])
        return [*frames[:at], frames[at][:start] + another(frames[at][start:end]) + frames[at][end:], *frames[at + 1 :]]

    assert planted("b1", second)
