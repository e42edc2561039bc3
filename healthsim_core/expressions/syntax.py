"""What the parts of an expression are called."""

from __future__ import annotations

import ast

from healthsim_core.expressions.asking import state_name
from healthsim_core.spec.reserved import NAMESPACES

DOT = "\u01c0"  # a letter to Python, that nobody writes: for the dot within the code of `condition.U07.1`


def name_of(node: ast.expr) -> str | None:
    """The column that a part of an expression names; None where it is something else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in NAMESPACES:
        attribute = node.attr.replace(DOT, ".")
        return attribute if node.value.id == "entity" else f"{node.value.id}.{attribute}"
    return state_name(node)


def spoken(node: ast.AST) -> str:
    """A part of an expression as it is written."""
    return ast.unparse(node).replace(DOT, ".")


def function_of(call: ast.Call) -> str:
    """The name of the function that is called: one of core, or of a plugin, with the plugin's name before it."""
    return spoken(call.func) if isinstance(call.func, ast.Name | ast.Attribute) else ""
