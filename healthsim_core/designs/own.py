"""A profile's own plans of benefits: read where they are files, and found to be such as can be used."""

from __future__ import annotations

from pathlib import Path

from healthsim_core.catalog import Catalog
from healthsim_core.designs.checks import checked_plan, mistakes_of_plan
from healthsim_core.designs.known import KnownPlans, plans_known
from healthsim_core.errors import Mistakes, SpecificationError, canonical
from healthsim_core.spec import PlanSpecification, ProfileSpecification

PATH = "coverage.plans"


def read_own_plans(profile: ProfileSpecification, folder: Path, catalog: Catalog) -> None:
    """Put the content of files in the places of their paths.

    Args:
        profile: The profile, which is changed.
        folder: The folder in which its paths begin.
        catalog: The offers.

    Raises:
        SpecificationError: Every mistake of its plans.
    """
    if profile.coverage is None or not profile.coverage.plans:
        return
    mistakes, known = Mistakes(), _offered(catalog)
    read = dict[str, PlanSpecification]()
    for name, given in profile.coverage.plans.items():
        with mistakes.caught():
            read[name] = _read(name, given, folder, catalog)
            _check_name(name, read[name], known)
            _check_once(name, profile)
    mistakes.tell()
    profile.coverage.plans = dict(read)


def refuse_paths(profile: ProfileSpecification) -> None:
    """Refuse a request of a run that names files of plans: it holds what they said."""
    for name, given in (profile.coverage.plans if profile.coverage is not None else {}).items():
        if isinstance(given, str):
            what = f"is the path {given!r:.60}, and a request holds the plan itself."
            raise SpecificationError(what, f"{PATH}.{name}", "Name a folder or an execution of HealthSim's.")


def _offered(catalog: Catalog) -> KnownPlans:
    return KnownPlans.of({name: plan.coverage_type for name, plan in plans_known(catalog, {}).items()})


def _read(name: str, given: PlanSpecification | str, folder: Path, catalog: Catalog) -> PlanSpecification:
    where, mistakes = f"{PATH}.{name}", Mistakes()
    if isinstance(given, str):
        with mistakes.caught(where):
            return checked_plan(str(folder / given), catalog)
    else:
        for mistake in mistakes_of_plan(given, catalog.service_kinds, f"{where}."):
            with mistakes.caught():
                raise mistake
    mistakes.tell()
    assert isinstance(given, PlanSpecification)
    return given


def _check_name(name: str, plan: PlanSpecification, known: KnownPlans) -> None:
    """The document's own name is the same, and a known plan's place is taken by one of its coverage type."""
    if plan.plan and canonical(plan.plan) != canonical(name):
        what = f'the plan is called "{plan.plan}" in its document.'
        raise SpecificationError(what, f"{PATH}.{name}", 'Call it that here too, or leave "plan" out of it.')
    kind = known.type_of(name)
    if kind not in (None, plan.coverage_type):
        what = f'"{known.name(name)}" is a plan of {kind}, and this one is of {plan.coverage_type}.'
        raise SpecificationError(what, f"{PATH}.{name}.coverage_type", "Give the plan another name.")


def _check_once(name: str, profile: ProfileSpecification) -> None:
    assert profile.coverage is not None
    alike = [other for other in profile.coverage.plans if canonical(other) == canonical(name)]
    if alike[0] != name:
        raise SpecificationError(f'"{alike[0]}" is the same name.', f"{PATH}.{name}", "Give one of them another name.")
