"""Makes the code lists that core ships from the public files they come from:
python tests/core/make_code_lists.py FOLDER.

Headings that the order file lacks, such as C50, are those of the NCHS tabular list in simple-icd-10-cm.
FOLDER holds icd10cm_codes_fy2026.parquet, icd10cm_medicare_code_edits_fy2026.parquet, icd10cm_changes_fy2027.csv,
icd10pcs_codes_fy2026.parquet, hcpcs_level2_2025q4.parquet, cvx_vaccine_codes.csv, loinc_tests.parquet and
rxnorm_concepts.parquet; code_names.csv beside this module has the names that those lack.
"""

from __future__ import annotations

import csv
import itertools
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import simple_icd_10_cm as tabular

SHIPPED = Path(__file__).parents[2] / "healthsim_core" / "codes" / "data"
SEX = {"sex_female": "F", "sex_male": "M"}
AGE = {
    "age_newborn_0": "newborn",
    "age_pediatric_0_17": "pediatric",
    "age_maternity_9_64": "maternity",
    "age_adult_15_124": "adult",
}
ICD_10_CM = (
    "ICD-10-CM FY2026 with the additions of FY2027 (NCHS and CMS); age edits of the Medicare Code Editor "
    "v43.1, sex edits of v41.1"
)
ROW = dict[str, Any]


def icd_10_cm(folder: Path) -> Iterator[ROW]:
    """Codes and headings.

    A heading has an edit where all codes below it have the same; a code that is newer than the edits has that of the
    nearest heading. Maternity is of women: the sex edits lack six of its codes.
    """
    listed = {row["code"]: row["long_description"] for row in _parquet(folder / "icd10cm_codes_fy2026.parquet")}
    headings = ((code, code.replace(".", "")) for code in tabular.get_all_codes(True))
    listed |= {plain: tabular.get_description(code) for code, plain in headings if _lacks(listed, plain)}
    billable = {row["code"] for row in _parquet(folder / "icd10cm_codes_fy2026.parquet") if row["is_billable"]}
    added = {row["icd10cm_code"] for row in _csv(folder / "icd10cm_changes_fy2027.csv") if row["change"] == "added"}
    edits = list(_parquet(folder / "icd10cm_medicare_code_edits_fy2026.parquet"))
    age = {row["icd10cm_code"]: AGE[row["medicare_code_edit"]] for row in edits if row["medicare_code_edit"] in AGE}
    sex = {row["icd10cm_code"]: SEX[row["medicare_code_edit"]] for row in edits if row["medicare_code_edit"] in SEX}
    sex |= {code: "F" for code, group in age.items() if group == "maternity"}
    below: dict[str, set[tuple[str | None, str | None]]] = {}
    for code in billable:
        for length in range(3, len(code) + 1):
            below.setdefault(code[:length], set()).add((sex.get(code), age.get(code)))
    for code in sorted({*listed, *added}):
        found = next(
            (below[stem] for stem in (code[:length] for length in range(len(code), 2, -1)) if stem in below),
            {(None, None)},
        )
        sexes, ages = {each for each, _ in found}, {each for _, each in found}
        yield {
            "code": code, "billable": code in billable or code in added,
            "sex": sexes.pop() if len(sexes) == 1 else None,
            "age": ages.pop() if len(ages) == 1 else None, "description": listed.get(code),
        }  # fmt: skip


def icd_10_pcs(folder: Path) -> Iterator[ROW]:
    """Procedures of hospital stays."""
    for row in _parquet(folder / "icd10pcs_codes_fy2026.parquet"):
        yield {
            "code": row["icd10pcs_code"],
            "billable": True,
            "sex": None,
            "age": None,
            "description": row["description"],
        }


def hcpcs(folder: Path) -> Iterator[ROW]:
    """Level II codes without modifiers and dental codes; terminated ones are not billable."""
    for row in _parquet(folder / "hcpcs_level2_2025q4.parquet"):
        if not row["is_modifier"] and not row["hcpcs_code"].startswith("D"):
            active = row["is_active_2025_10_01"]
            yield {
                "code": row["hcpcs_code"],
                "billable": active,
                "sex": None,
                "age": None,
                "description": row["long_description"],
            }


def cvx(folder: Path) -> Iterator[ROW]:
    """Vaccines, by their short names; those that are no longer or not here given are not billable."""
    for row in _csv(folder / "cvx_vaccine_codes.csv"):
        words = row["short_description"] or row["full_vaccine_name"]
        yield {
            "code": row["cvx_code"],
            "billable": row["status"] == "Active",
            "sex": None,
            "age": None,
            "description": words,
        }


def loinc(folder: Path) -> Iterator[ROW]:
    """Names of frequent tests and signs; what is a LOINC code at all is known by its check digit."""
    for row in _parquet(folder / "loinc_tests.parquet"):
        yield _named(row["loinc_code"], row["long_common_name"])
    yield from _added("loinc", {row["loinc_code"] for row in _parquet(folder / "loinc_tests.parquet")})


def rxnorm(folder: Path) -> Iterator[ROW]:
    """Names of drugs, those of today before archived ones."""
    added = {row["code"]: row for row in _added("rxnorm", set())}
    for row in _parquet(folder / "rxnorm_concepts.parquet"):
        yield added.pop(row["rxcui"], None) or _named(row["rxcui"], row["name"])
    yield from added.values()


def _added(system: str, known: set[str]) -> Iterator[ROW]:
    """Names that the public files lack."""
    for row in _csv(Path(__file__).with_name("code_names.csv")):
        if row["system"] == system and row["code"] not in known:
            yield _named(row["code"], row["name"])


def _named(code: str, words: str) -> ROW:
    return {"code": code, "billable": True, "sex": None, "age": None, "description": words}


LISTS = {
    "icd-10-cm": (icd_10_cm, ICD_10_CM),
    "icd-10-pcs": (icd_10_pcs, "ICD-10-PCS FY2026 (CMS)"),
    "hcpcs": (hcpcs, "HCPCS level II, fourth quarter of 2025 (CMS), without modifiers and dental codes"),
    "cvx": (cvx, "CVX of October 2025 (CDC); the short description, else the full name"),
    "loinc": (loinc, "LOINC 2.78, names of 1,824 frequent tests and signs (Regenstrief Institute)"),
    "rxnorm": (rxnorm, "RxNorm names (NLM): archived ones, and those of the drugs of the shipped skills"),
}


def table(rows: Iterable[ROW], source: str) -> pa.Table:
    """The layout of a shipped list."""
    fields = [
        pa.field("code", pa.string(), nullable=False), pa.field("billable", pa.bool_(), nullable=False),
        pa.field("sex", pa.string()), pa.field("age", pa.string()), pa.field("description", pa.string()),
    ]  # fmt: skip
    ordered = sorted(rows, key=lambda row: str(row["code"]))
    assert all(one["code"] < other["code"] for one, other in itertools.pairwise(ordered)), "codes are distinct"
    return pa.Table.from_pylist(ordered, schema=pa.schema(fields, metadata={"source": source}))


def write(folder: Path, out: Path) -> None:
    """Write every list."""
    for name, (rows, source) in LISTS.items():
        encodings = {"code": "DELTA_BYTE_ARRAY", "description": "DELTA_BYTE_ARRAY"}
        pq.write_table(
            table(rows(folder), source), out / f"{name}.parquet", compression="zstd", compression_level=19,
            row_group_size=200_000,
            use_dictionary=["sex", "age"], column_encoding=encodings, write_statistics=False,
        )  # fmt: skip


def _lacks(listed: ROW, code: str) -> bool:
    """Whether a code of the tabular list is a heading, no chapter or section, that is not listed."""
    return code not in listed and code.isalnum() and not code.isdigit() and len(code) >= 3


def _parquet(path: Path) -> list[ROW]:
    return pq.read_table(path).to_pylist()


def _csv(path: Path) -> list[ROW]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


if __name__ == "__main__":
    write(Path(sys.argv[1]), SHIPPED)
