"""What codes are called by the lists that they come from."""

from __future__ import annotations

from healthsim_core.codes import code_systems
from healthsim_core.columns import Text


def display_of(system: str, codes: Text) -> Text:
    """What a code system calls each code; null where it has no words for it.

    Args:
        system: The system's name in `Field.codes`, such as "icd-10-cm"; matched without regard to case.
        codes: The codes.

    Example:
        >>> display_of("ICD-10-CM", Text.of(["E11.9", None])).to_pylist()
        ['Type 2 diabetes mellitus without complications', None]
    """
    return codes.recode(code_systems()[system.lower()].display)
