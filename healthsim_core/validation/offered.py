"""Rules of plugins about the tables of a run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pyarrow as pa

from healthsim_core.columns import Columns
from healthsim_core.errors import HealthSimError, PluginError
from healthsim_core.offers import Validator
from healthsim_core.planning.plan import Plan
from healthsim_core.tables import from_arrow

Counts = Mapping[tuple[str, str], tuple[int, int]]


def checked_by_plugins(plan: Plan, tables: Mapping[str, pa.Table]) -> Iterator[tuple[tuple[str, str], tuple[int, int]]]:
    """By (table, rule), how many rows of a chunk break it and of how many it was asked.

    Args:
        plan: The plan.
        tables: The chunk's tables that have a person.

    Raises:
        PluginError: A validator does not return that.
    """
    for validator in plan.catalog.of(Validator):
        if validator.product in plan.products and set(validator.tables) <= tables.keys():
            yield from _checked(validator, {name: from_arrow(tables[name]) for name in validator.tables}).items()


def _checked(validator: Validator, tables: Mapping[str, Columns]) -> Counts:
    where = f"{validator.product}: validator {validator.name}"
    try:
        broken = validator.check(tables)
        counts = {(str(table), str(rule)): (int(wrong), int(among)) for (table, rule), (wrong, among) in broken.items()}
    except HealthSimError:
        raise
    except Exception as error:  # whatever a stranger's function raises or returns
        what = f"it failed: {type(error).__name__}: {' '.join(str(error).split())}."
        raise PluginError(what, where, "Return {(table, rule): (rows that break it, rows)}.") from error
    if strange := {table for table, _ in counts} - set(validator.tables):
        raise PluginError(f"it judges {sorted(strange)}, which it does not read.", where, "Add them to `tables`.")
    return counts
