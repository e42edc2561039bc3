"""Stays and their bills: the DRG is stated and known, classes without a price have no claim, a death ends the stay."""

from pathlib import Path
from typing import Any

import pytest
import simple_icd_10_cm as icd
from membersim import billable
from membersim.registries import DrgWeights, bundled_weights

from healthsim_core import HealthSimError, Result, generate
from healthsim_core.verification.verify import verify_folder

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


@pytest.mark.parametrize("said", ["999", {"type": "explicit", "values": ["065", "999"]}])
def test_an_unknown_drg_that_an_attribute_gives_is_told_once(said: Any) -> None:
    profile = {**PEOPLE, "attributes": {"group": said}}
    with pytest.raises(HealthSimError) as refused:
        generate(profile=profile, journey=stay({"drg": "${entity.group}"}), products=["membersim", "patientsim"])
    assert str(refused.value).count("999") == 1


def test_a_drg_that_the_runs_own_weights_lack_is_refused_before_anybody_is_made(monkeypatch: Any) -> None:
    own = DrgWeights.of([row for row in bundled_weights().to_pylist() if row["drg"] != "065"])
    monkeypatch.setattr(billable, "weights_of", lambda run: own)
    with pytest.raises(HealthSimError, match=r'events\[1\].parameters.drg: the MS-DRG "065" has no weight'):
        made(stay({"drg": "065"}))


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


def found(name: str, code: str, after: dict[str, int], on: str = "in") -> dict[str, Any]:
    return {"event_id": name, "event_type": "diagnosis", "depends_on": on, "delay": after, "parameters": {"code": code}}


def coded(journey: dict[str, Any], profile: dict[str, Any] = PEOPLE) -> set[tuple[tuple[int, str, str | None], ...]]:
    """The diagnoses of each stay's claim, the admitting one left out, and whether they were present on admission."""
    result = generate(profile=profile, journey=journey, products=["membersim", "patientsim"])
    stays = {row["claim_id"]: [] for row in claims(result) if row["type"] == "I"}
    for row in result.tables["membersim.claim_diagnosis"].to_pylist():
        if row["claim_id"] in stays and row["sequence"]:
            stays[row["claim_id"]].append((row["sequence"], row["code"], row["present_on_admission"]))
    return {tuple(codes) for codes in stays.values()}


def test_what_is_found_during_a_stay_is_among_its_bills_diagnoses_and_not_present_if_found_later() -> None:
    first, later = found("first", "I48.91", {"minutes": 30}), found("later", "J69.0", {"days": 2})
    assert coded(stay({"drg": "065"}, None, first, later)) == {
        ((1, "I63.9", "Y"), (2, "I48.91", "Y"), (3, "J69.0", "N"))
    }


def test_what_the_bill_says_already_or_is_found_twice_is_told_once() -> None:
    again = [found(f"f{n}", code, {"hours": 26 + n}) for n, code in enumerate(["I63.9", "I10", "J69.0", "J69.0"])]
    journey = stay({"drg": "065", "secondary_code": "I10"}, None, *again)
    assert coded(journey) == {((1, "I63.9", "Y"), (2, "I10", "Y"), (3, "J69.0", "N"))}


def test_what_is_found_after_discharge_or_before_admission_is_not_the_stays() -> None:
    before = {**found("before", "J45.909", {"days": 1}), "depends_on": None}
    after = found("after", "K52.9", {"days": 5})
    journey = stay({"drg": "065"}, None, {name: value for name, value in before.items() if value}, after)
    assert coded(journey) == {((1, "I63.9", "Y"),)}


def test_what_was_known_before_the_stay_was_present_on_admission() -> None:
    known = {"event_id": "known", "event_type": "diagnosis", "delay": {"days": 1}, "parameters": {"code": "I48.91"}}
    brought = {**PEOPLE, "clinical": {"conditions": [{"code": "N18.4"}]}}
    journey = stay({"drg": "065"}, None, known, found("a", "I48.91", {"days": 2}), found("b", "N18.4", {"days": 3}))
    assert coded(journey, brought) == {((1, "I63.9", "Y"), (2, "I48.91", "Y"), (3, "N18.4", "Y"))}


MANY = [code for code in icd.get_descendants("K20-K31") if icd.is_leaf(code)]


def test_a_bill_holds_24_other_diagnoses_and_its_file_says_them_in_two_segments(tmp_path: Path) -> None:
    many = [found(f"f{n}", code, {"minutes": 30 + n}) for n, code in enumerate(MANY[:30])]
    made(stay({"drg": "065"}, None, *many), output_formats=["x12_837"], out=tmp_path / "out")
    lines = (tmp_path / "out" / "x12_837" / "837i.edi").read_text(encoding="utf-8").splitlines()
    assert [line.count("ABF:") for line in lines if line.startswith("HI*ABF")] == [12, 12] * 6
    assert [str(each) for each in verify_folder(tmp_path / "out", formats=["x12_837"]).findings if each.wrong] == []


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
    ("term", "nights", "owed"),
    [
        ({"per": "day", "days": 3}, 2, 200),
        ({"per": "day", "days": 3}, 5, 300),
        ({"per": "day", "days": 3}, 0, 100),
        ({}, 5, 100),
    ],
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
        "coverage": {"type": "Commercial", "plan": "Own", "plans": {"Own": design}},
    }

    found = claims(generate(profile=profile, journey=journey, products=["membersim"]))

    assert {row["copay"] for row in found if row["status"] == "paid"} == {owed}
