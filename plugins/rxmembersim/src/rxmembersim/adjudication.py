"""Adjudication: claims of all people in order of time, one rank at a time: everybody's first, everybody's second,
..."""

from __future__ import annotations

import attrs
import numpy as np
from numpy.typing import NDArray

from healthsim_core import first_of, in_turn
from rxmembersim import dur
from rxmembersim.benefits import benefits
from rxmembersim.facts import document
from rxmembersim.formulary import formulary

CLAIM, REVERSAL, COVERAGE_ENDS, COVERAGE_BEGINS = range(4)
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
class Claims:
    """Claims as submitted, sorted by person and time, and what becomes of them.

    Attributes:
        person: Number of the person among those with claims.
        prescription: Number of the prescription among those with claims.
        day: Day of service, days since 1970.
        year: Plan year.
        supply: Days supply.
        number: Fill number as submitted; NaN for what has been dispensed so far, known when the claim's turn comes.
        most: Highest fill number that the law allows.
        last: Last day on which the law lets the prescription be filled, days since 1970.
        drug: Row of the formulary.
        product: Number of the product among those dispensed.
        benefit: The benefit; -1 for none: a sale for cash, which nobody adjudicates.
        allowed: Cents, if the claim is paid.
        exempt: Whether the person pays nothing.
        reject: Index into `CODES` of a reason that does not depend on other claims; 0 for none.
        age_conflict: Severity, 0 for none.
        sex_conflict: Severity, 0 for none.
    """

    person: Ints
    prescription: Ints
    day: Ints
    year: Ints
    supply: Ints
    number: NDArray[np.float64]
    most: Ints
    last: Ints
    drug: Ints
    product: Ints
    benefit: Ints
    allowed: Ints
    exempt: NDArray[np.bool_]
    reject: Ints
    age_conflict: Ints
    sex_conflict: Ints
    deductible: Ints = attrs.field(init=False)
    copay: Ints = attrs.field(init=False)
    deductible_to_date: Ints = attrs.field(init=False)
    out_of_pocket_to_date: Ints = attrs.field(init=False)
    conflict: Ints = attrs.field(init=False)
    conflict_severity: Ints = attrs.field(init=False)
    conflict_class: Ints = attrs.field(init=False)
    prior: Ints = attrs.field(init=False)
    reversed: NDArray[np.bool_] = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        rows = len(self.person)
        for name in (
            "deductible",
            "copay",
            "deductible_to_date",
            "out_of_pocket_to_date",
            "conflict",
            "conflict_severity",
        ):
            setattr(self, name, np.zeros(rows, np.int64))
        self.conflict_class = np.full(rows, -1)
        self.prior = np.full(rows, -1)  # the person's claim of the same class that stood when this one was paid
        self.reversed = np.zeros(rows, bool)

    @property
    def paid(self) -> NDArray[np.bool_]:
        """Whether each claim was paid, be it reversed later or not."""
        return np.asarray(self.reject == 0)


@attrs.define(eq=False)
class Undone:
    """What reversals undo: the claim's row (-1 for none), and the accumulators after it."""

    claim: Ints
    deductible_to_date: Ints
    out_of_pocket_to_date: Ints


class Ledger:
    """What a processor remembers while it adjudicates.

    Args:
        claims: The claims; their outcome is written into them.
        people: Number of people.
        prescriptions: Number of prescriptions.
    """

    def __init__(self, claims: Claims, people: int, prescriptions: int) -> None:
        self.claims = claims
        self.barred = np.zeros(people, np.int64)  # index into CODES of why coverage is not in force; 0 where it is
        self.years, self.year = np.unique(claims.year, return_inverse=True)
        self.deductible = np.zeros((people, max(len(self.years), 1)), np.int64)
        self.out_of_pocket = np.zeros_like(self.deductible)
        self.count = np.zeros(prescriptions, np.int64)
        self.of_prescription = np.full(prescriptions, -1)  # the claim last paid
        self.of_class = np.full((people, len(formulary().classes)), -1)
        self.before_in_prescription = np.full(len(claims.day), -1)
        self.too_soon = document("benefits")["refill_too_soon"]["used"]

    def submit(self, rows: Ints) -> None:
        """Adjudicate the claims `rows`, each of another person."""
        claims = self.claims
        unsaid = np.isnan(claims.number[rows])
        claims.number[rows[unsaid]] = self.count[claims.prescription[rows[unsaid]]]
        unlawful = (claims.reject[rows] == 0) & (
            (claims.number[rows] > claims.most[rows]) | (claims.day[rows] > claims.last[rows])
        )
        claims.reject[rows[unlawful]] = CODES.index(NO_REFILL)
        cash = rows[(claims.benefit[rows] < 0) & ~unlawful]
        self._remember(cash, claims.person[cash])
        rows = rows[claims.benefit[rows] >= 0]
        barred = self.barred[claims.person[rows]]
        claims.reject[rows] = np.where(claims.reject[rows] == 0, barred, claims.reject[rows])
        open_rows = rows[claims.reject[rows] == 0]
        early = open_rows[self._too_soon(open_rows)]
        claims.reject[early] = CODES.index(TOO_SOON)
        open_rows = open_rows[claims.reject[open_rows] == 0]
        self._review(open_rows)
        self._pay(open_rows[claims.reject[open_rows] == 0])
        self._stand(rows)

    def reverse(self, rows: Ints) -> None:
        """Undo the paid claims `rows`, each of another person, exactly."""
        claims = self.claims
        person, year = claims.person[rows], self.year[rows]
        self.deductible[person, year] -= claims.deductible[rows]
        self.out_of_pocket[person, year] -= claims.deductible[rows] + claims.copay[rows]
        self.count[claims.prescription[rows]] -= 1
        claims.reversed[rows] = True
        drug_class = formulary().drug_class[claims.drug[rows]]
        prescription = claims.prescription[rows]
        self.of_prescription[prescription] = self._standing(
            self.of_prescription[prescription], self.before_in_prescription
        )
        self.of_class[person, drug_class] = self._standing(self.of_class[person, drug_class], claims.prior)

    def to_date(self, rows: Ints) -> tuple[Ints, Ints]:
        """The accumulators of the persons and plan years of the claims `rows`."""
        person, year = self.claims.person[rows], self.year[rows]
        return self.deductible[person, year], self.out_of_pocket[person, year]

    def _standing(self, claim: Ints, before: Ints) -> Ints:
        while (undone := (claim >= 0) & self.claims.reversed[claim]).any():
            claim = np.where(undone, before[claim], claim)
        return claim

    def _too_soon(self, rows: Ints) -> NDArray[np.bool_]:
        """The prescription's last fill is barely used; or, for a refill,
        the same product of another prescription is."""
        claims = self.claims
        own = self._barely_used(rows, self.of_prescription[claims.prescription[rows]])
        latest = self.of_class[claims.person[rows], formulary().drug_class[claims.drug[rows]]]
        same = (claims.product[latest] == claims.product[rows]) & (claims.number[rows] > 0)
        return np.asarray(own | (same & self._barely_used(rows, latest)))

    def _barely_used(self, rows: Ints, last: Ints) -> NDArray[np.bool_]:
        used = self.claims.day[rows] - self.claims.day[last]
        return np.asarray((last >= 0) & (used < self.too_soon * self.claims.supply[last]))

    def _review(self, rows: Ints) -> None:
        claims, rules = self.claims, dur.rules()
        person, day = claims.person[rows], claims.day[rows]
        drug_class = formulary().drug_class[claims.drug[rows]]
        own = self.of_class[person, drug_class]
        another = (own >= 0) & (claims.prescription[own] != claims.prescription[rows])
        same_product = claims.product[own] == claims.product[rows]
        running = claims.day[own] + claims.supply[own] > day + rules.overlap
        duplicate = another & ~same_product & running & ~rules.duplicates_allowed[drug_class]
        early = another & same_product & self._barely_used(rows, own)
        moderate = dur.SEVERITIES.index("moderate")
        findings = (
            (dur.INTERACTION, *self._interactions(person, day, drug_class)),
            (dur.DUPLICATION, np.where(duplicate, moderate, 0), drug_class),
            (dur.EARLY, np.where(early, moderate, 0), drug_class),
            (dur.AGE, claims.age_conflict[rows], np.full(len(rows), -1)),
            (dur.SEX, claims.sex_conflict[rows], np.full(len(rows), -1)),
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
            lasts = np.where(last >= 0, self.claims.day[last] + self.claims.supply[last], -1)
            grade = np.where(lasts > day[some][:, None], rules.interaction[drug_class[some][:, None], others], 0)
            worst = grade.argmax(axis=1)
            severity[some], other[some] = grade[np.arange(len(some)), worst], others[worst]
        return severity, other

    def _note(self, rows: Ints, findings: tuple[tuple[int, Ints, Ints], ...]) -> None:
        claims = self.claims
        for conflict, severity, drug_class in findings:  # the most severe is reported, the first of equals
            worse = severity > claims.conflict_severity[rows]
            claims.conflict[rows[worse]] = conflict
            claims.conflict_severity[rows[worse]] = severity[worse]
            claims.conflict_class[rows[worse]] = drug_class[worse]
        refused = rows[claims.conflict_severity[rows] == dur.CONTRAINDICATED]
        claims.reject[refused] = CODES.index(REVIEW)

    def _pay(self, rows: Ints) -> None:
        claims, terms = self.claims, benefits()
        person, year, benefit = claims.person[rows], self.year[rows], claims.benefit[rows]
        column, tier = terms.year(claims.year[rows]), formulary().tier[claims.drug[rows]] - 1
        allowed = np.where(claims.exempt[rows], 0, claims.allowed[rows])
        left = np.maximum(terms.deductible[benefit, column] - self.deductible[person, year], 0)
        to_cap = np.maximum(terms.out_of_pocket[benefit, column] - self.out_of_pocket[person, year], 0)
        deductible = np.minimum(np.where(terms.deductible_applies[benefit, tier], np.minimum(allowed, left), 0), to_cap)
        rest = allowed - deductible
        share = terms.coinsurance[benefit, tier]
        months = 1 + np.ceil(
            np.maximum(claims.supply[rows] - document("benefits")["month_days"]["days"], 0) / 30
        ).astype(np.int64)
        copay = np.where(share > 0, np.rint(share * rest).astype(np.int64), terms.copay[benefit, tier] * months)
        copay = np.minimum(np.minimum(copay, rest), to_cap - deductible)
        claims.deductible[rows], claims.copay[rows] = deductible, copay
        self.deductible[person, year] += deductible
        self.out_of_pocket[person, year] += deductible + copay
        self._remember(rows, person)

    def _remember(self, rows: Ints, person: Ints) -> None:
        claims = self.claims
        prescription, drug_class = claims.prescription[rows], formulary().drug_class[claims.drug[rows]]
        self.before_in_prescription[rows] = self.of_prescription[prescription]
        claims.prior[rows] = self.of_class[person, drug_class]
        self.of_prescription[prescription] = rows
        self.of_class[person, drug_class] = rows
        self.count[prescription] += 1

    def _stand(self, rows: Ints) -> None:
        self.claims.deductible_to_date[rows], self.claims.out_of_pocket_to_date[rows] = self.to_date(rows)


def adjudicate(kind: Ints, person: Ints, claim: Ints, claims: Claims, people: int, prescriptions: int) -> Undone:
    """Adjudicate all claims and reversals of a chunk.

    Args:
        kind: Int array (rows,), sorted by person and time: `CLAIM`, `REVERSAL`, `COVERAGE_ENDS` or `COVERAGE_BEGINS`.
        person: Int array (rows,): number of the person.
        claim: Int array (rows,): row of the claim that it is, or that it reverses; -1 for none.
        claims: The claims; their outcome is written into them.
        people: Number of people.
        prescriptions: Number of prescriptions.

    Returns:
        What each reversal undid, by row of `kind`.
    """
    ledger = Ledger(claims, people, prescriptions)
    rows = len(kind)
    undone = Undone(np.full(rows, -1), np.zeros(rows, np.int64), np.zeros(rows, np.int64))
    ranks = in_turn(person)
    ledger.barred[_first_enrolled(kind, person, people)] = CODES.index(NOT_YET)
    for at in ranks:
        ledger.submit(claim[at[kind[at] == CLAIM]])
        ledger.barred[person[at[kind[at] == COVERAGE_ENDS]]] = CODES.index(TERMINATED)
        ledger.barred[person[at[kind[at] == COVERAGE_BEGINS]]] = 0
        back = at[(kind[at] == REVERSAL) & (claim[at] >= 0)]
        back = back[claims.paid[claim[back]] & ~claims.reversed[claim[back]]]
        ledger.reverse(claim[back])
        undone.claim[back] = claim[back]
        undone.deductible_to_date[back], undone.out_of_pocket_to_date[back] = ledger.to_date(claim[back])
    return undone


def _first_enrolled(kind: Ints, person: Ints, people: int) -> NDArray[np.bool_]:
    """Who is enrolled by their first coverage event, and so not covered before it."""
    changes = np.flatnonzero((kind == COVERAGE_BEGINS) | (kind == COVERAGE_ENDS))
    return np.asarray(np.append(kind[changes], -1)[first_of(person[changes], people)] == COVERAGE_BEGINS)
