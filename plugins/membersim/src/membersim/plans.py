"""Benefit designs as arrays: limits and cost sharing by plan, network and kind of service."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from healthsim_core import Mistakes, Run, SpecificationError, Text, value_set
from membersim.facts import document
from membersim.plan_design import SERVICES, design_mistakes

IN, OUT = 0, 1
NETWORKS = ("in", "out")
NO_LIMIT = np.int64(1) << 50  # cents; stands for "no limit"
UNINSURED = "uninsured"  # a coverage type without plans

Cents = NDArray[np.int64]


@attrs.frozen(eq=False)
class Plans:
    """All plan designs of a run; the first axis of every array is the plan, the second the network (in, out).

    Attributes:
        names: Plan names.
        designs: The designs as written.
        deductible: Cents (plans, 2, 2): individual, family.
        out_of_pocket: Cents (plans, 2, 2): individual, family; NO_LIMIT for none.
        stay_deductible: Cents (plans, 2) a benefit period (Medicare Part A).
        copay: Cents (plans, 2, services).
        copay_days: Days (plans, 2, services) on which the copay is due; 0 for once a visit or stay.
        coinsurance: Thousandths (plans, 2, services).
        deductible_applies: Boolean (plans, 2, services).
    """

    names: tuple[str, ...]
    designs: tuple[Mapping[str, Any], ...]
    deductible: Cents
    out_of_pocket: Cents
    stay_deductible: Cents
    copay: Cents
    copay_days: Cents
    coinsurance: Cents
    deductible_applies: NDArray[np.bool_]

    @classmethod
    def of(cls, run: Run) -> Plans:
        """The bundled designs and those of `products.membersim.plans` of the profile or scenario."""
        own = run.settings.get("membersim", {}).get("plans", {})
        kinds = {name: value_set("coverage-type").canonical(design["coverage_type"]) for name, design in own.items()}
        return cls._made(
            {**_bundled(), **{name: {**design, "coverage_type": kinds[name]} for name, design in own.items()}}
        )

    @classmethod
    def _made(cls, designs: Mapping[str, Any]) -> Plans:
        sides = [[design["in"], design.get("out", design["in"])] for design in designs.values()]
        terms = [[[side.get("services", {}).get(name, {}) for name in SERVICES] for side in pair] for pair in sides]
        return cls(
            names=tuple(designs),
            designs=tuple(designs.values()),
            deductible=_limits(sides, "deductible"),
            out_of_pocket=_limits(sides, "out_of_pocket"),
            stay_deductible=_each(sides, lambda side: round(100 * side.get("stay_deductible", 0))),
            copay=_term(terms, lambda term: round(100 * term.get("copay", 0))),
            copay_days=_term(terms, lambda term: term.get("days", 0)),
            coinsurance=_term(terms, lambda term: round(1000 * term.get("coinsurance", 0))),
            deductible_applies=_term(terms, lambda term: term.get("deductible", False)).astype(bool),
        )

    def code(self, plan: str | None, coverage_type: str | None) -> int:
        """Index of the design of a plan by name among those of a coverage type, or of the type's default;
        -1 for the uninsured."""
        mine = [index for index, design in enumerate(self.designs) if design["coverage_type"] == coverage_type]
        named = (index for index in mine if plan is not None and _plain(self.names[index]) == _plain(plan))
        usual = (index for index in mine if self.designs[index].get("default"))
        return next(named, next(usual, mine[0] if mine else -1))

    def codes(self, plan: Text, coverage_type: Text) -> NDArray[np.int64]:
        """`code` for columns.

        Raises:
            SpecificationError: Somebody's plan is a design of another coverage type.
        """
        types, plans = [*coverage_type.values.to_pylist(), None], [*plan.values.to_pylist(), None]
        for kind, name in np.unique(np.stack([coverage_type.codes, plan.codes]), axis=1).T.tolist():
            if self.is_foreign(plans[name], types[kind]):
                what = f'"{plans[name]}" is not a plan of {types[kind]}, and some of its people are.'
                raise SpecificationError(
                    what, f"products.membersim.plans.{plans[name]}.coverage_type", "Give them another plan."
                )
        table = np.array([[self.code(name, kind) for name in plans] for kind in types], np.int64)
        return table[coverage_type.codes, plan.codes]

    def is_foreign(self, plan: str | None, coverage_type: str | None) -> bool:
        """Whether there is a design of a plan's name, and none of the coverage type."""
        named = zip(self.names, self.designs, strict=True)
        known = [design["coverage_type"] for name, design in named if plan is not None and _plain(name) == _plain(plan)]
        return bool(known) and coverage_type not in known

    def given(self, name: str, default: Any = None) -> list[Any]:
        """An entry of every design."""
        return [design.get(name, default) for design in self.designs]

    def text(self, code: NDArray[Any], name: str) -> Text:
        """An entry of each row's design, as text."""
        return Text.of(self.given(name))[code]


def _bundled() -> dict[str, Any]:
    plans: dict[str, Any] = document("plans")["plans"]
    return plans


def _plain(name: str) -> str:
    return name.lower().replace("-", " ").replace("_", " ").strip()


def _cents(dollars: float | None) -> int:
    return int(NO_LIMIT) if dollars is None else round(100 * dollars)


def _limits(sides: list[list[Any]], name: str) -> Cents:
    levels = ("individual", "family")
    return np.array(
        [[[_cents(side.get(name, {}).get(level)) for level in levels] for side in pair] for pair in sides], np.int64
    )


def _each(sides: list[list[Any]], value: Any) -> Cents:
    return np.array([[value(side) for side in pair] for pair in sides], np.int64)


def _term(terms: list[list[list[Any]]], value: Any) -> Cents:
    return np.array([[[value(term) for term in side] for side in pair] for pair in terms], np.int64)


def accepted(run: Run) -> dict[str, tuple[str, ...]]:
    """Nothing that parameters have to be; the plans of the settings are found to be such as can be used.

    Raises:
        SpecificationError: Some plan is not.
    """
    mistakes = Mistakes()
    own = run.settings.get("membersim", {}).get("plans", {})
    if not isinstance(own, Mapping):
        where = "products.membersim.plans"
        raise SpecificationError(f"{own!r:.60} is not a mapping.", where, "Give each plan's design by its name.")
    for name, design in own.items():
        for mistake in _mistakes(name, design):
            with mistakes.caught():
                raise mistake
    mistakes.tell()
    return {}


def _mistakes(name: str, design: Any) -> Iterator[SpecificationError]:
    where = f"products.membersim.plans.{name}"
    mistakes = list(design_mistakes(design, where))
    yield from mistakes
    if not any(mistake.where in (where, f"{where}.coverage_type") for mistake in mistakes):
        kind, bundled = value_set("coverage-type").canonical(design["coverage_type"]), _bundled().get(name)
        if kind == UNINSURED or (bundled and bundled["coverage_type"] != kind):
            is_of = f'"{name}" is a plan of {bundled["coverage_type"]}' if bundled else "the uninsured have no plan"
            yield SpecificationError(
                f"{is_of}.", f"{where}.coverage_type", "Name another type, or give the plan another name."
            )
