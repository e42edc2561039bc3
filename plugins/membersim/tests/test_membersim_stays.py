"""Stays and their bills: the DRG is stated and known, classes without a price have no claim, a death ends the stay."""

from typing import Any

import pytest

from healthsim_core import HealthSimError, Result, generate

PEOPLE = {
    "id": "p",
    "generation": {"count": 6, "seed": 5},
    "demographics": {"age": 60},
    "coverage": {"type": "Commercial"},
}
FORMATS = ["x12_837", "x12_835"]


def stay(
    discharge: dict[str, Any] | None, kind: str | None = None, *more: dict[str, Any], **admission: Any
) -> dict[str, Any]:
    given = {"reason_code": "I63.9", "admission_type": "1", **({"class": kind} if kind else {}), **admission}
    events = [{"event_id": "in", "event_type": "admission", "delay": {"days": 10}, "parameters": given}, *more]
    if discharge is not None:
        events.append(
            {
                "event_id": "out",
                "event_type": "discharge",
                "depends_on": "in",
                "delay": {"days": 4},
                "parameters": discharge,
            }
        )
    return {"journey_id": "stay", "duration_days": 200, "events": events}


def visit(kind: str) -> dict[str, Any]:
    parameters = {"class": kind, "reason_code": "R07.9"}
    return {
        "journey_id": "visit",
        "duration_days": 60,
        "events": [{"event_id": "v", "event_type": "encounter", "parameters": parameters}],
    }


def made(journey: dict[str, Any], **more: Any) -> Result:
    return generate(profile=PEOPLE, journey=journey, **{"products": ["membersim", "patientsim"], **more})


def claims(result: Result) -> list[dict[str, Any]]:
    return result.tables["membersim.claim"].to_pylist()


@pytest.mark.parametrize("kind", [None, "IMP", "ACUTE"])
@pytest.mark.parametrize("reason", ["I63.9", "M17.11", "O80"])
def test_a_stay_without_a_drg_is_refused_and_never_guessed(kind: str | None, reason: str) -> None:
    with pytest.raises(
        HealthSimError, match=r"events\[1\].parameters.drg: the stay has no DRG.*\n.*leave membersim out"
    ):
        made(stay({"reason_code": reason}, kind))


def test_a_drg_that_only_some_have_is_refused() -> None:
    journey = stay({"drg": "${outcome.group}"})
    journey["events"][0]["outcomes"] = {
        "group": {"type": "conditional", "rules": [{"if": "sex == 'F'", "then": "065"}]}
    }
    with pytest.raises(HealthSimError, match="has no DRG for everybody"):
        made(journey)


@pytest.mark.parametrize("drg", ["999", "1", "stroke"])
def test_an_unknown_drg_is_refused_with_its_path(drg: str) -> None:
    with pytest.raises(HealthSimError, match=rf'events\[1\].parameters.drg: "{drg}" is no'):
        made(stay({"drg": drg}))


def test_without_membersim_a_stay_needs_no_drg() -> None:
    result = made(stay({"reason_code": "I63.9"}), products=["patientsim"])
    assert {row["drg"] for row in result.tables["patientsim.encounter"].to_pylist()} == {None}


def test_a_drg_may_be_drawn_from_several_of_the_list() -> None:
    journey = stay({"drg": "${outcome.group}"})
    journey["events"][0]["outcomes"] = {"group": {"type": "explicit", "values": ["064", "065"]}}
    assert {claim["drg"] for claim in claims(made(journey, count=30))} == {"064", "065"}


def test_what_the_discharge_does_not_say_the_admission_has_said() -> None:
    told = {
        (claim["principal_diagnosis"], claim["admitting_diagnosis"]) for claim in claims(made(stay({"drg": "065"})))
    }
    assert told == {("I63.9", "I63.9")}


def test_admitting_and_principal_diagnosis_are_those_of_the_chart() -> None:
    result = made(stay({"drg": "282", "reason_code": "I21.4"}, reason_code="R07.9"))
    chart = {
        row["encounter_id"]: (row["reason_code"], row["admitting_code"])
        for row in result.tables["patientsim.encounter"].to_pylist()
    }
    billed = {
        claim["encounter_id"]: (claim["principal_diagnosis"], claim["admitting_diagnosis"]) for claim in claims(result)
    }
    assert billed == chart
    assert set(billed.values()) == {("I21.4", "R07.9")}


@pytest.mark.parametrize("kind", ["SNF", "NONAC", "SS", "OBSENC"])
def test_a_stay_of_another_class_has_no_claim_and_the_run_says_so(kind: str) -> None:
    result = made(stay({"reason_code": "S72.001D"}, kind))
    assert claims(result) == []
    assert [note for note in result.notes if f"class {kind} have no claim" in note and note.endswith("6")]


@pytest.mark.parametrize("kind", ["OBSENC", "FLD", "PRENC", "SS", "SNF"])
def test_a_visit_of_another_class_is_no_office_visit(kind: str) -> None:
    result = made(visit(kind))
    assert claims(result) == []
    assert result.validation.passed


@pytest.mark.parametrize(("kind", "place"), [("AMB", "11"), ("EMER", "23"), ("VR", "10"), ("HH", "12")])
def test_the_classes_of_visits_that_are_billed_have_their_place(kind: str, place: str) -> None:
    assert {claim["place_of_service"] for claim in claims(made(visit(kind)))} == {place}


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize(
    ("journey", "kind"), [(visit("OBSENC"), "OBSENC"), (stay({}, "SNF"), "SNF"), (visit("FLD"), "FLD")]
)
def test_a_format_of_claims_refuses_such_a_class_by_name(name: str, journey: dict[str, Any], kind: str) -> None:
    with pytest.raises(
        HealthSimError,
        match=rf'events\[0\].parameters.class: {name} cannot say the class "{kind}".*\n.*Leave {name} out',
    ):
        made(journey, output_formats=[name])


DIES = {"event_id": "dies", "event_type": "death", "depends_on": "in", "delay": {"days": 2}}


def test_a_stay_that_a_death_ends_is_billed_by_the_drg_of_its_planned_discharge() -> None:
    result = made(stay({"drg": "064", "discharge_disposition": "01"}, None, DIES))
    died = {row["person_id"]: row["time"] for row in result.timeline.to_pylist() if row["node"] == "dies"}
    assert len(died) == 6
    for claim in claims(result):
        assert (claim["drg"], claim["discharge_status"], claim["discharge_time"]) == (
            "064",
            "20",
            died[claim["person_id"]],
        )
        assert claim["received_date"] > claim["service_to"]
    assert {claim["person_id"] for claim in claims(result)} == set(died)


def test_a_death_ends_the_stay_without_patientsim_as_well() -> None:
    both, alone = (
        made(stay({"drg": "064"}, None, DIES), products=names) for names in (["membersim", "patientsim"], ["membersim"])
    )
    assert claims(alone) == claims(both) != []


def test_a_stay_without_a_planned_discharge_ends_with_death_and_has_no_claim() -> None:
    result = made(stay(None, None, DIES))
    assert claims(result) == []
    assert {row["discharge_disposition"] for row in result.tables["patientsim.encounter"].to_pylist()} == {"20"}
    assert any("had no discharge planned" in note and note.endswith("6") for note in result.notes)


def test_a_visit_is_billed_though_the_person_dies_before_the_bill_is_sent() -> None:
    dies = {"event_id": "dies", "event_type": "death", "depends_on": "v", "delay": {"minutes": 30}}
    seen = visit("EMER")
    result = made({**seen, "events": [*seen["events"], dies]})
    died = {row["person_id"]: row["death_date"] for row in result.entities.to_pylist()}
    assert {claim["person_id"]: claim["service_from"] for claim in claims(result)} == died
    assert result.validation.passed


@pytest.mark.parametrize(
    ("term", "nights", "owed"), [({"days": 3}, 2, 200), ({"days": 3}, 5, 300), ({"days": 3}, 0, 100), ({}, 5, 100)]
)
def test_a_copay_is_due_on_so_many_days_of_a_stay_else_once(term: dict[str, int], nights: int, owed: int) -> None:
    inpatient = {"copay": 100, **term}
    design = {"coverage_type": "Commercial", "kind": "commercial", "insurance_line": "PPO",
              "filing": {"P": "12", "I": "12", "R": "12"},
              "in": {"services": {"inpatient": inpatient}}}  # fmt: skip
    journey = stay({"reason_code": "I63.9", "drg": "065"})
    journey["events"][-1]["delay"] = {"days": nights}
    profile = {
        **PEOPLE,
        "coverage": {"type": "Commercial", "plan": "Own"},
        "products": {"membersim": {"plans": {"Own": design}}},
    }

    found = claims(generate(profile=profile, journey=journey, products=["membersim"]))

    assert {row["copay"] for row in found if row["status"] == "paid"} == {owed}
