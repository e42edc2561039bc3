"""What the 835 of a run takes back, and how later payments make it up."""

from __future__ import annotations

from typing import Any

import pytest

from healthsim import generate
from healthsim_core.verification.verify import verify_folder

EVENTS: list[dict[str, Any]] = [
    {"event_id": "seen", "event_type": "encounter", "delay": {"days": 10},
     "repeat": {"every": {"days": 15}, "count": 20},
     "parameters": {"class": "AMB", "specialty": "cardiology", "reason_code": "I10"}},
    {"event_id": "off", "event_type": "termination", "delay": {"days": 150}, "parameters": {"effective_days": -90}},
    {"event_id": "on", "event_type": "new_enrollment", "delay": {"days": 180}},
]  # fmt: skip


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run in which coverage ends late and begins anew, in chunks of one household; and its folder."""
    return made(tmp_path_factory.mktemp("late"), chunk_size=1)


def made(folder, **more):
    people = {"generation": {"count": 12, "seed": 5}, "demographics": {"age": 50}}
    profile = {"id": "late", **people, "coverage": {"type": "Commercial", "plan": "HMO"}}
    journey = {"journey_id": "late", "duration_days": 360, "events": EVENTS}
    dates = {"start": "2025-01-01", "as_of": "2026-01-15"}
    out = folder / "out"
    formats = {"output_formats": ["x12_835", "x12_837"], "products": ["membersim"]}
    return generate(profile=profile, journey=journey, persist=False, out=out, **dates, **formats, **more), out


@pytest.fixture
def payments(run, segments):
    """By trace number: amount, sum of claims, day, and what PLB says by reference."""
    found: dict[str, dict[str, Any]] = {}
    for row in segments(run[1] / "x12_835" / "835.edi"):
        if row[0] == "BPR":
            paid, day = round(100 * float(row[2])), row[16]
        elif row[0] == "TRN":
            now = found[row[2]] = {"paid": paid, "day": day, "claims": 0, "kept": {}}
        elif row[0] == "CLP":
            now["claims"] += round(100 * float(row[4]))
        elif row[0] == "PLB":
            now["kept"] = {row[at]: round(100 * float(row[at + 1])) for at in range(3, len(row), 2)}
    return found


def test_the_guide_accepts_what_is_taken_back(run, pyx12_errors):
    assert pyx12_errors(run[1] / "x12_835" / "835.edi") == []


def test_the_files_say_what_the_tables_say(run):
    assert [str(finding) for finding in verify_folder(run[1]).findings if finding.wrong] == []


def test_every_claim_that_is_taken_back_was_paid_before_and_is_taken_back_once(run, segments):
    rows = [row for row in segments(run[1] / "x12_835" / "835.edi") if row[0] == "CLP"]
    back = [row[1] for row in rows if row[2] == "22"]
    claims = run[0].tables["membersim.claim"].to_pylist()

    assert back
    assert sorted(back) == sorted(str(claim["claim_id"]) for claim in claims if claim["status"] == "reversed")
    assert set(back) <= {row[1] for row in rows if row[2] == "1"}


def test_no_payment_is_below_zero_and_each_balances(payments):
    assert min(payment["paid"] for payment in payments.values()) == 0
    assert [p for p in payments.values() if p["paid"] != p["claims"] - sum(p["kept"].values())] == []


def test_what_a_payment_forwards_a_later_one_takes_with_its_number(payments):
    forwarded = {(trace, -cents) for trace, payment in payments.items() for said, cents in payment["kept"].items()
                 if cents < 0 and said == f"FB:{trace}"}  # fmt: skip
    taken = {(said[3:], cents): payment["day"] for payment in payments.values()
             for said, cents in payment["kept"].items() if cents > 0}  # fmt: skip

    assert taken
    assert set(taken) <= forwarded
    assert [trace for (trace, _), day in taken.items() if payments[trace]["day"] >= day] == []


def test_chunks_change_no_byte(run, tmp_path):
    _, other = made(tmp_path)

    file = "x12_835/835.edi"
    assert (other / file).read_bytes() == (run[1] / file).read_bytes()
