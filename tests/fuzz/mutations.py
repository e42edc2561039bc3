"""Documents made wrong at random places, their codes as well: what people,
editors and programs do to a specification."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

from healthsim_core.codes import ValueSet, code_systems

SETS = [code for system in code_systems().values() if isinstance(system, ValueSet) for code in system.codes]
LISTED = [
    "E11.9", "E11", "E119", "O80", "C61", "Z00.110", "N18.6", "I21.4", "Q99.ZZ9", "E99", "10E0XZZ", "10E0XZY", "G0438",
    "D0120", "99213",
    "08", "999", "4548-4", "4548-5", "2025-01-01", "53746021801", "0002-8215-01", "860975", "abc", "470", "000",
    "1234567893", "mg/dL",
    "furlong", "10*3/uL", "{tablet}", "mmHg",
]  # fmt: skip
CODES = st.sampled_from([*SETS, *LISTED, *LISTED])
NESTED: Any = 1
for _ in range(200):
    NESTED = {"rules": [NESTED]}
VALUES = st.one_of(
    st.sampled_from(
        [
            None,
            True,
            False,
            0,
            -1,
            1,
            0.5,
            1e300,
            -1e300,
            1e-300,
            10**18,
            10**400,
            math.nan,
            math.inf,
            "",
            " ",
            "x" * 20_000,
            [],
            {},
            [[]],
        ]
    ),
    st.sampled_from(
        [
            "age",
            "age >",
            "age == 'old'",
            "'E11' in age",
            "nosuch > 3",
            "1",
            "not 5",
            "${entity.nosuch}",
            "${",
            "2026-02-30",
        ]
    ),
    st.sampled_from(
        [
            "\ud800",
            "\0",
            "é ✓ 日本語 \U0001f600",
            "'; DROP TABLE",
            "../../etc/passwd",
            "<a>&amp;",
            "a\nb",
            "|^~\\&",
            "NaN",
        ]
    ),
    st.sampled_from(
        [NESTED, {"type": "normal"}, {"type": "normal", "mean": "age", "sd": 0}, {"type": "constant", "value": "x"}]
    ),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
)


def places(document: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Paths of all values below a document."""
    parts = (
        document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    )
    for name, value in parts:
        yield (*path, name)
        yield from places(value, (*path, name))


@st.composite
def mutated(draw: st.DrawFn, documents: list[dict[str, Any]]) -> dict[str, Any]:
    """One of the documents with one to three changes: rude ones, or such as leave most of the documents right."""
    document = copy.deepcopy(draw(st.sampled_from(documents)))
    change = draw(st.sampled_from([_change, _nudge, _nudge, _recode]))
    for _ in range(draw(st.integers(1, 3))):
        paths = list(places(document))
        if paths:
            change(draw, document, draw(st.sampled_from(paths)))
    return document


def _nudge(draw: st.DrawFn, document: Any, path: tuple[Any, ...]) -> None:
    """Another number for a number, another text of the document for a text;
    of lists and mappings a part is left out."""
    at, name = _at(document, path[:-1]), path[-1]
    value = at[name]
    if isinstance(value, bool):
        at[name] = not value
    elif isinstance(value, int | float):
        at[name] = draw(
            st.sampled_from([0, 1, 2, value + 1, value * 2, value / 2, value * 100, -value, value + 0.5, 1e9])
        )
    elif isinstance(value, str):
        texts = sorted({each for where in places(document) if isinstance(each := _at(document, where), str)})
        at[name] = draw(st.sampled_from(texts))
    elif value:
        part = draw(st.sampled_from(list(value) if isinstance(value, dict) else range(len(value))))
        del value[part]


def _recode(draw: st.DrawFn, document: Any, path: tuple[Any, ...]) -> None:
    """A code of some system, or the same one misspelt, for a text; the text that keys a mapping is misspelt too."""
    at, name = _at(document, path[:-1]), path[-1]
    if isinstance(at[name], str):
        at[name] = draw(st.one_of(CODES, misspelt(at[name])))
    elif isinstance(name, str) and isinstance(at[name], int | float):
        at[draw(misspelt(name))] = at.pop(name)
    else:
        _nudge(draw, document, path)


@st.composite
def misspelt(draw: st.DrawFn, text: str) -> str:
    """A text as people write it: in other letters, with spaces, without its dot, with one letter less,
    more or other."""
    at = draw(st.integers(0, max(len(text) - 1, 0)))
    letter = draw(st.sampled_from("0179AXZaz.-_ "))
    ways = [
        text.lower(), text.upper(), f" {text} ", text.replace(".", ""), text.replace("_", "-"),
        text[:at] + text[at + 1 :],
        text[:at] + letter + text[at:], text[:at] + letter + text[at + 1 :],
    ]  # fmt: skip
    return draw(st.sampled_from(ways))


def _change(draw: st.DrawFn, document: Any, path: tuple[Any, ...]) -> None:
    *above, name = path
    at = document
    for part in above:
        at = at[part]
    change = draw(st.sampled_from(["replace", "delete", "rename", "duplicate", "swap", "wrap", "add"]))
    if change == "delete":
        del at[name]
    elif change == "rename" and isinstance(at, dict):
        at[draw(st.one_of(st.sampled_from([f"{name}x", str(name).upper(), "type", "id", ""]), st.text(max_size=4)))] = (
            at.pop(name)
        )
    elif change == "duplicate" and isinstance(at, list):
        at.extend([copy.deepcopy(at[name])] * draw(st.sampled_from([1, 1, 3, 600])))
    elif change == "swap":
        other = draw(st.sampled_from(list(places(document))))
        at[name] = copy.deepcopy(_at(document, other))
    elif change == "wrap":
        at[name] = draw(st.sampled_from([[at[name]], {"value": at[name]}, {"type": "constant", "value": at[name]}]))
    elif change == "add" and isinstance(at, dict):
        at[draw(st.sampled_from(["count", "repeat", "seed", "attributes", "members", "custom", "when"]))] = (
            copy.deepcopy(draw(VALUES))
        )
    else:
        at[name] = copy.deepcopy(draw(VALUES))


def _at(document: Any, path: tuple[Any, ...]) -> Any:
    for part in path:
        document = document[part]
    return document
