"""What codes are called by the lists that they come from."""

from __future__ import annotations

import pyarrow.compute as pc

from healthsim_core.codes import code_systems
from healthsim_core.columns import Text
from healthsim_core.reference.known_codes import CODE_LIST
from healthsim_core.reference.stored import reference_rows


def display_of(system: str | Text, codes: Text) -> Text:
    """What a code system calls each code; null where it has no words for it.

    Args:
        system: The system's name in `Field.codes`, such as "icd-10-cm", matched without regard to case; or a column
            that names one for each code.
        codes: The codes.

    Examples:
        >>> display_of("ICD-10-CM", Text.of(["E11.9", None])).to_pylist()
        ['Type 2 diabetes mellitus without complications', None]
    """
    if isinstance(system, str):
        return _of_list(system.lower(), codes)
    displays = Text.constant(None, len(codes))
    for at, name in enumerate(system.values.to_pylist()):
        of_system = system.codes == at
        if of_system.any():
            displays = displays.or_else(_of_list(name.lower(), codes.only(of_system)))
    return displays


def _of_list(system: str, codes: Text) -> Text:
    shipped = (
        codes.recode(code_systems()[system].display) if system in code_systems() else Text.constant(None, len(codes))
    )
    loaded = reference_rows(CODE_LIST)
    if loaded is None or not shipped.is_null().any():
        return shipped
    listed = loaded.filter(pc.equal(loaded["code_system"].cast("string"), system))
    row = pc.fill_null(pc.index_in(codes.values, listed["code"].combine_chunks().cast("string")), -1).to_numpy(
        zero_copy_only=False
    )
    words = Text.of(listed["description"])
    return shipped.or_else(words.take_or_null(row).take_or_null(codes.codes))
