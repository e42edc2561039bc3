"""Members and their spans of coverage, from who people are and what their coverage events say."""

from __future__ import annotations

import attrs
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from healthsim_core import Columns, Coverages, Events, People, Plans, Text, text
from membersim.facts import document
from membersim.payers import Insurers

_RELATIONSHIPS = ("self", "spouse", "child")
_X12_RELATIONSHIPS = ("18", "01", "19")


@attrs.frozen(eq=False)
class Cards:
    """How the person of each span is covered within the household; all columns are (spans,).

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
    def of(cls, people: People, spans: Coverages, plans: Plans) -> Cards:
        """The cards of spans of coverage."""
        row, alone = spans.row, plans.individual[spans.plan]
        holder, person = np.asarray(people["subscriber_id"]), people.id
        dependent = person != holder
        spouse = people["role"] == "spouse"
        relationship = np.where(alone | ~dependent[row], 0, np.where(spouse[row], 1, 2))
        position = person - np.asarray(people["household_id"])
        after = position + (position < holder - np.asarray(people["household_id"]))  # the subscriber's place is 0
        suffix = Text.of(text.padded(np.where(dependent, after, 0), 2))
        own = text.lines(people["member_number"], suffix)
        common = people["member_number"].to_arrow()
        numbers = Text.distinct(pa.concat_arrays([common, pc.if_else(pa.array(dependent), own, common)]))
        suffix = Text(np.where(alone, 0, suffix.codes[row] + 1), ["00", *suffix.values.to_pylist()])
        return cls(
            subscriber_id=np.where(alone, person[row], holder[row]),
            relationship=relationship,
            suffix=suffix,
            member_number=numbers[row + len(people) * alone],
            tier=_tiers(spans, relationship, alone),
        )

    def take(self, index: NDArray[np.intp]) -> Cards:
        """The cards at `index`."""
        return Cards(*(getattr(self, field.name)[index] for field in attrs.fields(Cards)))


def _tiers(spans: Coverages, relationship: NDArray[np.int64], alone: NDArray[np.bool_]) -> Text:
    """Who else is covered by the same holder at the same rank."""
    contract = spans.holder * (int(spans.rank.max(initial=0)) + 1) + spans.rank
    contracts = int(contract.max(initial=0)) + 1
    spouse, child = (np.bincount(contract, relationship == kind, minlength=contracts)[contract] > 0 for kind in (1, 2))
    return Text(np.where(alone, 4, spouse + 2 * child), ["EMP", "ESP", "ECH", "FAM", "IND"])


def coverage_table(events: Events, spans: Coverages, plans: Plans, insurers: Insurers) -> Columns:
    """`membersim.coverage`."""
    people, row, cards = events.chunk, spans.row, Cards.of(events.chunk, spans, plans)
    over = ~np.isnat(spans.end) & (spans.end < events.run.as_of)
    relationship = cards.relationship.astype(np.int32)
    return Columns(
        {
            "coverage_id": spans.coverage_id,
            "person_id": people.id[row],
            "subscriber_id": cards.subscriber_id,
            "payer_id": insurers.payer_id,
            "member_number": cards.member_number,
            "dependent_suffix": cards.suffix,
            "relationship": Text(relationship, list(_RELATIONSHIPS)),
            "relationship_code": Text(relationship, list(_X12_RELATIONSHIPS)),
            "rank": spans.rank,
            "coverage_type": plans.text(spans.plan, "coverage_type"),
            "plan": spans.plan_name,
            "insurance_line": _insurance_line(plans)[spans.plan],
            "group_number": insurers.group_number,
            "sponsor_name": insurers.sponsor_name,
            "tier": cards.tier,
            "start_date": spans.start,
            "end_date": spans.end,
            "status": Text(over.astype(np.int32), ["active", "terminated"]),
            "start_reason": _start_reasons(spans),
            "end_reason": _maintenance(spans.end_reason, "end"),
        },
        len(row),
    )


def _insurance_line(plans: Plans) -> Text:
    usual = document("plan_codes")["insurance_line"]
    return Text.of([design.get("insurance_line") or usual[design["kind"]] for design in plans.designs])


def _start_reasons(spans: Coverages) -> Text:
    """The X12 maintenance reason of each start; of a change for a reason that has no code, that of a plan change."""
    known = document("payers")["maintenance_reasons"]["start"]
    code = _maintenance(spans.start_reason, "start")
    changed = np.append(False, spans.end_reason[:-1] == "plan change")
    unknown = spans.start_reason.map(lambda words: _plain(words) not in known["codes"], np.bool_, False)
    return code.only(~(changed & unknown)).or_else(known["codes"]["plan change"])


def _maintenance(reason: Text, which: str) -> Text:
    """The X12 maintenance reason of a reason in words."""
    known = document("payers")["maintenance_reasons"][which]
    return reason.recode(lambda words: known["codes"].get(_plain(words), known["default"]))


def _plain(words: str) -> str:
    return words.lower().replace("_", " ")


def member_table(events: Events, spans: Coverages, plans: Plans, insurers: Insurers) -> Columns:
    """`membersim.member`: everybody with a span, by the first of them."""
    people = events.chunk
    row, first = np.unique(spans.row, return_index=True)
    cards, spans, insurers = Cards.of(people, spans, plans).take(first), spans.take(first), insurers.take(first)
    relationship = cards.relationship.astype(np.int32)
    return Columns(
        {
            "person_id": people.id[row],
            "subscriber_id": cards.subscriber_id,
            "member_number": cards.member_number,
            "dependent_suffix": cards.suffix,
            "relationship": Text(relationship, list(_RELATIONSHIPS)),
            "relationship_code": Text(relationship, list(_X12_RELATIONSHIPS)),
            "tier": cards.tier,
            "group_number": insurers.group_number,
            "sponsor_name": insurers.sponsor_name,
            "enrollment_date": spans.start,
            "pcp_npi": people["pcp_npi"][row],
        },
        len(row),
    )
