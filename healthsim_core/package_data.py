"""The data files of a package: JSON documents and CSV tables, each read once."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any


class PackageData:
    """A folder of a package with JSON documents and CSV tables, each read when it is first asked for.

    Args:
        package: The package's name.
        folder: The folder within it.

    Attributes:
        path: Where the folder lies.

    Examples:
        >>> PackageData("healthsim_core").document("defaults")["attributes"]["age"]["distribution"]["type"]
        'age_bands'
    """

    def __init__(self, package: str, folder: str = "data") -> None:
        self.path = Path(str(resources.files(package))) / folder
        self._documents: dict[str, Any] = {}
        self._rows: dict[str, tuple[Mapping[str, str], ...]] = {}

    def document(self, name: str) -> Any:
        """What `<name>.json` holds; the same object each time, which nobody changes."""
        if name not in self._documents:
            self._documents[name] = json.loads((self.path / f"{name}.json").read_text(encoding="utf-8"))
        return self._documents[name]

    def rows(self, name: str) -> tuple[Mapping[str, str], ...]:
        """The rows of `<name>.csv`, each a text by column."""
        if name not in self._rows:
            with (self.path / f"{name}.csv").open(encoding="utf-8", newline="") as file:
                self._rows[name] = tuple(csv.DictReader(file))
        return self._rows[name]
