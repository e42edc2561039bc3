"""Event parameters as a pharmacy reads them: what was said, else what is usual."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from healthsim_core import Events, Field, Text
from rxmembersim.facts import document

FILLED = ("fill", "refill")
USUAL_SUPPLY = 30  # days; a month's supply is what most payers allow at retail

MEDICATION = (
    Field("rxnorm", "category", "RxNorm concept.", nullable=True, codes="rxnorm"),
    Field("ndc", "category", "National Drug Code, eleven digits.", nullable=True, codes="ndc"),
    Field("description", "category", "The drug in words.", nullable=True),
    Field("drug_class", "category", "Therapeutic class.", nullable=True),
    Field("drug", "category", "The ingredient.", nullable=True),
    Field("dose", "number", "Amount a dose.", nullable=True, above=0),
    Field("doses_per_day", "number", "Doses a day.", nullable=True, above=0),
    Field("dose_unit", "category", "Unit of the dose.", nullable=True, codes="ucum"),
    Field("sig", "category", "Directions.", nullable=True),
    Field("days_supply", "number", "Days that one fill lasts.", nullable=True, least=1),
    Field("quantity", "number", "Quantity of one fill.", nullable=True, above=0),
    Field("refills", "number", "Refills after the first fill.", nullable=True, least=0),
)
CARRIED = tuple(field.name for field in MEDICATION)
FILL_PARAMETERS = (
    *MEDICATION,
    Field("fill_number", "number", "0 is the first fill.", nullable=True, least=0),
    Field("gap_days", "number", "Days without the drug before the fill.", nullable=True, least=0),
    Field("circumstance", "category", "What the pharmacy meets.", nullable=True, codes="pharmacy-circumstance"),
    Field("return_days", "number", "Days until an uncollected fill is put back.", nullable=True, least=0),
)
REASON = Field("reason", "category", "Why.", nullable=True)
_DECIDE = ("ndc", "rxnorm", "description", "drug_class", "days_supply", "fill_number", "circumstance")
DECIDING = tuple(field for field in FILL_PARAMETERS if field.name in _DECIDE)


def text(events: Events, name: str) -> Text:
    """A text parameter; null where it is not said."""
    column = events.parameters.get(name)
    if isinstance(column, Text):
        return column
    if column is None:
        return Text.constant(None, len(events))
    return Text.of([None if value != value else f"{value:g}" for value in np.asarray(column).tolist()])


def number(events: Events, name: str, usual: float = np.nan) -> NDArray[np.float64]:
    """A numeric parameter; `usual` where it is not said or not a number."""
    column = events.parameters.get(name)
    if column is None:
        return np.full(len(events), usual)
    values = column.map(_number) if isinstance(column, Text) else np.asarray(column, np.float64)
    return np.where(np.isnan(values), usual, values)


def days_supply(events: Events) -> NDArray[np.int64]:
    """Days that one fill lasts, at least one."""
    return np.maximum(number(events, "days_supply", USUAL_SUPPLY), 1).astype(np.int64)


def months(events: Events) -> NDArray[np.int64]:
    """How often a copayment by the month is due for one fill."""
    said = document("payers")["months"]
    further = np.maximum(days_supply(events) - said["first_days"], 0)
    return np.asarray(1 + np.ceil(further / said["further_days"]), np.int64)


def quantity(events: Events) -> NDArray[np.float64]:
    """Quantity of one fill: one a day where it is not said."""
    said = number(events, "quantity")
    return np.where(np.isnan(said), days_supply(events), said)


def prescriptions(fills: Events) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """The prescription of each fill, and whether it brings its own."""
    held = fills.ancestor("new_rx").array("id")
    return np.where(held > 0, held, fills.id), held == 0


def coverage_type(events: Events, span: NDArray[np.int64]) -> Text:
    """The coverage type of each of some coverages; null for -1, none."""
    plan = np.append(events.coverages.plan, -1)[span]
    return events.run.plans.text(plan, "coverage_type").only(span >= 0)


def dispensed(fills: Events) -> NDArray[np.bool_]:
    """Whether each fill was dispensed, be it reversed later or not."""
    return np.asarray(fills.parameters.text("reject_code").is_null())


def refills(events: Events) -> NDArray[np.int64]:
    """Refills after the first fill; none where it is not said."""
    return np.maximum(number(events, "refills", 0), 0).astype(np.int64)


def codes(column: Text) -> NDArray[np.int64]:
    """A number for each text, the same for the same text, however it is coded; -1 for null."""
    distinct = column.values.dictionary_encode().indices.to_numpy(zero_copy_only=False)
    return np.append(distinct, -1)[column.codes].astype(np.int64)


def prescription_number(prescription_id: NDArray[np.int64]) -> Text:
    """The pharmacy's twelve digits for a prescription."""
    digits = pc.utf8_lpad(pc.cast(pa.array(prescription_id % 10**12), pa.string()), width=12, padding="0")
    return Text.distinct(digits)


def _number(value: str) -> float:
    try:
        return float(value)
    except ValueError:
        return np.nan
