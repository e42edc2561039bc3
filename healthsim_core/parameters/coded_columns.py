"""Columns of codes that are known only while a run goes on: each distinct text is looked at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs
import numpy as np

from healthsim_core.columns import Column, Columns, Repeated, Text, spelled
from healthsim_core.reference.known_codes import KnownCodes


@attrs.frozen
class CodedColumn:
    """A parameter that holds codes.

    Attributes:
        name: The parameter.
        system: The code system; "" where the parameter `said_by` says which.
        said_by: The parameter that says which code system it is.
        where: The parameter's path, for errors.
        known: The codes that the run knows.
    """

    name: str
    system: str
    said_by: str
    where: str
    known: KnownCodes = attrs.field(repr=False)

    def written(self, parameters: Mapping[str, Any], rows: int) -> Any:
        """The parameter as its code system writes it.

        Raises:
            SpecificationError: Some text is no code of it.
        """
        both = Columns({"code": parameters[self.name], "system": parameters.get(self.said_by)}, rows)
        given = both.unread("code")
        if isinstance(given, Repeated) and not self.said_by:
            return given if given.value is None else Repeated(self._code(self.system, text_of_value(given.value)))
        column = _as_text(both["code"])
        return self._by_row(column, _as_text(both["system"])) if self.said_by else self._of_system(column, self.system)

    def _of_system(self, column: Text, system: str) -> Text:
        words, drawn = column.values.to_pylist(), set(np.unique(column.codes).tolist())
        # of the others nobody has one
        codes = {word: self._code(system, word) for at, word in enumerate(words) if at in drawn}
        return column if all(word == code for word, code in codes.items()) else column.recode(codes.get)

    def _by_row(self, column: Text, systems: Text) -> Text:
        codes = column
        for at, system in enumerate(systems.values.to_pylist()):
            of_system = systems.codes == at
            if of_system.any():
                part = self._of_system(column.only(of_system), system.lower())
                codes = part.or_else(codes.only(~of_system))
        return codes

    def _code(self, system: str, text: str) -> str:
        return self.known.require(system, text, self.where)


def text_of_value(value: Any) -> str:
    """A value as it stands in a column of text."""
    return value if isinstance(value, str) else str(spelled(np.array([float(value)])).values[0])


def _as_text(column: Column) -> Text:
    return column if isinstance(column, Text) else spelled(np.asarray(column))
