"""The code systems and value sets that every product shares: lists and forms,
and the value sets of data/value_sets.json."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from types import MappingProxyType

from healthsim_core.codes import forms
from healthsim_core.codes.forms import FormSystem, UnionSystem
from healthsim_core.codes.laboratory import laboratory_values
from healthsim_core.codes.listed import ListedSystem, dotted, icd_10_cm
from healthsim_core.codes.system import CodeSystem, ValueSet
from healthsim_core.codes.ucum import Ucum
from healthsim_core.package_data import PackageData

_DATA = PackageData("healthsim_core", "codes/data")
_ICD_10_CM = (
    "ICD-10-CM FY2026 with the additions of FY2027 (NCHS and CMS); age edits of the Medicare Code Editor "
    "v43.1, sex edits of v41.1"
)
_HCPCS = ListedSystem(
    name="hcpcs", title="HCPCS level II code", file="hcpcs",
    source="HCPCS level II of October 2025 (CMS), without modifiers and dental codes",
)  # fmt: skip
_CPT = FormSystem(
    name="cpt", title="CPT code", form=forms.cpt, looks="It is five digits, or four digits and a letter.",
    source="Current Procedural Terminology, by form: its list is the American Medical Association's.",
)  # fmt: skip
_SYSTEMS: tuple[CodeSystem, ...] = (
    ListedSystem(
        name="icd-10-cm", title="billable ICD-10-CM code", source=_ICD_10_CM, file="icd-10-cm", only_billable=True,
        spoken=dotted, read=icd_10_cm,
    ),
    ListedSystem(
        name="icd-10-cm-category", title="ICD-10-CM code or category", source=_ICD_10_CM, file="icd-10-cm",
        spoken=dotted, read=icd_10_cm,
    ),
    ListedSystem(name="icd-10-pcs", title="ICD-10-PCS code", source="ICD-10-PCS FY2026 (CMS)", file="icd-10-pcs"),
    _HCPCS,
    _CPT,
    UnionSystem(
        name="service-code", title="HCPCS or CPT code", source="HCPCS level II by its list, CPT by its form.",
        systems=(_HCPCS, _CPT),
    ),
    ListedSystem(name="cvx", title="CVX code", source="CVX of October 2025 (CDC)", file="cvx"),
    FormSystem(
        name="loinc", title="LOINC code", form=forms.loinc,
        source="LOINC, by form and check digit; names of frequent tests.",
        file="loinc",
        looks="It is digits, a hyphen and their check digit, such as 4548-4.",
    ),
    FormSystem(
        name="ndc", title="National Drug Code", form=forms.ndc, source="National Drug Code (FDA), by form.",
        looks="It is eleven digits, or 5-4-2, 4-4-2, 5-3-2 or 5-4-1 digits with hyphens.",
    ),
    FormSystem(
        name="rxnorm", title="RxNorm concept", form=forms.rxnorm,
        source="RxNorm concept identifiers (NLM), by form; names of many.",
        file="rxnorm",
        looks="It is one to eight digits, such as 860975.",
    ),
    FormSystem(
        name="ms-drg", title="MS-DRG", form=forms.ms_drg,
        source="Medicare Severity DRG (CMS), by form where no product has the list.",
        looks="It is three digits, such as 291.",
    ),
    FormSystem(
        name="npi", title="National Provider Identifier", form=forms.npi,
        source="National Provider Identifier (CMS), by form and check digit.",
        looks="It is ten digits, the last of which is their check digit.",
    ),
    Ucum(name="ucum", title="UCUM unit", source="Unified Code for Units of Measure 2.2, by its grammar and atoms."),
)  # fmt: skip


@functools.cache
def code_systems() -> Mapping[str, CodeSystem]:
    """Every shared code system and value set by name."""
    return MappingProxyType({**{system.name: system for system in _SYSTEMS}, **value_sets()})


@functools.cache
def value_sets() -> Mapping[str, ValueSet]:
    """Every shared value set by name."""
    document = _DATA.document("value_sets")
    sets = {name: ValueSet(name=name, **written) for name, written in document.items()}
    laboratory = ValueSet(
        name="laboratory-value", title="laboratory value",
        source="Names of frequent tests and signs that profiles may state; LOINC codes.",
        codes={name: test.title for name, test in laboratory_values().items()},
    )  # fmt: skip
    return MappingProxyType({**sets, laboratory.name: laboratory})


def value_set(name: str) -> ValueSet:
    """The shared value set called `name`."""
    return value_sets()[name]
