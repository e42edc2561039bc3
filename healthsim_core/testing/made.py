"""People and events made by hand, and formats read back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from healthsim_core import world
from healthsim_core.benefits.ledger import Settled
from healthsim_core.benefits.spending import Spending
from healthsim_core.catalog import default_catalog
from healthsim_core.columns import Column, Columns, Text
from healthsim_core.decision_offers import EventDecision
from healthsim_core.enrolled import covered
from healthsim_core.events import Events, People, Run, no_ancestors
from healthsim_core.handling.calling import alone
from healthsim_core.handling.decided import decided_by, over
from healthsim_core.planning.benefits import plans_of

if TYPE_CHECKING:
    from healthsim_core.catalog import Catalog

AS_OF, START = np.datetime64("2026-01-01"), np.datetime64("2025-01-01")


def make_run(**changes: Any) -> Run:
    """A run of seed 42, as of 2026-01-01, in Harris County, with the plans of all that is installed."""
    plans = changes.pop("plans", None) or plans_of(default_catalog())
    return Run(**{"seed": 42, "as_of": AS_OF, "start": START, "counties": ("48201",), "plans": plans, **changes})


def settled_alone(spending: Spending, events: Events) -> Settled:
    """What the ledger says of what is spent of some events where nobody else spends.

    Args:
        spending: What a handler's `spends` makes of the events.
        events: The events.
    """
    return alone(spending, events)


def make_people(rows: int = 2, run: Run | None = None, **columns: Any) -> People:
    """People with every column of `core.person`; `columns` replaces or adds some (scalars or arrays of `rows`).

    Who has a `death_date` dies at eight in the evening, unless `death_time` says when.
    """
    ids = (np.arange(rows, dtype=np.int64) + 1) * 16
    defaults: dict[str, Any] = {
        "person_id": ids, "household_id": ids, "role": "subscriber", "subscriber_id": ids, "first_name": "Ana",
        "last_name": "O'Neil", "sex": "F", "birth_date": np.full(rows, np.datetime64("1953-06-15")),
        "age": np.full(rows, 71), "death_date": np.full(rows, np.datetime64("NaT"), "datetime64[D]"), "race": "white",
        "ethnicity": "not_hispanic", "language": "en", "address": "12 Main St", "city": "Houston", "state": "TX",
        "zip": "77002", "county_fips": "48201", "phone": "7135550123", "email": "ana@example.com", "ssn": "900010001",
        "member_number": [f"HS{i:010d}" for i in ids.tolist()], "coverage_type": "Commercial", "plan": "PPO",
        "conditions": "E11.9", "severity": "controlled", "pcp_npi": None, "pharmacy_npi": None, "hospital_npi": None,
    }  # fmt: skip
    assert set(defaults) == {field.name for field in world.PERSON.fields}
    given = {**defaults, **columns}
    evening = np.asarray(given["death_date"]).astype("datetime64[s]") + np.timedelta64(20, "h")
    return People(run or make_run(), Columns({"death_time": evening, **given}, rows))


def make_events(
    event_type: str | Sequence[str] | Text,
    people: People | None = None,
    row: Sequence[int] = (0, 1),
    time: Sequence[str] = ("2025-03-01T09:00:00", "2025-03-02T10:30:00"),
    parameters: Mapping[str, Any] | None = None,
    ancestors: Mapping[str, Columns] | None = None,
    **changes: Any,
) -> Events:
    """Events of one type (or one a row), by people's rows and times; `parameters` as scalars or arrays."""
    people = people if people is not None else make_people()
    rows = len(row)
    types = (
        event_type
        if isinstance(event_type, Text)
        else Text.of([event_type] * rows if isinstance(event_type, str) else event_type)
    )
    by_name = ancestors or {}
    columns: dict[str, Any] = {
        "type": types, "time": np.array(time, "datetime64[s]"), "id": np.arange(rows, dtype=np.int64) + 1_000_001,
        "cause": np.zeros(rows, np.int64), "node": "event", "journey": "journey", "label": None,
        "occurrence": np.zeros(rows, np.int64),
        "provider_npi": "1234567893", "facility_npi": "1993999998",
    }  # fmt: skip
    known = {name: changes.pop(name) for name in tuple(changes) if name in columns}
    values: dict[str, Any] = {
        "run": people.run, "row": np.array(row, np.intp), "columns": Columns({**columns, **known}, rows),
        "parameters": Columns(parameters or {}, rows), "chunk": people,
        "ancestors": lambda name: by_name.get(name) or no_ancestors(rows),
    }  # fmt: skip
    events = Events(**{**values, **changes})
    return events if events.covered else attrs.evolve(events, covered=lambda: covered(people, events))


def decided(events: Events, *decisions: EventDecision) -> Events:
    """The events with what decisions give of them, as handlers see them."""
    mine = [(decision, np.asarray(events.type.isin(decision.event_types))) for decision in decisions]
    columns: dict[str, Column] = {}
    for decision, about in mine:
        row, given = np.where(about, np.cumsum(about) - 1, -1), decided_by(decision, events.where(about))
        for field in decision.gives:
            known = columns.get(field.name, field.nulls(len(events)))
            columns[field.name] = over(known, given[field.name], row)
    return attrs.evolve(events, parameters=events.parameters.assign(**columns))


def contradictions(out: Path | str, name: str, catalog: Catalog | None = None) -> list[str]:
    """What `healthsim verify` finds wrong in the files of one format;
    not asked is whether they are those that were written.

    Args:
        out: The folder of a run of one part.
        name: The format.
        catalog: All that plugins offer; None for those that are installed.
    """
    from healthsim_core.catalog import default_catalog
    from healthsim_core.formats.folder import Folder
    from healthsim_core.output.manifest import read_manifest
    from healthsim_core.output.parts import TABLES
    from healthsim_core.output.stored import StoredTables
    from healthsim_core.verification.agreement import compared
    from healthsim_core.verification.truth import truth_of

    folder, catalog = Folder(out), catalog or default_catalog()
    listed = read_manifest(folder)
    stored = StoredTables(folder, [file["path"] for file in listed["files"] if file["format"] == TABLES])
    with closing(truth_of(listed, stored, stored, None, catalog)) as truth:
        told = compared(catalog.formats[name], Path(out, name), truth)
        return [str(finding) for finding in told if isinstance(finding, str) or finding.wrong]
