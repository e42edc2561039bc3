"""What contradicts the tables in the transmissions is found by `verify`, whichever field it is in."""

import re
from datetime import date, timedelta

import pytest
import rxmembersim
from d0_frames import ETX, FIELD, GROUP, HEADER, SEGMENT, STX, another, changed, planting, put, span, value

from healthsim_core.testing import contradictions

OF_CLAIM = ("C2", "C1", "EM", "D2", "E1", "D7", "D3")
OF_BILLING = (
    "C3", "C6", "C4", "C5", "CA", "CB", "CM", "CN", "CO", "CP", "CQ", "C7", "E7", "D5", "D6", "D8", "DE", "DF", "DJ",
    "28", "D9", "DC",
    "DQ", "DU", "DN", "EZ", "DB", "DR", "2J", "7E", "E4", "E5", "E6", "BM",
)  # fmt: skip
FIELDS = [("b1", name) for name in (*HEADER, *OF_CLAIM, *OF_BILLING)] + [("b2", name) for name in (*HEADER, *OF_CLAIM)]
ALIKE = {
    "A1",
    "A2",
    "A3",
    "A4",
    "A9",
    "B2",
    "AK",
    "C1",
    "C3",
    "C6",
    "C7",
    "EM",
    "E1",
    "D6",
    "D8",
    "DJ",
    "28",
    "DN",
    "EZ",
    "7E",
    "E5",
    "E6",
}
SEGMENTS = [("b1", name) for name in ("04", "01", "07", "11", "03", "08", "16")] + [("b2", "04"), ("b2", "07")]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    out = tmp_path_factory.mktemp("ncpdp") / "out"
    rxmembersim.generate(
        "rx-senior-polypharmacy", count=40, seed=2, output_formats=["ncpdp_d0"], out=out, persist=False
    )
    return out


@pytest.fixture
def planted(run):
    """Write what a function makes of a file's transmissions, and say what `verify` finds in the format."""
    yield from planting(run)


def test_a_run_as_it_was_written_agrees(run):
    assert contradictions(run, "ncpdp_d0") == []


@pytest.mark.parametrize(("name", "field"), FIELDS)
def test_a_changed_letter_is_found(planted, name, field):
    assert planted(name, lambda frames: changed(frames, field, another))


@pytest.mark.parametrize(("name", "field"), [(name, field) for name, field in FIELDS if field not in HEADER])
def test_a_field_left_out_is_found(planted, name, field):
    def without(frames):
        at = next(at for at, frame in enumerate(frames) if span(frame, field))
        start, stop = span(frames[at], field)
        return [*frames[:at], frames[at][: start - 3] + frames[at][stop:], *frames[at + 1 :]]

    assert planted(name, without)


@pytest.mark.parametrize(("name", "field"), [(name, field) for name, field in FIELDS if field not in ALIKE])
def test_values_swapped_between_two_requests_are_found(planted, name, field):
    def swapped(frames):
        there = [at for at, frame in enumerate(frames) if span(frame, field)]
        one = there[0]
        other = next(at for at in there if value(frames[at], field) != value(frames[one], field))
        new = list(frames)
        new[one], new[other] = (
            put(frames[at], field, value(frames[with_], field)) for at, with_ in ((one, other), (other, one))
        )
        return new

    assert planted(name, swapped)


@pytest.mark.parametrize(("name", "segment"), SEGMENTS)
def test_a_segment_left_out_is_found(planted, name, segment):
    def without(frames):
        at = next(at for at, frame in enumerate(frames) if f"AM{segment}" in frame)
        new = re.sub(f"{SEGMENT}{FIELD}AM{segment}[^{GROUP}{SEGMENT}{ETX}]*", "", frames[at])
        return [*frames[:at], new, *frames[at + 1 :]]

    assert planted(name, without)


@pytest.mark.parametrize("name", ["b1", "b2"])
@pytest.mark.parametrize(
    "change",
    [
        lambda frames: frames[1:],
        lambda frames: frames[:-1],
        lambda frames: [frames[0], *frames],
        lambda frames: [*frames[1:], frames[0]],
        lambda frames: [],
        lambda frames: [frames[0].replace(GROUP, ""), *frames[1:]],
        lambda frames: [frames[0].replace(STX, ""), *frames[1:]],
        lambda frames: [frames[0].replace(ETX, ""), *frames[1:]],
        lambda frames: ["".join(frames[:2]), *frames[2:]],
    ],
    ids=["first missing", "last missing", "doubled", "out of order", "none", "no group", "no start", "no end",
         "no line feed"],
)  # fmt: skip
def test_a_request_missing_doubled_misplaced_or_broken_is_found(planted, name, change):
    assert planted(name, change)


@pytest.mark.parametrize("field", ["D1", "C4", "DE"])
@pytest.mark.parametrize("days", [-365, -1, 1, 7])
def test_a_shifted_day_is_found(planted, field, days):
    def shifted(day):
        return (date(int(day[:4]), int(day[4:6]), int(day[6:])) + timedelta(days)).strftime("%Y%m%d")

    assert planted("b1", lambda frames: changed(frames, field, shifted))


@pytest.mark.parametrize("share", ["D9", "DC"])
def test_a_cent_more_in_a_share_and_in_the_sum_is_found(planted, share):
    def dearer(amount):
        return f"{int(amount[:-1] + str('{ABCDEFGHI'.index(amount[-1]))) // 10 + 1}" + amount[-1]

    assert planted("b1", lambda frames: changed(changed(frames, share, dearer), "DU", dearer))


def test_an_amount_of_the_other_sign_is_found(planted):
    assert planted(
        "b1",
        lambda frames: changed(frames, "DQ", lambda amount: amount[:-1] + "}JKLMNOPQR"["{ABCDEFGHI".index(amount[-1])]),
    )


def test_packages_for_units_are_found(planted):
    assert planted("b1", lambda frames: changed(frames, "28", lambda unit: "ML" if unit == "EA" else "EA"))


def test_a_reversal_of_what_was_not_billed_is_told(planted):
    found = planted("b2", lambda frames: changed(frames, "D3", lambda number: "98"))

    assert any("not billed, but reversed is" in finding for finding in found)
