"""Read a run's files back and prove that they tell one truth: keys, references, ids, codes, dates and amounts."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb

from healthsim_core.catalog import Catalog, default_catalog
from healthsim_core.errors import HealthSimError, unknown
from healthsim_core.format_offers import OutputFormat
from healthsim_core.formats.folder import Folder
from healthsim_core.formats.scratch import Scratch
from healthsim_core.output.manifest import MANIFEST, VALIDATION, digest, read_manifest, values
from healthsim_core.output.parts import TABLES
from healthsim_core.output.stored import Kept, StoredTables, table_name
from healthsim_core.output.values import value_digest
from healthsim_core.reading import Truth
from healthsim_core.verification.agreement import compared
from healthsim_core.verification.finding import Finding, Verification, such_as
from healthsim_core.verification.remade import remade
from healthsim_core.verification.table_checks import table_findings
from healthsim_core.verification.truth import truth_of

KEPT = 96 << 20  # bytes of tables that are read once: a small run's, and of a large one what fits


def verify_folder(
    out: Path | str, catalog: Catalog | None = None, formats: Collection[str] | None = None
) -> Verification:
    """Check an output folder: files against the manifest, tables against each other, every format against the tables.

    A run of several parts is read back part by part, so that memory holds one.
    What lies behind a URL is copied first: every byte is needed, and many more than once.

    Args:
        out: The folder or fsspec URL that the run was given.
        catalog: All that plugins offer.
        formats: Formats that are read back; None for all. Of them only, and of the tables,
            files are compared with the manifest.

    Raises:
        OutputError: The folder holds no run of ours.
        UnknownNameError: It does not hold one of the formats.
    """
    folder, offers = Folder(out), catalog or default_catalog()
    listed = _asked(read_manifest(folder), formats)
    if folder.local is not None:
        return _verified(folder, listed, offers)
    with Scratch() as scratch:
        paths = set(folder.paths())
        folder.copy(
            (path for path in (VALIDATION, *(file["path"] for file in listed["files"])) if path in paths),
            Path(scratch.name),
        )
        return _verified(Folder(scratch.name), listed, offers)


def _asked(listed: dict[str, Any], formats: Collection[str] | None) -> dict[str, Any]:
    """The manifest, of some formats alone."""
    if formats is None:
        return listed
    held = {file["format"] for file in listed["files"]}
    for name in formats:
        if name not in held:
            raise unknown("format", name, held - {TABLES}, "--format")
    files = [file for file in listed["files"] if file["format"] in {TABLES, *formats}]
    if not _fits(listed):
        return {**listed, "files": files, "digest": ""}
    parts = [
        {**part, "sha256": digest(file for file in files if file["part"] == part["number"])} for part in listed["parts"]
    ]
    return {**listed, "files": files, "digest": digest(files), "values": digest(map(values, files)), "parts": parts}


def _verified(folder: Folder, listed: Mapping[str, Any], offers: Catalog) -> Verification:
    changed = _changed(folder, listed)
    findings = [_files(listed, changed)]
    tables = [file["path"] for file in listed["files"] if file["format"] == TABLES]
    lost = {table_name(path) for path in changed}  # perhaps not even Parquet: what they say is not asked
    stored = StoredTables(folder, (path for path in tables if table_name(path) not in lost), kept=Kept(KEPT))
    findings.append(_values(listed, stored))
    with duckdb.connect() as connection:
        counts = {name: stored.count(name) for name in stored}
        _relations(connection, stored)
        findings += table_findings(connection, counts, offers, listed["as_of"], stored.pieces)
    findings += remade(folder, listed, stored, offers)
    names = list(dict.fromkeys(file["format"] for file in listed["files"] if file["format"] != TABLES))
    findings.append(_rows(folder, listed, changed, offers))
    for name in names:
        findings += format_findings(folder, name, listed, stored, offers)
    return Verification(tuple(findings))


def _relations(connection: duckdb.DuckDBPyConnection, stored: StoredTables) -> None:
    """Make tables known to SQL: as they were read where they are all kept, and by their files where they are not."""
    if stored.are_kept:
        connection.execute("SET threads = 1")  # of what is in memory, a second thread only costs processor time
        for name, rows in stored.items():
            connection.register(name, rows)
    else:
        for name in stored:
            connection.read_parquet(stored.paths(name)).create_view(name)


def verify_cohort(name: str, database: str | Path | None = None, catalog: Catalog | None = None) -> Verification:
    """Check the tables of a stored cohort; of a registered dataset,
    its files and what its specification makes as well."""
    from healthsim_core.state import load_cohort, show_execution

    tables, execution = load_cohort(name, database), show_execution(name, database)
    if tables.folder is not None:
        return verify_folder(tables.folder.place, catalog, formats=())
    with duckdb.connect() as connection:
        for table, rows in tables.items():
            connection.register(table, rows)
        counts = {table: rows.num_rows for table, rows in tables.items()}
        return Verification(
            tuple(table_findings(connection, counts, catalog or default_catalog(), execution.as_of.isoformat()))
        )


def format_findings(
    folder: Folder, name: str, listed: Mapping[str, Any], stored: StoredTables, catalog: Catalog
) -> Iterable[Finding]:
    """Read a format back: part by part where it has parts, each with the files of the whole run.

    Args:
        folder: The output folder, on this machine.
        name: The format.
        listed: The manifest.
        stored: The run's tables.
        catalog: All that plugins offer.
    """
    files = [file for file in listed["files"] if file["format"] == name]
    cut = {file["path"]: file["part"] for file in files if "/part-" in file["path"]}
    if not cut:
        return _format(Path(folder.place, name), name, truth_of(listed, stored, stored, None, catalog), catalog)
    findings: dict[tuple[str, str], Finding] = {}
    for number in sorted(set(cut.values())):
        with Scratch() as scratch:
            for path in (file["path"] for file in files if cut.get(file["path"], number) == number):
                whole = Path(path).parent.with_suffix(Path(path).suffix) if path in cut else Path(path)
                Path(scratch.name, whole).parent.mkdir(parents=True, exist_ok=True)
                Path(scratch.name, whole).symlink_to(folder.of(path))
            tables = stored.part(number)
            truth = truth_of(listed, stored, tables, number, catalog)
            for finding in _format(Path(scratch.name, name), name, truth, catalog):
                key = (finding.where, finding.what)
                findings[key] = finding.with_more(findings[key]) if key in findings else finding
    return findings.values()


def _changed(folder: Folder, listed: Mapping[str, Any]) -> list[str]:
    """Files that are missing, or are not those that were written."""
    paths = set(folder.paths())
    expected = ((file["path"], (file["bytes"], file["sha256"])) for file in listed["files"])
    return [path for path, written in expected if path not in paths or folder.digest(path) != written]


def _files(listed: Mapping[str, Any], changed: list[str]) -> Finding:
    wrong = [*changed, *([] if _fits(listed) else [MANIFEST])]
    return Finding(MANIFEST, "files are those that were written", len(listed["files"]), len(wrong), such_as(wrong))


def _values(listed: Mapping[str, Any], stored: StoredTables) -> Finding:
    files = [file for file in listed["files"] if file["format"] == TABLES and table_name(file["path"]) in stored]
    wrong = [file["path"] for file in files if value_digest(stored.file(file["path"])) != file.get("values")]
    return Finding(MANIFEST, "values of tables are those of their files", len(files), len(wrong), such_as(wrong))


def _rows(folder: Folder, listed: Mapping[str, Any], changed: Collection[str], offers: Catalog) -> Finding:
    known = {name: offer for name, offer in offers.formats.items() if offer.records is not None}
    files = [file for file in listed["files"] if file["format"] in known and file["path"] not in changed]
    wrong = [
        file["path"] for file in files if _rows_of(known[file["format"]], Path(folder.of(file["path"]))) != file["rows"]
    ]
    return Finding(MANIFEST, "rows of files are those that they hold", len(files), len(wrong), such_as(wrong))


def _rows_of(offer: OutputFormat, path: Path) -> int | None:
    try:
        return offer.rows(path)
    except Exception:  # of a file that was damaged, a reader may say anything
        return None


def _fits(listed: Mapping[str, Any]) -> bool:
    """Whether the manifest has the digests of its own files: of all, of what they say, and of each part's."""
    files = listed["files"]
    of_parts = (
        digest(file for file in files if file["part"] == part["number"]) == part["sha256"] for part in listed["parts"]
    )
    return digest(files) == listed["digest"] and digest(map(values, files)) == listed["values"] and all(of_parts)


def _format(folder: Path, name: str, truth: Truth, catalog: Catalog) -> Iterator[Finding]:
    offer = catalog.formats.get(name)
    if offer is None or offer.records is None:
        why = "no product that is installed here writes it" if offer is None else "its product has no reader"
        yield Finding(name, f"its files: {why}", 1, 0, unread=True)
    else:
        yield from _records(folder, offer, truth)


def _records(folder: Path, offer: OutputFormat, truth: Truth) -> Iterator[Finding]:
    problems: list[str] = []
    with closing(truth):
        try:
            for told in compared(offer, folder, truth):
                if isinstance(told, str):
                    problems.append(told)
                else:
                    yield told
        except Exception as error:  # of a file that was damaged, a reader may say anything
            message = str(error) if isinstance(error, HealthSimError) else f"{type(error).__name__}: {error}"
            yield Finding(offer.name, "can be read back", 1, 1, f": {message}")
    yield Finding(offer.name, "is sound in itself", 1, len(problems), f", such as: {problems[0]}" if problems else "")
