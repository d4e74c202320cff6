"""A range of days, and the rows of a table that belong to them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from finhouse.errors import ConfigurationError
from finhouse.extract_load.partial_loading import Portion
from finhouse.extract_load.postgres_source import SourceTable
from finhouse.sources.definitions import TableDefinition
from finhouse.warehouse import quoted

_TYPES = ("date", "timestamp", "timestamptz")


@dataclass(frozen=True)
class DateWindow:
    """Days from ``first`` to ``last``, both included; of timestamps their UTC date counts.

    Raises:
        ConfigurationError: the window ends before it begins.
    """

    first: date
    last: date

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise ConfigurationError(
                f"the window from {self.first} to {self.last} ends before it begins",
                "give the first day, then the last one; both are loaded",
            )

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last

    def __str__(self) -> str:
        return f"{self.first} to {self.last}"


def window_portion(table: TableDefinition, described: SourceTable, window: DateWindow) -> Portion:
    """The rows whose event time lies in the window.

    Raises:
        ConfigurationError: the table declares no event time, or the column is no date or
            timestamp.
    """
    if not table.event_time:
        raise ConfigurationError(
            f"table {table.name} declares no event_time, so it has no days to load",
            "add event_time: <column> to its source file, or load the table without a window",
        )
    found = {column.name: column for column in described.columns}.get(table.event_time)
    if found is None or found.type_name not in _TYPES:
        kind = f"has type {found.source_type}" if found else "does not exist"
        raise ConfigurationError(
            f"event_time column {table.event_time} of {table.name} {kind}",
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
