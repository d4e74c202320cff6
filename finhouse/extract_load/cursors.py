"""Finding the rows that changed since the last load."""

from __future__ import annotations

from abc import ABC, abstractmethod

from finhouse.errors import ConfigurationError
from finhouse.extract_load.postgres_source import PostgresSource, SourceTable
from finhouse.extract_load.state import TableState
from finhouse.sources.definitions import XMIN, TableDefinition
from finhouse.warehouse import Warehouse, quoted

_TIMES = ("date", "timestamp", "timestamptz")
_INTEGERS = ("int2", "int4", "int8")
_HALF_OF_32_BITS = 2**31


class Cursor(ABC):
    """Turns the state of the last load into a condition on the source.

    Attributes:
        name: what state rows are kept under.
        finds_every_change: whether no insert or update can escape it.
    """

    name: str
    finds_every_change: bool

    def __init__(self, source: PostgresSource) -> None:
        self._source = source

    @abstractmethod
    def unusable(self, state: TableState) -> str:
        """Why the state says nothing about what changed since; empty if it does."""

    @abstractmethod
    def condition(self, state: TableState) -> str:
        """Condition that holds for every changed row, and maybe for some unchanged ones."""

    @abstractmethod
    def next_value(self, warehouse: Warehouse, raw: str) -> str | None:
        """The value to remember, once ``raw`` is up to date."""


class RowVersionCursor(Cursor):
    """PostgreSQL's ``xmin``: the transaction that wrote the row.

    The snapshot's xmin is remembered: whatever a transaction before it wrote was visible and has
    been read. Later ones are at or above it, whenever they commit and whatever their clocks say.
    Rows of transactions that ran at the same time are read again, and dropped as identical.
    """

    name = XMIN
    finds_every_change = True

    def unusable(self, state: TableState) -> str:
        if state.cursor_name != self.name or state.cursor_value is None:
            return "the cursor changed in the source file"
        if state.source_identity != self._source.identity:
            return "the source is another server, or was restored"
        passed = self._source.snapshot_xmin - int(state.cursor_value)
        if passed < 0:
            return "the source's transaction counter went backwards"
        # xmin has 32 bits: beyond half of them, new and old cannot be told apart.
        if passed >= _HALF_OF_32_BITS:
            return "over two billion transactions passed since the last load"
        return ""

    def condition(self, state: TableState) -> str:
        assert state.cursor_value is not None
        since = int(state.cursor_value) % 2**32
        return f"((xmin::text::bigint - {since}) & {2**32 - 1}) < {_HALF_OF_32_BITS}"

    def next_value(self, warehouse: Warehouse, raw: str) -> str:
        return str(self._source.snapshot_xmin)


class ColumnCursor(Cursor):
    """A column that grows, with a lookback for rows that appear late.

    Heals only what lies inside the lookback; rows without a value are always read. Values after
    the source's own clock are not remembered: one row dated 2099 would hide all others.
    """

    finds_every_change = False

    def __init__(self, source: PostgresSource, column: str, type_name: str, lookback: str) -> None:
        super().__init__(source)
        self.name = column
        self._type, self._lookback = type_name, lookback

    def unusable(self, state: TableState) -> str:
        return "" if state.cursor_name == self.name else "the cursor changed in the source file"

    def condition(self, state: TableState) -> str:
        column = quoted(self.name)
        if state.cursor_value is None:
            return "true"
        since = f"'{state.cursor_value}'::{self._type}"
        if self._type in _INTEGERS:
            # As bigint: a lookback below the type's range must not overflow it.
            return f"({column} >= {since}::bigint - {self._lookback} or {column} is null)"
        return (
            f"({column} >= {since} - interval '{self._lookback}' or {column} is null"
            f" or {column} = '-infinity')"
        )

    def next_value(self, warehouse: Warehouse, raw: str) -> str | None:
        column, sane = quoted(self.name), "true"
        if self._type in _TIMES:
            now = f"cast('{self._source.now}' as timestamptz)"
            sane = f"isfinite({column}) and {column} <= cast({now} as {self._type})"
        rows = warehouse.execute(f"select cast(max({column}) as text) from {raw} where {sane}")
        return None if rows[0][0] is None else str(rows[0][0])


def cursor_for(table: TableDefinition, described: SourceTable, source: PostgresSource) -> Cursor:
    """The cursor a table declares; tables of mode full keep row versions for a later change.

    Raises:
        ConfigurationError: the cursor column is missing, or cannot be ordered in time; xmin of a
            view.
    """
    if table.cursor == XMIN and not described.has_row_versions:
        raise ConfigurationError(
            f"{table.name} is not a table, so it has no xmin",
            "declare a cursor column with a lookback, or mode: full",
        )
    if table.cursor in (None, XMIN):
        return RowVersionCursor(source)
    found = {column.name: column for column in described.columns}.get(table.cursor)
    if found is None or found.type_name not in (*_TIMES, *_INTEGERS):
        kind = f"has type {found.source_type}" if found else "does not exist"
        raise ConfigurationError(
            f"cursor column {table.cursor} of {table.name} {kind}",
            "use a date, timestamp or integer column, or cursor: xmin",
        )
    assert table.lookback is not None
    if table.lookback.isdigit() != (found.type_name in _INTEGERS):
        raise ConfigurationError(
            f"lookback {table.lookback!r} of {table.name} does not suit cursor {found.name}"
            f" ({found.source_type})",
            "use a number for an integer cursor, else a span such as 3 days",
        )
    return ColumnCursor(source, found.name, found.type_name, table.lookback)
