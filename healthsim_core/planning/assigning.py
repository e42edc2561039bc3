"""Which members of a household have which journeys, what these require of them, and when they begin."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from healthsim_core.defaults import defaults
from healthsim_core.distributions import condition
from healthsim_core.errors import Mistakes, SpecificationError, unknown
from healthsim_core.households.household import POSITIONS
from healthsim_core.journeys.assignments import Assignment
from healthsim_core.planning.request import Request, RequestedJourney
from healthsim_core.spec.profile import ProfileSpecification

NO_JOURNEY_DAYS = 365
YEAR = 365  # days, on any of which the journeys of a household may begin


def assigned(
    request: Request, profile: ProfileSpecification, mistakes: Mistakes
) -> tuple[list[Assignment], int, dict[int, dict[str, Any]]]:
    """The journeys with the members who have them, how many births they bring, and what they require of each member."""
    roles: list[str] = [position.member.role for position in profile.positions]
    assignments: list[Assignment] = []
    births = 0
    required: dict[int, dict[str, Any]] = {}
    seen: set[tuple[str, int]] = set()
    for requested in request.journeys:
        journey = requested.specification
        born = sum(step.event.adds_person is not None for step in journey.steps)
        named = mistakes.attempt((), _members, requested, roles)
        members = tuple(position for position in named if mistakes.attempt(False, _is_new, requested, position, seen))
        if named and not members:  # it is compiled where it was first given
            continue
        for position in members:
            if requested.member is not None or len(roles) == 1:
                with mistakes.caught():
                    mother = {"sex": defaults()["mothers"]["sex"]} if born and requested.member is not None else {}
                    _require(
                        required.setdefault(position, {}),
                        {**mother, **journey.requires},
                        profile,
                        position,
                        requested.where,
                    )
        when = mistakes.attempt(None, condition, requested.when, f"{requested.where}.when") if requested.when else None
        groups = [(position,) for position in members] if born and members else [members]
        assignments += [Assignment(journey, group, when, requested.where) for group in groups]
        births += born * len(groups)
    with mistakes.caught():
        if len(roles) + births > POSITIONS:
            what = f"a household of {len(roles) + births} with its births."
            raise SpecificationError(what, "members", f"At most {POSITIONS} fit.")
    return assignments, births, required


def _is_new(requested: RequestedJourney, position: int, seen: set[tuple[str, int]]) -> bool:
    """Whether the member has not been given the journey before; who has is refused."""
    name = requested.specification.journey_id
    if (name, position) in seen:
        raise SpecificationError(f'"{name}" is given twice to the same person.', requested.where, "Give it once.")
    seen.add((name, position))
    return True


def _members(requested: RequestedJourney, roles: list[str]) -> tuple[int, ...]:
    if requested.member is None:
        return tuple(range(len(roles)))
    role, _, number = requested.member.partition("[")
    chosen = [index for index, name in enumerate(roles) if name == role]
    if not chosen:
        raise unknown("member", requested.member, roles, f"{requested.where}.member")
    if number:
        wanted = int(number.rstrip("]")) if number.rstrip("]").isdigit() else len(chosen)
        if wanted >= len(chosen):
            raise SpecificationError(
                f'there is no "{requested.member}": {len(chosen)} of them.',
                f"{requested.where}.member",
                "Count from 0.",
            )
        return (chosen[wanted],)
    return tuple(chosen)


def _require(
    known: dict[str, Any], requires: Mapping[str, Any], profile: ProfileSpecification, position: int, where: str
) -> None:
    for name, value in requires.items():
        if _states(profile, position, name):
            continue
        if known.setdefault(name, value) != value:
            raise SpecificationError(
                f"requires {name} {value!r}, another journey {known[name]!r}.", where, "Give it to somebody else."
            )


def _states(profile: ProfileSpecification, position: int, name: str) -> bool:
    """Whether the profile says what an attribute of a member is: no journey changes that."""
    if name in ("coverage_type", "plan"):
        coverage = (
            profile.coverage.model_dump(include={"type", "plan", "plan_distribution"})
            if profile.coverage is not None
            else {}
        )
        return any(coverage.values())
    each_has_own = bool(profile.members) and name in ("age", "sex")
    of_all = None if each_has_own else getattr(profile.demographics, name, None)
    return of_all is not None or getattr(profile.positions[position].member, name, None) is not None


def start_days(request: Request) -> tuple[np.datetime64, np.datetime64]:
    """The first and last day on which journeys begin."""
    if request.start is not None:
        first, last = request.start
        if last > request.as_of:
            raise SpecificationError(f"{last} is after as_of, {request.as_of}.", "start", "Journeys begin in the past.")
        return np.datetime64(first), np.datetime64(last)
    longest = max((requested.specification.duration_days for requested in request.journeys), default=NO_JOURNEY_DAYS)
    latest = np.datetime64(request.as_of) - np.timedelta64(longest, "D")
    if any(requested.specification.calendar_year for requested in request.journeys):
        latest = latest.astype("datetime64[Y]").astype("datetime64[D]")
        return latest, latest
    return (latest - (YEAR - 1) if request.journeys else latest), latest
