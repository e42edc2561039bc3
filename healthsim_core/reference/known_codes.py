"""The codes that a run knows: those of the code systems on offer,
and those of lists that `healthsim init` has loaded."""

from __future__ import annotations

import re
from collections.abc import Mapping

import attrs

from healthsim_core.catalog import Catalog
from healthsim_core.codes import CodeSystem
from healthsim_core.codes.listed import icd_10_cm
from healthsim_core.errors import PluginError
from healthsim_core.reference.stored import BUNDLED, LOADED_FROM, reference_rows

CODE_LIST = "code_list"
_CHAPTER = re.compile("[A-Z][0-9]?")  # with which categories begin
# systems that take the codes of others too
_PARTS = {"service-code": ("hcpcs", "cpt"), "icd-10-cm-category": ("icd-10-cm",)}


@attrs.frozen
class LoadedCode:
    """A code of a loaded list: as it is written there, its words, and whether it is billable."""

    code: str
    words: str | None = None
    billable: bool = True


Loaded = Mapping[str, Mapping[str, LoadedCode]]


@attrs.frozen(eq=False)
class KnownCodes:
    """Code systems and loaded lists of a run.

    Attributes:
        systems: Code systems by name.
        loaded: By system, codes of loaded lists by how they are compared.
    """

    systems: Mapping[str, CodeSystem]
    loaded: Loaded
    _found: dict[tuple[str, str], str | None] = attrs.field(factory=dict)

    @classmethod
    def of(cls, catalog: Catalog) -> KnownCodes:
        """What a catalog offers, and what is loaded."""
        return cls(catalog.code_systems, _with_other_files(loaded_lists(), catalog))

    def canonical(self, system: str, text: str) -> str | None:
        """A code as its system writes it; None where it is none.

        Raises:
            PluginError: Nobody offers the system.
        """
        if (system, text) not in self._found:
            self._found[system, text] = self._canonical(system, text)
        return self._found[system, text]

    def require(self, system: str, text: str, where: str) -> str:
        """A code as its system writes it.

        Raises:
            SpecificationError: `text` is no code of the system; the message names the nearest.
        """
        code = self.canonical(system, text)
        return self.systems[system].require(text, where) if code is None else code

    def instead(self, system: str, text: str) -> str:
        """What to write in place of a text that is not a code as its system writes it, in one line; "" where it is."""
        code = self.canonical(system, text)
        if code is None:
            return self.systems[system].remedy(text)
        return "" if code == text else f'Did you mean "{code}"?'

    def instead_of_stem(self, text: str) -> str:
        """The same of a text with which diagnoses begin."""
        return "" if _CHAPTER.fullmatch(text) else self.instead("icd-10-cm-category", text)

    def _canonical(self, system: str, text: str) -> str | None:
        if system not in self.systems:
            raise PluginError(
                f'a field names the code system "{system}", which nobody offers.',
                "",
                "Offer it by healthsim_code_systems.",
            )
        for name in (system, *_PARTS.get(system, ())):
            known = self.loaded.get(name, {}).get(compared(name, text))
            if known is not None and (known.billable or system != "icd-10-cm"):
                return known.code
        return self.systems[system].canonical(text)


def compared(system: str, text: str) -> str:
    """What two spellings of a code have in common."""
    return icd_10_cm(text) if system.startswith("icd-10-cm") else text.strip().upper()


def loaded_lists() -> dict[str, dict[str, LoadedCode]]:
    """The codes of loaded code lists, by system."""
    rows = reference_rows(CODE_LIST)
    lists: dict[str, dict[str, LoadedCode]] = {}
    for row in rows.to_pylist() if rows is not None else ():
        code = LoadedCode(row["code"], row["description"], row["billable"] is not False)
        lists.setdefault(row["code_system"], {})[compared(row["code_system"], row["code"])] = code
    return lists


def _with_other_files(lists: dict[str, dict[str, LoadedCode]], catalog: Catalog) -> Loaded:
    """The lists, and codes that other loaded files hold in columns of codes, such as fees by service."""
    for dataset in catalog.datasets.values():
        columns = [field for field in (dataset.table.fields if dataset.table is not None else ()) if field.codes]
        rows = reference_rows(dataset.name) if columns else None
        for row in rows.to_pylist() if rows is not None else ():
            for field in columns if row[LOADED_FROM] != BUNDLED else ():
                if row[field.name] is not None:
                    known = lists.setdefault(field.codes, {})
                    known.setdefault(compared(field.codes, row[field.name]), LoadedCode(row[field.name]))
    return lists
