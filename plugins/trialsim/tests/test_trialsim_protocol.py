"""A trial's protocol is the one that its journey names; whoever is dosed meets its criteria,
or the run's validation fails."""

import copy
import json
from pathlib import Path

import pytest
import trialsim

from healthsim_core import SpecificationError, generate
from healthsim_core.verification.verify import verify_folder

JOURNEYS = Path(trialsim.__file__).parent / "journeys"
PEOPLE = {
    "trial_participation": "trial-diabetes-adults",
    "trial_vaccine": "trial-healthy-volunteers",
    "trial_oncology": "trial-breast-cancer-adults",
}
ADULTS = {"id": "adults", "demographics": {"age": {"type": "uniform", "min": 20, "max": 90}}}
STUDIES = {"trial_participation": "HS-T2D-301", "trial_vaccine": "HS-VAX-201", "trial_oncology": "HS-ONC-202"}


def journey(name, **changes):
    return {**json.loads((JOURNEYS / f"{name}.json").read_text(encoding="utf-8")), **changes}


def naming(protocol, name="mine"):
    """A journey that doses everybody who is screened, in a protocol."""
    events = [
        {"event_id": "in", "event_type": "screening", "delay": {"days": 3}},
        {"event_id": "dose", "event_type": "randomization", "depends_on": "in", "delay": {"days": 7}},
        {"event_id": "back", "event_type": "scheduled_visit", "depends_on": "dose", "delay": {"days": 28}},
    ]
    return {
        "journey_id": name,
        "duration_days": 90,
        "parameters": {"protocol": protocol} if protocol else {},
        "events": events,
    }


def studies(result):
    return set(result.tables["trialsim.study"]["study_id"].to_pylist()) | set(
        result.tables["trialsim.subject"]["study_id"].to_pylist()
    )


@pytest.mark.parametrize("name", STUDIES)
def test_a_journey_under_another_name_is_still_of_the_protocol_that_it_names(name):
    result = trialsim.generate(PEOPLE[name], journey(name, journey_id="a-copy-of-mine"), count=30, persist=False)

    assert result.tables["trialsim.subject"].num_rows > 10
    assert studies(result) == {STUDIES[name]}


def test_a_name_that_a_shipped_journey_has_means_nothing():
    result = trialsim.generate(ADULTS, naming("hs-vax-201", "trial_participation"), count=20, persist=False)

    assert studies(result) == {"HS-VAX-201"}


@pytest.mark.parametrize("given", ["inline", "template"])
def test_a_scenario_runs_the_protocol_that_its_journey_names(given):
    each = {"inline": {"inline": naming("HS_VAX_201")}, "template": {"template": "trial_vaccine"}}[given]
    result = generate(
        scenario={"scenario": "A trial", "profile": ADULTS, "count": 20, "journeys": [each]}, persist=False
    )

    assert studies(result) == {"HS-VAX-201"}


def test_another_journey_with_a_protocol_of_its_own_is_no_trial():
    visit = {"event_id": "cycle", "event_type": "milestone", "delay": {"days": 5}}
    therapy = {"journey_id": "therapy", "duration_days": 30, "parameters": {"protocol": "FOLFOX"}, "events": [visit]}
    result = trialsim.generate(ADULTS, [therapy, naming("hs-vax-201")], count=10, persist=False)

    assert studies(result) == {"HS-VAX-201"}


@pytest.mark.parametrize("wrong", ["hs-vax-210", "hs_onc_200", "diabetes", 301])
def test_an_unknown_protocol_is_an_error_at_its_place(wrong):
    with pytest.raises(SpecificationError) as caught:
        trialsim.generate(ADULTS, naming(wrong), count=5, persist=False)

    assert "parameters.protocol" in str(caught.value)
    assert f'"{wrong}"' in str(caught.value)
    assert "hs-" in caught.value.remedy


def test_two_protocols_in_one_run_are_refused_by_name():
    with pytest.raises(SpecificationError, match=r'"one" names hs-vax-201.*"other" names hs-t2d-301'):
        trialsim.generate(ADULTS, [naming("hs-vax-201", "one"), naming("hs-t2d-301", "other")], count=5, persist=False)


def test_settings_that_contradict_the_journey_are_refused():
    people = {**ADULTS, "products": {"trialsim": {"protocol": "hs-t2d-301"}}}

    with pytest.raises(SpecificationError, match=r"hs-t2d-301.*hs-vax-201"):
        trialsim.generate(people, naming("hs-vax-201"), count=5, persist=False)


def test_settings_name_the_protocol_of_a_journey_that_names_none():
    people = {**ADULTS, "products": {"trialsim": {"protocol": "hs-vax-201"}}}
    result = trialsim.generate(people, naming(None), count=10, persist=False)

    assert studies(result) == {"HS-VAX-201"}
    assert not [note for note in result.notes if "protocol" in note]


def test_a_run_says_that_nothing_names_its_protocol():
    result = trialsim.generate(ADULTS, naming(None), count=10, persist=False)

    (note,) = (note for note in result.notes if "names no protocol" in note)
    assert "hs-t2d-301" in note
    assert note.endswith(": 10")


@pytest.mark.parametrize("name", STUDIES)
def test_nobody_is_dosed_in_a_shipped_trial_who_does_not_qualify(name):
    result = trialsim.generate(PEOPLE[name], name, count=600, persist=False)
    asked = [
        check
        for check in result.validation.checks
        if check.where == "trialsim.exposure" and "is dosed meets" in check.what
    ]

    assert result.validation.passed
    assert len(asked) == result.tables["trialsim.criterion"].num_rows
    assert all(check.rows > 100 for check in asked)


def test_dosing_whoever_comes_fails_validation_with_the_number_of_subjects():
    people = {**ADULTS, "clinical": {"conditions": [{"code": "E11", "prevalence": 0.5}]}}
    result = trialsim.generate(people, naming("hs-t2d-301"), count=200, persist=False)
    has = sum("E11" in (codes or "") for codes in result.entities["conditions"].to_pylist())
    (diabetes,) = (check for check in result.validation.failures if "INCL02" in check.what)

    assert (diabetes.observed, diabetes.rows) == (200 - has, 200)
    assert f"{200 - has:,} of 200" in str(diabetes)
    assert [check.what.split()[6] for check in sorted(result.validation.failures, key=lambda check: check.what)] == [
        "INCL01",
        "INCL02",
    ]


def test_meeting_a_criterion_of_exclusion_fails_too():
    people = {**ADULTS, "demographics": {"age": 40}, "clinical": {"primary_condition": "E11"}}
    kidneys = copy.deepcopy(naming("hs-t2d-301"))
    kidneys["events"][0]["parameters"] = {"egfr": 30, "a1c": 8, "bmi": 30}
    result = trialsim.generate(people, kidneys, count=20, persist=False)

    (check,) = result.validation.failures
    assert "EXCL02" in check.what
    assert check.observed == 20


@pytest.mark.parametrize("products", [["trialsim"], None], ids=["alone", "all"])
def test_a_study_without_subjects_is_not_written_and_the_run_says_so(products, tmp_path):
    visit = {
        "event_id": "visit",
        "event_type": "encounter",
        "delay": {"days": 5},
        "parameters": {"class": "AMB", "reason_code": "I10"},
    }
    checkup = {"journey_id": "checkup", "duration_days": 30, "events": [visit]}
    told = {"products": products, "output_formats": ["sdtm_datasets"], "out": tmp_path / "out", "persist": False}
    result = generate(ADULTS, checkup, count=5, **told)

    assert not result.outputs.get("sdtm_datasets")
    assert not list((tmp_path / "out").rglob("*.xpt"))
    assert [note for note in result.notes if note.startswith("sdtm_datasets: no file")]
    assert verify_folder(tmp_path / "out").passed


def test_a_study_of_screen_failures_alone_is_written(tmp_path):
    screened = naming("hs-t2d-301")
    screened["events"] = screened["events"][:1]
    result = trialsim.generate(
        ADULTS, screened, count=5, output_formats=["sdtm_datasets"], out=tmp_path / "out", persist=False
    )

    assert {"ta.xpt", "dm.xpt", "define.xml"} <= {Path(path).name for path in result.outputs["sdtm_datasets"]}
    assert verify_folder(tmp_path / "out").passed


@pytest.mark.parametrize(
    "term", ["Head\nache", "Headache ", " Headache", "\x85Headache\u2028", " ", "Kopfschmerz, drückend"]
)
def test_a_term_of_any_characters_agrees_with_its_dataset(term, tmp_path):
    ill = {"event_id": "ill", "event_type": "adverse_event", "delay": {"days": 5}, "parameters": {"term": term}}
    study = naming("hs-t2d-301")
    study["events"] = [*study["events"], ill]
    trialsim.generate(ADULTS, study, count=5, output_formats=["sdtm_datasets"], out=tmp_path / "out", persist=False)

    verified = verify_folder(tmp_path / "out")
    assert [str(finding) for finding in verified.findings if finding.wrong] == []
    assert any(finding.where == "sdtm_datasets AE" and finding.rows for finding in verified.findings)
