"""What the benchmark measures, at which sizes, and what it is to reach."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

PROFILE, JOURNEY = "medicare-diabetic", "diabetic-first-year"
# formats of which these people have nothing
MADE_OF = {"sdtm_datasets": ("trial-diabetes-adults", "trial_participation")}
THOUSAND, MILLION = 1_000, 1_000_000
LOOPED = 300  # people of the loop: enough to time it

WORK = {
    "people": "the profile alone",
    "timeline": "profile and journey, no records",
    "records": "profile, journey and the tables of all products",
    "claims": "profile, journey, and the claims and fills that spend of one plan",
    "plain": "20 attributes and a journey of 12 milestones, no products",
}
SINKS = ("memory", "parquet", "parquet, 2 workers", "duckdb")
_SIZES = {
    "quick": (10 * THOUSAND,),
    "usual": (10 * THOUSAND, 100 * THOUSAND),
    "million": (10 * THOUSAND, 100 * THOUSAND, MILLION),
}
PLAIN_PEOPLE = {"quick": 100 * THOUSAND, "usual": MILLION, "million": MILLION}
FORMAT_PEOPLE = {"quick": 1 * THOUSAND, "usual": 5 * THOUSAND, "million": 20 * THOUSAND}
READ_AGAIN = ("hl7v2_adt", (10 * THOUSAND, 40 * THOUSAND))  # one part and four: `verify` holds one
READ_FORMATS = ("fhir_r4", "fhir_bundle", "hl7v2_adt", "x12_834", "x12_837", "x12_835", "ncpdp_d0", "sdtm_datasets")

UNITS = {  # what a text format is made of: its name, and the byte that ends one
    "fhir_r4": ("resources", b"\n"),
    "hl7v2": ("segments", b"\r"),
    "x12": ("segments", b"~"),
    "ncpdp_d0": ("segments", b"\x1e"),
}
BINARY = ("parquet",)  # formats that are no text

MEMORY_MB, HELP_S, TEN_PEOPLE_S = 512, 0.3, 1.5
READING = 1.5  # CPU time of reading back, times that of writing


class Case(NamedTuple):
    """One run: what is made, where it goes, for how many."""

    work: str
    sink: str
    people: int


class Goal(NamedTuple):
    """One goal: what it is about, where its figure stands in the results, and what it is to be.

    Attributes:
        what: In words.
        section: "runs", "formats", "reading" or "startup".
        row: What the row of the section has.
        figure: The row's figure; with `over`, the same figure of the row with these changes is divided by it.
        wanted: The value to reach.
        least: Whether more is better.
        over: Changes to `row` that give the row to compare with.
    """

    what: str
    section: str
    row: dict[str, Any]
    figure: str
    wanted: float
    least: bool = True
    over: dict[str, Any] = {}


_PLAIN = {"work": "plain", "people": MILLION}
_COMPLETE = {"work": "records", "people": 100 * THOUSAND}
GOALS = (
    Goal(
        "20 attributes, 12 milestones, in memory: people/s a core",
        "runs",
        {"work": "plain", "sink": "memory"},
        "people_s",
        1e6,
    ),
    Goal("the same: events/s a core", "runs", {"work": "plain", "sink": "memory"}, "events_s", 12e6),
    Goal("the same to Parquet, a million people: s", "runs", {**_PLAIN, "sink": "parquet"}, "wall_s", 2.0, least=False),
    Goal(
        "the same, two processes: times faster",
        "runs",
        {**_PLAIN, "sink": SINKS[2]},
        "wall_s",
        1.8,
        over={"sink": "parquet"},
    ),
    Goal(
        "all tables of 100,000 people to Parquet, two processes: s",
        "runs",
        {**_COMPLETE, "sink": SINKS[2]},
        "wall_s",
        10.0,
        least=False,
    ),
    Goal("FHIR NDJSON: of raw write speed", "formats", {"format": "fhir_r4"}, "of_raw", 0.7),
    *(
        Goal(f"{name}: segments/s a core", "formats", {"format": name}, "units_s", 1e6)
        for name in ("hl7v2_adt", "hl7v2_orm", "hl7v2_oru", "x12_834", "x12_837", "x12_835")
    ),
    *(
        Goal(f"{name}: CPU time of {what}", "reading", {"format": name}, figure, READING, least=False)
        for what, figure in (
            ("`verify` over that of the run", "over_run"),
            ("reading over that of writing", "over_writing"),
        )
        for name in READ_FORMATS
    ),
    Goal("peak memory of any `verify`: MB", "reading", {}, "peak_mb", MEMORY_MB, least=False),
    Goal("peak memory of any run: MB", "runs", {}, "peak_mb", MEMORY_MB, least=False),
    Goal("`healthsim --help`: s", "startup", {"what": "help"}, "wall_s", HELP_S, least=False),
    Goal(
        "ten people to files, from process start: s",
        "startup",
        {"what": "ten people"},
        "wall_s",
        TEN_PEOPLE_S,
        least=False,
    ),
)


def cases(size: str) -> Iterator[Case]:
    """Every run of one size, the quickest first."""
    for people in _SIZES[size]:
        for work in ("people", "timeline", "records"):
            for sink in SINKS:
                yield Case(work, sink, people)
    for sink in SINKS[:3]:
        yield Case("plain", sink, PLAIN_PEOPLE[size])
    yield Case("plain", "duckdb", 100 * THOUSAND)


def made_of(name: str) -> tuple[str, str]:
    """Profile and journey of the people of whom a format is written."""
    return MADE_OF.get(name, (PROFILE, JOURNEY))


def read_cases(size: str) -> Iterator[tuple[str, int]]:
    """Every format that is read back, and of how many people."""
    yield from ((name, FORMAT_PEOPLE[size]) for name in READ_FORMATS)
    if size != "quick":
        name, sizes = READ_AGAIN
        yield from ((name, people) for people in sizes)


def request(work: str) -> dict[str, Any]:
    """Arguments of `generate` for one kind of work."""
    if work == "plain":
        return {"profile": _plain_profile(), "journey": _plain_journey(), "products": [], "start": "2024-01-01"}
    made = {"records": {}, "claims": {"products": ["membersim", "rxmembersim"]}}
    only = made.get(work, {"products": []})
    return {"profile": PROFILE, "journey": [] if work == "people" else JOURNEY, **only}


def _plain_profile() -> dict[str, Any]:
    kinds = (
        {"type": "categorical", "weights": {"a": 0.5, "b": 0.3, "c": 0.2}},
        {"type": "normal", "mean": 100, "sd": 15},
        {"type": "uniform", "min": 0, "max": 1},
        {"type": "normal", "mean": 7.5, "sd": 1.2, "min": 4, "max": 14},
    )
    attributes = {f"x{index}": kinds[index % len(kinds)] for index in range(20)}
    age = {"type": "normal", "mean": 60, "sd": 12, "min": 18, "max": 95}
    return {"id": "plain", "demographics": {"age": age}, "attributes": attributes}


def _plain_journey() -> dict[str, Any]:
    events: list[dict[str, Any]] = [{"event_id": "e0", "event_type": "milestone", "delay": {"days": [0, 14]}}]
    for index in range(1, 12):
        events.append(
            {
                "event_id": f"e{index}",
                "event_type": "milestone",
                "depends_on": f"e{index - 1}",
                "delay": {"days": [10, 40]},
            }
        )
    return {
        "journey_id": "twelve",
        "name": "Twelve milestones",
        "description": "One after the other.",
        "duration_days": 600,
        "events": events,
    }
