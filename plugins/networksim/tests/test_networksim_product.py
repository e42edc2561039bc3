"""NetworkSim as a product: profiles, journeys, generate, registries."""

from pathlib import Path

import networksim
import pyarrow.compute as pc
import pytest
from networksim.generation import JOURNEYS, NETWORK_PROFILE_TEMPLATES, NetworkProfileExecutor, create_network_profile
from networksim.registries import CMS_HOSPITAL, DATASETS, read_hospitals, read_nppes

from healthsim_core import JourneySpecification, official
from healthsim_core.reference.init import initialize

SHARED = Path(__file__).resolve().parents[4] / "shared" / "reference"
LAYOUTS = [layout for dataset in DATASETS for layout in dataset.layouts]
NPPES_HEADER = (
    '"NPI","Entity Type Code","Provider Organization Name (Legal Business Name)","Provider Last Name (Legal '
    'Name)","Provider First Name",'
    '"Provider Credential Text","Provider First Line Business Practice Location Address",'
    '"Provider Business Practice Location Address City Name","Provider Business Practice Location Address State Name",'
    '"Provider Business Practice Location Address Postal Code","Provider Business Practice Location Address '
    'Telephone Number",'
    '"Provider Enumeration Date","NPI Deactivation Date","Healthcare Provider Taxonomy Code_1",'
    '"Healthcare Provider Primary Taxonomy Switch_1",'
    '"Healthcare Provider Taxonomy Code_2","Healthcare Provider Primary Taxonomy Switch_2"'
)


@pytest.fixture(scope="module")
def result():
    return networksim.generate("network-members", ["primary-care-year", "specialist-referral-pattern"], count=150)


def test_the_run_is_valid_and_holds_networksims_tables_alone(result):
    assert result.validation.passed
    assert {"core", "networksim"} == {name.split(".")[0] for name in result.tables}


def test_every_npi_of_the_run_is_one_of_the_network(result):
    known = {
        npi
        for name in ("provider", "facility", "pharmacy")
        for npi in result.tables[f"networksim.{name}"]["npi"].to_pylist()
    }
    named = [
        pc.unique(table[column].combine_chunks().cast("string")).to_pylist()
        for table in result.tables.values() for column in table.column_names if column.endswith("npi")
    ]  # fmt: skip

    assert {npi for column in named for npi in column} <= known


def test_a_person_sees_one_clinician_a_specialty(result):
    seen = result.tables["networksim.appointment"].select(["person_id", "specialty", "provider_npi"]).to_pylist()

    assert len({(a["person_id"], a["specialty"]) for a in seen}) == len({tuple(a.values()) for a in seen})


def test_the_appointments_are_the_milestones_of_the_timeline(result):
    milestones = result.timeline.filter(pc.equal(result.timeline["event_type"].cast("string"), "milestone"))

    assert sorted(milestones["event_id"].to_pylist()) == sorted(
        result.tables["networksim.appointment"]["appointment_id"].to_pylist()
    )


@pytest.mark.parametrize("journey", JOURNEYS, ids=lambda journey: journey.name)
def test_every_journey_is_well_formed(journey):
    assert journey.specification.stem == JourneySpecification.read(journey.specification).journey_id


@pytest.mark.parametrize("name", list(NETWORK_PROFILE_TEMPLATES))
def test_every_template_makes_people(name):
    result = NetworkProfileExecutor(NETWORK_PROFILE_TEMPLATES[name], count=5).execute()

    assert result.tables["networksim.attribution"].num_rows == 5


def test_a_profile_can_be_written_by_counties():
    profile = create_network_profile({"48201": 0.5, "06073": 0.5}, age=70, id="two")

    demographics = profile.demographics

    assert (profile.id, demographics.age.value, demographics.geography.counties) == (
        "two",
        70,
        {"48201": 0.5, "06073": 0.5},
    )


def test_cms_hospitals_are_recognised_by_header_and_read():
    path = SHARED / "cms_hospital_general_info.csv"
    if not path.exists():
        pytest.skip("the CMS hospital list is not beside the repository")

    assert official.recognised(path, LAYOUTS).name == "CMS hospital general information"
    found = read_hospitals(path)
    assert CMS_HOSPITAL.schema.names == found.schema.names
    assert (found["ccn"][0].as_py(), found.num_rows) == ("010001", 5_421)


def test_nppes_is_recognised_and_deactivated_numbers_are_left_out(tmp_path):
    path = tmp_path / "anything.csv"
    path.write_text(
        NPPES_HEADER + "\n"
        '"1234567893","1","","O\'NEIL","ANA","M.D.","1 MAIN '
        'ST","HOUSTON","TX","770021234","7135550100","05/23/2007","",'
        '"207R00000X","N","207RC0000X","Y"\n'
        '"1993999998","2","ACME","","","","2 MAIN ST","HOUSTON","TX","77002","7135550101","05/24/2007","01/01/2020",'
        '"282N00000X","Y","",""\n',
        encoding="utf-8",
    )

    assert official.recognised(path, LAYOUTS).name == "NPPES npidata_pfile"
    rows = read_nppes(path).to_pylist()
    assert [(r["npi"], r["entity"], r["zip"], r["taxonomy"], str(r["enumerated"])) for r in rows] == [
        ("1234567893", "individual", "77002", "207RC0000X", "2007-05-23")
    ]


HOSPITALS = (
    "Facility ID,Facility Name,City/Town,State,ZIP Code,County/Parish,Hospital Type,Hospital "
    "Ownership,Emergency Services\n"
)


def nppes(npi="1234567893", entity="1", state="TX", date="05/23/2007", taxonomy="207R00000X", zip_code="77002"):
    names = '"","O\'NEIL","ANA","M.D.","1 MAIN ST","HOUSTON"'
    place = f'"{state}","{zip_code}","7135550100"'
    return f'{NPPES_HEADER}\n"{npi}","{entity}",{names},{place},"{date}","","{taxonomy}","Y","",""\n'


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (nppes(npi="1234567890"), 'line 2, NPI: "1234567890" is no National Provider Identifier'),
        (nppes(npi="3234567893"), 'line 2, NPI: "3234567893" is no National Provider Identifier'),
        (nppes(entity="3"), 'line 2, Entity Type Code: "3" is not 1'),
        (nppes(state="XQ"), 'line 2, Provider Business Practice Location Address State Name: "XQ" is no state'),
        (nppes(date="2007-05-23"), 'line 2, Provider Enumeration Date: "2007-05-23" is no date'),
        (
            nppes(taxonomy="internist"),
            'line 2, Healthcare Provider Taxonomy Code_1: "internist" is not a taxonomy code',
        ),
        (nppes() + nppes().split("\n")[1] + "\n", "line 3, NPI: 1234567893 stands twice"),
        (HOSPITALS + "45028,Ben,Houston,Texsa,77030,Harris,Acute,Local,Yes\n", 'line 2, State: "Texsa" is no state'),
        (
            HOSPITALS + "ABCDEF,Ben,Houston,TX,77030,Harris,Acute,Local,Yes\n",
            'line 2, Facility ID: "ABCDEF" is not a CMS',
        ),
        (
            HOSPITALS + "450289,Ben,Houston,TX,77030,Harris,Acute,Local,perhaps\n",
            'line 2, Emergency Services: "perhaps" is not Yes or No',
        ),
    ],
)
def test_a_mistake_in_a_registry_is_refused_by_line_and_column(tmp_path, lines, told):
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "any.csv").write_text(lines)
    (refused,) = initialize(tmp_path / "x.duckdb", tmp_path / "files").refused

    assert [each for each in refused.mistakes if not each.startswith(told)] == []
    assert len(refused.mistakes) == 1
