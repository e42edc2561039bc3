"""Measures of the body: levels that follow one another, what moves them, and how far off measuring is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs
import clinic
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from healthsim_core import Columns, SkillResolver, StateChange, Text
from healthsim_core.catalog import offering
from healthsim_core.errors import SpecificationError
from healthsim_core.patterns.timing import DAY
from healthsim_core.person_state.declared import Declared
from healthsim_core.person_state.intervals import Intervals, intervals_of
from healthsim_core.person_state.keys import packed

PEOPLE = 20_000
SUGAR = {
    "description": "Sugar", "unit": "%", "level": {"type": "normal", "mean": 8, "sd": 1}, "bounds": [3, 18],
    "moved_by": [{"treatment": "pill", "size": -2, "days": 40, "source": "here"}], "source": "here", "decimals": 6,
}  # fmt: skip


def sugar(**changes: Any) -> dict[str, Any]:
    return {**SUGAR, **changes}


def skill(name: str = "bodies", **state: Any) -> SkillResolver:
    return SkillResolver(name, "1.0", lambda lookup, context, draw: context, {}, state=state)


def declared(*skills: SkillResolver) -> Declared:
    pills = StateChange("clinic_visit", "treatment", lambda parameters: {"name": None}, names=("pill",))
    ill = StateChange("clinic_bill", "circumstance", lambda parameters: {"name": None}, names=("ill",))
    handlers = [*clinic.hooks().healthsim_event_handlers(), pills, ill]
    catalog = clinic.catalog(healthsim_skill_resolvers=list(skills), healthsim_event_handlers=handlers)
    with offering(catalog):
        return Declared.of(catalog)


@attrs.define
class Bodies:
    """People who have had something for some days."""

    held: Mapping[tuple[str, str], Intervals]
    people: Mapping[str, Any]
    seed: int = 5

    @property
    def person_id(self) -> Any:
        return np.asarray(self.people["person_id"])

    @property
    def start(self) -> Any:
        return np.zeros(len(self.person_id), np.int64)

    def intervals(self, kind: str, name: str) -> Intervals:
        return self.held.get((kind, name), taken([]))


def taken(*of_people: list[tuple[float, float]]) -> Intervals:
    """Times in days, by person."""
    records = [(row, *times) for row, several in enumerate(of_people) for times in several]
    records.sort()
    row, begin, end = (np.array([record[at] for record in records]) for at in range(3))
    keys = packed(row.astype(np.int64), np.rint(begin * DAY).astype(np.int64), 0)
    until, nothing = np.rint(end * DAY).astype(np.int64), np.zeros(len(records), bool)
    drugs, before = Text.constant(None, len(records)), begin < 0
    return intervals_of(keys, until, nothing, np.full(len(records), np.nan), drugs, before)


def people(count: int = PEOPLE, **columns: Any) -> Columns:
    return Columns({"person_id": np.arange(1, count + 1) * 16, "age": np.full(count, 50.0), **columns}, count)


def levels(laws: Declared, who: Columns) -> dict[str, Any]:
    return laws.measures.levels(who, np.asarray(who["person_id"]), 5, list(laws.measures.laws))


def true(laws: Declared, bodies: Bodies, day: float, row: int = 0, name: str = "sugar") -> float:
    of = levels(laws, bodies.people)
    return float(laws.measures.true(name, bodies, of, np.array([row]), np.array([round(day * DAY)]))[0])


def test_twelve_fills_of_thirty_days_are_one_of_360():
    laws, who = declared(skill(measures={"sugar": SUGAR})), people(1)
    one = Bodies({("treatment", "pill"): taken([(10, 370)])}, who)
    twelve = Bodies({("treatment", "pill"): taken([(10 + 30 * at, 40 + 30 * at) for at in range(12)])}, who)

    for day in (11, 100.3, 370, 371, 400):
        assert true(laws, one, day) == pytest.approx(true(laws, twelve, day), abs=1e-9)


def test_who_takes_every_other_month_has_about_half_of_the_effect():
    laws, who = declared(skill(measures={"sugar": SUGAR})), people(1)
    every = Bodies({("treatment", "pill"): taken([(0, 720)])}, who)
    other = Bodies({("treatment", "pill"): taken([(60 * at, 60 * at + 30) for at in range(12)])}, who)
    level = true(laws, Bodies({}, who), 1)

    effects = [np.mean([true(laws, bodies, day) - level for day in range(360, 720, 7)]) for bodies in (every, other)]
    assert 0.4 <= effects[1] / effects[0] <= 0.6


@pytest.mark.parametrize(
    ("day", "share"), [(40, 1 - np.exp(-1)), (400, 1 - np.exp(-10)), (440, (1 - np.exp(-10)) * np.exp(-1)), (900, 0)]
)
def test_an_effect_comes_and_goes_with_its_speed(day, share):
    laws, who = declared(skill(measures={"sugar": SUGAR})), people(1)
    took = Bodies({("treatment", "pill"): taken([(0, 400)])}, who)

    moved = true(laws, took, day) - true(laws, Bodies({}, who), day)

    assert moved == pytest.approx(-2 * share, abs=2e-5)


def test_a_dose_has_its_part_of_the_whole_effect():
    effect = {**SUGAR["moved_by"][0], "full_dose": {"metformin": 2_000}}
    laws, who = declared(skill(measures={"sugar": sugar(moved_by=[effect])})), people(1)
    half = attrs.evolve(taken([(0, 400)]), dose=np.array([1_000.0]), drug=Text.of(["metformin"]))

    moved = true(laws, Bodies({("treatment", "pill"): half}, who), 400) - true(laws, Bodies({}, who), 400)

    assert moved == pytest.approx(-1, abs=1e-3)


def test_what_held_before_the_start_is_in_the_level():
    laws, who = declared(skill(measures={"sugar": SUGAR})), people(1)
    before = Bodies({("treatment", "pill"): taken([(-100, 400)])}, who)

    assert true(laws, before, 200) == true(laws, Bodies({}, who), 200)


def test_the_end_of_what_held_before_the_start_is_felt():
    laws, who = declared(skill(measures={"sugar": SUGAR})), people(1)
    before = Bodies({("treatment", "pill"): taken([(-100, 400)])}, who)

    risen = true(laws, before, 440) - true(laws, Bodies({}, who), 440)

    assert risen == pytest.approx(2 * (1 - np.exp(-1)), abs=2e-5)


def test_who_goes_on_with_what_held_before_the_start_feels_nothing():
    laws, who = declared(skill(measures={"sugar": SUGAR})), people(1)
    goes_on = Bodies({("treatment", "pill"): taken([(-100, 30), (30, 400)])}, who)

    assert true(laws, goes_on, 200) == pytest.approx(true(laws, Bodies({}, who), 200), abs=1e-9)


@pytest.mark.parametrize(("dose", "part"), [(5, 0.4), (10, 0.8), (15, 0.9), (20, 1), (80, 1)])
def test_parts_of_an_effect_are_said_by_dose(dose, part):
    effect = {**SUGAR["moved_by"][0], "by_dose": {"lisinopril": {"10": 0.8, "20": 1}}}
    laws, who = declared(skill(measures={"sugar": sugar(moved_by=[effect])})), people(1)
    took = attrs.evolve(taken([(0, 4_000)]), dose=np.array([float(dose)]), drug=Text.of(["Lisinopril"]))

    moved = true(laws, Bodies({("treatment", "pill"): took}, who), 4_000) - true(laws, Bodies({}, who), 4_000)

    assert moved == pytest.approx(-2 * part, abs=2e-3)


def test_another_skill_may_say_what_moves_a_measure():
    quiet = sugar(moved_by=[])
    laws = declared(skill(measures={"sugar": quiet}), skill("pills", effects={"sugar": SUGAR["moved_by"]}))
    took, who = taken([(0, 400)]), people(1)

    moved = true(laws, Bodies({("treatment", "pill"): took}, who), 400) - true(laws, Bodies({}, who), 400)

    assert moved == pytest.approx(-2, abs=1e-3)


def test_an_effect_on_what_nobody_declares_is_refused():
    with pytest.raises(SpecificationError) as caught:
        declared(skill(measures={"sugar": SUGAR}), skill("pills", effects={"sugr": SUGAR["moved_by"]}))

    assert 'pills: State.effects: no measure with a level is called "sugr".' in str(caught.value)
    assert 'Did you mean "sugar"?' in str(caught.value)


def test_a_measure_unless_declared_gives_way_to_one_that_is():
    spare = sugar(level={"type": "constant", "value": 4}, unless_declared=True)
    alone = levels(declared(skill("a", measures={"sugar": spare})), people(1))
    beside = levels(declared(skill("a", measures={"sugar": spare}), skill("b", measures={"sugar": SUGAR})), people(1))

    assert alone["sugar"][0] == 4
    assert beside["sugar"][0] == levels(declared(skill(measures={"sugar": SUGAR})), people(1))["sugar"][0]


def test_a_formula_may_read_what_comes_of_its_own_level():
    ill = sugar(level={"type": "constant", "value": 3}, moved_by=[])
    measures = {"sugar": sugar(**{"is": "level + 2 * fever"}), "fever": ill}
    laws, who = declared(skill(measures=measures)), people(1)
    level, took = float(levels(laws, who)["sugar"][0]), Bodies({("treatment", "pill"): taken([(0, 4_000)])}, who)

    assert true(laws, Bodies({}, who), 400) == pytest.approx(level + 6)
    assert true(laws, took, 4_000) == pytest.approx(level - 2 + 6)


@pytest.mark.parametrize("of", ["noise", "wanders"])
def test_values_of_one_moment_are_off_together_as_their_loadings_say(of):
    spread = {"sd": 0.5, **({"days": 30} if of == "wanders" else {})}
    measures = {"sugar": sugar(**{of: spread}), "fat": sugar(**{of: {**spread, "follows": {"sugar": 0.7}}})}
    laws, who = declared(skill(measures=measures)), people()
    of_all, rows, minute = levels(laws, who), np.arange(PEOPLE), np.full(PEOPLE, 700 * DAY)
    off = [
        laws.measures.measured(name, Bodies({}, who), of_all, rows, minute) - of_all[name] for name in ("sugar", "fat")
    ]

    assert np.corrcoef(*off)[0, 1] == pytest.approx(0.7, abs=0.02)
    assert off[1].std() == pytest.approx(0.5, abs=0.012)


def test_a_share_is_a_part_of_the_level_and_a_size_may_be_an_expression():
    measures = {
        "sugar": sugar(moved_by=[{"treatment": "pill", "share": -0.4, "days": 1, "source": "here"}]),
        "salt": sugar(moved_by=[{"treatment": "pill", "size": "0.5 * (6 - level)", "days": 1, "source": "here"}]),
    }
    laws, who = declared(skill(measures=measures)), people(1)
    took = Bodies({("treatment", "pill"): taken([(0, 400)])}, who)
    sugars, salts = (float(levels(laws, who)[name][0]) for name in ("sugar", "salt"))

    assert true(laws, took, 300) == pytest.approx(0.6 * sugars, abs=1e-6)
    assert true(laws, took, 300, name="salt") == pytest.approx(salts + 0.5 * (6 - salts), abs=1e-6)


def test_scores_correlate_as_their_loadings_say():
    measures = {"sugar": SUGAR, "fat": sugar(follows={"sugar": 0.6}), "salt": sugar(follows={"sugar": 0.3, "fat": 0.5})}
    of = levels(declared(skill(measures=measures)), people())

    assert np.corrcoef(of["sugar"], of["fat"])[0, 1] == pytest.approx(0.6, abs=0.02)
    assert np.corrcoef(of["sugar"], of["salt"])[0, 1] == pytest.approx(0.3 + 0.5 * 0.6, abs=0.02)
    assert of["salt"].std() == pytest.approx(1, abs=0.03)


def test_another_measure_changes_nobody_s_level():
    one = levels(declared(skill(measures={"sugar": SUGAR})), people(200))
    two = levels(declared(skill(measures={"fat": SUGAR, "sugar": SUGAR})), people(200))

    assert one["sugar"].tolist() == two["sugar"].tolist()


def test_a_level_that_the_profile_states_is_the_level():
    stated = np.where(np.arange(10) % 2, 9.5, np.nan)
    of = levels(declared(skill(measures={"sugar": SUGAR})), people(10, sugar=stated))

    assert of["sugar"][1::2].tolist() == [9.5] * 5
    assert not np.isnan(of["sugar"]).any()


@pytest.mark.parametrize("day", [0.0, 7.5, 15.0, 22.5, 30.0])
def test_a_value_wanders_as_far_at_every_moment(day):
    laws, who = declared(skill(measures={"sugar": sugar(wanders={"sd": 0.5, "days": 30})})), people()
    of, rows = levels(laws, who), np.arange(PEOPLE)

    off = (
        laws.measures.true("sugar", Bodies({}, who), of, rows, np.full(PEOPLE, round((600 + day) * DAY))) - of["sugar"]
    )

    assert off.std() == pytest.approx(0.5, abs=0.012)
    assert off.mean() == pytest.approx(0, abs=0.015)


def test_values_of_one_week_are_more_alike_than_those_of_one_season():
    laws, who = declared(skill(measures={"sugar": sugar(wanders={"sd": 0.5, "days": 60})})), people()
    of, rows = levels(laws, who), np.arange(PEOPLE)
    off = [
        laws.measures.true("sugar", Bodies({}, who), of, rows, np.full(PEOPLE, day * DAY)) - of["sugar"]
        for day in (600, 607, 780)
    ]

    assert np.corrcoef(off[0], off[1])[0, 1] > 0.85
    assert abs(np.corrcoef(off[0], off[2])[0, 1]) < 0.03


def test_what_is_measured_in_one_minute_is_one_specimen():
    measures = {
        "weight": sugar(noise={"sd": 0.4}, bounds=[0, 100]),
        "height": sugar(bounds=[0, 100]),
        "shape": {"description": "Shape", "unit": "kg/m2", "is": "weight / height", "bounds": [0, 100],
                  "source": "here", "decimals": 6},
    }  # fmt: skip
    laws, who = declared(skill(measures=measures)), people(50)
    of, rows, minute = levels(laws, who), np.arange(50), np.full(50, 700 * DAY)
    weight, height, shape = (
        laws.measures.measured(name, Bodies({}, who), of, rows, minute) for name in ("weight", "height", "shape")
    )

    assert shape == pytest.approx(weight / height, abs=1e-5)
    assert (weight - of["weight"]).std() == pytest.approx(0.4, abs=0.15)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 300), st.integers(1, 90)), max_size=8), st.integers(1, 400))
def test_overlapping_times_count_once(times, day):
    laws, who = declared(skill(measures={"sugar": sugar(level={"type": "constant", "value": 8})})), people(1)
    took = {day for begin, days in times for day in range(begin, begin + days)}
    apart = [(one, one + 1) for one in sorted(took)]
    whole = Bodies({("treatment", "pill"): taken([(begin, begin + days) for begin, days in times])}, who)

    assert true(laws, whole, day) == pytest.approx(
        true(laws, Bodies({("treatment", "pill"): taken(apart)}, who), day), abs=1e-9
    )


WRONG = [
    ({"a1c": sugar(moved_by=[{"treatment": "pil", "size": 1, "days": 2, "source": "x"}])},
     'measures.a1c.moved_by[0].treatment: nobody knows a treatment "pil".', 'Did you mean "pill"?'),
    ({"a1c": sugar(moved_by=[{"circumstance": "il", "size": 1, "days": 2, "source": "x"}])},
     'measures.a1c.moved_by[0].circumstance: nobody knows a circumstance "il".', 'Did you mean "ill"?'),
    ({"a1c": sugar(follows={"sugr": 0.5}), "sugar": SUGAR},
     'measures.a1c.follows: no measure with a level is called "sugr".', 'Did you mean "sugar"?'),
    ({"a": SUGAR, "b": SUGAR, "c": sugar(follows={"a": 0.8, "b": 0.8})},
     "measures.c.follows: its loadings explain 128% of it.", "Lower them"),
    ({"a": sugar(follows={"b": 0.5}), "b": sugar(follows={"a": 0.5})},
     "measures.a: it is made of itself: a -> b -> a.", "Break the circle."),
    ({"a": sugar(bounds=[10, 18])}, "measures.a.bounds: the bounds exclude a level of 8.", "Widen them"),
    ({"a": sugar(bounds=[18, 10])}, "measures.a.bounds: the bounds hold nothing.", "lower one first"),
    ({"a": sugar(unit="mg/dl/x y")}, "measures.a.unit:", ""),
    ({"a": {name: said for name, said in SUGAR.items() if name != "level"}},
     'measures.a: it states neither "level" nor "is".', "Give a level"),
    ({"a": sugar(noise={"sd": 1, "follows": {"b": 0.5}}), "b": SUGAR},
     'measures.a.noise.follows: no measure with "noise" is called "b".', ""),
    ({"a": sugar(wanders={"sd": 1, "days": 30, "follows": {"b": 0.5}}), "b": sugar(wanders={"sd": 1, "days": 60})},
     'measures.a.wanders.days: it wanders with "b", but within other days.', "Write 60, as there."),
    ({"a": sugar(moved_by=[{**SUGAR["moved_by"][0], "full_dose": {"x": 2}, "by_dose": {"x": {"1": 1}}}])},
     'measures.a.moved_by[0]: doses of "x" are said twice.', "Leave out"),
    ({"a": sugar(moved_by=[{"treatment": "pill", "days": 2, "source": "x"}])},
     'measures.a.moved_by[0]: it states "size" or "share", one of them.', "Give a size"),
    ({"a": sugar(moved_by=[{"treatment": "pill", "size": 1, "days": 0, "source": "x"}])},
     "measures.a.moved_by[0].days: 0 is not above 0.", ""),
    ({"a": sugar(noice={"sd": 1})}, 'measures.a.noice: there is no field "noice" here.', 'Did you mean "noise"?'),
]  # fmt: skip


@pytest.mark.parametrize(("measures", "what", "remedy"), WRONG, ids=[what.split(":")[0] for _, what, _ in WRONG])
def test_a_wrong_declaration_is_refused_with_its_path_and_a_remedy(measures, what, remedy):
    with pytest.raises(SpecificationError) as caught:
        declared(skill(measures=measures))

    assert what in str(caught.value).replace("bodies: State.", "").replace("bodies: State: ", "")
    assert remedy in str(caught.value)


def test_two_declarations_of_one_measure_name_both():
    with pytest.raises(SpecificationError) as caught:
        declared(skill(measures={"a1c": SUGAR}), skill("others", measures={"a1c": SUGAR}))

    assert "others: State.measures.a1c: bodies: State.measures.a1c declares it too." in str(caught.value)


def test_all_mistakes_of_all_skills_are_told_at_once():
    wrong = {"a": sugar(bounds=[10, 18]), "b": sugar(follows={"c": 0.1})}

    with pytest.raises(SpecificationError) as caught:
        declared(skill(measures=wrong), skill("others", measures={"d": sugar(bounds=[18, 10])}))

    assert len(caught.value.mistakes) == 3
