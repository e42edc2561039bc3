"""The events that a journey comes to when its patterns are written out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import attrs

from healthsim_core.errors import suggestion
from healthsim_core.spec.journey.events import EventSpecification, JourneyEvent, StartsOn
from healthsim_core.spec.journey.patterns import Branch, Choice, Lifecycle, Protocol, Visit

START = "journey_start"
_ARM = re.compile(r"^\$\{arm\.([A-Za-z0-9_]+)\}$")


@attrs.frozen
class Step:
    """An event written out.

    Attributes:
        event: The event.
        where: Its path in the journey.
        taken: It happens only where the event it depends on chose this (a branch's choice, a lifecycle's state).
        branch: What it chooses.
        lifecycle: What it passes through.
        state_of: Id of the lifecycle to whose state it belongs.
        starts: Whether the journey starts with it.
    """

    event: EventSpecification
    where: str
    taken: str | None = None
    branch: Branch | None = None
    lifecycle: Lifecycle | None = None
    state_of: str | None = None
    starts: bool = False


def steps_of(
    events: list[EventSpecification],
    branches: list[Branch],
    protocol: Protocol | None,
    lifecycles: list[Lifecycle],
    starts_on: StartsOn | None,
) -> list[Step]:
    """Every event of a journey, in the order in which they are written; patterns after plain events.

    Raises:
        ValueError: A pattern's event follows one that is not its own.
    """
    steps = [Step(event, f"events[{index}]") for index, event in enumerate(events)]
    for index, branch in enumerate(branches):
        steps += _branch(branch, f"branches[{index}]")
    if protocol is not None:
        steps += _protocol(protocol)
    for index, lifecycle in enumerate(lifecycles):
        steps += _lifecycle(lifecycle, f"lifecycle[{index}]")
    if starts_on is None:
        return steps
    start = _made(event_id=START, event_type=START, name="Start of the journey", depends_on=_other(starts_on), delay=starts_on.delay)
    return [Step(start, "starts_on", starts=True), *(_after_start(step) for step in steps)]


def _made(**fields: Any) -> EventSpecification:
    return EventSpecification.model_construct(**{name: value for name, value in fields.items() if value is not None})


def _other(event: StartsOn) -> JourneyEvent:
    return JourneyEvent(journey=event.journey, event=event.event)


def _after_start(step: Step) -> Step:
    if step.event.depends_on is not None:
        return step
    return attrs.evolve(step, event=step.event.model_copy(update={"depends_on": START}))


def _milestone(pattern: Branch | Lifecycle, event_id: str) -> EventSpecification:
    return _made(
        event_id=event_id, event_type="milestone", name=pattern.name, depends_on=pattern.depends_on, delay=pattern.delay,
        conditions=pattern.conditions,
    )  # fmt: skip


def _branch(branch: Branch, where: str) -> Iterator[Step]:
    yield Step(_milestone(branch, branch.branch_id), where, branch=branch)
    for index, choice in enumerate(branch.choices):
        yield from _own(choice.events, branch.branch_id, choice, f"{where}.choices[{index}].events")


def _own(events: list[EventSpecification], follows: str, choice: Choice | str, where: str, state_of: str | None = None) -> Iterator[Step]:
    """Events of a choice or state: the first follow it, others follow each other."""
    taken = choice if isinstance(choice, str) else choice.choice_id
    ids = {event.event_id for event in events}
    for index, event in enumerate(events):
        path = f"{where}[{index}]"
        if event.depends_on is None:
            yield Step(event.model_copy(update={"depends_on": follows}), path, taken=taken, state_of=state_of)
        elif event.depends_on in ids:
            yield Step(event, path, state_of=state_of)
        else:
            hint = suggestion(str(event.depends_on), ids)
            raise ValueError(f'{path}.depends_on: "{event.depends_on}" is not an event of "{taken}". {hint}'.strip())


def _lifecycle(lifecycle: Lifecycle, where: str) -> Iterator[Step]:
    yield Step(_milestone(lifecycle, lifecycle.lifecycle_id), where, lifecycle=lifecycle)
    for name, state in lifecycle.states.items():
        yield from _own(state.events, lifecycle.lifecycle_id, name, f"{where}.states.{name}.events", lifecycle.lifecycle_id)


def _protocol(protocol: Protocol) -> list[Step]:
    planned: list[tuple[int, Step]] = []
    for index, visit in enumerate(protocol.visits):
        cycles = visit.cycles or range(1, protocol.cycles + 1)
        for cycle in cycles:
            day = visit.day - 1 + (cycle - 1) * (protocol.cycle_days or 0)
            number = f"-{cycle}" if len(cycles) > 1 else ""
            for suffix, arms, given in _versions(protocol, visit):
                steps = _visit(protocol, visit, day, number + suffix, arms, given, f"protocol.visits[{index}]")
                planned += [(day, step) for step in steps]
    return [step for _, step in sorted(planned, key=lambda each: each[0])]


def _versions(protocol: Protocol, visit: Visit) -> list[tuple[str, list[str] | None, dict[str, Any]]]:
    """Once, or once an arm where the visit reads the arm's parameters."""
    if "${arm." not in visit.model_dump_json():
        return [("", visit.arms, {})]
    return [(f"-{arm}", [arm], given) for arm, given in protocol.arms.items() if visit.arms is None or arm in visit.arms]


def _visit(
    protocol: Protocol, visit: Visit, day: int, suffix: str, arms: list[str] | None, given: dict[str, Any], where: str
) -> Iterator[Step]:
    conditions = list(visit.conditions)
    if arms is not None:
        conditions.append(f"{protocol.arm} in {arms!r}")
    if protocol.until is not None:
        until = protocol.until if isinstance(protocol.until, str) else protocol.until.expression()
        conditions.append(f"not ({until})")
    delay: dict[str, Any] = {"days": day, "weekdays": protocol.weekdays}
    window = [max(visit.window[0], -day), visit.window[1]]
    if any(window):
        delay |= {"days": [day + window[0], day + window[1]], "distribution": visit.distribution}
    body = {name: getattr(visit, name) for name in ("event_type", "name", "probability", "outcomes", "triggers", "ends")}
    ids = {event.event_id: f"{event.event_id}{suffix}" for event in visit.events}
    visit_id = f"{visit.visit_id}{suffix}"
    yield Step(
        _made(**body, event_id=visit_id, depends_on=protocol.anchor, delay=_delay(delay), conditions=conditions,
              parameters=_filled(visit.parameters, given, f"{where}.parameters")), where,
    )  # fmt: skip
    for index, event in enumerate(visit.events):
        path = f"{where}.events[{index}]"
        if event.depends_on is not None and event.depends_on not in ids:
            hint = suggestion(str(event.depends_on), ids)
            raise ValueError(f'{path}.depends_on: "{event.depends_on}" is not an event of "{visit.visit_id}". {hint}'.strip())
        changed = {
            "event_id": ids[event.event_id],
            "depends_on": visit_id if event.depends_on is None else ids[str(event.depends_on)],
            "parameters": _filled(event.parameters, given, f"{path}.parameters"),
        }
        yield Step(event.model_copy(update=changed), path)


def _delay(fields: dict[str, Any]) -> Any:
    from healthsim_core.spec.journey.delay import Delay

    return Delay.model_validate(fields)


def _filled(parameters: dict[str, Any], given: dict[str, Any], where: str) -> dict[str, Any]:
    """Parameters with the arm's own put in."""
    found = {}
    for name, value in parameters.items():
        match = _ARM.match(value) if isinstance(value, str) else None
        if match and match[1] not in given:
            raise ValueError(f'{where}.{name}: the arm has no "{match[1]}". {suggestion(match[1], given)}'.strip())
        found[name] = given[match[1]] if match else value
    return found
