"""The plans of benefits of a run as arrays: terms of cost sharing and the limits they count towards."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from healthsim_core.columns import Text

IN, OUT = 0, 1
NETWORKS = ("in", "out")
INDIVIDUAL, FAMILY = 0, 1
LEVELS = ("individual", "family")
TIERS = 10  # 0 is none
NO_LIMIT = np.int64(1) << 50  # cents; stands for "no limit"
UNINSURED = "uninsured"  # a coverage type without plans
WHOLE = "plan"  # the accumulators that are not apart
PER = ("visit", "day", "month", "benefit_period")
VISIT, DAY, MONTH, BENEFIT_PERIOD = range(4)
_STAY = "inpatient"  # the kind of service whose deductible is a stay's

Cents = NDArray[np.int64]
Design = Mapping[str, Any]


@attrs.frozen(eq=False)
class Terms:
    """What plans say of kinds of service; amounts are cents, the second axis the year.

    Attributes:
        covered: Boolean (terms,).
        copay: Int (terms, years).
        per: Index into `PER` (terms,): what the copay is due for.
        days: Int (terms,): the most days on which a copay by the day is due.
        most: Thousandths (terms,) of the allowed amount that the copay never exceeds.
        coinsurance: Thousandths (terms,) of what deductible and copay leave.
        deductible: Boolean (terms,): whether the annual deductible applies.
        penalty: Int (terms, years): of a claim that was not authorized.
        maximum: Int (terms, years): what the plan pays a person in a year; NO_LIMIT for all.
    """

    covered: NDArray[np.bool_]
    copay: Cents
    per: NDArray[np.int64]
    days: NDArray[np.int64]
    most: Cents
    coinsurance: Cents
    deductible: NDArray[np.bool_]
    penalty: Cents
    maximum: Cents


@attrs.frozen(eq=False)
class Buckets:
    """Accumulators that plans keep: those of a network, and those of benefits apart.

    Attributes:
        plan: Index of the plan (buckets,).
        network: 0 in, 1 out (buckets,).
        benefit: "plan", or the name of the benefits apart.
        deductible: Cents (buckets, years, 2): individual, 0 where none is stated; family, NO_LIMIT where none is.
        out_of_pocket: Cents (buckets, years, 2).
        aggregate: Boolean (buckets, 2): whether a family has no individual deductible; out-of-pocket limit.
    """

    plan: NDArray[np.int64]
    network: NDArray[np.int64]
    benefit: tuple[str, ...]
    deductible: Cents
    out_of_pocket: Cents
    aggregate: NDArray[np.bool_]


@attrs.frozen(eq=False, slots=False)
class Plans:
    """All plans of a run.

    Attributes:
        names: Their names; of a plan that stands for those nobody describes, "".
        designs: As written.
        usual: By kind of service and coverage type, what plans say of it that do not name it.
        self_only: Dollars, or dollars by year, that one person pays at most under plans of the rule "aca".
        years: Years of which amounts are stated, ascending.
        terms: What they say of kinds of service.
        term: Index into `terms` (plans, 2 networks, kinds, tiers).
        buckets: Their accumulators.
        deductible_bucket: Index into `buckets` (plans, 2, kinds): where a deductible of a service counts.
        limit_bucket: The same of what people pay out of pocket.
        self_only_limit: Cents (plans, years): what one person pays at most, whatever the family's limit is.
    """

    names: tuple[str, ...]
    designs: tuple[Design, ...]
    usual: Mapping[str, Mapping[str, Mapping[str, Any]]]
    self_only: Any
    years: NDArray[np.int64]
    terms: Terms
    term: NDArray[np.int64]
    buckets: Buckets
    deductible_bucket: NDArray[np.int64]
    limit_bucket: NDArray[np.int64]
    self_only_limit: Cents

    @classmethod
    def of(
        cls,
        designs: Mapping[str, Design],
        kinds: Mapping[str, Mapping[str, Mapping[str, Any]]],
        bare: Mapping[str, Design] | None = None,
        self_only: Any = None,
    ) -> Plans:
        """Plans from valid designs.

        Args:
            designs: By name.
            kinds: By kind of service, what plans of each coverage type say of it where they do not name it.
            bare: By coverage type, the design of plans that nobody describes.
            self_only: Dollars, or dollars by year, that one person pays at most under plans of the rule "aca".
        """
        last = [{**design, "default": True} for design in (bare or {}).values()]
        return _compiled([*designs, *[""] * len(last)], [*designs.values(), *last], kinds, self_only)

    @functools.cached_property
    def kinds(self) -> tuple[str, ...]:
        """Names of the kinds of service."""
        return tuple(self.usual)

    @functools.cached_property
    def coverage_types(self) -> tuple[str, ...]:
        """The coverage type of each."""
        return tuple(design["coverage_type"] for design in self.designs)

    @functools.cached_property
    def individual(self) -> NDArray[np.bool_]:
        """Boolean (plans,): whether each member of a household holds it alone."""
        return np.array([bool(design.get("individual", False)) for design in self.designs], bool)

    @functools.cached_property
    def exempt_below_age(self) -> NDArray[np.int64]:
        """Int (plans,): people below this age pay nothing."""
        return np.array([design.get("exempt_below_age") or 0 for design in self.designs], np.int64)

    def year(self, year: NDArray[np.int64]) -> NDArray[np.intp]:
        """Column of each plan year in amounts: the latest stated one that has begun, else the first."""
        return np.asarray(np.maximum(np.searchsorted(self.years, year, side="right") - 1, 0))

    def kind(self, names: Text) -> NDArray[np.int64]:
        """Index of each kind of service."""
        known = {name: index for index, name in enumerate(self.kinds)}
        return np.asarray(names.map(lambda name: known[name], np.int64, -1))

    def covers(self, kind: str) -> NDArray[np.bool_]:
        """Boolean (plans,): whether each covers a kind of service at all."""
        if kind not in self.kinds:
            return np.zeros(len(self.names), bool)
        return np.asarray(self.terms.covered[self.term[:, :, self.kinds.index(kind)]].any(axis=(1, 2)))

    def code(self, plan: str | None, coverage_type: str | None) -> int:
        """Index of a plan by name among those of a coverage type, or of the type's default; -1 for the uninsured."""
        mine = [index for index, kind in enumerate(self.coverage_types) if kind == coverage_type]
        named = (index for index in mine if plan is not None and _plain(self.names[index]) == _plain(plan))
        usual = (index for index in mine if self.designs[index].get("default"))
        return next(named, next(usual, mine[0] if mine else -1))

    def codes(self, plan: Text, coverage_type: Text) -> NDArray[np.int64]:
        """`code` for columns."""
        types, plans = [*coverage_type.values.to_pylist(), None], [*plan.values.to_pylist(), None]
        table = np.array([[self.code(name, kind) for name in plans] for kind in types], np.int64)
        return np.asarray(table[coverage_type.codes, plan.codes])

    def is_foreign(self, plan: str | None, coverage_type: str | None) -> bool:
        """Whether there is a plan of a name, and none of the coverage type."""
        named = zip(self.names, self.coverage_types, strict=True)
        known = [kind for name, kind in named if plan is not None and _plain(name) == _plain(plan)]
        return bool(known) and coverage_type not in known

    def describes(self, plan: str) -> bool:
        """Whether there is a plan of a name."""
        return _plain(plan) in map(_plain, self.names)

    def are_foreign(self, plan: Text, coverage_type: Text) -> NDArray[np.bool_]:
        """`is_foreign` for columns."""
        types, plans = [*coverage_type.values.to_pylist(), None], [*plan.values.to_pylist(), None]
        table = np.array([[self.is_foreign(name, kind) for name in plans] for kind in types], bool)
        return np.asarray(table[coverage_type.codes, plan.codes])

    def given(self, name: str, default: Any = None) -> list[Any]:
        """An entry of every design."""
        return [design.get(name, default) for design in self.designs]

    def text(self, code: NDArray[Any], name: str) -> Text:
        """An entry of each row's design, as text."""
        return Text.of(self.given(name))[code]


def in_year(amount: Any, year: int) -> Any:
    """Dollars of an amount in a year: those of the latest year stated that has begun, else of the first; None for none.

    Examples:
        >>> in_year({"2025": 590, "2026": 615}, 2027), in_year({"2025": 590, "2026": 615}, 2024), in_year(30, 2024)
        (615, 590, 30)
    """
    if not isinstance(amount, Mapping):
        return amount
    stated = sorted((int(begun), dollars) for begun, dollars in amount.items())
    return next((dollars for begun, dollars in reversed(stated) if begun <= year), stated[0][1])


def _plain(name: str) -> str:
    return name.lower().replace("-", " ").replace("_", " ").strip()


def _compiled(
    names: Sequence[str],
    designs: Sequence[Design],
    kinds: Mapping[str, Mapping[str, Mapping[str, Any]]],
    self_only: Any,
) -> Plans:
    years = _years([*designs, *kinds.values(), self_only])
    stated, codes = list[Mapping[str, Any]](), np.zeros((len(designs), 2, len(kinds), TIERS), np.int64)
    rows, deductibles, limits = list[tuple[int, int, str, Mapping[str, Any]]](), [], []
    for index, design in enumerate(designs):
        sides = [design["in"], design.get("out") or design["in"]]
        base = len(rows)
        rows += [(index, network, WHOLE, side) for network, side in enumerate(sides)]
        apart = design.get("apart") or {}
        rows += [(index, IN, name, part) for name, part in apart.items()]
        place = {s: base + 2 + at for at, part in enumerate(apart.values()) for s in part["services"]}
        for network, side in enumerate(sides):
            of_kind = [_of_kind(side, kind, usual.get(design["coverage_type"])) for kind, usual in kinds.items()]
            for at, term in enumerate(of_kind):
                for tier, complete in _by_tier(term):
                    codes[index, network, at, tier] = len(stated)
                    stated.append(complete)
            deductibles.append([_where(place, kind, "deductible", rows, base + network) for kind in kinds])
            limits.append([_where(place, kind, "out_of_pocket", rows, base + network) for kind in kinds])
    shape = (len(designs), 2, len(kinds))
    return Plans(
        names=tuple(names),
        designs=tuple(designs),
        usual=kinds,
        self_only=self_only,
        years=np.array(years, np.int64),
        terms=_terms(stated, years),
        term=codes,
        buckets=_buckets(rows, years),
        deductible_bucket=np.array(deductibles, np.int64).reshape(shape),
        limit_bucket=np.array(limits, np.int64).reshape(shape),
        self_only_limit=np.array(
            [_by_year(self_only if "aca" in design.get("rules", ()) else None, years, NO_LIMIT) for design in designs],
            np.int64,
        ).reshape(len(designs), len(years)),
    )


def _of_kind(side: Mapping[str, Any], kind: str, usual: Mapping[str, Any] | None) -> Mapping[str, Any]:
    term = side.get("services", {}).get(kind, usual)
    if term is None:
        return {"covered": False}
    if kind == _STAY and side.get("stay_deductible"):
        return {**term, "copay": side["stay_deductible"], "per": PER[BENEFIT_PERIOD]}
    return dict(term)


def _by_tier(term: Mapping[str, Any]) -> list[tuple[int | slice, Mapping[str, Any]]]:
    """The terms of a kind whatever the tier, then those of the tiers that have some of their own."""
    own = {name: value for name, value in term.items() if name != "tiers"}
    tiers = term.get("tiers") or {}
    return [(slice(None), own), *((int(tier), {**own, **stated}) for tier, stated in tiers.items())]


def _where(place: Mapping[str, int], kind: str, limit: str, rows: Sequence[Any], usual: int) -> int:
    """The bucket of a kind: the one apart, where that states the limit, else the network's."""
    apart = place.get(kind)
    return apart if apart is not None and rows[apart][3].get(limit) is not None else usual


def _terms(stated: Sequence[Mapping[str, Any]], years: Sequence[int]) -> Terms:
    def each(name: str, default: Any, scale: int = 1) -> NDArray[np.int64]:
        return np.array([round(scale * term.get(name, default)) for term in stated], np.int64)

    def amounts(name: str, default: int | np.int64) -> Cents:
        return np.array([_by_year(term.get(name), years, default) for term in stated], np.int64)

    return Terms(
        covered=np.array([term.get("covered", True) for term in stated], bool),
        copay=amounts("copay", 0),
        per=np.array([PER.index(term.get("per", PER[VISIT])) for term in stated], np.int64),
        days=each("days", 366),
        most=each("most", 1, 1000),
        coinsurance=each("coinsurance", 0, 1000),
        deductible=np.array([term.get("deductible", False) for term in stated], bool),
        penalty=amounts("penalty", 0),
        maximum=amounts("maximum", NO_LIMIT),
    )


def _buckets(rows: Sequence[tuple[int, int, str, Mapping[str, Any]]], years: Sequence[int]) -> Buckets:
    def limits(name: str, unsaid: Mapping[str, int]) -> Cents:
        stated = [[(side.get(name) or {}).get(level) for level in LEVELS] for _, _, _, side in rows]
        by_year = [[_by_year(amount, years, unsaid[level]) for level, amount in zip(LEVELS, pair, strict=True)]
                   for pair in stated]  # fmt: skip
        return np.array(by_year, np.int64).reshape(len(rows), 2, len(years)).transpose(0, 2, 1)

    aggregate = [
        [bool((side.get(name) or {}).get("aggregate")) for name in ("deductible", "out_of_pocket")]
        for _, _, _, side in rows
    ]
    plan, network, benefit = ([row[at] for row in rows] for at in range(3))
    return Buckets(
        np.array(plan, np.int64), np.array(network, np.int64), tuple(map(str, benefit)),
        limits("deductible", {"individual": 0, "family": int(NO_LIMIT)}),
        limits("out_of_pocket", dict.fromkeys(LEVELS, int(NO_LIMIT))), np.array(aggregate, bool).reshape(-1, 2),
    )  # fmt: skip


def _by_year(amount: Any, years: Sequence[int], unsaid: int | np.int64) -> list[int]:
    dollars = [in_year(amount, year) for year in years] if isinstance(amount, Mapping) else [amount] * len(years)
    return [int(unsaid) if value is None else round(100 * value) for value in dollars]


def _years(amounts: Sequence[Any]) -> list[int]:
    """Every year of which some amount is stated."""

    def stated(value: Any) -> set[int]:
        if not isinstance(value, Mapping):
            return set()
        inner = set[int]().union(*map(stated, value.values()))
        by_year = bool(value) and all(isinstance(name, str) and len(name) == 4 and name.isdigit() for name in value)
        return inner | ({int(name) for name in value} if by_year else set())

    return sorted(set[int]().union(*map(stated, amounts))) or [0]
