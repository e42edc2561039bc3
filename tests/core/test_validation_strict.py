"""What a failed report does: strict fails the run and leaves nothing, warn reports, none does not look."""

from __future__ import annotations

import json
from pathlib import Path

import attrs
import pytest
from clinic import adults, catalog, event, journey

from healthsim_core.cli import main
from healthsim_core.draws import Draws
from healthsim_core.errors import InvalidDataError
from healthsim_core.generation.executor import strictly
from healthsim_core.generation.memory import run_in_memory
from healthsim_core.generation.result import Result
from healthsim_core.planning.compiling import compile_plan
from healthsim_core.planning.plan import Plan
from healthsim_core.planning.request import make_request
from healthsim_core.state.cohorts import list_cohorts
from healthsim_core.validation import Tallies
from healthsim_core.validation.report import ValidationReport, report


def compiled(mode: str) -> Plan:
    profile = adults(generation={"validation": mode})
    request = make_request(profile, journey(event(probability=0.5)), catalog=catalog(), count=50, products=[])
    return compile_plan(request, catalog())


def failed(mode: str) -> Result:
    counted = Tallies()
    counted.proportion("attributes.smoker", "share of yes", 0.2, 300, 1_000)
    return attrs.evolve(run_in_memory(compiled(mode)), validation=report(counted, mode))


def test_strict_fails_the_run_and_says_what_was_stated_and_found() -> None:
    with pytest.raises(InvalidDataError, match=r"attributes.smoker.*stated 0.2, found 0.3 of 1,000"):
        strictly(failed("strict"))


def test_warn_reports_and_goes_on() -> None:
    result = strictly(failed("warn"))
    assert not result.validation.passed
    assert "FAIL attributes.smoker: share of yes: stated 0.2, found 0.3 of 1,000" in str(result.validation)


def test_none_does_not_look() -> None:
    found = run_in_memory(compiled("none")).validation
    assert (found.checks, str(found)) == ((), "validation skipped")


def test_a_strict_run_that_fails_ends_with_one_and_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    honest = Draws.happens
    monkeypatch.setattr(Draws, "happens", lambda self, name, probability: honest(self, name, probability * 0.5))
    visit = event(probability=0.8)
    document = adults(generation={"validation": "strict"}, journeys=[{"inline": journey(visit)}])
    profile, out, database = tmp_path / "profile.json", tmp_path / "out", tmp_path / "healthsim.duckdb"
    profile.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(SystemExit) as stopped:
        main(
            [
                "generate",
                "--profile",
                str(profile),
                "--count",
                "500",
                "--out",
                str(out),
                "--cohort",
                "mine",
                "--database",
                str(database),
            ]
        )
    assert stopped.value.code == 1
    assert not out.exists()
    assert list_cohorts(database=database) == []


def shown() -> ValidationReport:
    counted = Tallies()
    counted.proportion("a < b", "share of yes", 0.2, 300, 1_000)
    counted.violation("core.person", "children do not subscribe", 3, 40)
    counted.violation("core.event", "cause before effect", 0, 40)
    return report(counted, "warn")


def test_failures_come_first_in_a_notebook_and_text_is_escaped() -> None:
    page = shown()._repr_html_()
    assert page.index("a &lt; b") < page.index("cause before effect")
    assert "<td>0.2</td><td>0.3</td><td>1,000</td>" in page


def test_a_rule_says_how_many_rows_break_it() -> None:
    assert "core.person: children do not subscribe: 3 of 40 rows are not so" in str(shown())
