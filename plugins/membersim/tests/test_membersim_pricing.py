"""Prices, worked by hand from rates that are easy to work with."""

import attrs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from membersim import pricing

from healthsim_core import Text

RATES = {"operating_rate": 1_000, "capital_rate": 100, "labor_share_above_one": 0.6, "labor_share_below_one": 0.5}


@attrs.frozen
class Weights:
    weight: dict[str, float]


@pytest.fixture
def easy_rates(monkeypatch):
    """The rates above; the wage factor of a state is its name."""
    monkeypatch.setattr(pricing, "document", lambda name: {"payment": {"inpatient": RATES}}[name])
    monkeypatch.setattr(pricing, "state_factor", lambda state, name: state.map(float, np.float64, 1.0))


@pytest.mark.parametrize(
    ("wage", "dollars"),
    [
        ("1", 1_000 + 100),
        ("2", 600 * 2 + 400 + 100 * 2**0.6848),
        ("0.5", 500 * 0.5 + 500 + 100 * 0.5**0.6848),
    ],
)
def test_a_stay_costs_its_weight_times_both_rates_of_which_wages_move_the_labor_share(easy_rates, wage, dollars):
    price = pricing.stay_price(Weights({"470": 2.0}), Text.of(["470"]), Text.of([wage]))

    assert price.tolist() == pytest.approx([100 * 2 * dollars])


@pytest.mark.parametrize(("unit", "expected"), [(1e-12, 1.0), (0.5, 2.0), (1 - 1e-12, 4.0)])
def test_a_bounded_level_runs_from_its_least_by_its_median_to_its_most(unit, expected):
    assert pricing.bounded_log(np.array([unit]), 2.0, 0.3, 1.0, 4.0).tolist() == pytest.approx([expected], rel=1e-3)


@given(
    st.lists(
        st.tuples(st.integers(0, 10_000_000), st.lists(st.floats(0.01, 5), min_size=1, max_size=8)),
        min_size=1,
        max_size=20,
    )
)
@settings(max_examples=80, deadline=None)
def test_the_parts_of_a_charge_sum_to_it(charges):
    total = np.array([amount for amount, _ in charges], np.int64)
    owner = np.repeat(np.arange(len(charges)), [len(shares) for _, shares in charges])

    split = pricing.parts(total, owner, np.concatenate([shares for _, shares in charges]))

    assert np.bincount(owner, split).tolist() == total.tolist()
    assert (split >= 0).all()
