"""The network of a county."""

import csv
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from networksim.network import network, network_tables
from networksim.roster import roster, specialties
from networksim.tables import FACILITY, PHARMACY, PROVIDER

from healthsim_core import SpecificationError
from healthsim_core.testing import make_run

SHARED = Path(__file__).resolve().parents[4] / "shared" / "reference"
COUNTIES = ("06073", "48201", "48301")  # San Diego, Harris, and Loving with its 64 people


@pytest.fixture(scope="module")
def tables():
    found = network(COUNTIES)
    return {
        name: table.arrow(columns)
        for name, table, columns in (
            ("facility", FACILITY, found.facility), ("provider", PROVIDER, found.provider),
            ("pharmacy", PHARMACY, found.pharmacy),
        )
    }  # fmt: skip


def column(table, name):
    return np.array(table[name].to_pylist())


@pytest.mark.parametrize("name", ["facility", "provider", "pharmacy"])
def test_addresses_lie_in_the_county(tables, name):
    if not (SHARED / "zip_county_hud_2018q1.parquet").exists():
        pytest.skip("the HUD crosswalk is not beside the repository")
    hud = pq.read_table(SHARED / "zip_county_hud_2018q1.parquet").to_pydict()
    pairs = set(zip(hud["stcountyfp"], hud["zip"], strict=True))

    assert set(zip(tables[name]["county_fips"].to_pylist(), tables[name]["zip"].to_pylist(), strict=True)) <= pairs


def test_every_clinician_stands_at_the_address_of_an_organization_of_the_network(tables):
    address = dict(zip(tables["facility"]["npi"].to_pylist(), tables["facility"]["address"].to_pylist(), strict=True))
    organizations, own = tables["provider"]["organization_npi"].to_pylist(), tables["provider"]["address"].to_pylist()

    assert [address[npi] for npi in organizations] == own


def test_every_county_has_every_specialty(tables):
    pairs = tables["provider"].select(["county_fips", "specialty"]).to_pylist()
    of_county = {(pair["county_fips"], pair["specialty"]) for pair in pairs}

    assert {(county, each.name) for county in COUNTIES for each in specialties()} == of_county


def test_a_middling_county_has_as_many_family_physicians_as_the_ratio_says():
    number = roster().number["19153"]  # Polk County, Iowa
    expected = roster().population[number] * 35.75 / 100_000

    assert expected == pytest.approx(roster().providers[number, 0], abs=0.5)


def test_no_county_has_many_more_than_two_thousand_clinicians():
    assert roster().providers.sum(axis=1).max() <= 2_000 + len(specialties())


def test_beds_are_as_many_as_the_population_asks_for(tables):
    harris = column(tables["facility"], "county_fips") == "48201"
    hospital = column(tables["facility"], "kind") == "hospital"
    beds = np.array(tables["facility"]["beds"].filter(harris & hospital).to_pylist())

    assert roster().population[roster().number["48201"]] * 238 / 100_000 == pytest.approx(beds.sum(), rel=0.05)
    assert beds.min() >= 25


def test_telephones_are_of_the_fictional_exchange(tables):
    assert all(len(phone) == 10 and phone[3:8] == "55501" for t in tables.values() for phone in t["phone"].to_pylist())


def test_no_hospital_has_the_name_of_a_real_one():
    path = SHARED / "cms_hospital_general_info.csv"
    if not path.exists():
        pytest.skip("the CMS hospital list is not beside the repository")
    with path.open(encoding="utf-8-sig", newline="") as file:
        real = {row["Facility Name"].upper() for row in csv.DictReader(file)}
    found = network(roster().fips[::60])

    assert not real & {name.upper() for name in found.facility["name"].to_pylist()}


def test_names_of_a_countys_hospitals_differ(tables):
    harris = column(tables["facility"], "county_fips") == "48201"
    names = tables["facility"]["name"].filter(harris & (column(tables["facility"], "kind") == "hospital")).to_pylist()

    assert len(names) == len(set(names))


def test_a_county_has_the_same_network_whatever_the_seed_and_the_other_counties():
    alone = network_tables(make_run(seed=1, counties=("48301",)))["networksim.provider"].to_pylist()
    among = network_tables(make_run(seed=2, counties=COUNTIES))["networksim.provider"].to_pylist()

    assert alone == [row for row in among if row["county_fips"] == "48301"]


def test_an_unknown_county_is_an_error():
    with pytest.raises(SpecificationError, match="99999"):
        network_tables(make_run(counties=("99999",)))
