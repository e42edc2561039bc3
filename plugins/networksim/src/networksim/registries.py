"""Public registries that `healthsim init --from` can load: NPPES, and CMS's list of hospitals.

They are for study and comparison. Nothing generated takes a number, a name or an address from them.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import pyarrow as pa
import pyarrow.compute as pc

from healthsim_core import Field, FileColumn, FileLayout, ReferenceDataset, Table, declared_rows, official

_ADDRESS = "Provider First Line Business Practice Location Address"
_PRACTICE = "Provider Business Practice Location Address"
_TAXONOMIES = 15


def _text(name: str, description: str, nullable: bool = True) -> Field:
    return Field(name, "text", description, nullable=nullable)


NPPES_PROVIDER = Table(
    "reference.nppes_provider",
    (
        _text("npi", "National Provider Identifier.", nullable=False),
        _text("entity", "individual or organization."),
        _text("organization_name", "Legal business name."),
        _text("last_name", "Family name."),
        _text("first_name", "Given name."),
        _text("credential", "Credential."),
        _text("address", "First line of the practice location."),
        _text("city", "City."),
        _text("state", "Two-letter state."),
        _text("zip", "Five-digit ZIP code."),
        _text("phone", "Telephone."),
        _text("taxonomy", "Primary taxonomy code."),
        Field("enumerated", "date", "When the number was issued.", nullable=True),
        _text("source", "The file's layout."),
    ),
    key=("npi",),
    description="NPPES, active numbers only.",
    person="",
)

CMS_HOSPITAL = Table(
    "reference.cms_hospital",
    (
        _text("ccn", "CMS Certification Number, six characters.", nullable=False),
        _text("name", "Name."),
        _text("address", "Address."),
        _text("city", "City."),
        _text("state", "Two-letter state."),
        _text("zip", "Five-digit ZIP code."),
        _text("county", "County, in words."),
        _text("kind", "Kind of hospital."),
        _text("ownership", "Owner."),
        Field("emergency", "boolean", "Whether it has emergency services.", nullable=True),
        _text("source", "The file's layout."),
    ),
    key=("ccn",),
    description="Hospitals registered with Medicare.",
    person="",
)


_IN_THE_COUNTRY = (f"{_PRACTICE} Country Code (If outside U.S.)", ("", "US"))
_ZIP, _ZIP_LOOKS = r"\d{3,5}(-?\d{4})?", "a ZIP code of five digits, or nine"
_CCN, _CCN_LOOKS = r"\d{1,2}[0-9A-Z]\d{2}[0-9A-Z]", "a CMS Certification Number: six characters, as in 450289"
_NPPES_COLUMNS = (
    FileColumn("NPI", codes="npi", required=True),
    FileColumn("Entity Type Code", form="[12]", looks="1 (an individual) or 2 (an organization)"),
    FileColumn(f"{_PRACTICE} State Name", "state", only=_IN_THE_COUNTRY),
    FileColumn(f"{_PRACTICE} Postal Code", form=_ZIP, looks=_ZIP_LOOKS, only=_IN_THE_COUNTRY),
    FileColumn("Provider Enumeration Date", "date"),
    FileColumn("NPI Deactivation Date", "date"),
    FileColumn(
        "Healthcare Provider Taxonomy Code_*",
        form="[0-9A-Z]{9}X",
        looks="a taxonomy code: ten characters, the last of them X",
    ),
    FileColumn("*Primary Taxonomy Switch_*", form="[YNX]", looks="Y, N or X"),
)
_HOSPITAL_COLUMNS = (
    FileColumn("Facility ID", form=_CCN, looks=_CCN_LOOKS, required=True),
    FileColumn("State", "state"),
    FileColumn("ZIP Code", form=_ZIP, looks=_ZIP_LOOKS),
    FileColumn("Emergency Services", form="(?i:yes|no)", looks="Yes or No"),
)


def read_nppes(path: Path) -> pa.Table:
    """Active providers of an NPPES dissemination file (npidata_pfile)."""
    codes = [f"Healthcare Provider Taxonomy Code_{index}" for index in range(1, _TAXONOMIES + 1)]
    switches = [f"Healthcare Provider Primary Taxonomy Switch_{index}" for index in range(1, _TAXONOMIES + 1)]
    old = [f"Primary Taxonomy Switch_{index}" for index in range(1, _TAXONOMIES + 1)]
    named = {
        "npi": "NPI", "entity": "Entity Type Code",
        "organization_name": "Provider Organization Name (Legal Business Name)",
        "last_name": "Provider Last Name (Legal Name)", "first_name": "Provider First Name",
        "credential": "Provider Credential Text",
        "address": _ADDRESS, "city": f"{_PRACTICE} City Name", "state": f"{_PRACTICE} State Name",
        "zip": f"{_PRACTICE} Postal Code",
        "phone": f"{_PRACTICE} Telephone Number", "enumerated": "Provider Enumeration Date",
        "deactivated": "NPI Deactivation Date",
    }  # fmt: skip
    wanted = (*named.values(), *codes, *switches, *old)
    parts = [_active(raw, named, _primary(raw, codes, switches, old)) for raw in official.batches(path, wanted)]
    return pa.concat_tables([NPPES_PROVIDER.empty(), *parts])


def _active(raw: pa.Table, named: dict[str, str], taxonomy: pa.Array) -> pa.Table:
    listed: dict[str, Any] = {name: raw[official_name] for name, official_name in named.items()}
    entity = pc.if_else(pc.equal(pc.fill_null(listed["entity"], ""), "2"), "organization", "individual")
    dates = pc.strptime(listed["enumerated"], format="%m/%d/%Y", unit="s", error_is_null=True).cast(pa.date32())
    columns = {
        **listed,
        "entity": entity,
        "zip": pc.utf8_slice_codeunits(listed["zip"], 0, 5),
        "taxonomy": taxonomy,
        "enumerated": dates,
    }
    active = pc.and_(pc.is_null(listed["deactivated"]), pc.equal(pc.utf8_length(pc.fill_null(listed["npi"], "")), 10))
    return declared_rows(NPPES_PROVIDER, {**columns, "source": "NPPES"}, raw.num_rows).filter(active)


def read_hospitals(path: Path) -> pa.Table:
    """Hospitals of CMS Care Compare's general information."""
    named = {
        "ccn": "Facility ID", "name": "Facility Name", "address": "Address", "city": "City/Town", "state": "State",
        "zip": "ZIP Code",
        "county": "County/Parish", "kind": "Hospital Type", "ownership": "Hospital Ownership",
        "emergency": "Emergency Services",
    }  # fmt: skip
    raw = official.read_columns(path, tuple(named.values()))
    columns: dict[str, Any] = {name: raw[official] for name, official in named.items()}
    padded = {name: pc.utf8_lpad(columns[name], width=width, padding="0") for name, width in (("ccn", 6), ("zip", 5))}
    changed = {**padded, "emergency": pc.equal(columns["emergency"], "Yes"), "source": "CMS Care Compare"}
    return declared_rows(CMS_HOSPITAL, {**columns, **changed}, raw.num_rows)


def _primary(raw: pa.Table, codes: list[str], switches: list[str], old: list[str]) -> pa.Array:
    taxonomy = pa.nulls(raw.num_rows, pa.string())
    for code, switch, older in zip(codes, switches, old, strict=True):
        said = pc.coalesce(raw[switch], raw[older])
        is_primary = pc.equal(pc.fill_null(said, ""), "Y")
        taxonomy = pc.coalesce(taxonomy, pc.if_else(is_primary, raw[code], pa.scalar(None, pa.string())))
    return pc.coalesce(taxonomy, raw[codes[0]])


@attrs.frozen
class Registry:
    """A registry as it is without `healthsim init --from`: known by its layout, empty."""

    table: Table


def _empty(table: Table) -> Callable[[], Registry]:
    return lambda: Registry(table)


DATASETS = (
    ReferenceDataset(
        "nppes_provider",
        _empty(NPPES_PROVIDER),
        NPPES_PROVIDER,
        layouts=(
            FileLayout(
                "NPPES npidata_pfile",
                (
                    "NPI",
                    "Entity Type Code",
                    "Provider Last Name (Legal Name)",
                    "Healthcare Provider Taxonomy Code_1",
                    _ADDRESS,
                ),
                read_nppes,
                columns=_NPPES_COLUMNS,
                key=("NPI",),
            ),
        ),
        description="Providers registered with NPPES, for comparison; loaded by `healthsim init --from`.",
    ),
    ReferenceDataset(
        "cms_hospital",
        _empty(CMS_HOSPITAL),
        CMS_HOSPITAL,
        layouts=(
            FileLayout(
                "CMS hospital general information",
                (
                    "Facility ID",
                    "Facility Name",
                    "City/Town",
                    "County/Parish",
                    "Hospital Type",
                    "Hospital Ownership",
                    "Emergency Services",
                ),
                read_hospitals,
                columns=_HOSPITAL_COLUMNS,
                key=("Facility ID",),
            ),
        ),
        description="Hospitals registered with Medicare, for comparison; loaded by `healthsim init --from`.",
    ),
)
