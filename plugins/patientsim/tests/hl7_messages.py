"""Messages of hl7v2_adt as its tests read them: by segment and field, and by a strict parser."""

import re

from hl7apy.consts import VALIDATION_LEVEL
from hl7apy.parser import parse_message


def read(path):
    """Messages as text with their CRs; a line feed stands after each."""
    return path.read_bytes().decode("utf-8").removesuffix("\n").split("\n")


def fields(message, segment, number):
    """The field of the first such segment, as text."""
    line = next(line for line in message.split("\r") if line.startswith(segment))
    parts = line.split("|")
    position = number - 1 if segment == "MSH" else number
    return parts[position] if position < len(parts) else ""


def unescape(value):
    """The value of which the file holds the escapes, line ends as line feeds."""
    plain = {"E": "\\", "F": "|", "S": "^", "T": "&", "R": "~", ".br": "\n"}
    return re.sub(r"\\(E|F|S|T|R|\.br)\\", lambda match: plain[match[1]], value)


def happened(message):
    """The local time of the message's event, without its offset."""
    return fields(message, "EVN", 2)[:14]


def trigger(message):
    return fields(message, "EVN", 1)


def parsed(message):
    found = parse_message(message, validation_level=VALIDATION_LEVEL.STRICT)
    found.validate()
    return found
