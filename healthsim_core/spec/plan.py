"""A plan of benefits: what it covers by kind of service, what people pay, and the limits that this counts towards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AliasChoices, Field, StrictBool, field_validator, model_validator

from healthsim_core.benefits.plans import UNINSURED, WHOLE, in_year
from healthsim_core.codes import value_set
from healthsim_core.errors import SpecificationError
from healthsim_core.spec.base import Checked, Document, Findings, Specification
from healthsim_core.spec.schema import never_null

YEAR = r"^(19|20|21)\d\d$"
TIER = r"^[1-9]$"
BENEFIT = r"^[a-z][a-z0-9_]*$"
_MOST = 10_000_000  # dollars
MOST_NAME = 100  # characters of a plan's name
Dollars = Annotated[float, Field(strict=True, ge=0, le=_MOST)]
Year = Annotated[str, Field(pattern=YEAR)]
Amount = Dollars | Annotated[dict[Year, Dollars], Field(min_length=1)]
Limit = Dollars | Annotated[dict[Year, Dollars | None], Field(min_length=1)] | None
Share = Annotated[float, Field(strict=True, ge=0, le=1)]


def _code_of(codes: str) -> Callable[[str], str]:
    """A validator of codes of a value set, which writes them as the set does."""

    def code(value: str) -> str:
        findings = Findings()
        try:
            return value_set(codes).require(value)
        except SpecificationError as error:
            findings.add(error.what, error.remedy, value=value)
        findings.tell()
        return value

    return code


CoverageType = Annotated[str, AfterValidator(_code_of("coverage-type"))]
InsuranceLine = Annotated[str, AfterValidator(_code_of("insurance-line"))]
Filing = Annotated[str, AfterValidator(_code_of("claim-filing"))]

_STATED: Any = Field(default=None, json_schema_extra=never_null)  # left out or stated, and null says nothing


KINDS = {
    "commercial": "Commercial",
    "medicare": "Medicare",
    "medicare_advantage": "Medicare",
    "medicaid": "Medicaid",
    "managed_medicaid": "Medicaid",
}


class LimitsSpecification(Checked):
    """A yearly limit of one person and of a family; null is none.

    With `aggregate` a family has its own limit alone, and none for each of its members.
    """

    individual: Limit = None
    family: Limit = None
    aggregate: StrictBool = False

    def _check(self, findings: Findings) -> None:
        if self.aggregate and self.family is None:
            what = "a family is to meet its limit together, and has none."
            findings.add(what, 'State "family", or leave "aggregate" out.', "family")
        for year in _years_of(self.individual, self.family):
            one, family = in_year(self.individual, year or 0), in_year(self.family, year or 0)
            if one is not None and family is not None and family < one:
                when = f" in {year}" if year else ""
                what = f"the family's {family:,g}{when} is less than the {one:,g} of one of its members."
                findings.add(what, f"Give at least {one:,g}, or null for no limit.", "family", value=family)
                return


def _years_of(*amounts: Any) -> list[int | None]:
    years = {int(year) for amount in amounts if isinstance(amount, Mapping) for year in amount}
    return [*sorted(years)] or [None]


class TierSpecification(Specification):
    """What people pay for a kind of service, or for its drugs of a tier."""

    copay: Amount | None = _STATED
    per: Literal["visit", "day", "month"] | None = _STATED
    days: Annotated[int, Field(strict=True, ge=1, le=366)] | None = _STATED
    most: Share | None = _STATED
    coinsurance: Share | None = _STATED
    deductible: StrictBool | None = _STATED
    penalty: Amount | None = _STATED
    maximum: Amount | None = _STATED
    covered: StrictBool | None = _STATED

    @field_validator("*", mode="before")
    @classmethod
    def _stated(cls, value: Any) -> Any:
        if value is None:
            raise ValueError("null says nothing here; leave the entry out")
        return value


class TermSpecification(TierSpecification):
    """The terms of a kind of service; those of a tier complete them."""

    tiers: dict[Annotated[str, Field(pattern=TIER)], TierSpecification] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _days_are_counted(self) -> TermSpecification:
        findings = Findings()
        self._check_days(self, findings)
        for name, tier in self.tiers.items():
            self._check_days(tier, findings, "tiers", name)
        findings.tell()
        return self

    def _check_days(self, term: TierSpecification, findings: Findings, *path: str) -> None:
        if term.days is not None and (term.per or self.per) != "day":
            what = "days are counted where a copay is due by the day, and this one is not."
            findings.add(what, 'Add "per": "day", or leave "days" out.', *path, "days", value=term.days)


class NetworkSpecification(Checked):
    """What a plan says of care in its network, or out of it."""

    deductible: LimitsSpecification | None = None
    out_of_pocket: LimitsSpecification | None = None
    stay_deductible: Amount | None = None
    services: dict[str, TermSpecification] = Field(default_factory=dict)

    def _check(self, findings: Findings) -> None:
        for level in ("individual", "family"):
            asked, most = (getattr(limit, level, None) for limit in (self.deductible, self.out_of_pocket))
            for year in _years_of(asked, most):
                due, limit = in_year(asked, year or 0), in_year(most, year or 0)
                if due is not None and limit is not None and due > limit:
                    when = f" in {year}" if year else ""
                    what = f"the deductible of {due:,g}{when} is above the out-of-pocket limit of {limit:,g}."
                    findings.add(what, f"Give at most {limit:,g}.", "deductible", level, value=due)
                    break


class ApartSpecification(Checked):
    """Kinds of service with a deductible, an out-of-pocket limit or both of their own."""

    services: list[str] = Field(min_length=1)
    deductible: LimitsSpecification | None = None
    out_of_pocket: LimitsSpecification | None = None

    def _check(self, findings: Findings) -> None:
        if self.deductible is None and self.out_of_pocket is None:
            what = "these services have neither a deductible nor an out-of-pocket limit of their own."
            findings.add(what, 'State "deductible" or "out_of_pocket", or leave the entry out.')


class FilingSpecification(Specification):
    """The filing indicators of a plan's claims: professional, institutional, pharmacy."""

    P: Filing
    I: Filing  # noqa: E741  # the letter that claims are told apart by
    R: Filing


class PlanSpecification(Document):
    """A plan of benefits.

    Amounts are dollars, or dollars by year: those of the latest year stated that has begun count, else the first.
    `apart` names kinds of service that have accumulators of their own; `rules` the laws that the plan keeps.
    """

    document_kind = "plan"

    plan: str = Field(default="", max_length=MOST_NAME)
    description: str = ""
    coverage_type: CoverageType
    kind: Literal["commercial", "medicare", "medicare_advantage", "medicaid", "managed_medicaid"]
    default: StrictBool = False
    individual: StrictBool = False
    insurance_line: InsuranceLine | None = None
    filing: FilingSpecification | None = None
    out_of_network: Literal["denied"] | None = None
    exempt_below_age: Annotated[int, Field(strict=True, ge=0, le=120)] | None = None
    rules: list[Literal["aca", "hsa"]] = Field(default_factory=list)
    within: NetworkSpecification = Field(validation_alias=AliasChoices("in", "within"), serialization_alias="in")
    out: NetworkSpecification | None = None
    apart: dict[Annotated[str, Field(pattern=BENEFIT)], ApartSpecification] = Field(default_factory=dict)
    source: str = ""

    @property
    def design(self) -> dict[str, Any]:
        """The plan as plain JSON, without what it leaves unsaid, and dollars without cents as whole numbers."""
        design: dict[str, Any] = _in_whole_dollars(self.model_dump(mode="json", by_alias=True, exclude_unset=True))
        return design

    @field_validator("coverage_type")
    @classmethod
    def _insured(cls, value: str) -> str:
        if value == UNINSURED:
            findings, kinds = Findings(), value_set("coverage-type").codes
            findings.add("the uninsured have no plan.", f"Use {', '.join(k for k in kinds if k != UNINSURED)}.")
            findings.tell()
        return value

    @model_validator(mode="after")
    def _kind_of_its_type(self) -> PlanSpecification:
        findings, theirs = Findings(), KINDS[self.kind]
        if self.coverage_type != theirs:
            what = f'"{self.kind}" is a kind of {theirs} plans, and this one is of {self.coverage_type}.'
            kinds = [kind for kind, coverage_type in KINDS.items() if coverage_type == self.coverage_type]
            findings.add(what, f"Use {' or '.join(kinds)}.", "kind", value=self.kind)
        findings.tell()
        return self

    @model_validator(mode="after")
    def _apart_once(self) -> PlanSpecification:
        findings = Findings()
        if WHOLE in self.apart:
            what = f'"{WHOLE}" is what the accumulators of the whole plan are called.'
            findings.add(what, "Choose another name.", "apart", WHOLE)
        times = Counter(service for _, service in self._services_apart())
        seen = set[str]()
        for path, service in self._services_apart():
            if times[service] > 1 and service in seen:
                what = f'"{service}" is apart twice.'
                findings.add(what, "Name it once: it counts towards one deductible.", *path, value=service)
            seen.add(service)
        findings.tell()
        return self

    def _services_apart(self) -> Iterator[tuple[tuple[int | str, ...], str]]:
        for name, part in self.apart.items():
            yield from ((("apart", name, "services", at), service) for at, service in enumerate(part.services))


def _in_whole_dollars(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _in_whole_dollars(inner) for name, inner in value.items()}
    return int(value) if isinstance(value, float) and value.is_integer() else value
