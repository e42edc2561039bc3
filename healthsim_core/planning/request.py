"""What is asked of a run, complete and picklable: a worker compiles the same plan from it."""

from __future__ import annotations

import datetime
import numbers
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs
import numpy as np
from pydantic import TypeAdapter, ValidationError

from healthsim_core.catalog import Catalog
from healthsim_core.designs.own import read_own_plans, refuse_paths
from healthsim_core.errors import HealthSimError, Mistakes, SpecificationError, canonical
from healthsim_core.planning.given import file_of, find_journey, find_profile, folder_of, refuse_strange
from healthsim_core.spec import JourneySpecification, ProfileSpecification, ScenarioSpecification
from healthsim_core.spec.base import Document
from healthsim_core.spec.bounds import check_bounds
from healthsim_core.spec.profile import MOST_NAMESPACE, JourneyReference, Validation

MOST_SEED = 2**63 - 1
DEFAULT_AS_OF = datetime.date(2026, 1, 1)


@attrs.frozen
class RequestedJourney:
    """A journey, the role or position it is for (None: everybody), and who of them."""

    specification: JourneySpecification
    member: str | None = None
    when: Any = None
    where: str = "journey"


@attrs.frozen
class Request:
    """What is asked.

    Attributes:
        name: What the run is called; the default name of its cohort.
        profile: Who.
        journeys: What happens.
        count: How many people, or households where the profile has members.
        seed: The seed.
        namespace: What sets the identifiers of people and events apart from those of other runs.
        as_of: The world's today.
        start: First and last day on which journeys may begin;
            None for a day within the year before as_of less the longest journey.
        products: Which products make tables; None for all installed.
        formats: Which formats are written.
        validation: strict, warn or none.
        settings: Settings by product.
        truth: Whether the true value stands beside each measured one.
    """

    name: str
    profile: ProfileSpecification
    journeys: tuple[RequestedJourney, ...]
    count: int
    seed: int
    as_of: datetime.date
    start: tuple[datetime.date, datetime.date] | None
    products: tuple[str, ...] | None
    formats: tuple[str, ...]
    validation: str = "warn"
    settings: Mapping[str, Mapping[str, Any]] = attrs.field(factory=dict)
    truth: bool = False
    namespace: str = attrs.field(
        default=attrs.Factory(lambda request: default_namespace(request.name, request.seed), takes_self=True)
    )

    def document(self) -> dict[str, Any]:
        """The request as plain JSON: what is hashed, stored and written to the manifest."""
        journeys = [
            {
                "specification": _plain(requested.specification),
                "member": requested.member,
                "when": _plain_condition(requested.when),
            }
            for requested in self.journeys
        ]
        return {
            "name": self.name,
            "profile": _plain(self.profile),
            "journeys": journeys,
            "count": self.count,
            "seed": self.seed,
            "namespace": self.namespace,
            "as_of": self.as_of.isoformat(),
            "start": [day.isoformat() for day in self.start] if self.start else None,
            "products": list(self.products) if self.products is not None else None,
            "formats": list(self.formats),
            "validation": self.validation,
            "settings": {name: dict(value) for name, value in self.settings.items()},
            **({"truth": True} if self.truth else {}),
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Request:
        """The request that `document` describes, which may come from anybody.

        Raises:
            SpecificationError: It describes none.
        """
        try:
            check_bounds([document["settings"], *(entry["when"] for entry in document["journeys"])])
            return cls._read(document)
        except HealthSimError:
            raise
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            what = f"is no request that a run has written ({type(error).__name__}: {error!s:.80})."
            raise SpecificationError(what, "spec", "Name a folder or an execution of HealthSim's.") from error

    @classmethod
    def _read(cls, document: Mapping[str, Any]) -> Request:
        journeys = tuple(
            RequestedJourney(
                JourneySpecification.read(entry["specification"]), entry["member"], entry["when"], f"journeys[{index}]"
            )
            for index, entry in enumerate(document["journeys"])
        )
        start = tuple(map(datetime.date.fromisoformat, document["start"])) if document["start"] else None
        names = TypeAdapter(list[str])
        products = tuple(names.validate_python(document["products"])) if document["products"] is not None else None
        # one of before namespaces has none
        space = {"namespace": _namespace(document["namespace"])} if "namespace" in document else {}
        profile = ProfileSpecification.read(document["profile"])
        refuse_paths(profile)
        return cls(
            name=TypeAdapter(str).validate_python(document["name"]),
            profile=profile,
            journeys=journeys,
            count=_count(document["count"]),
            seed=_seed(document["seed"]),
            as_of=datetime.date.fromisoformat(document["as_of"]),
            start=start,  # type: ignore[arg-type]
            products=products,
            formats=tuple(names.validate_python(document["formats"])),
            validation=TypeAdapter(Validation).validate_python(document["validation"]),
            settings=TypeAdapter(dict[str, dict[str, Any]]).validate_python(document["settings"]),
            truth=TypeAdapter(bool).validate_python(document.get("truth", False)),
            **space,
        )


def make_request(
    profile: Any,
    journey: Any = None,
    *,
    catalog: Catalog,
    count: int | None = None,
    seed: int | None = None,
    as_of: Any = None,
    start: Any = None,
    products: Any = None,
    formats: Any = None,
    name: str | None = None,
    namespace: str | None = None,
    truth: bool | None = None,
) -> Request:
    """A request from what a user gives.

    Args:
        profile: Template name, `ProfileSpecification`, mapping, or path of a JSON file.
        journey: The same for a journey, or a list of these; None takes the profile's own.
        catalog: Where templates are found.
        count: People or households; None takes the profile's own.
        seed: Seed; None takes the profile's own.
        as_of: The world's today, a date or ISO text.
        start: When journeys begin: a date, or a pair of dates.
        products: Product names, or None for all.
        formats: Format names, or None for none.
        name: What the run is called; defaults to the profile's id.
        namespace: Of identifiers; None takes the profile's own, else its name and the seed.
        truth: Whether the true value stands beside each measured one.

    Raises:
        SpecificationError: Something is unknown or contradicts itself.
    """
    mistakes = Mistakes()
    specification = mistakes.attempt(ProfileSpecification(), find_profile, profile, catalog)
    generation = specification.generation
    journeys = _journeys(journey, specification, catalog, mistakes)
    chosen = products if products is not None else generation.products
    number = mistakes.attempt(0, _seed, generation.seed if seed is None else seed)
    called = name or specification.id
    space = generation.namespace if namespace is None else namespace
    known = (
        None
        if chosen is None
        else [mistakes.attempt("", _known_product, p, catalog) for p in _listed(chosen, "products", mistakes)]
    )
    request = Request(
        name=called,
        profile=specification,
        journeys=tuple(journeys),
        count=mistakes.attempt(0, _count, generation.count if count is None else count),
        seed=number,
        namespace=mistakes.attempt("", _namespace, default_namespace(called, number) if space is None else space),
        as_of=mistakes.attempt(None, _date, as_of, "as_of") or generation.as_of or DEFAULT_AS_OF,
        start=mistakes.attempt(None, _start, start if start is not None else generation.start),
        products=None if known is None else tuple(dict.fromkeys(known)),
        formats=_offered_formats(
            _listed(formats if formats is not None else specification.outputs, "output_formats", mistakes), catalog
        ),
        validation=generation.validation,
        settings=specification.products,
        truth=bool(truth),
    )
    mistakes.tell()
    return request


def scenario_request(scenario: Any, catalog: Catalog, **changes: Any) -> Request:
    """A request from a scenario: a mapping, or the path of a JSON file; `changes` as in `make_request`."""
    refuse_strange(scenario, "scenario")
    specification = ScenarioSpecification.read(scenario)
    where = Path(scenario).name if isinstance(scenario, str | Path) else ""
    given = {name: value for name, value in changes.items() if value is not None}
    stated = {"count": specification.count if specification.count is not None else _households(specification),
              "seed": specification.seed,
              "namespace": specification.namespace, "as_of": specification.as_of, "start": specification.start,
              "products": specification.products}  # fmt: skip
    mistakes = Mistakes()
    with mistakes.caught(where):
        if isinstance(specification.profile, ProfileSpecification):
            read_own_plans(specification.profile, folder_of(scenario), catalog)
        request = make_request(
            specification.profile,
            catalog=catalog,
            name=_slug(specification.scenario),
            **{**stated, "formats": specification.outputs, **given},
        )
    journeys, read = list[RequestedJourney](), dict[str | Path, JourneySpecification]()
    for index, reference in enumerate(specification.journeys):
        with mistakes.caught(where):
            journeys.append(_referenced(reference, catalog, f"journeys[{index}]", read))
    mistakes.tell()
    settings = {**request.settings, **specification.settings}
    return attrs.evolve(request, journeys=(*request.journeys, *journeys), settings=settings)


def _households(scenario: ScenarioSpecification) -> int | None:
    stated = scenario.profile if isinstance(scenario.profile, ProfileSpecification) else None
    if stated is None or "count" in stated.generation.model_fields_set:
        return None
    return 1


def _journeys(
    journey: Any, profile: ProfileSpecification, catalog: Catalog, mistakes: Mistakes
) -> list[RequestedJourney]:
    """The journeys that are asked for, or else the profile's own."""
    given = journey if isinstance(journey, list | tuple) else [journey] if journey is not None else None
    requested, read = list[RequestedJourney](), dict[str | Path, JourneySpecification]()
    for index, reference in enumerate(profile.journeys if given is None else given):
        with mistakes.caught():
            where = f"journeys[{index}]" if given is None else f"journey[{index}]" if len(given) > 1 else "journey"
            requested.append(_requested(reference, catalog, where, read))
    return requested


def _requested(
    journey: Any, catalog: Catalog, where: str, read: dict[str | Path, JourneySpecification]
) -> RequestedJourney:
    if isinstance(journey, JourneyReference):
        return _referenced(journey, catalog, where, read)
    return RequestedJourney(_read_once(journey, catalog, where, read), None, None, file_of(journey) or where)


def _referenced(
    reference: JourneyReference, catalog: Catalog, where: str, read: dict[str | Path, JourneySpecification]
) -> RequestedJourney:
    path = f"{where}.template" if reference.template else f"{where}.inline"
    specification = _read_once(reference.template or reference.inline, catalog, path, read)
    return RequestedJourney(specification, reference.member, reference.when, file_of(reference.template) or where)


def _read_once(
    journey: Any, catalog: Catalog, where: str, read: dict[str | Path, JourneySpecification]
) -> JourneySpecification:
    """The journey; a document may name one often, which is not read again."""
    if not isinstance(journey, str | Path):
        return find_journey(journey, catalog, where)
    if journey not in read:
        read[journey] = find_journey(journey, catalog, where)
    return read[journey]


def _slug(text: str) -> str:
    return "-".join("".join(c if c.isalnum() else " " for c in text.lower()).split()) or "scenario"


def _listed(names: Any, where: str, mistakes: Mistakes) -> list[str]:
    listed = [names] if isinstance(names, str) else names
    with mistakes.caught():
        if not isinstance(listed, list | tuple) or not all(isinstance(name, str) for name in listed):
            raise SpecificationError(f"{names!r} is not a list of names.", where, 'Give a list, such as ["a", "b"].')
        return list(dict.fromkeys(listed))
    return []


def _known_product(name: str, catalog: Catalog) -> str:
    known = {canonical(product): product for product in catalog.products}
    if canonical(name) not in known:
        raise catalog.nobody(
            "product", name, catalog.products, "products", "`healthsim plugins list` shows what is installed."
        )
    return known[canonical(name)]


def _offered_formats(names: list[str], catalog: Catalog) -> tuple[str, ...]:
    """Formats as they are offered, once each; what nobody offers stays as written, and is refused with the plan."""
    offered = {canonical(name): name for name in catalog.formats}
    return tuple(dict.fromkeys(offered.get(canonical(name), name) for name in names))


def _count(value: Any) -> int:
    count = _whole(value, "count")
    if not 0 <= count <= 1_000_000_000:
        raise SpecificationError(f"{count} is not a number of people.", "count", "Give 0 to 1,000,000,000.")
    return count


def _seed(value: Any) -> int:
    seed = _whole(value, "seed")
    if abs(seed) > MOST_SEED:
        raise SpecificationError(f"{seed} is too large.", "seed", f"Give a number from -{MOST_SEED} to {MOST_SEED}.")
    return seed


def default_namespace(name: str, seed: int) -> str:
    """The namespace of a run that names none: what it is called, and its seed."""
    return f"{name}/{seed}"


def _namespace(value: Any) -> str:
    if not isinstance(value, str) or len(value) > MOST_NAMESPACE or not value.isprintable():
        what = f"{value!r:.60} is not a namespace."
        raise SpecificationError(what, "namespace", f"Give a text of at most {MOST_NAMESPACE} printable characters.")
    return value


def _whole(value: Any, where: str) -> int:
    if isinstance(value, bool) or not isinstance(value, numbers.Integral):
        raise SpecificationError(f"{value!r} is not a whole number.", where, "Give a whole number.")
    return int(value)


def _date(value: Any, where: str) -> datetime.date | None:
    if value is None:
        return None
    try:
        return TypeAdapter(datetime.date).validate_python(value.item() if isinstance(value, np.datetime64) else value)
    except ValidationError:
        raise SpecificationError(f"{value!r} is not a date.", where, "Write it as 2026-01-01.") from None


def _start(value: Any) -> tuple[datetime.date, datetime.date] | None:
    if value is None:
        return None
    pair = value if isinstance(value, tuple | list) else getattr(value, "between", (value, value))
    first, last = (_date(day, "start") for day in pair)
    assert first is not None and last is not None
    if first > last:
        raise SpecificationError(f"{first} is after {last}.", "start", "The first day comes first.")
    return first, last


def _plain(document: Document) -> Any:
    return document.model_dump(mode="json", by_alias=True, exclude_unset=True)


def _plain_condition(when: Any) -> Any:
    return when.model_dump(mode="json") if hasattr(when, "model_dump") else when
