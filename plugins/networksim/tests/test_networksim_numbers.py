"""NPIs and the other identifiers of the network."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from networksim import numbers
from networksim.roster import (
    CLINIC,
    CLINICS_A_GROUP,
    HOSPITAL,
    LABORATORY,
    PHARMACY,
    PROVIDER,
    PROVIDERS_A_SPECIALTY,
    roster,
)

from healthsim_core import Text


def luhn_holds(npi):
    """ISO/IEC 7812 over the number with its prefix, digit by digit."""
    total = 0
    for place, digit in enumerate(reversed("80840" + npi)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def every_npi():
    """The NPI of everybody in the networks of all counties."""
    known, parts = roster(), []
    counts = [(HOSPITAL, known.hospitals), (LABORATORY, known.laboratories), (PHARMACY, known.pharmacies)]
    counts += [(CLINIC + g * CLINICS_A_GROUP, known.clinics[:, g]) for g in range(known.clinics.shape[1])]
    counts += [(PROVIDER + s * PROVIDERS_A_SPECIALTY, known.providers[:, s]) for s in range(known.providers.shape[1])]
    for first, many in counts:
        owner = np.repeat(np.arange(len(many)), many)
        parts.append(numbers.npi(owner, first + np.arange(len(owner)) - np.repeat(np.cumsum(many) - many, many)))
    return np.concatenate(parts)


def test_the_known_example_of_the_standard_has_the_check_digit_3():
    assert numbers.check_digit(np.array([123456789])).tolist() == [3]


def test_npis_pass_the_luhn_check():
    sample = every_npi()[::997].astype(str)

    assert all(luhn_holds(npi) for npi in sample)


def test_no_two_in_all_counties_have_the_same_npi():
    npis = every_npi()

    assert len(npis) == len(np.unique(npis))


def test_npis_have_ten_digits_and_begin_with_1():
    npis = every_npi()

    assert npis.min() >= 1_000_000_000
    assert npis.max() < 2_000_000_000


def test_npis_are_not_of_the_pattern_that_is_issued():
    npis = every_npi()
    second, fourth = npis // 10**8 % 10, npis // 10**6 % 10

    assert not ((second + 3) % 10 == fourth).any()


@given(st.integers(0, 4_499), st.integers(0, numbers.BLOCK - 1))
def test_an_npi_tells_its_county_and_position(county, position):
    npi = numbers.npi(np.array([county]), np.array([position]))

    assert [[county], [position]] == [part.tolist() for part in numbers.slots(npi)]


def test_text_of_numbers_keeps_nulls_and_order():
    column = numbers.as_text(np.array([1234567893, -1, 1000000004, 1234567893]))

    assert column.to_pylist() == ["1234567893", None, "1000000004", "1234567893"]
    assert numbers.as_numbers(column).tolist() == [1234567893, -1, 1000000004, 1234567893]
    assert isinstance(column, Text)


@pytest.mark.parametrize(("make", "digits", "prefix"), [(numbers.tax_ids, 9, "00"), (numbers.ncpdp_ids, 7, "9")])
def test_other_ids_have_a_prefix_that_nobody_has(make, digits, prefix):
    ids = make(np.array([0, 0, 1, 3_143]), np.array([0, 299, 0, 299])).to_pylist()

    assert len(set(ids)) == 4
    assert all(len(each) == digits and each.startswith(prefix) for each in ids)
