"""A folder of datasets against the run's tables: each dataset, what stands around its observations, and define.xml."""

from __future__ import annotations

import mmap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from healthsim_core import Records, Truth, read_queries
from trialsim.formats.sdtm.reading.definition import NAMED_BY, read_definition
from trialsim.formats.sdtm.reading.transport import count_observations, read_transport

HERE = Path(__file__).parent
DATA = HERE.parents[2] / "data"
DEFINITION = "define.xml"
_ODD = "[\\x00-\\x1f\\x7f-\\x9f\u2028\u2029]| $"
MEDICATION = pa.schema([
    *((name, pa.int64()) for name in ("person_id", "medication_request_id", "prescription_id", "days_supply",
                                      "refills")),
    *((name, pa.string()) for name in ("description", "drug_class", "sig", "dose_unit")), ("dose", pa.float64()),
    ("authored", pa.timestamp("s")), ("written_date", pa.date32()),
])  # fmt: skip


def read_datasets(folder: Path, truth: Truth) -> Iterator[Records | str]:
    """Every record of the folder's files, beside what the tables say.

    Args:
        folder: The format's folder.
        truth: The run's tables.
    """
    questions = _known(truth)
    files = {path.name: path for path in sorted(folder.iterdir())} if folder.is_dir() else {}
    content = _Content()
    for dataset in _datasets(truth):
        name = dataset["dataset"]
        asked = _asked(truth, questions[name], dataset)
        path = files.pop(f"{name.lower()}.xpt", None)
        if path is not None or asked.num_rows:
            said = content.add(name, path, asked)
            yield Records(name, dataset["keys"].split(), said, asked)
    yield from content.problems
    for name, table in content.known().items():
        truth.register(name, table)
    yield from _around(truth, content)
    yield from _definition(truth, files.pop(DEFINITION, None))
    yield from (f"{name} is no file of the format" for name in files)


def count_rows(path: Path) -> int:
    """The observations of a dataset; of define.xml, the datasets that it defines."""
    if path.name == DEFINITION:
        return path.read_bytes().count(b"<ItemGroupDef ")
    return count_observations(_mapped(path), path.name)


def _mapped(path: Path) -> memoryview:
    """A file's bytes, of which only those that are looked at come into memory."""
    with path.open("rb") as file:
        return (
            memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)) if path.stat().st_size else memoryview(b"")
        )


def _known(truth: Truth) -> Mapping[str, str]:
    """Everything that questions ask, made known; those of the datasets."""
    for name in ("patientsim.medication_request", "rxmembersim.prescription"):
        truth.stand_in(name, MEDICATION)
    truth.register("run", pa.table({"as_of": pa.array(np.array([truth.as_of]))}))
    declared = {name: sql.format(data=DATA) for name, sql in read_queries(HERE / "declaration.sql").items()}
    truth.define(declared.pop("macros"))
    questions = read_queries(HERE / "datasets.sql")
    for name, sql in {**declared, "subject": questions["subject"], "visit": questions["visit"]}.items():
        truth.register(name, truth.select(sql))
    return questions


def _datasets(truth: Truth) -> list[dict[str, Any]]:
    """Datasets with their variables, as declared."""
    declared: list[dict[str, Any]] = truth.select("""
        SELECT dataset, keys, list({'variable': variable, 'length': length} ORDER BY v.n) AS variables
        FROM "declared.dataset" AS d JOIN "declared.variable" AS v USING (dataset) GROUP BY d.n, dataset, keys ORDER BY
        d.n
    """).to_pylist()
    return declared


def _asked(truth: Truth, question: str, dataset: Mapping[str, Any]) -> pa.Table:
    """What a dataset must hold, in its order, as wide as its variables are."""
    name, keys = dataset["dataset"], dataset["keys"].split()
    study = truth.select('SELECT study_id FROM "trialsim.study"')["study_id"][0]
    rows = truth.select(question)
    rows = rows.append_column("STUDYID", pa.repeat(study, rows.num_rows)).append_column(
        "DOMAIN", pa.repeat(name, rows.num_rows)
    )
    rows = _numbered(rows.combine_chunks(), keys, f"{name}SEQ")
    columns = {
        declared["variable"]: rows[declared["variable"]]
        for declared in dataset["variables"]
        if declared["variable"] in rows.column_names
    }
    whole = pa.table({"record": rows["record"], **columns})
    odd = {
        declared["variable"]: declared["length"]
        for declared in dataset["variables"]
        if _is_odd(columns.get(declared["variable"]), declared["length"])
    }
    if not odd:
        return whole
    truth.register("odd", whole)
    fitting = ", ".join(f"fitting({variable}, {length}) AS {variable}" for variable, length in odd.items())
    return truth.select(f"SELECT * REPLACE ({fitting}) FROM odd")


def _numbered(rows: pa.Table, keys: list[str], sequence: str) -> pa.Table:
    """The rows in order of the keys, nulls first, each with its number, and with that within the subject."""
    rows = rows.take(pc.sort_indices(rows, [(key, "ascending", "at_start") for key in keys]))
    record = np.arange(rows.num_rows)
    rows = rows.append_column("record", pa.array(record + 1))
    if "USUBJID" not in keys or sequence in rows.column_names:
        return rows
    subject = rows["USUBJID"].combine_chunks().dictionary_encode().indices.to_numpy()
    first = np.maximum.accumulate(np.where(np.append(True, subject[1:] != subject[:-1])[: len(record)], record, 0))
    return rows.append_column(sequence, pa.array(record - first + 1.0))


def _is_odd(column: pa.ChunkedArray | None, length: int) -> bool:
    """Whether a text does not fit, ends in a blank, which nobody can tell from padding,
    or has a character that no cell has."""
    if column is None or not pa.types.is_string(column.type):
        return False
    values = column.unique()
    return bool(
        (pc.max(pc.binary_length(values)).as_py() or 0) > length
        or pc.any(pc.match_substring_regex(values, _ODD)).as_py()
    )


class _Content:
    """What is known of the files once each was read: how many observations, which variables have any,
    and what stands around them."""

    def __init__(self) -> None:
        self.problems: list[str] = []
        self.headers: list[dict[str, Any]] = []
        self.variables: list[pa.Table] = []
        self._written: dict[str, int] = {}
        self._filled: list[tuple[str, str]] = []

    def add(self, name: str, path: Path | None, asked: pa.Table) -> pa.Table:
        """The observations of a file."""
        if asked.num_rows:
            self._written[name] = asked.num_rows
            columns = zip(asked.column_names, asked.columns, strict=True)
            self._filled += [(name, variable) for variable, column in columns if column.null_count < asked.num_rows]
        if path is None:
            return asked.slice(0, 0)
        file = read_transport(_mapped(path), path.name)
        self.problems += file.problems
        self.headers.append({"dataset": name, **file.header})
        self.variables.append(
            file.variables.append_column("dataset", pa.array([name] * file.variables.num_rows, pa.string()))
        )
        return file.observations

    def known(self) -> dict[str, pa.Table]:
        """As relations: the datasets that must be written, and those of their variables that have values."""
        written = {
            "dataset": pa.array(self._written, pa.string()),
            "observations": pa.array(self._written.values(), pa.int64()),
        }
        filled = {
            name: pa.array([pair[at] for pair in self._filled], pa.string())
            for at, name in enumerate(("dataset", "variable"))
        }
        return {"written": pa.table(written), "filled": pa.table(filled)}


def _around(truth: Truth, content: _Content) -> Iterator[Records]:
    questions = read_queries(HERE / "transport.sql")
    headers = truth.select(questions["header record"])
    said = pa.Table.from_pylist(content.headers) if content.headers else headers.slice(0, 0)
    yield Records("header record", ["dataset"], said, headers)
    described = truth.select(questions["NAMESTR"])
    variables = pa.concat_tables(content.variables) if content.variables else described.slice(0, 0)
    yield Records("NAMESTR", ["dataset", "nvar0"], variables, described)


def _definition(truth: Truth, path: Path | None) -> Iterator[Records]:
    questions = read_queries(HERE / "define.sql")
    for name in ("variable", "codelist"):
        truth.register(name, truth.select(questions[name]))
    said = read_definition(path.read_bytes()) if path is not None else {}
    for tag in dict.fromkeys((*NAMED_BY, *said)):
        truths = truth.select(questions[tag])
        yield Records(f"define.xml {tag}", ["within", NAMED_BY[tag]], said.get(tag, truths.slice(0, 0)), truths)
