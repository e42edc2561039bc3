"""Whom a journey is for that presumes a condition: whoever has it,
and a published share of those at risk where no profile says so."""

from __future__ import annotations

from typing import Any

import pytest
from clinic import event, run

from healthsim_core.errors import SpecificationError
from healthsim_core.generation.result import Result

SHARES = [
    {"code": "N18", "when": "'E11' in conditions", "share": 0.4, "source": "Somebody 2020"},
    {"code": "N18", "when": "'I10' in conditions", "share": 0.1, "source": "Somebody 2021"},
]


def ran(*conditions: Any, presumes: Any = SHARES, count: int = 2_000) -> Result:
    made = run(
        {"clinical": {"conditions": list(conditions)}}, event("known"), count=count, fields={"presumes": presumes}
    )
    return made


def share(result: Result) -> float:
    return len(set(result.timeline["person_id"].to_pylist())) / result.entities.num_rows


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [(["E11"], 0.4), (["I10"], 0.1), (["E11", "I10"], 0.4), (["E78"], 0.0), (["N18.31"], 1.0), ([], 0.0)],
)
def test_the_share_of_those_at_risk_is_the_published_one(conditions: list[str], expected: float) -> None:
    assert share(ran(*conditions)) == pytest.approx(expected, abs=0.045)


def test_where_the_profile_states_the_condition_nobody_else_is_presumed_to_have_it() -> None:
    result = ran("E11", {"code": "N18", "prevalence": 0.2})
    has = {row["person_id"] for row in result.tables["core.condition"].to_pylist() if row["category"] == "N18"}
    assert has and set(result.timeline["person_id"].to_pylist()) == has


def test_all_events_of_the_journey_happen_to_the_same_people() -> None:
    made = run(
        {"clinical": {"conditions": ["E11"]}}, event("one"), event("two"), count=500, fields={"presumes": SHARES}
    )
    by_event = [
        {row["person_id"] for row in made.timeline.to_pylist() if row["node"] == name} for name in ("one", "two")
    ]
    assert by_event[0] == by_event[1] != set()


def test_the_run_says_whom_it_is_for() -> None:
    said = (
        "it is for ('N18' in conditions or 40% of others with 'E11' in conditions or 10% of others with 'I10' "
        "in conditions)"
    )
    assert any(said in note for note in ran("E11", count=50).notes)


@pytest.mark.parametrize(
    ("changed", "where", "said"),
    [
        ({"code": "N99.Z"}, "presumes[0].code", '"N99.Z" is no ICD-10-CM code or category'),
        ({"when": "ag > 3"}, "presumes[0].when", 'reads "ag", which nobody has'),
        ({"share": 37}, "presumes[0].share", "37 is above 1"),
        ({"source": ""}, "presumes[0].source", "is too short"),
    ],
)
def test_what_cannot_be_presumed_is_refused(changed: dict[str, Any], where: str, said: str) -> None:
    with pytest.raises(SpecificationError) as refused:
        ran("E11", presumes=[{**SHARES[0], **changed}], count=2)
    assert where in str(refused.value) and said in str(refused.value)
