"""A household of a run lived again, with note of everything that its events read."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from healthsim_core.columns import Column, Columns, Text
from healthsim_core.draws import Draws, Words, identify, open_unit
from healthsim_core.explaining.told import Draw
from healthsim_core.expressions.diagnosed import Diagnosed
from healthsim_core.generation.chunk import lived
from healthsim_core.journeys.nodes import Node
from healthsim_core.patterns.timing import Minutes, moments
from healthsim_core.planning.plan import Plan
from healthsim_core.reference.stored import using
from healthsim_core.timeline.chain import Chain, chain_of

Reading = tuple[NDArray[np.intp], Minutes, Any]


@attrs.frozen(eq=False)
class NotedDraws(Draws):
    """Draws of one row that take note of their addresses."""

    noted: list[Draw] = attrs.field(factory=list)

    def words(self, name: str) -> Words:
        """The word, noted."""
        words = super().words(name)
        self.noted.append(Draw(f"{self.stream}.{name}", int(self.ids[0]), float(open_unit(words)[0])))
        return words


@attrs.frozen(eq=False)
class Happening:
    """An event of the household.

    Attributes:
        at: Its row of the chain.
        node: Its node.
        index: The node's index.
        row: The person's row.
        minute: When it happens by its delay, as of which it reads.
        moment: When it happened.
        occurrence: Its number.
        id: Its id inside the run.
        given: Its parameters, by name; what begins with @ is the way of a branch or a state.
    """

    at: int
    node: Node
    index: int
    row: int
    minute: int
    moment: int
    occurrence: int
    id: int
    given: Mapping[str, Any]

    @property
    def before(self) -> tuple[int, int]:
        """What sorts events as they see each other."""
        return self.minute, self.node.rank


class Life:
    """What happened to a household, and what was read.

    Args:
        plan: The run's plan.
        unit: The household's number, from 0.
    """

    def __init__(self, plan: Plan, unit: int) -> None:
        self.plan, self.unit = plan, unit
        self._readings: dict[tuple[object, str], list[Reading]] = {}
        self.outcomes: dict[tuple[int, str], Any] = {}  # by event and name, what was drawn
        with using(plan.facts):
            self.people, _, self.timeline = lived(plan, unit, unit + 1, self._draw, self._read)
        self.chain: Chain = chain_of(self.timeline, plan.nodes)
        self.happenings = [self._happening(at) for at in range(len(self.chain))]
        self.of_id = {happening.id: happening for happening in self.happenings}

    @property
    def seed(self) -> int:
        """The run's seed."""
        return self.plan.run.seed

    def outward(self, inner: int) -> int:
        """An id as tables have it; of such an id, the one inside."""
        return int(self.plan.run.namespace.outward(np.array([inner]))[0])

    def person_id(self, row: int) -> int:
        """The id of a person inside the run."""
        return int(np.asarray(self.people["person_id"])[row])

    def cause(self, happening: Happening) -> Happening | None:
        """The event that one follows."""
        at = int(self.chain.cause[happening.at])
        return self.happenings[at] if at >= 0 else None

    def anchor(self, happening: Happening) -> int:
        """The moment from which the delay of an event ran."""
        happened = self.timeline.happened[happening.index]
        at = int(np.flatnonzero(happened.id == happening.id)[0])
        return int(self.timeline.anchors(happening.node, happened, np.array([at]))[0])

    def id_of(self, node: Node, address: NDArray[np.int64]) -> int:
        """The id inside the run of the occurrence of a node at an address."""
        return int(identify(self.seed, f"event/{node.path}", address)[0])

    def draws(self, stream: str, address: int) -> NotedDraws:
        """Draws of one id, whose addresses are noted."""
        return NotedDraws(self.seed, stream, np.array([address]))

    def read(self, happening: Happening, name: str, minute: int) -> Any:
        """What an event read as of a moment, as a column of one row; None where it did not read it."""
        row = happening.row
        for rows, minutes, value in reversed(self._readings.get((_block(happening.node), name), ())):
            at = np.flatnonzero((rows == row) & (minutes == minute))
            if len(at):
                return value[at[:1]]
        return None

    def drawn_before(self, key: str, row: int, before: tuple[int, int]) -> Happening | None:
        """The last event that gave a value of a name to a person, before a moment and rank."""
        giving = (other for other in self._giving.get((key, row), ()) if other.before < before)
        return max(giving, key=lambda other: other.before, default=None)

    @functools.cached_property
    def _giving(self) -> Mapping[tuple[str, int], list[Happening]]:
        """What gave a value of each name to each row."""
        names = {index: node.draws for index, node in enumerate(self.plan.nodes)}
        giving: dict[tuple[str, int], list[Happening]] = {}
        for happening in self.happenings:
            for name in names[happening.index]:
                giving.setdefault((name, happening.row), []).append(happening)
        return giving

    def of_node(self, rank: int, row: int) -> Iterator[Happening]:
        """What happened of the node of a rank to a person."""
        return (other for other in self.happenings if other.row == row and other.node.rank == rank)

    def _read(self, node: Node, name: str, rows: NDArray[np.intp], minute: Minutes, value: Any) -> None:
        known = value.words() if isinstance(value, Diagnosed) else value
        self._readings.setdefault((_block(node), name), []).append((rows, np.asarray(minute), known))

    def _draw(self, path: str, name: str, values: Column, columns: Mapping[str, Any], ids: NDArray[np.int64]) -> None:
        for at, event in enumerate(ids.tolist()):
            self.outcomes[event, name] = scalar(values[np.array([at])])

    def _happening(self, at: int) -> Happening:
        chain = self.chain
        index, within = int(chain.node[at]), int(chain.within(np.array([at]))[0])
        block = self.timeline.blocks[int(chain.block[index])]
        given = Columns(block.parameters, len(block.row)).take(np.array([within]))
        return Happening(
            at=at, node=self.plan.nodes[index], index=index, row=int(chain.row[at]), minute=int(block.minute[within]),
            moment=int(chain.minute[at]), occurrence=int(chain.occurrence[at]), id=int(chain.id[at]),
            given={name: scalar(given[name]) for name in given},
        )  # fmt: skip


def _block(node: Node) -> object:
    """What runs at once: nodes of one trigger read as the first of them."""
    return node.how.trigger or node.path


def scalar(column: Any) -> Any:
    """The value of a column of one row, None for null."""
    if isinstance(column, Text):
        return column.to_pylist()[0]
    value = np.asarray(column).reshape(-1)[0]
    if value.dtype.kind == "M":
        return None if np.isnat(value) else value.item()
    plain = value.item() if hasattr(value, "item") else value
    return None if isinstance(plain, float) and np.isnan(plain) else plain


def time_of(minute: int) -> Any:
    """A moment as tables have it."""
    return moments(np.array([minute]))[0].item()
