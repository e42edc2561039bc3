"""Controlled terms: codelists that do not depend on a protocol."""

from __future__ import annotations

import functools
from collections.abc import Mapping

import attrs

from healthsim_core import CodeSystemOffer, ValueSet
from trialsim.facts import DATA, SDTM

_OF_CDISC = {"AESEV": "trial-severity", "ACN": "trial-action", "OUT": "trial-outcome"}


@attrs.frozen
class Codelist:
    """A codelist: name, NCI code ("" for the sponsor's own), and terms with their decodes ("" for none)."""

    oid: str
    name: str
    nci_code: str
    terms: tuple[tuple[str, str], ...]


@functools.cache
def codelists() -> Mapping[str, Codelist]:
    """The codelists, by name."""
    by_oid: dict[str, list[Mapping[str, str]]] = {}
    for row in SDTM.rows("codelists"):
        by_oid.setdefault(row["codelist"], []).append(row)
    return {
        oid: Codelist(oid, terms[0]["name"], terms[0]["nci_code"], tuple((row["term"], row["decode"]) for row in terms))
        for oid, terms in by_oid.items()
    }


def value_sets() -> list[CodeSystemOffer]:
    """Value sets of a trial's fields: codelists, and the project's own."""
    lists = {name: codelists()[oid] for oid, name in _OF_CDISC.items()}
    of_cdisc = [
        ValueSet(
            name=name, title=codelist.name.lower(), source=f"CDISC codelist {codelist.nci_code}.",
            codes={term: decode or term.capitalize() for term, decode in codelist.terms},
        )
        for name, codelist in lists.items()
    ]  # fmt: skip
    own = [ValueSet(name=name, **written) for name, written in DATA.document("value_sets").items()]
    return [CodeSystemOffer(codelist) for codelist in (*of_cdisc, *own)]
