"""Loading one OLTP table into its raw table: full, incremental or append."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from finhouse.console import console
from finhouse.errors import ConfigurationError, SourceError
from finhouse.extract_load.classes import refuse_undeclared
from finhouse.extract_load.columns import LOADER_TYPES, SourceColumn
from finhouse.extract_load.pseudonyms import check_key
from finhouse.extract_load.results import LoadResult, RowCounts
from finhouse.extract_load.state import TableState, utc_now
from finhouse.extract_load.tables.context import TableContext
from finhouse.extract_load.tables.cursors import (
    ConditionCursor,
    Cursor,
    KeyBatch,
    ReplicationSlotCursor,
    cursor_for,
)
from finhouse.extract_load.tables.drift import added_columns
from finhouse.extract_load.tables.merging import Merge, refuse_bad_keys
from finhouse.extract_load.tables.sinks import Extract, Sink, sink_for
from finhouse.sources.definitions import XMIN
from finhouse.warehouse import quoted

_INCOMING, _KEYS, _BEYOND = "_fh_incoming", "_fh_keys", "_fh_beyond"


class TableLoad:
    """One table of one batch. ``run`` does everything in a single warehouse transaction."""

    def __init__(self, context: TableContext) -> None:
        """Describe the table, and check what the source file says of it.

        Raises:
            SourceError: there is no such table, it cannot be read, or its changes are not
                captured.
            ConfigurationError: the source file names a column that does not suit.
        """
        self._context = context
        self._warehouse, self._source = context.warehouse, context.source
        self._table, self._described = context.table, context.described
        state = context.books.table_state(context.source_name, context.table_name)
        self._columns, self._undeclared = _loaded_columns(context, state)
        self._key = [column for column in self._columns if column.name in self._table.key]
        self._cursor: Cursor = cursor_for(context)
        self._sink: Sink = sink_for(context.source, context.warehouse, context.pseudonym_key)
        self._load_mode = context.load_mode
        self._moves_cursor = True
        self._stamped_at = context.books.now()
        self._notes: list[str] = []

    def run(self, *, full_refresh: bool) -> LoadResult:
        """Load the table; data, state and log row appear together or not at all.

        Args:
            full_refresh: rebuild the raw table from all rows of the source.

        Raises:
            SchemaDriftError: the source table changed in a way that needs a review.
            SourceError: the source cannot be read, or its rows break the declared key.
        """
        with self._warehouse.transaction():
            result = self.run_within(full_refresh=full_refresh)
        if self._moves_cursor:
            self._cursor.committed()
        return result

    def run_within(self, *, full_refresh: bool) -> LoadResult:
        """As ``run``, inside a transaction that the caller has opened."""
        started_at = utc_now()
        context = self._context
        context.lock()
        if self._undeclared:
            self._note(
                f"column {', '.join(self._undeclared)} is new and stays at the source: give it a"
                f" class in finhouse/sources/{context.source_name}.yml"
            )
        state = context.books.table_state(context.source_name, context.table_name)
        if self._has_pseudonyms:
            self._check_pseudonym_key(state, full_refresh)
        counts = self._load(state, full_refresh)
        if isinstance(self._cursor, ReplicationSlotCursor):
            self._warehouse.index_rows(context.raw_schema, context.table_name, self._table.key)
        if self._moves_cursor:
            self._save_state()
        result = context.result(
            started_at,
            replace(counts, raw=self._raw_count(counts)),
            load_mode=self._load_mode,
            note="; ".join(self._notes),
            # A load that moves no cursor has read some days or keys only.
            source_time=self._source.clock if self._moves_cursor else None,
        )
        context.books.log(result)
        return result

    def _save_state(self) -> None:
        key = self._context.pseudonym_key
        self._context.books.save_table_state(
            self._context.source_name,
            self._context.table_name,
            TableState(
                self._cursor.name,
                self._cursor.next_value(),
                self._source.identity,
                tuple(self._columns),
                self._described.shape,
                key.fingerprint if self._has_pseudonyms and key else None,
            ),
            self._context.batch_id,
        )

    @property
    def _has_pseudonyms(self) -> bool:
        return any(column.is_pseudonym for column in self._columns)

    def _check_pseudonym_key(self, state: TableState | None, full_refresh: bool) -> None:
        """Refuse tokens that would not join those that are there.

        Raises:
            ConfigurationError: there is no key, or it is not the one of the tokens in raw.
        """
        if note := check_key(self._context, state, full_refresh=full_refresh):
            self._note(note)

    def _load(self, state: TableState | None, full_refresh: bool) -> RowCounts:
        raw_columns = self._context.raw_columns()
        if state is None or not raw_columns or full_refresh:
            beyond = self._set_aside(raw_columns)
            if raw_columns:
                self._drop()
            counts = self._first_load()
            self._put_back(beyond)
            return counts
        added = self._added_columns(state, raw_columns)
        for column in added:
            if column.name not in raw_columns:
                self._context.add_raw_column(*self._typed(column))
            self._note(f"new column {column.name} ({column.source_type})")
        if self._table.mode == "full":
            return self._compare()
        if added and self._table.mode == "incremental":
            self._note(f"reloaded in full: new column {', '.join(c.name for c in added)}")
            return self._reload()
        if isinstance(self._cursor, ReplicationSlotCursor):
            return self._replay(self._cursor, state)
        if self._table.mode == "append":
            return self._append(self._where(state))
        where = self._where(state)
        if where is None:
            return self._reload()
        return self._increment(where)

    def _added_columns(self, state: TableState, raw_columns: Collection[str]) -> list[SourceColumn]:
        return added_columns(self._context, state.columns, self._columns, raw_columns)

    def _where(self, state: TableState) -> str | None:
        """Condition that finds the rows changed since ``state``; None: all of them are needed."""
        reason = self._cursor.unusable(state) or self._reads_otherwise(state)
        if reason:
            self._note(f"read in full: {reason}")
            return None
        assert isinstance(self._cursor, ConditionCursor)
        condition = self._cursor.condition(state)
        if returning := self._context.returning:
            condition = f"({condition} or {returning})"
        if state.shape and (parts := self._described.shape.parts_since(state.shape)):
            self._note(f"partitions or children were attached ({len(parts)}): read in full")
            return f"({condition} or tableoid in ({', '.join(parts)}))"
        return condition

    def _reads_otherwise(self, state: TableState) -> str:
        """Why rows may read otherwise than at the last load although nobody wrote them."""
        reason = self._described.shape.changed_since(state.shape) if state.shape else ""
        if reason and self._table.mode == "append":
            self._note("rows that are in raw stay as they are; --full-refresh reads them again")
        return reason

    def _first_load(self) -> RowCounts:
        self._context.create_raw([*map(self._typed, self._columns), *LOADER_TYPES.items()])
        if self._table.mode == "append" and not self._key_is_safe:
            return self._append(None)
        return self._fill_raw()

    def _reload(self) -> RowCounts:
        """Replace all rows and keep the table itself: dbt's staging views hang on it."""
        deleted = self._within_reach()
        if self._context.horizon is None:
            self._warehouse.execute(f"truncate table {self._context.raw}")
        else:
            reach = self._context.reach()
            self._warehouse.change(f"delete from {self._context.raw} where {reach}")
        counts = self._fill_raw()
        # The rows that were there and still are count as updated.
        kept = min(deleted, counts.inserted)
        return replace(
            counts, inserted=counts.inserted - kept, updated=kept, deleted=deleted - kept
        )

    def _fill_raw(self) -> RowCounts:
        """Stream the whole source table straight into the empty raw table."""
        expected = self._source.count(self._described)
        extract = Extract(
            self._described,
            self._columns,
            stamps=self._context.stamps(self._stamped_at),
            expected_rows=expected,
        )
        read = self._sink.fill(self._context.raw, extract)
        self._check_complete(expected, read)
        if self._context.horizon and self._table.key:
            self._merge(self._context.raw).delete_overtaken()
        self._check_keys(self._context.raw)
        return RowCounts(source=expected, read=read, inserted=read)

    def _within_reach(self) -> int:
        """Number of the rows of raw that the source speaks for."""
        return self._warehouse.count(self._context.raw, self._context.reach())

    def _set_aside(self, raw_columns: Collection[str]) -> list[str]:
        """Keep the rows beyond the retention horizon, which the source no longer gives.

        Returns:
            The columns of what was set aside; none where there is nothing.
        """
        if not raw_columns or self._context.horizon is None:
            return []
        beyond = self._warehouse.temporary(_BEYOND)
        self._warehouse.execute(f"drop table if exists {beyond}")
        self._warehouse.execute(
            f"create temporary table {_BEYOND} as select * from {self._context.raw}"
            f" where not {self._context.reach()}"
        )
        return list(raw_columns)

    def _put_back(self, columns: Collection[str]) -> None:
        """Add what was set aside to the table that was made again, as far as it has the columns."""
        held = self._context.raw_columns()
        listed = ", ".join(quoted(name) for name in columns if name in held)
        if listed:
            beyond = self._warehouse.temporary(_BEYOND)
            self._warehouse.change(
                f"insert into {self._context.raw} ({listed}) select {listed} from {beyond}"
            )
            if self._table.key:
                self._merge(self._context.raw).delete_overtaken()

    def _compare(self) -> RowCounts:
        """Mode full: merge only what differs."""
        expected = self._source.count(self._described)
        merge = self._read_incoming(None, expected)
        read = self._warehouse.count(merge.incoming)
        self._check_complete(expected, read)
        if not self._table.key:
            return replace(merge.replace_if_different(), source=expected)
        self._check_keys(merge.incoming)
        deleted = merge.delete_missing(merge.incoming)
        counts = replace(merge.upsert(), source=expected, deleted=deleted)
        if self._within_reach() != expected:
            self._note("reloaded in full: raw held rows under one key twice")
            return self._reload()
        return counts

    def _increment(self, where: str) -> RowCounts:
        expected = self._source.count(self._described)
        merge = self._read_incoming(where, None)
        self._check_keys(merge.incoming)
        counts = replace(merge.upsert(), source=expected)
        if not self._table.reconcile_deletes:
            return counts
        # With xmin raw holds every row of the source, so equal counts prove equality.
        if self._cursor.finds_every_change and self._within_reach() == expected:
            return counts
        return self._reconcile(merge, counts)

    def _reconcile(self, merge: Merge, counts: RowCounts) -> RowCounts:
        """Compare all keys; delete what the source no longer has, heal what raw lacks."""
        keys = self._fill_temporary(
            _KEYS, Extract(self._described, self._key, expected_rows=counts.source)
        )
        deleted = merge.delete_missing(keys)
        absent = merge.count_absent(keys)
        if absent:
            self._note(
                f"reloaded in full: {absent} row{'s' if absent > 1 else ''} of the source"
                " were missing in raw"
            )
            return self._reload()
        return replace(counts, deleted=deleted)

    def _replay(self, cursor: ReplicationSlotCursor, state: TableState) -> RowCounts:
        """Bring the rows of all changed keys up to date: nothing else is read, or even counted."""
        is_append = self._table.mode == "append"
        reason = cursor.unusable(state) or self._reads_otherwise(state)
        if not reason and state.shape and self._described.shape.parts_since(state.shape):
            reason = "a partition or child was attached"
        if not reason:
            counts = RowCounts(source=None)
            for keys in cursor.changed_keys():
                counts = counts.plus(self._apply(keys))
            if returning := self._context.returning:
                merge = self._read_incoming(returning, None)
                counts = counts.plus(merge.append_new() if is_append else merge.upsert())
            # Append keeps what it has, whatever becomes of the source.
            if is_append or not cursor.truncated:
                return counts
            reason = "the source table was truncated"
        self._note(f"read in full: {reason}")
        return self._append(None) if is_append else self._reload()

    def _apply(self, keys: KeyBatch) -> RowCounts:
        merge = self._read_incoming(keys.condition, None)
        if self._table.mode == "append":
            self._refuse_bad_keys(merge.incoming, unique=False)
            return merge.append_new()
        self._check_keys(merge.incoming)
        deleted = 0
        if self._table.reconcile_deletes:
            relation = replace(self._described, sql_name=keys.relation, kept="true")
            changed = Extract(relation, self._key)
            deleted = merge.delete_absent(self._fill_temporary(_KEYS, changed))
        return replace(merge.upsert(), deleted=deleted)

    def _raw_count(self, counts: RowCounts) -> int | None:
        return None if counts.source is None else self._warehouse.count(self._context.raw)

    def _append(self, where: str | None) -> RowCounts:
        merge = self._read_incoming(where, None)
        self._refuse_bad_keys(merge.incoming, unique=False)
        if where and self._cursor.is_selective:
            return replace(merge.append_new(), source=None)
        return replace(merge.append_new(), source=self._source.count(self._described))

    def _read_incoming(self, where: str | None, expected: int | None) -> Merge:
        extract = Extract(
            self._described,
            self._columns,
            where=where or "true",
            expected_rows=expected,
            # Of several rows with one key, append keeps the first.
            keep_order=self._table.mode == "append",
        )
        return self._merge(self._fill_temporary(_INCOMING, extract))

    def _merge(self, incoming: str) -> Merge:
        return Merge(
            warehouse=self._warehouse,
            target=self._context.raw,
            incoming=incoming,
            columns=[column.name for column in self._columns],
            key=self._table.key,
            stamps=self._context.stamps(self._stamped_at),
            reach=self._context.reach("_fh_t."),
        )

    def _fill_temporary(self, name: str, extract: Extract) -> str:
        self._warehouse.create_temporary_table(name, map(self._typed, extract.columns))
        table = self._warehouse.temporary(name)
        self._sink.fill(table, extract)
        return table

    def _check_complete(self, expected: int, read: int) -> None:
        if read != expected:
            raise SourceError(
                f"{self._context.shown} has {expected} rows, but {read} arrived",
                "run the same command again; if it recurs, check the OLTP server's log",
            )

    @property
    def _key_is_safe(self) -> bool:
        return self._described.guarantees_unique(self._table.key)

    def _check_keys(self, table: str) -> None:
        """Refuse NULL and repeated keys, unless the source itself rules them out."""
        if self._table.key and not self._key_is_safe:
            self._refuse_bad_keys(table, unique=True)

    def _refuse_bad_keys(self, table: str, *, unique: bool) -> None:
        shown = self._context.shown
        refuse_bad_keys(self._warehouse, table, self._table.key, shown, unique=unique)

    def _drop(self) -> None:
        views = self._warehouse.drop_table(self._context.raw_schema, self._context.table_name)
        if views:
            self._note(f"dropped with the old table: {', '.join(views)}; run dbt again")

    def _typed(self, column: SourceColumn) -> tuple[str, str]:
        return column.name, column.raw_type(self._warehouse.dialect)

    def _note(self, text: str) -> None:
        self._notes.append(text)
        console.print(f"    {self._context.shown}: {text}", markup=False)


def _loaded_columns(
    context: TableContext, state: TableState | None
) -> tuple[list[SourceColumn], list[str]]:
    """The columns to load, and those left at the source until they have a class.

    Omitted ones are not loaded; nor are those of no class that the table has gained since its last
    load.

    Raises:
        ConfigurationError: the source file names a column that the table does not have, as a
            misspelt ``omit`` would let personal data through; or a column has no class.
        SourceError: there is no right to read one of them.
    """
    table, shown, described = context.table, context.shown, context.described
    names = [column.name for column in described.columns]
    for setting, wanted in (
        ("personal_data", table.personal_data),
        ("key", table.key),
        ("classes", table.classified),
    ):
        unknown = sorted(set(wanted) - set(names))
        if unknown:
            raise ConfigurationError(
                f"{setting} names column {', '.join(unknown)}, which {shown} does not have",
                f"use its columns: {', '.join(sorted(names))}",
            )
    undeclared = _undeclared_columns(context, state)
    columns = [
        column.pseudonymised if column.name in table.pseudonymised else column
        for column in described.columns
        if column.name not in table.omitted and column.name not in undeclared
    ]
    if all(column.is_pseudonym for column in columns):
        raise ConfigurationError(
            f"every column of {shown} is omitted or pseudonymised", "keep at least one column"
        )
    read = [column.name for column in columns] + [XMIN] * (table.cursor == XMIN)
    denied = [name for name in read if name in described.denied]
    if denied:
        listed = ", ".join(map(quoted, denied))
        raise SourceError(
            f"no right to read {', '.join(denied)} of {shown}",
            f"run in the OLTP database: grant select ({listed}) on {described.sql_name} to"
            f" {quoted(context.source.user)}"
            + ("" if denied == [XMIN] else ", or list columns as omit under personal_data"),
        )
    return columns, undeclared


def _undeclared_columns(context: TableContext, state: TableState | None) -> list[str]:
    """Columns of no class that have come since the last load.

    Raises:
        ConfigurationError: a column has none, and the table is new or has it in raw.
    """
    names = [column.name for column in context.described.columns]
    loaded = [column.name for column in state.columns] if state else names
    rest = {*loaded, *context.table.omitted}
    without = [
        name
        for name in names
        if context.definition.class_of(context.table_name, name, rest) is None
    ]
    held = [name for name in without if name in rest]
    refuse_undeclared(context.source_name, context.table_name, context.shown, held)
    return without
