"""Dispensing: what becomes of the fills of all people, as far as no money decides it; in order of time, one rank at a
time: everybody's first, everybody's second, ..."""

from __future__ import annotations

import attrs
import numpy as np
from numpy.typing import NDArray

from healthsim_core import in_turn
from rxmembersim import dur
from rxmembersim.facts import document
from rxmembersim.formulary import formulary

# NCPDP reject codes, field 511-FB; bare, as the standard's list is licensed
ACCEPTED, NO_PRODUCT, NOT_COVERED, NOT_YET, TERMINATED, UNMATCHED, TOO_SOON, NO_AUTHORIZATION, REVIEW, NO_REFILL = (
    "", "21", "70", "67", "69", "52", "79", "75", "88", "73",
)  # fmt: skip
CODES = [
    ACCEPTED,
    NO_PRODUCT,
    NOT_COVERED,
    NOT_YET,
    TERMINATED,
    UNMATCHED,
    TOO_SOON,
    NO_AUTHORIZATION,
    REVIEW,
    NO_REFILL,
]

Ints = NDArray[np.int64]


@attrs.define(eq=False, kw_only=True)
class Fills:
    """Fills as they are asked for, sorted by person and time, and what becomes of them.

    Attributes:
        person: Number of the person among those with fills.
        prescription: Number of the prescription among those with fills.
        day: Day of service, days since 1970.
        supply: Days supply.
        number: Fill number as submitted; NaN for what has been dispensed so far, known when the fill's turn comes.
        most: Highest fill number that the law allows.
        last: Last day on which the law lets the prescription be filled, days since 1970.
        drug: Row of the formulary.
        product: Number of the product among those dispensed.
        cash: Whether nobody is asked whether it is covered: a sale.
        barred: Index into `CODES` of why coverage is not in force that day; 0 where it is.
        reject: Index into `CODES` of a reason that does not depend on other fills; 0 for none.
        age_conflict: Severity, 0 for none.
        sex_conflict: Severity, 0 for none.
    """

    person: Ints
    prescription: Ints
    day: Ints
    supply: Ints
    number: NDArray[np.float64]
    most: Ints
    last: Ints
    drug: Ints
    product: Ints
    cash: NDArray[np.bool_]
    barred: Ints
    reject: Ints
    age_conflict: Ints
    sex_conflict: Ints
    conflict: Ints = attrs.field(init=False)
    conflict_severity: Ints = attrs.field(init=False)
    conflict_class: Ints = attrs.field(init=False)
    prior: Ints = attrs.field(init=False)
    reversed: NDArray[np.bool_] = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        rows = len(self.person)
        self.conflict, self.conflict_severity = np.zeros((2, rows), np.int64)
        self.conflict_class = np.full(rows, -1)
        self.prior = np.full(rows, -1)  # the person's fill of the same class that stood when this one was dispensed
        self.reversed = np.zeros(rows, bool)

    @property
    def dispensed(self) -> NDArray[np.bool_]:
        """Whether each was dispensed, be it reversed later or not."""
        return np.asarray(self.reject == 0)


class Counter:
    """What the counter remembers while it dispenses.

    Args:
        fills: The fills; what becomes of them is written into them.
        people: Number of people.
        prescriptions: Number of prescriptions.
    """

    def __init__(self, fills: Fills, people: int, prescriptions: int) -> None:
        self.fills = fills
        self.count = np.zeros(prescriptions, np.int64)
        self.of_prescription = np.full(prescriptions, -1)  # the fill last dispensed
        self.of_class = np.full((people, len(formulary().classes)), -1)
        self.before_in_prescription = np.full(len(fills.day), -1)
        self.too_soon = document("payers")["refill_too_soon"]["used"]

    def fill(self, rows: Ints) -> None:
        """Dispense the fills `rows`, each of another person, or refuse them."""
        fills = self.fills
        unsaid = np.isnan(fills.number[rows])
        fills.number[rows[unsaid]] = self.count[fills.prescription[rows[unsaid]]]
        unlawful = (fills.reject[rows] == 0) & (
            (fills.number[rows] > fills.most[rows]) | (fills.day[rows] > fills.last[rows])
        )
        fills.reject[rows[unlawful]] = CODES.index(NO_REFILL)
        self._dispense(rows[fills.cash[rows] & ~unlawful])
        rows = rows[~fills.cash[rows]]
        fills.reject[rows] = np.where(fills.reject[rows] == 0, fills.barred[rows], fills.reject[rows])
        open_rows = rows[fills.reject[rows] == 0]
        early = open_rows[self._too_soon(open_rows)]
        fills.reject[early] = CODES.index(TOO_SOON)
        open_rows = open_rows[fills.reject[open_rows] == 0]
        self._review(open_rows)
        self._dispense(open_rows[fills.reject[open_rows] == 0])

    def reverse(self, rows: Ints) -> None:
        """Undo the dispensed fills `rows`, each of another person, exactly."""
        fills = self.fills
        person, prescription = fills.person[rows], fills.prescription[rows]
        drug_class = formulary().drug_class[fills.drug[rows]]
        self.count[prescription] -= 1
        fills.reversed[rows] = True
        self.of_prescription[prescription] = self._standing(
            self.of_prescription[prescription], self.before_in_prescription
        )
        self.of_class[person, drug_class] = self._standing(self.of_class[person, drug_class], fills.prior)

    def _standing(self, fill: Ints, before: Ints) -> Ints:
        while (undone := (fill >= 0) & self.fills.reversed[fill]).any():
            fill = np.where(undone, before[fill], fill)
        return fill

    def _too_soon(self, rows: Ints) -> NDArray[np.bool_]:
        """The prescription's last fill is barely used; or, for a refill,
        the same product of another prescription is."""
        fills = self.fills
        own = self._barely_used(rows, self.of_prescription[fills.prescription[rows]])
        latest = self.of_class[fills.person[rows], formulary().drug_class[fills.drug[rows]]]
        same = (fills.product[latest] == fills.product[rows]) & (fills.number[rows] > 0)
        return np.asarray(own | (same & self._barely_used(rows, latest)))

    def _barely_used(self, rows: Ints, last: Ints) -> NDArray[np.bool_]:
        used = self.fills.day[rows] - self.fills.day[last]
        return np.asarray((last >= 0) & (used < self.too_soon * self.fills.supply[last]))

    def _review(self, rows: Ints) -> None:
        fills, rules = self.fills, dur.rules()
        person, day = fills.person[rows], fills.day[rows]
        drug_class = formulary().drug_class[fills.drug[rows]]
        own = self.of_class[person, drug_class]
        another = (own >= 0) & (fills.prescription[own] != fills.prescription[rows])
        same_product = fills.product[own] == fills.product[rows]
        running = fills.day[own] + fills.supply[own] > day + rules.overlap
        duplicate = another & ~same_product & running & ~rules.duplicates_allowed[drug_class]
        early = another & same_product & self._barely_used(rows, own)
        moderate = dur.SEVERITIES.index("moderate")
        findings = (
            (dur.INTERACTION, *self._interactions(person, day, drug_class)),
            (dur.DUPLICATION, np.where(duplicate, moderate, 0), drug_class),
            (dur.EARLY, np.where(early, moderate, 0), drug_class),
            (dur.AGE, fills.age_conflict[rows], np.full(len(rows), -1)),
            (dur.SEX, fills.sex_conflict[rows], np.full(len(rows), -1)),
        )
        self._note(rows, findings)

    def _interactions(self, person: Ints, day: Ints, drug_class: Ints) -> tuple[Ints, Ints]:
        """Severity of the worst interaction with a drug that the person still has, 0 for none,
        and that drug's class."""
        rules, others = dur.rules(), dur.rules().interacting
        severity, other = np.zeros(len(day), np.int64), np.zeros(len(day), np.int64)
        some = np.flatnonzero(np.isin(drug_class, others))  # most drugs interact with none
        if len(some):
            last = self.of_class[person[some][:, None], others]
            lasts = np.where(last >= 0, self.fills.day[last] + self.fills.supply[last], -1)
            grade = np.where(lasts > day[some][:, None], rules.interaction[drug_class[some][:, None], others], 0)
            worst = grade.argmax(axis=1)
            severity[some], other[some] = grade[np.arange(len(some)), worst], others[worst]
        return severity, other

    def _note(self, rows: Ints, findings: tuple[tuple[int, Ints, Ints], ...]) -> None:
        fills = self.fills
        for conflict, severity, drug_class in findings:  # the most severe is reported, the first of equals
            worse = severity > fills.conflict_severity[rows]
            fills.conflict[rows[worse]] = conflict
            fills.conflict_severity[rows[worse]] = severity[worse]
            fills.conflict_class[rows[worse]] = drug_class[worse]
        refused = rows[fills.conflict_severity[rows] == dur.CONTRAINDICATED]
        fills.reject[refused] = CODES.index(REVIEW)

    def _dispense(self, rows: Ints) -> None:
        fills, person = self.fills, self.fills.person[rows]
        prescription, drug_class = fills.prescription[rows], formulary().drug_class[fills.drug[rows]]
        self.before_in_prescription[rows] = self.of_prescription[prescription]
        fills.prior[rows] = self.of_class[person, drug_class]
        self.of_prescription[prescription] = rows
        self.of_class[person, drug_class] = rows
        self.count[prescription] += 1


def dispense(person: Ints, fill: Ints, reverses: NDArray[np.bool_], fills: Fills, prescriptions: int) -> Ints:
    """Dispense all fills of a chunk, and take back what is reversed.

    Args:
        person: Int array (rows,), ascending: number of the person; a person's rows are sorted by time.
        fill: Int array (rows,): row of the fill that it is, or that it reverses; -1 for none.
        reverses: Boolean array (rows,): whether it is a reversal.
        fills: The fills; what becomes of them is written into them.
        prescriptions: Number of prescriptions.

    Returns:
        Row of the fill that each reversal undid (rows,); -1 for none.
    """
    counter = Counter(fills, int(person.max(initial=-1)) + 1, prescriptions)
    undone = np.full(len(person), -1)
    for at in in_turn(person):
        counter.fill(fill[at[~reverses[at]]])
        back = at[reverses[at] & (fill[at] >= 0)]
        back = back[fills.dispensed[fill[back]] & ~fills.reversed[fill[back]]]
        counter.reverse(fill[back])
        undone[back] = fill[back]
    return undone
