"""SDTM datasets: read by pyreadstat, define.xml by odmlib and the XSD, rules of SDTMIG 3.4 by these tests."""

from __future__ import annotations

import datetime
import itertools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyreadstat
import pytest
from lxml import etree
from odmlib.define_2_1.rules.metadata_schema import MetadataSchema
from odmlib.define_loader import XMLDefineLoader
from odmlib.loader import ODMLoader
from odmlib.oid_generator import create_oid_checker
from odmlib.schema_manager import get_schema_path

from healthsim_core import generate, outward_id

DEF, ODM = "{http://www.cdisc.org/ns/def/v2.1}", "{http://www.cdisc.org/ns/odm/v1.3}"
XLINK = "{http://www.w3.org/1999/xlink}"
ISO_8601 = re.compile(r"^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}:\d{2})?$")
ALL = {"TA", "TE", "TV", "TI", "TS", "DM", "SE", "SV", "EX", "AE", "DS", "DV", "MH", "IE", "LB", "VS"}

Rows = list[dict[str, Any]]


class Datasets:
    """The datasets of a folder as pyreadstat reads them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.rows: dict[str, Rows] = {}
        self.meta: dict[str, Any] = {}
        for path in sorted(folder.glob("*.xpt")):
            columns, meta = pyreadstat.read_xport(str(path), output_format="dict", encoding="utf-8")
            names, values = list(columns), [list(column) for column in columns.values()]
            self.rows[path.stem.upper()] = [dict(zip(names, row, strict=True)) for row in zip(*values, strict=True)]
            self.meta[path.stem.upper()] = meta
        self.define = etree.parse(str(folder / "define.xml"))

    def __getitem__(self, name: str) -> Rows:
        return self.rows[name]

    def of_subjects(self) -> Iterator[tuple[str, Rows]]:
        """Datasets that have subjects."""
        return ((name, rows) for name, rows in self.rows.items() if rows and "USUBJID" in rows[0])

    def groups(self) -> dict[str, Any]:
        """ItemGroupDef by dataset."""
        return {group.get("Name"): group for group in self.define.iter(f"{ODM}ItemGroupDef")}

    def items(self, name: str) -> list[Any]:
        """(ItemRef, ItemDef) of a dataset, in order."""
        defined = {item.get("OID"): item for item in self.define.iter(f"{ODM}ItemDef")}
        return [
            (reference, defined[reference.get("ItemOID")]) for reference in self.groups()[name].iter(f"{ODM}ItemRef")
        ]


@pytest.fixture(scope="module")
def sdtm(tmp_path_factory: pytest.TempPathFactory) -> Datasets:
    """Four hundred people, asked all through a year, in two counties: some trials are over, some go on."""
    return Datasets(written(tmp_path_factory.mktemp("sdtm"), 400))


@pytest.fixture(scope="module")
def vaccine(tmp_path_factory: pytest.TempPathFactory) -> Datasets:
    """The datasets of another protocol, whose doses are given at visits."""
    out = tmp_path_factory.mktemp("vaccine")
    generate(
        "trial-healthy-volunteers",
        "trial_vaccine",
        200,
        products=["trialsim"],
        output_formats=["sdtm_datasets"],
        out=out,
        seed=6,
    )
    return Datasets(out / "sdtm_datasets")


@pytest.fixture(params=["sdtm", "vaccine"])
def study(request: pytest.FixtureRequest) -> Datasets:
    """Each protocol's datasets."""
    return request.getfixturevalue(request.param)  # type: ignore[no-any-return]


def written(out: Path, count: int, **options: Any) -> Path:
    profile = {"id": "two-counties",
               "demographics": {"age": {"type": "normal", "mean": 57, "sd": 12, "min": 25, "max": 80},
               "geography": {"counties": {"48201": 0.5,
                                          "06037": 0.5}}}, "clinical": {"primary_condition": "E11"}}  # fmt: skip
    stated = {
        "start": ("2024-09-01", "2025-12-01"),
        "as_of": "2026-01-01",
        "seed": 9,
        "products": ["trialsim"],
        **options,
    }
    generate(profile, "trial_participation", count, output_formats=["sdtm_datasets"], out=out, overwrite=True, **stated)
    return out / "sdtm_datasets"


def study_day(day: str, start: str) -> int:
    days = (datetime.date.fromisoformat(day[:10]) - datetime.date.fromisoformat(start)).days
    return days + 1 if days >= 0 else days


def test_every_dataset_is_there(sdtm: Datasets) -> None:
    assert set(sdtm.rows) == ALL


def test_define_is_valid_by_the_xsd(study: Datasets) -> None:
    schema = etree.XMLSchema(etree.parse(get_schema_path("define", "2.1")))

    assert schema.validate(study.define), schema.error_log


def test_odmlib_accepts_define(study: Datasets) -> None:
    loader = ODMLoader(XMLDefineLoader(model_package="define_2_1", ns_uri="http://www.cdisc.org/ns/def/v2.1"))
    loader.open_odm_document(str(study.folder / "define.xml"))
    root = loader.root()

    assert root.verify_order()
    assert root.verify_oids(create_oid_checker("define_2_1"))
    assert root.verify_conformance(MetadataSchema())


def test_define_lists_the_datasets_in_the_folder(sdtm: Datasets) -> None:
    leaves = {name: group.find(f"{DEF}leaf").get(f"{XLINK}href") for name, group in sdtm.groups().items()}

    assert leaves == {name: f"{name.lower()}.xpt" for name in sdtm.rows}


def test_define_and_datasets_agree_in_names_labels_and_lengths(sdtm: Datasets) -> None:
    for name, meta in sdtm.meta.items():
        described = [
            (item.get("Name"), item.findtext(f"{ODM}Description/{ODM}TranslatedText")) for _, item in sdtm.items(name)
        ]
        assert described == list(zip(meta.column_names, meta.column_labels, strict=True))
        for _, item in sdtm.items(name):
            if item.get("Length"):
                assert int(item.get("Length")) == meta.variable_storage_width[item.get("Name")]
            assert (item.get("DataType") in ("integer", "float")) == (
                meta.readstat_variable_types[item.get("Name")] == "double"
            )


def test_names_and_labels_fit_version_5(sdtm: Datasets) -> None:
    for name, meta in sdtm.meta.items():
        assert (meta.table_name, len(meta.file_label) <= 40) == (name, True)
        assert all(re.fullmatch("[A-Z][A-Z0-9]{0,7}", column) for column in meta.column_names)
        assert all(0 < len(label) <= 40 for label in meta.column_labels)
        assert max(meta.variable_storage_width.values()) <= 200


def test_values_are_of_their_codelists(study: Datasets) -> None:
    lists = {
        c.get("OID"): {item.get("CodedValue") for item in c if item.get("CodedValue")}
        for c in study.define.iter(f"{ODM}CodeList")
    }
    looked_at = 0
    for name, rows in study.rows.items():
        for _, item in study.items(name):
            reference = item.find(f"{ODM}CodeListRef")
            if reference is not None and lists[reference.get("CodeListOID")]:
                values = {row[item.get("Name")] for row in rows} - {""}
                assert values <= lists[reference.get("CodeListOID")], (name, item.get("Name"))
                looked_at += len(values)
    assert looked_at > 100


def test_disposition_terms_are_of_the_codelist_of_their_category(sdtm: Datasets) -> None:
    lists = {c.get("OID"): {item.get("CodedValue") for item in c} for c in sdtm.define.iter(f"{ODM}CodeList")}

    for row in sdtm["DS"]:
        expected = "CL.PROTMLST" if row["DSCAT"] == "PROTOCOL MILESTONE" else "CL.NCOMPLT"
        assert row["DSDECOD"] in lists[expected]


def test_required_variables_are_never_null(study: Datasets) -> None:
    for name, rows in study.rows.items():
        for reference, item in study.items(name):
            if reference.get("Mandatory") == "Yes":
                assert all(row[item.get("Name")] not in ("", None) for row in rows), (name, item.get("Name"))


def test_define_says_which_variables_have_no_data(study: Datasets) -> None:
    for name, rows in study.rows.items():
        for reference, item in study.items(name):
            has_data = any(row[item.get("Name")] not in ("", None) for row in rows)
            assert (reference.get(f"{DEF}HasNoData") == "Yes") != has_data, (name, item.get("Name"))


def test_rows_are_sorted_by_keys_which_are_distinct(study: Datasets) -> None:
    for name, rows in study.rows.items():
        keyed = sorted((int(r.get("KeySequence")), i.get("Name")) for r, i in study.items(name) if r.get("KeySequence"))
        keys = [tuple(row[key] for _, key in keyed) for row in rows]
        assert all(before < after for before, after in itertools.pairwise(keys)), name


def test_sequence_numbers_count_from_one_within_the_subject(sdtm: Datasets) -> None:
    for name, rows in sdtm.of_subjects():
        if f"{name}SEQ" in rows[0]:
            for _, group in itertools.groupby(rows, key=lambda row: row["USUBJID"]):
                numbers = [row[f"{name}SEQ"] for row in group]
                assert numbers == list(range(1, len(numbers) + 1))


def test_every_row_is_of_one_study_its_domain_and_a_subject_of_dm(sdtm: Datasets) -> None:
    subjects = [row["USUBJID"] for row in sdtm["DM"]]

    assert len(set(subjects)) == len(subjects)
    for name, rows in sdtm.rows.items():
        assert {(row["STUDYID"], row["DOMAIN"]) for row in rows} == {("HS-T2D-301", name)}
    for _, rows in sdtm.of_subjects():
        assert {row["USUBJID"] for row in rows} <= set(subjects)


def test_dates_are_iso_8601(sdtm: Datasets) -> None:
    for name, rows in sdtm.rows.items():
        for column in sdtm.meta[name].column_names:
            if column.endswith("DTC") or (column.endswith("TPT") and not column.endswith("RTPT")):
                assert all(ISO_8601.match(row[column]) for row in rows if row[column]), (name, column)


def test_study_days_have_no_day_zero_and_agree_with_their_dates(study: Datasets) -> None:
    start = {row["USUBJID"]: row["RFSTDTC"] for row in study["DM"]}
    days = {"STDY": "STDTC", "ENDY": "ENDTC", "DY": "DTC"}
    looked_at = 0
    for name, rows in study.of_subjects():
        for suffix, date in days.items():
            if f"{name}{suffix}" in rows[0]:
                for row in rows:
                    begun = start[row["USUBJID"]]
                    expected = study_day(row[name + date], begun) if begun and row[name + date] else None
                    assert row[name + suffix] == expected != 0
                    looked_at += expected is not None
    assert looked_at > 5_000


def test_epochs_follow_the_doses(sdtm: Datasets) -> None:
    subjects = {row["USUBJID"]: row for row in sdtm["DM"]}

    for row in sdtm["AE"]:
        first, last = subjects[row["USUBJID"]]["RFXSTDTC"], subjects[row["USUBJID"]]["RFXENDTC"]
        before, after = not first or row["AESTDTC"] < first, bool(last) and row["AESTDTC"] > last
        assert row["EPOCH"] == ("SCREENING" if before else "FOLLOW-UP" if after else "TREATMENT")


def test_demographics_speak_controlled_terms(sdtm: Datasets) -> None:
    assert {row["SEX"] for row in sdtm["DM"]} == {"F", "M"}
    assert {row["AGEU"] for row in sdtm["DM"]} == {"YEARS"}
    assert "WHITE" in {row["RACE"] for row in sdtm["DM"]}


def test_those_who_were_not_assigned_have_a_reason_instead_of_an_arm(sdtm: Datasets) -> None:
    reasons = set()
    for row in sdtm["DM"]:
        assert (
            bool(row["ARMCD"])
            == bool(row["ARM"])
            == bool(row["ACTARM"])
            == bool(row["RFXSTDTC"])
            != bool(row["ARMNRS"])
        )
        reasons.add(row["ARMNRS"])
    assert reasons == {"", "SCREEN FAILURE", "NOT ASSIGNED"}


def test_reference_dates_are_in_order_and_agree_with_exposure(study: Datasets) -> None:
    exposed: dict[str, Rows] = {}
    for row in study["EX"]:
        exposed.setdefault(row["USUBJID"], []).append(row)

    for row in study["DM"]:
        doses = exposed.get(row["USUBJID"], [])
        assert (doses[0]["EXSTDTC"] if doses else "") == row["RFXSTDTC"] == row["RFSTDTC"]
        assert not row["RFXENDTC"] or row["RFXENDTC"] == doses[-1]["EXENDTC"]
        assert row["RFICDTC"] <= row["RFPENDTC"]
        assert not row["RFXSTDTC"] or row["RFICDTC"] < row["RFXSTDTC"]


def test_visits_are_those_of_the_schedule_or_unscheduled(study: Datasets) -> None:
    planned = {(row["VISITNUM"], row["VISIT"]) for row in study["TV"]}

    for name in ("SV", "LB", "VS", "IE"):
        for row in study[name]:
            assert (row["VISITNUM"], row["VISIT"]) in planned or row["VISIT"] == f"UNSCHEDULED {row['VISITNUM']:.2f}"


def test_findings_stand_at_a_visit_that_took_place(sdtm: Datasets) -> None:
    visits = {(row["USUBJID"], row["VISITNUM"]): row["SVSTDTC"] for row in sdtm["SV"]}

    for name in ("LB", "VS"):
        assert all(visits[row["USUBJID"], row["VISITNUM"]] == row[f"{name}DTC"][:10] for row in sdtm[name])


def test_results_agree_in_text_number_and_range(sdtm: Datasets) -> None:
    for row in sdtm["LB"]:
        assert float(row["LBSTRESC"]) == row["LBSTRESN"]
        value, low, high = float(row["LBORRES"]), row["LBORNRLO"], row["LBORNRHI"]
        assert row["LBNRIND"] == (
            "LOW" if low and value < float(low) else "HIGH" if high and value > float(high) else "NORMAL"
        )


def test_a1c_is_reported_with_its_decimal(sdtm: Datasets) -> None:
    assert all(re.fullmatch(r"\d+\.\d", row["LBORRES"]) for row in sdtm["LB"] if row["LBTESTCD"] == "HBA1C")


def test_elements_follow_one_another_as_the_arm_says(study: Datasets) -> None:
    arms = {row["USUBJID"]: row["ARMCD"] for row in study["DM"]}
    planned = {(row["ARMCD"], row["TAETORD"]): row["ETCD"] for row in study["TA"]}

    for subject, group in itertools.groupby(study["SE"], key=lambda row: row["USUBJID"]):
        elements = list(group)
        assert [row["TAETORD"] for row in elements] == list(range(1, len(elements) + 1))
        assert all(before["SEENDTC"] == after["SESTDTC"] for before, after in itertools.pairwise(elements))
        if arms[subject]:
            assert all(planned[arms[subject], row["TAETORD"]] == row["ETCD"] for row in elements)


def test_screen_failures_are_in_ie_ds_and_dm(sdtm: Datasets) -> None:
    failed = {row["USUBJID"] for row in sdtm["DS"] if row["DSDECOD"] == "SCREEN FAILURE"}
    criteria = {row["IETESTCD"]: row["IETEST"] for row in sdtm["TI"]}

    assert failed
    assert failed <= {row["USUBJID"] for row in sdtm["IE"]}
    assert failed <= {row["USUBJID"] for row in sdtm["DM"] if row["ARMNRS"] == "SCREEN FAILURE"}
    assert all(criteria[row["IETESTCD"]] == row["IETEST"] for row in sdtm["IE"])
    assert all(row["IEORRES"] == ("N" if row["IECAT"] == "INCLUSION" else "Y") for row in sdtm["IE"])


def test_serious_events_say_why_they_are_serious(sdtm: Datasets) -> None:
    whys = ("AESDISAB", "AESDTH", "AESHOSP", "AESLIFE", "AESMIE")

    assert {row["AESER"] for row in sdtm["AE"]} == {"N", "Y"}
    assert all((row["AESER"] == "Y") == any(row[why] == "Y" for why in whys) for row in sdtm["AE"])


def test_an_event_that_goes_on_has_no_end(sdtm: Datasets) -> None:
    for row in sdtm["AE"]:
        assert (
            (row["AEENDTC"] == "") == (row["AEENRTPT"] == "ONGOING") == (row["AEOUT"] == "NOT RECOVERED/NOT RESOLVED")
        )


def test_the_summary_counts_the_subjects(sdtm: Datasets) -> None:
    summary = {row["TSPARMCD"]: row for row in sdtm["TS"]}

    assert int(summary["ACTSUB"]["TSVAL"]) == sum(bool(row["ARMCD"]) for row in sdtm["DM"])
    assert summary["SSTDTC"]["TSVAL"] == min(row["RFICDTC"] for row in sdtm["DM"])
    assert all(bool(row["TSVAL"]) != bool(row["TSVALNF"]) for row in sdtm["TS"])


def test_sites_of_two_counties_are_told_apart(sdtm: Datasets) -> None:
    assert {row["SITEID"] for row in sdtm["DM"]} == {str(number) for number in range(101, 109)}
    assert all(row["USUBJID"] == f"{row['STUDYID']}-{row['SITEID']}-{row['SUBJID']}" for row in sdtm["DM"])


def test_no_meddra_stands_anywhere(sdtm: Datasets) -> None:
    assert all(row["AEDECOD"] == row["AETERM"] and row["AEBODSYS"] == row["AELLT"] == "" for row in sdtm["AE"])


def test_chunks_change_no_byte(tmp_path: Path) -> None:
    whole, chunked = (
        written(tmp_path / name, 40, **options) for name, options in (("whole", {}), ("chunked", {"chunk_size": 3}))
    )

    assert {p.name: p.read_bytes() for p in whole.iterdir()} == {p.name: p.read_bytes() for p in chunked.iterdir()}


def test_without_a_subject_there_is_no_study(tmp_path: Path) -> None:
    folder = written(tmp_path, 0)

    assert [path.name for path in folder.rglob("*") if path.is_file()] == []


def test_other_medication_is_that_of_the_chart(tmp_path: Path) -> None:
    pytest.importorskip("patientsim", reason="PatientSim is not installed; nobody orders medication")
    result = generate("trial-diabetes-adults", ["diabetic_management_year", "trial_participation"], 40,
                      output_formats=["sdtm_datasets"],
                      products=["trialsim", "patientsim"], out=tmp_path)  # fmt: skip
    orders = {
        str(row["medication_request_id"]): row for row in result.tables["patientsim.medication_request"].to_pylist()
    }
    sdtm = Datasets(tmp_path / "sdtm_datasets")

    assert len(sdtm["CM"]) > 40
    for row in sdtm["CM"]:
        order = orders[row["CMSPID"]]
        assert (row["CMTRT"], row["CMSTDTC"]) == (order["description"], order["authored"].date().isoformat())
        assert outward_id(row["USUBJID"].rpartition("-")[2]) == order["person_id"]
