"""Who stands in the files: organizations and clinicians by NPI, payers by id, people by id; as segments,
rendered once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import attrs
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from healthsim_core import Columns, Text, from_arrow, text

from .characters import basic, digits, free
from .codes import CODES, FALLBACK
from .envelope import END, segment

NETWORK = ("networksim.provider", "networksim.facility", "networksim.pharmacy")


class Rows:
    """The rows of a run's table by their key, looked up one at a time and kept as text."""

    def __init__(self, key: str) -> None:
        self._key = key
        self._rows: dict[str, tuple[dict[str, pa.Array], int]] = {}

    def add(self, table: pa.Table | None) -> None:
        """Take rows; those whose keys are known stay as they are."""
        columns = {} if table is None else {name: table[name].combine_chunks() for name in table.column_names}
        for row, key in enumerate(columns[self._key].to_pylist() if columns else ()):
            self._rows.setdefault(key, (columns, row))

    def get(self, key: str) -> dict[str, Any] | None:
        """The row as a dictionary, or None."""
        if key not in self._rows:
            return None
        columns, row = self._rows[key]
        return {name: value for name, column in columns.items() if (value := column[row].as_py()) not in (None, "")}


class Parties:
    """The payers that a run has met so far and, where a network is installed, its providers and facilities."""

    def __init__(self) -> None:
        self._clinicians, self._payers = Rows("npi"), Rows("payer_id")
        self._organizations = {name: Rows("npi") for name in NETWORK[1:]}
        self._known: dict[tuple[str, str], str] = {}

    def learn(self, tables: Mapping[str, pa.Table]) -> None:
        """Take the rows of the run's tables that a chunk names; what was rendered without them is rendered anew."""
        self._known.clear()
        self._clinicians.add(tables.get("networksim.provider"))
        self._payers.add(tables.get("membersim.payer"))
        for name, rows in self._organizations.items():
            rows.add(tables.get(name))

    def render(self, column: Text, kind: str, function: Callable[[str], str]) -> Text:
        """`function` of every distinct value, remembered under `kind` from chunk to chunk."""
        known = self._known

        def once(value: str) -> str:
            if (kind, value) not in known:
                known[kind, value] = function(value)
            return known[kind, value]

        return column.recode(once)

    def organization(self, npi: str) -> dict[str, Any]:
        """The organization, or the clinician as one; the fallback organization where nobody knows it."""
        found = next((row for rows in self._organizations.values() if (row := rows.get(npi))), None)
        if found is None and (person := self._clinicians.get(npi)):
            found = {**person, "name": f"{person['first_name']} {person['last_name']}"}
        return {**FALLBACK, "tax_id": FALLBACK["tax_id"], **(found or {}), "npi": npi}

    def clinician(self, npi: str) -> dict[str, Any] | None:
        """The clinician, or None where no network is installed."""
        return self._clinicians.get(npi)

    def payer(self, payer_id: str) -> dict[str, Any]:
        """The payer."""
        return self._payers.get(payer_id) or {
            "name": payer_id,
            **{k: FALLBACK[k] for k in ("address", "city", "state", "zip", "phone")},
        }

    def named(self, code: str, npi: str, taxonomy: str = "") -> str:
        """NM1 of a clinician, with PRV where `taxonomy` gives its first element; an organization, if `npi` is one."""
        person = self.clinician(npi)
        if person is None:
            return organization_name(code, self.organization(npi))
        name = segment(
            "NM1", code, "1", basic(person["last_name"]), basic(person["first_name"], 35), "", "", "", "XX", npi
        )
        known = taxonomy and person.get("taxonomy")
        return name + (segment("PRV", taxonomy, "PXC", person["taxonomy"]) if known else "")


def organization_name(code: str, organization: Mapping[str, str]) -> str:
    """NM1 of an organization with its NPI."""
    return segment("NM1", code, "2", basic(organization["name"]), "", "", "", "", "XX", organization["npi"])


def address(place: Mapping[str, str], nine_digits: bool = False) -> str:
    """N3 and N4; the guides ask for nine ZIP digits of billing providers and service locations."""
    zip_code = digits(place["zip"])
    zip_code += CODES["zip_extension"] if nine_digits and len(zip_code) == 5 else ""
    return segment("N3", basic(place["address"], 55)) + segment(
        "N4", basic(place["city"], 30), place["state"], zip_code
    )


@attrs.frozen(eq=False)
class PersonText:
    """Fragments of the chunk's people, a row a person.

    Attributes:
        ids: Person ids, int64.
        name: LAST*FIRST.
        address: N3 and N4.
        demographics: DMG with birth date and sex.
        columns: The columns of `core.person`.
    """

    ids: NDArray[np.int64]
    name: pa.Array
    address: pa.Array
    demographics: pa.Array
    columns: Columns

    @classmethod
    def of(cls, table: pa.Table, extra: tuple[str, ...] = ()) -> PersonText:
        """Render the rows of `core.person`; `extra` names further columns to keep."""
        used = ("person_id", "last_name", "first_name", "address", "city", "state", "zip", "birth_date", "sex", *extra)
        people = from_arrow(table.select(used))
        name = text.lines(free(people.text("last_name")), "*", free(people.text("first_name"), 35))
        zip_code = text.each(people["zip"], digits)
        home = text.lines(
            "N3*",
            free(people.text("address"), 55),
            f"{END}N4*",
            free(people.text("city"), 30),
            "*",
            people["state"],
            "*",
            zip_code,
            END,
        )
        born = text.dates(people["birth_date"], "%Y%m%d")
        demographics = text.lines("DMG*D8*", born, "*", people["sex"])
        return cls(people.array("person_id"), name, home, demographics, people)

    def rows(self, persons: NDArray[np.int64]) -> NDArray[np.int64]:
        """The row of each of `persons`."""
        found = text.positions(self.ids, persons)
        if (found < 0).any():
            raise ValueError(f"person {int(persons[found < 0][0])} is not in core.person")
        return found


def take(strings: pa.Array, rows: NDArray[Any]) -> pa.Array:
    """The strings at `rows`."""
    return strings.take(pa.array(rows))
