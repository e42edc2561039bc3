"""What becomes of a prescription: first fill, refills, gaps, attempts that fail. The moments are drawn,
never adjudicated."""

from __future__ import annotations

import attrs
import numpy as np
from numpy.typing import NDArray

from healthsim_core import Columns, Draws, Events, Schedule, Text, portable
from rxmembersim import controlled, reading
from rxmembersim.facts import document
from rxmembersim.formulary import formulary

UNINSURED = "uninsured"  # the coverage type of those without coverage, who pay cash
MISREAD, UNAUTHORIZED, UNCOLLECTED = "card misread", "not authorized", "not picked up"
CIRCUMSTANCES = [MISREAD, UNAUTHORIZED, UNCOLLECTED]
_NORMAL = -1

Days = NDArray[np.int64]
Mask = NDArray[np.bool_]


@attrs.define(eq=False)
class Course:
    """Attempts to fill, gathered as they come; `schedule` puts them in order."""

    row: list[NDArray[np.intp]] = attrs.field(factory=list)
    day: list[Days] = attrs.field(factory=list)
    number: list[Days] = attrs.field(factory=list)
    gap: list[Days] = attrs.field(factory=list)
    circumstance: list[Days] = attrs.field(factory=list)
    back: list[Days] = attrs.field(factory=list)

    def attempt(
        self,
        who: Mask,
        day: Days,
        number: int,
        gap: Days | int = 0,
        circumstance: Days | int = _NORMAL,
        back: Days | int = 0,
    ) -> None:
        """Add an attempt for the rows of `who`; all else is by row of the causing events."""
        rows = np.flatnonzero(who)
        self.row.append(rows)
        for kept, value in (
            (self.day, day),
            (self.number, number),
            (self.gap, gap),
            (self.circumstance, circumstance),
            (self.back, back),
        ):
            kept.append(np.broadcast_to(np.asarray(value, np.int64), who.shape)[rows])

    def schedule(self) -> Schedule:
        """All attempts, by causing event and day."""
        row = np.concatenate(self.row)
        columns = {
            name: np.concatenate(getattr(self, name)) for name in ("day", "number", "gap", "circumstance", "back")
        }
        order = np.lexsort((columns["number"], columns["day"], row))
        columns = {name: column[order] for name, column in columns.items()}
        parameters = {
            "fill_number": columns["number"].astype(np.float64),
            "gap_days": columns["gap"].astype(np.float64),
            "circumstance": Text(columns["circumstance"], CIRCUMSTANCES),
            "return_days": columns["back"].astype(np.float64),
        }
        return Schedule(row[order], columns["day"], Columns(parameters, len(order)))


def first_fills(prescriptions: Events) -> Schedule:
    """The first fill of each prescription, with the attempts that fail before it."""
    course = Course()
    _first(prescriptions, course)
    return course.schedule()


def refills(prescriptions: Events) -> Schedule:
    """The refills of each prescription: each due when the one before is used up, and taken when the person comes."""
    said, draw = document("adherence"), prescriptions.draw
    supply = reading.days_supply(prescriptions)
    authorized = np.minimum(controlled.refills(prescriptions), said["most_refills"]["count"])
    covered = _own_share(prescriptions)
    last, alive = _first(prescriptions, Course())
    until = np.minimum(
        np.minimum(said["prescription_valid_days"]["days"], _lawful_days(prescriptions)), _replaced(prescriptions)
    )
    course = Course()
    course.attempt(np.zeros(len(supply), bool), last, 0)
    for number in range(1, int(authorized.max(initial=0)) + 1):
        gap = np.floor(-supply * (1 / covered - 1) * portable.log(draw.uniform(f"gap {number}"))).astype(np.int64)
        early = np.floor(draw.uniform(f"early {number}") * said["pick_up_early"]["share_of_supply"] * supply).astype(
            np.int64
        )
        due = last + supply - early + gap
        alive = alive & (authorized >= number) & (due < until)
        _too_soon(course, draw, alive, last, supply, number)
        last = _collected(course, draw, alive, due, last + supply, number, until)
        alive = alive & (last < until)
    return course.schedule()


def reversals(fills: Events) -> Schedule:
    """A fill that nobody comes for is put back, and its claim reversed."""
    uncollected = reading.text(fills, "circumstance") == UNCOLLECTED
    days = np.maximum(reading.number(fills, "return_days", 0), 0).astype(np.int64)
    rows = np.flatnonzero(uncollected & (days > 0))
    return Schedule(rows, days[rows], Columns({"reason": Text.constant(UNCOLLECTED, len(rows))}, len(rows)))


def gaps(fills: Events) -> Schedule:
    """A gap worth reporting is over when the drug is there again."""
    long = reading.number(fills, "gap_days", 0) >= document("adherence")["reportable_gap"]["days"]
    collected = reading.text(fills, "circumstance").is_null()
    rows = np.flatnonzero(long & collected)
    return Schedule(rows, np.zeros(len(rows), np.int64), Columns({}, len(rows)))


def _first(prescriptions: Events, course: Course) -> tuple[Days, Mask]:
    said, draw = document("adherence"), prescriptions.draw
    drug = formulary().find(reading.text(prescriptions, "ndc"), reading.text(prescriptions, "drug_class"))
    coverage = prescriptions.people["coverage_type"]
    asks = formulary().authorization[drug]
    insured = coverage != UNINSURED
    refused = formulary().is_excluded(drug, coverage)
    misread = draw.happens("misread", said["card_misread"]["share"]) & ~refused & insured
    day = draw.integers(
        "first fill", 0, np.where(misread, said["first_fill_days"]["most"], said["first_fill_days"]["most"] + 1)
    )
    course.attempt(misread, day, 0, circumstance=CIRCUMSTANCES.index(MISREAD))
    day = day + misread
    rule = said["prior_authorization"]
    waits = asks & insured & ~refused & ~draw.happens("on file", rule["on_file"])
    course.attempt(waits, day, 0, circumstance=CIRCUMSTANCES.index(UNAUTHORIZED))
    denied = waits & ~draw.happens("granted", rule["granted"])
    day = day + np.where(waits, draw.integers("authorization", rule["days"][0], rule["days"][1] + 1), 0)
    left = said["abandoned_first_fill"]["by_tier"]
    share = np.array([left[str(tier)] for tier in range(1, 6)])[formulary().tier[drug] - 1]
    abandoned = draw.happens("abandoned", share) & ~refused
    course.attempt(
        ~denied,
        day,
        0,
        circumstance=np.where(abandoned, CIRCUMSTANCES.index(UNCOLLECTED), _NORMAL),
        back=_back(draw, 0),
    )
    return day, ~denied & ~abandoned & ~refused


def _too_soon(course: Course, draw: Draws, alive: Mask, last: Days, supply: Days, number: int) -> None:
    rule = document("adherence")["refill_too_soon"]
    least, most = rule["used"]
    used = draw.uniform(f"tried at {number}", least, most)
    tries = alive & draw.happens(f"too soon {number}", rule["share"]) & (supply >= 7)
    course.attempt(tries, last + np.floor(used * supply).astype(np.int64), number)


def _collected(course: Course, draw: Draws, alive: Mask, due: Days, runs_out: Days, number: int, until: Days) -> Days:
    said = document("adherence")
    returned = alive & draw.happens(f"returned {number}", said["returned_refill"]["share"])
    back = _back(draw, number)
    course.attempt(
        returned,
        due,
        number,
        gap=np.maximum(due - runs_out, 0),
        circumstance=CIRCUMSTANCES.index(UNCOLLECTED),
        back=back,
    )
    wait = said["back_after_return_days"]
    later = np.where(returned, back + draw.integers(f"back {number}", wait["least"], wait["most"] + 1), 0)
    taken = due + later
    course.attempt(alive & (taken < until), taken, number, gap=np.maximum(taken - runs_out, 0))
    return taken


def _back(draw: Draws, number: int) -> Days:
    days = document("adherence")["return_to_stock_days"]
    return draw.integers(f"put back {number}", days["least"], days["most"] + 1)


def _own_share(prescriptions: Events) -> NDArray[np.float64]:
    """The share of days each person means to cover: between least and most, with the mean of the drug's class."""
    said = document("adherence")
    drug = formulary().find(reading.text(prescriptions, "ndc"), reading.text(prescriptions, "drug_class"))
    means = np.array([said["mean_days_covered"].get(name, said["default"])["share"] for name in formulary().classes])
    low, high = said["range"]["least"], said["range"]["most"]
    mean = means[formulary().drug_class[drug]]
    exponent = (high - mean) / (mean - low)  # the mean of u**k is 1 / (k + 1)
    return np.asarray(low + (high - low) * prescriptions.person_draw.uniform("adherence") ** exponent)


def _lawful_days(prescriptions: Events) -> Days:
    """Days in which the law lets each prescription be filled."""
    last = controlled.last_day(controlled.schedules(prescriptions), controlled.written(prescriptions))
    return last - prescriptions.date.astype(np.int64) + 1


def _replaced(prescriptions: Events) -> Days:
    """Days until the same person's next prescription of the same event, which takes this one's place."""
    never = document("adherence")["prescription_valid_days"]["days"]
    event = (
        prescriptions.journey.codes.astype(np.int64) * (len(prescriptions.node.values) + 1) + prescriptions.node.codes
    )
    order = np.lexsort((prescriptions.time, event, prescriptions.row))
    row, event, day = prescriptions.row[order], event[order], prescriptions.date[order].astype(np.int64)
    following = np.full(len(order), never)
    same = (row[1:] == row[:-1]) & (event[1:] == event[:-1])
    following[:-1] = np.where(same, day[1:] - day[:-1], never)
    days = np.empty(len(order), np.int64)
    days[order] = following
    return days
