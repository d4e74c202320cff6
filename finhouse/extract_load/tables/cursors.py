"""Finding the rows that changed since the last load."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from finhouse.errors import ConfigurationError
from finhouse.extract_load.capture.pgoutput import ChangedKeys, Key, Snapshot, lsn_number, lsn_text
from finhouse.extract_load.capture.slots import (
    advance,
    capture_of,
    flushed_position,
    open_capture,
    reading,
)
from finhouse.extract_load.columns import INTEGER_TYPES, TIME_TYPES, SourceColumn
from finhouse.extract_load.state import TableState
from finhouse.extract_load.tables.context import TableContext
from finhouse.sources.definitions import REPLICATION_SLOT, XMIN
from finhouse.warehouse import quoted

_HALF_OF_32_BITS = 2**31
# So many keys are held in memory and sent in one query: about 2 MB of UUIDs.
_KEYS_AT_A_TIME = 50_000


class Cursor(ABC):
    """Finds what changed since the state of the last load.

    Attributes:
        name: what state rows are kept under.
        finds_every_change: whether no insert or update can escape it.
        is_selective: whether it can leave the rest of the table unread; then a load that only
            adds rows does not count the table either.
    """

    name: str
    finds_every_change: bool
    is_selective: bool

    def __init__(self, context: TableContext) -> None:
        self._context, self._source = context, context.source

    @abstractmethod
    def unusable(self, state: TableState) -> str:
        """Why the state says nothing about what changed since; empty if it does."""

    @abstractmethod
    def next_value(self) -> str | None:
        """The value to remember, once raw is up to date."""

    @abstractmethod
    def committed(self) -> None:
        """The warehouse has the rows and the value for good."""


class ConditionCursor(Cursor):
    """A cursor that can say in SQL which rows changed."""

    @abstractmethod
    def condition(self, state: TableState) -> str:
        """Condition that holds for every changed row, and maybe for some unchanged ones."""

    def committed(self) -> None:
        """Nothing to do: the source keeps nothing for its readers."""


class RowVersionCursor(ConditionCursor):
    """PostgreSQL's ``xmin``: the transaction that wrote the row.

    The snapshot's xmin is remembered: whatever a transaction before it wrote was visible and has
    been read. Later ones are at or above it, whenever they commit and whatever their clocks say.
    Rows of transactions that ran at the same time are read again, and dropped as identical.
    """

    name = XMIN
    finds_every_change = True
    is_selective = False

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

    def next_value(self) -> str:
        return str(self._source.snapshot_xmin)


class ColumnCursor(ConditionCursor):
    """A column that grows, with a lookback for rows that appear late.

    Heals only what lies inside the lookback; rows without a value are always read. Values after
    the source's own clock are not remembered: one row dated 2099 would hide all others.
    """

    finds_every_change = False
    is_selective = True

    def __init__(self, context: TableContext, column: SourceColumn, lookback: str) -> None:
        super().__init__(context)
        self.name, self._type = column.name, column.type_name
        self._lookback = lookback

    def unusable(self, state: TableState) -> str:
        return "" if state.cursor_name == self.name else "the cursor changed in the source file"

    def condition(self, state: TableState) -> str:
        column = quoted(self.name)
        if state.cursor_value is None:
            return "true"
        since = f"'{state.cursor_value}'::{self._type}"
        if self._type in INTEGER_TYPES:
            # As bigint: a lookback below the type's range must not overflow it.
            return f"({column} >= {since}::bigint - {self._lookback} or {column} is null)"
        return (
            f"({column} >= {since} - interval '{self._lookback}' or {column} is null"
            f" or {column} = '-infinity')"
        )

    def next_value(self) -> str | None:
        column, sane = quoted(self.name), "true"
        if self._type in TIME_TYPES:
            now = f"cast('{self._source.now}' as timestamptz)"
            sane = f"isfinite({column}) and {column} <= cast({now} as {self._type})"
        rows = self._context.warehouse.execute(
            f"select cast(max({column}) as text) from {self._context.raw} where {sane}"
        )
        return None if rows[0][0] is None else str(rows[0][0])


@dataclass(frozen=True)
class KeyBatch:
    """Keys of rows that changed, once each, as the source's SQL.

    Attributes:
        condition: holds for the rows that have them now.
        relation: the keys themselves as a table, under the names of the key columns.
    """

    condition: str
    relation: str

    @classmethod
    def of(cls, keys: Sequence[Key], columns: Sequence[SourceColumn]) -> KeyBatch:
        arrays = [
            f"{_array_literal([key[position] for key in keys])}::{column.source_type}[]"
            for position, column in enumerate(columns)
        ]
        names = [quoted(column.name) for column in columns]
        listed = ", ".join(names)
        if len(names) == 1:
            condition = f"{listed} = any({arrays[0]})"
        else:
            condition = f"({listed}) in (select * from unnest({', '.join(arrays)}))"
        if any(None in key for key in keys):
            # Read, so that the loader refuses them by name if they are still there.
            condition = f"({condition} or {' or '.join(f'{name} is null' for name in names)})"
        return cls(condition, f"unnest({', '.join(arrays)}) as _fh_changed ({listed})")


class ReplicationSlotCursor(Cursor):
    """A logical replication slot: the source's own log says which keys changed.

    Of all transactions in the log, the keys of those that the snapshot sees are read on it, which
    brings raw to the very state of the snapshot. The next load begins before the first that the
    snapshot did not see: what followed it comes again, and reading a row twice does no harm. So
    it does not matter how long a commit is in the log before it is visible.

    The state is the log position up to which all is taken, and the number of the table's storage
    file, since TRUNCATE and what rewrites a table may change rows without naming them. The slot
    is moved on only when the warehouse has committed both.

    Attributes:
        truncated: whether TRUNCATE was met; known when ``changed_keys`` has ended.
    """

    name = REPLICATION_SLOT
    finds_every_change = True
    is_selective = True

    def __init__(self, context: TableContext) -> None:
        """Look at the slot.

        Raises:
            SourceError: it cannot be read, or says too little about the table.
        """
        super().__init__(context)
        source = context.source
        columns = {column.name: column for column in context.described.columns}
        self._columns = [columns[name] for name in context.table.key]
        self._capture = capture_of(
            context.definition, context.table, source.database, context.warehouse.identity
        )
        self._snapshot = Snapshot.parse(source.snapshot)
        self._slot, self._storage = open_capture(source, self._capture)
        self._reached: int | None = None
        self.truncated = False

    def unusable(self, state: TableState) -> str:
        if state.cursor_name != self.name or state.cursor_value is None:
            return "the cursor changed in the source file"
        if state.source_identity != self._source.identity:
            return "the source is another server, or was restored"
        position, storage = state.cursor_value.split()
        if self._slot.confirmed > lsn_number(position):
            return "its replication slot is ahead: recreated, or moved by another reader"
        if int(storage) != self._storage:
            return "the source table was truncated or rewritten"
        return ""

    def changed_keys(self) -> Iterator[KeyBatch]:
        """The keys that changed since the slot's position, a batch at a time."""
        upto = flushed_position(self._source, self._capture)
        with reading(self._source, self._capture, upto) as messages:
            changes = ChangedKeys(messages, self._capture.key, self._snapshot)
            keys: set[Key] = set()
            for key in changes:
                keys.add(key)
                if len(keys) == _KEYS_AT_A_TIME:
                    yield KeyBatch.of(list(keys), self._columns)
                    keys.clear()
            if keys:
                yield KeyBatch.of(list(keys), self._columns)
        self.truncated = changes.truncated
        taken = max(self._slot.confirmed, changes.end or 0)
        self._reached = taken if changes.met_unseen else max(taken, upto)

    def next_value(self) -> str:
        if self._reached is None:
            # All rows were read: only where the next load has to begin is left to find.
            for _ in self.changed_keys():
                pass
        assert self._reached is not None
        return f"{lsn_text(self._reached)} {self._storage}"

    def committed(self) -> None:
        if self._reached is not None and self._reached > self._slot.confirmed:
            advance(self._source, self._capture, self._reached)


def _array_literal(values: Sequence[str | None]) -> str:
    """The values as a PostgreSQL array in an SQL string: ``'{"1","it''s",NULL}'``."""
    escaped = (
        "NULL" if value is None else '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
        for value in values
    )
    return "'{" + ",".join(escaped).replace("'", "''") + "}'"


def cursor_for(context: TableContext) -> Cursor:
    """The cursor a table declares; tables of mode full keep row versions for a later change.

    Raises:
        SourceError: the table's changes are not captured for this warehouse.
        ConfigurationError: the cursor column is missing, or cannot be ordered in time; xmin of a
            view.
    """
    table, described = context.table, context.described
    if table.cursor == REPLICATION_SLOT:
        return ReplicationSlotCursor(context)
    if table.cursor == XMIN and not described.has_row_versions:
        raise ConfigurationError(
            f"{table.name} is not a table, so it has no xmin",
            "declare a cursor column with a lookback, or mode: full",
        )
    if table.cursor in (None, XMIN):
        return RowVersionCursor(context)
    column = described.declared_column(
        "cursor",
        table.cursor,
        (*TIME_TYPES, *INTEGER_TYPES),
        "use a date, timestamp or integer column, or cursor: xmin",
    )
    assert table.lookback is not None
    if table.lookback.isdigit() != (column.type_name in INTEGER_TYPES):
        raise ConfigurationError(
            f"lookback {table.lookback!r} of {table.name} does not suit cursor {column.name}"
            f" ({column.source_type})",
            "use a number for an integer cursor, else a span such as 3 days",
        )
    return ColumnCursor(context, column, table.lookback)
