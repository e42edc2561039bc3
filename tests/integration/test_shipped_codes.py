"""What every product ships in codes is well formed, checked and sourced: skills, data files and journeys,
read as files."""

import csv
import itertools
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import simple_icd_10_cm as icd
from outside_readers import loinc_digit, luhn, not_billable

from healthsim_core.codes import code_systems

ROOT = Path(__file__).parents[2]
HOMES = [ROOT / "healthsim_core", *sorted((ROOT / "plugins").glob("*/src/*"))]
FILES = sorted(path for home in HOMES for kind in ("*.md", "*.json") for path in home.rglob(kind))
SKILLS = [path for path in FILES if path.parent.name == "skills"]
TABLES = sorted(path for home in HOMES for path in home.rglob("*.csv"))
FORMULARY = ROOT / "plugins/rxmembersim/src/rxmembersim/data/formulary.csv"
RX_SOURCES = FORMULARY.with_name("SOURCES.md")
MEMBER_FEES = ROOT / "plugins/membersim/src/membersim/data/fee_schedule.csv"


def found(pattern: str) -> set[str]:
    """Every match in a skill, journey, profile or data file; of a pattern with a group, the group."""
    return {code for path in FILES for code in re.findall(pattern, path.read_text(encoding="utf-8"))}


def rows_of(skill: Path) -> Iterator[dict[str, str]]:
    """Rows of the skill's tables, by column."""
    lines = skill.read_text(encoding="utf-8").splitlines()
    for is_table, block in itertools.groupby(lines, lambda line: line.startswith("|")):
        if is_table:
            head, _, *cells = ([cell.strip(" `") for cell in line.strip("|").split("|")] for line in block)
            yield from (dict(zip(head, row, strict=True)) for row in cells)


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


PAIRS = (
    ("code", "description"), ("reason_code", "reason_description"), ("secondary_code", "secondary_description"),
    ("procedure_code", "procedure_description"), ("loinc", "description"), ("second_loinc", "second_description"),
    ("rxnorm", "description"),
)  # fmt: skip
LISTS = ("icd-10-cm-category", "icd-10-pcs", "hcpcs", "cvx")


def mappings(written: Any) -> Iterator[dict[str, Any]]:
    """Every mapping of a JSON document."""
    if isinstance(written, dict):
        yield written
    for each in written.values() if isinstance(written, dict) else written if isinstance(written, list) else ():
        yield from mappings(each)


def called() -> Iterator[tuple[str, str, str, tuple[str, ...]]]:
    """Every code that stands beside words, in a skill, a journey, a profile or a data file,
    and the lists that it may be of."""
    rows: list[tuple[Path, dict[str, Any]]] = [(path, row) for path in SKILLS for row in rows_of(path)]
    rows += [
        (path, row)
        for path in FILES
        if path.suffix == ".json"
        for row in mappings(json.loads(path.read_text(encoding="utf-8")))
    ]
    rows += [(path, row) for path in TABLES for row in read(path)]
    for path, row in rows:
        for code, words in PAIRS:
            if isinstance(row.get(code), str) and isinstance(row.get(words), str) and row[code] and row[words]:
                named = (code.removeprefix("second_"),) if code.endswith(("loinc", "rxnorm")) else LISTS
                system = str(row.get("system") or "").lower()
                lists = (
                    ("hcpcs",) if path == MEMBER_FEES else (system,) if code == "code" and system in LISTS else named
                )
                yield path.name, row[code], row[words], lists


DRUGS = [row for skill in SKILLS for row in rows_of(skill) if row.get("ndc")]


def test_every_code_is_called_what_its_list_calls_it() -> None:
    systems, found, wrong = code_systems(), 0, []
    for name, code, words, lists in called():
        shown = next(
            filter(None, (systems[system].display(code) for system in lists if systems[system].canonical(code))), None
        )
        found += shown is not None
        if shown not in (None, words):
            wrong.append((name, code, words, shown))
    assert found > 400 and wrong == []


@pytest.mark.parametrize(("body", "digit"), [("4548", 4), ("8480", 6), ("98979", 8), ("2823", 3)])
def test_the_check_digit_is_that_of_known_codes(body: str, digit: int) -> None:
    assert loinc_digit(body) == digit


def test_every_loinc_code_has_its_check_digit() -> None:
    codes = found(r"(?<![\d-])\d{3,5}-\d(?![\d-])")
    assert len(codes) > 50
    assert [code for code in sorted(codes) if loinc_digit(code[:-2]) != int(code[-1])] == []


def test_every_npi_passes_the_luhn_check() -> None:
    numbers = found(r'npi": "(\d+)"')
    assert numbers and [number for number in sorted(numbers) if not luhn(number)] == []


def test_every_drug_of_a_skill_stands_in_the_formulary() -> None:
    assert len(DRUGS) > 20
    assert {row["ndc"] for row in DRUGS} - {row["ndc"] for row in read(FORMULARY)} == set()


def test_an_ndc_has_eleven_digits_and_stands_once() -> None:
    codes = [row["ndc"] for row in read(FORMULARY)]
    assert [code for code in codes if not re.fullmatch(r"\d{11}", code)] == []
    assert len(set(codes)) == len(codes)


def test_a_product_names_one_rxcui_of_the_level_of_its_ndc() -> None:
    """One RxCUI a product; a brand's NDC has the brand's RxCUI, whose name ends with the brand."""
    assert all(re.fullmatch(r"\d{5,7}", row["rxnorm"]) for row in DRUGS)
    assert len({(row["ndc"], row["rxnorm"]) for row in DRUGS}) == len({row["ndc"] for row in DRUGS})
    brand = {row["ndc"]: re.findall(r"\[(.+)\]$", row["description"]) for row in read(FORMULARY)}
    assert [row["ndc"] for row in DRUGS if re.findall(r"\[(.+)\]$", row["description"]) != brand[row["ndc"]]] == []


def test_one_rxcui_has_one_name_and_strength() -> None:
    named = {(row["rxnorm"], row["description"].lower()) for row in DRUGS}
    assert len({code for code, _ in named}) == len(named)


def test_every_ndc_says_how_it_was_checked_in_words_that_are_explained() -> None:
    explained = set(re.findall(r"^\| (\w+) \| [a-z]", RX_SOURCES.read_text(encoding="utf-8"), re.MULTILINE)) - {
        "checked"
    }
    assert {"directory", "unverified"} <= explained
    assert {row["checked"] for row in read(FORMULARY)} <= explained


def test_every_price_of_a_service_says_what_it_rests_on() -> None:
    assert [
        row["code"] for row in read(MEMBER_FEES) if not re.match(r"(Unverified|Assumption|CMS)\b", row["basis"])
    ] == []


def test_every_service_is_a_level_ii_code() -> None:
    codes = {row["code"] for row in read(MEMBER_FEES)}
    assert [code for code in sorted(codes) if not re.fullmatch(r"[A-V]\d{4}", code) or code.startswith("D")] == []


def test_every_diagnosis_that_stands_for_a_condition_is_billable() -> None:
    codes = {row["code"]: row["description"] for row in read(ROOT / "healthsim_core/reference/data/default_codes.csv")}
    assert codes and not_billable(codes) == []
    assert [code for code, words in codes.items() if icd.get_description(code) != words] == []


def test_every_diagnosis_of_a_journey_or_skill_is_billable() -> None:
    read = [
        json.loads(path.read_text(encoding="utf-8"))
        for path in FILES
        if path.parent.name == "journeys" and path.suffix == ".json"
    ]
    journeys = json.dumps([{**journey, "presumes": []} for journey in read])  # conditions, which may be categories
    written = set(re.findall(r'"(?:code|reason_code|secondary_code)": "([A-TV-Z]\d\w(?:\.\w{1,4})?)"', journeys))
    rows = [row for skill in SKILLS for row in rows_of(skill)]
    looked_up = {row.get(column, "") for row in rows for column in ("reason_code", "secondary_code")} - {""}
    assert written and len(looked_up) > 50
    assert not_billable(written | looked_up) == []


@pytest.mark.parametrize("table", TABLES, ids=lambda path: "-".join(path.relative_to(ROOT).parts[-4:]))
def test_every_table_is_described_in_the_sources_of_its_folder(table: Path) -> None:
    folder = next(parent for parent in table.parents if parent.name == "data")
    described = re.findall(r"^\| ([\w., ]+\.csv) \|", (folder / "SOURCES.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert table.name in {name for names in described for name in names.split(", ")}


@pytest.mark.parametrize("skill", SKILLS, ids=lambda path: path.stem)
def test_every_skill_names_its_sources(skill: Path) -> None:
    before = skill.read_text(encoding="utf-8").split("\n## ")[0]
    assert re.search(r"^Sources\. \S.{40}", before, re.MULTILINE)
