"""The plan as text: who may be there, and in which order they are drawn."""

from __future__ import annotations

import clinic

from healthsim_core.generator import make_plan
from healthsim_core.planning.text import plan_document, plan_text


def plan(**fields):
    return make_plan(clinic.adults(**fields), count=3, catalog=clinic.catalog())


def test_each_position_says_when_somebody_is_there() -> None:
    children = {"role": "dependent", "count": {"type": "explicit", "values": [0, 2]}}
    lines = plan_text(
        plan(members=[{"role": "subscriber"}, {"role": "spouse", "probability": 0.6}, children])
    ).splitlines()
    assert lines[3:7] == [
        "  0: subscriber",
        "  1: spouse (with probability 0.6)",
        "  2: dependent (where members[2].count is 1 or more)",
        "  3: dependent (where members[2].count is 2 or more)",
    ]


def test_attributes_and_conditions_stand_in_the_order_in_which_they_are_drawn() -> None:
    weight = {"type": "conditional", "rules": [{"if": "'E11' in conditions", "then": "heavy"}], "default": "light"}
    smoker = {"type": "categorical", "weights": {"yes": 0.3, "no": 0.7}}
    conditions = [{"code": "E11", "prevalence": 0.5, "when": "smoker == 'yes'"}]
    drawn = plan_document(plan(attributes={"weight": weight, "smoker": smoker}, clinical={"conditions": conditions}))[
        "drawn"
    ]
    assert [name for name in drawn if name in ("smoker", "E11", "weight")] == ["smoker", "E11", "weight"]


def test_a_product_that_handles_an_event_more_than_once_is_named_once() -> None:
    nodes = plan_document(make_plan("diabetic-senior", "diabetic-first-year", count=3))["nodes"]
    assert any("patientsim" in node["handled_by"] for node in nodes)
    assert all(len(node["handled_by"]) == len(set(node["handled_by"])) for node in nodes)
