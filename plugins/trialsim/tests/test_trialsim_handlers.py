"""What the trial makes of events that somebody else's journey brings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from trialsim.handlers.trial import PARAMETERS, trial

from healthsim_core import Columns, SpecificationError, Text
from healthsim_core.generator import make_plan
from healthsim_core.testing import make_events, make_people, make_run

JOINED = [("screening", "2025-03-01T09:00:00"), ("randomization", "2025-03-15T09:00:00")]


def happened(
    *events: tuple[str, str],
    cause: Sequence[int] | None = None,
    people: dict[str, Any] | None = None,
    **parameters: list[Any],
) -> dict[str, Columns]:
    """The tables of one subject's events; `parameters` by name, one value an event."""
    rows = len(events)
    given = {
        field.name: np.array(
            [np.nan if value is None else value for value in parameters.get(field.name, [None] * rows)]
        )
        if field.type == "number"
        else Text.of(parameters.get(field.name, [None] * rows))
        for field in PARAMETERS
    }
    batch = make_events(
        [name for name, _ in events], make_people(1, make_run(journeys=("trial_participation",)), **(people or {})),
        row=[0] * rows,
        time=[time for _, time in events], parameters=Columns(given, rows),
        cause=np.array(cause or [0] * rows, np.int64),
    )  # fmt: skip
    return trial(batch)


def one(tables: dict[str, Columns], name: str = "subject") -> dict[str, Any]:
    (row,) = tables[f"trialsim.{name}"].to_pylist()
    return row


def test_a_scheduled_visit_that_does_not_say_which_is_the_nearest_planned_one() -> None:
    tables = happened(*JOINED, ("scheduled_visit", "2025-04-13T10:00:00"), ("scheduled_visit", "2025-05-08T10:00:00"))

    assert tables["trialsim.visit"]["visit"].to_pylist() == ["SCREENING", "BASELINE", "WEEK 4", "WEEK 8"]  # type: ignore[union-attr]


def test_the_same_planned_visit_twice_is_an_unscheduled_one() -> None:
    tables = happened(*JOINED, ("scheduled_visit", "2025-04-13T10:00:00"), ("scheduled_visit", "2025-04-16T10:00:00"))

    assert np.asarray(tables["trialsim.visit"]["visit_number"]).tolist() == [1, 2, 3, 3.01]


def test_randomisation_without_an_arm_takes_the_arm_of_the_list() -> None:
    assert one(happened(*JOINED))["arm_code"] in ("PBO", "HS5", "HS10")


def test_randomisation_takes_the_arm_that_the_journey_says() -> None:
    assert [one(happened(*JOINED, arm=[None, code]))["arm_code"] for code in ("PBO", "HS5", "HS10")] == [
        "PBO",
        "HS5",
        "HS10",
    ]


def test_an_interruption_is_a_gap_in_dosing() -> None:
    tables = happened(*JOINED, ("dose_modification", "2025-03-25T10:00:00"), ("withdrawal", "2025-05-01T10:00:00"),
                      action=[None, None, "interrupted", None], days=[None, None, 7, None])  # fmt: skip

    exposure = tables["trialsim.exposure"]
    first, last = (np.asarray(exposure[name]).astype(str).tolist() for name in ("start_date", "end_date"))
    assert list(zip(first, last, strict=True)) == [("2025-03-15", "2025-03-24"), ("2025-04-01", "2025-05-01")]


def test_a_restored_dose_is_the_arms_again() -> None:
    tables = happened(*JOINED, ("dose_modification", "2025-03-25T10:00:00"),
                      ("dose_modification", "2025-04-10T10:00:00"),
                      arm=[None, "HS10", None, None], action=[None, None, "reduced", "restored"])  # fmt: skip

    assert np.asarray(tables["trialsim.exposure"]["dose"]).tolist() == [10, 5, 10]


def test_what_comes_after_withdrawal_is_not_the_trials() -> None:
    tables = happened(*JOINED, ("withdrawal", "2025-04-01T10:00:00"), ("adverse_event", "2025-04-20T10:00:00"),
                      ("scheduled_visit", "2025-05-01T10:00:00"))  # fmt: skip

    assert tables["trialsim.adverse_event"].rows == 0
    assert tables["trialsim.visit"]["visit"].to_pylist()[-1] == "EARLY TERMINATION"  # type: ignore[union-attr]
    assert str(one(tables)["last_dose_date"]) == "2025-04-01"


def test_somebody_lost_to_follow_up_has_no_last_visit() -> None:
    tables = happened(*JOINED, ("withdrawal", "2025-04-01T10:00:00"), reason=[None, None, "LOST TO FOLLOW-UP"])

    assert tables["trialsim.visit"]["visit"].to_pylist() == ["SCREENING", "BASELINE"]  # type: ignore[union-attr]
    assert one(tables)["end_reason"] == "LOST TO FOLLOW-UP"


def test_a_withdrawal_for_an_adverse_event_is_the_action_taken() -> None:
    tables = happened(
        *JOINED,
        ("adverse_event", "2025-04-01T10:00:00"),
        ("withdrawal", "2025-04-05T10:00:00"),
        cause=[0, 0, 0, 1_000_003],
    )

    assert one(tables, "adverse_event")["action"] == "DRUG WITHDRAWN"


def test_an_adverse_event_before_the_first_dose_is_not_related_and_of_screening() -> None:
    tables = happened(JOINED[0], ("adverse_event", "2025-03-05T10:00:00"), JOINED[1], related=[None, 1.0, None])

    event = one(tables, "adverse_event")
    assert (event["related"], event["action"], event["epoch"]) == (False, "NOT APPLICABLE", "SCREENING")


def test_people_without_a_screening_are_no_subjects() -> None:
    assert happened(("adverse_event", "2025-03-05T10:00:00")) == {}


def test_a_value_that_nobody_measured_breaks_no_criterion() -> None:
    tables = happened(JOINED[0])

    met = dict(
        zip(
            tables["trialsim.eligibility"]["criterion_code"].to_pylist(),
            tables["trialsim.eligibility"]["met"],
            strict=True,
        )
    )  # type: ignore[union-attr]
    assert met["INCL03"]


def test_a_criterion_is_judged_as_the_value_is_reported() -> None:
    met = [happened(JOINED[0], a1c=[value])["trialsim.eligibility"]["met"][2] for value in (6.44, 6.46, 11.04, 11.06)]

    assert [bool(value) for value in met] == [False, True, True, False]


def test_a_reason_in_other_words_is_decoded_as_other() -> None:
    tables = happened(*JOINED, ("withdrawal", "2025-04-01T10:00:00"), reason=[None, None, "Moved to another state"])

    last = tables["trialsim.disposition"].to_pylist()[-1]
    assert (last["term"], last["decoded_term"], one(tables)["end_reason"]) == (
        "Moved to another state",
        "OTHER",
        "OTHER",
    )


def test_an_arm_that_the_protocol_does_not_have_is_refused_before_anything_happens() -> None:
    event = {"event_id": "in", "event_type": "randomization", "parameters": {"arm": "HS20"}}
    with pytest.raises(
        SpecificationError, match=r'parameters\.arm: "HS20" is not what "arm" may be\.\n  Did you mean "HS10"'
    ):
        make_plan({"id": "a"}, {"journey_id": "trial", "duration_days": 30, "events": [event]}, count=1)


def test_severity_is_as_said_or_drawn_where_nothing_is_said() -> None:
    said = [
        one(happened(*JOINED, ("adverse_event", "2025-04-01T10:00:00"), severity=[None, None, word]), "adverse_event")[
            "severity"
        ]
        for word in ("SEVERE", None)
    ]

    assert said[0] == "SEVERE"
    assert said[1] in ("MILD", "MODERATE", "SEVERE")


def test_an_adverse_event_lasts_till_the_withdrawal_that_it_led_to() -> None:
    tables = happened(*JOINED, ("adverse_event", "2025-04-01T10:00:00"), ("withdrawal", "2025-04-25T10:00:00"),
                      cause=[0, 0, 0, 1_000_003],
                      days=[None, None, 1, None])  # fmt: skip

    event = one(tables, "adverse_event")
    assert (str(event["end_date"]), event["outcome"]) == ("2025-04-25", "RECOVERED/RESOLVED")


def test_a_fatal_event_is_serious_whatever_it_was_called() -> None:
    died = np.array(["2025-04-04"], "datetime64[D]")
    tables = happened(*JOINED, ("adverse_event", "2025-04-01T10:00:00"), ("death", "2025-04-04T10:00:00"),
                      cause=[0, 0, 0, 1_000_003],
                      people={"death_date": died})  # fmt: skip

    event = one(tables, "adverse_event")
    assert (event["serious"], event["seriousness"], event["outcome"], str(event["end_date"])) == (
        True,
        "death",
        "FATAL",
        "2025-04-04",
    )
    assert (one(tables)["end_reason"], str(one(tables)["last_dose_date"])) == ("DEATH", "2025-04-04")
