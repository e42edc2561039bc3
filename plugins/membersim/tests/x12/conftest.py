"""Families made by hand, the formats written from them, and two readers that are not ours: pyx12, and a plain split."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import attrs
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from membersim import tables
from membersim.formats import FORMATS
from pyx12.params import ParamsBase
from pyx12.x12n_document import x12n_document

from healthsim_core import Columns, Destination, HealthSimError, Text, world
from healthsim_core.catalog import default_catalog
from healthsim_core.testing import make_people, make_run
from healthsim_core.verification.agreement import agreement
from healthsim_core.verification.truth import truth_of

CLINIC, HOSPITAL, PHARMACY, DOCTOR = "1999999000", "1999999018", "1777777008", "1888888009"
ROLES = ("subscriber", "spouse", "dependent")
STORED: Any = SimpleNamespace(pieces=None)  # nothing is asked of the whole run
Tables = Mapping[str, pa.Table]


@attrs.frozen
class Families:
    """Families of three, each person with visits (two lines), a stay (three lines) and a fill.

    Attributes:
        count: How many families.
        visits: Visits of each person; the third of them is pending, the fourth denied.
        names: Family names, in turn.
        network: Whether NetworkSim is there.
    """

    count: int = 2
    visits: int = 4
    names: tuple[str, ...] = ("Oswald",)
    network: bool = True

    @property
    def tables(self) -> Tables:
        people, kinds = 3 * self.count, self.visits + 2
        person = np.arange(people) // 3 * 16 + 16 + np.arange(people) % 3
        owner = np.repeat(np.arange(people), kinds if self.visits else 0)
        return {
            "core.person": self._people(person), **_payers(),
            "membersim.member": _members(person), "membersim.coverage": _coverage(person),
            **self._claims(person[owner], np.arange(len(owner)) % kinds), **(_network() if self.network else {}),
        }  # fmt: skip

    def _people(self, person: np.ndarray) -> pa.Table:
        family, role = person // 16 - 1, person % 16
        made = make_people(
            len(person), person_id=person, household_id=person - role, subscriber_id=person - role,
            role=_pick(ROLES, role),
            last_name=_pick(self.names, family % len(self.names)), first_name=_pick(("Zoë", "José", "Ana-María"), role),
            sex=_pick("FMF", role), language=_pick(("en", "es"), family % 2), race=_pick(("white", "aian"), family % 2),
            address=[f"{n} Main St #{n}" for n in person.tolist()],
        )  # fmt: skip
        return world.PERSON.arrow(made.columns.select(field.name for field in world.PERSON.fields))

    def _claims(self, person: np.ndarray, kind: np.ndarray) -> Tables:
        count, visits = len(person), self.visits
        type_ = _pick("PIR", np.maximum(kind - visits + 1, 0))
        claim = 5_000_000_001 + np.arange(count)
        status = _pick(("paid", "pending", "denied"), np.where(kind == 2, 1, np.where(kind == 3, 2, 0)))
        inside, visit = type_ == "I", type_ == "P"
        lines = np.where(inside, 3, np.where(visit, 2, 1))
        owner = np.repeat(np.arange(count), lines)
        number = np.arange(len(owner)) - np.repeat(np.cumsum(lines) - lines, lines) + 1
        of_lines = _amounts(10_010 + 7 * number + 100 * kind[owner], status[owner])
        sums = _sums(of_lines, owner, status)
        day = np.datetime64("2025-02-01") + (7 * kind) % 200
        last = np.where(inside, day + 3, day)
        payer = _pick(("HSP1", "HSP2"), person // 16 % 2)
        paid_date = np.where(status == "pending", np.datetime64("NaT"), last + 21)
        billing = np.where(self.network, np.where(type_ == "R", PHARMACY, np.where(inside, HOSPITAL, CLINIC)), None)
        trace = [f"EFT{p // 16}{t}{d}".replace("-", "") for p, t, d in zip(person, type_, paid_date, strict=True)]
        row = Columns({
            "claim_id": claim, "event_id": claim, "payer_order": "P", "primary_claim_id": np.zeros(count, np.int64),
            "person_id": person, "subscriber_id": person // 16 * 16, "coverage_id": person * 10,
            "payer_id": payer, "plan": "PPO", "type": type_, "payer_claim_number": [f"PCN{n}" for n in claim.tolist()],
            "filing_indicator": _pick(("12", "MB"), person // 16 % 2), "service_from": day, "service_to": last,
            "admission_time": _when(day, 9, inside), "discharge_time": _when(last, 15, inside),
            "received_date": last + 5, "paid_date": paid_date, "status": status,
            "denial_reason": _null("16", status == "denied"), "network": "in",
            "place_of_service": _null("11", visit), "bill_type": _null("111", inside),
            "admission_type": _null("1", inside), "admission_source": _null("1", inside),
            "discharge_status": _null("01", inside), "drg": _null("788", inside),
            "principal_diagnosis": _null("O82", type_ != "R"), "admitting_diagnosis": _null("O34.211", inside),
            "principal_procedure": _null("10D00Z1", inside),
            "procedure_date": np.where(inside, day + 1, np.datetime64("NaT")),
            "billing_npi": Text.of(list(billing)), "rendering_npi": _null(DOCTOR, (type_ != "R") & self.network),
            "facility_npi": _null(HOSPITAL, (type_ != "R") & self.network), **sums, "lines": lines,
            **_traces(type_, paid_date, status, trace),
        }, count)  # fmt: skip
        line = _lines(claim, person, day, type_, owner, number).assign(**of_lines)
        return {
            "membersim.claim": tables.CLAIM.arrow(row),
            "membersim.claim_line": tables.CLAIM_LINE.arrow(line),
            **_diagnoses(row),
        }


def _traces(kind: np.ndarray, paid_date: np.ndarray, status: np.ndarray, trace: list[str]) -> dict[str, Any]:
    """What is not pending is paid, and fills are taken back."""
    back = kind == "R"
    return {
        "trace_number": Text.of([t if s != "pending" else None for t, s in zip(trace, status, strict=True)]),
        "reversed_date": np.where(back, paid_date + 30, np.datetime64("NaT")),
        "reversal_trace_number": Text.of([f"{said}R" if at else None for said, at in zip(trace, back, strict=True)]),
    }


def _lines(claim: Any, person: Any, day: Any, kind: Any, owner: Any, number: Any) -> Columns:
    inside, visit = kind[owner] == "I", kind[owner] == "P"
    service = np.where(inside & (number != 2), -1, np.where(kind[owner] == "R", 0, 1))
    return Columns({
        "claim_id": claim[owner], "line": number, "person_id": person[owner], "service_date": day[owner],
        "service_code": Text(service, ["00093105001", "G0463"]), "code_system": Text(service, ["NDC", "HCPCS"]),
        "revenue_code": _null("0510", inside), "units": np.where(number == 2, 2.5, 1.0), "unit_code": "UN",
        "diagnosis_pointers": _null("1:2", visit), "place_of_service": _null("11", visit),
    }, len(owner))  # fmt: skip


def _sums(of_lines: dict[str, Any], owner: np.ndarray, status: np.ndarray) -> dict[str, Any]:
    amounts = {name: cents for name, cents in of_lines.items() if not isinstance(cents, Text)}
    return {
        **{name: np.bincount(owner, cents, len(status)) for name, cents in amounts.items()},
        "adjustment_group": _null("CO", status != "pending"),
        "adjustment_reason": _null("45", status == "paid"),
    }


def _pick(values: Any, index: np.ndarray) -> np.ndarray:
    return np.array(list(values), object)[np.asarray(index, int)]


def _null(value: str, where: np.ndarray) -> Text:
    return Text(np.where(where, 0, -1), [value])


def _when(day: np.ndarray, hour: int, where: np.ndarray) -> np.ndarray:
    return np.where(where, day.astype("datetime64[s]") + np.timedelta64(hour, "h"), np.datetime64("NaT"))


def _amounts(billed: np.ndarray, status: np.ndarray) -> dict[str, Any]:
    """Two thirds are allowed; of that the member owes a deductible, coinsurance and copay;
    a line of an odd charge is covered in part; a denied line is all adjustment."""
    allowed = np.where(status == "paid", billed * 2 // 3, 0)
    odd = (status == "paid") & (billed % 2 == 1)
    shares = {"deductible": allowed // 3, "coinsurance": allowed // 7, "copay": allowed // 50,
              "not_covered": np.where(odd, allowed // 9, 0)}  # fmt: skip
    share = sum(shares.values())
    all_ = {
        "allowed": allowed,
        **shares,
        "member_share": share,
        "adjustment": billed - allowed,
        "paid": allowed - share,
    }
    return {
        "billed": billed.astype(float),
        **{name: np.where(status == "pending", np.nan, cents) for name, cents in all_.items()},
        "adjustment_group": _null("CO", status != "pending"),
        "adjustment_reason": Text(np.where(status == "pending", -1, np.where(status == "paid", 0, 1)), ["45", "16"]),
        "not_covered_reason": _null("96", odd),
    }  # fmt: skip


def _diagnoses(claims: Columns) -> Tables:
    inside, coded = claims["type"] == "I", claims["type"] != "R"
    parts = [(np.flatnonzero(inside), 0, "O34.211", "admitting"), (np.flatnonzero(coded), 1, "O82", "principal"),
             (np.flatnonzero(coded), 2, "E11.9", "other")]  # fmt: skip
    every = Columns.concat([
        Columns({
            "claim_id": claims["claim_id"][rows], "sequence": np.full(len(rows), number),
            "person_id": claims["person_id"][rows],
            "code": code, "qualifier": qualifier, "present_on_admission": _null("Y", inside[rows] & (number > 0)),
        }, len(rows))
        for rows, number, code, qualifier in parts
    ])  # fmt: skip
    return {
        "membersim.claim_diagnosis": tables.CLAIM_DIAGNOSIS.arrow(
            every.take(np.argsort(every["person_id"], kind="stable"))
        )
    }


def _payers() -> Tables:
    place = {
        "address": "1 Way",
        "city": "Austin",
        "state": "TX",
        "zip": "78701",
        "phone": "5125550100",
        "tax_id": "000000007",
    }
    both = {
        "payer_id": ["HSP1", "HSP2"],
        "name": ["Blue: Health*Plan~", "Medicare"],
        "kind": ["commercial", "medicare"],
    }
    return {"membersim.payer": tables.PAYER.arrow(Columns({**both, **place}, 2))}


def _members(person: np.ndarray) -> pa.Table:
    role, medicare = person % 16, person // 16 % 2
    return tables.MEMBER.arrow(Columns({
        "person_id": person, "subscriber_id": person - role,
        "member_number": [f"HS{n // 16:08d}" for n in person.tolist()],
        "dependent_suffix": _pick(("00", "01", "02"), role), "relationship": _pick(("self", "spouse", "child"), role),
        "relationship_code": _pick(("18", "01", "19"), role), "tier": "FAM",
        "group_number": _null("GRP7", medicare == 0),
        "sponsor_name": _pick(("Ácme: Anvils", "Centers for Medicare"), medicare),
        "enrollment_date": np.full(len(person), np.datetime64("2024-01-01")), "pcp_npi": DOCTOR,
    }, len(person)))  # fmt: skip


def _coverage(person: np.ndarray) -> pa.Table:
    """Every third family leaves in March, every other third changes its plan then, the rest stays."""
    fate = person // 16 % 3
    owner = np.repeat(np.arange(len(person)), np.where(fate == 2, 2, 1))
    second = np.append(False, owner[1:] == owner[:-1])
    who, leaves = person[owner], fate[owner] == 0
    ends = leaves | ((fate[owner] == 2) & ~second)
    role, medicare = who % 16, who // 16 % 2
    return tables.COVERAGE.arrow(Columns({
        "coverage_id": who * 10 + second, "person_id": who, "subscriber_id": who - role,
        "payer_id": _pick(("HSP1", "HSP2"), medicare),
        "member_number": [f"HS{n // 16:08d}" for n in who.tolist()],
        "dependent_suffix": _pick(("00", "01", "02"), role),
        "relationship": _pick(("self", "spouse", "child"), role),
        "relationship_code": _pick(("18", "01", "19"), role), "rank": np.ones(len(who), np.int64),
        "sponsor_name": _pick(("Ácme: Anvils", "Centers for Medicare"), medicare),
        "coverage_type": _pick(("Commercial", "Medicare"), medicare), "plan": "PPO",
        "insurance_line": "PPO", "group_number": _null("GRP7", medicare == 0), "tier": "FAM",
        "start_date": np.where(second, np.datetime64("2025-04-01"), np.datetime64("2024-01-01")),
        "end_date": np.where(ends, np.datetime64("2025-03-31"), np.datetime64("NaT")),
        "status": _pick(("active", "terminated"), ends),
        "start_reason": _pick(("28", "22"), second),
        "end_reason": Text(np.where(leaves, 0, np.where(ends, 1, -1)), ["07", "22"]),
    }, len(who)))  # fmt: skip


def _network() -> Tables:
    place = {"address": "9 Clínica Rd", "city": "Houston", "state": "TX", "zip": "77002", "phone": "7135550199"}
    group = {"taxonomy": "193200000X", "tax_id": "000000001"}
    rows = {
        "facility": [
            {"npi": CLINIC, "name": "Clínica São João & Sons", **group, **place},
            {"npi": HOSPITAL, "name": "Bayou Hospital", **group, **place},
        ],
        "provider": [{"npi": DOCTOR, "first_name": "Zoë", "last_name": "Núñez", "taxonomy": "207Q00000X", **place}],
        "pharmacy": [{"npi": PHARMACY, "name": "Corner Pharmacy", "taxonomy": "3336C0003X", **place}],
    }  # fmt: skip
    return {f"networksim.{name}": pa.Table.from_pylist(some) for name, some in rows.items()}


def by_household(every: Tables, size: int) -> Iterator[Tables]:
    """The tables in chunks of `size` households, as the core hands them to writers."""
    last = int(pc.max(every["core.person"]["person_id"]).as_py()) // 16
    for first in range(1, last + 1, size):
        low, high = 16 * first, 16 * (first + size)
        yield {
            name: table.filter(pc.and_(pc.greater_equal(table["person_id"], low), pc.less(table["person_id"], high)))
            if "person_id" in table.column_names else table
            for name, table in every.items()
        }  # fmt: skip


@pytest.fixture(scope="session")
def families() -> type[Families]:
    return Families


@pytest.fixture(scope="session")
def write_x12() -> Callable[..., Path]:
    """Write all formats of the tables into a folder, in chunks of `size` households."""

    def write(every: Tables, folder: Path, size: int = 1 << 40) -> Path:
        for offer in FORMATS:
            destination = Destination(folder, offer.name, characters=offer.characters)
            writer = offer.writer(destination, make_run())
            for chunk in by_household(every, size):
                writer.write(offer.guarded(chunk))
            writer.close()
            destination.close()
        return folder

    return write


@pytest.fixture(scope="session")
def findings() -> Callable[..., Iterator[str]]:
    """What is wrong in the files of a format, by the tables: one thing after the other, as they are read."""

    def found(name: str, folder: Path, every: Tables) -> Iterator[str]:
        offer = next(offer for offer in FORMATS if offer.name == name)
        with closing(
            truth_of({"as_of": str(make_run().as_of), "spec": {}}, STORED, every, None, default_catalog())
        ) as truth:
            try:
                for told in offer.records(folder, truth):
                    yield from (
                        [told] if isinstance(told, str) else (str(each) for each in agreement(name, told) if each.wrong)
                    )
            except (HealthSimError, pa.ArrowException) as error:
                yield str(error)

    return found


@pytest.fixture(scope="session")
def five_families(families: type[Families]) -> Tables:
    """The tables of a few families whose names hold accents and delimiters."""
    return families(5, names=("Muñoz~Peña", "O'Neil*Smith", "Łukasiewicz", "Groß:Øster", "李")).tables


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory, write_x12: Callable[..., Path], five_families: Tables) -> Path:
    """The formats of these families."""
    return write_x12(five_families, tmp_path_factory.mktemp("x12"))


@pytest.fixture(scope="session")
def pyx12_errors() -> Callable[[Path], list[str]]:
    """What pyx12's implementation guides find wrong in a file."""

    def errors(path: Path) -> list[str]:
        found = io.StringIO()
        passed = x12n_document(ParamsBase(), str(path), None, None, None, fd_json=found)
        listed = sorted(set(_errors(json.loads(found.getvalue()))))
        return listed or ([] if passed else ["refused without a reason"])

    return errors


def _errors(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if "err_str" in node:
            yield node["err_str"]
        for value in node.values():
            yield from _errors(value)
    elif isinstance(node, list):
        for value in node:
            yield from _errors(value)


@pytest.fixture(scope="session")
def segments() -> Callable[[Path], list[list[str]]]:
    """The segments of a file as lists of elements, by a plain split."""
    return lambda path: [line.removesuffix("~").split("*") for line in path.read_text("ascii").splitlines()]
