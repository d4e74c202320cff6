"""Turning change data capture of a table on and off: what ``finhouse cdc`` does in the source."""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import psycopg

from finhouse.console import console
from finhouse.errors import ConfigurationError
from finhouse.extract_load.capture.pgoutput import lsn_text
from finhouse.extract_load.capture.slots import (
    COMPLETE,
    PREFIX,
    Capture,
    Slot,
    capture_of,
    check_table,
    explained,
    publication_fault,
    session,
    slots_of,
)
from finhouse.extract_load.postgres_source import PostgresSource
from finhouse.sources.definitions import (
    REPLICATION_SLOT,
    SOURCES_FOLDER,
    PostgresDefinition,
    TableDefinition,
    available_sources,
    read_source,
)
from finhouse.warehouse import qualified, quoted


@dataclass(frozen=True)
class CaptureStatus:
    """One line of ``finhouse cdc status``.

    Attributes:
        slot: None where a table is declared, but nothing is enabled.
        reader: ``wallet.users``; empty for a slot that this warehouse does not read.
    """

    name: str
    reader: str
    slot: Slot | None

    @property
    def state(self) -> str:
        """``not enabled``, the server's wal_status, or that a load is reading it."""
        if self.slot is None:
            return "not enabled"
        return "being read" if self.slot.is_active else self.slot.wal_status

    @property
    def confirmed(self) -> str:
        return lsn_text(self.slot.confirmed) if self.slot else "-"


def enable_capture(
    oltp_url: str,
    source_name: str,
    table_name: str,
    warehouse_identity: str,
    definitions: Path = SOURCES_FOLDER,
) -> bool:
    """Create publication and slot of a table; replace them where they are of no use any more.

    Args:
        oltp_url: the OLTP database, as a user that owns the table, may create in the database
            and has the attribute REPLICATION.
        source_name: a declared source of kind postgres.
        table_name: a table of it that declares ``cursor: replication_slot``.
        warehouse_identity: the warehouse that will read it.
        definitions: folder of the source files.

    Returns:
        False when all was there already.

    Raises:
        ConfigurationError: no such source or table, or it declares another cursor.
        SourceError: the server or the table does not allow it, or rights are missing.
    """
    definition, table = _declared(source_name, table_name, definitions)
    if table.cursor != REPLICATION_SLOT:
        raise ConfigurationError(
            f"{source_name}.{table_name} has cursor {table.cursor or '(none)'}: nothing would read"
            " its slot, and the source would keep its log for ever",
            f"declare cursor: {REPLICATION_SLOT} in {source_name}.yml first",
        )
    with PostgresSource(oltp_url) as source:
        capture = capture_of(definition, table, source.database, warehouse_identity)
        source.describe(definition.database_schema, table.name_in_source)
        with explained(source, capture):
            check_table(source, capture)
            slot = slots_of(source).get(capture.name)
            fault = publication_fault(source, capture)
        if slot and slot.wal_status != "lost" and not fault:
            return False
        with session(source, capture) as connection:
            _remove(connection, capture.name)
            _create(connection, capture)
    return True


def disable_capture(
    oltp_url: str,
    source_name: str,
    table_name: str,
    warehouse_identity: str,
    definitions: Path = SOURCES_FOLDER,
) -> bool:
    """Drop slot and publication of a table; the source frees its log. False: there were none.

    Raises:
        ConfigurationError: no such source or table.
        SourceError: rights are missing, or a load is reading the slot.
    """
    definition, table = _declared(source_name, table_name, definitions)
    with PostgresSource(oltp_url) as source:
        capture = capture_of(definition, table, source.database, warehouse_identity)
        with session(source, capture) as connection:
            return _remove(connection, capture.name)


def capture_status(
    oltp_url: str,
    warehouse_identity: str,
    sources: Collection[str] | None = None,
    definitions: Path = SOURCES_FOLDER,
) -> list[CaptureStatus]:
    """Every table that declares a slot, then the other slots of finhouse in this database.

    Args:
        sources: those that are read from this database; default all.

    Raises:
        SourceError: the OLTP database cannot be read.
    """
    names = available_sources(definitions) if sources is None else sources
    declared = [read_source(name, definitions) for name in names]
    with PostgresSource(oltp_url) as source:
        slots, listed = slots_of(source), []
        for definition in declared:
            if not isinstance(definition, PostgresDefinition):
                continue
            for table in definition.tables:
                if table.cursor == REPLICATION_SLOT:
                    name = capture_of(definition, table, source.database, warehouse_identity).name
                    reader = f"{definition.name}.{table.name}"
                    listed.append(CaptureStatus(name, reader, slots.pop(name, None)))
    others = sorted(name for name in slots if name.startswith(PREFIX))
    return listed + [CaptureStatus(name, "", slots[name]) for name in others]


def _declared(
    source_name: str, table_name: str, definitions: Path
) -> tuple[PostgresDefinition, TableDefinition]:
    definition = read_source(source_name, definitions)
    tables = (
        {table.name: table for table in definition.tables}
        if isinstance(definition, PostgresDefinition)
        else {}
    )
    if table_name not in tables:
        raise ConfigurationError(
            f"source {source_name!r} has no database table {table_name!r}",
            f"use {', '.join(tables)}" if tables else "name a source of kind postgres",
        )
    return definition, tables[table_name]


def _create(connection: psycopg.Connection, capture: Capture) -> None:
    kinds = "insert" if capture.inserts_only else "insert, update, delete, truncate"
    columns = ", ".join(quoted(name) for name in capture.key)
    # First the publication: a slot cannot read changes from before its publication was there.
    connection.execute(
        f"create publication {quoted(capture.name)}"
        f" for table only {qualified(capture.schema, capture.table)} ({columns})"
        f" with (publish = '{kinds}')"
    )
    writing = connection.execute(
        "select count(*) from pg_stat_activity where backend_xid is not null"
    ).fetchone()[0]
    if writing:
        console.print(f"    waiting for {writing} open transactions of the source to end")
    connection.execute("select pg_create_logical_replication_slot($1, 'pgoutput')", (capture.name,))
    _wait_for_older_transactions(connection)
    connection.execute(f"comment on publication {quoted(capture.name)} is '{COMPLETE}'")


def _wait_for_older_transactions(connection: psycopg.Connection) -> None:
    """Wait until every transaction that the slot may have missed is visible to all, or gone.

    A commit is in the log a moment before it is visible (longer with a synchronous standby): the
    slot could begin behind it, and the first load's snapshot still not see it.
    """
    begun = "select pg_snapshot_xmax(pg_current_snapshot())::text::bigint"
    ended = "select pg_snapshot_xmin(pg_current_snapshot())::text::bigint"
    limit = connection.execute(begun).fetchone()[0]
    while connection.execute(ended).fetchone()[0] < limit:
        time.sleep(0.05)


def _remove(connection: psycopg.Connection, name: str) -> bool:
    slots = connection.execute(
        "select pg_drop_replication_slot(slot_name) from pg_replication_slots"
        " where slot_name = $1 and database = current_database()",
        (name,),
    ).fetchall()
    publications = connection.execute(
        "select from pg_publication where pubname = $1", (name,)
    ).fetchall()
    if publications:
        connection.execute(f"drop publication {quoted(name)}")
    return bool(slots or publications)
