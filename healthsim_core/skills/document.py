"""Read a skill: TOML front matter between `+++` lines, prose, and a table under each `##` heading that is a lookup.

A column headed `by NAME` is matched against the context column NAME: a value, `*` for any, for numbers a band
(`0-17`, `65+`, `7..9` from 7 up to but not 9, `<7`, `>=9`), for true and false `yes` and `no`. A column headed
`by condition.N18` asks whether the person has that condition, one headed `by code.N18` under which code; a context
without it means no. The first rows that match win; where the table has a `weight` column, one of all matching rows is
drawn by weight. What the front matter names in `unsaid` is that text where a context does not say it. All other columns
are what the lookup gives: numbers where every cell is one, else text. A cell in backticks makes its column text: a code
such as `53746021801` stays one.
"""

from __future__ import annotations

import functools
import math
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from healthsim_core.columns import Column, Columns, Repeated, Text
from healthsim_core.draws import Draws
from healthsim_core.errors import NoRowError, SkillError, suggestion
from healthsim_core.offers import SkillResolver, asks_condition
from healthsim_core.spec.bounds import parsed_json

_BAND = re.compile(r"^(?:(?P<low>-?[\d.]+)-(?P<high>[\d.]+)|(?P<from>[\d.]+)\+|(?P<a>-?[\d.]+)\.\.(?P<b>-?[\d.]+)"
                   r"|<(?P<below>-?[\d.]+)|>=(?P<least>-?[\d.]+))$")  # fmt: skip

_BLOCK = re.compile(r"^```json\n(.*?)^```", flags=re.MULTILINE | re.DOTALL)


def read_skill(path: Path) -> SkillResolver:
    """The skill that a Markdown document holds.

    Raises:
        SkillError: The document has no front matter, no name, no version, or a malformed table.
    """
    text = path.read_text(encoding="utf-8")
    parts = text.split("+++\n", 2)
    if len(parts) != 3 or parts[0].strip():
        raise SkillError(
            "the document does not begin with TOML front matter.", path.name, "Put it between two +++ lines."
        )
    try:
        head = tomllib.loads(parts[1])
        name, version = head["skill"], head["version"]
    except (tomllib.TOMLDecodeError, KeyError) as error:
        raise SkillError(
            f"the front matter is not usable: {error}.", path.name, "It names `skill` and `version`."
        ) from error
    tables = {slug: LookupTable.parse(slug, body, path.name) for slug, body in _sections(parts[2])}
    resolver = _Resolver(name, tables)
    return SkillResolver(
        skill=name,
        version=version,
        resolve=resolver,
        lookups={slug: (table.keys, table.gives) for slug, table in tables.items()},
        conditions=head.get("conditions", ()),
        baselines=tuple(dict.fromkeys(tables["baseline"].cells["by lab"])) if "baseline" in tables else (),
        unsaid=head.get("unsaid", {}),
        blanks={slug: table.blanks for slug, table in tables.items()},
        cells=resolver.cells,
        document=path,
        description=head.get("description", ""),
        state=_state(parts[2], path.name),
    )


def _state(text: str, file: str) -> Mapping[str, Any]:
    """What the section "State" declares, one block of JSON; nothing where there is none."""
    section = re.search(r"^## State\n(?P<body>.*?)(?=^## |\Z)", text, flags=re.MULTILINE | re.DOTALL)
    blocks = _BLOCK.findall(section["body"]) if section else []
    if section and len(blocks) != 1:
        what = f"has {len(blocks)} blocks of JSON."
        raise SkillError(what, f"{file}: State", "Declare everything in one block, between ```json and ```.")
    return parsed_json(blocks[0], f"{file}: State") if blocks else {}


def skill_documents(folder: Path) -> tuple[SkillResolver, ...]:
    """The skill of each document (*.md) in a folder."""
    return tuple(read_skill(path) for path in sorted(folder.glob("*.md")))


@attrs.frozen
class _Resolver:
    skill: str
    tables: Mapping[str, LookupTable]

    def __call__(self, lookup: str, context: Columns, draw: Draws) -> Columns:
        if lookup not in self.tables:
            raise SkillError(f'the skill has no lookup "{lookup}".', self.skill, suggestion(lookup, self.tables))
        return self.tables[lookup].resolve(context, draw)

    def cells(self, lookup: str) -> Mapping[str, tuple[str, ...]]:
        """The columns of a lookup's table as text."""
        return self.tables[lookup].cells


@attrs.frozen(eq=False, slots=False)
class LookupTable:
    """One table of a skill.

    Attributes:
        name: Skill section it stands in.
        keys: Context columns that it matches.
        gives: Columns that it gives.
        cells: Text of the cells by column.
        rows: Number of rows.
        coded: Columns with cells in backticks, text though they look like numbers.
    """

    name: str
    keys: tuple[str, ...]
    gives: tuple[str, ...]
    cells: Mapping[str, tuple[str, ...]]
    rows: int
    coded: frozenset[str] = frozenset()

    @classmethod
    def parse(cls, name: str, lines: list[str], file: str) -> LookupTable:
        """The table that pipe-delimited lines hold."""
        grid = [
            [cell.strip() for cell in line.strip().removeprefix("|").removesuffix("|").split("|")] for line in lines
        ]
        header, body = grid[0], grid[2:]
        for row in body:
            if len(row) != len(header):
                raise SkillError(f"a row of {len(row)} cells under {len(header)} headings: {row}.", f"{file}: {name}")
        cells = {head: tuple(row[index].strip("`") for row in body) for index, head in enumerate(header)}
        coded = frozenset(head for index, head in enumerate(header) if any(row[index].startswith("`") for row in body))
        keys = tuple(head.removeprefix("by ") for head in header if head.startswith("by "))
        gives = tuple(head for head in header if not head.startswith("by ") and head != "weight")
        return cls(name, keys, gives, cells, len(body), coded)

    @property
    def blanks(self) -> tuple[str, ...]:
        """Columns that it gives and that are blank in some row."""
        return tuple(name for name in self.gives if not all(self.cells[name]))

    def resolve(self, context: Columns, draw: Draws) -> Columns:
        """The columns that the table gives for each row of `context`.

        Raises:
            SkillError: A key column is not in the context.
        NoRowError: A row of the context matches no row of the table.
        """
        absent = [key for key in self.keys if asks_condition(key) and key not in context]
        nobody = {key: None if key.startswith("code.") else np.zeros(context.rows, bool) for key in absent}
        context = context.assign(**nobody) if nobody else context
        for key in self.keys:
            if key not in context:
                raise SkillError(f'the lookup "{self.name}" needs "{key}".', "context", suggestion(key, context))
        fixed = {key: context.unread(key) for key in self.keys}
        if all(isinstance(value, Repeated) for value in fixed.values()) and context.rows > 1:
            return self._same_for_all(Columns(fixed, 1), context.rows, draw)
        which, first = _alike([context[key] for key in self.keys], context.rows)
        asked_once = context.take(first)
        matches = np.ones((len(first), self.rows), bool)
        for key in self.keys:
            matches &= self._matching(key, asked_once[key])
        lost = ~np.asarray(matches.any(axis=1))[which]
        if lost.any():
            row = context.take(np.flatnonzero(lost)[:1]).to_pylist()[0]
            asked = ", ".join(f"{key} {row[key]!r}" for key in self.keys)
            error = NoRowError(f'the lookup "{self.name}" has no row for {asked}.', "", "Add one, or a row of `*`.")
            error.lost = lost
            raise error
        return self.at(self._chosen(matches, which, draw))

    def _same_for_all(self, context: Columns, rows: int, draw: Draws) -> Columns:
        if "weight" not in self.cells:
            one = self.resolve(context, draw)
            return Columns({name: _only(column) for name, column in one.items()}, rows)
        matches = np.ones(self.rows, bool)
        for key in self.keys:
            matches &= self._matching(key, context[key])[0]
        if not matches.any():
            self.resolve(context, draw)  # says what was asked and not found
        thresholds = np.cumsum(matches * self._weights)
        return self.at(np.searchsorted(thresholds, draw.uniform(f"skill.{self.name}") * thresholds[-1], side="right"))

    def at(self, chosen: NDArray[Any]) -> Columns:
        """The given columns of the table's rows `chosen`."""
        return self._given.take(chosen)

    @functools.cached_property
    def _given(self) -> Columns:
        return Columns({name: self._column(name) for name in self.gives}, self.rows)

    @functools.cached_property
    def _weights(self) -> NDArray[np.float64]:
        return np.array([float(cell) for cell in self.cells["weight"]])

    def _column(self, name: str) -> Column:
        cells = self.cells[name]
        return Text.of([cell or None for cell in cells]) if name in self.coded else _typed(cells)

    def _chosen(self, matches: NDArray[np.bool_], which: NDArray[np.intp], draw: Draws) -> NDArray[Any]:
        if "weight" not in self.cells:
            return np.asarray(matches.argmax(axis=1)[which])
        thresholds = np.cumsum(matches * self._weights, axis=1)[which]
        target = draw.uniform(f"skill.{self.name}") * thresholds[:, -1]
        return np.asarray((thresholds <= target[:, None]).sum(axis=1))

    def _matching(self, key: str, column: Column) -> NDArray[np.bool_]:
        cells = self.cells[f"by {key}"]
        if isinstance(column, Text):
            values = [*column.values.to_pylist(), None]
            table = np.array([[cell in ("*", value) for cell in cells] for value in values])
            return np.asarray(table[column.codes])
        numbers = np.asarray(column)
        if numbers.dtype == bool:
            return np.array([[cell in ("*", word) for cell in cells] for word in ("no", "yes")])[
                numbers.astype(np.intp)
            ]
        return np.stack([in_band(numbers, cell) for cell in cells], axis=1)


def _alike(columns: list[Column], rows: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Which of the distinct rows each row is, and where each distinct row first stands;
    all are distinct beside numbers."""
    texts = [column for column in columns if isinstance(column, Text)]
    if len(texts) < len(columns) or math.prod(len(text.values) + 1 for text in texts) >= 2**63:
        return np.arange(rows), np.arange(rows)
    packed = np.zeros(rows, np.int64)
    for text in texts:
        packed = packed * (len(text.values) + 1) + text.codes + 1
    _, first, which = np.unique(packed, return_index=True, return_inverse=True)
    return which, first


def _sections(text: str) -> list[tuple[str, list[str]]]:
    sections = []
    for section in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
        title, _, body = section.partition("\n")
        table = [line for line in body.splitlines() if line.lstrip().startswith("|")]
        if len(table) > 2:
            sections.append((re.sub(r"[^a-z0-9]+", "_", title.strip().lower()).strip("_"), table))
    return sections


def _only(column: Column) -> Any:
    return column.to_pylist()[0] if isinstance(column, Text) else column[0]


def _typed(cells: tuple[str, ...]) -> Column:
    try:
        return np.array([float(cell) if cell else np.nan for cell in cells])
    except ValueError:
        return Text.of([cell or None for cell in cells])


def in_band(numbers: NDArray[Any], cell: str) -> NDArray[np.bool_]:
    """Boolean array (rows,): which numbers a cell means, `*` or a band."""
    if cell == "*":
        return np.ones(len(numbers), bool)
    band = _BAND.match(cell)
    if not band:
        return np.asarray(numbers == float(cell))
    low = next((float(band[name]) for name in ("low", "from", "a", "least") if band[name]), -np.inf)
    high = next((float(band[name]) for name in ("b", "below") if band[name]), np.inf)
    high = float(band["high"]) + 1 if band["high"] else high
    return np.asarray((numbers >= low) & (numbers < high))
