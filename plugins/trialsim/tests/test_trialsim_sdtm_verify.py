"""Whatever is changed in the datasets or in define.xml contradicts the tables, and is found:
plants in every field of every file."""

from __future__ import annotations

import collections
import copy
import importlib.util
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import attrs
import numpy as np
import pyarrow as pa
import pytest
from trialsim.formats.sdtm.reading import read_datasets
from trialsim.formats.sdtm.reading.definition import NAMED_BY, read_definition
from trialsim.formats.sdtm.reading.transport import DESCRIPTION, HEADER, Transport, read_transport

from healthsim_core import HealthSimError, Records, generate
from healthsim_core.catalog import default_catalog
from healthsim_core.formats.folder import Folder
from healthsim_core.output.manifest import read_manifest
from healthsim_core.output.stored import StoredTables
from healthsim_core.testing import contradictions
from healthsim_core.verification.agreement import agreement
from healthsim_core.verification.truth import truth_of
from healthsim_core.verification.verify import verify_folder

DATASETS = ("TA", "TE", "TV", "TI", "TS", "DM", "SE", "SV", "EX", "AE", "DS", "DV", "MH", "IE", "LB", "VS")
CHARTED = importlib.util.find_spec("patientsim") is not None
Place = tuple[int, int]


@attrs.frozen
class Written:
    """A run's files, taken apart, with what the tables say of every kind of record."""

    folder: Path
    records: dict[str, Records]
    raw: dict[str, bytes]
    files: dict[str, Transport]

    def contradicts(self, kind: str, said: pa.Table) -> bool:
        """Whether that is a finding where the files say it of a kind of record."""
        return any(finding.wrong for finding in agreement("sdtm_datasets", attrs.evolve(self.records[kind], said=said)))

    def is_found(self, name: str, raw: bytes, kind: str | None = None) -> bool:
        """Whether a dataset's file with these bytes is a finding, by its observations or by what stands around them."""
        try:
            file = read_transport(raw, f"{name.lower()}.xpt")
        except (HealthSimError, ValueError):
            return True
        if kind == "header record":
            return self.contradicts(kind, _instead(self.records[kind].said, name, [{"dataset": name, **file.header}]))
        if kind == "NAMESTR":
            return self.contradicts(
                kind,
                _instead(self.records[kind].said, name, [{"dataset": name, **v} for v in file.variables.to_pylist()]),
            )
        return bool(file.problems) or self.contradicts(name, file.observations)

    def layout(self, name: str) -> tuple[int, int, dict[str, Place]]:
        """Where a file's observations begin, how long each is, and where each variable lies in it."""
        places = {v["nname"].strip(): (v["npos"], v["nlng"]) for v in self.files[name].variables.to_pylist()}
        size = sum(length for _, length in places.values())
        return len(self.raw[name]) - self.files[name].header["observations"] * size - self._padding(name), size, places

    def _padding(self, name: str) -> int:
        return len(self.files[name].header["observation padding"])

    def cell(self, name: str, variable: str, row: int) -> slice:
        """Where a value stands in a file."""
        start, size, places = self.layout(name)
        at, length = places[variable]
        return slice(start + row * size + at, start + row * size + at + length)

    def values(self, name: str) -> Iterator[tuple[str, list[object]]]:
        """Variables of a dataset that have values, with all of them."""
        for variable in self.files[name].observations.column_names[1:]:
            values = self.files[name].observations[variable].to_pylist()
            if any(value is not None for value in values):
                yield variable, values


def _instead(said: pa.Table, name: str, rows: list[dict[str, object]]) -> pa.Table:
    others = [row for row in said.to_pylist() if row["dataset"] != name]
    return pa.Table.from_pylist([*others, *rows])


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Written:
    """A study of forty people, with what a clinic prescribes where there is one."""
    out = tmp_path_factory.mktemp("verify") / "out"
    journeys, products = (["diabetic_management_year"], ["patientsim"]) if CHARTED else ([], [])
    generate("trial-diabetes-adults", [*journeys, "trial_participation"], 40, seed=3, products=["trialsim", *products],
             output_formats=["sdtm_datasets"], out=out)  # fmt: skip
    folder, listed = out / "sdtm_datasets", read_manifest(Folder(out))
    stored = StoredTables(Folder(out), [file["path"] for file in listed["files"] if file["format"] == "tables"])
    truth = truth_of(listed, stored, stored, None, default_catalog())
    records = {told.name: told for told in read_datasets(folder, truth) if isinstance(told, Records)}
    raw = {path.stem.upper(): path.read_bytes() for path in folder.glob("*.xpt")}
    return Written(folder, records, raw, {name: read_transport(content, name) for name, content in raw.items()})


def planted(raw: bytes, place: slice, value: bytes) -> bytes:
    assert raw[place] != value
    return raw[: place.start] + value + raw[place.stop :]


def other_letter(raw: bytes) -> bytes:
    """Another digit or letter instead of the first there is."""
    at = next((at for at, byte in enumerate(raw) if byte not in (0, 32)), 0)
    return raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :]


def test_as_it_was_written_everything_agrees(written: Written) -> None:
    assert [
        str(finding)
        for finding in verify_folder(written.folder.parent, formats=["sdtm_datasets"]).findings
        if finding.wrong
    ] == []


def test_every_dataset_is_among_the_records(written: Written) -> None:
    assert set(written.raw) == {*DATASETS, *(["CM"] if CHARTED else [])} == set(written.records) & set(written.raw)


def test_nothing_is_left_out_of_the_comparison(written: Written) -> None:
    assert [name for name, records in written.records.items() if records.unread] == []


@pytest.mark.parametrize("name", DATASETS)
def test_a_changed_letter_or_number_is_found_in_every_variable(written: Written, name: str) -> None:
    missed = []
    for variable, values in written.values(name):
        row = next(row for row, value in enumerate(values) if value is not None)
        place = written.cell(name, variable, row)
        if not written.is_found(name, planted(written.raw[name], place, other_letter(written.raw[name][place]))):
            missed.append(variable)
    assert missed == []


@pytest.mark.parametrize("name", DATASETS)
def test_values_swapped_between_two_records_are_found_in_every_variable(written: Written, name: str) -> None:
    missed = []
    for variable, values in written.values(name):
        other = next((row for row, value in enumerate(values) if value != values[0]), None)
        if other is not None:
            raw, one, two = written.raw[name], written.cell(name, variable, 0), written.cell(name, variable, other)
            if not written.is_found(name, planted(planted(raw, one, raw[two]), two, raw[one])):
                missed.append(variable)
    assert missed == []


@pytest.mark.parametrize("name", [name for name in DATASETS if name not in ("TA", "TE", "TV", "TI", "TS")])
def test_a_day_shifted_is_found_in_every_date(written: Written, name: str) -> None:
    missed = []
    for variable, values in written.values(name):
        row = next(row for row, value in enumerate(values) if value is not None)
        if variable.endswith(("DTC", "ENTPT")):
            place = written.cell(name, variable, row)
            shifted = str(np.datetime64(str(values[row])) + np.timedelta64(1, "D")).encode()
            if not written.is_found(name, planted(written.raw[name], place, shifted.ljust(place.stop - place.start))):
                missed.append(variable)
    assert missed == []


@pytest.mark.parametrize(
    ("variable", "value"),
    [("EXDOSU", b"g"), ("LBORRESU", b"mmol/L"), ("LBSTRESU", b"mg/dL"), ("LBORRES", b"8"), ("LBSTRESC", b"6"),
     ("LBORNRLO", b"4"),
     ("LBNRIND", b"LOW"), ("VSORRESU", b"kPa"), ("VSPOS", b"STANDING"), ("AGEU", b"MONTHS"), ("SEX", b"U"),
     ("AESER", b"X")],
)  # fmt: skip
def test_a_unit_or_a_rounded_result_is_found(written: Written, variable: str, value: bytes) -> None:
    name = variable[:2] if variable not in ("AGEU", "SEX") else "DM"
    place = written.cell(name, variable, 0)

    assert written.is_found(name, planted(written.raw[name], place, value.ljust(place.stop - place.start)))


def _missing(rows: list[bytes]) -> list[bytes]:
    return rows[1:]


def _last_missing(rows: list[bytes]) -> list[bytes]:
    return rows[:-1]


def _doubled(rows: list[bytes]) -> list[bytes]:
    return [rows[0], *rows]


def _moved(rows: list[bytes]) -> list[bytes]:
    return [*rows[1:], rows[0]]


@pytest.mark.parametrize("change", [_missing, _last_missing, _doubled, _moved])
@pytest.mark.parametrize("name", DATASETS)
def test_a_record_missing_doubled_or_moved_is_found(
    written: Written, name: str, change: Callable[[list[bytes]], list[bytes]]
) -> None:
    start, size, _ = written.layout(name)
    raw = written.raw[name]
    count = written.files[name].header["observations"]
    rows = b"".join(change([raw[start + at * size : start + (at + 1) * size] for at in range(count)]))
    planted_file = raw[:start] + rows + b" " * (-len(rows) % 80)

    assert written.is_found(name, planted_file) is (planted_file != raw)


@pytest.mark.parametrize("field", [name for name, _ in HEADER])
def test_a_changed_letter_of_a_header_record_is_found(written: Written, field: str) -> None:
    names = [name for name, _ in HEADER]
    start = sum(length for _, length in HEADER[: names.index(field)])
    raw = written.raw["DM"]

    assert written.is_found("DM", raw[:start] + bytes([raw[start] ^ 1]) + raw[start + 1 :], "header record")


@pytest.mark.parametrize("field", DESCRIPTION.names or ())
def test_a_changed_byte_of_a_description_is_found(written: Written, field: str) -> None:
    assert DESCRIPTION.fields is not None
    kind, offset, *_ = DESCRIPTION.fields[field]
    at = sum(length for _, length in HEADER) + 3 * DESCRIPTION.itemsize + offset + kind.itemsize - 1
    raw = written.raw["LB"]

    assert written.is_found("LB", raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :], "NAMESTR")


def contradiction(written: Written, root: ElementTree.Element) -> bool:
    """Whether such a define.xml is a finding; elements that are as they were agree, as the first test proves."""
    said = read_definition(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True))
    kinds = [
        tag
        for tag in said
        if f"define.xml {tag}" not in written.records or not said[tag].equals(written.records[f"define.xml {tag}"].said)
    ]
    return any(tag not in NAMED_BY or written.contradicts(f"define.xml {tag}", said[tag]) for tag in kinds)


def definition(written: Written) -> ElementTree.Element:
    return ElementTree.parse(written.folder / "define.xml").getroot()


def local(tag: str) -> str:
    return tag.rpartition("}")[2]


@pytest.mark.parametrize("tag",
                         ["ODM", "Study", "MetaDataVersion", "Standard", "ValueListDef", "WhereClauseRef",
                          "WhereClauseDef",
    "RangeCheck", "ItemGroupDef", "ItemRef", "Class", "leaf", "ItemDef", "CodeListRef", "Origin", "ValueListRef",
    "CodeList",
    "ExternalCodeList", "CodeListItem", "EnumeratedItem", "Alias", "MethodDef", "CommentDef",
    "TranslatedText"])  # fmt: skip
def test_a_changed_letter_is_found_in_every_attribute_of_define(written: Written, tag: str) -> None:
    root = definition(written)
    elements = [element for element in root.iter() if local(element.tag) == tag]
    names = dict.fromkeys(name for element in elements for name in element.attrib)
    missed = []
    for name in names:
        element = next(element for element in elements if name in element.attrib)
        was = element.attrib[name]
        element.attrib[name] = other_letter(was.encode()).decode()
        missed += [] if contradiction(written, root) else [name]
        element.attrib[name] = was
    assert names
    assert missed == []


@pytest.mark.parametrize(
    "tag", ["StudyName", "StudyDescription", "ProtocolName", "CheckValue", "TranslatedText", "title"]
)
def test_a_changed_letter_is_found_in_every_text_of_define(written: Written, tag: str) -> None:
    root = definition(written)
    element = [element for element in root.iter() if local(element.tag) == tag][-1]
    element.text = other_letter((element.text or "").encode()).decode()

    assert contradiction(written, root)


@pytest.mark.parametrize("change", ["missing", "doubled", "moved"])
@pytest.mark.parametrize("tag",
                         ["Standard", "ValueListDef", "WhereClauseDef", "ItemGroupDef", "ItemRef", "ItemDef",
                          "CodeList",
    "CodeListItem", "EnumeratedItem", "MethodDef", "Description", "Origin", "Alias", "leaf"])  # fmt: skip
def test_an_element_of_define_missing_doubled_or_moved_is_found(written: Written, tag: str, change: str) -> None:
    root = definition(written)
    parent, child = next((parent, child) for parent in root.iter() for child in parent if local(child.tag) == tag)
    at = list(parent).index(child)
    if change == "doubled":
        parent.insert(at, copy.deepcopy(child))
    else:
        parent.remove(child)
    if change == "moved":
        parent.insert(0 if at == len(parent) else len(parent), child)

    assert contradiction(written, root)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda folder: (folder / "define.xml").unlink(), "every record of the tables is there"),
        (lambda folder: (folder / "vs.xpt").unlink(), "sdtm_datasets VS"),
        (lambda folder: (folder / "vs.xpt").rename(folder / "vt.xpt"), "vt.xpt is no file of the format"),
        (lambda folder: (folder / "vs.xpt").write_bytes(b"vital signs"), "is no SAS transport file"),
        (lambda folder: (folder / "define.xml").write_text("<ODM/>"), "does not begin as XML 1.0"),
    ],
)
def test_a_file_missing_strange_or_damaged_is_told(
    written: Written, tmp_path: Path, damage: Callable[[Path], object], said: str
) -> None:
    out = Path(shutil.copytree(written.folder.parent, tmp_path / "out"))

    damage(out / "sdtm_datasets")

    found = [str(finding) for finding in verify_folder(out, formats=["sdtm_datasets"]).findings if finding.wrong]
    assert any(said in line for line in found), found


@pytest.mark.parametrize("count", [0, 1])
def test_nobody_and_one_person_verify(tmp_path: Path, count: int) -> None:
    generate(
        "trial-diabetes-adults",
        "trial_participation",
        count,
        products=["trialsim"],
        output_formats=["sdtm_datasets"],
        out=tmp_path,
    )

    assert verify_folder(tmp_path).passed


def test_a_run_of_several_parts_verifies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("healthsim_core.output.parts.units_a_part", lambda *_: 5)
    generate(
        "trial-diabetes-adults",
        "trial_participation",
        20,
        products=["trialsim"],
        output_formats=["sdtm_datasets"],
        out=tmp_path,
    )

    assert verify_folder(tmp_path).passed


def strange_texts() -> dict[str, Any]:
    """A trial with texts that are long, blank at both ends, of other scripts, and full of delimiters."""
    after = {"r": ("randomization", "s", 14, {}), "u": ("unscheduled_visit", "s", 5, {"reason": "Ärger, 漢字 " * 8}),
             "a": ("adverse_event", "r", 5, {"term": "頭痛~NM1*IL*1*EVIL\n<b>&" + "é" * 60}),
             "d": ("protocol_deviation", "r", 7, {"term": "  blank at both ends  ", "category": "other"})}  # fmt: skip
    events = [
        {"event_id": name, "event_type": what, "depends_on": before, "delay": {"days": days}, "parameters": given}
        for name, (what, before, days, given) in after.items()
    ]
    screening = {"event_id": "s", "event_type": "screening", "delay": {"days": 3}}
    return {
        "journey_id": "strange",
        "duration_days": 200,
        "parameters": {"protocol": "hs-t2d-301"},
        "events": [screening, *events],
    }


@pytest.fixture(scope="module")
def strange(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("strange") / "out"
    generate(
        "trial-diabetes-adults", strange_texts(), 12, products=["trialsim"], output_formats=["sdtm_datasets"], out=out
    )
    return out


def test_texts_that_do_not_fit_are_cut_as_the_standard_wants_and_agree(strange: Path) -> None:
    assert contradictions(strange, "sdtm_datasets") == []


def test_an_unscheduled_visit_before_the_first_dose_leaves_one_baseline_a_test(strange: Path) -> None:
    rows = read_transport((strange / "sdtm_datasets" / "lb.xpt").read_bytes(), "lb.xpt").observations.to_pylist()
    flags = collections.Counter((row["USUBJID"], row["LBTESTCD"]) for row in rows if row["LBLOBXFL"] == "Y")

    assert flags and set(flags.values()) == {1}
    assert any(row["LBLOBXFL"] is None and row["VISIT"] == "SCREENING" for row in rows)
