"""The claims of a chunk: of fills, and those that are sent on to further payers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from healthsim_core import Columns, from_arrow, rank_within, text

_OF_CLAIM = ("coverage_id", "claim_id", "other_payer_paid", "authorization_number")
_SHARES = (
    "deductible", "copay", "coinsurance", "not_covered", "patient_pay", "plan_paid", "deductible_met",
    "deductible_remaining", "has_deductible",
)  # fmt: skip


@attrs.frozen(eq=False)
class Chunk:
    """One chunk's tables, with each claim's person, card and prescription beside it; `fill` has a row each claim."""

    fill: Columns
    person: Columns
    card: Columns
    prescription: Columns
    provider: Columns | None

    @classmethod
    def of(cls, tables: Mapping[str, pa.Table], fill: Columns) -> Chunk:
        """The rows of the other tables that belong to `fill`."""
        person, card = from_arrow(tables["core.person"]), from_arrow(tables["rxmembersim.cardholder"])
        prescription = from_arrow(tables["rxmembersim.prescription"])
        provider = tables.get("networksim.provider")
        return cls(
            fill,
            joined(person, "person_id", fill),
            joined(card, "coverage_id", fill),
            joined(prescription, "prescription_id", fill),
            None if provider is None else from_arrow(provider.select(["npi", "last_name", "first_name"])),
        )


def claims_of(tables: Mapping[str, pa.Table], sales: Sequence[str]) -> Columns:
    """The claims of fills, those of one together in the order in which they are paid: `turn` is 0 for the first.

    The amounts are those of the claim, but for `allowed`, which is the fill's.

    Args:
        tables: A chunk's tables.
        sales: Statuses of fills of which no claim is made.
    """
    fills, later = (_with_deductible(tables[f"rxmembersim.{name}"]) for name in ("fill", "secondary_claim"))
    fills, card = fills.where(~fills.text("status").isin(sales)), from_arrow(tables["rxmembersim.cardholder"])
    none = np.zeros(fills.rows, np.int64)
    first = fills.assign(turn=none, claim_id=fills["fill_id"], other_payer_paid=none)
    if not later.rows:
        return first
    of = text.positions(fills.array("fill_id"), later.array("fill_id"))
    number = joined(card, "coverage_id", later)["cardholder_id"]
    sent_on = first.take(of).assign(
        turn=rank_within(of) + 1, cardholder_id=number, **{name: later[name] for name in (*_OF_CLAIM, *_SHARES)}
    )
    every = Columns.concat([first, sent_on])
    return every.take(np.argsort(np.concatenate([np.arange(fills.rows), of]), kind="stable"))


def _with_deductible(table: pa.Table) -> Columns:
    """Its columns, and whether the plan of each claim has a deductible."""
    return from_arrow(table).assign(has_deductible=pc.is_valid(table["deductible_remaining"]).to_numpy())


def joined(table: Columns, key: str, fill: Columns) -> Columns:
    """The rows of a table that belong to claims."""
    return table.take(text.positions(table.array(key), fill.array(key)))


def only(rows: NDArray[np.intp], count: int, said: pa.Array) -> pa.Array:
    """What is said of some rows, nothing of the others."""
    at = np.full(count, -1)
    at[rows] = np.arange(len(rows))
    return pc.fill_null(said.take(pa.array(at, mask=at < 0)), "")
