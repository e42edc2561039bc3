"""Transmissions of a run's D.0 files taken apart, and changed to see what `verify` finds."""

import re

from healthsim_core.testing import contradictions

STX, ETX, FIELD, GROUP, SEGMENT = "\x02", "\x03", "\x1c", "\x1d", "\x1e"
HEADER = {"A1": 6, "A2": 2, "A3": 2, "A4": 10, "A9": 1, "B2": 2, "B1": 15, "D1": 8, "AK": 10}


def planting(run):
    """A function that writes what another makes of a file's transmissions, and says what `verify` finds in the format;
    the files are as they were afterwards."""
    was = {}

    def plant(name, change):
        path = run / "ncpdp_d0" / f"{name}.ncpdp"
        was[path] = path.read_bytes()
        frames = was[path].decode().split("\n")[:-1]
        path.write_bytes("".join(f"{frame}\n" for frame in change(frames)).encode())
        assert path.read_bytes() != was[path]
        return contradictions(run, "ncpdp_d0")

    yield plant
    for path, content in was.items():
        path.write_bytes(content)


def span(frame, field):
    """Where a field's value stands; None where it is not there."""
    if field in HEADER:
        names = list(HEADER)
        start = 1 + sum(HEADER[name] for name in names[: names.index(field)])
        return start, start + len(frame[start : start + HEADER[field]].rstrip())
    found = re.search(f"{FIELD}{field}([^{FIELD}{GROUP}{SEGMENT}{ETX}]*)", frame[57:])
    return found and (found.start(1) + 57, found.end(1) + 57)


def value(frame, field):
    return frame[slice(*span(frame, field))]


def put(frame, field, text):
    start, stop = span(frame, field)
    return frame[:start] + text + frame[stop:]


def changed(frames, field, change, chosen=0):
    """The frames, with a field's value changed in one that has it."""
    at = [at for at, frame in enumerate(frames) if span(frame, field)][chosen]
    return [*frames[:at], put(frames[at], field, change(value(frames[at], field))), *frames[at + 1 :]]


def another(text):
    """The text with another last letter of the same kind."""
    last = text[-1]
    if last.isdigit():
        return text[:-1] + str((int(last) + 1) % 10)
    return text[:-1] + ("B" if last != "B" else "C")
