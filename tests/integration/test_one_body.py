"""One body in every story: what charts, trials, pregnancies and claims say of it is one thing."""

from __future__ import annotations

from typing import Any

import duckdb
import numpy as np
import pytest

from healthsim import generate

YEAR = {"duration_days": 365}
CLINIC = {"class": "AMB", "encounter_type": "Visit", "specialty": "family_medicine"}


def asked(query: str, **tables: Any) -> list[Any]:
    connection = duckdb.connect()
    for name, table in tables.items():
        connection.register(name, table)
    return connection.sql(query).fetchall()


@pytest.fixture(scope="module")
def oswalds() -> Any:
    return generate(
        scenario="examples/oswald_family.json", count=1_000, products=["patientsim", "trialsim"], output_formats=[],
        truth=True,
    )  # fmt: skip


def test_a_trial_and_a_chart_differ_by_no_more_than_noise_and_wandering_explain(oswalds):
    pairs = asked(
        """SELECT c.value - t.value AS apart, c.true_value - t.true_value AS moved, c.true_value AS level
           FROM m AS c JOIN m AS t USING (person_id, measure)
           WHERE measure = 'a1c' AND c.event_id IS NOT NULL AND t.event_id IS NULL
             AND abs(date_diff('hour', c.time, t.time)) <= 14 * 24""",
        m=oswalds.tables["core.measure"],
    )  # fmt: skip
    apart, moved, level = (np.array(column) for column in zip(*pairs, strict=True))
    noise = 0.018 * level.mean() * np.sqrt(2)

    assert len(pairs) > 500
    assert apart.std() <= 1.2 * np.sqrt(noise**2 + moved.var())
    assert np.abs(moved).mean() < 0.15


def test_nobody_in_a_trial_starts_a_drug_of_the_class_under_study():
    run = generate(
        profile="trial-diabetes-adults", journey=["trial-participation", "diabetic-management-year"], count=800, seed=4,
        products=["patientsim", "trialsim"],
    )  # fmt: skip
    orders = asked(
        """SELECT count(*) FILTER (o.authored BETWEEN s.randomization_date AND s.end_date), count(*)
           FROM o LEFT JOIN s USING (person_id) WHERE o.drug_class = 'GLP-1 receptor agonist'""",
        o=run.tables["patientsim.medication_request"], s=run.tables["trialsim.subject"],
    )  # fmt: skip

    assert orders[0][0] == 0
    assert orders[0][1] > 10


def test_a_serious_event_that_says_hospitalisation_is_a_stay_in_the_chart_and_in_the_claims():
    run = generate(profile="trial-breast-cancer-adults", journey="trial-oncology", count=400, seed=2)
    tables = run.tables
    events = asked(
        """SELECT a.person_id, count(DISTINCT e.encounter_id), count(DISTINCT c.claim_id)
           FROM a JOIN e ON e.person_id = a.person_id AND e.class = 'IMP'
                       AND e.start::DATE BETWEEN a.start_date AND a.start_date + 2
           LEFT JOIN c ON c.person_id = a.person_id AND c.type = 'I'
           WHERE a.serious GROUP BY 1""",
        a=tables["trialsim.adverse_event"], e=tables["patientsim.encounter"], c=tables["membersim.claim"],
    )  # fmt: skip
    serious = asked("SELECT count(DISTINCT person_id) FROM a WHERE serious", a=tables["trialsim.adverse_event"])

    assert len(events) == serious[0][0] > 20


def test_a_mother_s_known_diseases_are_in_her_pregnancy():
    mother = {
        "id": "mothers",
        "demographics": {
            "sex": {"type": "categorical", "weights": {"F": 1}}, "age": {"type": "uniform", "min": 25, "max": 34},
        },
        "clinical": {"conditions": [{"code": "E11", "prevalence": 0.5}, {"code": "I10", "prevalence": 0.5}]},
    }  # fmt: skip
    run = generate(profile=mother, journey="pregnancy-journey", count=200, seed=1, products=["patientsim"])
    codes = asked(
        """SELECT k.person_id IN (SELECT person_id FROM k WHERE category = 'E11' AND event_id IS NULL) AS diabetic,
                  k.person_id IN (SELECT person_id FROM k WHERE category = 'I10' AND event_id IS NULL) AS hypertensive,
                  e.reason_code[:6] AS code, count(*)
           FROM e JOIN (SELECT DISTINCT person_id, category, event_id FROM k) AS k USING (person_id)
           WHERE e.type LIKE '%renatal visit' GROUP BY ALL""",
        e=run.tables["patientsim.encounter"], k=run.tables["core.condition"],
    )  # fmt: skip

    assert {code for diabetic, _, code, _ in codes if diabetic} == {"O24.11"}
    others = {code for diabetic, pressure, code, _ in codes if pressure and not diabetic}
    assert "O10.01" in others <= {"O10.01", "O24.41"}  # some find gestational diabetes


def test_who_takes_every_other_month_s_supply_has_about_half_of_the_effect():
    drug = {"skill_ref": {"skill": "diabetes-management", "lookup": "medication", "context": {"step": "second"}}}
    effect = {every: _fall(drug, every) for every in (30, 60)}

    assert 0.4 <= effect[60] / effect[30] <= 0.6


def _fall(drug: dict[str, Any], every: int) -> float:
    """By how much the A1c is lower in the second half of the year than at its beginning."""
    parameters = {**drug, "refills": 0}
    taken = {"event_id": "order", "event_type": "medication_order", "delay": {"days": 2}, "parameters": parameters,
             "repeat": {"every": {"days": every}, "count": 720 // every}}  # fmt: skip
    first = {"event_id": "first", "event_type": "lab_order", "delay": {"days": 1}, "parameters": _A1C}
    look = {"event_id": "look", "event_type": "lab_order", "delay": {"days": 360}, "parameters": _A1C,
            "repeat": {"every": {"days": 7}, "count": 50}}  # fmt: skip
    journey = {"journey_id": f"every-{every}", "duration_days": 720, "events": [taken, first, look]}
    profile = {"id": "diabetics", "clinical": {"conditions": [{"code": "E11", "severity": "uncontrolled"}]}}
    run = generate(profile=profile, journey=journey, count=300, seed=3, products=["patientsim"], as_of="2027-01-01",
                   start="2024-01-01")  # fmt: skip
    values = asked(
        """SELECT avg(value) FILTER (effective < DATE '2024-01-10') - avg(value) FILTER (effective > DATE '2024-06-01')
           FROM o""",
        o=run.tables["patientsim.observation"],
    )
    return float(values[0][0])


_A1C = {"skill_ref": {"skill": "diabetes-management", "lookup": "laboratory", "context": {"test": "a1c"}},
        "value": "${measured.a1c}"}  # fmt: skip


def test_obesity_that_is_recorded_is_a_body_mass_index_of_thirty_and_more():
    profile = {"id": "heavy", "clinical": {"conditions": [{"code": "E66.9", "prevalence": 0.5}, "E11"]}}
    run = generate(profile=profile, journey="annual-wellness", count=600, seed=1, products=["patientsim"], truth=True)
    least = asked(
        """SELECT min(m.true_value) FILTER (m.person_id IN (SELECT person_id FROM k WHERE category LIKE 'E66%')),
                  min(m.true_value) FROM m WHERE measure = 'bmi'""",
        m=run.tables["core.measure"], k=run.tables["core.condition"],
    )  # fmt: skip

    assert least[0][0] >= 30 * (1 - 4 * 0.012)  # who is heavy wanders
    assert least[0][1] < 27


def test_kidney_stages_are_filtration_rates_twice_over_ninety_days():
    run = generate(
        profile="diabetic-senior", journey="kidney-disease-course", count=600, seed=2, products=["patientsim"]
    )
    rates = asked(
        """SELECT o.value, d.code FROM o JOIN (
             SELECT person_id, code, onset_date, lead(onset_date, 1, DATE '2100-01-01') OVER (
               PARTITION BY person_id ORDER BY onset_date) AS until FROM k WHERE code IN ('N18.30', 'N18.4', 'N18.6')
           ) AS d ON o.person_id = d.person_id AND o.effective >= d.onset_date + 1 AND o.effective < d.until
           WHERE o.loinc = '98979-8'""",
        o=run.tables["patientsim.observation"], k=run.tables["core.condition"],
    )  # fmt: skip
    by_stage = {code: [value for value, of in rates if of == code] for code in ("N18.30", "N18.4")}

    for code, (low, high) in {"N18.30": (30, 60), "N18.4": (15, 30)}.items():
        outside = np.mean([not low * 0.9 <= value < high * 1.1 for value in by_stage[code]])
        assert len(by_stage[code]) > 50
        assert outside < 0.01, f"{code}: {outside:.1%} lie outside by more than a measurement is off"


@pytest.mark.parametrize(("measures", "least"), [(("systolic", "diastolic"), 0.5), (("alt", "ast"), 0.6)])
def test_measures_of_one_person_go_together(oswalds, measures, least):
    pairs = asked(
        f"""SELECT a.value, b.value FROM m AS a JOIN m AS b USING (person_id, time)
            WHERE a.measure = '{measures[0]}' AND b.measure = '{measures[1]}'""",
        m=oswalds.tables["core.measure"],
    )

    assert np.corrcoef(np.array(pairs).T)[0, 1] > least
