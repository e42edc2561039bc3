"""References of resources that were read, and whether what they refer to is there."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

_Found = tuple[pa.Array, pa.Array]


class References:
    """Collects what resources refer to, and which there are: in a whole folder,
    or in Bundles of which each stands for itself."""

    def __init__(self) -> None:
        self._wanted: list[pa.Array] = []
        self._there: list[pa.Array] = []

    def add(self, resources: pa.Table, within: str | None = None) -> None:
        """Take resources of one type, as columns.

        Args:
            resources: A row each.
            within: The column that names the Bundle of each; None where there are none.
        """
        for batch in resources.to_batches():
            bundle = None if within is None else batch[within]
            self._there.append(_within(pc.binary_join_element_wise(batch["resourceType"], batch["id"], "/"), bundle))
            rows = pa.array(np.arange(batch.num_rows))
            for target, row in (reference for column in batch.columns for reference in _references(column, rows)):
                own = pc.invert(pc.starts_with(target, "#"))  # what is contained is compared with the tables
                targets = target.filter(own)
                self._wanted.append(
                    pc.unique(_within(targets, None if bundle is None else bundle.take(row.filter(own))))
                )

    def unresolved(self) -> Iterator[str]:
        """A text for each reference to what is not there."""
        if not self._wanted:
            return
        wanted = pc.unique(pa.chunked_array(self._wanted))
        lost = wanted.filter(pc.invert(pc.is_in(wanted, pa.chunked_array(self._there).combine_chunks())))
        for target in lost.to_pylist():
            yield f"something refers to {target}, which is not there"


def _within(names: pa.Array, bundle: pa.Array | None) -> pa.Array:
    return names if bundle is None else pc.binary_join_element_wise(bundle, names, ": ")


def _references(array: pa.Array, rows: pa.Array) -> Iterator[_Found]:
    """Every member `reference` below, with its row."""
    if pa.types.is_struct(array.type):
        for field in array.type:
            part = pc.struct_field(array, field.name)
            if field.name == "reference":
                there = part.is_valid()
                yield part.filter(there), rows.filter(there)
            else:
                yield from _references(part, rows)
    elif pa.types.is_list(array.type):
        yield from _references(array.flatten(), rows.take(pc.list_parent_indices(array)))
