"""Some rows of a table, told apart in the same way on the source and in raw."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from finhouse.errors import ConfigurationError
from finhouse.extract_load.columns import TIME_TYPES
from finhouse.extract_load.tables.context import TableContext
from finhouse.extract_load.windows import DateWindow
from finhouse.sources.definitions import TableDefinition
from finhouse.warehouse import quoted


@dataclass(frozen=True)
class Portion:
    """Some rows of a table, as conditions on the source and on raw.

    Attributes:
        shown: what to call them, e.g. ``2026-01-01 to 2026-01-31``.
        rows_may_leave: whether an update can move a row out of the portion, its key unchanged.
    """

    shown: str
    source: str
    raw: str
    rows_may_leave: bool


def event_time_of(table: TableDefinition) -> str:
    """Name of the column that dates the table's rows.

    Raises:
        ConfigurationError: the table declares none.
    """
    if not table.event_time:
        raise ConfigurationError(
            f"table {table.name} declares no event_time, so it has no days to load",
            "add event_time: <column> to its source file, or load the table without a window",
        )
    return table.event_time


def window_portion(context: TableContext, window: DateWindow) -> Portion:
    """The rows whose event time lies in the window.

    Raises:
        ConfigurationError: the table declares no event time, or the column is no date or
            timestamp.
    """
    found = context.described.declared_column(
        "event_time",
        event_time_of(context.table),
        TIME_TYPES,
        "use a date or timestamp column of the table",
    )
    # Timestamps without a zone count as UTC, as everywhere in the warehouse.
    zone = " 00:00:00+00" if found.type_name == "timestamptz" else ""
    first, after = (
        f"cast('{day.isoformat()}{zone}' as {found.type_name})"
        for day in (window.first, window.last + timedelta(days=1))
    )
    column = quoted(found.name)
    condition = f"{column} >= {first} and {column} < {after}"
    return Portion(str(window), source=condition, raw=condition, rows_may_leave=True)
