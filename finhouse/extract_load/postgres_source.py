"""Reading an OLTP database: one snapshot for all tables, Arrow streams and binary COPY."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import adbc_driver_manager
import adbc_driver_postgresql.dbapi as adbc
import psycopg
import pyarrow

from finhouse.console import Progress
from finhouse.errors import ConfigurationError, SourceError
from finhouse.extract_load.columns import SourceColumn
from finhouse.extract_load.shape import SHAPE_QUERY, TableShape
from finhouse.extract_load.sql import first_line
from finhouse.sources.definitions import is_own_name
from finhouse.warehouse import qualified, quoted
from finhouse.warehouse.postgres_connection import (
    connect_postgres,
    describe_server,
    with_options,
)

# One encoding and spelling of values read as text, no time-outs while a long table streams, and an
# error instead of silently missing rows where row security applies.
SESSION = {
    "client_encoding": "UTF8",
    "timezone": "UTC",
    "datestyle": "ISO",
    "intervalstyle": "postgres",
    "extra_float_digits": "1",
    "bytea_output": "hex",
    "lc_monetary": "C",
    "search_path": "pg_catalog",
    "row_security": "off",
    "statement_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
    "application_name": "finhouse",
}
# From this version on a server may end long transactions.
_TRANSACTION_TIMEOUT = 170000
_BEGIN = "begin isolation level repeatable read, read only"
_COPY_BLOCK_BYTES = 1 << 18

_BLOCKERS = """
    select a.pid, a.usename, coalesce(nullif(a.application_name, ''), 'no name'),
        to_char(a.xact_start, 'YYYY-MM-DD HH24:MI:SS')
    from pg_locks l
    join pg_stat_activity a using (pid)
    where l.relation = to_regclass($1) and l.granted and l.mode like '%ExclusiveLock'
    order by a.xact_start
    limit 1
"""
_SCHEMAS = """
    select nspname::text, has_schema_privilege(oid, 'usage')
    from pg_namespace
    where nspname !~ '^pg_' and nspname <> 'information_schema'
"""
_COLUMNS = """
    select
        a.attname,
        format_type(a.atttypid, a.atttypmod),
        case when t.typtype = 'b' and n.nspname = 'pg_catalog' then t.typname else '' end,
        not a.attnotnull,
        has_column_privilege(a.attrelid, a.attnum, 'select')
    from pg_attribute a
    join pg_type t on t.oid = a.atttypid
    join pg_namespace n on n.oid = t.typnamespace
    where a.attrelid = $1 and a.attnum > 0 and not a.attisdropped
    order by a.attnum
"""
_READS_XMIN = "select has_column_privilege($1::oid, 'xmin', 'select')"
_UNIQUE_KEYS = """
    select array_agg(a.attname::text)
    from pg_index i
    join pg_attribute a on a.attrelid = i.indrelid and a.attnum = any(i.indkey[:i.indnkeyatts - 1])
    where i.indrelid = $1 and i.indisunique and i.indisvalid and i.indimmediate
        and i.indpred is null and i.indexprs is null
    group by i.indexrelid
"""


@dataclass(frozen=True)
class SourceTable:
    """A table as the source's catalog describes it.

    Attributes:
        sql_name: quoted ``schema.table``.
        unique_keys: column sets the source itself keeps unique.
        estimated_rows: the planner's guess, for progress only.
        has_row_versions: whether ``xmin`` can be read (tables, not views).
        shape: what decides how its rows read, beside what is written in them.
        denied: columns that this user has no right to read; ``xmin`` may be one of them.
        kept: condition of the rows that are read at all: those within the retention horizon.
    """

    name: str
    sql_name: str
    columns: tuple[SourceColumn, ...]
    unique_keys: tuple[frozenset[str], ...]
    estimated_rows: int
    has_row_versions: bool
    shape: TableShape
    denied: frozenset[str] = frozenset()
    kept: str = "true"

    def declared_column(
        self, setting: str, name: str, types: Sequence[str], remedy: str
    ) -> SourceColumn:
        """The column that a setting of the source file names, of one of some types.

        Args:
            setting: the setting, for the message.
            types: catalog names of the types it may have.
            remedy: what else to declare.

        Raises:
            ConfigurationError: there is no such column, or it has another type.
        """
        found = {column.name: column for column in self.columns}.get(name)
        if found is None or found.type_name not in types:
            kind = f"has type {found.source_type}" if found else "does not exist"
            raise ConfigurationError(f"{setting} column {name} of {self.name} {kind}", remedy)
        return found

    def guarantees_unique(self, key: Sequence[str]) -> bool:
        """Whether the source itself prevents two rows with this key, and NULLs in it."""
        not_null = {column.name for column in self.columns if not column.nullable}
        return set(key) <= not_null and any(unique <= set(key) for unique in self.unique_keys)


class PostgresSource:
    """One read-only, repeatable-read snapshot of an OLTP database, shared by all its readers.

    Attributes:
        identity: changes when the server is another one, was restored or promoted: row versions
            (``xmin``) seen before then mean nothing any more.
        snapshot_xmin: every transaction before this one is visible or gone; a 64-bit number.
        now: the server's clock at the snapshot, as text.
        clock: up to when the source has lived, naive UTC: its setting ``finhouse.clock``, if a
            database that is not of today has one (``alter database ... set finhouse.clock =
            '2026-07-01 00:00+00'``: a restored copy, the demo company), else ``now``.
        snapshot: the transactions it sees, as ``pg_current_snapshot`` puts it.
        database: name of the database.
        user: the role that reads it.
    """

    def __init__(self, url: str, variable: str = "OLTP_URL") -> None:
        """Connect and take the snapshot.

        Args:
            url: of the database.
            variable: where it comes from, for messages.

        Raises:
            SourceError: malformed URL, unreachable server or refused credentials.
        """
        self._url, self._variable = url, variable
        self._connection = self.connect_aside()
        with self._explained("its snapshot"):
            self._connection.execute(_BEGIN)
            (
                self._snapshot,
                self.snapshot,
                xmin,
                self.identity,
                self.now,
                self.clock,
                self.database,
                self.user,
            ) = self.query(
                """
                select
                    pg_export_snapshot(),
                    pg_current_snapshot()::text,
                    pg_snapshot_xmin(pg_current_snapshot())::text,
                    concat_ws('/',
                        (select system_identifier from pg_control_system()),
                        (select timeline_id from pg_control_checkpoint()),
                        (select oid from pg_database where datname = current_database())),
                    now()::text,
                    coalesce(
                        nullif(current_setting('finhouse.clock', true), '')::timestamptz, now()
                    ) at time zone 'utc',
                    current_database()::text,
                    current_user::text
                """
            )[0]
            self.snapshot_xmin = int(xmin)

    def query(self, sql: str, params: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Rows of a small query on the snapshot."""
        return self._connection.execute(sql, list(params) or None).fetchall()

    def require_schema(self, schema: str) -> None:
        """Check that a schema is there and may be used: one error, not one for each of its tables.

        Raises:
            SourceError: it is not, or may not.
        """
        with self._explained(f"schema {schema}"):
            usable = dict(self.query(_SCHEMAS))
        if schema not in usable:
            raise SourceError(
                f"the OLTP database {describe_server(self._url)} has no schema {schema}",
                f"create it, or correct schema in the source file; there are"
                f" {', '.join(sorted(usable)) or 'none'}",
            )
        if not usable[schema]:
            raise SourceError(
                f"no right to use schema {schema} of the OLTP database",
                f"run there: grant usage on schema {quoted(schema)} to {quoted(self.user)}",
            )

    def describe(self, schema: str, table: str, *, is_raw: bool = False) -> SourceTable:
        """Columns and keys of a table.

        Args:
            is_raw: it is one of the loader's, which has columns of its own.

        Raises:
            SourceError: no such table, no right to read it, or column names that raw cannot hold.
        """
        sql_name = qualified(schema, table)
        with self._explained(f"table {schema}.{table}", sql_name):
            found = self.query(
                "select c.oid, c.relkind::text, greatest(c.reltuples, 0)::bigint,"
                " has_table_privilege(c.oid, 'select') or has_any_column_privilege(c.oid, 'select')"
                " from pg_class c where c.oid = to_regclass($1)",
                (sql_name,),
            )
            if not found:
                raise SourceError(
                    f"the OLTP database has no table {schema}.{table}",
                    f"create it in {describe_server(self._url)}, or correct schema and name in"
                    " the source file",
                )
            oid, kind, estimate, readable = found[0]
            if not readable:
                raise SourceError(
                    f"no right to read {schema}.{table}",
                    f"run in the OLTP database: grant select on {sql_name} to this user",
                )
            found = self.query(_COLUMNS, (oid,))
            columns = tuple(SourceColumn(*row[:-1]) for row in found)
            denied = {name for name, *_, readable in found if not readable}
            has_versions = kind in ("r", "p", "m")
            if has_versions and not self.query(_READS_XMIN, (oid,))[0][0]:
                denied.add("xmin")
            keys = tuple(frozenset(row[0]) for row in self.query(_UNIQUE_KEYS, (oid,)))
            shape = TableShape.parse(self.query(SHAPE_QUERY, (oid,))[0][0])
        if not is_raw:
            _refuse_clashing_names(f"{schema}.{table}", columns)
        return SourceTable(
            table, sql_name, columns, keys, estimate, has_versions, shape, frozenset(denied)
        )

    def count(self, table: SourceTable, where: str = "true") -> int:
        """Rows of the table on the snapshot."""
        with self._explained(f"table {table.name}", table.sql_name):
            return int(
                self.query(
                    f"select count(*) from {table.sql_name} where ({where}) and {table.kept}"
                )[0][0]
            )

    def rows(self, table: SourceTable, sql: str) -> list[tuple[Any, ...]]:
        """Rows of a query about one table, few enough for memory, on the snapshot."""
        with self._explained(f"table {table.name}", table.sql_name):
            return self.query(sql)

    @contextlib.contextmanager
    def arrow_stream(
        self, table: SourceTable, sql: str, progress: Progress
    ) -> Iterator[pyarrow.RecordBatchReader]:
        """The rows of ``sql`` as a stream of record batches, for use inside the block.

        Raises:
            SourceError: the source failed, at the start or while the block was reading.
        """
        failure: list[Exception] = []

        def batches(reader: pyarrow.RecordBatchReader) -> Iterator[pyarrow.RecordBatch]:
            try:
                for batch in reader:
                    progress.advance(batch.num_rows)
                    yield batch
            except Exception as error:
                failure.append(error)
                raise

        try:
            # A connection for each table: an error in one leaves the others' snapshot usable.
            with (
                adbc.connect(with_options(self._url, self._session), autocommit=True) as connection,
                connection.cursor() as cursor,
            ):
                cursor.execute(_BEGIN)
                cursor.execute(f"set transaction snapshot '{self._snapshot}'")
                cursor.execute(sql)
                reader = cursor.fetch_record_batch()
                yield pyarrow.RecordBatchReader.from_batches(reader.schema, batches(reader))
        except adbc_driver_manager.Error as error:
            raise self._reading_error(f"table {table.name}", table.sql_name, error) from error
        except Exception as error:
            # The reading engine wraps the source's error in one of its own.
            if failure:
                raise self._reading_error(
                    f"table {table.name}", table.sql_name, failure[0]
                ) from error
            raise

    def copy_blocks(self, table: SourceTable, sql: str, progress: Progress) -> Iterator[bytes]:
        """The rows of ``sql`` in PostgreSQL's binary COPY format, in blocks of about 256 KiB.

        Raises:
            SourceError: the source failed.
        """
        block, rows = bytearray(), 0
        with (
            self._explained(f"table {table.name}", table.sql_name),
            self._connection.cursor() as cursor,
            cursor.copy(f"copy ({sql}) to stdout (format binary)") as copy,
        ):
            for row in copy:
                block += row
                rows += 1
                if len(block) >= _COPY_BLOCK_BYTES:
                    progress.advance(rows)
                    yield bytes(block)
                    block.clear()
                    rows = 0
            progress.advance(rows)
            yield bytes(block)

    def connect_aside(self) -> psycopg.Connection:
        """An autocommit connection outside the snapshot, for what is no plain reading.

        Raises:
            SourceError: the server cannot be reached any more.
        """
        connection = connect_postgres(
            self._url, _session(), "the OLTP database", self._variable, SourceError
        )
        self._session = _session()
        # An older server refuses a setting that it does not know.
        if connection.info.server_version >= _TRANSACTION_TIMEOUT:
            connection.execute("set transaction_timeout = 0")
            self._session["transaction_timeout"] = "0"
        return connection

    @contextlib.contextmanager
    def savepoint(self) -> Iterator[None]:
        """Keep the snapshot usable when reading one table fails, and its table free after it.

        Rolled back in any case: that lets go of the locks that reading took, and nothing else was
        done.

        Raises:
            SourceError: the session has ended, between tables or before.
        """
        try:
            with self._connection.transaction(force_rollback=True):
                yield
        except psycopg.Error as error:
            # Errors of a warehouse on Postgres pass here, too, and are not the source's.
            if not self._connection.closed:
                raise
            raise self._reading_error("tables", None, error) from error

    @contextlib.contextmanager
    def _explained(self, what: str, relation: str | None = None) -> Iterator[None]:
        try:
            yield
        except psycopg.Error as error:
            raise self._reading_error(what, relation, error) from error

    def _reading_error(self, what: str, relation: str | None, error: Exception) -> SourceError:
        said = first_line(error)
        if relation and "lock timeout" in said:
            return SourceError(
                f"{what} of the OLTP database is locked{self._blocker(relation)}: given up after"
                f" {lock_seconds()} seconds",
                "let that session end, or wait longer with FINHOUSE_LOCK_SECONDS, then run the"
                " same command again: tables that are loaded stay loaded",
            )
        return SourceError(
            f"reading {what} from the OLTP database failed: {said}",
            "check the OLTP server and its log, then run the same command again: tables that are"
            " loaded stay loaded",
        )

    def _blocker(self, relation: str) -> str:
        """Who holds a lock on a table that keeps readers out, as far as this user may see it."""
        with contextlib.suppress(psycopg.Error, SourceError), self.connect_aside() as aside:
            for pid, user, name, since in aside.execute(_BLOCKERS, (relation,)):
                return f" by process {pid} (user {user}, {name}, since {since} UTC)"
        return ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._connection.close()


def lock_seconds() -> int:
    """How long a load waits for a table that somebody else has locked.

    Raises:
        ConfigurationError: FINHOUSE_LOCK_SECONDS is no number of seconds.
    """
    given = os.environ.get("FINHOUSE_LOCK_SECONDS") or "60"
    if not given.isdigit() or not int(given):
        raise ConfigurationError(
            f"FINHOUSE_LOCK_SECONDS = {given!r} is no number of seconds", "write it as 60"
        )
    return int(given)


def _session() -> dict[str, str]:
    return SESSION | {"lock_timeout": f"{lock_seconds()}s"}


def _refuse_clashing_names(table: str, columns: Sequence[SourceColumn]) -> None:
    seen: dict[str, str] = {}
    for column in columns:
        other = seen.setdefault(column.name.lower(), column.name)
        if is_own_name(column.name):
            other = f"the loader's own {column.name.lower()}"
        if other != column.name:
            raise SourceError(
                f"column {column.name!r} of {table} clashes with {other}: raw cannot hold both",
                "rename the column in the source, or list it as omit under personal_data",
            )
