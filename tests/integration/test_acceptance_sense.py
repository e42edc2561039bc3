"""What everybody with a sense of the field would look at first: ages, sexes, dates,
rates and money of whole populations."""

from __future__ import annotations

import datetime
import statistics
from collections import Counter, defaultdict
from typing import Any

import pytest

from healthsim import generate
from healthsim_core import Journey, Profile, StateChange
from healthsim_core.catalog import default_catalog
from healthsim_core.generation.result import Result

# Every shipped journey with people it is for.
YEARS = {
    "diabetic-first-year": "medicare-diabetic", "diabetic_management_year": "diabetic-senior",
    "pregnancy_journey": "expectant-mother",
    "chronic-management": "adult-hypertension", "annual-wellness": "adult-wellness", "member-year": "commercial-family",
    "coverage-lapse": "commercial-healthy", "well-child-year": "medicaid-pediatric",
    "primary-care-year": "network-members",
    "specialist-referral-pattern": "rural-network-members", "community-screening-year": "harris-county-residents",
    "social-needs-outreach": "san-diego-county-adults", "diabetes-drug-therapy": "rx-chronic-adult",
    "polypharmacy-year": "rx-senior-polypharmacy", "statin-therapy-year": "rx-chronic-adult",
    "trial_participation": "trial-diabetes-adults", "trial_screening": "trial-community-screening",
    "trial_vaccine": "trial-healthy-volunteers", "trial_oncology": "trial-breast-cancer-adults",
    "dental-year": "dental-adults", "kidney-disease-course": "diabetic-senior",
    "anticoagulation-year": "adult-hypertension",
}  # fmt: skip
# whose journey has people of its own above, or who bring none
PEOPLE = {"county-seniors-with-diabetes": "diabetic-first-year", "toolbox-adults": "annual-wellness"}
AS_OF = datetime.date(2026, 1, 1)
ADULT_ONLY = {"E11", "I10", "I48", "I50", "J44", "N18", "M81"}
_runs: dict[tuple[str, str], Result] = {}


def year(journey: str, profile: str | None = None, count: int = 150) -> Result:
    """A run of a shipped journey, made once."""
    key = journey, profile or YEARS[journey]
    if key not in _runs:
        _runs[key] = generate(profile=key[1], journey=journey, count=count)
    return _runs[key]


def rows(result: Result, table: str, **where: Any) -> list[dict[str, Any]]:
    return [row for row in result.tables[table].to_pylist() if all(row[name] == value for name, value in where.items())]


@pytest.fixture(scope="module")
def diabetics() -> Result:
    return generate(profile="medicare-diabetic", journey="diabetic-first-year", count=500)


@pytest.fixture(scope="module")
def births() -> Result:
    return generate(profile="expectant-mother", journey="pregnancy_journey", count=500)


def test_every_shipped_journey_and_profile_is_looked_at_here() -> None:
    shipped = {kind: {_plain(offer.name) for offer in default_catalog().of(kind)} for kind in (Journey, Profile)}
    assert {_plain(name) for name in YEARS} == shipped[Journey]
    assert {_plain(name) for name in [*YEARS.values(), *PEOPLE]} == shipped[Profile]


def _plain(name: str) -> str:
    return name.replace("-", "_")


@pytest.mark.parametrize(
    ("journey", "profile"), [*YEARS.items(), *((journey, profile) for profile, journey in PEOPLE.items())]
)
def test_a_shipped_year_is_valid_and_lies_within_its_peoples_lives(journey: str, profile: str) -> None:
    result = year(journey, profile)
    everybody = {row["person_id"]: row for row in result.entities.to_pylist()}
    happened = [(row["time"].date(), everybody[row["person_id"]]) for row in result.timeline.to_pylist()]
    assert result.validation.passed and happened
    assert all(person["birth_date"] <= day <= min(person["death_date"] or AS_OF, AS_OF) for day, person in happened)


@pytest.mark.parametrize("journey", YEARS)
def test_whatever_happens_in_a_shipped_year_is_somebodys_to_handle(journey: str) -> None:
    handled = default_catalog()
    own = {"milestone", "birth", "death", "journey_start", "journey_end"}
    told = {name for change in handled.of(StateChange) if change.before for name in change.event_types}
    types = set(year(journey).timeline["event_type"].to_pylist())
    assert [each for each in sorted(types - own - told) if not handled.handlers(each)] == []


@pytest.mark.parametrize("journey", YEARS)
def test_conditions_fit_age_and_sex(journey: str) -> None:
    result = year(journey)
    everybody = {row["person_id"]: row for row in result.entities.to_pylist()}
    has = [(row["category"], everybody[row["person_id"]]) for row in rows(result, "core.condition")]
    assert [category for category, person in has if category in ADULT_ONLY and person["age"] < 10] == []
    assert [category for category, person in has if category[0] == "O" and person["sex"] != "F"] == []


# What an office, a study site or a payer does on working days: the table, its date or time, and which rows.
OFFICE = (
    ("patientsim.encounter", "start", {"class": "AMB"}),
    ("membersim.claim", "service_from", {"place_of_service": "11"}),
    ("membersim.claim", "paid_date", {}),
    ("trialsim.visit", "time", {}),
)


# whose claims have the day on which they are sent
@pytest.mark.parametrize("journey", sorted(YEARS.keys() - {"dental-year"}))
def test_offices_keep_working_days(journey: str) -> None:
    result = year(journey)
    done = [
        (table, row[name])
        for table, name, where in OFFICE
        if table in result.tables
        for row in rows(result, table, **where)
    ]
    assert [(table, day) for table, day in done if day is not None and day.weekday() > 4] == []


def test_only_women_are_pregnant_and_only_of_the_age(births: Result) -> None:
    everybody = {row["person_id"]: row for row in births.entities.to_pylist()}
    pregnant = {
        row["person_id"]
        for row in rows(births, "patientsim.encounter")
        if row["reason_code"][:2] in ("O0", "O3", "O7", "O8")
    }
    assert len(pregnant) > 100
    assert {everybody[person]["sex"] for person in pregnant} == {"F"}
    assert all(14 <= everybody[person]["age"] <= 50 for person in pregnant)


def test_68_of_100_births_are_vaginal(births: Result) -> None:
    modes = Counter(
        row["principal_procedure"][:4]
        for row in rows(births, "membersim.claim", type="I")
        if row["principal_procedure"]
    )
    assert sum(modes.values()) == 500
    assert abs(modes["10E0"] - 340) <= 4 * (500 * 0.68 * 0.32) ** 0.5


def test_births_come_at_every_hour(births: Result) -> None:
    hours = Counter(row["time"].hour // 6 for row in births.timeline.to_pylist() if row["event_type"] == "birth")
    assert min(hours[quarter] for quarter in range(4)) >= 75


def test_treatment_lowers_a1c(diabetics: Result) -> None:
    measured = defaultdict(list)
    for row in rows(diabetics, "patientsim.observation", loinc="4548-4"):
        measured[row["person_id"]].append((row["effective"], row["value"]))
    changes = [max(values)[1] - min(values)[1] for values in measured.values() if min(values)[1] >= 8.0]
    assert len(changes) >= 50 and -4.0 <= statistics.mean(changes) <= -0.8


def test_another_drug_comes_only_after_an_a1c_above_goal(diabetics: Result) -> None:
    measured = defaultdict(list)
    for row in rows(diabetics, "patientsim.observation", loinc="4548-4"):
        measured[row["person_id"]].append((row["issued"], row["value"]))
    added = [
        row
        for row in rows(diabetics, "core.event", event_type="medication_order")
        if row["label"] in ("Second drug", "Third drug")
    ]
    before = [max(found for found in measured[row["person_id"]] if found[0] <= row["time"])[1] for row in added]
    assert len(before) >= 20 and min(before) > 7.0


def test_visits_are_spread_over_the_day(diabetics: Result) -> None:
    hours = Counter(row["start"].hour for row in rows(diabetics, "patientsim.encounter", **{"class": "AMB"}))
    assert len(hours) >= 8 and max(hours.values()) < 0.25 * sum(hours.values())


def test_everybody_keeps_one_primary_care_provider(diabetics: Result) -> None:
    seen = defaultdict(set)
    for row in rows(diabetics, "patientsim.encounter", specialty="family_medicine"):
        seen[row["person_id"]].add(row["provider_npi"])
    assert len(seen) == 500 and all(len(npis) == 1 for npis in seen.values())
    assert len(set.union(*seen.values())) > 100


def test_clinicians_are_of_the_specialty_of_the_visit(births: Result) -> None:
    specialty = {row["npi"]: row["specialty"] for row in rows(births, "networksim.provider")}
    visits = rows(births, "patientsim.encounter")
    fitting = {
        "obstetrics_gynecology": {"obstetrics_gynecology"},
        "pediatrics": {"pediatrics"},
        "dietetics": {"dietetics"},
    }
    assert {row["specialty"] for row in visits} <= {*fitting}
    assert all(specialty[row["provider_npi"]] in fitting[row["specialty"]] for row in visits)


def test_denials_are_as_frequent_as_payers_deny_and_nobodys_lot(diabetics: Result) -> None:
    denied = defaultdict(list)
    for row in rows(diabetics, "membersim.claim"):
        denied[row["person_id"]].append(row["status"] == "denied")
    share = statistics.mean(flag for flags in denied.values() for flag in flags)
    everything = sum(all(flags) for flags in denied.values() if len(flags) >= 4)
    assert 0.02 <= share <= 0.15 and everything == 0


def test_rejections_at_the_pharmacy_are_few_and_nobodys_lot(diabetics: Result) -> None:
    rejected = defaultdict(list)
    for row in rows(diabetics, "rxmembersim.fill"):
        rejected[row["person_id"]].append(row["status"] == "rejected")
    share = statistics.mean(flag for flags in rejected.values() for flag in flags)
    assert 0.002 <= share <= 0.10 and not any(all(flags) for flags in rejected.values() if len(flags) >= 4)


@pytest.mark.parametrize(
    "journey", ["diabetic-first-year", "pregnancy_journey", "member-year", "coverage-lapse", "well-child-year"]
)
def test_no_accumulator_passes_its_limit(journey: str) -> None:
    found = rows(year(journey), "membersim.accumulator", kind="out_of_pocket")
    assert [row for row in found if row["limit"] is not None and row["applied"] > row["limit"]] == []


def test_one_service_has_many_prices(diabetics: Result) -> None:
    charged = [row["billed"] for row in rows(diabetics, "membersim.claim_line", service_code="T1015")]
    assert len(set(charged)) > len(charged) / 2 and min(charged) > 0


def test_a_year_of_diabetes_visits_costs_hundreds_not_millions(diabetics: Result) -> None:
    cost = defaultdict(float)
    for row in rows(diabetics, "membersim.claim"):
        cost[row["person_id"]] += float(row["allowed"] or 0)
    assert 200 <= statistics.median(cost.values()) <= 5_000


def test_refills_come_when_the_supply_is_about_used_up(diabetics: Result) -> None:
    taken = defaultdict(list)
    for row in rows(diabetics, "rxmembersim.fill", status="paid", days_supply=90):
        taken[row["prescription_id"]].append(row["fill_date"])
    waited = [
        (after - before).days
        for days in taken.values()
        for before, after in zip(sorted(days), sorted(days)[1:], strict=False)
    ]
    assert len(waited) >= 200 and 80 <= statistics.median(waited) <= 110 and min(waited) >= 60


@pytest.mark.parametrize(
    ("profile", "low", "high"),
    [
        ("medicare-diabetic", 65, 120),
        ("medicaid-pediatric", 0, 18),
        ("commercial-healthy", 18, 64),
        ("trial-diabetes-adults", 25, 78),
    ],
)
def test_ages_of_a_profile_hold_in_every_product(profile: str, low: int, high: int) -> None:
    result = generate(profile=profile, count=200, seed=7)
    ages = result.entities["age"].to_pylist()
    born = {row["person_id"]: row["birth_date"] for row in result.entities.to_pylist()}
    assert low <= min(ages) and max(ages) <= high
    for table in ("patientsim.patient", "membersim.member", "rxmembersim.cardholder"):
        assert set(result.tables[table]["person_id"].to_pylist()) == set(born)


@pytest.mark.parametrize("count", [1, 13, 200])
def test_honest_runs_of_many_seeds_pass_their_own_validation(count: int) -> None:
    sex = {"type": "categorical", "weights": {"F": 0.5, "M": 0.5}}
    conditions = [{"code": "I10", "prevalence": 0.4}, {"code": "E11", "prevalence": 0.03}]
    demographics = {"age": {"type": "uniform", "min": 30, "max": 80}, "sex": sex}
    profile = {"id": "adults", "demographics": demographics, "clinical": {"conditions": conditions}}
    failed = [
        seed
        for seed in range(60)
        if not generate(profile=profile, count=count, seed=seed, products=[]).validation.passed
    ]
    assert failed == []


def test_a_child_insured_alone_may_become_a_mother() -> None:
    result = generate(profile="medicaid-pediatric", journey="pregnancy_journey", count=120)
    mothers = {row["person_id"] for row in rows(result, "core.event", event_type="birth")}
    ages = [row["age"] for row in result.entities.to_pylist() if row["person_id"] in mothers]
    assert ages and min(ages) >= 14
    assert result.validation.passed
