"""What a kill or a fault has left, by name, and its repair.

Most of what can be interrupted puts itself right: loads are transactions, and what is written aside
is thrown away by whoever writes next. Looked for here is the rest: what nobody would notice, what
would cost rows if it was not noticed, and what takes up space for ever.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from psycopg import conninfo

from finhouse.clearances import CLEARANCES
from finhouse.errors import FinhouseError, WarehouseError
from finhouse.extract_load.bookkeeping import (
    FILE_STATE,
    LOAD_LOG,
    LOAD_STATE,
    RETENTION_PURGES,
    Bookkeeping,
)
from finhouse.extract_load.capture.setup import disable_capture, enable_capture
from finhouse.extract_load.capture.slots import capture_of, slots_of
from finhouse.extract_load.databases import source_url
from finhouse.extract_load.postgres_source import PostgresSource
from finhouse.extract_load.running import warehouse_errors
from finhouse.extract_load.state import SCHEMA, FileState, utc_now
from finhouse.oltp import warehouse_url
from finhouse.publish import (
    INCOMING_SCHEMA,
    OUTGOING_SCHEMA,
    READERS_SECONDS,
    ensure_reporting_tables,
)
from finhouse.retention.leftovers import complete_within, incomplete
from finhouse.safety.backup import backups_folder, dead_backups, remove_dead
from finhouse.safety.drill import drill_database
from finhouse.safety.files import house_lock
from finhouse.safety.postgres_tools import drop_database, maintenance
from finhouse.safety.restore import (
    BEFORE,
    RESTORING,
    half_restored,
    publication_of,
)
from finhouse.settings import ASIDE, Settings
from finhouse.sources.definitions import (
    REPLICATION_SLOT,
    SOURCES_FOLDER,
    CsvFolderDefinition,
    PostgresDefinition,
    SourceDefinition,
    available_sources,
    raw_schema,
    read_source,
)
from finhouse.warehouse import Warehouse, connect, qualified, quoted
from finhouse.warehouse.duckdb_file import DuckdbWarehouse

# Rows that a repair removed, as JSON.
REPAIRS = "repairs"
_ROUNDS = 4
_REPAIRS_DDL = {
    "repaired_at": "timestamp",
    "place": "text",
    "finding": "text",
    "removed_rows": "text",
}


@dataclass(frozen=True)
class Finding:
    """A state that should not be.

    Attributes:
        place: table, file, database or slot.
        what: what is wrong with it.
        why: what comes of it.
        remedy: what the repair does; without one, what a person can do.
        repair: None where only a person can decide, or bring back what is missing.
    """

    place: str
    what: str
    why: str
    remedy: str
    repair: Callable[[], object] | None = None


def examine(
    settings: Settings,
    *,
    repair: bool = False,
    oltp_url: str | None = None,
    definitions: Path = SOURCES_FOLDER,
) -> tuple[list[Finding], list[Finding]]:
    """Look at everything, and repair it if asked to.

    Args:
        oltp_url: database of all sources; default the one that each source names.
        definitions: folder of the source files.

    Returns:
        What was repaired, and what remains.

    Raises:
        WarehouseError: another process writes the warehouse, or a repair failed.
    """
    repaired: list[Finding] = []
    with house_lock(settings.engine_home):
        # A repair may bring another finding to light.
        for _ in range(_ROUNDS):
            with ExitStack() as open_warehouse:
                found = [*_files(settings), *_json_files(settings)]
                found += _of_warehouse(settings, oltp_url, definitions, open_warehouse)
                repairable = [finding for finding in found if finding.repair] if repair else []
                for finding in repairable:
                    finding.repair()
                repaired += repairable
            if not repairable:
                break
    return repaired, found


def _of_warehouse(
    settings: Settings, oltp_url: str | None, definitions: Path, stack: ExitStack
) -> Iterator[Finding]:
    """Findings of the warehouse, which stays open for their repairs until the stack is closed."""
    if settings.is_file and not settings.duckdb_path.exists():
        if settings.published_path.exists():
            yield _lost(settings, "it is not there, but readers have a publication of it")
        return
    try:
        warehouse = stack.enter_context(connect(settings))
    except WarehouseError as error:
        if "is locked" in error.message:
            raise
        yield _lost(settings, error.message)
        return
    stack.enter_context(warehouse_errors(warehouse))
    yield from _Examination(settings, warehouse, oltp_url, definitions).findings()


def _lost(settings: Settings, what: str) -> Finding:
    return Finding(
        str(settings.duckdb_path) if settings.is_file else "the Postgres warehouse",
        what,
        "nothing can be loaded or published, and what was reported to readers is not on record",
        "restore a backup (finhouse restore), else move it away and build again",
    )


# Files.


def _files(settings: Settings) -> Iterator[Finding]:
    backups = backups_folder(settings)
    if dead := dead_backups(settings.engine_home):
        yield Finding(
            str(settings.engine_home),
            f"{', '.join(path.name for path in dead)}: of a backup or restore that was killed",
            "it takes up space and holds rows in plain",
            "removes it",
            partial(remove_dead, settings.engine_home),
        )
    if dead := dead_backups(backups):
        yield Finding(
            str(backups),
            f"{', '.join(path.name for path in dead)}: of a backup that was killed",
            "it takes up space and is no backup",
            "removes it",
            partial(remove_dead, backups),
        )
    if not settings.is_file:
        return
    for folder, name in (
        (settings.duckdb_path.parent, settings.duckdb_path.name),
        (settings.published_path.parent, settings.published_path.name),
    ):
        for path in sorted(folder.glob(f".{name}.{RESTORING}-*")):
            yield Finding(
                str(path),
                "of a restore that was killed",
                "it takes up space; the backup itself is whole",
                "removes it",
                partial(path.unlink, missing_ok=True),
            )
        for path in sorted(folder.glob(f"{name}.{BEFORE}-*")):
            if (folder / name).exists() and path.samefile(folder / name):
                yield Finding(
                    str(path),
                    f"is a second name of {name}, no copy: a restore was killed before its swap",
                    "whoever takes it for the warehouse of that moment is mistaken",
                    f"removes the name; the rows are in {name}",
                    partial(path.unlink, missing_ok=True),
                )


def _json_files(settings: Settings) -> Iterator[Finding]:
    for folder, remedy in (
        (settings.dbt_output, None),
        (settings.demo_home, "copy it from a backup of this folder, or start afresh: make clean"),
    ):
        for path in sorted(folder.glob("*.json")):
            try:
                json.loads(path.read_bytes())
            except ValueError as error:
                aside = path.with_name(f"{path.name}.unreadable")
                yield Finding(
                    str(path),
                    f"is no JSON: {error}",
                    "commands that read it fail",
                    remedy or f"renames it to {aside.name}; dbt writes it again",
                    None if remedy else partial(path.replace, aside),
                )


class _Examination:
    """The checks of one open warehouse."""

    def __init__(
        self, settings: Settings, warehouse: Warehouse, oltp_url: str | None, definitions: Path
    ) -> None:
        self._settings, self._warehouse = settings, warehouse
        self._oltp_url, self._folder = oltp_url, definitions
        self._sources = [read_source(name, definitions) for name in available_sources(definitions)]

    def findings(self) -> Iterator[Finding]:
        if isinstance(self._warehouse, DuckdbWarehouse):
            yield from self._published_file()
        else:
            yield from self._left_schemas()
            yield from self._half_restored()
        yield from self._half_purged()
        if not self._warehouse.table_exists(SCHEMA, LOAD_LOG):
            # Nothing was ever loaded.
            return
        yield from self._left_aside()
        yield from self._two_outcomes()
        for source in self._sources:
            yield from self._of_source(source)

    # Loads.

    def _two_outcomes(self) -> Iterator[Finding]:
        batches = self._warehouse.execute(
            "select batch_id, source_name, table_name, file_name"
            f" from {qualified(SCHEMA, LOAD_LOG)} group by 1, 2, 3, 4"
            " having count(distinct status) > 1 order by 1, 2, 3, 4"
        )
        for batch, source, table, file in batches:
            yield Finding(
                f"{SCHEMA}.{LOAD_LOG}",
                f"batch {batch} says of {source}.{file or table} that it succeeded and that it"
                " failed",
                "its rows are loaded; counts of failed loads are too high",
                f"moves the record of the failure to {SCHEMA}.{REPAIRS}",
                partial(
                    self._remove,
                    LOAD_LOG,
                    "batch_id = $1 and source_name = $2 and table_name = $3"
                    " and coalesce(file_name, '') = $4 and status = 'failed'",
                    (batch, source, table, file or ""),
                    "succeeded and failed",
                ),
            )

    def _of_source(self, source: SourceDefinition) -> Iterator[Finding]:
        schema = raw_schema(source.name)
        for table in source.table_names:
            raw = self._warehouse.columns(schema, table)
            if isinstance(source, CsvFolderDefinition):
                yield from self._of_files(source, bool(raw))
            else:
                yield from self._of_table(source, table, bool(raw))
        if isinstance(source, PostgresDefinition):
            yield from self._slots(source)

    def _of_table(self, source: SourceDefinition, table: str, exists: bool) -> Iterator[Finding]:
        schema, shown = raw_schema(source.name), f"{raw_schema(source.name)}.{table}"
        of_table = ("source_name = $1 and table_name = $2", (source.name, table))
        states = self._warehouse.count(qualified(SCHEMA, LOAD_STATE), *of_table)
        if states and not exists:
            yield Finding(
                f"{SCHEMA}.{LOAD_STATE}",
                f"says how far {shown} is loaded, but there is no such table",
                "models that read it fail until the next load, which reads it in full",
                f"moves the state to {SCHEMA}.{REPAIRS}; rows that only raw had are in backups",
                partial(self._remove, LOAD_STATE, *of_table, "no raw table"),
            )
        elif states and not self._reads(source.name, table):
            yield Finding(
                f"{SCHEMA}.{LOAD_STATE}",
                f"the state of {shown} cannot be read",
                "every load of the table fails",
                f"moves it to {SCHEMA}.{REPAIRS}",
                partial(self._remove, LOAD_STATE, *of_table, "unreadable"),
            )
        elif exists and not states and self._warehouse.count(qualified(schema, table)):
            kept = f"{table}__kept_{utc_now():%Y%m%d_%H%M%S}"
            yield Finding(
                shown,
                "has rows, but the loader has no state of it",
                "the next load makes the table again: rows that the source has deleted are lost",
                f"renames it to {kept}",
                partial(
                    self._warehouse.execute,
                    f"alter table {qualified(schema, table)} rename to {quoted(kept)}",
                ),
            )

    def _reads(self, source: str, table: str) -> bool:
        try:
            Bookkeeping(self._warehouse, raw_schema(source)).table_state(source, table)
        except (ValueError, KeyError, TypeError):
            return False
        return True

    def _of_files(self, source: CsvFolderDefinition, exists: bool) -> Iterator[Finding]:
        """Files whose rows in raw are not those that were loaded."""
        books = Bookkeeping(self._warehouse, raw_schema(source.name))
        names = (source.name, source.table)
        raw = qualified(raw_schema(source.name), source.table)
        held = (
            {
                str(name): int(rows)
                for name, rows in self._warehouse.execute(
                    f"select _file_name, count(*) from {raw} group by 1"
                )
            }
            if exists
            else {}
        )
        states = books.file_states(*names)
        folder = self._settings.landing / source.folder
        for name, state in states.items():
            if state.row_count == held.get(name, 0):
                continue
            is_there = (folder / name).exists()
            yield Finding(
                f"{raw_schema(source.name)}.{source.table}",
                f"has {held.get(name, 0):,} rows of {name}, which was loaded with"
                f" {state.row_count:,}",
                "the next load takes the file for loaded",
                f"moves the file's state to {SCHEMA}.{REPAIRS}; the next load reads it again"
                if is_there
                else f"deliver {name} again into {folder}, or restore a backup",
                partial(self._read_again, source, name, held.get(name, 0)) if is_there else None,
            )
        for name in sorted(held.keys() - states.keys()):
            yield Finding(
                f"{raw_schema(source.name)}.{source.table}",
                f"has {held[name]:,} rows of {name}, of which the loader knows nothing",
                "they cannot be withdrawn, and are compared with nothing",
                "enters the file as loaded; the next load reads it again if it is there",
                partial(self._enter_file, source, name, held[name]),
            )

    def _read_again(self, source: CsvFolderDefinition, name: str, rows: int) -> None:
        self._remove(
            FILE_STATE,
            "source_name = $1 and table_name = $2 and file_name = $3",
            (source.name, source.table, name),
            "other rows in raw",
        )
        if rows:
            self._enter_file(source, name, rows)

    def _enter_file(self, source: CsvFolderDefinition, name: str, rows: int) -> None:
        books = Bookkeeping(self._warehouse, raw_schema(source.name))
        with self._warehouse.transaction():
            # No file has this size: whatever is delivered under the name is read.
            state = FileState(size_bytes=-1, changed_ns=0, sha256="", row_count=rows)
            books.save_file_state(source.name, source.table, name, state, "")

    def _remove(self, table: str, where: str, params: Sequence[object], finding: str) -> None:
        """Move rows of the loader's books to the table of repairs."""
        self._warehouse.create_table(SCHEMA, REPAIRS, _REPAIRS_DDL)
        names = list(self._warehouse.columns(SCHEMA, table))
        with self._warehouse.transaction():
            rows = self._warehouse.execute(
                f"select * from {qualified(SCHEMA, table)} where {where}", params
            )
            removed = [dict(zip(names, row, strict=True)) for row in rows]
            self._warehouse.change(
                f"insert into {qualified(SCHEMA, REPAIRS)} values ($1, $2, $3, $4)",
                (utc_now(), f"{SCHEMA}.{table}", finding, json.dumps(removed, default=str)),
            )
            self._warehouse.change(f"delete from {qualified(SCHEMA, table)} where {where}", params)

    # Publications.

    def _published_file(self) -> Iterator[Finding]:
        path = self._settings.published_path
        recorded = self._warehouse.table_exists(SCHEMA, "publications") and self._warehouse.count(
            f"{SCHEMA}.publications"
        )
        publication = publication_of(path)
        if publication is None:
            if recorded or path.exists():
                yield Finding(
                    str(path),
                    "cannot be read" if path.exists() else "is not there",
                    "readers have nothing",
                    "run make build, which publishes again, or restore a backup",
                )
        elif publication and not (
            recorded
            and self._warehouse.count(
                f"{SCHEMA}.publications", "publication_id = $1", (publication,)
            )
        ):
            yield Finding(
                str(path),
                f"readers have publication {publication}, which is not on record",
                "what its KPI values were is not in the history of restatements",
                "puts publication and values on record",
                partial(ensure_reporting_tables, self._settings, self._warehouse),
            )
        masked = [self._settings.masked_path(clearance) for clearance in CLEARANCES]
        for file in masked:
            if file.exists() and publication_of(file) != publication:
                yield Finding(
                    str(file),
                    f"is of publication {publication_of(file) or 'nobody knows which'}, and "
                    f"{path} of {publication or 'none'}",
                    "readers with that clearance see another build than those of everything",
                    "run finhouse publish, which writes all of them",
                )
        for left in sorted(
            left
            for written in (path, *masked)
            for left in written.parent.glob(f".{written.name}.incoming*")
        ):
            yield Finding(
                str(left),
                "of a publication that was killed",
                "it takes up space until the next publication",
                "removes it; the marts are in the warehouse",
                partial(left.unlink, missing_ok=True),
            )

    def _half_purged(self) -> Iterator[Finding]:
        if purges := incomplete(self._warehouse):
            yield Finding(
                f"{SCHEMA}.{RETENTION_PURGES}",
                f"purge {', '.join(purges)} was killed when the rows were gone from raw",
                "readers may have a publication that still holds them, and so has the disk",
                "takes them from readers until the next build, and gives the space back",
                partial(complete_within, self._settings, self._warehouse),
            )

    def _left_schemas(self) -> Iterator[Finding]:
        schemas = self._warehouse.execute(
            "select nspname::text from pg_namespace where starts_with(nspname, $1)"
            " or starts_with(nspname, $2) order by starts_with(nspname, $2), 1 desc",
            (INCOMING_SCHEMA, OUTGOING_SCHEMA),
        )
        for (schema,) in schemas:
            is_incoming = schema.startswith(INCOMING_SCHEMA)
            yield Finding(
                f"schema {schema}",
                "of a publication that was killed"
                if is_incoming
                else "a publication before this one, which was being read when it was replaced",
                "it takes up space until the next publication",
                "drops it, as the next publication does; waits "
                f"{READERS_SECONDS} seconds for its readers",
                partial(self._drop_schema, schema),
            )

    def _left_aside(self) -> Iterator[Finding]:
        schemas = self._warehouse.execute(
            "select distinct schema_name from information_schema.schemata"
            f" where starts_with(schema_name, '{ASIDE}') order by 1"
        )
        for (schema,) in schemas:
            yield Finding(
                f"schema {schema}",
                "of a build of a past day that was killed",
                "it takes up space until that day is built again under its name",
                "drops it",
                partial(self._warehouse.execute, f"drop schema {quoted(schema)} cascade"),
            )

    def _drop_schema(self, schema: str) -> None:
        with self._warehouse.transaction():
            self._warehouse.execute(f"set local lock_timeout = '{READERS_SECONDS}s'")
            self._warehouse.execute(f"drop schema {quoted(schema)} cascade")

    def _half_restored(self) -> Iterator[Finding]:
        url = warehouse_url(self._settings)
        named = str(conninfo.conninfo_to_dict(url).get("dbname"))
        for database, what in (
            (half_restored(named), "a restore"),
            (drill_database(named), "a restore test"),
        ):
            if self._warehouse.count("pg_database", "datname = $1", (database,)):
                yield Finding(
                    f"database {database}",
                    f"of {what} that was killed",
                    "it takes up space; the backup itself is whole",
                    "drops it",
                    partial(_drop_database, url, database),
                )

    # Change data capture.

    def _slots(self, source: PostgresDefinition) -> Iterator[Finding]:
        """Slots that are wanted and missing, or there and unwanted; asked only if there are any."""
        captured = {
            str(table)
            for (table,) in self._warehouse.execute(
                f"select table_name from {qualified(SCHEMA, LOAD_STATE)}"
                " where source_name = $1 and cursor_name = $2",
                (source.name, REPLICATION_SLOT),
            )
        }
        declared = {table.name for table in source.tables if table.cursor == REPLICATION_SLOT}
        if not captured | declared:
            return
        identity = self._warehouse.identity
        try:
            url = self._oltp_url or source_url(self._settings, source.name, self._folder) or ""
            with PostgresSource(url, source.url_variable) as database:
                slots, name_of_database = slots_of(database), database.database
        except FinhouseError as error:
            yield Finding(
                f"source {source.name}",
                f"its replication slots cannot be looked at: {error.message}",
                "a slot that nobody reads fills the source's disk",
                error.remedy,
            )
            return
        for table in source.tables:
            name = capture_of(source, table, name_of_database, identity).name
            slot = slots.get(name)
            of_table = (url, source.name, table.name, identity, self._folder)
            if table.name in declared and (slot is None or slot.wal_status == "lost"):
                yield Finding(
                    f"replication slot {name}",
                    f"of {source.name}.{table.name} is {'lost' if slot else 'not there'}",
                    "loads of the table fail",
                    "enables capture again; the next load reads the table in full",
                    partial(enable_capture, *of_table),
                )
            elif table.name not in declared and slot:
                yield Finding(
                    f"replication slot {name}",
                    f"nothing reads it: {source.name}.{table.name} has cursor"
                    f" {table.cursor or '(none)'}",
                    "the source keeps its log for it until its disk is full",
                    "drops slot and publication; the table is loaded by its cursor",
                    partial(disable_capture, *of_table),
                )


def _drop_database(url: str, database: str) -> None:
    with closing(maintenance(url)) as server:
        drop_database(server, database)
