"""Permuted blocks, addressed by enrolment position: neither chunks nor workers nor the number of people change an
arm."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from healthsim_core import Columns, Draws, SkillResolver, Text
from trialsim.protocol import Protocol, find_protocol

POSITIONS = 16  # person ids of one household
SKILL = "trial-randomization"
VERSION = "1.0"


def arm_positions(seed: int, protocol: Protocol, person_id: NDArray[np.int64]) -> NDArray[np.int64]:
    """Index of each person's arm.

    A person's place on the randomisation list is the household's; each position in the household has a list of its
    own. The arms of a block are a permutation: each as often as the ratio says.

    Args:
        seed: The run's seed.
        protocol: Its arms, ratio and block size.
        person_id: Int64 array (rows,).

    Returns:
        Int array (rows,), index into `protocol.arms`.
    """
    size = protocol.block_size
    block, slot = np.divmod(person_id // POSITIONS - 1, size)
    address = (block * POSITIONS + person_id % POSITIONS)[:, None] * size + np.arange(size)
    keys = Draws(seed, f"trialsim.{protocol.name}", address.ravel()).words("block").reshape(-1, size)
    rows = np.arange(len(person_id))
    mine = keys[rows, slot]
    rank = (keys < mine[:, None]).sum(axis=1)
    return np.asarray(block_pattern(protocol)[rank])


def block_pattern(protocol: Protocol) -> NDArray[np.int64]:
    """The arms of one block before they are permuted."""
    ratio = [arm.ratio for arm in protocol.arms]
    repeats = protocol.block_size // sum(ratio)
    return np.repeat(np.arange(len(ratio)), np.array(ratio) * repeats)


def arm_codes(protocol: Protocol, positions: NDArray[np.int64]) -> Text:
    """Arm codes by index; -1 is null."""
    return Text(positions, [arm.code for arm in protocol.arms])


def _resolve(lookup: str, context: Columns, draw: Any) -> Columns:
    protocol = find_protocol(context.text("protocol").to_pylist()[0]) if context.rows else None
    if protocol is None:
        return Columns({**dict.fromkeys(("arm", "treatment")), "dose": np.nan, "treatment_days": np.nan}, 0)
    person = np.asarray(context["person_id"], np.int64)
    arm = arm_positions(draw.seed, protocol, person)
    columns = {
        "arm": arm_codes(protocol, arm),
        "treatment": Text(arm, [planned.treatment for planned in protocol.arms]),
        "dose": np.array([planned.dose for planned in protocol.arms], np.float64)[arm],
        "treatment_days": float(protocol.treatment_days),
    }
    return Columns(columns, context.rows)


RANDOMIZATION = SkillResolver(
    SKILL,
    VERSION,
    _resolve,
    lookups={"arm": (("person_id", "protocol"), ("arm", "treatment", "dose", "treatment_days"))},
    description="The randomisation list of a protocol: which arm a person is assigned to.",
)
