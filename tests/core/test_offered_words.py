"""What plugins add to the language and to runs: distributions, functions, validators, executors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from clinic import adults, plugin

from healthsim_core import (
    DistributionOffer,
    ExecutorOffer,
    ExpressionFunction,
    Field,
    SpecificationError,
    Text,
    Validator,
)
from healthsim_core.catalog import Catalog, offering
from healthsim_core.distributions import compile_distribution
from healthsim_core.errors import ConflictError, HealthSimError, PluginError
from healthsim_core.execution.run import Options, run_plan
from healthsim_core.expressions.expression import Expression
from healthsim_core.generation.executor import ProfileJourneyOrchestrator
from healthsim_core.generation.result import Result
from healthsim_core.planning.compiling import compile_plan
from healthsim_core.planning.request import make_request
from healthsim_core.plugins import Plugin
from healthsim_core.spec import ProfileSpecification

SCALE = Field("scale", "number", "The spread.", above=0, most=1000)


def cdf(value: Any, scale: Any) -> Any:
    return 1 / (1 + np.exp(-value / scale))


def quantile(share: Any, scale: Any) -> Any:
    return scale * np.log(share / (1 - share))


LOGISTIC = DistributionOffer("logistic", cdf, quantile, [SCALE])


def drawn(written: dict[str, Any], offer: DistributionOffer = LOGISTIC, count: int = 2000, **more: Any) -> Result:
    """A run of people with one attribute, `it`, of a plugin's distribution."""
    offered = Catalog((plugin(healthsim_distributions=[offer]),))
    profile = adults(attributes={**more, "it": {"type": "clinic.logistic", **written}})
    return ProfileJourneyOrchestrator(profile, [], count=count, catalog=offered).execute()


def values(result: Result) -> Any:
    return result.entities["it"].to_numpy(zero_copy_only=False)


def test_an_offered_distribution_is_drawn_and_validated_as_core_s_own() -> None:
    result = drawn({"scale": 2})
    assert result.validation.passed
    assert abs(values(result).std() - 2 * np.pi / np.sqrt(3)) < 0.3
    assert any(check.where == "attributes.it" and check.p_value is not None for check in result.validation.checks)


def test_a_draw_does_not_depend_on_how_many_people_there_are() -> None:
    assert values(drawn({"scale": 2}, count=5)).tolist() == values(drawn({"scale": 2}, count=50))[:5].tolist()


def test_min_and_max_truncate_it() -> None:
    found = values(drawn({"scale": 2, "min": 1, "max": 3}))
    assert found.min() >= 1 and found.max() <= 3 and len(np.unique(found)) == len(found)


def test_a_parameter_may_be_an_expression() -> None:
    result = drawn({"scale": "age / 10"})
    spread = np.abs(values(result)) / result.entities["age"].to_numpy()
    assert result.validation.passed and abs(np.median(spread) - np.log(3) / 10) < 0.02


def test_where_an_expression_goes_beyond_a_parameter_s_bounds_the_value_is_null() -> None:
    result = drawn({"scale": "age - 50"})
    ages = result.entities["age"].to_numpy()
    assert np.isnan(values(result)).tolist() == (ages <= 50).tolist()


@pytest.mark.parametrize(("written", "said"), [
    ({"type": "clinic.logistik", "scale": 1}, 'no distribution is called "clinic.logistik".*"clinic.logistic"'),
    ({"type": "dentist.x"}, 'no distribution is called "dentist.x".*Plugins offer clinic.logistic'),
    ({}, 'the parameter "scale" of clinic.logistic is missing'),
    ({"scal": 1, "scale": 1}, 'has no parameter "scal".*Did you mean "scale"'),
    ({"scale": 0}, "0 is not what \"scale\" may be.*Give more than 0, 1,000 at most"),
    ({"scale": 1, "min": 2, "max": 1}, "min 2 is not below max 1"),
    ({"scale": 1, "min": 900}, "no value lies within min 900"),
    ({"scale": "aeg"}, 'reads "aeg", which nobody has.*Did you mean "age"'),
])  # fmt: skip
def test_what_is_wrong_with_an_offered_distribution_is_told_when_the_plan_is_compiled(
    written: dict[str, Any], said: str
) -> None:
    with pytest.raises(SpecificationError, match=f"(?s)attributes.it.*{said}"):
        drawn(written)


def test_an_unknown_type_without_a_plugin_is_told_when_the_document_is_read() -> None:
    with pytest.raises(SpecificationError, match=r'(?s)no distribution is called "normall".*Did you mean "normal"'):
        ProfileSpecification.model_validate({"id": "a", "attributes": {"it": {"type": "normall"}}})


@pytest.mark.parametrize(("function", "said"), [
    (lambda share, scale: share[:1], r"returns an array of \(1,\)"),
    (lambda share, scale: [][7], "raised IndexError"),
])  # fmt: skip
def test_a_distribution_that_does_not_work_names_itself(function: Any, said: str) -> None:
    with pytest.raises(PluginError, match=f"clinic: `quantile` of clinic.logistic {said}"):
        drawn({"scale": 2}, DistributionOffer("logistic", cdf, function, [SCALE]))


def test_it_knows_mean_and_variance() -> None:
    with offering(Catalog((plugin(healthsim_distributions=[LOGISTIC]),))):
        written = ProfileSpecification.model_validate(
            {"id": "a", "attributes": {"it": {"type": "clinic.logistic", "scale": 3}}}
        )
        law = compile_distribution(written.attributes["it"], "it")
    assert law.mean == pytest.approx(0, abs=1e-9) and law.variance == pytest.approx((3 * np.pi) ** 2 / 3, rel=1e-6)


def words(**functions: Any) -> Catalog:
    """A catalog with functions of expressions by name: (compute, arguments, what it gives)."""
    offers = [
        ExpressionFunction(name, compute, arguments, gives) for name, (compute, arguments, gives) in functions.items()
    ]
    return Catalog((plugin(healthsim_expression_functions=offers),))


def computed(text: str, catalog: Catalog, rows: int = 3, **columns: Any) -> Any:
    with offering(catalog):
        return Expression.parse(text).values(columns, rows)


NUMBERS = words(ratio=(lambda a, b: a / b, ("number", "number"), "number"))


def test_a_function_takes_columns_and_constants() -> None:
    assert computed("clinic.ratio(a, 2) + 1", NUMBERS, a=np.array([2.0, 4.0, 6.0])).tolist() == [2.0, 3.0, 4.0]


def test_a_function_of_null_is_null() -> None:
    nought = words(nought=(lambda a: np.zeros(len(a)), ("number",), "number"))
    found = computed("clinic.nought(a)", nought, a=np.array([1.0, np.nan, 2.0]))
    assert np.isnan(found).tolist() == [False, True, False]


def test_functions_take_and_give_texts_dates_and_conditions() -> None:
    offered = words(
        loud=(lambda text: text.recode(str.upper), ("text",), "text"),
        late=(lambda day: day > np.datetime64("2025-06-30"), ("date",), "boolean"),
        next=(lambda day: day + 1, ("date",), "date"),
    )
    day = np.array(["2025-01-01", "2025-12-31", "NaT"], "datetime64[D]")
    assert computed("clinic.loud(t)", offered, t=Text.of(["a", None, "b"])).to_pylist() == ["A", None, "B"]
    assert computed("clinic.late(clinic.next(d))", offered, d=day).tolist() == [False, True, False]
    assert computed("clinic.late('2025-12-31')", offered).tolist() == [True] * 3


@pytest.mark.parametrize(("text", "said"), [
    ("clinic.ratoi(age, 2)", 'a call of clinic.ratoi.*Did you mean "clinic.ratio"'),
    ("rate(age)", "a call of rate is not allowed.*log, max, min, round, sqrt, clinic.ratio"),
    ("clinic.ratio(age)", "clinic.ratio of 1 values.*It takes 2"),
    ("clinic.ratio(age, b=2)", "with names of its values"),
    ("clinic.ratio(sex, 2)", "gives `sex`, a text, to clinic.ratio, which takes a number"),
    ("clinic.ratio(age, 2) == 'x'", "a number"),
])  # fmt: skip
def test_a_mistaken_call_is_told_when_the_plan_is_compiled(text: str, said: str) -> None:
    profile = adults(attributes={"it": {"type": "derived", "expression": text}})
    with pytest.raises(SpecificationError, match=f"(?s)attributes.it.*{said}"):
        compile_plan(make_request(profile, [], catalog=NUMBERS), NUMBERS)


@pytest.mark.parametrize(("compute", "said"), [
    (lambda a, b: a[:1], "returns 1 rows of 3"), (lambda a, b: a.nosuch, "raised AttributeError"),
    (lambda a, b: a * np.nan, "is null where its arguments are not"),
])  # fmt: skip
def test_a_function_that_does_not_work_names_itself(compute: Any, said: str) -> None:
    with pytest.raises(PluginError, match=f"clinic: clinic.ratio {said}"):
        computed("clinic.ratio(a, 2)", words(ratio=(compute, ("number", "number"), "number")), a=np.ones(3))


@pytest.mark.parametrize("written", [
    {"type": "toolbox.gumbel", "mode": 1, "scale": 1},
    {"type": "derived", "expression": "toolbox.body_mass_index(age, 2)"},
])  # fmt: skip
def test_a_word_of_a_plugin_that_is_blocked_says_so(written: dict[str, Any]) -> None:
    blocked = Plugin("toolbox", "toolbox", "0.1.0", "blocked", "HEALTHSIM_DISABLE_PLUGINS", module="toolbox")
    offered = Catalog((blocked,))
    with pytest.raises(SpecificationError, match="t is in toolbox, which HEALTHSIM_DISABLE_PLUGINS blocks"):
        compile_plan(make_request(adults(attributes={"it": written}), [], catalog=offered), offered)


def test_a_word_of_two_plugins_of_one_name_is_a_conflict() -> None:
    with pytest.raises(ConflictError, match=r'the same distribution is offered twice: "clinic\.logistic"'):
        Catalog((plugin(healthsim_distributions=[LOGISTIC, LOGISTIC]),))


def validated(
    check: Any, tables: Any = ("core.person",), products: list[str] | None = None, mode: str = "warn"
) -> Result:
    offered = Catalog((plugin(healthsim_validators=[Validator("rules", tables, check)]),))
    profile = adults(generation={"validation": mode})
    return ProfileJourneyOrchestrator(profile, [], count=20, catalog=offered, products=products).execute()


def test_a_validator_s_counts_are_in_the_report() -> None:
    result = validated(lambda tables: {("core.person", "nobody is 18"): (3, tables["core.person"].rows)})
    check = next(each for each in result.validation.failures if each.what == "nobody is 18")
    assert (check.where, check.observed, check.rows) == ("core.person", 3, 20)


@pytest.mark.parametrize(("tables", "options"), [
    (["core.person"], {"products": []}), (["core.person", "clinic.none"], {}),
    (["core.person"], {"mode": "none"}),
])  # fmt: skip
def test_a_validator_is_not_asked_where_it_takes_no_part(tables: list[str], options: dict[str, Any]) -> None:
    def check(found: Any) -> Any:
        raise AssertionError(found)

    assert validated(check, tables, **options).entities.num_rows == 20


@pytest.mark.parametrize(("returned", "said"), [
    ({"core.person": 3}, "it failed"), (None, "it failed"),
    ({("core.event", "x"): (0, 1)}, r"it judges \['core.event'\]"),
])  # fmt: skip
def test_a_validator_that_does_not_work_names_itself(returned: Any, said: str) -> None:
    with pytest.raises(PluginError, match=f"clinic: validator rules: {said}"):
        validated(lambda tables: returned)


def run_by(run: Any, tmp_path: Any, name: str = "mine", asked: str = "mine") -> Any:
    offered = Catalog((plugin(healthsim_executors=[ExecutorOffer(name, run)]),))
    plan = compile_plan(make_request(adults(), [], count=20, catalog=offered), offered)
    return run_plan(plan, Options(out=tmp_path / "out", executor=asked))


def test_an_executor_makes_the_parts(tmp_path: Any) -> None:
    asked = []

    def mine(make: Any, parts: Any, workers: int) -> Any:
        asked.append((len(parts), workers))
        return map(make, parts)

    assert run_by(mine, tmp_path).rows["core.person"] == 20
    assert asked == [(1, 1)]


@pytest.mark.parametrize(("run", "said"), [
    (lambda make, parts, workers: [], "it leaves out 1 of 1 parts"),
    (lambda make, parts, workers: [make(parts[0])] * 2, "it returns part 0 again"),
    (lambda make, parts, workers: [7], "it returns 7"),
])  # fmt: skip
def test_an_executor_that_does_not_make_each_part_once_names_itself(run: Any, said: str, tmp_path: Any) -> None:
    with pytest.raises(PluginError, match=f"clinic: executor mine: {said}"):
        run_by(run, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_executor_is_told_with_all_there_are(tmp_path: Any) -> None:
    with pytest.raises(HealthSimError, match=r'Did you mean "mine"\? It is one of local, ray, spark, mine'):
        run_by(map, tmp_path, asked="mien")


def test_an_executor_with_a_name_of_core_is_refused(tmp_path: Any) -> None:
    with pytest.raises(PluginError, match='clinic: core has an executor "ray"'):
        run_by(map, tmp_path, "ray", "local")
