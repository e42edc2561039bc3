"""Code lists of one's own: loaded by `healthsim init --from`,
their codes are known and called what the list calls them."""

from __future__ import annotations

from pathlib import Path

import pytest
from clinic import VISIT, adults, catalog, event, journey

from healthsim_core import EventHandler, Field, SpecificationError, Text, display_of
from healthsim_core.generation.executor import ProfileJourneyOrchestrator
from healthsim_core.reference.init import initialize
from healthsim_core.reference.stored import stored_in

LIST = """code_system,code,description,billable
CPT,99213,Office visit of mine,
HCPCS,D0120,Periodic oral evaluation of mine,
ICD-10-CM,q999,Something of next year,yes
ICD-10-CM,Q99.8Z,A heading of next year,no
Specialty,dentistry_of_mine,,
LOINC,1-1,A test of my own,
"""


def seen(events):
    return {VISIT.name: {"visit_id": events.id, "person_id": events.person, "reason": events.parameters["what"]}}


@pytest.fixture
def loaded(tmp_path: Path) -> Path:
    folder, database = tmp_path / "lists", tmp_path / "facts.duckdb"
    folder.mkdir()
    (folder / "mine.csv").write_text(LIST, encoding="utf-8")
    report = initialize(database, folder, catalog())
    assert report.passed, str(report)
    return database


def ran(codes: str, written: str) -> set[str | None]:
    handler = EventHandler(
        "clinic_visit", seen, writes=[VISIT], parameters=[Field("what", "category", "What.", codes=codes)]
    )
    offers = catalog(healthsim_event_handlers=[handler], healthsim_triggers=[])
    made = journey(event("visit", "clinic_visit", parameters={"what": written}))
    result = ProfileJourneyOrchestrator(adults(), made, count=5, catalog=offers).execute()
    return set(result.tables[VISIT.name]["reason"].to_pylist())


@pytest.mark.parametrize(
    ("codes", "written", "canonical"),
    [
        ("service-code", "99213", "99213"),
        ("service-code", "d0120", "D0120"),
        ("hcpcs", "D0120", "D0120"),
        ("icd-10-cm-category", "Q99.8Z", "Q99.8Z"),
        ("loinc", "1-1", "1-1"),
        ("specialty", "dentistry_of_mine", "dentistry_of_mine"),
    ],
)
def test_a_code_of_a_loaded_list_is_known(loaded: Path, codes: str, written: str, canonical: str) -> None:
    with stored_in(loaded):
        assert ran(codes, written) == {canonical}


@pytest.mark.parametrize(
    ("codes", "written"), [("hcpcs", "D0120"), ("loinc", "1-1"), ("specialty", "dentistry_of_mine")]
)
def test_without_the_list_it_is_not(tmp_path: Path, codes: str, written: str) -> None:
    with stored_in(tmp_path / "none.duckdb"), pytest.raises(SpecificationError, match=written):
        ran(codes, written)


def test_a_heading_of_a_loaded_list_is_not_billed(loaded: Path) -> None:
    with stored_in(loaded), pytest.raises(SpecificationError, match="billable"):
        ran("icd-10-cm", "Q99.8Z")


def test_a_code_is_called_what_the_loaded_list_calls_it(loaded: Path) -> None:
    with stored_in(loaded):
        assert display_of("cpt", Text.of(["99213", "99214", None])).to_pylist() == ["Office visit of mine", None, None]


def test_a_shipped_list_s_words_stay(loaded: Path) -> None:
    with stored_in(loaded):
        assert display_of("icd-10-cm", Text.of(["Q99.9"])).to_pylist() == ["Chromosomal abnormality, unspecified"]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("SNOMEDX,1,words,", 'line 2, code_system: "SNOMEDX" is not a code system'),
        ("CPT,,words,", "line 2, code:"),
        ("CPT,99213,words,perhaps", 'line 2, billable: "perhaps" is not yes or no'),
    ],
)
def test_a_list_with_a_mistake_is_refused_whole(tmp_path: Path, line: str, told: str) -> None:
    folder = tmp_path / "lists"
    folder.mkdir()
    (folder / "mine.csv").write_text(
        f"code_system,code,description,billable\n{line}\nCPT,99214,words,\n", encoding="utf-8"
    )
    report = initialize(tmp_path / "facts.duckdb", folder, catalog())
    assert not report.passed and told in str(report)
