"""Whatever somebody changes in a run's tables, its manifest or its validation report, and makes the digests fit:
`verify` says so."""

from __future__ import annotations

import copy
import hashlib
import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from healthsim import generate
from healthsim_core.catalog import default_catalog
from healthsim_core.errors import OutputError
from healthsim_core.output.manifest import as_json, digest
from healthsim_core.state import register_dataset
from healthsim_core.verification.finding import Verification
from healthsim_core.verification.table_checks import table_findings
from healthsim_core.verification.verify import verify_cohort, verify_folder

JOURNEYS = ["pregnancy_journey", "diabetes-drug-therapy", "primary-care-year"]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("whole") / "out"
    generate(profile="expectant-mother", journey=JOURNEYS, count=3, seed=4, out=out)
    return out


@pytest.fixture
def copied(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / "out"))


def verified(out: Path) -> Verification:
    return verify_folder(out, formats=())


def is_refused(out: Path) -> bool:
    """Whether `verify` finds something wrong, or takes the folder for none of ours."""
    try:
        return not verified(out).passed
    except OutputError:
        return True


def fit_manifest(out: Path) -> None:
    """Let the manifest list the files as they are now."""
    manifest = json.loads((out / "manifest.json").read_bytes())
    for file in manifest["files"]:
        content = (out / file["path"]).read_bytes()
        file |= {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    for part in manifest["parts"]:
        part["sha256"] = digest(file for file in manifest["files"] if file["part"] == part["number"])
    manifest["digest"] = digest(manifest["files"])
    (out / "manifest.json").write_bytes(as_json(manifest))


def rewrite(out: Path, name: str, change: Callable[[pa.Table], pa.Table]) -> None:
    path = out / "tables" / f"{name}.parquet"
    pq.write_table(change(pq.read_table(path)), path)
    fit_manifest(out)


def other(value: Any) -> Any:
    """A value of the same kind that is another."""
    if isinstance(value, bool):
        return not value
    if value is None:
        return None
    if isinstance(value, str):
        return f"{value}x"
    return value.replace(year=value.year - 3) if hasattr(value, "year") else value + 1


def with_value(table: pa.Table, column: str, row: int, value: Any) -> pa.Table:
    index = table.schema.get_field_index(column)
    field = table.schema.field(index)
    plain = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
    values = table.column(index).to_pylist()
    values[row] = value
    return table.set_column(index, field, pa.array(values, plain).cast(field.type))


def changed_value(table: pa.Table, chance: random.Random) -> pa.Table:
    cells = [
        (name, row)
        for name in table.column_names
        for row in range(min(table.num_rows, 20))
        if table[name][row].as_py() is not None
    ]
    column, row = chance.choice(cells)
    return with_value(table, column, row, other(table[column][row].as_py()))


def missing_row(table: pa.Table, chance: random.Random) -> pa.Table:
    row = chance.randrange(table.num_rows)
    return pa.concat_tables([table.slice(0, row), table.slice(row + 1)])


def doubled_row(table: pa.Table, chance: random.Random) -> pa.Table:
    row = chance.randrange(table.num_rows)
    return pa.concat_tables([table.slice(0, row + 1), table.slice(row)])


def swapped_rows(table: pa.Table, chance: random.Random) -> pa.Table:
    order = list(range(table.num_rows))
    first = chance.randrange(table.num_rows - 1)
    order[first], order[first + 1] = order[first + 1], order[first]
    return table.take(order)


KINDS = (changed_value, missing_row, doubled_row, swapped_rows)
TABLES = (
    "core.event", "core.person", "membersim.accumulator", "membersim.claim", "membersim.claim_diagnosis",
    "membersim.claim_line",
    "membersim.coverage", "membersim.member", "membersim.payer", "networksim.facility", "networksim.provider",
    "patientsim.condition",
    "patientsim.encounter", "patientsim.observation", "patientsim.patient", "patientsim.procedure",
    "populationsim.county",
    "rxmembersim.cardholder",
)  # fmt: skip


@pytest.mark.parametrize(
    ("name", "kind"),
    [(name, KINDS[at % len(KINDS)]) for at, name in enumerate(TABLES)],
    ids=lambda each: getattr(each, "__name__", each),
)
def test_a_change_of_a_table_is_found(
    copied: Path, name: str, kind: Callable[[pa.Table, random.Random], pa.Table]
) -> None:
    chance = random.Random(f"{name} {kind.__name__}")
    if pq.read_table(copied / "tables" / f"{name}.parquet").num_rows < 2:
        kind = changed_value
    rewrite(copied, name, lambda table: kind(table, chance))
    assert any(finding.wrong for finding in verified(copied).findings if finding.where == name)


def test_what_nobody_changed_is_as_its_specification_makes_it(whole: Path) -> None:
    assert [str(finding) for finding in verified(whole).findings if finding.wrong or finding.unread] == []


PLACES = [
    ("name",), ("seed",), ("as_of",), ("namespace",), ("spec_hash",), ("digest",), ("spec", "count"), ("spec", "seed"),
    ("spec", "as_of"),
    ("spec", "profile", "id"), ("spec", "profile", "description"), ("spec", "journeys", 0, "specification", "name"),
    ("versions", "membersim"), ("versions", "healthsim-core"), ("parts", 0, "number"), ("parts", 0, "start"),
    ("parts", 0, "stop"),
    ("parts", 0, "rows"), ("parts", 0, "plan_hash"), ("parts", 0, "sha256"), ("files", 0, "rows"), ("files", 0, "part"),
    ("files", 0, "bytes"), ("files", 0, "sha256"), ("files", 0, "path"), ("files", -1, "values"), ("values",),
]  # fmt: skip


@pytest.mark.parametrize("place", PLACES, ids=lambda place: ".".join(map(str, place)))
def test_a_change_of_the_manifest_is_found(copied: Path, place: tuple[Any, ...]) -> None:
    manifest = json.loads((copied / "manifest.json").read_bytes())
    inner = manifest
    for step in place[:-1]:
        inner = inner[step]
    value = inner[place[-1]]
    inner[place[-1]] = "2026-01-02" if place[-1] == "as_of" else f"{value}1" if isinstance(value, str) else value + 1
    (copied / "manifest.json").write_bytes(as_json(manifest))
    assert is_refused(copied)


def test_any_change_of_the_validation_report_is_found(copied: Path) -> None:
    right = json.loads((copied / "validation.json").read_bytes())
    for change in range(3):
        wrong = copy.deepcopy(right)
        check = wrong["checks"][change * len(right["checks"]) // 3]
        name = sorted(check)[change % len(check)]
        check[name] = other(check[name]) if check[name] is not None else 1
        (copied / "validation.json").write_bytes(as_json(wrong))
        assert any(finding.wrong for finding in verified(copied).findings if finding.where == "validation.json"), (
            name,
            check,
        )


def test_a_run_of_other_versions_is_not_made_again_and_the_report_says_so(
    copied: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("healthsim_core.__version__", "9.9.9")
    unread = [finding for finding in verified(copied).findings if finding.unread]
    assert ["healthsim-core" in finding.what and "9.9.9" in finding.what for finding in unread] == [True]


def test_a_registered_dataset_whose_bytes_changed_is_found(copied: Path, tmp_path: Path) -> None:
    database = tmp_path / "cohorts.duckdb"
    register_dataset("mothers", copied, database)
    path = copied / "tables" / "core.person.parquet"
    pq.write_table(with_value(pq.read_table(path), "last_name", 0, "Somebody"), path)
    assert not verify_cohort("mothers", database).passed


def asked(tables: dict[str, pa.Table]) -> list[str]:
    """What is wrong in tables by themselves, without the run being made again."""
    with duckdb.connect() as connection:
        for name, rows in tables.items():
            connection.register(name, rows)
        counts = {name: rows.num_rows for name, rows in tables.items()}
        found = table_findings(connection, counts, default_catalog(), "2026-01-01")
        return [f"{finding.where}: {finding.what}" for finding in found if finding.wrong]


@pytest.fixture
def tables(whole: Path) -> dict[str, pa.Table]:
    return {path.stem: pq.read_table(path) for path in (whole / "tables").glob("*.parquet")}


def test_tables_of_a_run_are_right_by_themselves(tables: dict[str, pa.Table]) -> None:
    assert asked(tables) == []


PLANTED = {
    "core.event: time is not before birth": ("core.event", "time", lambda old: old.replace(year=1950)),
    "core.event: time is not after 2026-01-01": ("core.event", "time", lambda old: old.replace(year=2031)),
    "core.person: race is a code of its system": ("core.person", "race", lambda old: "klingon"),
    "patientsim.condition: code is a code of its system": ("patientsim.condition", "code", lambda old: "E99.999"),
    "membersim.claim: billed is the sum of membersim.claim_line.billed": ("membersim.claim", "billed",
        lambda old: old + 1),
    "membersim.claim_line: allowed is member_share + paid": ("membersim.claim_line", "allowed", lambda old: old + 1),
    "patientsim.encounter: encounter_id is a core.event": ("patientsim.encounter", "encounter_id", lambda old: old + 1),
    "patientsim.encounter: person_id is a core.person": ("patientsim.encounter", "person_id", lambda old: old + 7),
    "core.person: birth_date is there": ("core.person", "birth_date", lambda old: None),
}  # fmt: skip


@pytest.mark.parametrize("what", PLANTED)
def test_what_is_wrong_is_named(tables: dict[str, pa.Table], what: str) -> None:
    name, column, change = PLANTED[what]
    row = next(row for row, value in enumerate(tables[name][column].to_pylist()) if value is not None)
    tables[name] = with_value(tables[name], column, row, change(tables[name][column][row].as_py()))
    assert what in asked(tables)


def test_a_death_before_everything_is_named(tables: dict[str, pa.Table]) -> None:
    person = tables["core.event"]["person_id"][0].as_py()
    row = tables["core.person"]["person_id"].to_pylist().index(person)
    born = tables["core.person"]["birth_date"][row].as_py()
    tables["core.person"] = with_value(tables["core.person"], "death_date", row, born.replace(year=born.year + 1))
    assert "core.event: time is not after death" in asked(tables)


def test_the_bill_of_a_stay_that_a_death_ended_is_sent_afterwards(tmp_path: Path) -> None:
    events = [
        {"event_id": "in", "event_type": "admission", "parameters": {"reason_code": "I63.9"}},
        {"event_id": "dies", "event_type": "death", "depends_on": "in", "delay": {"days": 2}},
        {
            "event_id": "out",
            "event_type": "discharge",
            "depends_on": "in",
            "delay": {"days": 9},
            "parameters": {"drg": "064"},
        },
    ]
    profile = {"id": "dying", "demographics": {"age": 70}, "coverage": {"type": "Medicare"}}
    generate(profile, {"journey_id": "stay", "duration_days": 60, "events": events}, count=5, out=tmp_path / "out")
    tables = {path.stem: pq.read_table(path) for path in (tmp_path / "out" / "tables").glob("*.parquet")}
    assert (asked(tables), tables["membersim.claim"].num_rows) == ([], 5)


@pytest.mark.parametrize(("name", "column"),
                         [("patientsim.observation", "encounter_id"), ("membersim.claim", "coverage_id"),
                                              ("patientsim.encounter", "encounter_id"),
                                              ("core.event", "cause_id")])  # fmt: skip
def test_a_reference_to_another_person_s_row_is_named(tables: dict[str, pa.Table], name: str, column: str) -> None:
    target = next(field.references for field in default_catalog().tables[name].fields if field.name == column)
    households = dict(
        zip(*(tables["core.person"][each].to_pylist() for each in ("person_id", "household_id")), strict=True)
    )
    own = tables[name].to_pylist()
    row = next(row for row, each in enumerate(own) if each[column] is not None)
    key = default_catalog().tables[target].key[0]
    taken = next(
        each[key]
        for each in tables[target].to_pylist()
        if households[each["person_id"]] != households[own[row]["person_id"]]
    )
    tables[name] = with_value(tables[name], column, row, taken)
    assert f"{name}: {column} is of the same person" in asked(tables)
