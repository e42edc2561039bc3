"""Pictures in the documentation show what the commands beside them draw."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from doc_pages import ROOT

from healthsim_core.cli import main

PAGE = ROOT / "docs/api/cli.md"


def test_the_picture_of_a_plan_is_what_the_command_below_it_draws(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    picture, command = re.findall(
        r"\((\S+plan\.svg)\)\n\n```console\n\$ healthsim (plan .*)", PAGE.read_text(encoding="utf-8")
    )[0]
    with pytest.raises(SystemExit, match="0"):
        main(command.split())
    assert (tmp_path / "plan.svg").read_text(encoding="utf-8") == (PAGE.parent / picture).resolve().read_text(
        encoding="utf-8"
    )
