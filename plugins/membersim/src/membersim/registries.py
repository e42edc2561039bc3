"""Prices of services and weights of stays: what is bundled, and what `healthsim init --from` has loaded over it.

A fee schedule of one's own is a file with the columns `code`, `rvu` and `replaces`: from then on, visits that would be
billed as the code in `replaces` are billed as `code` (several share by `weight`). So claims carry CPT codes for those
who hold a licence of them. IPPS Table 5 of another year replaces the bundled weights.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from healthsim_core import (
    Draws,
    Field,
    FileColumn,
    FileLayout,
    ReferenceDataset,
    Run,
    Table,
    Text,
    declared_rows,
    official,
    read_declared,
    reference_rows,
)
from membersim.facts import DATA

_ONE = "1"

SERVICE_CODE = Table(
    "reference.fee_schedule",
    (
        Field("code", "text", "HCPCS code.", codes="service-code"),
        Field("description", "text", "The service in words.", nullable=True),
        Field("rvu", "number", "Total relative value outside of facilities."),
        Field("varies", "boolean", "Whether it stands for services of several levels."),
        Field("replaces", "text", "Bundled code in whose place it is billed.", nullable=True),
        Field("weight", "number", "Share among the codes that replace the same."),
    ),
    key=("code",),
    description="Relative values of professional services.",
    person="",
)

DRG = Table(
    "reference.drg_weights",
    (
        Field("drg", "text", "MS-DRG, three digits.", codes="ms-drg"),
        Field("kind", "text", "medical or surgical."),
        Field("mdc", "text", "Major diagnostic category.", nullable=True),
        Field("weight", "number", "Relative weight."),
        Field("geometric_los", "number", "Geometric mean length of stay.", unit="d"),
    ),
    key=("drg",),
    description="MS-DRG relative weights.",
    person="",
)


@attrs.frozen(eq=False)
class FeeSchedule:
    """Relative values of professional services.

    Attributes:
        rvu: Relative value by HCPCS code.
        varies: Codes that stand for services of several levels.
        instead: Codes and their weights by the bundled code that they replace.
    """

    rvu: Mapping[str, float]
    varies: frozenset[str]
    instead: Mapping[str, Mapping[str, float]]

    @classmethod
    def of(cls, every: list[dict[str, Any]]) -> FeeSchedule:
        """The fee schedule of some rows."""
        instead: dict[str, dict[str, float]] = {}
        for row in every:
            if row["replaces"]:
                instead.setdefault(row["replaces"], {})[row["code"]] = row["weight"]
        return cls(
            {row["code"]: row["rvu"] for row in every},
            frozenset(row["code"] for row in every if row["varies"]),
            instead,
        )

    def billed(self, code: Text, draw: Draws) -> Text:
        """Each code, or one that is billed in its place."""
        drg = code
        for replaced, weights in sorted(self.instead.items()):
            drawn = draw.choice(f"instead of {replaced}", weights)
            drg = drawn.only(code == replaced).or_else(drg)
        return drg

    def knows(self, code: Text) -> NDArray[np.bool_]:
        """Whether each code is listed."""
        return code.isin(self.rvu)


@attrs.frozen(eq=False)
class DrgWeights:
    """MS-DRG relative weights, geometric mean lengths of stay, and medical or surgical, by three-digit DRG."""

    weight: Mapping[str, float]
    geometric_los: Mapping[str, float]
    kind: Mapping[str, str]

    @classmethod
    def of(cls, every: list[dict[str, Any]]) -> DrgWeights:
        """The weights of some rows."""
        return cls(
            {row["drg"]: row["weight"] for row in every},
            {row["drg"]: max(row["geometric_los"], 1.0) for row in every},
            {row["drg"]: row["kind"] for row in every},
        )


@attrs.frozen(eq=False, slots=False)
class Registry:
    """A dataset: its bundled rows, and over them those that were loaded, which are read when first asked for.

    Attributes:
        name: The dataset's name.
        bundled: The bundled rows.
        read: What becomes of rows.
    """

    name: str
    bundled: pa.Table
    read: Callable[[list[dict[str, Any]]], Any]

    @functools.cached_property
    def current(self) -> Any:
        """Bundled and loaded rows together."""
        stored = reference_rows(self.name)
        loaded = [] if stored is None else [row for row in stored.to_pylist() if row["loaded_from"] != "bundled"]
        return self.read([*self.bundled.to_pylist(), *loaded])


def bundled_fees() -> pa.Table:
    """The bundled fee schedule."""
    return read_declared(SERVICE_CODE, DATA.path / "fee_schedule.csv", weight=1.0)


def bundled_weights() -> pa.Table:
    """The bundled FY 2026 weights."""
    return read_declared(DRG, DATA.path / "msdrg.csv")


@functools.cache
def fee_schedule() -> FeeSchedule:
    """The bundled fee schedule alone."""
    return FeeSchedule.of(bundled_fees().to_pylist())


@functools.cache
def drg_weights() -> DrgWeights:
    """The bundled FY 2026 weights alone."""
    return DrgWeights.of(bundled_weights().to_pylist())


def fees_of(run: Run) -> FeeSchedule:
    """The run's fee schedule."""
    registry = run.reference("fee_schedule")
    return registry.current if registry is not None else fee_schedule()


def weights_of(run: Run) -> DrgWeights:
    """The run's DRG weights."""
    registry = run.reference("drg_weights")
    return registry.current if registry is not None else drg_weights()


def read_fees(path: Path) -> pa.Table:
    """A fee schedule of one's own."""
    raw = official.read_columns(path, ("code", "description", "rvu", "varies", "replaces", "weight"))
    rvu, weight = official.numbers(raw["rvu"]), official.numbers(raw["weight"])
    columns = {
        "code": raw["code"],
        "description": raw["description"],
        "rvu": rvu,
        "varies": pc.fill_null(pc.equal(raw["varies"], _ONE), False),
        "replaces": raw["replaces"],
        "weight": np.where(np.isnan(weight), 1.0, weight),
    }
    return declared_rows(SERVICE_CODE, columns, raw.num_rows)


def read_table_5(path: Path) -> pa.Table:
    """IPPS Table 5: DRGs with a weight (others are not paid by it)."""
    weight_name = "Weights - 10% Cap Applied"
    raw = official.read_columns(path, ("MS-DRG", "TYPE", "MDC", weight_name, "Geometric mean LOS"))
    weight, stay = official.numbers(raw[weight_name]), official.numbers(raw["Geometric mean LOS"])
    kinds = ["surgical" if (kind or "").strip() == "SURG" else "medical" for kind in raw["TYPE"].to_pylist()]
    drg = official.zero_padded(raw["MS-DRG"], 3)
    figures = {"weight": weight, "geometric_los": np.nan_to_num(stay, nan=1.0)}
    columns = {"drg": drg, "kind": pa.array(kinds, pa.string()), "mdc": raw["MDC"], **figures}
    return declared_rows(DRG, columns, raw.num_rows).filter(pa.array(~np.isnan(weight)))


_PROCEDURE, _PROCEDURE_LOOKS = (
    r"[0-9]{4}[0-9A-Z]|[A-Z][0-9]{4}",
    "a procedure code: five characters, as in 99213 or G0463",
)
_FEE_COLUMNS = (
    FileColumn("code", form=_PROCEDURE, looks=_PROCEDURE_LOOKS, required=True),
    FileColumn("rvu", "number", least=0, required=True),
    FileColumn("varies", form="[01]", looks="0 or 1"),
    FileColumn("replaces", form=_PROCEDURE, looks=_PROCEDURE_LOOKS),
    FileColumn("weight", "number", least=0),
)
_TABLE_5_COLUMNS = (
    FileColumn("MS-DRG", form=r"(?!0+$)[0-9]{1,3}", looks="an MS-DRG: three digits", required=True),
    FileColumn("TYPE", form="MED|SURG", looks="MED or SURG"),
    FileColumn("MDC", form="PRE|[0-9]{1,2}", looks="a major diagnostic category: PRE or two digits"),
    FileColumn("Weights - 10% Cap Applied", "number", least=0),
    FileColumn("Geometric mean LOS", "number", least=0),
)

DATASETS = (
    ReferenceDataset(
        "fee_schedule",
        lambda: Registry("fee_schedule", bundled_fees(), FeeSchedule.of),
        table=SERVICE_CODE,
        layouts=(
            FileLayout(
                "fee schedule of one's own", ("code", "rvu", "replaces"), read_fees, columns=_FEE_COLUMNS, key=("code",)
            ),
        ),
        description="Relative values of professional services, HCPCS level II unless others are loaded.",
    ),
    ReferenceDataset(
        "drg_weights",
        lambda: Registry("drg_weights", bundled_weights(), DrgWeights.of),
        table=DRG,
        layouts=(
            FileLayout(
                "IPPS Table 5",
                ("MS-DRG", "MS-DRG Title", "Weights - 10% Cap Applied", "Geometric mean LOS"),
                read_table_5,
                columns=_TABLE_5_COLUMNS,
                key=("MS-DRG",),
            ),
        ),
        description="MS-DRG relative weights, FY 2026 unless another year is loaded.",
    ),
)
