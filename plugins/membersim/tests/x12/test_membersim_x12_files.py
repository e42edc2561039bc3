"""X12 files of families made by hand: the guides accept them, and what pyx12 does not look at is right as well."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

FILES = ("x12_834/834.edi", "x12_837/837p.edi", "x12_837/837i.edi", "x12_835/835.edi")
VERSIONS = dict(zip(FILES, ("005010X220A1", "005010X222A1", "005010X223A2", "005010X221A1"), strict=True))
CLAIM_FILES = FILES[1:3]

every_file = pytest.mark.parametrize("file", FILES)


def sets_of(rows):
    """The transaction sets of a file, each a list of segments from ST to SE."""
    starts = [index for index, row in enumerate(rows) if row[0] == "ST"]
    ends = [index for index, row in enumerate(rows) if row[0] == "SE"]
    return [rows[start : end + 1] for start, end in zip(starts, ends, strict=True)]


def luhn_valid(npi):
    total = 0
    for index, digit in enumerate(map(int, reversed(f"80840{npi}"))):
        total += digit if index % 2 == 0 else sum(map(int, str(2 * digit)))
    return total % 10 == 0


@every_file
def test_the_guide_accepts_the_file(written, pyx12_errors, file):
    assert pyx12_errors(written / file) == []


def test_pyx12_would_have_said_so(written, pyx12_errors, tmp_path):
    damaged = tmp_path / "damaged.edi"
    damaged.write_text((written / FILES[1]).read_text().replace("SBR*P*18", "SBR*P*99"))

    assert pyx12_errors(damaged)


@every_file
@pytest.mark.parametrize("size", [1, 2, 3])
def test_chunks_change_no_byte(written, write_x12, families, tmp_path, file, size):
    names = ("Muñoz~Peña", "O'Neil*Smith", "Łukasiewicz", "Groß:Øster", "李")

    chunked = write_x12(families(5, names=names).tables, tmp_path, size)

    assert (chunked / file).read_bytes() == (written / file).read_bytes()


@every_file
def test_the_interchange_header_is_106_characters_and_dated_as_of(written, file):
    header = (written / file).read_text().splitlines()[0]

    assert (len(header), header.split("*")[9], header[-1]) == (106, "260101", "~")


@every_file
def test_trailers_agree_with_headers(written, segments, file):
    rows = segments(written / file)
    sets = sets_of(rows)
    head = {row[0]: row for row in rows}

    assert [one[-1] for one in sets] == [["SE", str(len(one)), one[0][2]] for one in sets]
    assert len({one[0][2] for one in sets}) == len(sets)
    assert head["GE"] == ["GE", str(len(sets)), head["GS"][6]]
    assert head["IEA"] == ["IEA", "1", head["ISA"][13]]


@every_file
def test_each_set_names_its_own_guide(written, segments, file):
    rows = segments(written / file)
    conventions = {tuple(one[0][3:]) for one in sets_of(rows)}

    assert rows[1][8] == VERSIONS[file]
    assert conventions == ({()} if file == FILES[3] else {(VERSIONS[file],)})  # the guide of the 835 has no ST03


@every_file
def test_only_the_basic_character_set_is_used(written, file):
    assert re.fullmatch(r"[A-Z0-9 !\"&'()+,\-./;?=*:^~\n]*", (written / file).read_text("ascii"))


@every_file
def test_no_segment_ends_in_an_empty_element(written, segments, file):
    assert [row for row in segments(written / file)[1:] if row[-1] == "" or row[-1].endswith(":")] == []


def test_names_lose_accents_and_delimiters_and_nothing_else(written, segments):
    names = {tuple(row[3:5]) for row in segments(written / FILES[0]) if row[:2] == ["NM1", "IL"]}

    assert {last for last, _ in names} == {"MUNOZ PENA", "O'NEIL SMITH", "LUKASIEWICZ", "GROSS OSTER", "U674E"}
    assert {first for _, first in names} == {"ZOE", "JOSE", "ANA-MARIA"}


@every_file
def test_every_npi_passes_its_check_digit(written, segments, file):
    npis = {row[row.index("XX") + 1] for row in segments(written / file) if row[0] in ("NM1", "N1") and "XX" in row}

    assert npis
    assert [npi for npi in npis if not luhn_valid(npi)] == []


@every_file
def test_every_place_has_city_state_and_zip(written, segments, file):
    places = [row for row in segments(written / file) if row[0] == "N4"]

    assert places
    assert [
        row
        for row in places
        if not (row[1] and re.fullmatch("[A-Z]{2}", row[2]) and re.fullmatch(r"\d{5}(\d{4})?", row[3]))
    ] == []


@pytest.mark.parametrize("file", CLAIM_FILES)
def test_a_claim_charges_what_its_lines_charge(written, segments, file):
    claims: list[list[float]] = []
    for row in segments(written / file):
        if row[0] == "CLM":
            claims.append([round(100 * float(row[2])), 0])
        elif row[0] in ("SV1", "SV2"):
            claims[-1][1] += round(100 * float(row[2 if row[0] == "SV1" else 3]))

    assert claims
    assert [charge for charge in claims if charge[0] != charge[1]] == []


@pytest.mark.parametrize("file", CLAIM_FILES)
def test_codes_of_diagnoses_have_no_dot(written, segments, file):
    codes = {code for row in segments(written / file) if row[0] == "HI" for code in row[1:]}

    assert any(code.startswith(("ABF:E119", "ABJ:O34211")) for code in codes)
    assert [code for code in codes if "." in code] == []


def test_a_stay_tells_its_dates_drg_and_procedure(written, segments):
    rows = segments(written / FILES[2])
    first = rows[[row[0] for row in rows].index("CLM") :]
    until = [row[0] for row in first].index("LX")
    claim = {tuple(row[:2]) if row[0] != "HI" else ("HI", row[1][:3]): row for row in first[:until]}

    assert claim["DTP", "434"][3] == "20250301-20250304"
    assert claim["DTP", "435"][3] == "202503010900"
    assert claim["DTP", "096"][3] == "1500"
    assert claim["HI", "DR:"][1] == "DR:788"
    assert claim["HI", "BBR"][1] == "BBR:10D00Z1:D8:20250302"
    assert claim["HI", "ABK"][1] == "ABK:O82:::::::Y"


def levels_of(one):
    return [row for row in one if row[0] == "HL"]


@pytest.fixture(scope="module")
def many(write_x12, families, tmp_path_factory):
    """Three families whose members each have 130 visits to one clinic: 1,170 professional claims."""
    return write_x12(families(3, visits=130).tables, tmp_path_factory.mktemp("many"), 1)


def test_beyond_a_hundred_claims_levels_stay_unique(many, segments, pyx12_errors):
    sets = sets_of(segments(many / FILES[1]))

    assert [sum(row[0] == "CLM" for row in one) for one in sets] == [1000, 170]
    assert [[row[1] for row in levels_of(one)] for one in sets] == [
        [str(n + 1) for n in range(len(levels_of(one)))] for one in sets
    ]
    assert pyx12_errors(many / FILES[1]) == []


def test_a_level_holds_at_most_a_hundred_claims(many, segments):
    below: Counter[tuple[int, str]] = Counter()
    for number, one in enumerate(sets_of(segments(many / FILES[1]))):
        level = ""
        for row in one:
            level = row[1] if row[0] == "HL" else level
            below[number, level] += row[0] == "CLM"

    assert max(below.values()) == 100


@pytest.mark.parametrize("file", CLAIM_FILES)
def test_a_level_hangs_below_one_of_the_kind_above(many, segments, file):
    above = {"20": None, "22": "20", "23": "22"}
    for one in sets_of(segments(many / file)):
        kind = {row[1]: row[3] for row in levels_of(one)}
        parents = {row[2] for row in levels_of(one)}
        assert [row for row in levels_of(one) if kind.get(row[2]) != above[row[3]]] == []
        assert [row for row in levels_of(one) if (row[4] == "1") != (row[1] in parents)] == []


def test_a_dependent_is_a_patient_below_the_subscriber(written, segments):
    level, claims = [""] * 5, Counter()
    for row in segments(written / FILES[1]):
        level = row if row[0] == "HL" else level
        claims[level[3]] += row[0] == "CLM"

    assert claims["22"] * 2 == claims["23"] > 0  # of three people with equally many claims one is the subscriber


def test_without_a_network_a_fallback_organization_bills(write_x12, families, segments, pyx12_errors, tmp_path):
    folder = write_x12(families(2, network=False).tables, tmp_path)
    billing = {tuple(row) for row in segments(folder / FILES[1]) if row[:2] == ["NM1", "85"]}

    assert len(billing) == 1
    assert luhn_valid(next(iter(billing))[9])
    assert {file: pyx12_errors(folder / file) for file in FILES} == {file: [] for file in FILES}


def test_without_claims_there_is_no_file_of_claims(write_x12, families, tmp_path):
    folder = write_x12(families(2, visits=0).tables, tmp_path)

    assert sorted(path.name for path in Path(folder).rglob("*.edi")) == ["834.edi"]
