"""File formats as plugins offer them: who writes one, and who reads it back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import attrs
import pyarrow as pa

from healthsim_core.formats.characters import Characters
from healthsim_core.offers import Offer, names_of
from healthsim_core.planned import PlannedEvent
from healthsim_core.reading import Records, Truth
from healthsim_core.reading.rows import lines

if TYPE_CHECKING:
    from healthsim_core.events import Run
    from healthsim_core.formats.destination import Destination


class FormatWriter(Protocol):
    """Writes one format, chunk by chunk, in order of person; numbers what must be numbered across chunks."""

    def write(self, tables: Mapping[str, pa.Table]) -> None:
        """Take one chunk's tables, each sorted by person, and the run's tables."""

    def close(self) -> Any:
        """Finish the files.

        Returns:
            What `finish` of the format takes, as plain JSON; None where it has none.
        """


@attrs.frozen
class OutputFormat(Offer):
    """A file format.

    Attributes:
        name: Format name, also the name of its folder.
        writer: Takes the `Destination` and the `Run`; returns a `FormatWriter`.
        needs: Names of the tables without which it cannot be written.
        wants: Names of tables that it uses where their product is installed.
        records: Takes the format's folder and the `Truth` of the tables, and gives `Records` kind by kind: what the
            files say and what the tables say they should; and texts,
            each of which is something wrong in the files themselves.
        rows: Counts the rows of one of its files, which the manifest lists.
        in_parts: Whether a long run may write it in parts, a writer and files of their own for each, by workers side by
            side. Nothing may then be counted over the run: what must be distinct is told apart by `destination.part`,
            what can be said only when all is known is said by `finish`. False:
                one writer takes the whole run at its end.
        finish: Takes the `Destination` of whole files, the `Run`, its tables without people, and what the writer's
            `close` returned for each part.
        reviews: Takes the `Run` and the events of the plan when it is compiled; raises SpecificationError for what the
            format cannot say.
        characters: What values may bring into the format's text. The tables that a writer is given hold no other, and
            what it writes has the escapes; None where the writer hands values to a library that sees to that.
    """

    name: str
    writer: Callable[[Destination, Run], FormatWriter]
    needs: tuple[str, ...] = attrs.field(converter=names_of)
    wants: tuple[str, ...] = attrs.field(default=(), converter=names_of)
    records: Callable[[Path, Truth], Iterable[Records | str]] | None = None
    rows: Callable[[Path], int] = lines
    in_parts: bool = False
    finish: Callable[[Destination, Run, Mapping[str, pa.Table], Sequence[Any]], None] | None = None
    reviews: Callable[[Run, Sequence[PlannedEvent]], None] | None = None
    characters: Characters | None = None

    def guarded(self, tables: Mapping[str, pa.Table]) -> Mapping[str, pa.Table]:
        """The tables as its writer may see them."""
        return tables if self.characters is None else self.characters.guarded(tables)
