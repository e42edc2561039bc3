"""How mistakes are gathered, worded and bounded."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from healthsim_core.errors import MOST_TOLD, Mistakes, SeveralMistakesError, SkillError, SpecificationError
from healthsim_core.spec import ProfileSpecification
from healthsim_core.spec.base import Findings
from healthsim_core.spec.bounds import DEEPEST, GREATEST, LONGEST_TEXT, MOST_VALUES, check_bounds


def refuse(number: int) -> None:
    raise SpecificationError(f"{number} is wrong.", f"a[{number}]", "Give another.")


def test_what_is_found_is_told_at_once_in_order_and_each_once() -> None:
    mistakes = Mistakes()
    for number in (1, 2, 1):
        mistakes.attempt(None, refuse, number)
    with pytest.raises(SeveralMistakesError, match=r"a\[1\]: 1 is wrong\.\n  Give another\.\na\[2\]: 2 is wrong"):
        mistakes.tell()


def test_one_mistake_keeps_its_class() -> None:
    mistakes = Mistakes()
    with mistakes.caught("x.json"):
        raise SkillError("unknown.", "skill")
    with pytest.raises(SkillError, match=r"^x\.json: skill: unknown\.$"):
        mistakes.tell()


def test_nothing_found_is_nothing_told() -> None:
    mistakes = Mistakes()
    assert (mistakes.attempt("instead", str, 3), mistakes.tell()) == ("3", None)


def test_very_many_mistakes_are_told_in_part_and_counted() -> None:
    error = SeveralMistakesError(SpecificationError("wrong.", f"a[{number}]") for number in range(MOST_TOLD + 1_000))
    lines = str(error).splitlines()
    assert (len(lines), lines[-1], len(error.mistakes)) == (
        MOST_TOLD + 1,
        "... and 1,000 more mistakes.",
        MOST_TOLD + 1_000,
    )


def test_findings_stand_at_their_paths_and_each_is_kept_once() -> None:
    findings = Findings()
    for _ in range(2):
        findings.add("it is wrong.", "Give another.", "a", 1, value=7)
    with findings.caught("b"):
        raise ValueError("it is wrong too; give less")
    with pytest.raises(ValidationError) as told:
        findings.tell()
    found = [(each["loc"], each["msg"], each["ctx"]["remedy"]) for each in told.value.errors()]
    assert found == [(("a", 1), "it is wrong.", "Give another."), (("b",), "it is wrong too.", "Give less.")]


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"a": "x" * (LONGEST_TEXT + 1)}, "10,001 characters"),
        ({"a": GREATEST + 1}, "above 9,007,199,254,740,992"),
        ({"a": float("nan")}, "nan is not a number"),
        ({"a": ["\ud800"]}, r"which some formats cannot"),
        ({"a": [0] * MOST_VALUES}, "more than 200,000 values"),
    ],
)
def test_what_is_too_much_for_a_document_says_how_much_may_be(document: dict, said: str) -> None:
    with pytest.raises(SpecificationError, match=said):
        check_bounds(document)


@pytest.mark.parametrize(("levels", "fits"), [(DEEPEST, True), (DEEPEST + 1, False), (100_000, False)])
def test_levels_are_counted(levels: int, fits: bool) -> None:
    document: object = 1
    for _ in range(levels):
        document = [document]
    if fits:
        check_bounds(document)
    else:
        with pytest.raises(SpecificationError, match="more than 50 levels"):
            check_bounds(document)


def test_a_thousand_mistakes_of_one_list_are_read_in_no_time_and_told_in_part() -> None:
    document = {"correlate": [{"attributes": ["a"], "matrix": "x"} for _ in range(1_000)]}
    with pytest.raises(SpecificationError) as refused:
        ProfileSpecification.read(document)
    assert "more mistakes" in str(refused.value) and len(str(refused.value)) < 20_000
