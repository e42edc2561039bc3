"""What each kind of node does where it happens: how often it comes again, and what it gives."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

from healthsim_core.journeys.nodes import Branched, How, Node, Passage, Repeated
from healthsim_core.timeline.blocks import CHOICE, Occurrences
from healthsim_core.timeline.drawing import chosen, drawn, one_by_one, reads_itself
from healthsim_core.timeline.occurrences import passed_through, repeated
from healthsim_core.timeline.state import Timeline

Given = tuple[Occurrences, Mapping[str, Any]]


def occurring(timeline: Timeline, node: Node, first: Occurrences) -> Occurrences:
    """The occurrences of a node, and those that come after them where it is repeated."""
    return repeated(timeline, node, node.how.recurrence, first) if isinstance(node.how, Repeated) else first


@functools.singledispatch
def given(how: How, timeline: Timeline, node: Node, occurrences: Occurrences) -> Given:
    """What occurrences of a node give, and those of them that happen.

    Args:
        how: How the node comes about.
        timeline: What has happened.
        node: The node.
        occurrences: Those of the node.
    """
    if node.most > 1 and reads_itself(node):
        return one_by_one(timeline, node, occurrences)
    return occurrences, drawn(timeline, node, occurrences)


@given.register
def _again(how: Repeated, timeline: Timeline, node: Node, occurrences: Occurrences) -> Given:
    until = how.recurrence.until
    if node.most > 1 and (until is not None or reads_itself(node)):
        return one_by_one(timeline, node, occurrences, how.recurrence.times, until)
    return occurrences, drawn(timeline, node, occurrences)


@given.register
def _one_way(how: Branched, timeline: Timeline, node: Node, occurrences: Occurrences) -> Given:
    return occurrences, chosen(timeline, node, how.branching, occurrences)


@given.register
def _through_states(how: Passage, timeline: Timeline, node: Node, occurrences: Occurrences) -> Given:
    entered, parameters = passed_through(timeline, node, how.lifecycle, occurrences)
    timeline.remember(node, node.key(how.lifecycle.name), entered, parameters[CHOICE])
    return entered, parameters
