"""One call from what is wanted to people, timelines, records and files."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs

from healthsim_core.calls import checked_call
from healthsim_core.catalog import Catalog, default_catalog
from healthsim_core.errors import ArgumentError, Mistakes, SpecificationError, StateError, canonical
from healthsim_core.execution.run import Options, Progress, free_folder, run_plan
from healthsim_core.generation.result import Result
from healthsim_core.planning.compiling import compile_plan
from healthsim_core.planning.given import file_of
from healthsim_core.planning.plan import Plan
from healthsim_core.planning.request import Request, make_request, scenario_request
from healthsim_core.reference.stored import read_facts
from healthsim_core.spec import ProfileSpecification
from healthsim_core.state import list_profiles, load_profile

# which the call may give in their place
_PARTS_OF_PROFILE = set(ProfileSpecification.model_fields) - {"products", "outputs"}

_ASKED = ("count", "seed", "namespace", "as_of", "start", "products", "truth")


@checked_call(later=("count", "seed", "products", "output_formats"))
def generate(
    profile: Any = None,
    journey: Any = None,
    count: int | None = None,
    products: list[str] | None = None,
    output_formats: list[str] | None = None,
    persist: bool | None = None,
    seed: int | None = None,
    *,
    scenario: Any = None,
    namespace: str | None = None,
    as_of: Any = None,
    start: Any = None,
    out: str | Path | None = None,
    overwrite: bool = False,
    resume: bool = False,
    cohort: str | None = None,
    database: str | Path | None = None,
    workers: int = 1,
    executor: str = "local",
    chunk_size: int | None = None,
    progress: Progress | None = None,
    truth: bool = False,
) -> Result:
    """Generate people, what happens to them, and what products and formats make of it.

    Args:
        profile: Template name, `ProfileSpecification`, mapping, or path of a JSON file.
        journey: The same for a journey, or a list of these; None takes the profile's own.
        count: People, or households where the profile has members; None takes the specification's own.
        products: Products whose tables are made; None for all installed.
        output_formats: Formats that are written; see `healthsim formats list`.
        persist: Whether the cohort is stored in the database; None stores it where `cohort` names it.
        seed: Any whole number, 0 included; None takes the specification's own.
        scenario: A scenario (mapping, or path of a JSON file) in place of profile and journey.
        namespace: Sets the identifiers of people and of what happens to them apart from those of other runs; any text.
            Default: the profile's id or the scenario's name, and the seed.
                Another namespace gives the same people with other identifiers.
        as_of: The world's today (date or ISO text); nothing that has happened is dated after it. Default 2026-01-01.
        start: When journeys begin: a date, or (first, last) for a date by household. Default: a date by household,
            within the year before `as_of` less the longest journey's duration;
            1 January for journeys of a calendar year.
        out: Folder or fsspec URL for files; None with formats takes a new folder below `healthsim-out`.
        overwrite: Replace the files that an earlier run wrote to `out`, and the cohort named by `cohort`.
        resume: Go on with what an unfinished run of the same request has left in `out`, and leave what is finished if
            this one fails.
        cohort: Name of the cohort; None takes the profile's id, numbered where that is taken.
        database: DuckDB file; None takes `HEALTHSIM_DATABASE`, else a file in the user's data folder.
        workers: Processes; the result does not depend on it.
        executor: Who runs the parts: "local", "ray" or "spark"; the result does not depend on it.
        chunk_size: Households a chunk; the result does not depend on it.
        progress: Called with (done, all) households after each chunk.
        truth: Add the table `core.measure`: the true value beside each measured one, for who tests algorithms.

    Returns:
        The result; its tables lie in memory, in the files of `out`, or in the database, and are read when asked for.

    Raises:
        HealthSimError: One line that says what was wrong, where, and what to do. Nothing is left half-written.

    Examples:
        >>> adults = {"id": "adults", "demographics": {"age": {"type": "uniform", "min": 18, "max": 90}}}
        >>> generate(profile=adults, count=3, products=[], seed=7).entities["age"].to_pylist()
        [27, 24, 79]
    """
    plan = make_plan(
        profile, journey, scenario=scenario, count=count, seed=seed, namespace=namespace, as_of=as_of, start=start,
        products=products, formats=output_formats, database=database, truth=truth or None,
    )  # fmt: skip
    folder = free_folder(plan.request.name) if out is None and plan.formats else out
    options = Options(
        out=folder, overwrite=overwrite, resume=resume, persist=persist, cohort=cohort, database=database,
        workers=workers,
        executor=executor, chunk_size=chunk_size, progress=progress,
    )  # fmt: skip
    return run_plan(plan, options)


@checked_call(stated=(*_ASKED, "formats"))
def make_plan(
    profile: Any = None,
    journey: Any = None,
    *,
    scenario: Any = None,
    catalog: Catalog | None = None,
    database: str | Path | None = None,
    **changes: Any,
) -> Plan:
    """Compile what `generate` would run; the arguments are the same.

    Raises:
        HealthSimError: Whatever cannot be done is found here, before anything is generated.
    """
    offers = catalog or default_catalog()
    profile, remarks = named_profile(profile, offers, database)
    request = _request(profile, journey, scenario, offers, changes)
    try:
        plan = compile_plan(request, offers, read_facts(database))
        return attrs.evolve(plan, remarks=(*plan.remarks, *remarks))
    except SpecificationError as error:
        if isinstance(scenario, str | Path):
            raise error.within(Path(scenario).name) from None
        _tell_of_file(error, file_of(profile))
        raise


@checked_call(stated=[field.name for field in attrs.fields(Options)])
def rerun(spec: dict[str, Any], **options: Any) -> Result:
    """Run the request of an earlier execution again: the same bytes under the same versions.

    Args:
        spec: The request as an execution record or a manifest holds it.
        options: As in `generate`: `out`, `persist`, `cohort`, `database`, `workers`, `progress`.
    """
    return run_plan(plan_again(spec, options.get("database")), Options(**options))


def plan_again(spec: Mapping[str, Any], database: str | Path | None = None) -> Plan:
    """Compile the request of an earlier execution.

    Args:
        spec: The request as an execution record or a manifest holds it.
        database: Where stored reference facts are read; None for the default one.
    """
    return compile_plan(Request.from_document(spec), default_catalog(), read_facts(database))


def _tell_of_file(error: SpecificationError, file: str) -> None:
    """Raise the mistakes again, those of the profile within its file, where it was read from one."""
    mistakes = Mistakes()
    for mistake in error.mistakes if file else ():
        of_profile = re.split(r"[.\[]", mistake.where, maxsplit=1)[0] in _PARTS_OF_PROFILE
        with mistakes.caught(file if of_profile else ""):
            raise mistake
    mistakes.tell()


def named_profile(name: Any, catalog: Catalog, database: str | Path | None = None) -> tuple[Any, tuple[str, ...]]:
    """What a name means, and what a user should know of that.

    A template goes before a saved profile of the same name; `NAME@2` is the second version of the saved one.

    Args:
        name: What was given for a profile; what is no name of a saved one is left as it is.
        catalog: The templates.
        database: Where profiles are saved.

    Raises:
        StateError: There is no such version.
    """
    if not isinstance(name, str) or file_of(name):
        return name, ()
    plain, _, version = name.rpartition("@")
    if plain and version.isdigit():
        return load_profile(plain, int(version), database=database), ()
    try:
        saved = next(
            (profile for profile in list_profiles(database) if canonical(profile.name) == canonical(name)), None
        )
    except StateError:
        if database is not None or canonical(name) not in catalog.profiles:
            raise
        return name, ()  # a template needs no database; that it cannot be read, the run says
    if saved is None:
        return name, ()
    if canonical(name) not in catalog.profiles:
        return load_profile(saved.name, database=database), ()
    asked = f'"{saved.name}@{saved.version}" is the saved one'
    return name, (f'"{name}" is a template and a saved profile: the template was used, {asked}',)


def _request(profile: Any, journey: Any, scenario: Any, catalog: Catalog, changes: dict[str, Any]) -> Request:
    if (profile is None) == (scenario is None):
        raise ArgumentError(
            "give either a profile or a scenario.", "profile", "`healthsim profiles list` shows the templates."
        )
    if scenario is None:
        return make_request(profile, journey, catalog=catalog, **changes)
    if journey is not None:
        raise ArgumentError("a scenario brings its own journeys.", "journey", "Add it to the scenario.")
    return scenario_request(scenario, catalog, **changes)
