"""Numbers that name somebody are nobody else's, over millions; references mean the same wherever one stands."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from healthsim import generate
from healthsim_core import Namespace, Text, identity

MILLIONS = 3_000_000
SAID = {"profile": "diabetic-senior", "journey": "chronic-management", "count": 5}


@pytest.fixture(scope="module")
def persons() -> Any:
    """Ids of three million people in households of up to five: a household's people lie next to each other,
    sixteen apart."""
    household = np.arange(1, MILLIONS // 5 + 1, dtype=np.int64) * 16
    return (household[:, None] + np.arange(5)).ravel()


def written(text: Text) -> pa.Array:
    return text.values.take(pa.array(text.codes))


@pytest.mark.parametrize("name", ["", "clinic", "families/7"])
def test_social_security_numbers_are_distinct_over_millions_and_never_issued(persons: Any, name: str) -> None:
    numbers = written(identity.social_security_numbers(persons, Namespace(name)))
    assert pc.count_distinct(numbers).as_py() == MILLIONS
    assert pc.all(pc.match_substring_regex(numbers, r"^9\d{2}(0[1-9]|[1-4]\d)\d{4}$")).as_py()


def test_card_numbers_are_distinct_over_millions(persons: Any) -> None:
    numbers = written(identity.member_numbers(persons[::5], Namespace("clinic")))
    assert pc.count_distinct(numbers).as_py() == MILLIONS // 5


def test_people_and_events_have_ids_of_their_own() -> None:
    result = generate(profile="diabetic-senior", journey="diabetic_management_year", count=2_500, products=[])
    assert pc.count_distinct(result.entities["person_id"]).as_py() == 2_500
    assert pc.count_distinct(result.timeline["event_id"]).as_py() == len(result.timeline) > 100_000


def test_an_execution_names_the_version_of_every_skill_it_used() -> None:
    versions = generate(**SAID).execution.versions
    used = {name for name in versions if name.startswith("skill:")}
    assert {"skill:vital-signs", "skill:chronic-care", "skill:hypertension-management"} <= used
    assert all(versions[name] for name in used)


def test_a_skill_reference_means_the_same_from_any_working_directory(tmp_path: Path) -> None:
    (tmp_path / "skills").mkdir()
    (tmp_path / "skills" / "vital-signs.md").write_text("+++\nskill = 'vital-signs'\n+++\n", encoding="utf-8")
    program = (
        f"import json, healthsim\nprint(json.dumps(healthsim.generate(**{SAID!r}).timeline.to_pylist(), default=str))"
    )
    told = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert json.loads(told.stdout) == json.loads(json.dumps(generate(**SAID).timeline.to_pylist(), default=str))
