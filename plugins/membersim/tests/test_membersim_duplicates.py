"""A second claim of the same kind, provider, day and service is denied as a duplicate;
what differs in one of these is not."""

from collections import defaultdict
from decimal import Decimal

import pytest

from healthsim_core import generate
from healthsim_core.verification.verify import verify_folder

DUPLICATE = "18"
VISIT = {"class": "AMB", "specialty": "cardiology", "reason_code": "I10"}


def visits(*parameters, kind="encounter"):
    """A journey whose visits, of these parameters, are all on one day."""
    same = {"event_type": kind, "delay": {"days": 9}}
    events = [{"event_id": f"visit{number}", **same, "parameters": each} for number, each in enumerate(parameters)]
    return {"journey_id": "one-day", "duration_days": 120, "events": events}


def claims(journey, profile="commercial-family", **told):
    """The claims of each person, a list a day of service, in the order in which they are adjudicated:
    of one day by the ids inside."""
    made = {"count": 40, "products": ["patientsim", "membersim"], "seed": 3, "namespace": ""}
    result = generate(profile, journey, **{**made, **told})
    assert result.validation.passed
    found = defaultdict(list)
    for row in result.tables["membersim.claim"].to_pylist():
        found[row["person_id"], row["service_from"]].append(row)
    return [sorted(each, key=lambda row: (row["paid_date"], row["claim_id"])) for each in found.values()]


def reasons(groups):
    return [[row["denial_reason"] for row in each] for each in groups]


@pytest.mark.parametrize("profile", ["commercial-family", "medicare-diabetic"])
@pytest.mark.parametrize("times", [2, 3])
def test_all_but_the_first_of_several_visits_alike_are_duplicates(profile, times):
    found = claims(visits(*[VISIT] * times), profile)

    assert len(found) >= 40
    assert all(len(each) == times for each in found)
    assert all(each[0]["denial_reason"] != DUPLICATE for each in found)
    assert {row["denial_reason"] for each in found for row in each[1:]} == {DUPLICATE}


def test_nobody_owes_anything_for_a_duplicate():
    repeated = [row for each in claims(visits(VISIT, VISIT)) for row in each[1:]]

    assert {(row["status"], row["adjustment_group"]) for row in repeated} == {("denied", "CO")}
    assert {row[name] for row in repeated for name in ("allowed", "paid", "member_share")} == {Decimal(0)}
    assert all(row["adjustment"] == row["billed"] > 0 for row in repeated)


@pytest.mark.parametrize(
    "other",
    [
        {**VISIT, "specialty": "dermatology"},
        {**VISIT, "service_code": "G0439"},
        {**VISIT, "class": "EMER"},
        {**VISIT, "class": "VR"},
        {**VISIT, "specialty": None},
    ],
    ids=["provider", "service", "emergency", "virtual", "own doctor"],
)
def test_another_provider_service_or_place_is_no_duplicate(other):
    said = {name: value for name, value in other.items() if value is not None}

    assert DUPLICATE not in {reason for each in reasons(claims(visits(VISIT, said))) for reason in each}


def test_a_visit_on_another_day_is_no_duplicate():
    journey = visits(VISIT, VISIT)
    journey["events"][1]["delay"] = {"days": 10}

    assert DUPLICATE not in {reason for each in reasons(claims(journey)) for reason in each}


def test_the_own_doctor_under_two_names_is_one_provider():
    found = claims(visits({**VISIT, "specialty": "family_medicine"}, {**VISIT, "specialty": "primary_care"}))

    assert {each[1]["denial_reason"] for each in found} == {DUPLICATE}


def test_a_visit_with_an_add_on_is_no_duplicate_of_one_without():
    pediatrics = {"class": "AMB", "specialty": "pediatrics"}
    found = claims(
        visits({**pediatrics, "reason_code": "Z00.129"}, {**pediatrics, "reason_code": "J06.9"}), "medicaid-pediatric"
    )

    assert len(found) >= 40
    assert {row["lines"] for each in found for row in each} == {1, 2}
    assert DUPLICATE not in {reason for each in reasons(found) for reason in each}


def test_a_drug_billed_twice_on_one_day_is_a_duplicate_and_another_drug_is_not():
    first = {"ndc": "53746021801", "days_supply": 30, "quantity": 60}
    found = claims(visits(first, first, {**first, "ndc": "00378395177"}, kind="claim_pharmacy"))

    assert all(sum(reason == DUPLICATE for reason in each) == 1 for each in reasons(found))


def test_a_drug_filled_every_month_after_one_visit_is_billed_on_the_days_of_its_fills():
    journey = visits(VISIT)
    drug = {"ndc": "53746021801", "days_supply": 30, "quantity": 60}
    months = {"repeat": {"every": {"days": 30}, "count": 3}, "parameters": drug}
    journey["events"].append(
        {"event_id": "drug", "event_type": "claim_pharmacy", "depends_on": "visit0", "delay": {"days": 2}, **months}
    )
    found = [row for each in claims(journey) for row in each]
    visited = {row["person_id"]: row["service_from"] for row in found if row["type"] == "P"}
    filled = defaultdict(list)
    for row in sorted((row for row in found if row["type"] == "R"), key=lambda row: row["service_from"]):
        filled[row["person_id"]].append((row["service_from"] - visited[row["person_id"]]).days)

    assert DUPLICATE not in {row["denial_reason"] for row in found}
    assert (
        len(filled) >= 40 and filled.keys() == visited.keys() and all(days == [2, 32, 62] for days in filled.values())
    )


def test_the_remittance_of_duplicates_balances_with_their_claims(tmp_path):
    claims(visits(VISIT, VISIT), output_formats=["x12_837", "x12_835"], out=tmp_path / "out")
    sent = (tmp_path / "out" / "x12_835").glob("*")

    assert verify_folder(tmp_path / "out").passed
    assert sum(path.read_text(encoding="ascii").count("CAS*CO*18*") for path in sent) >= 40
