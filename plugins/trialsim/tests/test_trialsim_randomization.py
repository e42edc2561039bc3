"""Permuted blocks, addressed by enrolment position."""

from __future__ import annotations

import attrs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from trialsim.protocol import find_protocol
from trialsim.randomization import RANDOMIZATION, arm_positions

from healthsim_core import Columns, Text

PROTOCOL = find_protocol("hs-t2d-301")
SEEDS = st.integers(0, 2**32)


def subscribers(first_unit: int, units: int, position: int = 0) -> np.ndarray:
    """Person ids of one household position in consecutive households; the first household is unit 1."""
    return (np.arange(first_unit, first_unit + units, dtype=np.int64)) * 16 + position


@given(SEEDS, st.integers(0, 10_000), st.integers(0, 15))
def test_every_block_holds_each_arm_alike(seed: int, block: int, position: int) -> None:
    people = subscribers(block * PROTOCOL.block_size + 1, PROTOCOL.block_size, position)

    arms = arm_positions(seed, PROTOCOL, people)

    assert np.bincount(arms, minlength=3).tolist() == [2, 2, 2]


@given(SEEDS, st.lists(st.integers(1, 4), min_size=2, max_size=3), st.integers(1, 3))
def test_a_block_holds_the_arms_as_the_ratio_says(seed: int, ratio: list[int], repeats: int) -> None:
    arms = tuple(attrs.evolve(arm, ratio=share) for arm, share in zip(PROTOCOL.arms, ratio, strict=False))
    protocol = attrs.evolve(PROTOCOL, arms=arms, block_size=sum(ratio) * repeats)

    drawn = arm_positions(seed, protocol, subscribers(1, protocol.block_size))

    assert np.bincount(drawn, minlength=len(ratio)).tolist() == [share * repeats for share in ratio]


@given(SEEDS, st.integers(1, 199))
def test_a_persons_arm_does_not_depend_on_who_else_is_there(seed: int, cut: int) -> None:
    people = subscribers(1, 200)

    together = arm_positions(seed, PROTOCOL, people)

    apart = np.concatenate([arm_positions(seed, PROTOCOL, people[:cut]), arm_positions(seed, PROTOCOL, people[cut:])])
    assert together.tolist() == apart.tolist()


def test_seeds_give_different_lists() -> None:
    people = subscribers(1, 60)

    assert arm_positions(1, PROTOCOL, people).tolist() != arm_positions(2, PROTOCOL, people).tolist()


def test_every_place_of_a_block_may_hold_every_arm() -> None:
    arms = arm_positions(42, PROTOCOL, subscribers(1, 6_000)).reshape(-1, 6)

    shares = [(arms == arm).mean(axis=0) for arm in range(3)]

    # 1,000 blocks: a share of 1/3 has a standard error of 0.015
    assert np.abs(np.array(shares) - 1 / 3).max() < 0.075


def test_the_skill_gives_the_arm_of_the_list() -> None:
    people = subscribers(1, 12)
    draw = attrs.make_class("Draw", ["seed"])(7)

    found = RANDOMIZATION.resolve("arm", Columns({"person_id": people, "protocol": "hs-t2d-301"}, 12), draw)["arm"]

    assert isinstance(found, Text)
    expected = [PROTOCOL.arms[index].code for index in arm_positions(7, PROTOCOL, people)]
    assert found.to_pylist() == expected


def test_an_unknown_protocol_is_an_error_that_names_the_nearest() -> None:
    with pytest.raises(Exception, match='Did you mean "hs-t2d-301"'):
        find_protocol("hs-t2d-30")
