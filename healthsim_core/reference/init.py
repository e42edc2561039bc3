"""`healthsim init`: the bundled facts of every dataset, and official files, into the database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import attrs
import pyarrow as pa

from healthsim_core.catalog import Catalog, default_catalog
from healthsim_core.errors import ReferenceDataError
from healthsim_core.file_layouts import FileLayout
from healthsim_core.offers import ReferenceDataset
from healthsim_core.reference.checks import Check, check_rows
from healthsim_core.reference.code_list import DATASET as CODE_LISTS
from healthsim_core.reference.file_checks import FileMistakes, file_mistakes
from healthsim_core.reference.official import SUFFIXES, recognised
from healthsim_core.reference.second_figures import SourceFile, rows_told, second_figures
from healthsim_core.reference.stored import BUNDLED, LOADED_FROM, SCHEMA

_TOLD = 20  # mistakes of a file that are told; the others are counted


@attrs.frozen
class Loaded:
    """Rows that were stored: the dataset, the file's layout ("bundled" for the product's own facts), the file,
    how many."""

    dataset: str
    layout: str
    file: str
    rows: int


@attrs.frozen
class Refused:
    """A file of which nothing was stored, and why.

    Attributes:
        file: The file.
        reason: Why, in one line.
        wrong: Whether it should have been stored: its layout is known, and what it holds is wrong.
        mistakes: Mistakes in it, each with line and column; the first ones where they are many.
    """

    file: str
    reason: str
    wrong: bool = False
    mistakes: tuple[str, ...] = ()

    def __str__(self) -> str:
        return "\n".join(
            [
                f"{'refused' if self.wrong else 'left out'} {self.file}: {self.reason}",
                *(f"  {mistake}" for mistake in self.mistakes),
            ]
        )


@attrs.frozen
class InitReport:
    """What `healthsim init` did; printable.

    Attributes:
        database: The database.
        loaded: What was stored.
        refused: Files that were left out, or refused for what they hold.
        checks: What rows were tested for.
    """

    database: Path
    loaded: tuple[Loaded, ...]
    refused: tuple[Refused, ...]
    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        """Whether every check passed, and no file was refused for what it holds."""
        return all(check.passed for check in self.checks) and not any(refusal.wrong for refusal in self.refused)

    def __str__(self) -> str:
        lines = [f"{load.dataset}: {load.rows:,} rows, {_origin(load)}" for load in self.loaded]
        lines += [str(refusal) for refusal in self.refused]
        lines += [str(check) for check in self.checks if not check.passed]
        verdict = f"{sum(check.passed for check in self.checks)} of {len(self.checks)} checks passed"
        return "\n".join([*lines, f"{verdict}. Stored in {self.database}."])


def initialize(database: Path, source: Path | None = None, catalog: Catalog | None = None) -> InitReport:
    """Store the bundled facts of every dataset, and the rows of official files, in one transaction.

    Rows of a file replace those that a file of the same name (below `source`) and layout gave before. A file with a
    mistake is refused whole: what it gave before stays, and other files are stored.

    Args:
        database: The DuckDB file; made where there is none.
        source: Folder of official files, recognised by their headers whatever they are called; None for none.
        catalog: Where datasets are found; defaults to all installed plugins.

    Raises:
        ReferenceDataError: `source` is not a folder.
        StateError: The database is locked, of a newer version, or not a database.
    """
    catalog = catalog or default_catalog()
    datasets = [CODE_LISTS, *(dataset for dataset in catalog.datasets.values() if dataset.table is not None)]
    files, refused = _files(source, datasets) if source else ([], [])
    loaded: list[Loaded] = []
    checks: list[Check] = []
    given: dict[str, dict[str, SourceFile]] = {}  # the files that were stored, by dataset and origin
    from healthsim_core.database.file import writing

    with writing(database) as connection:
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
        for dataset in datasets:
            rows = getattr(dataset.load(), "bundled", None)
            if rows is not None and rows.num_rows:
                loaded.append(_store(connection, dataset, BUNDLED, "", rows))
                checks += check_rows(dataset.name, BUNDLED, rows)
        for dataset, layout, path in files:
            file = path.relative_to(source or path).as_posix()
            source_file = SourceFile(file, path, layout)
            rows = _read(path, file, layout, catalog)
            if not isinstance(rows, Refused):
                rows = _second(connection, dataset, source_file, rows, given.setdefault(dataset.name, {})) or rows
            if isinstance(rows, Refused):
                refused.append(rows)
                continue
            tested = list(
                check_rows(dataset.name, file, rows, () if layout.key or dataset.table is None else dataset.table.key)
            )
            checks += tested
            if all(check.passed for check in tested):
                loaded.append(_store(connection, dataset, layout.name, file, rows))
                given[dataset.name][_origin_of(layout.name, file)] = source_file
            else:
                refused.append(
                    Refused(file, f"is of the layout {layout.name}; nothing of it was stored, see below.", wrong=True)
                )
    return InitReport(Path(database), tuple(loaded), tuple(refused), tuple(checks))


def _read(path: Path, file: str, layout: FileLayout, catalog: Catalog) -> pa.Table | Refused:
    """A file's rows, or why it is refused."""
    try:
        mistakes = file_mistakes(path, layout, catalog.code_systems)
        if mistakes.count:
            return _mistaken(path, file, layout, mistakes)
        rows = layout.read(path)
    except (pa.ArrowException, ReferenceDataError, OSError, UnicodeError) as error:
        return Refused(file, f"is of the layout {layout.name} but cannot be read: {_in_one_line(error)}", wrong=True)
    return rows if rows.num_rows else Refused(file, f"is of the layout {layout.name} but holds no row for it.")


def _mistaken(path: Path, file: str, layout: FileLayout, mistakes: FileMistakes) -> Refused:
    shown = sorted(mistakes.first)[:_TOLD]
    where = rows_told(path, layout, [mistake.row for mistake in shown])
    lines_told = [f"{place}, {mistake.column}: {mistake.what}" for place, mistake in zip(where, shown, strict=True)]
    more = mistakes.count - len(shown)
    counted = "1 mistake" if mistakes.count == 1 else f"{mistakes.count:,} mistakes"
    reason = f"is of the layout {layout.name} and has {counted}; nothing of it was stored."
    return Refused(file, reason, wrong=True, mistakes=(*lines_told, *([f"... and {more:,} more."] if more else [])))


def _second(
    connection: Any, dataset: ReferenceDataset, file: SourceFile, rows: pa.Table, earlier: Mapping[str, SourceFile]
) -> Refused | None:
    """A refusal of a file with figures for keys that another file of this call has given figures for;
    None where there are none."""
    from healthsim_core.database.file import quoted

    assert dataset.table is not None
    lines, count = second_figures(connection, dataset.table, quoted(_stored_as(dataset)), file, rows, earlier, _TOLD)
    if not count:
        return None
    more = count - len(lines)
    reason = f"is of the layout {file.layout.name} and gives figures that another file gives; nothing of it was stored."
    return Refused(file.name, reason, wrong=True, mistakes=(*lines, *([f"... and {more:,} more."] if more else [])))


def _stored_as(dataset: ReferenceDataset) -> str:
    return f"{SCHEMA}.{dataset.name.replace('-', '_')}"


def _origin_of(layout: str, file: str) -> str:
    return f"{layout}: {file}" if file else layout


def _files(
    source: Path, datasets: Iterable[ReferenceDataset]
) -> tuple[list[tuple[ReferenceDataset, FileLayout, Path]], list[Refused]]:
    if not source.is_dir():
        raise ReferenceDataError("is not a folder.", str(source), "Name the folder that holds the files.")
    owners = {layout: dataset for dataset in datasets for layout in dataset.layouts}
    files, refused = [], []
    for path in sorted(entry for entry in source.rglob("*") if entry.is_file()):
        file = path.relative_to(source).as_posix()
        if path.suffix.lower() not in SUFFIXES:
            refused.append(Refused(file, f"is none of {', '.join(SUFFIXES)}."))
            continue
        try:
            layout = recognised(path, owners)
        except ReferenceDataError as error:
            refused.append(Refused(file, error.what))
            continue
        if layout is None:
            refused.append(Refused(file, "its header is that of no layout that an installed product knows."))
        else:
            files.append((owners[layout], layout, path))
    return files, refused


def _store(connection: Any, dataset: ReferenceDataset, layout: str, file: str, rows: pa.Table) -> Loaded:
    from healthsim_core.database.file import identifier, quoted

    assert dataset.table is not None
    name = quoted(_stored_as(dataset))
    columns = ", ".join(f"{identifier(field.name)} {field.sql}" for field in dataset.table.fields)
    connection.execute(f"CREATE TABLE IF NOT EXISTS {name} ({columns}, {LOADED_FROM} VARCHAR)")
    origin = _origin_of(layout, file)
    connection.execute(f"DELETE FROM {name} WHERE {LOADED_FROM} = ?", [origin])
    connection.register("healthsim_incoming", rows)
    given = ", ".join(identifier(field.name) for field in dataset.table.fields)
    connection.execute(f"INSERT INTO {name} SELECT {given}, ? FROM healthsim_incoming", [origin])
    connection.unregister("healthsim_incoming")
    return Loaded(dataset.name, layout, file, rows.num_rows)


def _origin(loaded: Loaded) -> str:
    return f"{loaded.layout} from {loaded.file}" if loaded.file else loaded.layout


def _in_one_line(error: BaseException) -> str:
    return " ".join(str(error).split())
