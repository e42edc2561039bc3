"""Members and their spans of coverage, from who people are and what their coverage events say."""

from __future__ import annotations

import attrs
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from healthsim_core import Columns, Coverages, Events, People, Plans, Text, text
from membersim.facts import document
from membersim.payers import payer_of, sponsor_of

_RELATIONSHIPS = ("self", "spouse", "child")
_X12_RELATIONSHIPS = ("18", "01", "19")


@attrs.frozen(eq=False)
class Household:
    """How each person of a chunk is covered within the household; all columns are (people,).

    Attributes:
        subscriber_id: Who holds the coverage: where plans are individual, oneself.
        relationship: 0 self, 1 spouse, 2 child.
        suffix: Two digits; 00 is the subscriber.
        member_number: Number on the card.
        tier: EMP, ESP, ECH, FAM, or IND where plans are individual.
    """

    subscriber_id: NDArray[np.int64]
    relationship: NDArray[np.int64]
    suffix: Text
    member_number: Text
    tier: Text

    @classmethod
    def of(cls, people: People, plans: Plans) -> Household:
        """The household positions of a chunk's people."""
        plan = plans.codes(people["plan"], people["coverage_type"])
        individual = plans.individual[plan] & (plan >= 0)
        holder = np.asarray(people["subscriber_id"])
        dependent = people.id != holder
        spouse = people["role"] == "spouse"
        relationship = np.where(individual | ~dependent, 0, np.where(spouse, 1, 2))
        position = people.id - np.asarray(people["household_id"])
        after = position + (position < holder - np.asarray(people["household_id"]))  # the subscriber's place is 0
        suffix = Text.of(text.padded(np.where(dependent, after, 0), 2))
        own = text.lines(people["member_number"], suffix)
        number = pc.if_else(pa.array(individual & dependent), own, people["member_number"].to_arrow())
        suffix = Text(np.where(individual, 0, suffix.codes + 1), ["00", *suffix.values.to_pylist()])
        return cls(
            subscriber_id=np.where(individual, people.id, holder),
            relationship=relationship,
            suffix=suffix,
            member_number=Text.distinct(number),
            tier=_tiers(people, relationship, individual),
        )


def _tiers(people: People, relationship: NDArray[np.int64], individual: NDArray[np.bool_]) -> Text:
    _, house = np.unique(np.asarray(people["household_id"]), return_inverse=True)
    spouse = np.bincount(house, relationship == 1)[house] > 0
    child = np.bincount(house, relationship == 2)[house] > 0
    code = np.where(individual, 4, spouse + 2 * child)
    return Text(code, ["EMP", "ESP", "ECH", "FAM", "IND"])


def coverage_table(events: Events, spans: Coverages, plans: Plans, house: Household) -> Columns:
    """`membersim.coverage`."""
    people, row = events.chunk, spans.row
    over = ~np.isnat(spans.end) & (spans.end < events.run.as_of)
    relationship = house.relationship[row].astype(np.int32)
    return Columns(
        {
            "coverage_id": spans.coverage_id,
            "person_id": people.id[row],
            "subscriber_id": house.subscriber_id[row],
            "payer_id": payer_of(people, row, spans.plan, plans),
            "member_number": house.member_number[row],
            "relationship": Text(relationship, list(_RELATIONSHIPS)),
            "relationship_code": Text(relationship, list(_X12_RELATIONSHIPS)),
            "coverage_type": plans.text(spans.plan, "coverage_type"),
            "plan": spans.plan_name,
            "insurance_line": _insurance_line(plans)[spans.plan],
            "group_number": sponsor_of(people, row, spans.plan, plans, "group_number"),
            "tier": house.tier[row],
            "start_date": spans.start,
            "end_date": spans.end,
            "status": Text(over.astype(np.int32), ["active", "terminated"]),
            "start_reason": _maintenance(spans.start_reason, "start"),
            "end_reason": _maintenance(spans.end_reason, "end"),
        },
        len(row),
    )


def _insurance_line(plans: Plans) -> Text:
    usual = document("plan_codes")["insurance_line"]
    return Text.of([design.get("insurance_line") or usual[design["kind"]] for design in plans.designs])


def _maintenance(reason: Text, which: str) -> Text:
    """The X12 maintenance reason of a reason in words."""
    codes = document("payers")["maintenance_reasons"][which]
    return reason.recode(lambda words: codes["codes"].get(words.lower().replace("_", " "), codes["default"]))


def member_table(events: Events, spans: Coverages, plans: Plans, house: Household) -> Columns:
    """`membersim.member`: everybody with a span, by the first of them."""
    people = events.chunk
    row, first = np.unique(spans.row, return_index=True)
    plan = spans.plan[first]
    relationship = house.relationship[row].astype(np.int32)
    return Columns(
        {
            "person_id": people.id[row],
            "subscriber_id": house.subscriber_id[row],
            "member_number": house.member_number[row],
            "dependent_suffix": house.suffix[row],
            "relationship": Text(relationship, list(_RELATIONSHIPS)),
            "relationship_code": Text(relationship, list(_X12_RELATIONSHIPS)),
            "tier": house.tier[row],
            "group_number": sponsor_of(people, row, plan, plans, "group_number"),
            "sponsor_name": sponsor_of(people, row, plan, plans, "name"),
            "enrollment_date": spans.start[first],
            "pcp_npi": people["pcp_npi"][row],
        },
        len(row),
    )
