"""The picture of a plan: one box a node, one line a parent, well-formed."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import clinic

from healthsim_core import EventHandler
from healthsim_core.generator import make_plan
from healthsim_core.planning.picture import plan_dot, plan_svg

SVG = "{http://www.w3.org/2000/svg}"


def plan():
    events = [
        clinic.event("first", "clinic_visit", parameters={"reason": "x"}),
        clinic.event("again", depends_on="first", probability=0.5, name="A & B"),
    ]
    return make_plan(clinic.adults(), clinic.journey(*events), count=3, catalog=clinic.catalog())


def test_the_picture_has_a_box_for_each_node_a_line_for_each_parent_and_a_title() -> None:
    compiled = plan()
    drawn = ET.fromstring(plan_svg(compiled))
    assert len(drawn.findall(f"{SVG}g")) == len(compiled.nodes)
    assert len(drawn.findall(f"{SVG}path")) == sum(node.parent is not None for node in compiled.nodes)
    assert drawn.find(f"{SVG}title") is not None


def test_what_a_trigger_makes_is_dashed() -> None:
    dashed = [line for line in plan_dot(plan()).splitlines() if "dashed" in line]
    assert len(dashed) == 1


def test_what_a_trigger_causes_and_nobody_handles_is_drawn_as_of_the_timeline_only() -> None:
    handlers = [handler for handler in clinic.catalog().of(EventHandler) if handler.event_types != ("clinic_bill",)]
    alone = make_plan(
        clinic.adults(), clinic.journey(clinic.event("first", "clinic_visit")), count=3,
        catalog=clinic.catalog(healthsim_event_handlers=handlers),
    )  # fmt: skip
    drawn = [line for line in plan_dot(alone).splitlines() if "clinic_bill" in line]
    assert [("#eeeeee" in line) for line in drawn] == [True]
    assert len(ET.fromstring(plan_svg(alone)).findall(f"{SVG}g")) == 2
