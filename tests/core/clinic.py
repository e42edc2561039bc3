"""A small plugin for the core's own tests: a clinic that counts visits and bills them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from healthsim_core import Columns, EventHandler, Field, SkillResolver, Table, Trigger, hookimpl
from healthsim_core.catalog import Catalog
from healthsim_core.generation.executor import ProfileJourneyOrchestrator
from healthsim_core.generation.result import Result
from healthsim_core.plugins import Plugin, load

VISIT = Table(
    "clinic.visit",
    (
        Field("visit_id", "id", "The visit.", references="core.event"),
        Field("person_id", "id", "Whose.", references="core.person"),
        Field("reason", "category", "Why.", nullable=True),
        Field("score", "number", "A number drawn for the visit.", nullable=True),
    ),
    key=("visit_id",),
    description="Visits.",
)
BILL = Table(
    "clinic.bill",
    (
        Field("bill_id", "id", "The bill.", references="core.event"),
        Field("person_id", "id", "Whose.", references="core.person"),
        Field("visit_id", "id", "What for.", references="clinic.visit", nullable=True),
        Field("reason", "category", "Why.", nullable=True),
    ),
    key=("bill_id",),
    description="Bills.",
)
REASON, SCORE = Field("reason", "category", "Why.", nullable=True), Field("score", "number", "A number.", nullable=True)


def visit(events: Any) -> dict[str, Any]:
    """A row a visit."""
    parameters = events.parameters
    return {
        "clinic.visit": {
            "visit_id": events.id,
            "person_id": events.person,
            "reason": parameters["reason"],
            "score": parameters["score"],
        }
    }


def bill(events: Any) -> dict[str, Any]:
    """A row a bill, with the visit it is for."""
    reason = events.parameters["reason"]
    return {
        "clinic.bill": {
            "bill_id": events.id,
            "person_id": events.person,
            "visit_id": events.ancestor("clinic_visit")["id"],
            "reason": reason,
        }
    }


def care(lookup: str, context: Columns, draw: Any) -> Columns:
    """The reason of a visit by severity."""
    return Columns({"reason": context["severity"].recode(lambda word: f"for {word}")}, context.rows)


def hooks(**changes: Any) -> SimpleNamespace:
    """The plugin's hook implementations; `changes` replaces the offers of some, given as lists by hook name."""
    offers = {
        "healthsim_event_handlers": [
            EventHandler("clinic_visit", visit, writes=[VISIT], parameters=[REASON, SCORE]),
            EventHandler("clinic_bill", bill, writes=[BILL], parameters=[REASON]),
        ],
        "healthsim_triggers": [Trigger("clinic_visit", "clinic_bill", delay=(2, 4), carry=("reason",))],
        "healthsim_skill_resolvers": [
            SkillResolver("clinic-care", "1.0", care, {"clinic_visit": (("severity",), ("reason",))})
        ],
        **changes,
    }
    return SimpleNamespace(**{name: _hook(name, tuple(found)) for name, found in offers.items()})


def catalog(**changes: Any) -> Catalog:
    """A catalog of the clinic alone."""
    return Catalog((plugin(**changes),))


def plugin(name: str = "clinic", **changes: Any) -> Plugin:
    """The loaded clinic."""
    return load(name, hooks(**changes), "clinic-dist", "1.0")


def journey(*events: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A journey of a year."""
    return {"journey_id": "year", "duration_days": 365, "events": list(events), **fields}


def event(event_id: str = "visit", event_type: str = "milestone", **fields: Any) -> dict[str, Any]:
    """An event of a journey."""
    return {"event_id": event_id, "event_type": event_type, **fields}


def adults(**fields: Any) -> dict[str, Any]:
    """A profile of adults."""
    who = {"age": {"type": "uniform", "min": 18, "max": 90}, "geography": {"fips": "48201"}}
    return {"id": "adults", "demographics": who, **fields}


def run(
    profile: dict[str, Any] | None = None,
    *events: dict[str, Any],
    count: int = 200,
    fields: dict[str, Any] | None = None,
    start: Any = "2025-01-01",
    **options: Any,
) -> Result:
    """People of a profile with a journey of `events` from 1 January; without a start,
    from a day of each household's own."""
    made = journey(*events, **(fields or {})) if events else []
    return ProfileJourneyOrchestrator(
        profile or adults(), made, count=count, catalog=catalog(), start=start, **options
    ).execute()


def _hook(name: str, offers: tuple[Any, ...]) -> Any:
    def implementation() -> tuple[Any, ...]:
        return offers

    implementation.__name__ = name
    return hookimpl(implementation)
