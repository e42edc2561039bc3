"""What the tables say of coverages: members, their cards, and why coverage begins and ends."""

import membersim
import pytest

COUPLE = [{"role": "subscriber", "age": 40}, {"role": "spouse", "age": 40}]
COMMERCIAL = {"type": "Commercial", "plan": "PPO"}


def journey(event_type, day=40, **parameters):
    event = {"event_id": "it", "event_type": event_type, "delay": {"days": day}, "parameters": parameters}
    return {"journey_id": "it", "duration_days": 365, "events": [event]}


def made(*journeys, members=COUPLE, coverage=COMMERCIAL):
    profile = {"id": "couples", "coverage": coverage, "journeys": list(journeys)}
    return membersim.generate({**profile, "members": members} if members else profile, count=1, seed=5, persist=False)


def coverage(*journeys, **given):
    return made(*journeys, **given).tables["membersim.coverage"].to_pylist()


@pytest.mark.parametrize(
    ("words", "code"),
    [("marriage", "32"), ("birth", "02"), ("adoption", "05"), ("loss of coverage", "33"), ("a whim", "28")],
)
def test_who_joins_for_a_reason_has_its_maintenance_reason(words, code):
    joined = {"inline": journey("new_enrollment", reason=words), "member": "spouse"}

    first, second = coverage(joined)

    assert (first["start_reason"], second["start_reason"]) == ("28", code)
    assert (second["start_date"] - first["start_date"]).days >= 40


@pytest.mark.parametrize(("said", "code"), [({"reason": "marriage"}, "32"), ({"reason": "cheaper"}, "22"), ({}, "22")])
def test_a_change_of_plan_is_one_for_whatever_reason(said, code):
    before, after = coverage(journey("plan_change", plan="HDHP", **said), members=None)

    assert (before["end_reason"], after["start_reason"]) == ("22", code)


@pytest.mark.parametrize(("said", "code"), [({"reason": "divorce"}, "01"), ({"reason": "job_loss"}, "08"), ({}, "07")])
def test_an_end_has_its_maintenance_reason(said, code):
    (row,) = coverage(journey("termination", **said), members=None)

    assert row["end_reason"] == code


def test_a_spouse_is_on_the_subscribers_card():
    first, second = coverage()

    assert [(row["relationship"], row["dependent_suffix"], row["tier"]) for row in (first, second)] == [
        ("self", "00", "ESP"),
        ("spouse", "01", "ESP"),
    ]
    assert first["member_number"] == second["member_number"]


def test_what_a_spouse_holds_alone_is_on_a_card_of_their_own():
    several = {**COMMERCIAL, "others": [{"type": "Medicaid"}]}

    own = [row for row in coverage(coverage=several) if row["rank"] == 2]

    assert [(row["relationship"], row["dependent_suffix"], row["tier"]) for row in own] == [("self", "00", "IND")] * 2
    assert own[0]["member_number"] != own[1]["member_number"]


def test_a_second_coverage_may_begin_during_the_run_and_is_no_change_of_the_first():
    second = journey("new_enrollment", rank=2, plan="Medicaid FFS")

    result = made(second, members=None)

    rows = result.tables["membersim.coverage"].to_pylist()
    assert [(row["rank"], row["plan"]) for row in rows] == [(1, "PPO"), (2, "Medicaid FFS")]
    assert not [note for note in result.notes if "changed nothing" in note]


def test_a_plan_that_nobody_describes_is_told_with_how_many_have_it():
    result = made(coverage={"type": "Commercial", "plan": "HDPH"})

    assert "people whose plan nobody describes, who have the default of their coverage type: 2" in result.notes


def test_a_change_to_a_plan_that_nobody_describes_is_told():
    result = made(journey("plan_change", plan="HDPH"), members=None)

    assert "changes to a plan that nobody describes, to the default of the coverage type: 1" in result.notes


def test_nothing_is_told_of_plans_that_are_known_however_they_are_written():
    result = made(journey("plan_change", plan="hdhp"), coverage={"type": "Commercial", "plan": "ppo"})

    assert not [note for note in result.notes if "nobody describes" in note]
