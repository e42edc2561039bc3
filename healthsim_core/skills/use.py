"""What skills give for whole columns: checked against the kinds of the columns before anything is made,
null where no row fits."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any

import attrs
import numpy as np

from healthsim_core.columns import Column, Columns, Text, is_null
from healthsim_core.draws import Draws
from healthsim_core.errors import NoRowError, SkillError
from healthsim_core.expressions.kinds import ANYTHING, BOOLEAN, DATE, NUMBER, TEXT, Kind
from healthsim_core.offers import SkillResolver
from healthsim_core.spec.distribution.parameters import OLDEST

_MOST_PROBED = 2_000  # combinations of known texts that are asked of a lookup when the plan is compiled
_PROBES: dict[str, tuple[Any, ...]] = {
    "number": (0.0, 1.0), "boolean": (False, True), "date": (np.datetime64("2000-01-01", "D"),), "nothing": (None,),
    "text": ("?",), "words": ("?",),
}  # fmt: skip
_NUMBERS = (-1e6, *np.arange(0, 131, 0.5).tolist(), 1e6)  # asked of a lookup that must have a row for every number
_AGES = tuple(float(age) for age in range(OLDEST + 1))
_MOST_COMBINED = 20_000
_NULLS = {"number": np.nan, "boolean": np.nan, "date": np.datetime64("NaT", "D")}
_MOST_UNKNOWN = 2  # columns of which nothing is known, and that are tried in all kinds independently


@attrs.frozen
class Reference:
    """`${entity.x}` and its like: the scope's name for it."""

    name: str


@attrs.frozen
class SkillUse:
    """A skill reference: which lookup of which skill, in which context."""

    skill: SkillResolver
    lookup: str
    context: Mapping[str, Any]
    gives: tuple[str, ...]

    def resolved(self, context: Columns, draw: Draws) -> Columns:
        """What the lookup gives for each row of the context; null for rows that it has no row for."""
        return resolved_or_null(self.skill, self.lookup, context, draw)

    def cells(self) -> Mapping[str, Sequence[str]] | None:
        """The columns of the lookup's table as text, of the rows that the context may match;
        None where it has no table."""
        if self.skill.cells is None:
            return None
        cells = self.skill.cells(self.lookup)
        stated = {key: cells[f"by {key}"] for key, value in self.context.items() if isinstance(value, str)}
        rows = range(len(next(iter(cells.values()), ())))
        kept = [row for row in rows if all(column[row] in ("*", self.context[key]) for key, column in stated.items())]
        return {name: [column[row] for row in kept] for name, column in cells.items()}

    def always(self, known: Mapping[str, Kind]) -> frozenset[str]:
        """What it gives that is never null, as far as that can be told beforehand.

        Args:
            known: What the columns hold that the context refers to.
        """
        ages = [
            key for key, v in self.context.items() if isinstance(v, Reference) and v.name in ("age", "subscriber_age")
        ]
        given = {key: known.get(v.name, ANYTHING) if isinstance(v, Reference) else v for key, v in self.context.items()}
        return always_given(self.skill, self.lookup, given, ages)

    def check(self, known: Mapping[str, Kind], where: str) -> None:
        """Raise SkillError where the lookup cannot take what the context holds.

        Args:
            known: What the columns hold that the context refers to.
            where: The path of the reference, for errors.
        """
        given = {key: known.get(v.name, ANYTHING) if isinstance(v, Reference) else v for key, v in self.context.items()}
        check_lookup(self.skill, self.lookup, given, where)


def resolved_or_null(skill: SkillResolver, lookup: str, context: Columns, draw: Draws) -> Columns:
    """What a lookup gives for each row of the context; null for rows that it has no row for."""
    try:
        return _asked(skill, lookup, context, draw)
    except NoRowError as error:
        lost = np.broadcast_to(error.lost, context.rows)
    resolved = _asked(skill, lookup, context.where(~lost), attrs.evolve(draw, ids=draw.ids[~lost]))
    place = np.where(lost, -1, np.cumsum(~lost) - 1)
    return Columns({name: _or_null(resolved[name], place) for name in resolved}, context.rows)


def check_lookup(skill: SkillResolver, lookup: str, context: Mapping[str, Any], where: str) -> None:
    """Raise SkillError where a lookup cannot take its context,
    or has no row for a text that the context is known to hold.

    Args:
        skill: The skill.
        lookup: One of its lookups.
        context: By key, a value, or what the column holds.
        where: The path of the reference, for errors.
    """
    kinds = {key: kind for key, kind in context.items() if isinstance(kind, Kind)}
    if any(kind.of == "anything" for kind in kinds.values()):
        _check_some(skill, lookup, context, where)
        return
    exact = all(kind.values is not None for kind in kinds.values())
    try:
        _probed(skill, lookup, context)
    except NoRowError as error:
        for key, kind in kinds.items():
            if kind.is_text and kind.values is None and _takes_numbers(skill, lookup, {**context, key: NUMBER}):
                what = f'the lookup "{lookup}" of "{skill.skill}" takes a number for "{key}", not {kind}.'
                raise SkillError(what, where, "Refer to a number.") from None
        if exact:
            raise SkillError(f'"{skill.skill}": {error.what}', where, error.remedy) from None
    except SkillError as error:
        raise SkillError(error.what, where, error.remedy) from None


def _check_some(skill: SkillResolver, lookup: str, context: Mapping[str, Any], where: str) -> None:
    """Raise SkillError where a lookup cannot take its context, whatever the columns hold of which nothing is known."""
    unknown = [key for key, kind in context.items() if isinstance(kind, Kind) and kind.of == "anything"]
    first_error: SkillError | None = None
    for kinds in itertools.product((TEXT, NUMBER, BOOLEAN, DATE), repeat=min(len(unknown), _MOST_UNKNOWN)):
        try:
            check_lookup(
                skill,
                lookup,
                {**context, **dict.fromkeys(unknown, kinds[0]), **dict(zip(unknown, kinds, strict=False))},
                where,
            )
            return
        except SkillError as error:
            first_error = first_error or error
    if first_error is not None:
        raise first_error


def always_given(
    skill: SkillResolver, lookup: str, context: Mapping[str, Any], ages: Sequence[str] = ()
) -> frozenset[str]:
    """What a lookup gives that is never null, as far as that can be told beforehand.

    Args:
        skill: The skill.
        lookup: One of its lookups.
        context: By key, a value, or what the column holds.
        ages: Keys whose columns hold ages.
    """
    kinds = {key: kind for key, kind in context.items() if isinstance(kind, Kind)}
    if any(kind.of == "anything" for kind in kinds.values()):
        return frozenset()
    probes = {
        key: (_AGES if key in ages else _NUMBERS) if kind.of == "number" else _probes(kind)
        for key, kind in kinds.items()
    }
    nulls = {key: () if kind.always else (_NULLS.get(kind.of),) for key, kind in kinds.items()}
    probes = {key: (*values, *nulls[key]) for key, values in probes.items()}
    if math.prod(map(len, probes.values())) > _MOST_COMBINED:
        return frozenset()
    try:
        columns = _probed(skill, lookup, context, probes)
    except SkillError:
        return frozenset()
    blank = skill.blanks.get(lookup, ())
    return frozenset(name for name, column in columns.items() if name not in blank and not is_null(column).any())


def _asked(skill: SkillResolver, lookup: str, context: Columns, draw: Draws) -> Columns:
    try:
        return skill.resolve(lookup, context, draw)
    except (AttributeError, TypeError, ValueError) as error:
        what = f'the lookup "{lookup}" of "{skill.skill}" cannot take its context: {error}.'
        raise SkillError(what, "", "Give values of the kind that the skill's table has.") from error


def _probed(
    skill: SkillResolver, lookup: str, context: Mapping[str, Any], probes: Mapping[str, tuple[Any, ...]] | None = None
) -> Columns:
    """What the lookup gives for values as the context may hold them."""
    values = (
        {key: _probes(kind) for key, kind in context.items() if isinstance(kind, Kind)} if probes is None else probes
    )
    rows = list(itertools.islice(itertools.product(*values.values()), _MOST_PROBED if probes is None else None))
    columns = {key: _column([row[at] for row in rows]) for at, key in enumerate(values)}
    return _asked(
        skill, lookup, Columns({**context, **columns}, len(rows)), Draws(0, "proof", np.arange(1, len(rows) + 1))
    )


def _probes(kind: Kind) -> tuple[Any, ...]:
    return tuple(sorted(kind.values)) if kind.values else _PROBES[kind.of]


def _column(values: list[Any]) -> Column:
    return Text.of(values) if isinstance(values[0], str | None) else np.array(values)


def _takes_numbers(skill: SkillResolver, lookup: str, context: Mapping[str, Any]) -> bool:
    try:
        _probed(skill, lookup, context)
    except SkillError as error:
        return isinstance(error, NoRowError)
    return True


def _or_null(column: Column, place: Any) -> Column:
    if isinstance(column, Text):
        return column.take_or_null(place)
    if not len(column):
        return np.full(len(place), np.nan)
    values = column if column.dtype.kind in "Mf" else column.astype(np.float64)
    return np.where(place < 0, np.array("NaT" if values.dtype.kind == "M" else np.nan, values.dtype), values[place])
