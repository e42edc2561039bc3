"""Who is covered from when to when."""

import numpy as np
import pytest
from membersim.coverage import spans_of
from membersim.facts import document
from membersim.handlers.membership import HANDLER
from membersim.plan_design import design_mistakes
from membersim.plans import Plans, accepted

from healthsim_core import SpecificationError
from healthsim_core.testing import make_events, make_people, make_run

NOTHING = {field.name: field for field in HANDLER.parameters}


def spans(people, changes=(), started="2025-01-01T00:00:00", **said):
    """Spans of people after coverage events: (row, type, time) each."""
    rows = len(people)
    row = [*range(rows), *(change[0] for change in changes)]
    types = ["person"] * rows + [change[1] for change in changes]
    time = [started] * rows + [change[2] for change in changes]
    parameters = {name: field.nulls(len(row)) for name, field in NOTHING.items()} | said
    events = make_events(types, people, row=row, time=time, parameters=parameters)
    plans = Plans.of(people.run)
    found = spans_of(events, plans)
    name = np.array(plans.names)[found.plan]
    return [
        (int(r), str(s), str(e), str(p)) for r, s, e, p in zip(found.row, found.start, found.end, name, strict=True)
    ], found


def test_who_has_a_coverage_type_is_covered_from_the_start_of_the_plan_year():
    found, _ = spans(make_people(1), started="2025-03-10T00:00:00")

    assert found == [(0, "2025-01-01", "NaT", "PPO")]


def test_who_has_none_is_not_covered():
    found, _ = spans(make_people(1, coverage_type="uninsured", plan=None))

    assert found == []


def test_a_journey_that_enrolls_sets_the_first_day():
    found, _ = spans(make_people(1), [(0, "new_enrollment", "2025-04-01T09:00:00")])

    assert found == [(0, "2025-04-01", "NaT", "PPO")]


def test_a_termination_is_the_last_covered_day_and_a_return_opens_a_new_span():
    changes = [(0, "termination", "2025-04-30T09:00:00"), (0, "new_enrollment", "2025-07-01T09:00:00")]

    found, whole = spans(make_people(1), changes)

    assert found == [(0, "2025-01-01", "2025-04-30", "PPO"), (0, "2025-07-01", "NaT", "PPO")]
    assert whole.end_reason.to_pylist() == ["07", None]


def test_a_plan_change_closes_one_span_and_opens_the_next_day_by_day():
    found, _ = spans(make_people(1), [(0, "plan_change", "2025-06-15T09:00:00")], plan=[None, "HDHP"])

    assert found == [(0, "2025-01-01", "2025-06-14", "PPO"), (0, "2025-06-15", "NaT", "HDHP")]


def test_nobody_is_covered_twice_at_once():
    changes = [(0, "new_enrollment", "2025-01-05T09:00:00"), (0, "new_enrollment", "2025-02-01T09:00:00"),
               (0, "plan_change", "2025-03-01T09:00:00"), (0, "termination", "2025-05-01T09:00:00"),
               (0, "termination", "2025-06-01T09:00:00"), (0, "plan_change", "2025-07-01T09:00:00")]  # fmt: skip

    found, _ = spans(make_people(1), changes, plan=[None, None, None, "HMO", None, None, "HDHP"])

    assert found == [(0, "2025-01-05", "2025-02-28", "PPO"), (0, "2025-03-01", "2025-05-01", "HMO")]


def family(**columns):
    ids = np.array([16, 17, 18])
    return make_people(
        3, person_id=ids, household_id=np.full(3, 16), subscriber_id=np.full(3, 16),
        role=["subscriber", "spouse", "dependent"],
        birth_date=np.array(["1985-02-03", "1986-05-06", "2015-07-08"], "datetime64[D]"), **columns,
    )  # fmt: skip


def test_the_subscribers_termination_ends_the_familys_coverage():
    found, _ = spans(family(), [(0, "termination", "2025-05-31T09:00:00")])

    assert [end for _, _, end, _ in found] == ["2025-05-31"] * 3


def test_a_dependents_termination_is_his_alone():
    found, _ = spans(family(), [(2, "termination", "2025-05-31T09:00:00")])

    assert [end for _, _, end, _ in found] == ["NaT", "NaT", "2025-05-31"]


def test_medicaid_is_each_members_own():
    people = family(coverage_type="Medicaid", plan="Managed Medicaid")

    found, _ = spans(people, [(0, "termination", "2025-05-31T09:00:00")])

    assert [end for _, _, end, _ in found] == ["2025-05-31", "NaT", "NaT"]


def test_a_newborn_is_covered_from_birth():
    people = make_people(1, birth_date=np.array(["2025-08-09"], "datetime64[D]"))

    found, whole = spans(people, started="2025-08-09T00:00:00")

    assert found == [(0, "2025-08-09", "NaT", "PPO")]
    assert whole.start_reason.to_pylist() == ["02"]


def test_medicare_does_not_begin_before_the_month_of_the_65th_birthday():
    people = make_people(
        1, birth_date=np.array(["1960-05-20"], "datetime64[D]"), coverage_type="Medicare", plan="Original Medicare"
    )

    found, _ = spans(people, started="2025-06-01T00:00:00")

    assert found[0][1] == "2025-05-01"


def test_coverage_ends_with_life():
    people = make_people(1, death_date=np.array(["2025-09-10"], "datetime64[D]"))

    found, whole = spans(people)

    assert found == [(0, "2025-01-01", "2025-09-10", "PPO")]
    assert whole.end_reason.to_pylist() == ["03"]


def test_a_day_is_looked_up_in_its_span():
    _, whole = spans(
        make_people(1), [(0, "termination", "2025-04-30T09:00:00"), (0, "new_enrollment", "2025-07-01T09:00:00")]
    )
    days = np.array(
        ["2024-12-31", "2025-01-01", "2025-04-30", "2025-05-01", "2025-07-01", "2026-01-01"], "datetime64[D]"
    )

    assert whole.at(np.zeros(6, np.intp), days).tolist() == [-1, 0, 0, -1, 1, 1]


def test_a_plan_is_found_whatever_its_case_and_an_unknown_one_has_its_types_usual_benefits():
    plans = Plans.of(make_run())

    assert plans.names[plans.code("original-medicare", "Medicare")] == "Original Medicare"
    assert plans.names[plans.code("Gold Network 7", "Commercial")] == "PPO"


def test_the_uninsured_have_no_plan_whatever_they_call_it():
    plans = Plans.of(make_run())

    assert (plans.code("PPO", "uninsured"), plans.code(None, "uninsured")) == (-1, -1)


def test_a_profile_may_bring_a_plan_of_its_own():
    design = {"coverage_type": "Commercial", "kind": "commercial", "insurance_line": "PPO",
              "filing": {"P": "12", "I": "12", "R": "12"},
              "in": {"deductible": {"individual": 100, "family": 200},
                     "services": {"primary": {"copay": 5}}}}  # fmt: skip
    plans = Plans.of(make_run(settings={"membersim": {"plans": {"Gold": design}}}))

    assert plans.deductible[plans.code("gold", "Commercial"), 0].tolist() == [10_000, 20_000]


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"kind": "charity"}, "Gold.kind: 'charity' is unknown"),
        ({"deductable": 5}, 'Gold: "deductable" is an unknown entry'),
        ({"filing": {"P": "12"}}, "Gold.filing: the plan lacks I, R"),
        ({"filing": {"P": "12", "I": "1~NM1*IL", "R": "12"}}, "Gold.filing.I: '1~NM1.IL' is unknown"),
        ({"insurance_line": ["PPO"]}, "Gold.insurance_line: .* is unknown"),
        ({"coverage_type": {}}, "Gold.coverage_type: {} is no coverage type"),
        ({"default": "yes"}, "Gold.default: 'yes' is unknown"),
        ({"exempt_below_age": 2.5}, "Gold.exempt_below_age: 2.5 is not a whole number"),
        ({"in": {"services": {"dentist": {}}}}, 'Gold.in.services: "dentist" is an unknown entry'),
        (
            {"in": {"deductible": {"individual": 900, "family": 500}}},
            "Gold.in.deductible.family: the family's 500 is less than the 900",
        ),
        (
            {"out": {"out_of_pocket": {"individual": 9, "family": 8}}},
            "Gold.out.out_of_pocket.family: the family's 8 is less",
        ),
        (
            {"in": {"services": {"primary": {"copay": "five"}}}},
            "Gold.in.services.primary.copay: 'five' is not a number",
        ),
        ({"in": {"services": {"primary": {"copay": None}}}}, "Gold.in.services.primary.copay: None is not a number"),
        (
            {"out": {"services": {"other": {"coinsurance": 1e300}}}},
            "Gold.out.services.other.coinsurance: .* is not a number from 0 to 1",
        ),
    ],
)
def test_a_plan_that_makes_no_sense_is_refused_at_its_entry(change, what):
    filing = {"P": "12", "I": "12", "R": "12"}
    design = {
        "coverage_type": "Commercial",
        "kind": "commercial",
        "insurance_line": "PPO",
        "filing": filing,
        "in": {},
        **change,
    }

    with pytest.raises(SpecificationError, match=rf"^products\.membersim\.plans\.{what}"):
        accepted(make_run(settings={"membersim": {"plans": {"Gold": design}}}))


def test_a_bundled_plan_stays_one_of_its_coverage_type():
    design = {**BUNDLED["PPO"], "coverage_type": "Medicare"}

    with pytest.raises(
        SpecificationError, match=r'^products\.membersim\.plans\.PPO\.coverage_type: "PPO" is a plan of Commercial'
    ):
        accepted(make_run(settings={"membersim": {"plans": {"PPO": design}}}))


BUNDLED = document("plans")["plans"]


@pytest.mark.parametrize("name", BUNDLED)
def test_the_bundled_designs_are_such_as_a_profile_may_bring(name):
    assert list(design_mistakes(BUNDLED[name], name)) == []


@pytest.mark.parametrize("settings", [{"plans": 3}, {"plans": {"Gold": 3}}])
def test_settings_that_are_none_are_refused(settings):
    with pytest.raises(SpecificationError, match=r"^products\.membersim\.plan"):
        accepted(make_run(settings={"membersim": settings}))
