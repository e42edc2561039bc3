"""Documents that say everything there is to say, so that every part of the language is made wrong some time."""

from __future__ import annotations

from typing import Any

WIDE_PROFILE: dict[str, Any] = {
    "id": "wide",
    "generation": {"count": 3, "seed": 7, "start": {"between": ["2024-01-01", "2024-12-31"]}},
    "demographics": {
        "age": {"type": "age_bands", "bands": {"18-44": 0.5, "45-64": 0.3, "65+": 0.2}},
        "sex": {"type": "categorical", "weights": {"F": 0.5, "M": 0.5}},
        "geography": {"counties": {"06073": 0.7, "48201": 0.3}},
    },
    "clinical": {
        "primary_condition": {"code": "E11", "prevalence": {"18-44": 0.4, "45+": 0.9}, "severity": "moderate"},
        "comorbidities": ["I10", {"code": "N18.3", "prevalence": 0.5, "when": "age > 50 and condition.E11"}],
        "lab_values": {"a1c": {"type": "normal", "mean": "6 + age / 50", "sd": 1, "min": 4, "max": 14}},
    },
    "attributes": {
        "bmi": {"type": "gamma", "mean": 27, "sd": 5, "min": 15, "max": 60},
        "weight": {"type": "log_normal", "mean": 80, "sd": 15},
        "skew": {"type": "log_normal", "mu": 1, "sigma": "age / 100"},
        "share": {"type": "beta", "alpha": 2, "beta": "1 + age / 50", "low": 0, "high": 10},
        "wait": {"type": "exponential", "mean": 3, "max": 40},
        "life": {"type": "weibull", "shape": 1.5, "scale": 10},
        "tri": {"type": "triangular", "min": 1, "mode": 2, "max": 5},
        "falls": {"type": "poisson", "mean": "age / 40", "max": 20},
        "visits": {"type": "negative_binomial", "mean": 3, "dispersion": 0.5},
        "trials": {"type": "negative_binomial", "n": 3, "p": 0.4},
        "stays": {"type": "zero_inflated", "probability": "age / 200", "distribution": {"type": "poisson", "mean": 2}},
        "mixed": {
            "type": "mixture",
            "components": [
                {"weight": 0.4, "distribution": {"type": "uniform", "min": 0, "max": 1}},
                {"weight": 0.6, "distribution": 3},
            ],
        },
        "seen": {"type": "empirical", "quantiles": {"0": 1, "0.5": 4, "1": 9}},
        "counted": {"type": "empirical", "edges": [0, 1, 5], "counts": [3, 4], "min": 0.5},
        "day": {"type": "date", "between": ["2020-01-01", "2020-12-31"]},
        "later": {"type": "date", "around": "day", "days": {"type": "normal", "mean": 30, "sd": 5}},
        "level": {"type": "explicit", "values": [{"value": "low", "weight": 0.2}, {"value": "high", "weight": 0.8}]},
        "grade": {
            "type": "conditional",
            "rules": [
                {"if": "level == 'low' and bmi < 30", "then": {"type": "normal", "mean": 1, "sd": 0.2}},
                {"if": {"field": "entity.sex", "operator": "in", "value": ["F"]}, "then": 4},
            ],
            "default": 2,
        },
        "sum": {"type": "derived", "expression": "max(bmi, grade) + round(weight / 3, 1)"},
        "smoker": {"type": "constant", "value": True},
    },
    "correlate": [{"attributes": ["bmi", "weight"], "matrix": [[1, 0.6], [0.6, 1]]}],
    "coverage": {"type": "Medicare", "plan_distribution": {"Original Medicare": 0.4, "Medicare Advantage": 0.6}},
}

WIDE_JOURNEY: dict[str, Any] = {
    "journey_id": "wide-years",
    "duration_days": 730,
    "condition": "age >= 18",
    "parameters": {"reason": "E11.9"},
    "events": [
        {
            "event_id": "first",
            "event_type": "encounter",
            "delay": {"days": [1, 14], "weekdays": True, "between": ["08:00", "17:00"]},
            "parameters": {"reason_code": "${journey.reason}", "class": "AMB"},
            "outcomes": {
                "a1c": {"type": "normal", "mean": "7 + 0 * age", "sd": 1},
                "arm": {"type": "explicit", "values": ["drug", "placebo"]},
            },
            "triggers": [{"event_type": "milestone", "delay": {"hours": 4}, "probability": 0.5}],
        },
        {
            "event_id": "again",
            "event_type": "encounter",
            "depends_on": "first",
            "delay": {"months": 3, "window": [-7, 7], "at": "09:30"},
            "conditions": [{"field": "outcome.a1c", "operator": "gte", "value": 6}, "outcome.arm == 'drug'"],
            "repeat": {
                "every": {"weeks": [5, 7]},
                "count": 6,
                "until": "outcome.a1c < 6.5",
                "attrition": 0.1,
                "from": "schedule",
            },
            "outcomes": {"a1c": {"type": "derived", "expression": "a1c - 0.4"}},
        },
        {"event_id": "birthday", "event_type": "milestone", "anchor": {"age": 65}, "delay": {"business_days": 3}},
        {
            "event_id": "day",
            "event_type": "milestone",
            "anchor": {"date": "2025-03-01"},
            "probability": 0.5,
            "ends": "journey",
        },
    ],
    "branches": [
        {
            "branch_id": "way",
            "depends_on": "first",
            "delay": {"days": {"type": "gamma", "mean": 20, "sd": 5}},
            "choices": [
                {
                    "choice_id": "a",
                    "weight": 0.7,
                    "events": [{"event_id": "a1", "event_type": "milestone", "delay": {"days": 3}}],
                },
                {
                    "choice_id": "b",
                    "weight": 0.3,
                    "when": "age > 40",
                    "events": [{"event_id": "b1", "event_type": "milestone"}],
                },
            ],
        },
        {
            "branch_id": "extras",
            "exclusive": False,
            "choices": [
                {"choice_id": "x", "probability": 0.5},
                {"choice_id": "y", "probability": 0.2, "when": "branch.way == 'a'"},
            ],
        },
    ],
    "protocol": {
        "anchor": "first",
        "cycle_days": 21,
        "cycles": 4,
        "arm": "outcome.arm",
        "arms": {"drug": {"reason": "E11.9"}, "placebo": {"reason": "E11.65"}},
        "until": "outcome.a1c > 12",
        "visits": [
            {
                "visit_id": "dose",
                "event_type": "encounter",
                "day": 1,
                "window": [-1, 2],
                "parameters": {"reason_code": "${arm.reason}"},
            },
            {
                "visit_id": "scan",
                "event_type": "milestone",
                "day": 8,
                "cycles": [2, 4],
                "arms": ["drug"],
                "events": [{"event_id": "read", "event_type": "milestone", "delay": {"hours": [1, 5]}}],
            },
        ],
    },
    "lifecycle": [
        {
            "lifecycle_id": "course",
            "depends_on": "first",
            "initial": {"type": "categorical", "weights": {"well": 0.8, "ill": 0.2}},
            "states": {
                "well": {"transitions": [{"to": "ill", "yearly_probability": {"18-64": 0.3, "65+": 0.5}}]},
                "ill": {
                    "transitions": [{"to": "well", "hazard": 0.5}, {"to": "dead", "hazard": 0.1, "when": "age > 60"}],
                    "events": [{"event_id": "fell-ill", "event_type": "milestone", "delay": {"days": 2}}],
                },
                "dead": {"events": [{"event_id": "death", "event_type": "death"}]},
            },
        }
    ],
}

MEMBERS: dict[str, Any] = {
    "id": "members",
    "demographics": {"age": 40},
    "coverage": {
        "type": "Commercial",
        "plan": "Gold",
        "plans": {
            "Gold": {
                "plan": "Gold", "description": "Everything that a plan may say.", "source": "Invented.",
                "coverage_type": "Commercial", "kind": "commercial", "default": True, "individual": False,
                "insurance_line": "PPO",
                "filing": {"P": "12", "I": "12", "R": "12"}, "out_of_network": "denied", "exempt_below_age": 18,
                "rules": ["aca"],
                "in": {
                    "deductible": {"individual": 500, "family": {"2025": 1000, "2026": None}},
                    "out_of_pocket": {"individual": 3000, "family": 6000, "aggregate": True},
                    "stay_deductible": {"2025": 100, "2026": 120},
                    "services": {
                        "primary": {"copay": 20, "per": "day", "days": 2},
                        "inpatient": {"coinsurance": 0.1, "deductible": True, "penalty": 50, "maximum": 5000},
                        "pharmacy": {"per": "month", 
                                     "tiers": {"1": {"copay": 5, "most": 0.5}, "9": {"covered": False}}},
                    },
                },
                "out": {},
                "apart": {"drugs": {"services": ["pharmacy"], "deductible": {"individual": 150}}},
            }
        },
    },
}  # fmt: skip
SETTINGS: dict[str, Any] = {
    "trialsim": {"protocol": "hs-t2d-301", "study_id": "A-1", "sites_per_county": 2},
}  # fmt: skip
