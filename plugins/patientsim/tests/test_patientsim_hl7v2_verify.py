"""What contradicts the tables in the messages is found by `verify`, whichever field it is in."""

import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from healthsim_core import generate
from healthsim_core.testing import contradictions

CARE = json.loads((Path(__file__).parent / "data" / "year_of_everything.json").read_text(encoding="utf-8"))
DEATH = {
    "journey_id": "last-days", "duration_days": 365,
    "events": [
        {"event_id": "fall", "event_type": "encounter", "delay": {"days": 330},
         "parameters": {"class": "OBSENC", "reason_code": "R07.9"}},
        {"event_id": "end", "event_type": "death", "depends_on": "fall", "delay": {"days": 2}},
    ],
}  # fmt: skip
NUMBERS = {
    "MSH": (2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 17, 18), "EVN": (1, 2),
    "PID": (1, 3, 5, 7, 8, 10, 11, 13, 15, 19, 22, 29, 30),
    "PV1": (1, 2, 3, 4, 6, 7, 10, 18, 19, 36, 44, 45), "DG1": (1, 3, 5, 6), "DRG": (1,),
    "IN1": (1, 2, 3, 4, 5, 7, 8, 12, 13, 15, 16, 17, 36),
}  # fmt: skip
FIELDS = [f"{segment}-{number}" for segment, numbers in NUMBERS.items() for number in numbers]
DIFFERENT = (
    "MSH-7", "MSH-9", "MSH-10", "EVN-1", "EVN-2", "PID-3", "PID-5", "PID-7", "PID-8", "PID-11", "PID-13", "PID-15",
    "PID-19", "PV1-2",
    "PV1-3", "PV1-7", "PV1-19", "PV1-44", "PV1-45", "DG1-1", "DG1-3", "DG1-5", "DG1-6", "IN1-16", "IN1-36",
)  # fmt: skip
TIMES = ("MSH-7", "EVN-2", "PV1-44", "PV1-45", "DG1-5")
DATES = ("PID-7", "PID-29", "IN1-12", "IN1-13")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    out = tmp_path_factory.mktemp("hl7v2") / "out"
    journeys = [CARE["journey"], DEATH]
    generate(
        profile=CARE["profile"], journey=journeys, count=8, seed=3, output_formats=["hl7v2_adt"], out=out, persist=False
    )
    return out


@pytest.fixture
def planted(run):
    """Write what a function makes of the messages, and say what `verify` finds in the format."""
    path = run / "hl7v2_adt" / "adt.hl7"
    content = path.read_bytes()

    def plant(change):
        path.write_bytes("".join(f"{message}\n" for message in change(content.decode().split("\n")[:-1])).encode())
        assert path.read_bytes() != content
        return contradictions(run, "hl7v2_adt")

    yield plant
    path.write_bytes(content)


def places(messages, field):
    """Where a field has a value: number of the message, of its segment, of the element."""
    name, number = field.split("-")
    at = int(number) - (name == "MSH")
    for message, text in enumerate(messages):
        for segment, line in enumerate(text.split("\r")):
            elements = line.split("|")
            if elements[0] == name and at < len(elements) and elements[at]:
                yield message, segment, at


def value(messages, place):
    message, segment, at = place
    return messages[message].split("\r")[segment].split("|")[at]


def put(messages, place, text):
    message, segment, at = place
    lines = messages[message].split("\r")
    elements = lines[segment].split("|")
    lines[segment] = "|".join([*elements[:at], text, *elements[at + 1 :]])
    return [*messages[:message], "\r".join(lines), *messages[message + 1 :]]


def changed(messages, field, change):
    """The messages, with a field's last value changed."""
    *_, place = places(messages, field)
    return put(messages, place, change(value(messages, place)))


def another(text):
    """The text with another letter or digit in the place of its last one."""
    at = max((at for at, letter in enumerate(text) if letter.isalnum()), default=0)
    new = str((int(text[at]) + 1) % 10) if text[at].isdigit() else "B" if text[at] != "B" else "C"
    return text[:at] + new + text[at + 1 :]


def without(messages, name):
    """The messages, one of them without a segment."""
    message, segment, _ = next(places(messages, f"{name}-{NUMBERS[name][0]}"))
    lines = messages[message].split("\r")
    return [*messages[:message], "\r".join([*lines[:segment], *lines[segment + 1 :]]), *messages[message + 1 :]]


def test_a_run_as_it_was_written_agrees(run):
    assert contradictions(run, "hl7v2_adt") == []


def test_the_fields_below_are_those_that_a_run_has(run):
    content = (run / "hl7v2_adt" / "adt.hl7").read_bytes().decode()
    lines = [line.split("|") for line in content.replace("\n", "").split("\r")]
    said = {
        f"{line[0]}-{at + (line[0] == 'MSH')}" for line in lines for at, element in enumerate(line) if at and element
    }
    assert said == set(FIELDS)


@pytest.mark.parametrize("field", FIELDS)
def test_a_changed_letter_is_found(planted, field):
    assert planted(lambda messages: changed(messages, field, another))


@pytest.mark.parametrize("field", FIELDS)
def test_a_value_left_out_is_found(planted, field):
    assert planted(lambda messages: changed(messages, field, lambda text: ""))


@pytest.mark.parametrize("field", DIFFERENT)
def test_values_swapped_between_two_messages_are_found(planted, field):
    def swapped(messages):
        one, *others = places(messages, field)
        other = next(each for each in others if value(messages, each) != value(messages, one))
        return put(put(messages, one, value(messages, other)), other, value(messages, one))

    assert planted(swapped)


@pytest.mark.parametrize("segment", NUMBERS)
def test_a_segment_left_out_is_found(planted, segment):
    assert planted(lambda messages: without(messages, segment))


@pytest.mark.parametrize("seconds", [-86400, -3600, -1, 1, 60])
@pytest.mark.parametrize("field", TIMES)
def test_a_shifted_time_is_found(planted, field, seconds):
    def shifted(text):
        return (datetime.strptime(text[:14], "%Y%m%d%H%M%S") + timedelta(seconds=seconds)).strftime(
            "%Y%m%d%H%M%S"
        ) + text[14:]

    assert planted(lambda messages: changed(messages, field, shifted))


@pytest.mark.parametrize("field", TIMES)
def test_the_same_moment_at_the_clock_of_another_place_is_found(planted, field):
    def elsewhere(text):
        return (datetime.strptime(text[:14], "%Y%m%d%H%M%S") + timedelta(hours=1)).strftime(
            "%Y%m%d%H%M%S"
        ) + f"-0{int(text[15:17]) - 1}00"

    assert planted(lambda messages: changed(messages, field, elsewhere))


def test_the_offset_of_winter_in_summer_is_found(planted):
    assert planted(lambda messages: [message.replace("-0500", "-0600") for message in messages])


@pytest.mark.parametrize("days", [-1, 1, 365])
@pytest.mark.parametrize("field", DATES)
def test_a_shifted_day_is_found(planted, field, days):
    def shifted(text):
        return (datetime.strptime(text, "%Y%m%d") + timedelta(days=days)).strftime("%Y%m%d")

    assert planted(lambda messages: changed(messages, field, shifted))


@pytest.mark.parametrize(
    "change",
    [
        lambda messages: messages[1:],
        lambda messages: messages[:-1],
        lambda messages: [messages[0], *messages],
        lambda messages: [*messages[1:], messages[0]],
        lambda messages: [messages[1], messages[0], *messages[2:]],
        lambda messages: [],
        lambda messages: ["".join(messages[:2]), *messages[2:]],
        lambda messages: [messages[0].replace("\r", "\n", 1), *messages[1:]],
        lambda messages: [messages[0].replace("|", "^"), *messages[1:]],
    ],
    ids=["first missing", "last missing", "doubled", "last, not first", "swapped", "none", "in one line", "torn",
         "other separators"],
)  # fmt: skip
def test_a_message_missing_doubled_misplaced_or_broken_is_found(planted, change):
    assert planted(change)


def test_another_persons_chart_in_a_message_is_found(planted):
    def mistaken(messages):
        lines = [message.split("\r") for message in messages]
        other = next(line[2] for line in lines if line[2] != lines[0][2])
        return ["\r".join([*lines[0][:2], other, *lines[0][3:]]), *messages[1:]]

    assert planted(mistaken)


def test_diagnoses_in_another_order_are_found(planted):
    def turned(messages):
        at = next(at for at, message in enumerate(messages) if "\rDG1|2|" in message)
        new = (
            messages[at]
            .replace("\rDG1|1|", "\rDG1|x|", 1)
            .replace("\rDG1|2|", "\rDG1|1|", 1)
            .replace("\rDG1|x|", "\rDG1|2|", 1)
        )
        return [*messages[:at], new, *messages[at + 1 :]]

    assert planted(turned)
