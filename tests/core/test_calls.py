"""Python calls: every wrong argument is one of our errors,
and the KeyError or TypeError that Python would raise there."""

from __future__ import annotations

import copy
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from membersim.generation import MEMBER_PROFILE_TEMPLATES, create_member_profile
from networksim.generation import create_network_profile
from patientsim.generation import PATIENT_PROFILE_TEMPLATES, create_patient_profile
from populationsim.generation import create_population_profile
from rxmembersim.generation import create_rx_member_profile
from trialsim.generation import create_subject_profile

import healthsim.state
from healthsim import generate
from healthsim.generation import (
    JourneyEngine,
    JourneySpecification,
    ProfileExecutor,
    ProfileJourneyOrchestrator,
    ProfileSpecification,
    ReferenceProfileResolver,
    ScenarioSpecification,
    create_hybrid_profile,
)
from healthsim.state import load_cohort, persist, save_profile
from healthsim_core import checked_call
from healthsim_core.errors import ArgumentError, HealthSimError, SpecificationError, StateError, UnknownNameError

ADULTS = {"id": "adults", "demographics": {"age": 50}}
PLACE = {"type": "county", "fips": "48201"}


@pytest.fixture
def result(elsewhere):
    return generate(ADULTS, count=1, products=["patientsim"])


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.setenv("HEALTHSIM_DATABASE", str(tmp_path / "healthsim.duckdb"))


NO_SUCH_ARGUMENT: list[tuple[Callable[..., Any], str, str]] = [
    (generate, "jurney", "journey"),
    (generate, "output_format", "output_formats"),
    (ProfileExecutor, "cout", "count"),
    (ProfileJourneyOrchestrator, "product", "products"),
    (JourneyEngine, "catalogue", "catalog"),
    (save_profile, "databse", "database"),
    (create_hybrid_profile, "demographic", "demographics"),
    (create_patient_profile, "sverity", "severity"),
    (create_member_profile, "coverge_type", "coverage_type"),
    (create_rx_member_profile, "covrage", "coverage"),
    (create_subject_profile, "study", "study_id"),
    (create_population_profile, "clincal", "clinical"),
    (create_network_profile, "countys", "counties"),
]


@pytest.mark.parametrize(("function", "misspelt", "meant"), NO_SUCH_ARGUMENT)
def test_a_misspelt_keyword_is_a_type_error_that_names_the_nearest(function, misspelt, meant):
    with pytest.raises(TypeError, match=f'no argument "{misspelt}"') as refused:
        function(ADULTS, **{misspelt: 3})
    assert isinstance(refused.value, HealthSimError) and f'"{meant}"' in str(refused.value)


WRONG: list[Callable[[], Any]] = [
    lambda: generate(ADULTS, workers="two"),
    lambda: generate(ADULTS, workers=1.5),
    lambda: generate(ADULTS, chunk_size="many"),
    lambda: generate(ADULTS, executor=7),
    lambda: generate(ADULTS, progress="loud"),
    lambda: generate(ADULTS, database=["a"]),
    lambda: generate(ADULTS, persist="yes"),
    lambda: generate(ADULTS, cohort=12),
    lambda: generate(17),
    lambda: generate(ADULTS, 17),
    lambda: generate(scenario=17),
    lambda: ReferenceProfileResolver().resolve("48201"),
    lambda: ReferenceProfileResolver().resolve(PLACE, source=3),
    lambda: ReferenceProfileResolver("populationsim"),
    lambda: create_hybrid_profile("48201"),
    lambda: create_hybrid_profile(),
    lambda: create_hybrid_profile(PLACE, "age"),
    lambda: create_patient_profile("E11"),
    lambda: create_patient_profile(11),
    lambda: create_patient_profile(["E11"], demographics="old"),
    lambda: create_member_profile(["Medicare"]),
    lambda: create_rx_member_profile("E78"),
    lambda: create_network_profile(48201),
    lambda: create_population_profile(6073),
    lambda: create_subject_profile(sites_per_county="two"),
    lambda: ProfileExecutor(),
    lambda: ProfileExecutor(ADULTS).execute(1, 2),
    lambda: JourneyEngine("diabetic-first-year").execute(),
    lambda: save_profile(3, ADULTS),
    lambda: save_profile("p"),
    lambda: persist(3),
    lambda: load_cohort(3),
    lambda: generate(),
    lambda: generate(ADULTS, scenario={"scenario": "s", "profile": ADULTS}),
    lambda: ProfileSpecification(ADULTS),
]


@pytest.mark.parametrize("call", WRONG, ids=range(len(WRONG)))
def test_an_argument_of_another_kind_is_a_type_error_of_ours(call, elsewhere):
    with pytest.raises(ArgumentError) as refused:
        call()
    assert isinstance(refused.value, TypeError) and refused.value.remedy


PUBLIC = [generate, ReferenceProfileResolver().resolve, create_hybrid_profile, ProfileExecutor,
          ProfileJourneyOrchestrator,
          create_patient_profile, create_member_profile, create_rx_member_profile, create_subject_profile,
          create_network_profile,
          create_population_profile, ProfileSpecification.model_validate, JourneySpecification.model_validate,
          ProfileSpecification.model_validate_json, lambda thing: JourneyEngine(thing).execute(ADULTS),
          *(getattr(healthsim.state, name) for name in healthsim.state.__all__ if name[0].islower())]  # fmt: skip


@pytest.mark.parametrize(
    "thing", [3, -1.5, b"x", [], ["a", 3], {"a": 1}, {3: 4}, "no such thing", "", object(), ProfileSpecification]
)
@pytest.mark.parametrize("function", PUBLIC, ids=lambda function: getattr(function, "__qualname__", ""))
def test_whatever_is_given_first_nothing_but_our_errors_comes_out(function, thing, elsewhere):
    with suppress(HealthSimError):  # any other error fails the test
        function(copy.copy(thing))


@pytest.mark.parametrize(("made", "path"), [
    (lambda: ProfileSpecification(idd="adults"), "idd"),
    (lambda: ProfileSpecification(demographics={"age": -4}), "demographics.age"),
    (lambda: JourneySpecification(journey_id="j", duration_days=3), "events"),
    (lambda: ScenarioSpecification(profile=ADULTS), "scenario"),
])  # fmt: skip
def test_a_specification_made_by_its_fields_tells_mistakes_as_one_that_is_read(made, path):
    with pytest.raises(SpecificationError) as refused:
        made()
    assert path in {mistake.where for mistake in refused.value.mistakes}


def test_whole_numbers_and_dates_of_numpy_are_whole_numbers_and_dates():
    plain = generate(ADULTS, count=2, seed=5, as_of="2025-06-01", products=[])
    counted = generate(ADULTS, count=np.int64(2), seed=np.int32(5), as_of=np.datetime64("2025-06-01"), products=[])
    assert counted.execution.spec_hash == plain.execution.spec_hash


@pytest.mark.parametrize(("formats", "said"), [(["x12_834"], 'Did you mean "x12_834"?'), (None, "It wrote none")])
def test_a_format_that_the_run_did_not_write_is_a_key_error_that_says_what_it_wrote(formats, said, tmp_path):
    out = tmp_path / "out" if formats else None
    outputs = generate(ADULTS, count=1, products=["membersim"], output_formats=formats, out=out).outputs
    with pytest.raises(KeyError, match=r'wrote no format "x12_843"') as refused:
        outputs["x12_843"]
    assert isinstance(refused.value, UnknownNameError) and said in str(refused.value) and outputs.get("x12_843") is None


NAMELESS = [
    lambda: generate(ADULTS, count=1, products=[], cohort=""),
    lambda: persist(generate(ADULTS, count=1, products=[]), " "),
]


@pytest.mark.parametrize("store", NAMELESS)
def test_a_cohort_without_a_name_is_refused(store, elsewhere):
    with pytest.raises(StateError, match="cannot be a cohort's name"):
        store()


@pytest.mark.parametrize("name", ["membersim.clam", "claim", "MEMBERSIM.CLAIM", "membersim-claim"])
def test_a_table_that_is_not_there_is_a_key_error_with_the_nearest(name):
    members = generate(ADULTS, count=1, products=["membersim"])
    with pytest.raises(KeyError, match=r'Did you mean "membersim\.claim"') as refused:
        members.tables[name]
    assert isinstance(refused.value, UnknownNameError)


@pytest.mark.parametrize("where", ["memory", "files", "database"])
def test_get_and_in_go_on_working_wherever_tables_are(where, result, tmp_path):
    stored = {"memory": lambda: result.tables,
              "files": lambda: generate(ADULTS, count=1, products=[], out=tmp_path / "out").tables,
              "database": lambda: load_cohort(persist(result))}[where]()  # fmt: skip
    assert stored.get("core.persn") is None and "core.persn" not in stored and "core.person" in stored
    with pytest.raises(UnknownNameError, match=r"core\.person"):
        stored["core.persn"]


@pytest.mark.parametrize("name", ["medicare_diabetic", "Medicare-Diabetic", "medicare-diabetic"])
def test_templates_are_found_with_minus_and_underscore_alike(name):
    assert MEMBER_PROFILE_TEMPLATES[name].id == "medicare-diabetic" and name in MEMBER_PROFILE_TEMPLATES


def test_an_unknown_template_is_a_key_error_and_get_gives_none():
    assert PATIENT_PROFILE_TEMPLATES.get("diabetic-snior") is None
    with pytest.raises(KeyError, match='Did you mean "diabetic-senior"'):
        PATIENT_PROFILE_TEMPLATES["diabetic-snior"]


def test_several_wrong_arguments_are_told_at_once():
    with pytest.raises(TypeError, match=r"(?s)cohort: .*workers: "):
        generate(ADULTS, workers="two", cohort=3)


def test_pydantic_does_not_show_through_model_validate():
    with pytest.raises(SpecificationError, match='Did you mean "demographics"'):
        ProfileSpecification.model_validate({"demografics": {}})


def test_the_message_of_an_unknown_name_is_no_quoted_text():
    assert str(UnknownNameError("no tree.", "wood", "Plant one.")) == "wood: no tree.\n  Plant one."


def test_a_checked_function_takes_what_its_hints_say():
    @checked_call()
    def plant(trees: list[str], deep: int | None = None) -> int:
        return len(trees)

    assert (plant(["oak"]), plant(("oak", "elm"), deep=2)) == (1, 2)


def test_a_template_s_name_is_no_file_to_save(elsewhere):
    with pytest.raises(UnknownNameError, match="it is a template") as refused:
        save_profile("p", "medicare-diabetic")
    assert isinstance(refused.value, KeyError)
