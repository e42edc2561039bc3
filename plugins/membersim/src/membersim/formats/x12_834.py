"""x12_834: benefit enrollment (005010X220A1) in 834.edi: what each sponsor tells each payer about its members.

A transaction set holds the families of one sponsor and payer out of `FAMILIES` consecutive families, counted over the
whole stream; the families of such a window are held back until it is full, so memory is bounded by the window. A family
is the subscriber's loop and those of the dependents after it; it is never split between chunks.
Each member has one loop a payer with every span of coverage: added (021), ended (024),
or changed (001) after a plan change. A span names the other coverages that the member has meanwhile, and whether they
pay before it or after it (COB).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from healthsim_core import Columns, Destination, Run, Text, from_arrow, text

from .characters import basic, free
from .codes import CODES
from .coordination import beside
from .enrollment_text import member_loops
from .envelope import END, Exchange, Interchange, segment
from .parties import Parties, PersonText, take
from .rows import changes, every_row, last_true, slices

FAMILIES, SLICE = 5_000, 20_000
_MEMBER = ["person_id", "pcp_npi"]


class X12Enrollments:
    """Writes x12_834."""

    def __init__(self, destination: Destination, run: Run) -> None:
        house, gateway = CODES["clearinghouse"], CODES["plan_administrator"]
        exchange = Exchange("834", "BE", "005010X220A1", 1, house["id"], gateway["id"])
        self._file = Interchange(destination, "834.edi", run, exchange)
        self._run, self._date = run, str(run.as_of).replace("-", "")
        self._parties = Parties()
        self._held, self._bodies = Columns({}), pa.array([], pa.string())

    def write(self, tables: Mapping[str, pa.Table]) -> None:
        """Take a chunk's families; write every window that is full."""
        self._parties.learn(tables)
        coverage, member = (
            from_arrow(tables["membersim.coverage"]),
            from_arrow(tables["membersim.member"].select(_MEMBER)),
        )
        if not coverage.rows:
            return
        rows = every_row(member.array("person_id"), coverage.array("person_id"), "membersim.member")
        spans = family_order(coverage.assign(pcp_npi=member["pcp_npi"][rows], **beside(coverage, self._parties)))
        people = PersonText.of(tables["core.person"], ("phone", "ssn", "race", "ethnicity", "language", "death_date"))
        for start, stop in slices(spans.array("family"), SLICE):
            held, bodies = families(spans.take(np.arange(start, stop)), people, self._run.as_of, self._parties)
            self._hold(held, bodies)

    def _hold(self, held: Columns, bodies: pa.Array) -> None:
        held = Columns.concat([self._held, held]) if self._held.rows else held
        bodies = pa.concat_arrays([self._bodies, bodies])
        full = held.rows - held.rows % FAMILIES
        for start in range(0, full, FAMILIES):
            self._window(held.take(np.arange(start, start + FAMILIES)), bodies.slice(start, FAMILIES))
        rest = np.arange(full, held.rows)
        self._held, self._bodies = held.take(rest), take(bodies, rest)

    def _window(self, held: Columns, bodies: pa.Array) -> None:
        """One transaction set for each sponsor and payer of the window, in order of first appearance."""
        keys = Text.of(text.lines(held["sponsor"], "\t", held["payer_id"], "\t", held.text("group_number").or_else("")))
        order = np.argsort(keys.codes, kind="stable")
        owners = np.cumsum(changes(keys.codes[order])) - 1
        self._file.extend(self._headers(held.take(order), owners), take(bodies, order), owners)

    def _headers(self, held: Columns, owners: NDArray[np.int64]) -> pa.Array:
        one = held.take(np.flatnonzero(changes(owners)))
        subscribers, members = (
            np.bincount(owners, held.array(name)).astype(np.int64) for name in ("subscribers", "members")
        )
        payer = one.text("payer_id").recode(self._parties.once(_insurer))
        group = one.text("group_number")
        return text.lines(
            f"BGN*00*{self._date}E", self._file.references(self._file.sets + 1 + np.arange(one.rows)),
            f"*{self._date}*0000****2{END}",
            text.optional("REF*38*", group, END), f"DTP*007*D8*{self._date}{END}QTY*ET*", text.whole(subscribers),
            f"{END}QTY*DT*",
            text.whole(members - subscribers), f"{END}QTY*TO*", text.whole(members), f"{END}N1*P5*",
            free(one.text("sponsor")), "*94*",
            group.or_else(one.text("payer_id")), END, payer,
        )  # fmt: skip

    def close(self) -> None:
        """Write what is held back and finish the file."""
        if self._held.rows:
            self._window(self._held, self._bodies)
        self._file.close()


def family_order(spans: Columns) -> Columns:
    """Spans of coverage by subscriber, payer, member (the subscriber first) and date, with `family`, counted from 0."""
    dependent = spans.array("person_id") != spans.array("subscriber_id")
    payer = first_appearance(spans.text("payer_id"), spans.array("subscriber_id"))
    spans = spans.assign(payer_order=payer)
    keys = [spans.array(name) for name in ("coverage_id", "start_date", "person_id")]
    spans = spans.take(np.lexsort([*keys, dependent, payer, spans.array("subscriber_id")]))
    return spans.assign(family=np.cumsum(changes(spans.array("subscriber_id"), spans.array("payer_order"))) - 1)


def families(spans: Columns, people: PersonText, as_of: np.datetime64, parties: Parties) -> tuple[Columns, pa.Array]:
    """Families, one row a subscriber and payer.

    Args:
        spans: Spans of coverage in family order with the member's columns.
        people: The chunk's people.
        as_of: The run's today.
        parties: Payers and providers.

    Returns:
        Columns `sponsor`, `payer_id`, `group_number`, `members` and `subscribers` (how many); and the members' loops.
    """
    family = spans.array("family") - spans.array("family")[0]
    opens = changes(family, spans.array("person_id"))
    bodies = member_loops(spans, opens, people, as_of, parties)
    one, of_member = spans.take(np.flatnonzero(changes(family))), family[opens]
    own = (spans.array("person_id") == spans.array("subscriber_id"))[opens]
    held = Columns({
        "sponsor": one["sponsor_name"], "payer_id": one["payer_id"], "group_number": one["group_number"],
        "members": np.bincount(of_member), "subscribers": np.bincount(of_member, own).astype(np.int64),
    })  # fmt: skip
    return held, text.grouped(bodies, of_member, one.rows)


def first_appearance(value: Text, group: NDArray[np.int64]) -> NDArray[np.int64]:
    """For each row, the first row of its group with its value."""
    order = np.lexsort((np.arange(len(group)), value.codes, group))
    starts = last_true(changes(group[order], value.codes[order]))
    first = np.empty(len(group), np.int64)
    first[order] = order[starts]
    return first


def _insurer(parties: Parties, payer_id: str) -> str:
    return segment("N1", "IN", basic(parties.payer(payer_id)["name"]), "94", payer_id)
