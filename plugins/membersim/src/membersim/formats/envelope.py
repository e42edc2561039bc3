"""The envelope of an X12 file: one interchange, one functional group, and its transaction sets, counted as they stream.

A part of a run is a file with control numbers of its own. Nothing here depends on how a part is cut into chunks:
transaction sets are numbered in the order in which they are handed over, a set that a chunk leaves open goes on in the
next, and segments are counted in the text itself.
"""

from __future__ import annotations

import attrs
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from healthsim_core import Destination, Run, text

from .characters import COMPONENT, ELEMENT, REPETITION, SEGMENT

END = f"{SEGMENT}\n"
CONTROLS = 100  # control numbers of a part: one a file


@attrs.frozen
class Exchange:
    """What stands in the headers of a file.

    Attributes:
        transaction: Transaction set identifier (ST01), such as "837".
        group: Functional identifier (GS01), such as "HC".
        version: Implementation guide (GS08, ST03), such as "005010X222A1".
        control: Interchange and group control number (ISA13, GS06) of part 0, below `CONTROLS`.
        sender: Identifier of who sends, at most 15 characters.
        receiver: Identifier of who receives, at most 15 characters.
        convention: Whether the guide has ST03.
    """

    transaction: str
    group: str
    version: str
    control: int
    sender: str
    receiver: str
    convention: bool = True


class Interchange:
    """One X12 file; it is opened when the first transaction set is."""

    def __init__(self, destination: Destination, name: str, run: Run, exchange: Exchange) -> None:
        self._destination, self._name = destination, name
        self._exchange = attrs.evolve(exchange, control=exchange.control + CONTROLS * destination.part)
        self._part = f"{destination.part}-" if destination.part else ""
        self._date = str(run.as_of).replace("-", "")
        self._sets = self._segments = 0  # so far; segments of the open set, without SE

    @property
    def sets(self) -> int:
        """Number of transaction sets so far."""
        return self._sets

    def references(self, sets: NDArray[np.int64]) -> pa.Array:
        """References of transaction sets (BHT03, BGN02) from their numbers, distinct over all parts of a run."""
        return text.lines(self._part, control_numbers(sets))

    def extend(self, headers: pa.Array, bodies: pa.Array, owners: NDArray[np.int64]) -> None:
        """Write transaction sets.

        Args:
            headers: What follows ST in each new transaction set.
            bodies: Text of units (claims, families) in order.
            owners: Int array, ascending: the new set of each unit, or -1 for the one that is still open.
        """
        if not len(bodies):
            return
        sets = len(headers)
        written = np.bincount(owners + 1, _segments(bodies), sets + 1).astype(np.int64)
        written[1:] += 1 + _segments(headers)  # ST itself
        total = written.copy()
        total[0] += self._segments
        numbers = control_numbers(self._sets + np.arange(sets + 1))
        openings = text.lines(f"ST*{self._exchange.transaction}*", numbers.slice(1), self._convention, headers)
        trailers = text.lines("SE*", text.whole(total + 1), "*", numbers, END)
        closes = np.arange(sets + 1) < sets  # the sets that another one follows
        closes[0] &= self._sets > 0
        units = text.grouped(bodies, owners + 1, sets + 1)
        merged = text.lines(pa.concat_arrays([pa.array([""]), openings]), units, text.choose(closes, trailers, ""))
        self._file(int(written.sum() + closes.sum()), merged)
        self._sets, self._segments = self._sets + sets, int(total[-1])

    def close(self) -> None:
        """Close the open transaction set, the group and the interchange."""
        if not self._sets:
            return
        last = control_numbers(np.array([self._sets]))[0].as_py()
        control = self._exchange.control
        self._file(3, f"SE*{self._segments + 1}*{last}{END}GE*{self._sets}*{control}{END}IEA*1*{control:09d}{END}")

    @property
    def _convention(self) -> str:
        return f"{ELEMENT}{self._exchange.version}{END}" if self._exchange.convention else END

    def _file(self, segments: int, content: pa.Array | str) -> None:
        file = self._destination.open(self._name)
        if not file.bytes:
            file.write(self._opening(), 2)
        file.write(content, segments)

    def _opening(self) -> str:
        e = self._exchange
        sender, receiver = f"{e.sender:<15}", f"{e.receiver:<15}"
        version = f"{REPETITION}*00501*{e.control:09d}*0*T*{COMPONENT}"  # T: test data, as all of this is
        isa = f"ISA*00*{'':10}*00*{'':10}*ZZ*{sender}*ZZ*{receiver}*{self._date[2:]}*0000*{version}"
        return f"{isa}{END}GS*{e.group}*{e.sender}*{e.receiver}*{self._date}*0000*{e.control}*X*{e.version}{END}"


def control_numbers(numbers: NDArray[np.int64]) -> pa.Array:
    """Transaction set control numbers (ST02): at least four digits."""
    plain = text.whole(numbers)
    return pc.if_else(pa.array(numbers < 10_000), text.padded(numbers, 4), plain)


def segment(*elements: str) -> str:
    """A segment from its identifier and elements; empty elements at its end are left out."""
    return ELEMENT.join(elements).rstrip(ELEMENT) + END


def _segments(strings: pa.Array) -> NDArray[np.int64]:
    return np.asarray(pc.count_substring(strings, SEGMENT), np.int64)
