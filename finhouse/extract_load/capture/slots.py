"""Change data capture in the source: one publication and one replication slot a table.

The publication says what is captured: the key columns of one table, nothing else. The slot keeps
the source's write-ahead log until a load has taken the changes. Both bear the same name. They are
made and dropped on request only (setup.py); a load reads them and moves the slot on.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

import psycopg

from finhouse.errors import SourceError
from finhouse.extract_load.capture.pgoutput import lsn_number, lsn_text
from finhouse.extract_load.postgres_source import PostgresSource
from finhouse.extract_load.sql import first_line, shown_name
from finhouse.sources.definitions import PostgresDefinition, TableDefinition
from finhouse.warehouse import qualified, quoted

PREFIX = "finhouse_"
# Column lists of publications, without which whole rows would leave the source, came with 15.
OLDEST_SERVER = 15
_LONGEST_NAME = 63
_FINGERPRINT = 8
COMPLETE = "finhouse: the slot of this name sees every change since this comment was written"

_TABLE = """
    select
        c.relkind = 'r' and not exists (select from pg_inherits i where i.inhparent = c.oid),
        c.relpersistence = 'p',
        c.relreplident::text,
        (
            select array_agg(a.attname::text order by a.attname)
            from pg_index i
            join pg_attribute a
                on a.attrelid = i.indrelid and a.attnum = any(i.indkey[:i.indnkeyatts - 1])
            where i.indrelid = c.oid
                and case c.relreplident
                    when 'd' then i.indisprimary when 'i' then i.indisreplident else false
                end
        ),
        exists (
            select from pg_index i
            join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
            where i.indrelid = c.oid and i.indisvalid and i.indpred is null
                and a.attname = any($2)
        ),
        c.relfilenode::bigint,
        pg_relation_filenode(c.oid)::bigint,
        current_setting('wal_level'),
        current_setting('server_version_num')::integer / 10000
    from pg_class c
    where c.oid = to_regclass($1)
"""
_PUBLICATION = """
    select
        p.pubinsert, p.pubupdate and p.pubdelete and p.pubtruncate,
        (
            select array_agg(name::text order by name)
            from pg_publication_tables t, unnest(t.attnames) as name
            where t.pubname = p.pubname and t.schemaname = $2 and t.tablename = $3
                and t.rowfilter is null
        ),
        obj_description(p.oid, 'pg_publication')
    from pg_publication p
    where p.pubname = $1
"""
_SLOTS = """
    select
        slot_name::text, wal_status, active, confirmed_flush_lsn::text,
        pg_current_wal_lsn() - confirmed_flush_lsn, pg_current_wal_lsn() - restart_lsn
    from pg_replication_slots
    where database = current_database() and plugin = 'pgoutput'
"""


@dataclass(frozen=True)
class Capture:
    """What is captured of one table, for one warehouse.

    Attributes:
        name: of the publication and the slot.
        inserts_only: mode append: updates and deletes are not asked for.
        command: its place on the command line: ``wallet users``.
    """

    name: str
    schema: str
    table: str
    key: tuple[str, ...]
    inserts_only: bool
    command: str

    @property
    def shown(self) -> str:
        return shown_name(self.schema, self.table)

    @property
    def enabling(self) -> str:
        """What to do when there is nothing to read from."""
        return f"run: finhouse cdc enable {self.command}"


@dataclass(frozen=True)
class Slot:
    """A slot as the server describes it.

    Attributes:
        confirmed: log position up to which a warehouse has taken all changes.
        behind_bytes: log written since then.
        retained_bytes: log that the server keeps for it.
        wal_status: ``reserved``, ``extended``, ``unreserved`` or ``lost``.
    """

    name: str
    wal_status: str
    is_active: bool
    confirmed: int
    behind_bytes: int
    retained_bytes: int


def capture_of(
    definition: PostgresDefinition, table: TableDefinition, database: str, warehouse_identity: str
) -> Capture:
    """How the capture of a table is named, always alike.

    A slot remembers one position, so each warehouse needs its own: the name ends in a fingerprint
    of warehouse, database and table.
    """
    told_apart = "\n".join((warehouse_identity, database, definition.name, table.name))
    fingerprint = hashlib.sha256(told_apart.encode()).hexdigest()[:_FINGERPRINT]
    room = _LONGEST_NAME - len(PREFIX) - _FINGERPRINT - 1
    readable = f"{definition.name}_{table.name}"[:room]
    return Capture(
        name=f"{PREFIX}{readable}_{fingerprint}",
        schema=definition.database_schema,
        table=table.name_in_source,
        key=table.key,
        inserts_only=table.mode == "append",
        command=f"{definition.name} {table.name}",
    )


def open_capture(source: PostgresSource, capture: Capture) -> tuple[Slot, int]:
    """The slot of a capture that can be read, and the number of the table's storage file.

    The table stays locked against rewriting (as any reader locks it) until the source is closed.

    Raises:
        SourceError: not enabled, lost, incomplete, or the server or table does not allow it.
    """
    with explained(source, capture):
        # Locked first: what is then found out about the table's storage stays true.
        source.query(f"select 1 from {qualified(capture.schema, capture.table)} limit 0")
        storage = check_table(source, capture)
        slot = slots_of(source).get(capture.name)
        fault = publication_fault(source, capture)
    if slot is None:
        raise SourceError(
            f"change data capture of {capture.shown} is not enabled for this warehouse:"
            f" no replication slot {capture.name}",
            f"{capture.enabling} (or declare cursor: xmin)",
        )
    if slot.wal_status == "lost":
        raise SourceError(
            f"replication slot {capture.name} of {capture.shown} is lost: the source has removed"
            " the log it needed (max_slot_wal_keep_size)",
            f"{capture.enabling}; the next load then reads the table in full by itself",
        )
    if fault:
        raise SourceError(
            f"publication {capture.name} of {capture.shown} {fault}", capture.enabling
        )
    return slot, storage


@contextlib.contextmanager
def reading(source: PostgresSource, capture: Capture, upto: int) -> Iterator[Iterator[bytes]]:
    """The messages the slot has up to ``upto``, streamed; they stay in the slot.

    Raises:
        SourceError: rights are missing, or another process is reading the slot.
    """
    with session(source, capture) as connection, connection.cursor() as cursor:
        rows = cursor.stream(
            "select data from pg_logical_slot_peek_binary_changes("
            "$1::text, $2::pg_lsn, null, 'proto_version', '1', 'publication_names', $1::text)",
            (capture.name, lsn_text(upto)),
            binary=True,
        )
        yield (row[0] for row in rows)


def flushed_position(source: PostgresSource, capture: Capture) -> int:
    """How far the source's log is safely written: reading up to here misses nothing before it."""
    with session(source, capture) as connection:
        return lsn_number(connection.execute("select pg_current_wal_flush_lsn()").fetchone()[0])


def advance(source: PostgresSource, capture: Capture, position: int) -> None:
    """Let the source forget what lies before ``position``.

    Raises:
        SourceError: it cannot be moved.
    """
    with session(source, capture) as connection:
        connection.execute(
            "select pg_replication_slot_advance($1, $2::pg_lsn)",
            (capture.name, lsn_text(position)),
        )


def check_table(source: PostgresSource, capture: Capture) -> int:
    """Refuse what logical replication cannot follow; return the table's storage file number."""
    rows = source.query(_TABLE, (qualified(capture.schema, capture.table), list(capture.key)))
    (is_plain, is_logged, identity, identified_by, is_indexed, seen, now, wal_level, version) = (
        rows[0]
    )
    shown, key = capture.shown, ", ".join(capture.key)
    otherwise = "or declare cursor: xmin"
    if version < OLDEST_SERVER:
        raise SourceError(
            f"PostgreSQL {version} cannot publish the key columns of {shown} alone",
            f"use PostgreSQL {OLDEST_SERVER} or newer, {otherwise}",
        )
    if wal_level != "logical":
        raise SourceError(
            f"the source's wal_level is {wal_level}: changes of {shown} cannot be captured",
            "run in the OLTP database: alter system set wal_level = logical, and restart it;"
            f" {otherwise}",
        )
    if not is_plain:
        raise SourceError(
            f"{shown} is not a plain table: a partition that is dropped or a table it inherits"
            " from would change it without a trace in the log",
            otherwise.removeprefix("or "),
        )
    if not is_logged:
        raise SourceError(
            f"{shown} is unlogged or temporary: its changes are not in the log",
            f"run in the OLTP database: alter table {shown} set logged; {otherwise}",
        )
    if capture.inserts_only and not is_indexed:
        raise SourceError(
            f"key ({key}) of {shown} has no index: each load would read the whole table",
            f"run in the OLTP database: create index concurrently on {shown} ({key}); {otherwise}",
        )
    if not capture.inserts_only and identified_by != sorted(capture.key):
        have = f"({', '.join(identified_by)})" if identified_by else "nothing"
        have = "the full row" if identity == "f" else have
        raise SourceError(
            f"{shown} identifies its rows by {have} in the log (replica identity), not by its"
            f" key ({key})",
            f"give the table a primary key of ({key}), or a unique index and: alter table {shown}"
            f" replica identity using index <index>; {otherwise}",
        )
    # A snapshot older than a rewrite finds the new storage empty.
    if seen != now:
        raise SourceError(
            f"{shown} was truncated or rewritten while it was being loaded",
            "run the same command again",
        )
    return seen


def publication_fault(source: PostgresSource, capture: Capture) -> str:
    """What is wrong with the publication, as the end of a sentence; empty if nothing is."""
    rows = source.query(_PUBLICATION, (capture.name, capture.schema, capture.table))
    if not rows:
        return "does not exist"
    inserts, others, columns, comment = rows[0]
    if not inserts or not (others or capture.inserts_only):
        return "does not publish every kind of change"
    if columns != sorted(capture.key):
        return f"does not publish the key ({', '.join(capture.key)}) of the table"
    # Written last of all, so who sees it sees everything from before the slot began.
    if comment != COMPLETE:
        return "was not completed before this load began"
    return ""


def slots_of(source: PostgresSource) -> dict[str, Slot]:
    return {
        name: Slot(name, status, active, lsn_number(confirmed), int(behind), int(retained or 0))
        for name, status, active, confirmed, behind, retained in source.query(_SLOTS)
        if confirmed
    }


@contextlib.contextmanager
def session(source: PostgresSource, capture: Capture) -> Iterator[psycopg.Connection]:
    """A connection outside the snapshot: slots are no matter of a read-only transaction."""
    with explained(source, capture), source.connect_aside() as connection:
        yield connection


@contextlib.contextmanager
def explained(source: PostgresSource, capture: Capture) -> Iterator[None]:
    """Errors that name what is missing."""
    try:
        yield
    except psycopg.errors.InsufficientPrivilege as error:
        user = quoted(source.user)
        raise SourceError(
            f"no right to capture the changes of {capture.shown}: {first_line(error)}",
            f"run in the OLTP database: alter role {user} with replication; to enable, the user"
            " must own the table and may need: grant create on database",
        ) from error
    except psycopg.errors.ObjectInUse as error:
        raise SourceError(
            f"replication slot {capture.name} is in use: {first_line(error)}",
            "wait for the other load to end; if its process was killed, end its session in the"
            " OLTP database: select pg_terminate_backend(<PID>)",
        ) from error
    except psycopg.errors.ConfigurationLimitExceeded as error:
        raise SourceError(
            f"no replication slot is free for {capture.shown}: {first_line(error)}",
            "raise max_replication_slots in the OLTP database, or drop a slot that nobody reads"
            " (finhouse cdc status)",
        ) from error
    except psycopg.Error as error:
        raise SourceError(
            f"change data capture of {capture.shown} failed: {first_line(error)}",
            "check the OLTP server and its log, then run the same command again",
        ) from error
