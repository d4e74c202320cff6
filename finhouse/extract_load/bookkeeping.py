"""The loader's books, in the warehouse itself: state, log and reconciliations.

State and log rows are written in the transaction that writes the data, so they cannot disagree.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta

from finhouse.extract_load.columns import SourceColumn
from finhouse.extract_load.horizon import Horizon
from finhouse.extract_load.results import LoadResult, Reconciliation
from finhouse.extract_load.shape import TableShape
from finhouse.extract_load.state import SCHEMA, FileState, LastLoad, TableState, utc_now
from finhouse.sources.definitions import TableDefinition
from finhouse.warehouse import Warehouse, qualified

LOAD_STATE, LOAD_LOG, FILE_STATE = "load_state", "load_log", "file_state"
EXPECTED_FILES = "expected_files"
SOURCE_RECONCILIATION = "source_reconciliation"
RETENTION_HORIZONS, RETENTION_PURGES = "retention_horizons", "retention_purges"
RETENTION_REFUSALS, RETENTION_STATUS = "retention_refusals", "retention_status"
ACCESS_LOG_DAILY = "access_log_daily"

_TABLES = {
    LOAD_STATE: {
        "source_name": "text",
        "table_name": "text",
        "cursor_name": "text",
        "cursor_value": "text",
        "source_identity": "text",
        "columns": "text",
        "updated_at": "timestamp",
        "batch_id": "text",
        "shape": "text",
        "key_fingerprint": "text",
    },
    LOAD_LOG: {
        "batch_id": "text",
        "source_name": "text",
        "table_name": "text",
        "load_mode": "text",
        "file_name": "text",
        "status": "text",
        "started_at": "timestamp",
        "loaded_at": "timestamp",
        "source_row_count": "bigint",
        "read_row_count": "bigint",
        "inserted_row_count": "bigint",
        "updated_row_count": "bigint",
        "deleted_row_count": "bigint",
        "duplicate_row_count": "bigint",
        "raw_row_count": "bigint",
        "error_message": "text",
        "source_time": "timestamp",
    },
    FILE_STATE: {
        "source_name": "text",
        "table_name": "text",
        "file_name": "text",
        "size_bytes": "bigint",
        "modified_ns": "bigint",
        "sha256": "text",
        "row_count": "bigint",
        "updated_at": "timestamp",
        "batch_id": "text",
    },
    EXPECTED_FILES: {
        "source_name": "text",
        "table_name": "text",
        "expected_date": "date",
        "file_name": "text",
        "checked_date": "date",
    },
    SOURCE_RECONCILIATION: {
        "batch_id": "text",
        "source_name": "text",
        "table_name": "text",
        "load_mode": "text",
        "status": "text",
        "is_healed": "boolean",
        "healed_batch_id": "text",
        "source_row_count": "bigint",
        "raw_row_count": "bigint",
        "range_count": "bigint",
        "differing_range_count": "bigint",
        "missing_row_count": "bigint",
        "surplus_row_count": "bigint",
        "doubled_row_count": "bigint",
        "changed_row_count": "bigint",
        "missing_key": "text",
        "surplus_key": "text",
        "doubled_key": "text",
        "changed_key": "text",
        "source_sums": "text",
        "raw_sums": "text",
        "differing_sums": "text",
        "note": "text",
        "started_at": "timestamp",
        "reconciled_at": "timestamp",
    },
    RETENTION_HORIZONS: {
        "source_name": "text",
        "table_name": "text",
        "date_column": "text",
        "first_day": "date",
        "since": "timestamp",
        "purge_id": "text",
    },
    RETENTION_PURGES: {
        "purge_id": "text",
        "source_name": "text",
        "table_name": "text",
        "action": "text",
        "date_column": "text",
        "keep_months": "bigint",
        "legal_basis": "text",
        "as_of_date": "date",
        "first_day": "date",
        "due_row_count": "bigint",
        "held_row_count": "bigint",
        "purged_row_count": "bigint",
        "operator": "text",
        "purged_at": "timestamp",
        "completed_at": "timestamp",
        # When a restore of an older backup brought its rows back; empty when they are gone again.
        "undone_at": "timestamp",
    },
    RETENTION_REFUSALS: {
        "purge_id": "text",
        "source_name": "text",
        "table_name": "text",
        "hold_id": "text",
        "subject_type": "text",
        "row_count": "bigint",
        "refused_at": "timestamp",
    },
    RETENTION_STATUS: {
        "source_name": "text",
        "table_name": "text",
        "as_of_date": "date",
        "first_day": "date",
        "row_count": "bigint",
        "due_row_count": "bigint",
        "held_row_count": "bigint",
        "overdue_row_count": "bigint",
        "oldest_row_date": "date",
        "measured_at": "timestamp",
    },
    ACCESS_LOG_DAILY: {
        "access_date": "date",
        "channel": "text",
        "user_name": "text",
        "mart_name": "text",
        "access_count": "bigint",
        "counted_at": "timestamp",
    },
}


def undone_purges(warehouse: Warehouse) -> list[str]:
    """Purges whose rows a restore has brought back, and that nobody has repeated yet."""
    if "undone_at" not in warehouse.columns(SCHEMA, RETENTION_PURGES):
        return []
    rows = warehouse.execute(
        f"select distinct purge_id from {qualified(SCHEMA, RETENTION_PURGES)}"
        " where undone_at is not null order by 1"
    )
    return [str(purge_id) for (purge_id,) in rows]


class Bookkeeping:
    """The tables of schema raw_operations; they and the raw schema are created on first use."""

    def __init__(self, warehouse: Warehouse, raw_schema: str) -> None:
        self._warehouse = warehouse
        with warehouse.transaction():
            # Two first loads at the same time would create everything twice.
            warehouse.lock_table(SCHEMA, "*", wait=True)
            warehouse.create_schema(raw_schema)
            warehouse.create_schema(SCHEMA)
            for table, columns in _TABLES.items():
                warehouse.create_table(SCHEMA, table, columns)
                held = warehouse.columns(SCHEMA, table)
                for name in columns.keys() - held.keys():
                    # Of a version before this one.
                    warehouse.execute(
                        f"alter table {qualified(SCHEMA, table)} add column {name} {columns[name]}"
                    )
        [(logged,)] = warehouse.execute(f"select max(loaded_at) from {qualified(SCHEMA, LOAD_LOG)}")
        self._latest: datetime = logged or datetime.min

    def now(self) -> datetime:
        """Now, as naive UTC; later than all that is logged, though the clock has been put back.

        What was loaded after something else says so: reconciliation, restatements and freshness
        tell the order of loads by it.
        """
        self._latest = max(utc_now(), self._latest + timedelta(microseconds=1))
        return self._latest

    def table_state(self, source: str, table: str) -> TableState | None:
        """State of a table, or None when it was never loaded."""
        rows = self._warehouse.execute(
            "select cursor_name, cursor_value, source_identity, columns, shape, key_fingerprint"
            f" from {qualified(SCHEMA, LOAD_STATE)} where source_name = $1 and table_name = $2",
            (source, table),
        )
        if not rows:
            return None
        cursor_name, cursor_value, identity, columns, shape, key_fingerprint = rows[0]
        return TableState(
            cursor_name,
            cursor_value,
            identity,
            tuple(
                SourceColumn(c["name"], c["type"], c["type_name"], c["nullable"])
                for c in json.loads(columns)
            ),
            TableShape.parse(shape) if shape else None,
            key_fingerprint,
        )

    def tables_of_other_keys(self, fingerprint: str, source: str, table: str) -> list[str]:
        """Tables, but for one, whose tokens were made with another key than that of a fingerprint.

        Returns:
            ``source.table``, in alphabetical order.
        """
        rows = self._warehouse.execute(
            f"select source_name, table_name from {qualified(SCHEMA, LOAD_STATE)}"
            " where key_fingerprint <> $1 and not (source_name = $2 and table_name = $3)"
            " order by 1, 2",
            (fingerprint, source, table),
        )
        return [f"{found}.{name}" for found, name in rows]

    def last_load(self, source: str, table: str) -> LastLoad | None:
        """The last successful load of a table, or None when there was none."""
        rows = self._warehouse.execute(
            f"select batch_id, raw_row_count from {qualified(SCHEMA, LOAD_LOG)}"
            " where source_name = $1 and table_name = $2 and status = 'succeeded'"
            " order by loaded_at desc, batch_id desc limit 1",
            (source, table),
        )
        return LastLoad(*rows[0]) if rows else None

    def last_batches(self, source: str, tables: Iterable[TableDefinition]) -> dict[str, str | None]:
        """Table -> batch of its last successful load."""
        loads = {table.name: self.last_load(source, table.name) for table in tables}
        return {name: load and load.batch_id for name, load in loads.items()}

    def save_table_state(self, source: str, table: str, state: TableState, batch_id: str) -> None:
        """Replace the state of a table; call inside the transaction that loads it."""
        columns = [
            {
                "name": column.name,
                "type": column.source_type,
                "type_name": column.type_name,
                "nullable": column.nullable,
            }
            for column in state.columns
        ]
        self._delete(LOAD_STATE, source_name=source, table_name=table)
        self._insert(
            LOAD_STATE,
            (
                source,
                table,
                state.cursor_name,
                state.cursor_value,
                state.source_identity,
                json.dumps(columns),
                utc_now(),
                batch_id,
                str(state.shape),
                state.key_fingerprint,
            ),
        )

    def horizon(self, source: str, table: str) -> Horizon | None:
        """Where the retention of a table's rows ends, or None where nothing was ever purged."""
        rows = self._warehouse.execute(
            "select date_column, first_day, since, purge_id"
            f" from {qualified(SCHEMA, RETENTION_HORIZONS)}"
            " where source_name = $1 and table_name = $2",
            (source, table),
        )
        return Horizon(*rows[0]) if rows else None

    def save_horizon(self, source: str, table: str, horizon: Horizon) -> None:
        """Replace the horizon of a table; call inside the transaction that purges it."""
        self._delete(RETENTION_HORIZONS, source_name=source, table_name=table)
        self._insert(
            RETENTION_HORIZONS,
            (
                source,
                table,
                horizon.column,
                horizon.first_day,
                horizon.since,
                horizon.purge_id,
            ),
        )

    def record(self, table: str, values: Sequence[object]) -> None:
        """Add a row to one of the tables."""
        self._insert(table, values)

    def file_states(self, source: str, table: str) -> dict[str, FileState]:
        """File name -> state of every file loaded into a table."""
        rows = self._warehouse.execute(
            "select file_name, size_bytes, modified_ns, sha256, row_count"
            f" from {qualified(SCHEMA, FILE_STATE)} where source_name = $1 and table_name = $2",
            (source, table),
        )
        return {row[0]: FileState(*row[1:]) for row in rows}

    def save_file_state(
        self, source: str, table: str, file_name: str, state: FileState, batch_id: str
    ) -> None:
        """Replace the state of a file; call inside the transaction that loads it."""
        self.forget_file(source, table, file_name)
        self._insert(
            FILE_STATE,
            (
                source,
                table,
                file_name,
                state.size_bytes,
                state.changed_ns,
                state.sha256,
                state.row_count,
                utc_now(),
                batch_id,
            ),
        )

    def forget_file(self, source: str, table: str, file_name: str) -> None:
        """Remove the state of a file."""
        self._delete(FILE_STATE, source_name=source, table_name=table, file_name=file_name)

    def first_read_at(self, source: str, table: str, file_name: str) -> datetime | None:
        """When a file was first loaded (naive UTC), or None when it never was."""
        [(loaded_at,)] = self._warehouse.execute(
            f"select min(loaded_at) from {qualified(SCHEMA, LOAD_LOG)} where source_name = $1"
            " and table_name = $2 and file_name = $3 and status = 'succeeded'",
            (source, table, file_name),
        )
        return loaded_at

    def save_expected_files(
        self, source: str, table: str, files: Mapping[date, str], checked_date: date
    ) -> None:
        """Replace what is known of the files that a source promises, by day.

        Args:
            checked_date: when the folder was looked into, by the source's calendar.
        """
        wanted = [(day, name, checked_date) for day, name in sorted(files.items())]
        with self._warehouse.transaction():
            self._warehouse.lock_table(SCHEMA, EXPECTED_FILES, wait=True)
            held = self._warehouse.execute(
                "select expected_date, file_name, checked_date"
                f" from {qualified(SCHEMA, EXPECTED_FILES)}"
                " where source_name = $1 and table_name = $2 order by expected_date",
                (source, table),
            )
            if held == wanted:
                return
            self._delete(EXPECTED_FILES, source_name=source, table_name=table)
            self._warehouse.execute(
                f"insert into {qualified(SCHEMA, EXPECTED_FILES)}"
                " select $1, $2, unnest($3::date[]), unnest($4::text[]), $5",
                (source, table, list(files), list(files.values()), checked_date),
            )

    def log(self, result: LoadResult) -> None:
        """Record a successful load; call inside the transaction that loads."""
        counts = result.counts
        self._insert(
            LOAD_LOG,
            (
                result.batch_id,
                result.source_name,
                result.table_name,
                result.load_mode,
                result.file_name,
                "succeeded",
                result.started_at,
                result.loaded_at,
                counts.source,
                counts.read,
                counts.inserted,
                counts.updated,
                counts.deleted,
                counts.duplicates,
                counts.raw,
                None,
                result.source_time,
            ),
        )

    def save_reconciliation(self, found: Reconciliation) -> None:
        """Keep what a reconciliation found; replaces what the same batch said of the table."""
        self._delete(
            SOURCE_RECONCILIATION,
            batch_id=found.batch_id,
            source_name=found.source_name,
            table_name=found.table_name,
        )
        differences, examples = found.differences, found.differences.examples
        self._insert(
            SOURCE_RECONCILIATION,
            (
                found.batch_id,
                found.source_name,
                found.table_name,
                found.load_mode,
                found.status,
                found.is_healed,
                found.healed_batch_id,
                found.source_rows,
                found.raw_rows,
                found.range_count,
                found.differing_range_count,
                differences.missing,
                differences.surplus,
                differences.doubled,
                differences.changed,
                examples.missing,
                examples.surplus,
                examples.doubled,
                examples.changed,
                json.dumps(found.source_sums),
                json.dumps(found.raw_sums),
                ", ".join(found.differing_sums),
                found.note,
                found.started_at,
                found.reconciled_at,
            ),
        )

    def left_different(self, batch_id: str, source: str, table: str) -> bool:
        """Whether a reconciliation of that batch left the table different from its source."""
        return bool(
            self._warehouse.count(
                qualified(SCHEMA, SOURCE_RECONCILIATION),
                "batch_id = $1 and source_name = $2 and table_name = $3 and status = 'differs'",
                (batch_id, source, table),
            )
        )

    def log_failure(
        self,
        batch_id: str,
        source: str,
        table: str,
        load_mode: str,
        file_name: str | None,
        started_at: datetime,
        error: Exception,
    ) -> None:
        """Record a failed load in a transaction of its own; counts are unknown, hence NULL.

        Unless the batch has recorded how this load ended: rows and record were committed, and the
        source failed after that.
        """
        with self._warehouse.transaction():
            if self._has_ended(batch_id, source, table, file_name):
                return
            self._insert(
                LOAD_LOG,
                (
                    batch_id,
                    source,
                    table,
                    load_mode,
                    file_name,
                    "failed",
                    started_at,
                    self.now(),
                    *[None] * 7,
                    str(error),
                    None,
                ),
            )

    def _has_ended(self, batch_id: str, source: str, table: str, file_name: str | None) -> bool:
        return bool(
            self._warehouse.count(
                qualified(SCHEMA, LOAD_LOG),
                "batch_id = $1 and source_name = $2 and table_name = $3"
                " and coalesce(file_name, '') = $4",
                (batch_id, source, table, file_name or ""),
            )
        )

    def _insert(self, table: str, values: Sequence[object]) -> None:
        markers = ", ".join(f"${number}" for number in range(1, len(values) + 1))
        # By name: columns that a later version has added stand in the order in which they came.
        columns = ", ".join(_TABLES[table])
        self._warehouse.execute(
            f"insert into {qualified(SCHEMA, table)} ({columns}) values ({markers})", values
        )

    def _delete(self, table: str, **where: str) -> None:
        conditions = " and ".join(f"{name} = ${n}" for n, name in enumerate(where, start=1))
        self._warehouse.execute(
            f"delete from {qualified(SCHEMA, table)} where {conditions}", tuple(where.values())
        )
