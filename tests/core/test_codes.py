"""Code systems: what is a code, how it is written, what it is called,
and what is offered in place of one that is none."""

from __future__ import annotations

import csv
import importlib.util
import random
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import simple_icd_10_cm as tabular
from clinic import plugin

from healthsim_core import CodeSystemOffer, SpecificationError, Text
from healthsim_core.catalog import Catalog
from healthsim_core.cli.plugins_command import offer_name
from healthsim_core.codes import CodeSystem, ValueSet, code_systems
from healthsim_core.codes.forms import luhn
from healthsim_core.codes.laboratory import LaboratoryValue, laboratory_values
from healthsim_core.codes.ucum import is_unit
from healthsim_core.errors import PluginError
from healthsim_core.reference.displays import display_of

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "healthsim_core" / "codes" / "data"
PUBLIC = ROOT.parent / "shared" / "reference" / "codes"


def system(name: str) -> CodeSystem:
    return code_systems()[name]


@pytest.mark.parametrize(
    ("name", "written", "canonical"),
    [
        ("icd-10-cm", "e119", "E11.9"),
        ("icd-10-cm", " E11.9 ", "E11.9"),
        ("icd-10-cm", "S72001A", "S72.001A"),
        ("icd-10-cm", "I10", "I10"),
        ("icd-10-cm-category", "c50", "C50"),
        ("icd-10-pcs", "10e0xzz", "10E0XZZ"),
        ("hcpcs", "g0438", "G0438"),
        ("cvx", "08", "08"),
        ("service-code", "t1015", "T1015"),
        ("service-code", "0001f", "0001F"),
        ("cpt", "99213", "99213"),
        ("loinc", "4548-4", "4548-4"),
        ("ndc", "00002821501", "00002821501"),
        ("ndc", "0002-8215-01", "00002821501"),
        ("ndc", "55111-1234-1", "55111123401"),
        ("rxnorm", "860975", "860975"),
        ("ms-drg", "291", "291"),
        ("npi", "1234567893", "1234567893"),
        ("encounter-class", "amb", "AMB"),
        ("specialty", "Family Medicine", "family_medicine"),
        ("place-of-service", "11", "11"),
        ("procedure-system", "icd-10-pcs", "ICD-10-PCS"),
        ("language", "ES", "es"),
    ],
)
def test_a_code_is_written_as_its_system_writes_it(name: str, written: str, canonical: str) -> None:
    assert system(name).canonical(written) == canonical


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("icd-10-cm", "Q99.ZZ9"),
        ("icd-10-cm", "banana"),
        ("icd-10-cm", ""),
        ("icd-10-cm", "E11"),
        ("icd-10-cm", "E11."),
        ("icd-10-cm", "I1.0"),
        ("icd-10-cm-category", "E99"),
        ("icd-10-pcs", "10E0XZY"),
        ("hcpcs", "D0120"),
        ("hcpcs", "99213"),
        ("cvx", "8"),
        ("cpt", "9921"),
        ("loinc", "2025-01-01"),
        ("loinc", "4548-5"),
        ("ndc", "1"),
        ("ndc", "0002-82150-1"),
        ("rxnorm", "abc"),
        ("rxnorm", "123456789"),
        ("ms-drg", "29"),
        ("npi", "1234567890"),
        ("discharge-disposition", "1"),
        ("severity", "horrible"),
    ],
)
def test_what_is_no_code_is_refused(name: str, written: str) -> None:
    with pytest.raises(SpecificationError):
        system(name).require(written)


@pytest.mark.parametrize(
    ("name", "written", "said"),
    [
        ("icd-10-cm", "Q99.ZZ9", '"Q99.9"'),
        ("icd-10-cm", "E11", "E11.00"),
        ("icd-10-cm-category", "E10.99", '"E10.9"'),
        ("icd-10-pcs", "10E0XZY", '"10E0XZZ"'),
        ("specialty", "opthalmology", '"ophthalmology"'),
        ("discharge-disposition", "1", '"01"'),
        ("language", "Spanish", '"es"'),
        ("ucum", "mmHg", '"mm[Hg]"'),
        ("severity", "sever", '"severe"'),
        ("loinc", "4548-5", "4548-4"),
    ],
)
def test_a_mistake_names_what_was_meant(name: str, written: str, said: str) -> None:
    assert said in system(name).remedy(written)


@pytest.mark.parametrize(
    "unit",
    [
        "mg/dL",
        "10*3/uL",
        "mm[Hg]",
        "[iU]",
        "{tablet}",
        "%",
        "kg.m/s2",
        "mL/min/{1.73_m2}",
        "/min",
        "g/(24.h)",
        "ug{RE}",
    ],
)
def test_any_product_and_quotient_of_atoms_is_a_unit(unit: str) -> None:
    assert is_unit(unit)


@pytest.mark.parametrize(
    "unit",
    ["furlong", "mgdL", "mg//dL", "mg/", "mmHg", "bpm", "(mg", "{a", "lbs", "mg dL", "mcg", "µg", "2025-01-01", "k%"],
)
def test_what_ucums_grammar_does_not_make_is_no_unit(unit: str) -> None:
    assert not is_unit(unit)


def test_the_check_digit_is_that_of_luhn() -> None:
    assert [luhn("7992739871"), luhn("80840123456789"), luhn("4548")] == [3, 3, 4]


def test_a_code_is_called_what_its_list_calls_it() -> None:
    codes = Text.of(["E66.9", None, "I48.91"])
    assert display_of("ICD-10-CM", codes).to_pylist() == [
        "Obesity, unspecified",
        None,
        "Unspecified atrial fibrillation",
    ]


def test_a_code_known_by_its_form_has_no_words() -> None:
    assert display_of("cpt", Text.of(["99213"])).to_pylist() == [None]


@pytest.mark.parametrize(
    ("code", "sex"),
    [("C61", "M"), ("O09", "F"), ("O80", "F"), ("N40", "M"), ("Z34.90", "F"), ("E11.9", None), ("C50", None)],
)
def test_a_code_says_whose_it_can_be(code: str, sex: str | None) -> None:
    assert code_systems()["icd-10-cm"].sex(code) == sex


@pytest.mark.parametrize(
    ("code", "age"), [("Z00.110", "newborn"), ("O80", "maternity"), ("F03.90", "adult"), ("E11.9", None)]
)
def test_a_code_says_at_what_age_it_can_be(code: str, age: str | None) -> None:
    assert code_systems()["icd-10-cm"].age(code) == age


def test_the_list_of_diagnoses_agrees_with_the_tabular_list() -> None:
    """An independent reading of the classification: each of its billable codes is in the list,
    and its words begin alike."""
    leaves = [code for code in tabular.get_all_codes(True) if tabular.is_leaf(code)]
    some = random.Random(0).sample(leaves, 400)
    assert [code for code in some if system("icd-10-cm").canonical(code) != code] == []


def test_a_value_set_has_no_two_codes_that_are_written_alike() -> None:
    sets = [each for each in code_systems().values() if isinstance(each, ValueSet)]
    assert [each.name for each in sets if len({each.canonical(code) for code in each.codes}) != len(each.codes)] == []


@pytest.mark.skipif(not PUBLIC.is_dir(), reason="the public files lie beside the repository")
@pytest.mark.parametrize("name", ["icd-10-cm", "icd-10-pcs", "hcpcs", "cvx"])
def test_the_shipped_lists_are_those_of_the_public_files(name: str) -> None:
    found = importlib.util.spec_from_file_location("make_code_lists", Path(__file__).with_name("make_code_lists.py"))
    assert found is not None and found.loader is not None
    maker = importlib.util.module_from_spec(found)
    found.loader.exec_module(maker)
    rows, source = maker.LISTS[name]
    assert pq.read_table(SHIPPED / f"{name}.parquet").equals(maker.table(rows(PUBLIC), source))


@pytest.mark.skipif(not PUBLIC.is_dir(), reason="the public files lie beside the repository")
def test_every_unit_that_laboratories_use_is_one() -> None:
    with (PUBLIC / "ucum_units.csv").open(encoding="utf-8", newline="") as file:
        assert [row["ucum_unit"] for row in csv.DictReader(file) if not is_unit(row["ucum_unit"])] == []


def test_all_lists_together_are_small() -> None:
    assert sum(path.stat().st_size for path in SHIPPED.iterdir()) < 2_000_000


def hygiene(name: str = "specialty", extends: bool = True) -> CodeSystemOffer:
    return CodeSystemOffer(
        ValueSet(name=name, title="specialty", codes={"dental_hygiene": "Dental hygiene"}), extends=extends
    )


def test_a_product_adds_to_a_value_set_of_core() -> None:
    known = Catalog((plugin(healthsim_code_systems=[hygiene()]),)).code_systems["specialty"]
    assert [known.canonical(name) for name in ("Dental-Hygiene", "cardiology")] == ["dental_hygiene", "cardiology"]


def test_a_product_puts_a_list_in_place_of_what_core_knows_by_form_alone() -> None:
    groups = ValueSet(name="ms-drg", title="MS-DRG", codes={"065": "Stroke"})
    known = Catalog((plugin(healthsim_code_systems=[CodeSystemOffer(groups)]),)).code_systems["ms-drg"]
    assert [known.canonical(text) for text in ("065", "291")] == ["065", None]


def test_lists_of_plugins_name_the_code_systems_that_they_offer() -> None:
    assert offer_name(hygiene("tooth-surface")) == "tooth-surface"


def test_a_product_does_not_take_the_place_of_a_list() -> None:
    with pytest.raises(PluginError, match='core has a code system "specialty"'):
        _ = Catalog((plugin(healthsim_code_systems=[hygiene(extends=False)]),)).code_systems


def test_a_product_adds_nothing_to_what_is_no_value_set() -> None:
    with pytest.raises(PluginError, match='there is no value set "loinc" to extend'):
        _ = Catalog((plugin(healthsim_code_systems=[hygiene("loinc")]),)).code_systems


@pytest.mark.parametrize(("name", "value"), laboratory_values().items(), ids=laboratory_values())
def test_a_laboratory_value_has_a_known_test_and_a_unit(name: str, value: LaboratoryValue) -> None:
    systems = code_systems()
    assert (systems["loinc"].display(value.loinc) is not None, systems["ucum"].canonical(value.unit)) == (
        True,
        value.unit,
    )
