"""Claims that a pharmacy sends on at once, to the coverages that pay after the one that it bills first, for what that
has left to the patient."""

from __future__ import annotations

import attrs
import numpy as np
from numpy.typing import NDArray

from healthsim_core import Columns, Events, Shares, Text
from rxmembersim import reading
from rxmembersim.coverage import covers_drugs
from rxmembersim.facts import document
from rxmembersim.formulary import formulary

Ints = NDArray[np.int64]


@attrs.frozen(eq=False)
class Secondary:
    """Claims that are sent on; all arrays are (claims,).

    Attributes:
        id: Their ids.
        fill: Row of the fill.
        span: The coverage.
        before: Row of the claim that is paid just before, the fills' first claims counted before these.
    """

    id: Ints
    fill: Ints
    span: Ints
    before: Ints

    def __len__(self) -> int:
        return len(self.id)


def sent_on(fills: Events, drug: Ints, first: Ints, span: Ints) -> Secondary:
    """The claims that follow on those that are paid.

    Args:
        fills: The fills.
        drug: Row of the formulary of each.
        first: Rows of the fills that a plan pays for.
        span: The coverage that each fill is billed to, -1 for none.
    """
    coverages, covers = fills.coverages, covers_drugs(fills)
    day, row = fills.date[first], fills.row[first]
    last, before = span[first], np.arange(len(first))
    barred, count, parts = _barred(fills, last), len(first), [_none()]
    for rank in np.unique(coverages.rank[coverages.rank > 1]).tolist():
        next_span = coverages.at(row, day, rank, known=day)
        kind = reading.coverage_type(fills, next_span)
        left_out = formulary().is_excluded(drug[first], kind) | _is_barred(barred, kind)
        goes = np.flatnonzero(covers[next_span] & (coverages.rank[last] < rank) & ~left_out)
        ids = fills.run.ids(f"rxmembersim.claim/{rank}", fills.id[first[goes]])
        parts.append(Secondary(ids, first[goes], next_span[goes], before[goes]))
        last[goes], before[goes] = next_span[goes], count + np.arange(len(goes))
        barred |= _barred(fills, last)
        count += len(goes)
    return Secondary(
        *(np.concatenate([getattr(part, name.name) for part in parts]) for name in attrs.fields(Secondary))
    )


def deductibles(shares: Shares) -> dict[str, NDArray[np.float64]]:
    """What is met and what is left of deductibles; null where there is none."""
    none = shares.deductible_remaining < 0
    said = {"deductible_met": shares.deductible_met, "deductible_remaining": shares.deductible_remaining}
    return {name: np.where(none, np.nan, amounts) for name, amounts in said.items()}


def secondary_columns(fills: Events, claims: Secondary, shares: Shares, paid_before: Ints, numbers: Text) -> Columns:
    """`rxmembersim.secondary_claim`: a claim is sent on only where something is left.

    Args:
        fills: The fills.
        claims: The claims that are sent on.
        shares: How they are shared.
        paid_before: What the coverages before have paid of each, cents.
        numbers: The processors' numbers.
    """
    coverages, at = fills.coverages, claims.fill
    columns = {
        "claim_id": claims.id,
        "fill_id": fills.id[at],
        "person_id": fills.person[at],
        "coverage_id": coverages.coverage_id[claims.span],
        "rank": coverages.rank[claims.span],
        "other_payer_paid": paid_before,
        "allowed": shares.allowed,
        "deductible": shares.deductible,
        "copay": shares.copay,
        "coinsurance": shares.coinsurance,
        "not_covered": shares.not_covered,
        "patient_pay": shares.patient,
        "plan_paid": shares.paid,
        "deductible_to_date": shares.deductible_to_date,
        **deductibles(shares),
        "authorization_number": numbers,
        "reversed": fills.parameters.array("reversed")[at].astype(bool),
    }
    rows = Columns(columns, len(claims)).take(np.lexsort((coverages.rank[claims.span], at)))
    return rows.where(rows.array("allowed") > 0)


def _barred(fills: Events, span: Ints) -> NDArray[np.bool_]:
    """By rule and claim, whether a coverage is of those after which others pay nothing."""
    kind = reading.coverage_type(fills, span)
    return np.array([kind == rule["after"] for rule in _rules()]).reshape(len(_rules()), len(span))


def _is_barred(barred: NDArray[np.bool_], kind: Text) -> NDArray[np.bool_]:
    theirs = np.array([kind == rule["coverage_type"] for rule in _rules()]).reshape(barred.shape)
    return np.asarray((barred & theirs).any(axis=0))


def _rules() -> list[dict[str, str]]:
    rules: list[dict[str, str]] = document("payers")["pays_nothing"]
    return rules


def _none() -> Secondary:
    return Secondary(*(np.zeros(0, np.int64) for _ in attrs.fields(Secondary)))
