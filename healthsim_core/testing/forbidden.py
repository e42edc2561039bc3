"""What no plugin may use: clocks, and draws without an address, found by reading its source."""

from __future__ import annotations

import ast

FORBIDDEN_IMPORTS = frozenset({"random", "secrets", "uuid"})
FORBIDDEN_CALLS = frozenset(
    {"now", "today", "utcnow", "time", "time_ns", "perf_counter", "monotonic", "urandom", "default_rng"}
)
_CLOCKS = frozenset({"datetime", "datetime.datetime", "date", "datetime.date", "time", "os"})


def forbidden(source: str) -> list[tuple[int, str]]:
    """Lines of Python source that read a clock or draw without an address, and what each does."""
    uses: list[tuple[int, str]] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            uses += [
                (node.lineno, f"imports {n.name}") for n in node.names if n.name.split(".")[0] in FORBIDDEN_IMPORTS
            ]
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in FORBIDDEN_IMPORTS:
            uses.append((node.lineno, f"imports {node.module}"))
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name | ast.Attribute):
            owner = ast.unparse(node.value)
            if owner in ("np.random", "numpy.random", "random") or (node.attr in FORBIDDEN_CALLS and owner in _CLOCKS):
                uses.append((node.lineno, f"uses {owner}.{node.attr}"))
    return uses
