"""A compiled plan for people to read, and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from healthsim_core.households.household import Member
from healthsim_core.journeys.nodes import Node
from healthsim_core.planning.plan import Plan


def plan_text(plan: Plan) -> str:
    """The plan, a line a fact."""
    request = plan.request
    first, last = plan.start_dates
    begins = str(first) if first == last else f"{first} to {last}"
    lines = [
        f"{request.name}: {request.count:,} {_unit(plan)}, seed {request.seed}, journeys begin {begins}, as of "
        f"{request.as_of}"
    ]
    lines += ["", "People"]
    lines += [f"  {index}: {member.role}{_there(member)}" for index, member in enumerate(plan.people.members)]
    lines += [f"  counties: {', '.join(plan.people.counties)}"]
    lines += [f"  drawn in order: {', '.join(_drawn(plan)) or 'nothing'}"]
    lines += [f"  conditions: {', '.join(condition.category for condition in plan.people.conditions) or 'none'}"]
    lines += ["", f"Events ({len(plan.nodes)} nodes)", *_tree(plan)]
    lines += ["", "Tables", *(f"  {name}" for name in plan.tables)]
    lines += [
        "",
        f"Products: {', '.join(plan.products) or 'none'}",
        f"Formats: {', '.join(f.name for f in plan.formats) or 'none'}",
    ]
    lines += [f"Skills: {', '.join(plan.skills_used) or 'none'}", f"Plan hash: {plan.hash}"]
    return "\n".join([*lines, *(f"Note: {note}" for note in (*plan.remarks, *plan.notes))])


def plan_document(plan: Plan) -> dict[str, Any]:
    """The plan as plain JSON."""
    nodes = [
        {"path": n.path, "event_type": n.event_type,
         "parent": plan.nodes[n.parent].path if n.parent is not None else None,
         "probability": n.probability, "conditions": [c.text for c in n.conditions], "when": said_when(n),
         "handled_by": makers(plan, n)}
        for n in plan.nodes
    ]  # fmt: skip
    return {
        "request": plan.request.document(),
        "hash": plan.hash,
        "versions": plan.versions,
        "members": [member.role for member in plan.people.members],
        "drawn": _drawn(plan),
        "attributes": [attribute.name for attribute in plan.people.attributes],
        "conditions": [condition.category for condition in plan.people.conditions],
        "nodes": nodes,
        "tables": list(plan.tables),
        "products": list(plan.products),
        "formats": [output_format.name for output_format in plan.formats],
        "skills": list(plan.skills_used),
        "notes": list(plan.notes),
    }


def _unit(plan: Plan) -> str:
    return "people" if len(plan.people.members) == 1 else "households"


def _there(member: Member) -> str:
    """When somebody is at a position, where it is not always."""
    if member.newborn:
        return " (by birth)"
    if member.count is not None:
        return f" (where {member.where}.count is {member.number} or more)"
    return f" (with probability {member.probability:g})" if member.probability < 1 else ""


def _drawn(plan: Plan) -> list[str]:
    """Attributes and conditions in the order in which they are drawn: each after what it reads."""
    return [step.drawn for step in plan.people.steps if step.drawn]


def _tree(plan: Plan) -> Iterator[str]:
    depth: dict[int, int] = {}
    children: dict[int | None, list[int]] = {}
    for index, node in enumerate(plan.nodes):
        children.setdefault(node.parent, []).append(index)

    def walk(parent: int | None, level: int) -> Iterator[str]:
        for index in children.get(parent, ()):
            node = plan.nodes[index]
            depth[index] = level
            name = node.path if parent is None else node.path.rsplit(">", 1)[-1].split("/", 1)[-1]
            yield "  " * (level + 1) + f"{name} [{node.event_type}] {said_when(node)}{_if(node)}{_by(plan, node)}"
            yield from walk(index, level + 1)

    yield from walk(None, 0)


def said_when(node: Node) -> str:
    """When a node happens, in words."""
    return node.how.said(node.timing)


def _if(node: Node) -> str:
    parts = [condition.text for condition in (*node.place.eligible, *node.conditions)]
    return (f" with probability {node.probability:g}" if node.probability < 1 else "") + (
        f" if {' and '.join(parts)}" if parts else ""
    )


def makers(plan: Plan, node: Node) -> list[str]:
    """The products that make records of a node."""
    products = (handler.product for handler in plan.handlers if node.event_type in handler.event_types)
    return list(dict.fromkeys(products))


def _by(plan: Plan, node: Node) -> str:
    names = makers(plan, node)
    return f" -> {', '.join(names)}" if names else ""
