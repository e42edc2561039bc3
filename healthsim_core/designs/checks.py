"""What is wrong in a plan of benefits that its own document cannot tell: kinds of service that nobody knows, and laws
that the plan says it keeps and does not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import attrs

from healthsim_core.benefits.law import kinds_of_service, law
from healthsim_core.benefits.plans import in_year
from healthsim_core.catalog import Catalog
from healthsim_core.errors import SpecificationError, suggestion
from healthsim_core.spec.plan import LimitsSpecification, NetworkSpecification, PlanSpecification

LEVELS = ("individual", "family")
Kinds = Mapping[str, Mapping[str, Mapping[str, Any]]]


def mistakes_of_plan(plan: PlanSpecification, kinds: Kinds, within: str = "") -> Iterator[SpecificationError]:
    """Everything that is wrong in a plan, given what is known of services and laws.

    Args:
        plan: The plan.
        kinds: Kinds of service that somebody knows: by coverage type, the terms of plans that do not name them.
        within: The path of the plan in its document, with a dot at the end.
    """
    checked = _Checked(plan, kinds, within)
    yield from checked.unknown_services()
    for at, rule in enumerate(plan.rules):
        if plan.coverage_type != "Commercial":
            what = f'"{rule}" is a law of Commercial plans, and this one is of {plan.coverage_type}.'
            yield SpecificationError(what, f"{within}rules[{at}]", "Leave it out.")
        else:
            yield from checked.aca() if rule == "aca" else checked.hsa()


def checked_plan(file: str, catalog: Catalog) -> PlanSpecification:
    """The plan that a JSON file holds.

    Raises:
        SpecificationError: Every mistake of it, those that only laws and what is installed can tell among them.
    """
    return PlanSpecification.read(file, check=lambda plan: mistakes_of_plan(plan, catalog.service_kinds))


@attrs.frozen
class _Checked:
    plan: PlanSpecification
    kinds: Kinds
    within: str

    def unknown_services(self) -> Iterator[SpecificationError]:
        """Kinds of service that nobody knows."""
        written = [(f"{name}.services.{kind}", kind) for name, side in self._sides for kind in side.services]
        written += [
            (f"apart.{name}.services[{at}]", kind)
            for name, part in self.plan.apart.items()
            for at, kind in enumerate(part.services)
        ]
        for path, kind in written:
            if kind not in self.kinds:
                known = suggestion(kind, self.kinds) or f"Known: {', '.join(sorted(self.kinds))}."
                yield SpecificationError(f'nobody knows a kind of service "{kind}".', self.within + path, known)

    def aca(self) -> Iterator[SpecificationError]:
        """Out-of-pocket limits in network above those of 45 CFR 156.130."""
        yield from self._above(law("aca"), "45 CFR 156.130")

    def hsa(self) -> Iterator[SpecificationError]:
        """What makes a plan no high-deductible health plan of IRC 223(c)(2)."""
        figures = law("hsa")
        least = figures["least_deductible"]
        yield from self._below("in.deductible", self.plan.within.deductible, least)
        for name, part in self.plan.apart.items():
            if part.deductible is not None and not set(part.services) <= set(figures["before_deductible"]):
                yield from self._below(f"apart.{name}.deductible", part.deductible, least)
        yield from self._above(figures["most_out_of_pocket"], "IRC 223(c)(2)(A)(ii)")
        yield from self._before_deductible(figures["before_deductible"])

    @property
    def _sides(self) -> list[tuple[str, NetworkSpecification]]:
        return [("in", self.plan.within), *([("out", self.plan.out)] if self.plan.out is not None else [])]

    @property
    def _levels(self) -> tuple[str, ...]:
        return LEVELS[:1] if self.plan.individual else LEVELS

    def _above(self, most: Mapping[str, Any], source: str) -> Iterator[SpecificationError]:
        """Limits of what people pay in network, drugs apart among it, that are above those of a law."""
        core = kinds_of_service()
        apart = [
            part.out_of_pocket
            for part in self.plan.apart.values()
            if part.out_of_pocket is not None and not core.keys().isdisjoint(part.services)
        ]
        for level in self._levels:
            limits = [getattr(limit, level, None) for limit in (self.plan.within.out_of_pocket, *apart)]
            for year in _years(most[level], *limits):
                parts, allowed = [in_year(limit, year) for limit in limits], in_year(most[level], year)
                if None in parts or sum(parts) > allowed:
                    pays = "without limit" if None in parts else f"{sum(parts):,g} dollars"
                    also = " with what is apart" if apart else ""
                    what = f"{_whose(level)} may pay {pays} in {year}{also}, and {source} allows {allowed:,g}."
                    yield self._mistake(what, f"in.out_of_pocket.{level}", f"Give at most {allowed:,g} in {year}.")
                    break

    def _below(
        self, path: str, deductible: LimitsSpecification | None, least: Mapping[str, Any]
    ) -> Iterator[SpecificationError]:
        """Deductibles that are below the least, and a person's own within a family below the least of a family."""
        for level in self._levels:
            yield from self._first_below(path, level, getattr(deductible, level, None), least[level])
        one, family = getattr(deductible, "individual", None), getattr(deductible, "family", None)
        if family is None or self.plan.individual or getattr(deductible, "aggregate", False):
            return
        for year in _years(least["family"], one):
            own, lowest = in_year(one, year), in_year(least["family"], year)
            if own is not None and in_year(least["individual"], year) <= own < lowest:
                what = (
                    f"one member of a family is done at {own:,g} in {year}, "
                    f"below the least family deductible of {lowest:,g}."
                )
                remedy = f'Say "aggregate": true, or give at least {lowest:,g}.'
                yield self._mistake(what, f"{path}.individual", remedy)
                return

    def _first_below(self, path: str, level: str, stated: Any, least: Any) -> Iterator[SpecificationError]:
        for year in _years(least, stated):
            own, lowest = in_year(stated, year) or 0, in_year(least, year)
            if own < lowest:
                what = (
                    f"the deductible of {_whose(level)} is {own:,g} in {year}, and IRC 223(c)(2)(A)(i) asks for more."
                )
                yield self._mistake(what, f"{path}.{level}", f"Give at least {lowest:,g} in {year}.")
                return

    def _before_deductible(self, spared: list[str]) -> Iterator[SpecificationError]:
        """Services that the plan pays for before the deductible, other than prevention."""
        for name, side in self._sides:
            for kind, usual in self.kinds.items():
                stated = side.services.get(kind)
                terms = stated.model_dump(exclude_unset=True) if stated else usual.get(self.plan.coverage_type)
                if terms is None or kind in spared or terms.get("covered") is False:
                    continue
                each = {tier: terms | own for tier, own in (terms.get("tiers") or {"": {}}).items()}
                free = [tier for tier, term in each.items() if not term.get("deductible")]
                if free:
                    of_tier = f" of tier {free[0]}" if free[0] else ""
                    unsaid = "" if stated else ", by the usual terms of plans that do not name it"
                    what = f'"{kind}"{of_tier} is paid for before the deductible{unsaid}.'
                    remedy = 'Say "deductible": true: IRC 223(c)(2) spares prevention and insulin alone.'
                    yield self._mistake(what, f"{name}.services.{kind}", remedy)

    def _mistake(self, what: str, path: str, remedy: str) -> SpecificationError:
        return SpecificationError(what, self.within + path, remedy)


def _whose(level: str) -> str:
    return "one person" if level == "individual" else "a family"


def _years(figures: Mapping[str, Any], *stated: Any) -> list[int]:
    """The years of which a plan may break a law: from the first of which both speak, to the law's last known one."""
    of_law = sorted(map(int, figures))
    of_plan = [sorted(map(int, amount)) for amount in stated if isinstance(amount, Mapping)]
    first = max([of_law[0], *(years[0] for years in of_plan)])
    return sorted({year for years in (of_law, *of_plan) for year in years if first <= year <= of_law[-1]})
