"""Rows as a declared table has them: Arrow columns and CSV files, by the types of the declaration."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from healthsim_core.tables import Field, Table


def declared_rows(table: Table, columns: Mapping[str, Any], rows: int) -> pa.Table:
    """Rows of a declared table, each column in its declared order and type.

    Args:
        table: The declaration.
        columns: Arrow or NumPy arrays (rows,) by column; a scalar stands in every row, and a column that is not given
            is null. Those that the table does not have are left out.
        rows: How many rows there are.

    Examples:
        >>> fields = Field("name", "category", "Name."), Field("tier", "integer", "Tier of benefits.")
        >>> drugs = Table("plan.drug", fields, ("name",), "Drugs.")
        >>> declared_rows(drugs, {"tier": pa.array(["1", "2"]), "name": "statin"}, 2).to_pylist()
        [{'name': 'statin', 'tier': 1}, {'name': 'statin', 'tier': 2}]
    """
    arrays = [_array(field, columns.get(field.name), rows) for field in table.fields]
    return pa.Table.from_arrays(arrays, schema=table.schema)


def read_declared(table: Table, path: Path, **fixed: Any) -> pa.Table:
    """The rows of a CSV file whose columns have the names of a declared table's; an empty cell is null.

    Args:
        table: The declaration.
        path: The file; what it has besides the declared columns is left out.
        fixed: What stands in every row of columns that the file does not have; others are null.
    """
    types = {field.name: pa.string() if field.type == "category" else field.arrow.type for field in table.fields}
    options = pyarrow.csv.ConvertOptions(column_types=types, strings_can_be_null=True)
    read = pyarrow.csv.read_csv(path, convert_options=options)
    return declared_rows(table, {**fixed, **{name: read[name] for name in read.column_names}}, read.num_rows)


def _array(field: Field, column: Any, rows: int) -> pa.Array:
    if column is None or isinstance(column, str | int | float):
        column = pa.repeat(pa.scalar(column), rows) if column is not None else pa.nulls(rows, pa.string())
    whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else pa.array(column)
    plain = whole.cast(pa.string()) if pa.types.is_dictionary(whole.type) or field.type == "category" else whole
    return pc.dictionary_encode(plain) if field.type == "category" else plain.cast(field.arrow.type)
