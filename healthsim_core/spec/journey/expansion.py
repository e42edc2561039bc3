"""The events that a journey comes to when its patterns are written out."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Any

import attrs

from healthsim_core.errors import suggestion
from healthsim_core.spec.base import Findings
from healthsim_core.spec.journey.events import EventSpecification, JourneyEvent, StartsOn
from healthsim_core.spec.journey.patterns import Branch, Lifecycle, Protocol, Visit

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
    findings: Findings,
) -> list[Step]:
    """Every event of a journey, in the order in which they are written; patterns after plain events.

    What is wrong with patterns, such as an event that follows one that is not the pattern's own, goes to `findings`.
    """
    steps = [Step(event, f"events[{index}]") for index, event in enumerate(events)]
    for index, branch in enumerate(branches):
        steps += _branch(branch, f"branches[{index}]", findings)
    if protocol is not None:
        steps += _protocol(protocol, findings)
    for index, lifecycle in enumerate(lifecycles):
        steps += _lifecycle(lifecycle, f"lifecycle[{index}]", findings)
    if starts_on is None:
        return steps
    start = _made(
        event_id=START,
        event_type=START,
        name="Start of the journey",
        depends_on=_other(starts_on),
        delay=starts_on.delay,
    )
    return [Step(start, "starts_on", starts=True), *(_after_start(step) for step in steps)]


def parts_of(where: str) -> tuple[int | str, ...]:
    """The parts of a step's path: `("events", 2)` of "events[2]"."""
    return tuple(int(part) if part.isdigit() else part for part in where.replace("]", "").replace("[", ".").split("."))


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
        event_id=event_id, event_type="milestone", name=pattern.name, depends_on=pattern.depends_on,
        delay=pattern.delay,
        conditions=pattern.conditions,
    )  # fmt: skip


def _branch(branch: Branch, where: str, findings: Findings) -> Iterator[Step]:
    yield Step(_milestone(branch, branch.branch_id), where, branch=branch)
    for index, choice in enumerate(branch.choices):
        choice_step = Step(
            _milestone(branch, branch.branch_id), f"{where}.choices[{index}].events", taken=choice.choice_id
        )
        yield from _own(choice.events, choice_step, findings)


def _own(events: list[EventSpecification], follows: Step, findings: Findings) -> Iterator[Step]:
    """Events of a choice or state: the first follow it, others follow each other."""
    ids = {event.event_id for event in events}
    for index, event in enumerate(events):
        path = f"{follows.where}[{index}]"
        if event.depends_on in ids:
            yield Step(event, path, state_of=follows.state_of)
            continue
        if event.depends_on is not None:
            _refuse_other(event, ids, str(follows.taken), path, findings)
        update = {"depends_on": follows.event.event_id}
        yield Step(event.model_copy(update=update), path, taken=follows.taken, state_of=follows.state_of)


def _refuse_other(
    event: EventSpecification, ids: Collection[str], pattern: str, where: str, findings: Findings
) -> None:
    followed = event.depends_on if isinstance(event.depends_on, str) else "an event of another journey"
    what = f'"{followed}" is not an event of "{pattern}", and only these can be followed here.'
    findings.add(what, suggestion(followed, ids), *parts_of(where), "depends_on", value=followed)


def _lifecycle(lifecycle: Lifecycle, where: str, findings: Findings) -> Iterator[Step]:
    milestone, lifecycle_id = _milestone(lifecycle, lifecycle.lifecycle_id), lifecycle.lifecycle_id
    yield Step(milestone, where, lifecycle=lifecycle)
    for name, state in lifecycle.states.items():
        yield from _own(
            state.events, Step(milestone, f"{where}.states.{name}.events", taken=name, state_of=lifecycle_id), findings
        )


def _protocol(protocol: Protocol, findings: Findings) -> list[Step]:
    planned: list[tuple[int, Step]] = []
    for index, visit in enumerate(protocol.visits):
        cycles = visit.cycles or range(1, protocol.cycles + 1)
        for cycle in cycles:
            day = visit.day - 1 + (cycle - 1) * (protocol.cycle_days or 0)
            number = f"-{cycle}" if len(cycles) > 1 else ""
            for suffix, arms, given in _versions(protocol, visit):
                version = _Version(number + suffix, arms, given, f"protocol.visits[{index}]", findings)
                steps = _visit(protocol, visit, day, version)
                planned += [(day, step) for step in steps]
    return [step for _, step in sorted(planned, key=lambda pair: pair[0])]


def _versions(protocol: Protocol, visit: Visit) -> list[tuple[str, list[str] | None, dict[str, Any]]]:
    """Once, or once an arm where the visit reads the arm's parameters."""
    if "${arm." not in visit.model_dump_json():
        return [("", visit.arms, {})]
    return [
        (f"-{arm}", [arm], given) for arm, given in protocol.arms.items() if visit.arms is None or arm in visit.arms
    ]


@attrs.frozen
class _Version:
    """A visit in one cycle, and for one arm where it reads the arm's parameters."""

    suffix: str
    arms: list[str] | None
    given: dict[str, Any]
    where: str
    findings: Findings

    def filled(self, parameters: dict[str, Any], where: str) -> dict[str, Any]:
        """Parameters with the arm's own put in."""
        values = {}
        for name, value in parameters.items():
            match = _ARM.match(value) if isinstance(value, str) else None
            if match and match[1] not in self.given:
                what, hint = f'the arm has no parameter "{match[1]}".', suggestion(match[1], self.given)
                self.findings.add(what, hint, *parts_of(where), "parameters", name, value=value)
            values[name] = self.given.get(match[1]) if match else value
        return values


def _visit(protocol: Protocol, visit: Visit, day: int, version: _Version) -> Iterator[Step]:
    conditions = list(visit.conditions)
    if version.arms is not None:
        conditions.append(f"{protocol.arm} in {version.arms!r}")
    if protocol.until is not None:
        until = protocol.until if isinstance(protocol.until, str) else protocol.until.expression()
        conditions.append(f"not ({until})")
    delay: dict[str, Any] = {"days": day, "weekdays": protocol.weekdays}
    window = [max(visit.window[0], -day), visit.window[1]]
    if any(window):
        delay |= {"days": [day + window[0], day + window[1]], "distribution": visit.distribution}
    body = {
        name: getattr(visit, name) for name in ("event_type", "name", "probability", "outcomes", "triggers", "ends")
    }
    ids = {event.event_id: f"{event.event_id}{version.suffix}" for event in visit.events}
    visit_id = f"{visit.visit_id}{version.suffix}"
    yield Step(
        _made(**body, event_id=visit_id, depends_on=protocol.anchor, delay=_delay(delay), conditions=conditions,
              parameters=version.filled(visit.parameters, version.where)), version.where,
    )  # fmt: skip
    for index, event in enumerate(visit.events):
        path = f"{version.where}.events[{index}]"
        followed = event.depends_on if isinstance(event.depends_on, str) else ""
        if event.depends_on is not None and followed not in ids:
            _refuse_other(event, ids, visit.visit_id, path, version.findings)
        changed = {
            "event_id": ids[event.event_id],
            "depends_on": ids.get(followed, visit_id),
            "parameters": version.filled(event.parameters, path),
        }
        yield Step(event.model_copy(update=changed), path)


def _delay(fields: dict[str, Any]) -> Any:
    from healthsim_core.spec.journey.delay import Delay

    return Delay.model_validate(fields)
