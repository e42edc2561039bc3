"""What a command prints may come from anybody, a file or a query: it never steers the terminal."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from healthsim_core.cli import main, show

STEERS = "\x1b[2J\x9b31m\x07\x7f\u202eevil\u202c\u2028"


def printed(capture: pytest.CaptureFixture[str], *arguments: str) -> str:
    with pytest.raises(SystemExit):
        main(list(arguments))
    told = capture.readouterr()
    return told.out + told.err


def steering(text: str) -> list[str]:
    return sorted({letter for letter in text if letter in STEERS} & set("\x1b\x9b\x07\x7f\u202e\u202c\u2028"))


def sql(text: str) -> str:
    return " || ".join(f"chr({ord(letter)})" for letter in text)


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_the_answer_of_a_query(form: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    said = printed(capsys, "cohorts", "query", f"SELECT {sql(STEERS)} AS what", *form)
    assert "evil" in said and steering(said) == []


def test_an_answer_in_json_is_the_value_still(capsys: pytest.CaptureFixture[str]) -> None:
    assert json.loads(printed(capsys, "cohorts", "query", f"SELECT {sql(STEERS)} AS what", "--json")) == [
        {"what": STEERS}
    ]


def test_the_error_of_a_query(capsys: pytest.CaptureFixture[str]) -> None:
    said = printed(capsys, "cohorts", "query", f"SELECT error({sql(STEERS)})")
    assert "evil" in said and steering(said) == []


def test_a_mistake_of_a_document(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine.json").write_text(
        json.dumps({"id": "mine", "demographics": {"age": STEERS[4:]}}), encoding="utf-8"
    )
    said = printed(capsys, "generate", "--profile", str(tmp_path / "mine.json"))
    assert "evil" in said and steering(said) == []


def test_a_line_of_a_loaded_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "fees.csv").write_text(f"code,rvu,replaces\n99{STEERS[:-1]},1,\n", encoding="utf-8")
    said = printed(capsys, "init", "--from", str(tmp_path))
    assert "evil" in said and steering(said) == []


FIELD = f'"{"x" * 200_000}",1,\n'


@pytest.mark.parametrize("content", [FIELD, "x" * 2_000_000, f"code,rvu,replaces\n{FIELD}"])
def test_a_file_with_endless_fields_is_left_out_or_refused(
    tmp_path: Path, content: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "fees.csv").write_text(content, encoding="utf-8")
    said = printed(capsys, "init", "--from", str(tmp_path))
    assert "left out fees.csv" in said or "refused fees.csv" in said
    assert max(map(len, said.splitlines())) < 1_000


def test_all_commands_print_by_the_function_that_sees_to_it() -> None:
    commands = Path(show.__file__).parent.glob("*.py")
    assert [
        path.name for path in commands if path.name != "show.py" and "click.echo(" in path.read_text(encoding="utf-8")
    ] == []
