"""A profile: who the people are."""

from __future__ import annotations

import datetime
from typing import Annotated, Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import AliasChoices, BeforeValidator, Field, field_validator, model_validator

from healthsim_core.spec.ages import check_written_age
from healthsim_core.spec.base import Document, Findings, Specification
from healthsim_core.spec.coded import coded_texts
from healthsim_core.spec.coverage import CoverageSpecification
from healthsim_core.spec.distribution import Condition, Constant, Distribution
from healthsim_core.spec.distribution.parameters import check_bands
from healthsim_core.spec.household import MOST_MEMBERS, greatest_count
from healthsim_core.spec.reserved import find_reserved
from healthsim_core.spec.schema import Or, or_one
from healthsim_core.spec.wording import ICD_10

Validation = Literal["strict", "warn", "none"]
Probability = Annotated[float, Field(ge=0, le=1)]
ROLES = ("individual", "subscriber", "spouse", "dependent", "newborn")
_LEAST_EIGENVALUE = 1e-9


def _five_digits(value: Any) -> Any:
    """A FIPS code; one that lost its zeros is told which it is."""
    text = str(value)
    if text.isdigit() and len(text) <= 5 and (isinstance(value, int) or len(text) == 4):
        what = (
            "a number, and a FIPS code is a text"
            if isinstance(value, int)
            else "four digits of the five of a FIPS code"
        )
        raise ValueError(f'{text} is {what}; write "{text:0>5}"')
    return value


Fips = Annotated[str, BeforeValidator(_five_digits), Field(pattern=r"^\d{5}$")]


class ReferenceSpecification(Specification):
    """A place whose published facts stand in for what the profile leaves unsaid."""

    type: Literal["county"] = "county"
    fips: Fips = Field(validation_alias=AliasChoices("fips", "code"))


class GeographySpecification(Specification):
    """Where people live: one county, or several by weight."""

    type: Literal["county"] = "county"
    fips: Fips | None = Field(default=None, validation_alias=AliasChoices("fips", "county", "code"))
    counties: dict[str, Annotated[float, Field(ge=0)]] | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> GeographySpecification:
        if (self.fips is None) == (self.counties is None):
            raise ValueError(
                'there is not one of "fips" and "counties"; say "fips" (one county) or "counties" (FIPS code to weight)'
            )
        return self


def _possible_age(value: Any) -> Any:
    findings = Findings()
    check_written_age(value, findings)
    findings.tell()
    return value


def _free_names(value: Any) -> Any:
    findings = Findings()
    find_reserved(value, findings)
    findings.tell()
    return value


class DemographicsSpecification(Specification):
    """Age, sex and origin."""

    age: Distribution | None = None
    sex: Distribution | None = Field(default=None, validation_alias=AliasChoices("sex", "gender"))
    race: Distribution | None = None
    ethnicity: Distribution | None = None
    language: Distribution | None = None
    geography: GeographySpecification | None = None
    source: str | None = None
    reference: ReferenceSpecification | None = None

    _ages = field_validator("age")(_possible_age)
    _codes = field_validator("sex", "race", "ethnicity", "language")(coded_texts)


class ConditionSpecification(Specification):
    """A condition that people may have.

    `prevalence` is a probability, or probabilities by age band; `when` restricts it to those for whom it holds.
    """

    code: str = Field(pattern=ICD_10)
    description: str | None = None
    prevalence: Probability | dict[str, Probability] = 1.0
    severity: Distribution | None = None
    when: Condition | None = None

    @field_validator("prevalence")
    @classmethod
    def _bands_parse(cls, value: Any) -> Any:
        findings = Findings()
        check_bands(value if isinstance(value, dict) else (), findings)
        findings.tell()
        return value


def _coded(value: Any) -> Any:
    return {"code": value} if isinstance(value, str) else value


ConditionByCode = Annotated[ConditionSpecification, BeforeValidator(_coded), Or({"type": "string", "pattern": ICD_10})]


class ClinicalSpecification(Specification):
    """Conditions with their severity, and baseline laboratory values."""

    primary_condition: ConditionByCode | None = None
    comorbidities: list[ConditionByCode] = Field(default_factory=list)
    conditions: list[ConditionByCode] = Field(default_factory=list)
    severity: Distribution | None = None
    lab_values: dict[str, Distribution] = Field(default_factory=dict)

    _free = field_validator("lab_values")(_free_names)


class MemberSpecification(Specification):
    """One position in a household; or with `count`, as many dependents as that gives, each with its own draws."""

    role: Literal["subscriber", "spouse", "dependent"]
    count: Distribution | None = None
    age: Distribution | None = None
    sex: Distribution | None = Field(default=None, validation_alias=AliasChoices("sex", "gender"))
    conditions: list[ConditionByCode] = Field(default_factory=list)
    probability: Probability = 1.0
    disabled: bool = False
    attributes: dict[str, Distribution] = Field(default_factory=dict)

    _ages = field_validator("age")(_possible_age)
    _codes = field_validator("sex")(coded_texts)
    _free = field_validator("attributes")(_free_names)

    @field_validator("count")
    @classmethod
    def _few_whole_numbers(cls, value: Any) -> Any:
        if value is not None:
            greatest_count(value)
        return value

    @model_validator(mode="after")
    def _counted_dependents(self) -> MemberSpecification:
        findings = Findings()
        if self.count is not None and self.role != "dependent":
            findings.add(f"a household has no number of {self.role}s.", "Leave it out.", "count")
        if self.count is not None and "probability" in self.model_fields_set:
            findings.add(
                "both count and probability say who is there.", "Leave one out: a count may be 0.", "probability"
            )
        findings.tell()
        return self


class Position(NamedTuple):
    """A position of a household.

    Attributes:
        member: What is written of it.
        where: The path of that.
        number: Which it is of those that the same `count` makes, from 1: it is there where the count reaches it.
    """

    member: MemberSpecification
    where: str
    number: int


class CorrelationSpecification(Specification):
    """Attributes that go together: the correlations of their normal scores (a Gaussian copula).

    `matrix` has a row and a column for each attribute, 1 on the diagonal.
    Each keeps the distribution that is stated for it.
    """

    attributes: list[str] = Field(min_length=2, max_length=50)
    matrix: list[list[Annotated[float, Field(ge=-1, le=1)]]]

    @model_validator(mode="after")
    def _correlations(self) -> CorrelationSpecification:
        findings, size = Findings(), len(self.attributes)
        for index, name in enumerate(self.attributes):
            if name in self.attributes[:index]:
                findings.add(f'"{name}" is named twice.', "Name each attribute once.", "attributes", index, value=name)
        wrong = [index for index, row in enumerate(self.matrix) if len(row) != size]
        for index in wrong:
            what = f"the row has {len(self.matrix[index])} numbers for {size} attributes."
            findings.add(what, f"Give {size}, one for each attribute.", "matrix", index, value=self.matrix[index])
        if len(self.matrix) != size:
            findings.add(
                f"the matrix has {len(self.matrix)} rows for {size} attributes.",
                f"Give {size}.",
                "matrix",
                value=self.matrix,
            )
        elif not wrong:
            self._check_matrix(np.array(self.matrix), findings)
        findings.tell()
        return self

    def _check_matrix(self, matrix: NDArray[np.float64], findings: Findings) -> None:
        before = len(findings.found)
        for index in np.flatnonzero(np.diag(matrix) != 1).tolist():
            what = f'"{self.attributes[index]}" has a correlation of {matrix[index, index]:g} with itself.'
            findings.add(what, "Write 1 on the diagonal.", "matrix", index, index, value=float(matrix[index, index]))
        for row, column in np.argwhere(np.triu(matrix != matrix.T)).tolist():
            pair = f'"{self.attributes[row]}" and "{self.attributes[column]}"'
            what = (
                f"{pair} have two correlations, {matrix[row, column]:g} above the diagonal and "
                f"{matrix[column, row]:g} below."
            )
            findings.add(what, "Write the same twice.", "matrix", column, row, value=float(matrix[column, row]))
        least = float(np.linalg.eigvalsh(matrix)[0]) if len(findings.found) == before else 1.0
        if least < _LEAST_EIGENVALUE:
            names = ", ".join(self.attributes)
            what = (
                f"the correlations of {names} cannot hold together: the smallest eigenvalue of their matrix is "
                f"{least:.3g}, not above 0."
            )
            findings.add(what, "Bring them nearer to 0.", "matrix", value=self.matrix)


class JourneyReference(Specification):
    """A journey for the people of a profile."""

    template: str | None = Field(default=None, validation_alias=AliasChoices("template", "journey", "id"))
    inline: dict[str, Any] | None = None
    when: Condition | None = None
    member: str | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> JourneyReference:
        if (self.template is None) == (self.inline is None):
            raise ValueError(
                'there is not one of "template" and "inline"; say either "template" (a name) or "inline" (a journey)'
            )
        return self


def _by_name(value: Any) -> Any:
    if isinstance(value, str):
        return {"template": value}
    return {"inline": value} if isinstance(value, dict) and "events" in value else value


# a journey, whose own schema says the rest
_INLINE = {"type": "object", "required": ["events"], "not": {"required": ["inline"]}}
JourneyByName = Annotated[JourneyReference, BeforeValidator(_by_name), Or({"type": "string"}, _INLINE)]


class DateRange(Specification):
    """Any day from the first to the last, alike."""

    between: tuple[datetime.date, datetime.date]


MOST_NAMESPACE = 200  # characters


class GenerationSpecification(Specification):
    """How many, and by which seed."""

    count: int = Field(default=100, ge=0, le=1_000_000_000)
    seed: int = 1
    namespace: str | None = Field(default=None, max_length=MOST_NAMESPACE)
    as_of: datetime.date | None = None
    start: datetime.date | DateRange | None = None
    products: list[str] | None = None
    validation: Validation = "warn"


class ProfileSpecification(Document):
    """Who the people are.

    Examples:
        >>> ProfileSpecification.model_validate({"demographics": {"age": {"type": "uniform", "min": 65, "max": 90}}}).id
        'profile'
    """

    document_kind = "profile"

    id: str = Field(default="profile", pattern=r"^[A-Za-z0-9_-]+$")
    name: str = ""
    version: str = "1.0"
    description: str = ""
    generation: GenerationSpecification = Field(default_factory=GenerationSpecification)
    demographics: DemographicsSpecification = Field(default_factory=DemographicsSpecification)
    clinical: ClinicalSpecification = Field(default_factory=ClinicalSpecification)
    coverage: CoverageSpecification | None = None
    members: list[MemberSpecification] | None = Field(default=None, min_length=1, max_length=MOST_MEMBERS)
    attributes: dict[str, Distribution] = Field(
        default_factory=dict, validation_alias=AliasChoices("attributes", "custom")
    )
    correlate: list[CorrelationSpecification] = Field(default_factory=list, json_schema_extra=or_one)
    journeys: list[JourneyByName] = Field(
        default_factory=list, validation_alias=AliasChoices("journeys", "journey"), json_schema_extra=or_one
    )
    outputs: list[str] = Field(default_factory=list)
    source: str | None = None
    reference: ReferenceSpecification | None = None
    products: dict[str, dict[str, Any]] = Field(default_factory=dict)

    _free = field_validator("attributes")(_free_names)

    @field_validator("journeys", "correlate", mode="before")
    @classmethod
    def _one_is_a_list(cls, value: Any) -> Any:
        return value if isinstance(value, list) else [value]

    @property
    def positions(self) -> tuple[Position, ...]:
        """The positions of a household in order: a member that has a `count` takes as many as that may give."""
        members = self.members or [MemberSpecification(role="subscriber")]
        times = [1 if member.count is None else greatest_count(member.count) for member in members]
        return tuple(
            Position(member, f"members[{index}]", number)
            for index, (member, most) in enumerate(zip(members, times, strict=True))
            for number in range(1, most + 1)
        )

    @model_validator(mode="after")
    def _household_makes_sense(self) -> ProfileSpecification:
        findings, roles = Findings(), [member.role for member in self.members or []]
        if len(self.positions) > MOST_MEMBERS:
            what = f"a household may be of {len(self.positions)}."
            findings.add(what, f"At most {MOST_MEMBERS} fit: give smaller counts.", "members")
        if roles and roles.count("subscriber") != 1:
            findings.add(
                f"a household has one subscriber, not {roles.count('subscriber')}.",
                "Give one member that role.",
                "members",
            )
        for index, member in enumerate(self.members or []):
            age = member.age.value if isinstance(member.age, Constant) else None
            if not isinstance(age, int | float):
                continue
            if member.role in ("subscriber", "spouse") and age < 18:
                findings.add(
                    f"a {member.role} is an adult, not {age:g}.", "Give 18 or more.", "members", index, "age", value=age
                )
            if member.role == "dependent" and age > 26 and not member.disabled:
                remedy = 'Give 26 or less, or say "disabled": true.'
                findings.add(
                    f"a dependent above 26 is out, and this one is {age:g}.", remedy, "members", index, "age", value=age
                )
        findings.tell()
        return self
