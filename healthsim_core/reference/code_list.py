"""Code lists that a user loads: codes of any system that core does not ship,
such as CPT under a licence of one's own."""

from __future__ import annotations

import re
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from healthsim_core.codes import code_systems
from healthsim_core.codes.listed import dotted, icd_10_cm
from healthsim_core.file_layouts import FileColumn, FileLayout
from healthsim_core.offers import ReferenceDataset
from healthsim_core.reference import official
from healthsim_core.reference.known_codes import CODE_LIST
from healthsim_core.tables import Field, Table

_COLUMNS = ("code_system", "code", "description", "billable")
_YES, _NO = ("1", "true", "yes", "y"), ("0", "false", "no", "n")
TABLE = Table(
    f"reference.{CODE_LIST}",
    (
        Field("code_system", "text", "The code system, as fields name it in `codes`."),
        Field("code", "text", "The code."),
        Field("description", "text", "What it is called.", nullable=True),
        Field(
            "billable", "boolean", "Whether a transaction takes it; null where the file does not say.", nullable=True
        ),
    ),
    key=("code_system", "code"),
    description="Codes of lists that `healthsim init --from` has loaded.",
    person="",
)


def read_code_list(path: Path) -> pa.Table:
    """A code list of one's own."""
    raw = official.read_columns(path, _COLUMNS)
    systems = [str(label).strip().lower().replace("_", "-") for label in raw["code_system"].to_pylist()]
    codes = [_written(system, code) for system, code in zip(systems, raw["code"].to_pylist(), strict=True)]
    flags = pc.utf8_lower(pc.utf8_trim_whitespace(raw["billable"])).to_pylist()
    billable = pa.array([None if flag is None else flag in _YES for flag in flags], pa.bool_())
    return pa.table([pa.array(systems), pa.array(codes), raw["description"], billable], schema=TABLE.schema)


def _written(system: str, code: str) -> str:
    return dotted(icd_10_cm(code)) if system.startswith("icd-10-cm") else code.strip()


def _any_of(texts: tuple[str, ...]) -> str:
    return f"(?i)({'|'.join(map(re.escape, texts))})"


DATASET = ReferenceDataset(
    CODE_LIST,
    lambda: None,
    table=TABLE,
    layouts=(
        FileLayout(
            "code list of one's own",
            _COLUMNS[:3],
            read_code_list,
            columns=(
                FileColumn(
                    "code_system",
                    form=_any_of(tuple(code_systems())),
                    looks="a code system, such as ICD-10-CM",
                    required=True,
                ),
                FileColumn("code", form=r"\S(.{0,62}\S)?", looks="a code", required=True),
                FileColumn("billable", form=_any_of((*_YES, *_NO)), looks="yes or no"),
            ),
            key=("code_system", "code"),
        ),
    ),
    description="Codes of any system beside those that ship.",
)
