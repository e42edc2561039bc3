"""What a profile says of coverage: who pays first, by what kind of plan, and who pays what that leaves."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, field_validator

from healthsim_core.benefits.covered import RANKS
from healthsim_core.benefits.plans import UNINSURED
from healthsim_core.spec.base import Checked, Findings, Specification
from healthsim_core.spec.coded import coded_texts
from healthsim_core.spec.distribution import Constant, Distribution
from healthsim_core.spec.distribution.parameters import checked_weights
from healthsim_core.spec.plan import MOST_NAME, PlanSpecification


def _path_as_text(value: Any) -> Any:
    return str(value) if isinstance(value, Path) else value


PlanName = Annotated[str, Field(min_length=1, max_length=MOST_NAME)]
PlanOrFile = Annotated[PlanSpecification | str, BeforeValidator(_path_as_text)]


class OtherCoverage(Specification):
    """A coverage that pays of what those before it leave.

    `rank` is its place in the order of payment, 2 to 4; without it, its place in the list.
    """

    type: Distribution
    plan: Distribution | None = None
    probability: Annotated[float, Field(ge=0, le=1)] = 1.0
    rank: int | None = None

    _codes = field_validator("type")(coded_texts)


class CoverageSpecification(Checked):
    """Who pays, and by what kind of plan.

    `plans` are plans of benefits of the profile's own by name, each as it is or the path of a JSON file.
    """

    type: Distribution | None = None
    plan: Distribution | None = None
    plan_distribution: dict[str, Annotated[float, Field(ge=0)]] | None = None
    others: list[OtherCoverage] = Field(default_factory=list)
    plans: dict[PlanName, PlanOrFile] = Field(default_factory=dict)

    @field_validator("plan_distribution")
    @classmethod
    def _sum_to_one(cls, value: dict[str, float] | None) -> dict[str, float] | None:
        if value is not None:
            checked_weights(value)
        return value

    _codes = field_validator("type")(coded_texts)

    @property
    def ranks(self) -> list[int]:
        """The rank of each of the others."""
        return [other.rank if other.rank is not None else place + 2 for place, other in enumerate(self.others)]

    def _check(self, findings: Findings) -> None:
        if self.others and _is_uninsured(self.type):
            findings.add("the uninsured have no other coverage.", "Leave it out.", "others")
        for index, (other, rank) in enumerate(zip(self.others, self.ranks, strict=True)):
            at = ("others", index, "rank") if other.rank is not None else ("others", index)
            if _is_uninsured(other.type):
                what = "who has another coverage is not uninsured."
                findings.add(what, "Give a coverage type, or a probability.", "others", index, "type")
            if rank > RANKS and other.rank is None:
                findings.add(f"nobody has more than {RANKS} coverages.", "Leave some out.", *at)
            elif not 2 <= rank <= RANKS:
                known = "; 1 is what coverage.type and coverage.plan say" if rank == 1 else ""
                findings.add(f"the rank is {rank}{known}.", f"Give 2 to {RANKS}.", *at, value=rank)
            elif rank in self.ranks[:index]:
                free = [str(other) for other in range(2, RANKS + 1) if other not in self.ranks]
                findings.add(f"two coverages have the rank {rank}.", f"Give {' or '.join(free)}.", *at, value=rank)


def _is_uninsured(kind: Any) -> bool:
    return isinstance(kind, Constant) and kind.value == UNINSURED
