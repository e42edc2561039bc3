"""CAS segments of lines, as the remittance has them and as the claim to the next payer repeats them."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from healthsim_core import Columns, Text, text

from .envelope import END


def adjustments(lines: Columns) -> pa.Array:
    """CAS of a line: what nobody pays, then deductible, coinsurance, copay and what is not covered; none without an
    amount."""
    adjusted = lines.array("adjustment") != 0
    group, reason = lines.text("adjustment_group").or_else("CO"), lines.text("adjustment_reason").or_else("45")
    contract = text.lines("CAS*", group, "*", reason, "*", text.plain_amount(lines.array("adjustment")), END)
    shares = [
        _share(lines.array(name), reason)
        for name, reason in (("deductible", "1"), ("coinsurance", "2"), ("copay", "3"))
    ]
    shares.append(_share(lines.array("not_covered"), lines.text("not_covered_reason").or_else("96")))
    patient = pc.utf8_rtrim(text.lines(*shares), characters="*")
    owed = text.lines("CAS*PR*", patient, END)
    return text.lines(text.choose(adjusted, contract, ""), text.choose(np.asarray(pc.not_equal(patient, "")), owed, ""))


def _share(cents: NDArray[np.int64], reason: Text | str) -> pa.Array:
    return text.choose(cents != 0, text.lines(reason, "*", text.plain_amount(cents), "**"), "")
