"""A study's protocol: read from data, chosen and adjusted by a run's settings."""

from __future__ import annotations

import difflib
import functools
from collections.abc import Mapping
from typing import Any

import attrs
import numpy as np

from healthsim_core import Columns, Run, SpecificationError, Text
from trialsim.facts import DATA

DEFAULT = "hs-t2d-301"
TRIAL = frozenset(("screening", "randomization"))  # event types of which a journey has one if it is a trial's
SETTINGS = ("protocol", "study_id", "sites_per_county")


@attrs.frozen
class Arm:
    """A treatment arm: its code and name, its share of the ratio, and what is taken and how much."""

    code: str
    name: str
    ratio: int
    treatment: str
    dose: float


@attrs.frozen
class PlannedVisit:
    """A visit of the schedule; `day` is the study day (1 is the first dose), `window` days before and after."""

    number: float
    name: str
    role: str
    day: int | None
    window: tuple[int, int] | None
    starts: str
    ends: str


@attrs.frozen
class Criterion:
    """A criterion of eligibility: a condition to have (or not to have), or bounds of a value."""

    code: str
    text: str
    category: str
    variable: str = ""
    min: float | None = None
    max: float | None = None
    condition: str = ""


@attrs.frozen(eq=False)
class Protocol:
    """A protocol.

    Attributes:
        name: Name of the protocol's file.
        study_id: Study identifier (STUDYID).
        arms: In the order of the randomisation list.
        block_size: Length of a permuted block.
        visits: In order of number.
        criteria: In the protocol's order.
        sites_per_county: Research sites in each county where people live.
        document: Everything else, as the file holds it.
    """

    name: str
    study_id: str
    arms: tuple[Arm, ...]
    block_size: int
    visits: tuple[PlannedVisit, ...]
    criteria: tuple[Criterion, ...]
    sites_per_county: int
    document: Mapping[str, Any]

    def __getitem__(self, name: str) -> Any:
        return self.document[name]

    def visit(self, role: str) -> PlannedVisit | None:
        """The first visit of a role: screening, randomization, end_of_treatment, follow_up, early_termination."""
        return next((visit for visit in self.visits if visit.role == role), None)

    @property
    def last_visit(self) -> PlannedVisit:
        """The planned visit with which a subject completes the study."""
        return max((visit for visit in self.visits if visit.day is not None), key=lambda visit: visit.day or 0)

    @property
    def cycles(self) -> int:
        """Cycles of treatment; 1 where dosing has none."""
        cycle = self.document["dosing"].get("cycle")
        return len(cycle["visits"]) if cycle else 1

    @property
    def treatment_days(self) -> int:
        """Planned days from the first dose to the last."""
        end = self.visit("end_of_treatment")
        return (end.day or 1) if end else 1


def read_protocol(document: Mapping[str, Any]) -> Protocol:
    """The protocol that a document describes."""
    return Protocol(
        name=document["protocol"],
        study_id=document["study_id"],
        arms=tuple(Arm(**arm) for arm in document["arms"]),
        block_size=document["randomization"]["block_size"],
        visits=tuple(
            PlannedVisit(**{**v, "window": tuple(v["window"]) if v["window"] else None}) for v in document["visits"]
        ),
        criteria=tuple(Criterion(**criterion) for criterion in document["criteria"]),
        sites_per_county=document["sites_per_county"],
        document=document,
    )


@functools.cache
def protocols() -> Mapping[str, Protocol]:
    """Every protocol that ships, by name."""
    shipped = [read_protocol(DATA.document(path.stem)) for path in sorted(DATA.path.glob("hs-*.json"))]
    return {protocol.name: protocol for protocol in shipped}


@functools.cache
def measures_asked() -> tuple[str, ...]:
    """The measures of the body that any protocol's tests ask for."""
    tests = (test for one in protocols().values() for part in ("labs", "vitals") for test in one[part]["tests"])
    return tuple(sorted({test["measure"] for test in tests}))


@functools.cache
def treatments() -> tuple[str, ...]:
    """What the arms of the protocols are given."""
    return tuple(sorted({arm.treatment for one in protocols().values() for arm in one.arms}))


def find_protocol(name: Any, where: str = "") -> Protocol:
    """The protocol called `name`; - and _ are alike, and capitals.

    Raises:
        SpecificationError: There is none of that name.
    """
    known = {_plain(known_name): protocol for known_name, protocol in protocols().items()}
    if _plain(name) not in known:
        raise SpecificationError(f'no protocol is called "{name}".', where, _nearest(_plain(name), protocols()))
    return known[_plain(name)]


def protocol_of(run: Run) -> Protocol:
    """The run's protocol: the one that its settings and its trial journeys name; the default one, where none is named.

    Raises:
        SpecificationError: A setting cannot be used, no protocol has the name, or two are named: one run is one study.
    """
    settings = run.settings.get("trialsim", {})
    protocol = _named(run) or protocols()[DEFAULT]
    return attrs.evolve(
        protocol,
        study_id=_study_id(settings.get("study_id", protocol.study_id)),
        sites_per_county=_sites(settings.get("sites_per_county", protocol.sites_per_county)),
    )


def unnamed(run: Run) -> bool:
    """Whether nothing names the run's protocol."""
    return _named(run) is None


def site_numbers(protocol: Protocol, county_fips: Text, counties: tuple[str, ...], within: np.ndarray) -> Text:
    """Site of each person: the `within`-th site of the person's county."""
    position = {fips: index for index, fips in enumerate(counties)}
    county = county_fips.map(lambda fips: position.get(fips, 0), np.int64, 0)
    index = county * protocol.sites_per_county + np.minimum(within, protocol.sites_per_county - 1)
    names = [str(protocol["first_site"] + i) for i in range(max(len(counties), 1) * protocol.sites_per_county)]
    return Text(index, names)


def sites(protocol: Protocol, counties: tuple[str, ...]) -> Columns:
    """Every site: number and county."""
    numbered = [(index, fips) for index, fips in enumerate(counties or ("",)) for _ in range(protocol.sites_per_county)]
    numbers = [str(protocol["first_site"] + index) for index in range(len(numbered))]
    return Columns(
        {"site_id": Text.of(numbers), "county_fips": Text.of([fips or None for _, fips in numbered])}, len(numbered)
    )


def _named(run: Run) -> Protocol | None:
    stated = run.settings.get("trialsim", {}).get("protocol")
    named = [] if stated is None else [("the settings name", find_protocol(stated, "products.trialsim.protocol"))]
    for journey in run.itineraries:
        name = journey.parameters.get("protocol")
        if name is not None and TRIAL & journey.event_types:
            chosen = find_protocol(name, f"{journey.where}.parameters.protocol".lstrip("."))
            named.append((f'journey "{journey.name}" names', chosen))
    if len({protocol.name for _, protocol in named}) > 1:
        said = ", ".join(dict.fromkeys(f"{who} {protocol.name}" for who, protocol in named))
        raise SpecificationError(
            f"one run is one study, but {said}.", "products.trialsim.protocol", "Run each by itself."
        )
    return named[0][1] if named else None


def _plain(name: Any) -> str:
    return str(name).lower().replace("_", "-")


def _study_id(value: Any) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= 20 or not value.isascii() or not value.isprintable():
        raise SpecificationError(
            f"{value!r} is not a study identifier.", "products.trialsim.study_id", "Give 1 to 20 ASCII characters."
        )
    return value


def _sites(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 100:
        raise SpecificationError(
            f"{value!r} is not a number of sites.", "products.trialsim.sites_per_county", "Give 1 to 100."
        )
    return value


def _nearest(name: str, known: Any) -> str:
    near = difflib.get_close_matches(name, list(known), 1)
    return f'Did you mean "{near[0]}"?' if near else f"There are: {', '.join(known)}."
