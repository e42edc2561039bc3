"""RxMemberSim as a product: its journeys, profiles and skills, and whole runs with the core alone."""

from collections import Counter, defaultdict
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
import rxmembersim
from rxmembersim.facts import document
from rxmembersim.generation import (
    JOURNEYS,
    PROFILES,
    RX_MEMBER_PROFILE_TEMPLATES,
    RxMemberProfileExecutor,
    create_rx_member_profile,
)
from rxmembersim.handlers.cardholders import cardholders
from rxmembersim.handlers.prescriptions import prescriptions as prescribe

from healthsim_core import Columns, JourneySpecification, ProfileSpecification
from healthsim_core.testing import make_events, make_people
from healthsim_core.verification.verify import verify_folder

STATIN, LISINOPRIL = {"drug_class": "statin"}, {"ndc": "68180098001", "days_supply": 30}
ATORVASTATIN = {"ndc": "00378395177", "drug_class": "statin", "days_supply": 30, "quantity": 30, "refills": 3}
STEPS = {  # event type, what it follows, days after it, parameters
    "start": ("therapy_start", None, 0, {**STATIN, "reason": "LDL"}),
    "rx": ("new_rx", "start", 0, ATORVASTATIN),
    "fill": ("FILL", "start", 3, LISINOPRIL),
    "reversal": ("reversal", "fill", 2, {"reason": "wrong patient"}),
    "refill": ("refill", "fill", 10, {**LISINOPRIL, "fill_number": 1}),
    "change": ("therapy_change", "start", 40, STATIN),
    "gap": ("adherence_gap", "start", 60, {**STATIN, "gap_days": 21}),
    "mpr": ("mpr_threshold", "start", 150, STATIN),
    "stop": ("therapy_discontinue", "start", 190, STATIN),
}
STEP_BY_STEP = {
    "journey_id": "every-event",
    "duration_days": 200,
    "events": [
        {"event_id": name, "event_type": kind, "depends_on": first, "delay": {"days": days}, "parameters": parameters}
        for name, (kind, first, days, parameters) in STEPS.items()
    ],
}


@pytest.fixture(scope="module")
def result():
    return rxmembersim.generate("rx-chronic-adult", count=250, persist=False)


@pytest.fixture(scope="module")
def fills(result):
    return result.tables["rxmembersim.fill"].to_pylist()


@pytest.fixture(scope="module")
def prescriptions(result):
    return {row["prescription_id"]: row for row in result.tables["rxmembersim.prescription"].to_pylist()}


def by_prescription(fills, *statuses):
    found = defaultdict(list)
    for row in sorted(fills, key=lambda row: row["fill_date"]):
        if row["status"] in statuses:
            found[row["prescription_id"]].append(row)
    return found


def test_a_run_with_the_core_alone_is_valid(result):
    assert result.validation.passed
    assert {"core", "rxmembersim"} <= {name.split(".")[0] for name in result.tables}


@pytest.mark.parametrize("journey", JOURNEYS, ids=lambda journey: journey.name)
def test_every_journey_is_well_formed_and_has_its_files_name(journey):
    assert JourneySpecification.read(journey.specification).journey_id == journey.specification.stem


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
def test_every_profile_is_well_formed_and_has_its_files_name(profile):
    assert ProfileSpecification.read(profile.specification).id == profile.specification.stem


@pytest.mark.parametrize("name", sorted(RX_MEMBER_PROFILE_TEMPLATES))
def test_every_template_makes_people_with_cards_and_claims(name):
    made = RxMemberProfileExecutor(RX_MEMBER_PROFILE_TEMPLATES[name], count=20).execute()

    assert made.entities.num_rows == 20 == made.tables["rxmembersim.cardholder"].num_rows
    assert made.validation.passed


def test_a_changed_template_does_not_change_the_next_one():
    RX_MEMBER_PROFILE_TEMPLATES["rx-chronic-adult"].generation.count = 1

    assert RX_MEMBER_PROFILE_TEMPLATES["rx-chronic-adult"].generation.count != 1


def test_a_profile_is_written_in_a_line():
    made = RxMemberProfileExecutor(create_rx_member_profile(["E78"], age=60, coverage="Commercial"), count=5).execute()

    assert set(made.entities["coverage_type"].to_pylist()) == {"Commercial"}


def test_a_prescription_is_of_the_order_behind_it_and_of_its_day():
    ordered = Columns({"id": np.array([77, 0]), "time": np.array(["2025-02-27T10:00", "NaT"], "datetime64[s]")}, 2)
    rows = prescribe(make_events("new_rx", ancestors={"medication_order": ordered}))[
        "rxmembersim.prescription"
    ].to_pylist()

    assert [(row["medication_request_id"], str(row["written_date"])) for row in rows] == [
        (77, "2025-02-27"),
        (0, "2025-03-02"),
    ]


def test_each_prescription_precedes_its_fills(fills, prescriptions):
    assert all(prescriptions[row["prescription_id"]]["written_date"] <= row["fill_date"] for row in fills)


def test_first_fills_are_submitted_within_three_days_of_the_order(fills, prescriptions):
    first = {}
    for row in sorted(fills, key=lambda row: row["fill_date"]):
        first.setdefault(row["prescription_id"], row)

    assert all((row["fill_date"] - prescriptions[rx]["written_date"]).days <= 2 for rx, row in first.items())


def test_quantity_days_supply_and_refills_add_up_to_what_was_prescribed(fills, prescriptions):
    for rx, kept in by_prescription(fills, "paid").items():
        held = prescriptions[rx]
        assert [row["fill_number"] for row in kept] == list(range(len(kept)))
        assert len(kept) <= 1 + held["refills"]
        assert (
            sum(row["quantity"] for row in kept)
            == held["quantity"] * len(kept)
            <= held["quantity"] * (1 + held["refills"])
        )
        assert sum(row["days_supply"] for row in kept) == held["days_supply"] * len(kept)
        assert {row["ndc"] for row in kept} == {held["ndc"]}


def test_no_refill_is_paid_before_three_quarters_of_the_supply_are_used(fills):
    for kept in by_prescription(fills, "paid").values():
        assert all(
            (later["fill_date"] - earlier["fill_date"]).days >= 0.75 * earlier["days_supply"]
            for earlier, later in pairwise(kept)
        )


def test_every_reversal_undoes_one_reversed_fill_and_follows_it(result, fills):
    known = {row["fill_id"]: row for row in fills if row["status"] == "reversed"}
    reversals = {row["fill_id"]: row for row in result.tables["rxmembersim.reversal"].to_pylist()}

    assert reversals.keys() == known.keys()
    for fill_id, reversal in reversals.items():
        assert 0 < (reversal["reversal_date"] - known[fill_id]["fill_date"]).days <= 14
        assert reversal["plan_paid"] == -known[fill_id]["plan_paid"]


def test_a_few_percent_of_fills_are_reversed(fills):
    share = sum(row["status"] == "reversed" for row in fills) / len(fills)

    assert 0.01 < share < 0.08


def test_prices_vary_by_county():
    counties = ("06037", "06073", "17031", "36061", "48201", "04013", "12086", "53033")
    people = {"id": "p", "demographics": {"age": 60, "geography": {"counties": dict.fromkeys(counties, 1)}}}
    tables = rxmembersim.generate(people, journey="statin-therapy-year", count=150, persist=False).tables
    county = {row["person_id"]: row["county_fips"] for row in tables["core.person"].to_pylist()}
    due = defaultdict(set)
    for row in tables["rxmembersim.fill"].to_pylist():
        if row["ndc"] == "00378395177" and row["quantity"] == 30:
            due[county[row["person_id"]]].add(row["gross_amount_due"])

    assert set(due) == set(counties)
    assert {len(found) for found in due.values()} == {1}
    assert len(set.union(*due.values())) == len(counties)


def test_prices_vary_by_drug(fills):
    price = {
        row["ndc"]: (row["gross_amount_due"], row["usual_and_customary"]) for row in fills if row["quantity"] == 30
    }

    assert len(price) > 2
    assert len(set(price.values())) == len(price)


def test_a_pharmacy_has_one_price_for_one_fill(fills):
    prices = defaultdict(set)
    for row in fills:
        prices[row["pharmacy_npi"], row["ndc"], row["quantity"]].add(
            (row["gross_amount_due"], row["usual_and_customary"])
        )

    assert {len(found) for found in prices.values()} == {1}


def test_gaps_are_the_times_between_supplies(result, fills):
    dates = by_prescription(fills, "paid")
    gaps = result.tables["rxmembersim.adherence_gap"].to_pylist()

    assert gaps
    for gap in gaps:
        assert (
            (gap["end_date"] - gap["start_date"]).days
            == gap["gap_days"]
            >= document("adherence")["reportable_gap"]["days"]
        )
        assert gap["end_date"] in [row["fill_date"] for row in dates[gap["prescription_id"]]]


def test_the_possession_ratio_is_what_the_fills_say(result, fills):
    supplied = defaultdict(list)
    for row in fills:
        if row["status"] == "paid":
            supplied[row["person_id"], row["drug_class"]].append(row)
    looked = [
        row
        for row in result.tables["rxmembersim.therapy"].to_pylist()
        if row["kind"] == "mpr" and row["mpr"] is not None
    ]

    assert {row["adherence"] for row in looked} == {"adherent", "non-adherent"}
    for look in looked:
        before = [row for row in supplied[look["person_id"], look["drug_class"]] if row["fill_date"] < look["date"]]
        days = (look["date"] - min(row["fill_date"] for row in before)).days
        assert look["mpr"] == pytest.approx(min(sum(row["days_supply"] for row in before) / days, 1), abs=0.001)
        assert (look["adherence"] == "adherent") == (look["mpr"] >= look["threshold"])


def test_therapy_is_changed_only_after_it_was_begun(result):
    begun = {}
    for row in sorted(
        result.tables["rxmembersim.therapy"].to_pylist(), key=lambda row: (row["date"], row["kind"] != "start")
    ):
        if row["kind"] == "start":
            begun[row["person_id"], row["drug_class"]] = row["date"]
        assert begun[row["person_id"], row["drug_class"]] <= row["date"]


def test_nothing_is_dated_after_the_run(result, fills):
    assert str(max(row["fill_date"] for row in fills)) <= result.execution.as_of


def test_every_event_type_has_its_handler_and_its_rows():
    made = rxmembersim.generate(
        create_rx_member_profile(["E78"], age=60, coverage="Commercial"), STEP_BY_STEP, count=30, persist=False
    )
    tables = made.tables

    assert made.validation.passed
    assert {"start", "change", "discontinue", "mpr"} == set(tables["rxmembersim.therapy"]["kind"].to_pylist())
    assert tables["rxmembersim.reversal"]["reason"].to_pylist().count("wrong patient") == 30
    assert 21 in tables["rxmembersim.adherence_gap"]["gap_days"].to_pylist()


def test_a_fill_without_a_prescription_brings_its_own():
    made = rxmembersim.generate(
        create_rx_member_profile(age=60, coverage="Commercial"), STEP_BY_STEP, count=5, persist=False
    )
    fills, held = made.tables["rxmembersim.fill"], made.tables["rxmembersim.prescription"]

    assert set(fills["prescription_id"].to_pylist()) <= set(held["prescription_id"].to_pylist())


def test_people_of_a_household_share_a_card_and_have_codes_of_their_own():
    family = {"id": "family", "members": [{"role": "subscriber"}, {"role": "spouse"}, {"role": "dependent"},
                                          {"role": "dependent"}],
              "coverage": {"type": "Commercial"}}  # fmt: skip
    cards = rxmembersim.generate(family, count=10, persist=False).tables["rxmembersim.cardholder"].to_pylist()

    assert len({card["cardholder_id"] for card in cards}) == 10
    assert len({(card["cardholder_id"], card["person_code"]) for card in cards}) == 40
    assert [card["relationship_code"] for card in cards[:4]] == ["1", "2", "3", "3"]


def test_everybody_of_a_household_fills_under_the_card_they_share():
    prescribed = {"event_id": "rx", "event_type": "new_rx", "parameters": ATORVASTATIN}
    journey = {"journey_id": "drug", "duration_days": 30, "events": [prescribed]}
    family = {
        "id": "family",
        "members": [{"role": "subscriber"}, {"role": "spouse"}],
        "coverage": {"type": "Commercial"},
    }
    fills = rxmembersim.generate(family, journey, count=50, persist=False).tables["rxmembersim.fill"].to_pylist()

    assert {row["person_id"] % 16 for row in fills if row["status"] == "paid"} == {0, 1}
    assert sum(row["reject_code"] == "52" for row in fills) < 0.05 * len(fills)


def test_the_uninsured_have_no_card():
    people = make_people(2, coverage_type=["uninsured", "Commercial"], plan=[None, "PPO"])
    (card,) = cardholders(make_events("person", people))["rxmembersim.cardholder"].to_pylist()

    assert (card["person_id"], card["plan"]) == (people.id[1], "PPO")


def test_no_claim_of_the_uninsured_is_transmitted_and_verify_agrees(tmp_path):
    profile = {
        "id": "some",
        "coverage": {"type": {"type": "categorical", "weights": {"Commercial": 0.5, "uninsured": 0.5}}},
    }
    prescribed = {"event_id": "rx", "event_type": "new_rx", "parameters": ATORVASTATIN}
    journey = {"journey_id": "drug", "duration_days": 300, "events": [prescribed]}
    made = rxmembersim.generate(profile, journey, count=40, persist=False, out=tmp_path, output_formats=["ncpdp_d0"])
    statuses = Counter(made.tables["rxmembersim.fill"]["status"].to_pylist())

    assert statuses["cash"] > 20
    claims = statuses.total() - statuses["cash"] - statuses["returned"]
    assert (tmp_path / "ncpdp_d0" / "b1.ncpdp").read_text().count("D0B1") == claims
    assert verify_folder(tmp_path).passed


def test_the_same_request_gives_the_same_bytes_in_chunks_of_any_size(tmp_path):
    def bytes_of(name, chunk_size):
        told = {"output_formats": ["ncpdp_d0"], "out": tmp_path / name, "persist": False, "chunk_size": chunk_size}
        rxmembersim.generate("rx-senior-polypharmacy", count=6, **told)
        return {path.name: path.read_bytes() for path in sorted((tmp_path / name / "ncpdp_d0").iterdir())}

    whole = bytes_of("whole", None)
    assert len(whole) == 4
    assert bytes_of("ones", 1) == whole == bytes_of("fours", 4)


def test_people_and_their_claims_do_not_depend_on_how_many_there_are(fills):
    few = rxmembersim.generate("rx-chronic-adult", count=40, persist=False)
    people = set(few.entities["person_id"].to_pylist())

    assert few.tables["rxmembersim.fill"].to_pylist() == [row for row in fills if row["person_id"] in people]


def test_the_tables_of_no_people_have_their_types():
    made = rxmembersim.generate("rx-chronic-adult", count=0, persist=False)

    assert made.tables["rxmembersim.fill"].num_rows == 0
    assert made.tables["rxmembersim.fill"].schema.field("allowed").type == pa.decimal128(14, 2)


@pytest.mark.parametrize(
    ("profile", "journey"),
    [
        ("rx-chronic-adult", "statin-therapy-year"),
        ("rx-chronic-adult", "diabetes-drug-therapy"),
        ("rx-senior-polypharmacy", "polypharmacy-year"),
    ],
)
def test_prescribers_work_on_weekdays(profile, journey):
    prescriptions = rxmembersim.generate(profile, journey, count=200).tables["rxmembersim.prescription"].to_pylist()

    assert len(prescriptions) > 40
    assert {row["written_date"].weekday() for row in prescriptions} == {0, 1, 2, 3, 4}
