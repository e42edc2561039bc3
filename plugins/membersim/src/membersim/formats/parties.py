"""Who stands in the files: organizations and clinicians by NPI, payers by id, people by id; as segments,
rendered once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from healthsim_core import Columns, KeyedTables, from_arrow, text

from .characters import basic, digits, free
from .codes import CODES, FALLBACK
from .envelope import END, segment
from .rows import every_row

NETWORK = ("networksim.provider", "networksim.facility", "networksim.pharmacy")


class Parties(KeyedTables):
    """The payers that a run has met so far and, where a network is installed, its providers and facilities."""

    def __init__(self) -> None:
        super().__init__({"membersim.payer": "payer_id", **dict.fromkeys(NETWORK, "npi")})
        self._payers, self._clinicians, *self._organizations = self.by_name.values()

    def organization(self, npi: str) -> dict[str, Any]:
        """The organization, or the clinician as one; the fallback organization where nobody knows it."""
        known = next((rows[npi].stated() for rows in self._organizations if npi in rows), {})
        if not known and (person := self.clinician(npi)):
            known = {**person, "name": f"{person['first_name']} {person['last_name']}"}
        return {**FALLBACK, **known, "npi": npi}

    def clinician(self, npi: str) -> dict[str, Any] | None:
        """The clinician, or None where no network is installed."""
        return self._clinicians[npi].stated() if npi in self._clinicians else None

    def payer(self, payer_id: str) -> dict[str, Any]:
        """The payer."""
        if payer_id in self._payers:
            return self._payers[payer_id].stated()
        return {"name": payer_id, **{part: FALLBACK[part] for part in ("address", "city", "state", "zip", "phone")}}


def named(parties: Parties, code: str, taxonomy: str, npi: str) -> str:
    """NM1 of a clinician, with PRV where `taxonomy` gives its first element; an organization, if `npi` is one."""
    person = parties.clinician(npi)
    if person is None:
        return organization_name(code, parties.organization(npi))
    name = segment("NM1", code, "1", basic(person["last_name"]), basic(person["first_name"], 35), "", "", "", "XX", npi)
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
        return every_row(self.ids, persons, "core.person")


def take(strings: pa.Array, rows: NDArray[Any]) -> pa.Array:
    """The strings at `rows`."""
    return strings.take(pa.array(rows))
