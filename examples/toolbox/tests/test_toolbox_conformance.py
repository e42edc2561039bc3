"""Toolbox keeps what every plugin owes, and what it adds to HealthSim does what it says."""

import json

import numpy as np
import toolbox

from healthsim_core import generate
from healthsim_core.testing import PluginConformance

EULER = 0.5772156649  # the mean of a Gumbel distribution is mode + EULER * scale


class TestConformance(PluginConformance):
    plugin = "toolbox"


def weights(**law):
    """The weights of 4,000 people, drawn from a Gumbel distribution."""
    profile = {"id": "weights", "attributes": {"kilograms": {"type": "toolbox.gumbel", **law}}}
    result = generate(profile, count=4000, products=["toolbox"])
    assert result.validation.passed, result.validation
    return result.entities["kilograms"].to_numpy()


def test_a_gumbel_distribution_has_the_mean_that_it_states():
    drawn = weights(mode=74, scale=11)

    assert abs(drawn.mean() - (74 + EULER * 11)) < 5 * drawn.std() / np.sqrt(len(drawn))


def test_bounds_truncate_it():
    drawn = weights(mode=74, scale=11, min=70, max=80)

    assert (drawn >= 70).all() and (drawn <= 80).all() and len(np.unique(drawn)) == len(drawn)


def test_a_function_gives_a_value_for_each_person():
    people = generate("toolbox-adults", count=50, products=["toolbox"]).entities.to_pylist()

    assert {each["heavy"] for each in people} == {True, False}
    assert all(each["heavy"] == (each["kilograms"] / each["metres"] ** 2 >= 30) for each in people)


def test_the_validator_asks_everybody_who_is_measured():
    result = generate("toolbox-adults", count=50, products=["toolbox"])

    check = next(each for each in result.validation.checks if each.what == "heavy are those whose index says so")
    assert check.passed and check.rows == 50


def test_the_validator_asks_nobody_who_is_not_measured():
    assert toolbox.index_agrees({"core.person": toolbox.Columns({"age": np.ones(2)})}) == {}


def test_the_validator_finds_who_is_called_heavy_and_is_not():
    measured = {"kilograms": np.array([100.0, 50.0]), "metres": np.array([1.7, 1.7]), "heavy": np.array([True, True])}

    found = toolbox.index_agrees({"core.person": toolbox.Columns(measured)})

    assert list(found.values()) == [(1, 2)]


def test_a_pool_makes_the_same_bytes(tmp_path):
    asked = {"profile": "toolbox-adults", "count": 200, "products": ["toolbox"]}
    generate(**asked, out=tmp_path / "local")
    generate(**asked, out=tmp_path / "pool", executor="pool", workers=2)

    local, pool = (json.loads((tmp_path / name / "manifest.json").read_text()) for name in ("local", "pool"))
    assert local["files"] == pool["files"]
