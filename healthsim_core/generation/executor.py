"""Profiles and journeys, executed: people, timelines, and people with timelines."""

from __future__ import annotations

from typing import Any

import attrs
import pyarrow as pa

from healthsim_core.calls import checked_call
from healthsim_core.catalog import Catalog, default_catalog
from healthsim_core.errors import InvalidDataError
from healthsim_core.generation.memory import run_in_memory
from healthsim_core.generation.result import Result
from healthsim_core.planning.compiling import compile_plan
from healthsim_core.planning.request import Request, make_request

DRY_RUN = 5


class ProfileExecutor:
    """Makes the people of a profile.

    Args:
        profile: `ProfileSpecification`, mapping, template name, or path of a JSON file.
        count: How many people (households where the profile has members); None takes the profile's own.
        seed: Seed; None takes the profile's own.
        catalog: The offers; defaults to all installed plugins.
        options: As in `healthsim.generate`: `namespace`, `as_of`, `start`.

    Examples:
        >>> seniors = {"demographics": {"age": {"type": "uniform", "min": 65, "max": 90}}}
        >>> result = ProfileExecutor(seniors, count=10).execute()
        >>> len(result.entities), result.validation.passed
        (10, True)
    """

    products: tuple[str, ...] = ()

    @checked_call(stated=("namespace", "as_of", "start", "name"), later=("count", "seed"))
    def __init__(
        self,
        profile: Any,
        *,
        count: int | None = None,
        seed: int | None = None,
        catalog: Catalog | None = None,
        **options: Any,
    ) -> None:
        self._catalog = catalog or default_catalog()
        self.request = make_request(
            profile,
            [],
            catalog=self._catalog,
            count=count,
            seed=seed,
            products=list(self.products),
            formats=[],
            **options,
        )

    @checked_call()
    def execute(self, dry_run: bool = False) -> Result:
        """Make the people; no journey is run. A dry run makes at most five.

        Raises:
            SpecificationError: The profile says something that cannot be done.
        """
        request = attrs.evolve(self.request, count=min(self.request.count, DRY_RUN)) if dry_run else self.request
        return strictly(run_in_memory(compile_plan(request, self._catalog)))


class ProfileJourneyOrchestrator:
    """Makes the people of a profile and what happens to them: people WITH timelines.

    Args:
        profile: As for `ProfileExecutor`.
        journey: Journey or list of journeys; None takes the profile's own.
        options: As in `healthsim.generate`: `count`, `seed`, `namespace`, `as_of`, `start`, `products`, `truth`.
    """

    @checked_call(stated=("count", "seed", "namespace", "as_of", "start", "products", "name", "truth"))
    def __init__(self, profile: Any, journey: Any = None, *, catalog: Catalog | None = None, **options: Any) -> None:
        self._catalog = catalog or default_catalog()
        self.request = make_request(profile, journey, catalog=self._catalog, formats=[], **options)

    @checked_call()
    def execute(self) -> Result:
        """Make the people, their timelines, and the records of every product asked for."""
        return strictly(run_in_memory(compile_plan(self.request, self._catalog)))


class JourneyEngine:
    """Runs journeys for the people of a profile.

    Args:
        journey: Template name, `JourneySpecification`, mapping, path, or a list of these.

    Examples:
        >>> people = ProfileExecutor({"id": "adults", "demographics": {"age": 50}}, count=3)
        >>> visit = {"event_id": "visit", "event_type": "milestone", "delay": {"days": [0, 30]}}
        >>> JourneyEngine({"journey_id": "one", "duration_days": 60, "events": [visit]}).execute(people).num_rows
        3
    """

    @checked_call()
    def __init__(self, journey: Any, *, catalog: Catalog | None = None) -> None:
        self._journey, self._catalog = journey, catalog or default_catalog()

    @checked_call()
    def execute(self, people: Any) -> pa.Table:
        """The timeline, `core.event`, sorted by person and time.

        Args:
            people: A profile in any form, a `ProfileExecutor`, or the `Result` of one: the same people, for a person is
                a function of the profile, the seed and the position alone.
        """
        request = people.request if isinstance(people, ProfileExecutor) else None
        if isinstance(people, Result):
            request = Request.from_document(people.execution.spec)
        same = ("count", "seed", "namespace", "as_of")
        options: dict[str, Any] = {name: getattr(request, name) for name in same} if request else {}
        profile = request.profile if request else people
        start = request.start if request else None
        asked = make_request(profile, self._journey, catalog=self._catalog, formats=[], start=start, **options)
        # every product's triggers, nobody's records
        plan = attrs.evolve(compile_plan(asked, self._catalog), handlers=(), run_handlers=())
        return run_in_memory(plan).timeline


def strictly(result: Result) -> Result:
    """The result, unless its validation is strict and failed.

    Raises:
        InvalidDataError: It is.
    """
    report = result.validation
    if report.mode == "strict" and not report.passed:
        first, more = report.failures[0], len(report.failures) - 1
        what = f"what was made is not what was said: {first.what}: {first.found}" + (
            f", and {more} more." if more else "."
        )
        raise InvalidDataError(
            what, first.where, 'Nothing is left of the run. With validation "warn" it ends with a report.'
        )
    return result
