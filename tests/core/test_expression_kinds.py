"""Whether the parts of an expression go together is found before anything is evaluated."""

from __future__ import annotations

import pytest

from healthsim_core.errors import SpecificationError
from healthsim_core.expressions.checking import kind_of_expression, same_kind
from healthsim_core.expressions.expression import Expression
from healthsim_core.expressions.kinds import ANYTHING, BOOLEAN, DATE, NUMBER, TEXT, WORDS, Kind, text_of

KNOWN = {
    "age": NUMBER,
    "a1c": NUMBER,
    "name": TEXT,
    "severity": text_of(["controlled", "uncontrolled"]),
    "stage": Kind("text", frozenset(["early", "late"]), strict=False),
    "conditions": WORDS,
    "smoker": BOOLEAN,
    "birth_date": DATE,
    "start_date": DATE,
    "parameters.drug": ANYTHING,
}


def kind(text: str, wanted: str = "") -> Kind:
    return kind_of_expression(Expression.parse(text, "profile.json: when", wanted), KNOWN)


def refused(text: str, wanted: str = "boolean") -> str:
    with pytest.raises(SpecificationError) as error:
        kind(text, wanted)
    return str(error.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("age + 1", "number"),
        ("max(age, a1c, 3)", "number"),
        ("round(age / 7, 2)", "number"),
        ("50 + 5 * smoker", "number"),
        ("start_date - birth_date", "number"),
        ("birth_date + 30", "date"),
        ("30 + birth_date", "date"),
        ("max(birth_date, start_date)", "date"),
        ("name", "text"),
        ("age > 3 and not smoker", "boolean"),
        ("severity in ['controlled']", "boolean"),
        ("'E11' in conditions", "boolean"),
        ("birth_date >= '2000-01-31'", "boolean"),
        ("birth_date in ['2000-01-31']", "boolean"),
        ("age in [1, -2, 3.5]", "boolean"),
        ("name is None or a1c != None", "boolean"),
        ("parameters.drug == 'x' or parameters.drug > 3", "boolean"),
        ("stage == 'advanced'", "boolean"),
    ],
)
def test_what_an_expression_gives_is_known_before_it_is_evaluated(text: str, expected: str) -> None:
    assert kind(text).of == expected


@pytest.mark.parametrize(
    ("text", "said", "remedy"),
    [
        ("age == 'old'", "compares `age`, a number, with `'old'`, a text", "Compare like with like."),
        ("severity > 3", "compares `severity`, a text, with `3`, a number", "Compare like with like."),
        ("name > 'a'", "is more", "Compare texts by == and in."),
        ("name + 1 > 3", "calculates with a text, `name`, in `name + 1`", "Calculate with numbers only."),
        ("-name > 3", "calculates with a text", "Calculate with numbers only."),
        ("sqrt(name) > 3", "calculates with a text", "Calculate with numbers only."),
        ("round(name, 2) > 3", "calculates with a text", "Calculate with numbers only."),
        ("'E11' in age", "asks what is in `age`, a number", "a column of texts"),
        ("age in conditions", "asks whether `age` is in `conditions`", "Write the word that is sought"),
        ("'a' in 'abc'", "asks what is in `'abc'`, a text", "Write a list"),
        ("conditions == 'E11'", "which holds several words", "Write `'E11' in conditions`."),
        ("conditions in ['E11']", "which holds several words", "Write `'E11' in conditions`."),
        ("not 5", "has a number, `5`, where `not` needs a condition", "Compare it with something"),
        ("age and smoker", "has a number, `age`, where `and` needs a condition", "Compare it with something"),
        ("age", "is a number, not a condition", "Compare it with something"),
        ("name", "is a text, not a condition", "Compare it with something"),
        ("birth_date > 'soon'", "compares a date with 'soon', which is none", "Write it as '2025-12-31'."),
        ("birth_date > '2025-02-30'", "compares a date with '2025-02-30', which is none", "Write it as '2025-12-31'."),
        ("birth_date > 3", "compares `birth_date`, a date, with `3`, a number", "Compare like with like."),
        ("birth_date + start_date > 3", "cannot calculate", "Add days to a date"),
        ("birth_date * 2 > 3", "cannot calculate", "Add days to a date"),
        ("30 - birth_date > 3", "cannot calculate", "Add days to a date"),
        ("age < None", "more or less than None", "Ask `is None`"),
        ("age is 3", "asks `is 3`", "compare values by =="),
        ("age in [1, None]", "has `None` in a list", "numbers or texts"),
        ("age in [a1c]", "has `a1c` in a list", "numbers or texts"),
        ("age in [1, 'two']", "compares `age`, a number, with `'two'`, a text", "Compare like with like."),
        ("[1, 2] == age", "has the list `[1, 2]` where a value is needed", "A list stands only after `in`."),
        ("round(age, a1c) > 3", "rounds to `a1c` places", "Write a whole number from 0 to 12."),
        ("agee > 3", 'reads "agee", which nobody has', 'Did you mean "age"?'),
        (
            "severity == 'uncontroled'",
            "compares `severity` with 'uncontroled', which it never is",
            'Did you mean "uncontrolled"?',
        ),
        (
            "severity in ['contrld']",
            "compares `severity` with 'contrld', which it never is",
            'Did you mean "controlled"?',
        ),
        ("severity == 'x'", "compares `severity` with 'x', which it never is", "Known: controlled, uncontrolled."),
        ("stage == 'erly'", "compares `stage` with 'erly', which it never is", 'Did you mean "early"?'),
    ],
)
def test_kinds_that_do_not_go_together_are_refused_with_the_remedy(text: str, said: str, remedy: str) -> None:
    found = refused(text)
    assert found.startswith(f'profile.json: when: "{text}" ')
    assert said in found
    assert remedy in found


def test_a_parameter_is_a_number() -> None:
    assert "is a text, not a number" in refused("name", "number")


def test_all_mistakes_of_an_expression_are_told_at_once() -> None:
    found = refused("agee > 3 and severity == 'uncontroled' and name + 1 > 2")
    assert all(said in found for said in ('reads "agee"', "'uncontroled'", "calculates with a text"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("age > 1e16", "a number above 1,000,000,000,000,000 is not allowed"),
        ("age > " + "9" * 400, "is not allowed"),
        ("not " * 50 + "smoker", "more than 40 parts within one another, or 500 in all"),
        ("age in [" + "1," * 600 + "]", "more than 40 parts within one another, or 500 in all"),
        ("age > 3" + " " * 2_000, "has 2007 characters"),
    ],
)
def test_the_size_of_an_expression_has_limits_that_say_so(text: str, said: str) -> None:
    assert said in refused(text)


@pytest.mark.parametrize(
    ("longest", "longer"),
    [
        ("not " * 39 + "smoker", "not " * 40 + "smoker"),
        ("age in [" + "1," * 497 + "]", "age in [" + "1," * 498 + "]"),
        ("age > 3" + " " * 1_993, "age > 3" + " " * 1_994),
        ("age > 1000000000000000", "age > 1000000000000001"),
    ],
    ids=["parts within one another", "parts", "characters", "number"],
)
def test_an_expression_may_be_as_large_as_its_limits_say_and_no_larger(longest: str, longer: str) -> None:
    assert kind(longest).of == "boolean"
    refused(longer)


def test_sources_of_one_kind_give_that_kind() -> None:
    assert same_kind({"components[0]": NUMBER, "components[1]": NUMBER}, "age", "mixed") == NUMBER


def test_sources_of_texts_and_of_numbers_are_refused_with_the_kind_of_each() -> None:
    with pytest.raises(SpecificationError, match=r"age: mixed: components\[0\] is a text, components\[1\] is a number"):
        same_kind({"components[0]": TEXT, "components[1]": NUMBER}, "age", "mixed")
