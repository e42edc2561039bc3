"""Laboratory results and vital signs: what is measured of the body at each visit, as a chart measures it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from healthsim_core import Columns, Text
from trialsim.handlers.exposure import Dosing
from trialsim.handlers.participation import Participation
from trialsim.handlers.visits import Visits

Test = Mapping[str, Any]
Floats = NDArray[np.float64]
MINUTE = np.timedelta64(60, "s")
VITALS_AFTER, LABS_AFTER = 10 * MINUTE, 20 * MINUTE  # minutes into the visit


@attrs.frozen(eq=False)
class Measuring:
    """What the values of all tests are made from, a row a visit.

    Attributes:
        part: The subjects.
        visits: Their visits.
        before_dose: Boolean array: not after the day of the first dose.
        epoch: Text: epoch of the visit.
    """

    part: Participation
    visits: Visits
    before_dose: NDArray[np.bool_]
    epoch: Text

    def by_sex(self, given: Any) -> Floats:
        """A number, or numbers by sex, as a column."""
        if not isinstance(given, Mapping):
            return np.full(len(self.visits), np.nan if given is None else given, np.float64)
        sex = self.part.column("sex")[self.visits.subject]
        return np.asarray(sex.map(lambda value: given.get(value, next(iter(given.values())))))

    def measured(self, test: Test, taken: NDArray[np.intp]) -> Floats:
        """What is measured of a test's measure at some visits; where the journey says what it was at screening, as far
        from it as the body has moved since."""
        name, subject = test["measure"], self.visits.subject[taken]
        row = self.part.row[subject]
        values = self.visits.batch.events.measured(name, row, self.visits.time[taken])
        stated = self.part.known.get(name)
        if stated is None or np.isnan(stated).all():
            return values
        screened = self.visits.batch.events.measured(name, self.part.row, self.part.consent)
        return values + np.nan_to_num(stated - screened)[subject]


def measuring(part: Participation, visits: Visits, dosing: Dosing, epoch: Text) -> Measuring:
    """Prepare the measurements of all visits."""
    before = (visits.date <= dosing.first[visits.subject]) & (visits.kind != "unscheduled")
    return Measuring(part, visits, before, epoch)


def lab_table(m: Measuring) -> Columns:
    """Rows of trialsim.lab."""
    tests: Sequence[Test] = m.part.protocol["labs"]["tests"]
    parts, orders = [], []
    for order, test in enumerate(tests):
        taken = np.flatnonzero(_taken(m, test))
        parts.append(_lab_rows(m, test, m.measured(test, taken), taken))
        orders.append(np.full(len(taken), order))
    return _in_order(parts, orders)


def vital_table(m: Measuring) -> Columns:
    """Rows of trialsim.vital."""
    tests: Sequence[Test] = m.part.protocol["vitals"]["tests"]
    parts, orders = [], []
    for order, test in enumerate(tests):
        taken = np.flatnonzero(_taken(m, test))
        rows = _measured(m, test, m.measured(test, taken), taken, VITALS_AFTER)
        parts.append(rows.assign(position=Text.constant(test.get("position"), rows.rows)))
        orders.append(np.full(len(taken), order))
    return _in_order(parts, orders)


def _taken(m: Measuring, test: Test) -> NDArray[np.bool_]:
    if "visits" in test:
        return np.isin(m.visits.number, test["visits"])
    return np.ones(len(m.visits), bool)


def _measured(m: Measuring, test: Test, values: Floats, taken: NDArray[np.intp], after: np.timedelta64) -> Columns:
    subject = m.visits.subject[taken]
    eligible = np.flatnonzero(m.before_dose[taken])
    baseline = np.zeros(len(taken), bool)
    # of each subject the last one, sorted by time
    baseline[eligible[np.flatnonzero(np.diff(subject[eligible], append=-1))]] = True
    columns: dict[str, Any] = {
        **m.part.identity(subject), "visit_number": m.visits.number[taken],
        "visit": m.visits.names(m.part.protocol)[taken],
        "test_code": test["code"], "test": test["name"], "time": m.visits.time[taken] + after,
        "value": np.round(values, test["decimals"]), "unit": test["unit"], "baseline": baseline,
        "epoch": m.epoch[taken],
    }  # fmt: skip
    return Columns(columns, len(taken))


def _lab_rows(m: Measuring, test: Test, values: Floats, taken: NDArray[np.intp]) -> Columns:
    rows = _measured(m, test, values, taken, LABS_AFTER)
    value = rows.array("value")
    low, high = (m.by_sex(test.get(bound))[taken] for bound in ("low", "high"))
    flag = np.where(value < low, 0, np.where(value > high, 2, 1))
    factor, places = test["factor"], test["standard_decimals"]
    extra = {
        "loinc": test["loinc"], "category": test["category"], "specimen": test["specimen"], "fasting": test["fasting"],
        "low": low, "high": high, "indicator": Text(flag, ["LOW", "NORMAL", "HIGH"]),
        "standard_value": np.round(value * factor, places), "standard_unit": test["standard_unit"],
        "standard_low": np.round(low * factor, places), "standard_high": np.round(high * factor, places),
    }  # fmt: skip
    return Columns({**rows, **extra}, rows.rows)


def _in_order(parts: list[Columns], orders: list[NDArray[Any]]) -> Columns:
    whole = Columns.concat(parts)
    if not whole.rows:
        return whole
    visit, time, person = (whole.array(name) for name in ("visit_number", "time", "person_id"))
    return whole.take(np.lexsort((np.concatenate(orders), visit, time, person)))
