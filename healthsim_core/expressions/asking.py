"""How expressions ask for a person's state: calls with one text, which are read as names."""

from __future__ import annotations

import ast
from typing import Literal

from healthsim_core.errors import canonical

Function = Literal["has", "since", "stage", "on", "dose", "days_covered", "last"]
OF_CONDITIONS = ("has", "since", "stage")
OF_TREATMENTS = ("on", "dose", "days_covered")
OF_MEASURES = ("last",)
FUNCTIONS = (*OF_CONDITIONS, *OF_TREATMENTS, *OF_MEASURES)
HAS = "has:"  # before a code: whether the condition is there
LAST = "last:"  # before a measure: what was measured of it last
MEASURED = "measured."  # before a measure: what an event measures of it


def state_name(call: ast.expr) -> str | None:
    """The name as which a call such as `has('E11')` is read, "has:E11"; None where it is something else."""
    match call:
        case ast.Call(func=ast.Name(id=function), args=[ast.Constant(value=str(argument))], keywords=[]) if (
            function in FUNCTIONS
        ):
            return f"{function}:{argument}"
    return None


def asked(name: str) -> tuple[str, str] | None:
    """Function and text of a name such as "has:E11"; None where it is another name."""
    function, colon, argument = name.partition(":")
    return (function, argument) if colon and function in FUNCTIONS else None


def drug_key(name: str) -> str:
    """A class of drugs or a drug as it is compared: "ACE inhibitor" and "ace_inhibitor" are one."""
    return canonical(name).replace(" ", "-")


def spoken(name: str) -> str:
    """A name as expressions write it."""
    parts = asked(name)
    return name if parts is None else f"{parts[0]}('{parts[1]}')"
