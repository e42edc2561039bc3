"""Drug utilization review: what it finds, and what it leaves alone."""

import numpy as np
import pytest
from drug_plans import PLANS, submitted
from rxmembersim.facts import document
from rxmembersim.formulary import formulary

from healthsim_core import Columns
from healthsim_core.testing import make_people, make_run

IBUPROFEN, ELIQUIS, XARELTO, ZOLPIDEM = "69238110305", "00003089421", "50458057930", "00093007401"
ATORVASTATIN, ROSUVASTATIN, LISINOPRIL = "00378395177", "57237016990", "68180098001"
FINASTERIDE, SPRINTEC, TRAMADOL, ALPRAZOLAM = "57237006230", "00555901658", "00093005801", "59762372001"
LANTUS, HUMALOG = "00088221905", "00002879959"


def found(*fills, supply=30, **person):
    """(conflict, severity, class it is with) of each fill, given as (day, ndc, prescription)."""
    people = make_people(1, make_run(plans=PLANS), **{"birth_date": np.array([np.datetime64("1980-01-01")]), **person})
    never = np.full(len(fills), np.datetime64("NaT"), "datetime64[s]")
    held = Columns(
        {"id": np.array([rx for _, _, rx in fills]), "time": never, "provider_npi": None, "facility_npi": None},
        len(fills),
    )
    written = submitted(
        "fill", people, row=[0] * len(fills),
        time=[np.datetime64("2025-02-01T10:00") + np.timedelta64(day, "D") for day, _, _ in fills],
        parameters={"ndc": [ndc for _, ndc, _ in fills], "days_supply": np.full(len(fills), float(supply))},
        ancestors={"new_rx": held},
    )  # fmt: skip
    rows = written["rxmembersim.fill"].to_pylist()
    return [(row["dur_code"], row["dur_severity"], row["dur_with"]) for row in rows]


def test_drugs_that_agree_raise_no_conflict():
    assert found((0, ATORVASTATIN, 1), (3, LISINOPRIL, 2)) == [(None, None, None)] * 2


def test_an_interaction_is_found_with_what_is_still_being_taken():
    assert found((0, ELIQUIS, 1), (20, IBUPROFEN, 2))[1] == ("DD", "major", "anticoagulant")


def test_an_interaction_is_found_in_either_order():
    assert found((0, TRAMADOL, 1), (5, ALPRAZOLAM, 2))[1] == ("DD", "major", "opioid")


def test_what_was_used_up_interacts_with_nothing():
    assert found((0, ELIQUIS, 1), (40, IBUPROFEN, 2))[1] == (None, None, None)


def test_two_products_of_one_class_are_a_duplication():
    assert found((0, ATORVASTATIN, 1), (5, ROSUVASTATIN, 2))[1] == ("TD", "moderate", "statin")


def test_changing_products_when_the_first_is_nearly_used_up_is_no_duplication():
    assert found((0, ATORVASTATIN, 1), (22, ROSUVASTATIN, 2))[1] == (None, None, None)


def test_basal_and_mealtime_insulin_are_no_duplication():
    assert found((0, LANTUS, 1), (5, HUMALOG, 2))[1] == (None, None, None)


def test_a_second_prescription_for_what_is_barely_used_is_an_early_refill():
    assert found((0, ATORVASTATIN, 1), (10, ATORVASTATIN, 2))[1] == ("ER", "moderate", "statin")


def test_refills_of_one_prescription_in_good_time_raise_no_conflict():
    assert found((0, ATORVASTATIN, 1), (30, ATORVASTATIN, 1), (61, ATORVASTATIN, 1)) == [(None, None, None)] * 3


@pytest.mark.parametrize(("born", "conflict"), [("1940-01-01", "PA"), ("1960-02-02", None), ("1960-01-31", "PA")])
def test_sedatives_conflict_with_age_from_65_on(born, conflict):
    assert conflict == found((0, ZOLPIDEM, 1), birth_date=np.array([np.datetime64(born)]))[0][0]


def test_an_opioid_conflicts_with_age_below_12():
    assert found((0, TRAMADOL, 1), birth_date=np.array([np.datetime64("2015-06-01")]))[0] == ("PA", "major", None)


@pytest.mark.parametrize(
    ("ndc", "sex", "conflict"),
    [(FINASTERIDE, "F", "SX"), (FINASTERIDE, "M", None), (SPRINTEC, "M", "SX"), (SPRINTEC, "F", None)],
)
def test_drugs_for_one_sex_conflict_with_the_other(ndc, sex, conflict):
    assert conflict == found((0, ndc, 1), sex=sex)[0][0]


def test_the_gravest_conflict_is_the_one_reported():
    old = np.array([np.datetime64("1940-01-01")])

    assert found((0, TRAMADOL, 1), (2, ZOLPIDEM, 2), birth_date=old)[1] == ("DD", "major", "opioid")


def test_every_rule_is_about_a_class_of_the_formulary_and_names_its_source():
    said = document("dur")
    rules = [*said["interactions"], *said["age"], *said["sex"]]

    assert {name for rule in rules for name in rule.get("classes", [rule.get("class")])} <= set(formulary().classes)
    assert all(rule["source"] for rule in rules)
