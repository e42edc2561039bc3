"""Whose the diagnoses of an event can be: settled when the plan is compiled, else looked at as they are drawn."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from healthsim_core.codes.edits import SEXES, Edit, edit_of
from healthsim_core.columns import Columns, Text
from healthsim_core.errors import Mistakes, SpecificationError
from healthsim_core.parameters.who import Who, check_edit, sometimes_outside
from healthsim_core.skills.document import in_band
from healthsim_core.skills.use import Reference, SkillUse
from healthsim_core.spec.distribution.parameters import OLDEST

People = frozenset[tuple[str, int]]  # sexes, and ages at the start
_AGES = np.arange(OLDEST + 1, dtype=np.float64)
EVERYBODY: People = frozenset((sex, age) for sex in SEXES for age in range(OLDEST + 1))


@attrs.frozen
class Said:
    """A diagnosis that an event may say.

    Attributes:
        code: The diagnosis.
        to: To whom it may say it.
        certain: Whether it says it to some of each of them, whatever else they have.
    """

    code: str
    to: People = EVERYBODY
    certain: bool = False


@attrs.frozen
class Befalls:
    """Whom an event's diagnoses can befall, as far as its plan does not settle it.

    Attributes:
        ages: The ages, both included, of those whom all of them can befall; None for any.
        looked_at: Parameters whose diagnoses are looked at as they are drawn.
        where: The path of the parameters, for errors.
    """

    ages: tuple[int, int] | None = None
    looked_at: tuple[str, ...] = ()
    where: str = ""

    def of_age(self, age: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Boolean array (rows,): who is of the ages."""
        return np.ones(len(age), bool) if self.ages is None else _within(age, self.ages)

    def fit(self, parameters: Mapping[str, Any], sex: Text, age: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Boolean array (rows,): who is of the ages of the diagnoses that were drawn.

        Args:
            parameters: The drawn parameters.
            sex: Column (rows,) of text.
            age: Int array (rows,): on the day.

        Raises:
            SpecificationError: A diagnosis is of the other sex.
        """
        able = np.ones(len(age), bool)
        for name in self.looked_at:
            column = Columns({name: parameters.get(name)}, len(age))[name]
            if isinstance(column, Text):
                able &= self._fit_one(name, column, sex, age)
        return able

    def _fit_one(self, name: str, column: Text, sex: Text, age: NDArray[np.int64]) -> NDArray[np.bool_]:
        able = np.ones(len(age), bool)
        for at, code in enumerate(column.values.to_pylist()):
            edit = edit_of(code)
            if edit:
                of_code = column.codes == at
                wrong = of_code & ~np.asarray(sex == edit.sex) if edit.sex else able[:0]
                if wrong.any():
                    _refuse(code, edit, int(age[wrong][0]), f"{self.where}.{name}")
                able &= ~of_code | (_within(age, edit.ages) if edit.ages is not None else True)
        return able


def settled(
    who: Who, diagnoses: Iterable[tuple[str, Sequence[Said] | None]], years: int, where: str, mistakes: Mistakes
) -> Befalls:
    """Whom an event's diagnoses can befall.

    Args:
        who: To whom the event can happen.
        diagnoses: By parameter, what it may say; None where that is not known.
        years: Years by which people may have grown older when it happens.
        where: The path of the parameters, for errors.
        mistakes: Takes diagnoses that come to people whose they cannot be.
    """
    ages, looked_at = list[tuple[int, int]](), list[str]()
    for name, codes in diagnoses:
        with mistakes.caught():
            span, look = (None, True) if codes is None else _settled(who, codes, years, f"{where}.{name}")
            ages += [] if span is None else [span]
            looked_at += [name] if look else []
    within = (max(low for low, _ in ages), min(high for _, high in ages)) if ages else None
    return Befalls(within, tuple(looked_at), where)


def said_by_skill(use: SkillUse, name: str) -> list[Said] | None:
    """What a skill may say as a diagnosis, each to whom its row is; None where its table is not known."""
    cells = use.cells()
    if cells is None:
        return None
    asked = {key: value.name for key, value in use.context.items() if isinstance(value, Reference)}
    settled_keys = {key for key, value in use.context.items() if isinstance(value, str)}.union(
        key for key, column in asked.items() if column in ("sex", "age")
    )
    others = [cells[f"by {key}"] for key in use.context if key not in settled_keys]
    weights = [float(cell) for cell in cells["weight"]] if "weight" in cells else None
    codes, whom = list[Said](), [_row_of(asked, cells, row) for row in range(len(cells[name]))]
    for row, code in enumerate(cells[name]):
        earlier = () if weights else [at for at in range(row) if all(key[at] in ("*", key[row]) for key in others)]
        certain = all(key[row] == "*" for key in others) and (weights is None or weights[row] > 0)
        if code:
            codes.append(Said(code, whom[row].difference(*(whom[at] for at in earlier)), certain))
    return codes


def _row_of(asked: Mapping[str, str], cells: Mapping[str, Sequence[str]], row: int) -> People:
    """Whom a row of a skill's table may fit."""
    sexes, ages = set(SEXES), np.ones(len(_AGES), bool)
    for key, column in asked.items():
        cell = cells[f"by {key}"][row]
        if column == "sex" and cell != "*":
            sexes &= {cell}
        if column == "age":
            ages &= in_band(_AGES, cell)
    return frozenset((sex, int(age)) for sex in sexes for age in np.flatnonzero(ages))


def _settled(who: Who, codes: Sequence[Said], years: int, where: str) -> tuple[tuple[int, int] | None, bool]:
    """The ages at which all that is said can befall people, and whether it must be looked at as it is drawn."""
    those = frozenset((sex, age) for sex in who.sexes for age in who.ages)
    here = [(diagnosis, _who(diagnosis.to & those)) for diagnosis in codes if diagnosis.to & those]
    edits = {edit_of(diagnosis.code) for diagnosis, _ in here}
    if len(edits) == 1:
        all_of = _who(frozenset().union(*(diagnosis.to for diagnosis, _ in here)) & those)
        return check_edit(all_of, {diagnosis.code for diagnosis, _ in here}, years, where), False
    look = False
    for diagnosis, group in here:
        edit = edit_of(diagnosis.code)
        if diagnosis.certain:
            look |= check_edit(group, [diagnosis.code], years, where) is not None
        else:
            look |= bool(group.outside(edit)) or sometimes_outside(group, edit, years)
    return None, look


def _who(people: People) -> Who:
    return Who(frozenset(sex for sex, _ in people), frozenset(age for _, age in people))


def _within(age: NDArray[np.int64], ages: tuple[int, int]) -> NDArray[np.bool_]:
    return np.asarray((age >= ages[0]) & (age <= ages[1]))


def _refuse(code: str, edit: Edit, age: int, where: str) -> None:
    other = next(sex for sex in SEXES if sex != edit.sex)
    what = f'"{code}" is {edit.told}, and one of the {SEXES[other]}, aged {age}, gets it.'
    raise SpecificationError(
        what, where, f"Let what gives it ask for the sex, or add the condition \"sex == '{edit.sex}'\" to the event."
    )
