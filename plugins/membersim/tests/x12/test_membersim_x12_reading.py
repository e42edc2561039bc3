"""Files read back: they say what the tables say, and whatever is made to contradict the tables is found."""

from __future__ import annotations

import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from membersim.formats import FORMATS

from healthsim import generate
from healthsim_core.verification.verify import verify_folder

from . import plants

PLANTS = (
    "changed", "swapped", "exchanged", "missing", "doubled", "shifted", "loops_missing", "loops_doubled", "loops_moved",
)  # fmt: skip
NAMES = [offer.name for offer in FORMATS]
FILE_834, FILE_P, FILE_I, FILE_835 = FILES = (
    "x12_834/834.edi",
    "x12_837/837p.edi",
    "x12_837/837i.edi",
    "x12_835/835.edi",
)


@pytest.fixture
def damaged(written, tmp_path):
    """A copy of the format's folder in which a file has other content."""

    def copied(file: str, content: str | bytes) -> Path:
        folder = tmp_path / "damaged"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree((written / file).parent, folder)
        (folder / Path(file).name).write_bytes(content.encode() if isinstance(content, str) else content)
        return folder

    return copied


@pytest.mark.parametrize("name", NAMES)
def test_the_files_say_what_the_tables_say(written, five_families, findings, name):
    assert list(findings(name, written / name, five_families)) == []


@pytest.mark.parametrize("most", [pytest.param(10, id="some"), pytest.param(1_000, id="all", marks=pytest.mark.slow)])
@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("plant", PLANTS)
def test_what_contradicts_the_tables_is_found(written, five_families, findings, damaged, file, plant, most):
    rows = plants.rows_of((written / file).read_text())
    planted = list(getattr(plants, plant)(rows))
    some = planted[:: -(-len(planted) // most)]

    missed = [
        what
        for what, changed in some
        if next(findings(file.split("/")[0], damaged(file, plants.content_of(changed)), five_families), None) is None
    ]

    assert some
    assert missed == []


@pytest.mark.parametrize("name", NAMES)
def test_without_a_network_they_say_so_too(families, write_x12, findings, tmp_path, name):
    tables = families(3, network=False).tables

    assert list(findings(name, write_x12(tables, tmp_path) / name, tables)) == []


@pytest.mark.parametrize(
    "text", ["~NM1*IL*1*EVIL", " \u65e5\u672c", "\u0301\u00df_\u0141", "\x00\r\n:^", "\ue000\u202e", "a'&\"<`|"]
)
@pytest.mark.parametrize("name", NAMES)
def test_whatever_a_text_ends_in_it_is_read_as_x12_has_it(families, write_x12, findings, tmp_path, name, text):
    tables = {table: ending_in(text, rows) for table, rows in families(3).tables.items()}

    assert list(findings(name, write_x12(tables, tmp_path) / name, tables)) == []


def ending_in(text: str, rows: pa.Table) -> pa.Table:
    """The rows; words of them, but not keys and codes, end in a text."""
    for name in (
        "last_name",
        "first_name",
        "name",
        "address",
        "city",
        "plan",
        "sponsor_name",
        "language",
        "zip",
        "phone",
        "unit_code",
    ):
        if name in rows.column_names:
            column = rows[name].cast(pa.string())
            rows = rows.set_column(rows.column_names.index(name), name, pc.binary_join_element_wise(column, text, ""))
    return rows


@pytest.mark.parametrize("name", NAMES)
def test_a_run_of_several_parts_is_read_part_by_part(tmp_path, monkeypatch, name):
    monkeypatch.setattr("healthsim_core.output.parts.units_a_part", lambda *_: 4)
    out = tmp_path / "out"
    generate(
        profile="medicare-diabetic",
        journey="member-year",
        count=10,
        products=["membersim"],
        output_formats=[name],
        out=out,
    )

    report = verify_folder(out, formats=[name])

    assert len(list((out / name).rglob("part-*"))) == 3
    assert [str(finding) for finding in report.findings if finding.wrong] == []


DAMAGE = [
    (FILE_835, "BPR*I*", "BPR*I*1", "BPR02 is not the sum of its claims"),
    (FILE_835, "CAS*CO*45*", "CAS*CO*45*1", "a line does not balance"),
    (FILE_P, "\nLX*2~\nSV1*HC:G0463*", "\nLX*2~\nSV1*HC:G0463*1", "CLM02 is not the sum of its lines"),
    (FILE_P, "\nHL*3*", "\nHL*2*", "HL01 does not count the levels of its set"),
    (FILE_P, "\nHL*2*1*22*0", "\nHL*2*1*22*1", "HL04 does not say whether levels follow"),
    (FILE_I, "HI*DR:788~\n", "", "SE01 is not the number of segments"),
    (FILE_I, "ABK:O82", "ABK:O8.2", "an ICD-10 code with its dot"),
    (FILE_P, "XX*1999999000", "XX*1999999001", "an NPI fails its check digit"),
    (FILE_P, "\nREF*EA*16~", "\nREF*EB*16~", "a segment that its loop does not have (1, such as REF*EB*16 in 2300)"),
    (FILE_P, "\nLX*2~", "\nLX*3~", "LX01 does not count the lines of its claim"),
    (
        FILE_834,
        "*HOUSTON*TX*77002",
        "*HOUSTON*TX",
        "2100A N4.N403 (15): 1 wrong, such as nothing where the tables have 77002",
    ),
    (FILE_834, "\nGE*2", "\nGE*3", "GE01 is not the number of transaction sets"),
    (FILE_834, "\nQTY*TO*9", "\nQTY*TO*8", "QTY*TO is not the number of its members"),
    (FILE_834, "000000001*0*T", "000000009*0*T", "IEA02 is not ISA13"),
    (FILE_P, "005010X222A1~\nST", "005010X220A1~\nST", "a segment that its loop does not have"),
]


@pytest.mark.parametrize(("file", "was", "now", "problem"), DAMAGE, ids=[row[3] for row in DAMAGE])
def test_reading_back_reports_damage(written, five_families, findings, damaged, file, was, now, problem):
    intact = (written / file).read_text()
    assert was in intact

    found = findings(file.split("/")[0], damaged(file, intact.replace(was, now, 1)), five_families)

    assert any(problem in line for line in found)


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("part", [0, 60, 600, 4_000])
def test_reading_back_reports_a_file_that_is_cut_off(written, five_families, findings, damaged, file, part):
    folder = damaged(file, (written / file).read_bytes()[:part])

    assert any(Path(file).name in line for line in findings(file.split("/")[0], folder, five_families))


def test_reading_back_reports_a_file_that_is_not_x12(five_families, findings, damaged):
    folder = damaged(FILE_835, "claim_id,paid\n" * 100)

    assert list(findings("x12_835", folder, five_families)) == [
        "835.edi: it does not begin with an ISA segment: this is no X12"
    ]
