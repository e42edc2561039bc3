"""Laboratory results and vital signs: a person's own level, the arm's effect over time, and the day's variation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from healthsim_core import Columns, Draws, Text, portable
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
        weeks: Float array: weeks on treatment, 0 before the first dose.
        screening: Boolean array: the screening visit, whose values decide on eligibility.
        before_dose: Boolean array: not after the day of the first dose.
        epoch: Text: epoch of the visit.
    """

    part: Participation
    visits: Visits
    weeks: Floats
    screening: NDArray[np.bool_]
    before_dose: NDArray[np.bool_]
    epoch: Text

    @property
    def subject_draw(self) -> Draws:
        """Draws addressed by person."""
        return self.visits.batch.events.person_draw

    def by_sex(self, given: Any) -> Floats:
        """A number, or numbers by sex, as a column."""
        if not isinstance(given, Mapping):
            return np.full(len(self.visits), np.nan if given is None else given, np.float64)
        sex = self.part.column("sex")[self.visits.subject]
        return np.asarray(sex.map(lambda value: given.get(value, next(iter(given.values())))))


def measuring(part: Participation, visits: Visits, dosing: Dosing, epoch: Text) -> Measuring:
    """Prepare the measurements of all visits."""
    first, last = dosing.first[visits.subject], dosing.last[visits.subject]
    days = (np.fmin(visits.date, last) - first).astype("timedelta64[D]")
    weeks = np.where(np.isnat(days), 0, days.astype(np.float64) / 7)
    before = (visits.date <= first) & (visits.kind != "unscheduled")
    return Measuring(part, visits, np.maximum(weeks, 0), visits.kind == "screening", before, epoch)


def lab_table(m: Measuring) -> Columns:
    """Rows of trialsim.lab."""
    tests: Sequence[Test] = m.part.protocol["labs"]["tests"]
    values, parts, orders = latent_values(m, tests), [], []
    for order, test in enumerate(tests):
        taken = np.flatnonzero(_taken(m, test))
        parts.append(_lab_rows(m, test, values[test["code"]], taken))
        orders.append(np.full(len(taken), order))
    return _in_order(parts, orders)


def vital_table(m: Measuring) -> Columns:
    """Rows of trialsim.vital."""
    tests: Sequence[Test] = m.part.protocol["vitals"]["tests"]
    values, parts, orders = latent_values(m, tests), [], []
    for order, test in enumerate(tests):
        taken = np.flatnonzero(_taken(m, test))
        rows = _measured(m, test, values[test["code"]], taken, VITALS_AFTER)
        parts.append(rows.assign(position=Text.constant(test.get("position"), rows.rows)))
        orders.append(np.full(len(taken), order))
    return _in_order(parts, orders)


def latent_values(m: Measuring, tests: Sequence[Test]) -> dict[str, Floats]:
    """Each test's value at every visit, whether it is taken there or not, by test code."""
    levels: dict[str, Floats] = {}
    for test in tests:
        if "inverse" in test:
            values = creatinine(levels[test["from"]], m)
        else:
            values = _level(m, test, levels) + _effect(m, test)
            noise = m.visits.batch.events.draw.normal(f"{test['code']}.within")
            quiet = m.screening & (("parameter" in test) | bool(test.get("times_height")))
            values = _varied(test, values, np.where(quiet, 0, noise))
        levels[test["code"]] = np.clip(values, test["least"], test["most"])
    return levels


def creatinine(egfr: Floats, m: Measuring) -> Floats:
    """Creatinine (mg/dL) from which CKD-EPI 2021 gives this eGFR."""
    formula = m.part.protocol["ckd_epi_2021"]
    kappa, alpha = m.by_sex(formula["kappa"]), m.by_sex(formula["alpha"])
    female = m.by_sex({"F": formula["female"], "M": 1.0})
    age = (m.visits.date - m.part.column("birth_date")[m.visits.subject]).astype(np.float64) / 365.25
    ratio = egfr / (formula["scale"] * formula["age"] ** age * female)
    return np.asarray(kappa * np.where(ratio > 1, ratio ** (1 / alpha), ratio ** (1 / formula["beta"])))


def _level(m: Measuring, test: Test, levels: Mapping[str, Floats]) -> Floats:
    if test.get("times_height"):
        return levels[test["from"]] * (np.round(levels["HEIGHT"]) / 100) ** 2
    if "from" in test:
        return np.asarray(test["slope"] * levels[test["from"]] + test["intercept"])
    z = m.subject_draw.normal(f"{test['code']}.between")
    mean = m.by_sex(test["mean"])
    level = mean * portable.exp(test["between"] * z) if test.get("scale") == "log" else mean + test["between"] * z
    known = m.part.known[test["parameter"]][m.visits.subject] if "parameter" in test else np.nan
    return np.where(np.isnan(known), level, known)


def _effect(m: Measuring, test: Test) -> Floats:
    if "effect" not in test:
        return np.zeros(len(m.visits))
    by_arm = [test["effect"].get(arm.code, 0.0) for arm in m.part.protocol.arms]
    arm = m.part.arm[m.visits.subject]
    own = np.append(by_arm, 0.0)[arm] + test["effect_spread"] * m.subject_draw.normal(f"{test['code']}.effect")
    return np.where(arm < 0, 0.0, own * (1 - portable.exp(-m.weeks / test["effect_weeks"])))


def _varied(test: Test, values: Floats, noise: Floats) -> Floats:
    if test.get("scale") == "log":
        return np.asarray(values * portable.exp(test["within"] * noise))
    return np.asarray(values + test["within"] * noise)


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
        "value": np.round(values[taken], test["decimals"]), "unit": test["unit"], "baseline": baseline,
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
