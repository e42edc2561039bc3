"""A skill's lookup takes what its context is known to hold, or the plan is refused;
rows that it does not know are null."""

from __future__ import annotations

import clinic
import pytest

from healthsim_core.errors import SkillError, SpecificationError
from healthsim_core.expressions.kinds import ANYTHING, NUMBER, TEXT
from healthsim_core.skills.document import read_skill
from healthsim_core.skills.use import check_lookup

SKILL = """+++
skill = "doses"
version = "1.0"
unsaid = {look = "well"}
+++

## by_age

| by age | score |
|---|---|
| 18-64 | 10 |
| 65+ | 5 |

## by_sex

| by sex | reason |
|---|---|
| F | for her |

## by_word

| by word | reason |
|---|---|
| low | for low |
| high | for high |
| mild | for mild |
| severe | for severe |

## by_look

| by look | reason |
|---|---|
| well | for well |
| ill | for ill |
"""


@pytest.fixture
def ran(tmp_path):
    path = tmp_path / "doses.md"
    path.write_text(SKILL, encoding="utf-8")

    def run(lookup: str, attributes: dict | None = None, clinical: dict | None = None, **context: str):
        used = {"skill_ref": {"skill": "doses", "lookup": lookup, "context": context}}
        event = clinic.event("visit", "clinic_visit", parameters=used)
        catalog = clinic.catalog(healthsim_skill_resolvers=[read_skill(path)])
        profile = clinic.adults(attributes=attributes or {}, clinical=clinical or {})
        return clinic.ProfileJourneyOrchestrator(profile, clinic.journey(event), count=50, catalog=catalog).execute()

    return run


def test_a_text_that_no_row_has_is_refused_when_the_plan_is_compiled(ran) -> None:
    with pytest.raises(SkillError) as refused:
        ran("by_sex", sex="${entity.sex}")
    said = (
        'journey.events[0].parameters.skill_ref: "doses": the lookup "by_sex" has no row for sex \'M\'.\n  Add '
        "one, or a row of `*`."
    )
    assert str(refused.value) == said


@pytest.mark.parametrize(
    ("lookup", "context", "said"),
    [
        ("by_word", {"word": "${entity.age}"}, "could not convert string to float: 'low'"),
        ("by_age", {"age": "${entity.birth_date}"}, "cannot take its context"),
        ("by_age", {"age": "${entity.city}"}, 'takes a number for "age", not a text.\n  Refer to a number.'),
    ],
)
def test_a_column_of_another_kind_is_refused_when_the_plan_is_compiled(
    ran, lookup: str, context: dict, said: str
) -> None:
    with pytest.raises(SkillError) as refused:
        ran(lookup, **context)
    assert str(refused.value).startswith("journey.events[0].parameters.skill_ref: ") and said in str(refused.value)


def test_a_number_that_no_row_has_gives_null(ran) -> None:
    found = ran("by_age", {"years": {"type": "explicit", "values": [3, 30]}}, age="${entity.years}")
    years = dict(zip(found.entities["person_id"].to_pylist(), found.entities["years"].to_pylist(), strict=True))
    scores = {(years[visit["person_id"]], visit["score"]) for visit in found.tables["clinic.visit"].to_pylist()}
    assert scores == {(3, None), (30, 10)}


def test_a_null_gives_null_and_the_others_what_their_rows_say(ran) -> None:
    severity = {"type": "explicit", "values": ["mild", "severe"]}
    clinical = {"primary_condition": {"code": "E11", "prevalence": 0.5, "severity": severity}}
    found = ran("by_word", clinical=clinical, word="${entity.severity}")
    severities = dict(zip(found.entities["person_id"].to_pylist(), found.entities["severity"].to_pylist(), strict=True))
    reasons = {(severities[visit["person_id"]], visit["reason"]) for visit in found.tables["clinic.visit"].to_pylist()}
    assert reasons == {(None, None), ("mild", "for mild"), ("severe", "for severe")}


@pytest.mark.parametrize(
    ("lookup", "context", "said"),
    [
        ("by_wrod", {"word": "low"}, 'has no lookup "by_wrod"'),
        ("by_word", {"wrod": "low"}, 'needs "word"'),
        ("by_word", {"word": "${entity.nosuch}"}, 'reads "nosuch", which nobody has'),
        ("by_word", {"word": "${parameters.nosuch}"}, 'reads "parameters.nosuch", which nobody has'),
        ("by_sex", {"sex": "X"}, "has no row for sex 'X'"),
    ],
)
def test_what_a_reference_names_that_is_not_there_is_refused(ran, lookup: str, context: dict, said: str) -> None:
    with pytest.raises(SpecificationError, match=said):
        ran(lookup, **context)


TWO = """+++
skill = "two"
version = "1"
+++

## pair

| by first | by second | gives |
|---|---|---|
| a | * | b |
"""


def test_a_column_of_which_nothing_is_known_does_not_hide_what_is_wrong_with_another(tmp_path) -> None:
    path = tmp_path / "two.md"
    path.write_text(TWO, encoding="utf-8")
    skill = read_skill(path)
    check_lookup(skill, "pair", {"first": TEXT, "second": ANYTHING}, "here")
    with pytest.raises(SkillError, match=r"^here: .*could not convert string to float: 'a'"):
        check_lookup(skill, "pair", {"first": NUMBER, "second": ANYTHING}, "here")


@pytest.mark.parametrize(("context", "expected"), [({}, "for well"), ({"look": "ill"}, "for ill")])
def test_what_a_context_leaves_out_is_what_the_skill_says_of_it(ran, context: dict[str, str], expected: str) -> None:
    assert set(ran("by_look", **context).tables["clinic.visit"]["reason"].to_pylist()) == {expected}
