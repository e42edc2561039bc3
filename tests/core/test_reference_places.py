"""Counties and their ZIP codes."""

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from healthsim_core import generate, places

SHARED = Path(__file__).resolve().parents[3] / "shared" / "reference"


def unit(rows: int) -> np.ndarray:
    return (np.arange(rows) + 0.5) / rows


def test_every_county_of_svi_2022_is_there() -> None:
    path = SHARED / "svi_county_2022.parquet"
    if not path.exists():
        pytest.skip("SVI 2022 is not beside the repository")

    assert set(pq.read_table(path, columns=["FIPS"])["FIPS"].to_pylist()) == set(places.counties())


def test_every_county_has_a_zip_code() -> None:
    assert set(places.bundled("zips.csv")["county_fips"].to_pylist()) == {*places.counties(), *places.former_counties()}


def test_addresses_within_a_county_are_its_own() -> None:
    fips = ("06073", "36061", "48201", "48301")
    addresses, county = places.Addresses.of(dict.fromkeys(fips, 1.0)), np.tile(np.arange(4), 500)
    found = addresses.within(county, unit(2_000))
    table = places.bundled("zips.csv").to_pydict()
    owner = set(zip(table["county_fips"], table["zip"], table["city"], strict=True))

    assert [fips[index] for index in county] == found["county_fips"].to_pylist()
    assert (
        set(zip(found["county_fips"].to_pylist(), found["zip"].to_pylist(), found["city"].to_pylist(), strict=True))
        <= owner
    )
    assert set(found["state"].to_pylist()) == {"CA", "NY", "TX"}


def test_every_zip_code_of_a_county_is_drawn() -> None:
    found = places.Addresses.of({"48201": 1.0}).within(np.zeros(5_000, np.int64), unit(5_000))
    table = places.bundled("zips.csv").to_pydict()

    assert set(found["zip"].to_pylist()) == {
        z for f, z in zip(table["county_fips"], table["zip"], strict=True) if f == "48201"
    }


def test_counties_are_drawn_by_weight() -> None:
    found = places.Addresses.of({"48201": 3.0, "06073": 1.0}).draw(unit(1_000), unit(1_000))

    assert found["county_fips"].to_pylist().count("48201") == 750


def test_a_former_county_has_its_old_name_and_is_none_of_todays() -> None:
    assert places.county("09001").name == "Fairfield County"
    assert not set(places.former_counties()) & set(places.counties())


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [
        ("06074", '"06073" (San Diego County, California)'),
        ("60373", "No state has the code 60"),
        ("48999", '"48499" (Wood County, Texas)'),
        ("36601", '"36101" (Steuben County, New York)'),
        ("99201", "No state has the code 99"),
        ("6073", '"06073" (San Diego County, California)'),
        ("Cook County, IL", '"17031" (Cook County, Illinois)'),
        ("Maricopa", '"04013" (Maricopa County, Arizona)'),
        ("banana republic", "five digits"),
    ],
)
def test_a_code_that_no_county_has_suggests_one_of_its_own_state(wrong: str, meant: str) -> None:
    with pytest.raises(places.SpecificationError) as refused:
        places.county(wrong, "reference.fips")

    assert refused.value.what == f'no county has the FIPS code "{wrong}".'
    assert meant in refused.value.remedy


def test_a_wrong_county_is_told_once() -> None:
    with pytest.raises(places.SpecificationError) as refused:
        generate({"id": "nowhere", "reference": {"type": "county", "fips": "06074"}}, count=4)

    assert [(each.where, each.what) for each in refused.value.mistakes] == [
        ("reference.fips", 'no county has the FIPS code "06074".')
    ]


@pytest.mark.parametrize("fips", list(places.former_counties()))
def test_people_can_live_in_a_former_county(fips: str) -> None:
    result = generate({"id": "former", "demographics": {"geography": {"fips": fips}}}, count=4)

    assert result.validation.passed
    assert set(result.entities["county_fips"].to_pylist()) == {fips}
    assert set(result.entities["state"].to_pylist()) == {places.county(fips).state}
