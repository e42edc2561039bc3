"""The event graph of a plan as a picture: Graphviz text, or SVG drawn as a tree,
as every event follows at most one other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

import attrs

from healthsim_core.journeys.nodes import Node
from healthsim_core.planning.plan import Plan
from healthsim_core.planning.text import makers, said_when

# readable below black text
_COLOURS = ("#cfe8e4", "#fde2c4", "#d9d7f1", "#f9d5e0", "#dcecc4", "#cfe0f5", "#efe3b0", "#e2d6c9")
_ALONE = "#eeeeee"
_WIDE, _HIGH, _ACROSS, _DOWN, _EDGE = 220, 40, 400, 54, 16  # a box, the step to the next one, and the margin; pixels


def plan_dot(plan: Plan) -> str:
    """The event graph as Graphviz text: products are colours, triggers dashed."""
    colours = _colours(plan)
    lines = ["digraph plan {", "  rankdir=LR;", '  node [shape=box, style="rounded,filled", fontname="sans-serif"];']
    for index, node in enumerate(plan.nodes):
        label = _quoted(f"{_name(node)}\n{node.event_type}")
        lines.append(f'  n{index} [label={label}, fillcolor="{_colour(plan, node, colours)}"];')
        if node.parent is not None:
            style = ", style=dashed" if node.triggered else ""
            lines.append(f"  n{node.parent} -> n{index} [label={_quoted(_edge(node))}{style}];")
    return "\n".join([*lines, "}", ""])


def plan_svg(plan: Plan) -> str:
    """The event graph as SVG, with a title and a description for those who do not see it.

    Events that follow the same one, at the same time and with the same consequences, are one box that says how many.
    """
    nodes, colours = plan.nodes, _colours(plan)
    alike = _alike(nodes)
    places = _places(nodes, alike)
    width = max((place.x for place in places.values()), default=0) + _WIDE + _EDGE
    height = max((place.y for place in places.values()), default=0) + _HIGH + 2 * _EDGE + 20
    shown = [(nodes[index], index) for index in places]
    drawn = [_drawn_edge(node, places[index], places[node.parent]) for node, index in shown if node.parent is not None]
    drawn += [_drawn_box(node, places[index], _colour(plan, node, colours), alike[index]) for node, index in shown]
    drawn += [_drawn_key(index, name, colour, height) for index, (name, colour) in enumerate(colours.items())]
    follows = "; ".join(f"{_name(n)} {said_when(n)}" for n in plan.nodes if not n.triggered)
    description = f"{len(plan.nodes)} kinds of events; solid lines follow, dashed lines are triggered. {follows}"
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {max(width, 140 * len(colours) + 200)} {height}"'
        ' role="img" aria-labelledby="title desc" font-family="sans-serif" font-size="12">',
        f'<title id="title">Events of {escape(plan.request.name)}</title>',
        f'<desc id="desc">{escape(description)}</desc>',
        '<rect width="100%" height="100%" fill="#ffffff"/>', *drawn, "</svg>", "",
    ])  # fmt: skip


@attrs.frozen
class _Place:
    x: int
    y: int


def _children(nodes: Sequence[Node]) -> dict[int | None, list[int]]:
    children: dict[int | None, list[int]] = {}
    for index, node in enumerate(nodes):
        children.setdefault(node.parent, []).append(index)
    return children


def _alike(nodes: Sequence[Node]) -> dict[int, int]:
    """How many nodes each box stands for, by the index of the first of them."""
    below, shapes, number = _children(nodes), dict[int, int](), dict[tuple[object, ...], int]()
    for index in reversed(range(len(nodes))):  # effects stand behind their causes
        node = nodes[index]
        shape = (
            node.event_type,
            node.triggered,
            _edge(node),
            tuple(sorted(shapes[child] for child in below.get(index, ()))),
        )
        shapes[index] = number.setdefault(shape, len(number))
    counts: dict[int, int] = {}
    for siblings in below.values():
        firsts: dict[int, int] = {}
        for index in siblings:
            first = firsts.setdefault(shapes[index], index)
            counts[first] = counts.get(first, 0) + 1
    return counts


def _places(nodes: Sequence[Node], shown: Mapping[int, int]) -> dict[int, _Place]:
    """A place for each box: a column a generation, a line a node, each below what it follows."""
    children = {parent: [index for index in below if index in shown] for parent, below in _children(nodes).items()}
    places: dict[int, _Place] = {}
    waiting = [(index, 0) for index in reversed(children.get(None, []))]
    line = -1
    while waiting:
        index, depth = waiting.pop()
        first = nodes[index].parent is not None and children[nodes[index].parent][0] == index
        line += 0 if first else 1  # the first that follows stands beside, the others below
        places[index] = _Place(_EDGE + depth * _ACROSS, _EDGE + line * _DOWN)
        waiting += [(child, depth + 1) for child in reversed(children.get(index, []))]
    return places


def _drawn_box(node: Node, place: _Place, colour: str, count: int) -> str:
    dashes = _dashes(node)
    middle = place.x + _WIDE // 2
    name = _short(_name(node), 30) if count == 1 else f"{_short(_name(node), 20)} and {count - 1} like it"
    return (
        f'<g><rect x="{place.x}" y="{place.y}" width="{_WIDE}" height="{_HIGH}" rx="6" fill="{colour}" '
        f'stroke="#555555"{dashes}/>'
        f'<text x="{middle}" y="{place.y + 17}" text-anchor="middle" font-weight="bold">{escape(name)}</text>'
        f'<text x="{middle}" y="{place.y + 32}" text-anchor="middle" '
        f'fill="#444444">{escape(_short(node.event_type, 34))}</text></g>'
    )


def _drawn_edge(node: Node, place: _Place, above: _Place) -> str:
    dashes = _dashes(node)
    from_x, from_y, to_y = above.x + _WIDE, above.y + _HIGH // 2, place.y + _HIGH // 2
    bend = from_x + 14
    return (
        f'<path d="M{from_x} {from_y} H{bend} V{to_y} H{place.x}" fill="none" stroke="#555555"{dashes}/>'
        f'<text x="{bend + 6}" y="{to_y - 4}" font-size="10" fill="#333333">{escape(_short(_edge(node), 32))}</text>'
    )


def _dashes(node: Node) -> str:
    return ' stroke-dasharray="4 3"' if node.triggered else ""


def _drawn_key(index: int, name: str, colour: str, height: int) -> str:
    x, y = _EDGE + 140 * index, height - _EDGE - 12
    box = f'<rect x="{x}" y="{y}" width="14" height="14" fill="{colour}" stroke="#555555"/>'
    return f'{box}<text x="{x + 20}" y="{y + 12}">{escape(name)}</text>'


def _colours(plan: Plan) -> dict[str, str]:
    names = sorted({name for node in plan.nodes for name in makers(plan, node)})
    return {**{name: _COLOURS[index % len(_COLOURS)] for index, name in enumerate(names)}, "timeline only": _ALONE}


def _colour(plan: Plan, node: Node, colours: dict[str, str]) -> str:
    products = makers(plan, node)
    return colours[products[0]] if products else _ALONE


def _name(node: Node) -> str:
    return node.path.rsplit(">", 1)[-1] if node.triggered else node.path.split("/", 1)[-1]


def _edge(node: Node) -> str:
    chance = f", {node.probability:.0%}" if node.probability < 1 else ""
    return f"{said_when(node)}{chance}{', if' if node.conditions else ''}"


def _short(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
