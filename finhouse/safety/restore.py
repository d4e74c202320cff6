"""Putting a backup in the place of the warehouse: all of it or nothing, and what was there is kept.

The backup is checked, copied beside the warehouse and opened there before anything is touched; one
rename puts it in place. The loader's state comes with it, so that the next load goes on from
the moment of the backup.
"""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import psycopg
from psycopg import conninfo, sql

from finhouse.bridge.shipping import SHIPMENTS
from finhouse.clearances import CLEARANCES
from finhouse.console import heartbeat
from finhouse.errors import ConfigurationError, FinhouseError, PublishError, WarehouseError
from finhouse.extract_load.bookkeeping import (
    RETENTION_HORIZONS,
    RETENTION_PURGES,
    RETENTION_REFUSALS,
    Bookkeeping,
    undone_purges,
)
from finhouse.extract_load.running import warehouse_errors
from finhouse.extract_load.state import SCHEMA
from finhouse.oltp import warehouse_url
from finhouse.publish import (
    PUBLICATION,
    PUBLISHED_SCHEMA,
    create_reporting_tables,
    empty_published,
    ensure_reporting_tables,
)
from finhouse.publish.file import empty_file
from finhouse.retention.leftovers import personal_marts
from finhouse.safety.backup import backups_folder, backups_in, row_counts
from finhouse.safety.beside import check_beside, place, refuse_unknown, restore_beside
from finhouse.safety.cipher import BackupKey
from finhouse.safety.files import copy_apart, house_lock, sync
from finhouse.safety.manifest import (
    PUBLISHED_FILE,
    WAREHOUSE_FILES,
    FilePrint,
    Manifest,
    read_manifest,
)
from finhouse.safety.opening import opened
from finhouse.safety.postgres_tools import (
    ClientTools,
    create_database,
    drop_database,
    maintenance,
    other_database,
    shortened,
)
from finhouse.settings import ASIDE, TARGETS, Settings
from finhouse.sources.definitions import PostgresDefinition, available_sources, read_source
from finhouse.warehouse import Warehouse, connect, qualified, quoted
from finhouse.warehouse.duckdb_file import DuckdbWarehouse
from finhouse.warehouse.opening import DEFAULT_MEMORY_LIMIT
from finhouse.warehouse.postgres_connection import describe_server
from finhouse.warehouse.postgres_database import PostgresWarehouse
from finhouse.warehouse.remedies import remedy_of

RESTORING = "restoring"
BEFORE = "before-restore"
# Of a database, whose name has no hyphens.
_RESTORING_DATABASE = "__restoring"
_BEFORE_DATABASE = "__before_restore_"
# Beginnings of the names of schemas that loads, builds and publications make.
_OWN_SCHEMAS = ("raw_", "staging", "snapshots", "intermediate", "marts", PUBLISHED_SCHEMA, ASIDE)
_SWAP_ATTEMPTS = 20
_UNKNOWN_PURGES = (
    "what was purged after the backup is not known: run `finhouse purge --apply` before the next"
    " build"
)
_ROWS_AT_A_TIME = 500
_REPORTS = ("publications", "reported_kpis")
_PURGES = (RETENTION_PURGES, RETENTION_REFUSALS, RETENTION_HORIZONS)


@dataclass(frozen=True)
class Restored:
    """What a restore did.

    Attributes:
        aside: where the warehouse is that was there before; None if there was none.
        notes: what a reader should know beside it.
        undone: purges whose rows are back, and that have to be repeated before anything is
            published.
    """

    manifest: Manifest
    aside: str | None
    notes: tuple[str, ...]
    undone: tuple[str, ...] = ()


def restore_backup(
    settings: Settings,
    backup: Path,
    key: BackupKey | None = None,
    beside: tuple[str, ...] = (),
) -> Restored:
    """Put a backup in the place of the warehouse of the target.

    Nothing that was there is deleted. Publications after the backup stay on record, as far as the
    warehouse that is replaced, or what readers have, can still be read.

    Args:
        backup: a folder that `finhouse backup` made, or its name in the usual place.
        key: of an encrypted one.
        beside: what is put back beside the warehouse though it is there; what is lost is put back
            anyway (``finhouse.safety.beside``).

    Raises:
        ConfigurationError: no such backup, it is of another target, or the key does not open it.
        WarehouseError: a file of the backup is damaged, another process writes the warehouse, or
            the engine refused; the warehouse is as it was.
    """
    folder = find_backup(settings, backup)
    manifest = read_manifest(folder)
    if manifest.target != settings.target:
        raise ConfigurationError(
            f"{folder.name} is a backup of target {manifest.target} (finhouse"
            f" {manifest.finhouse}, {manifest.engine}); the target here is {settings.target}",
            f"run: finhouse --target {manifest.target} restore {folder}",
        )
    refuse_unknown(manifest, beside)
    with (
        house_lock(settings.engine_home),
        heartbeat("restoring"),
        opened(settings, folder, manifest, key) as (folder, manifest),
    ):
        check_beside(settings, folder, manifest)
        stamp = datetime.now(UTC).strftime("%Y%m%d_%H%M%S_%f")
        put_back = _restore_file if settings.is_file else _restore_database
        try:
            aside, notes = put_back(settings, folder, manifest, stamp)
        except (OSError, psycopg.Error) as error:
            raise WarehouseError(
                f"restoring {folder.name} failed: {str(error).splitlines()[0]}",
                f"{remedy_of(error)}, then run the same command again; the warehouse is as it was",
            ) from error
        try:
            notes += _restore_published(settings, folder, manifest, stamp)
        except OSError as error:
            raise PublishError(
                f"the warehouse is restored, but what readers see is not: {error}",
                "run the same command again, or `make build`, which publishes",
            ) from error
        notes += restore_beside(settings, folder, manifest, beside)
    with connect(settings) as warehouse, warehouse_errors(warehouse):
        ensure_reporting_tables(settings, warehouse)
        undone = undone_purges(warehouse)
    if undone:
        notes.append(
            f"purge {', '.join(undone)} came after the backup: the rows are back, nothing is"
            " published before `finhouse purge --apply` has repeated it"
        )
    return Restored(manifest, aside, tuple(notes), tuple(undone))


def find_backup(settings: Settings, backup: Path) -> Path:
    """The folder of a backup that is named by it, or by its name in the usual place.

    Raises:
        ConfigurationError: there is none.
    """
    usual = backups_folder(settings)
    for folder in (backup.expanduser().resolve(), usual / backup):
        if folder.is_dir():
            return folder
    names = [known.folder.name for known in backups_in(usual)] if usual.exists() else []
    raise ConfigurationError(
        f"there is no backup {backup}",
        f"name a folder, or one of {', '.join(names)}"
        if names
        else f"name the folder of one; there are none in {usual}",
    )


# DuckDB: files.


def _restore_file(
    settings: Settings, folder: Path, manifest: Manifest, stamp: str
) -> tuple[str | None, list[str]]:
    path = settings.duckdb_path
    path.parent.mkdir(parents=True, exist_ok=True)
    incoming = _incoming(path, stamp)
    try:
        _copy_checked(folder, WAREHOUSE_FILES["duckdb"], manifest, incoming)
        reports, notes = _reports_since(settings, manifest)
        seen = _last_written(path)
        with DuckdbWarehouse(incoming, DEFAULT_MEMORY_LIMIT) as copied, warehouse_errors(copied):
            _check_rows(copied, manifest)
            _add_purges(copied, reports)
            _add_reports(copied, reports)
            if settings.is_bridged and copied.table_exists(SCHEMA, SHIPMENTS):
                # What the engine holds now is not what it held then: all is shipped again.
                copied.execute(f"delete from {qualified(SCHEMA, SHIPMENTS)}")
            copied.execute("checkpoint")
        sync(incoming)
        with _locked(path):
            if _last_written(path) != seen:
                raise WarehouseError(
                    f"another process wrote to {path} meanwhile",
                    "run the same command again; nothing was changed",
                )
            aside = _put_aside(path, stamp)
            incoming.replace(path)
            sync(path.parent)
    finally:
        for left_over in (incoming, _log_of(incoming)):
            left_over.unlink(missing_ok=True)
    return (str(aside) if aside else None), notes


def _last_written(path: Path) -> list[tuple[int, int, int]]:
    """Tells whether a DuckDB file, or the log beside it, was written to."""
    found = [part.stat() for part in (path, _log_of(path)) if part.exists()]
    return [(status.st_ino, status.st_size, status.st_mtime_ns) for status in found]


def _incoming(path: Path, stamp: str) -> Path:
    return path.with_name(f".{path.name}.{RESTORING}-{stamp}")


def _copy_checked(folder: Path, name: str, manifest: Manifest, destination: Path) -> None:
    copy_apart(folder / name, destination)
    if FilePrint.of(destination) != manifest.files[name]:
        raise WarehouseError(
            f"{destination}, copied from {folder / name}, does not have its checksum",
            "check the disk, then run the same command again; nothing was changed",
        )


def _check_rows(copied: Warehouse, manifest: Manifest) -> None:
    found = row_counts(copied)
    if found != dict(manifest.tables):
        differing = sorted(
            name
            for name in found.keys() | manifest.tables.keys()
            if found.get(name) != manifest.tables.get(name)
        )
        raise WarehouseError(
            f"the restored copy has other rows than the backup's manifest says: {differing[0]} has"
            f" {found.get(differing[0])}, not {manifest.tables.get(differing[0])}",
            "restore another backup; nothing was changed",
        )


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Keep every writer off a DuckDB file, whether or not it can be opened.

    It is DuckDB's own kind of lock: DuckDB in another process respects it.
    """
    if not path.exists():
        yield
        return
    with path.open("r+b") as handle:
        try:
            fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise WarehouseError(
                f"the warehouse file {path} is locked by another process",
                "wait for that process to end, or close it (a notebook, a duckdb shell, a dbt run)",
            ) from error
        yield


def _put_aside(path: Path, stamp: str) -> Path | None:
    """Give the old file a second name, so that at no moment there is none under the first."""
    if not path.exists():
        return None
    aside = path.with_name(f"{path.name}.{BEFORE}-{stamp}")
    _second_name(path, aside)
    # A log is left only beside a file that cannot be opened; DuckDB would apply it to the new one.
    log = _log_of(path)
    if log.exists():
        _second_name(log, _log_of(aside))
        log.unlink()
    return aside


def _second_name(path: Path, name: Path) -> None:
    try:
        os.link(path, name)
    except OSError as error:
        # Not every file system has hard links.
        if error.errno not in (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK):
            raise
        copy_apart(path, name)


def _log_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.wal")


def _restore_published(
    settings: Settings, folder: Path, manifest: Manifest, stamp: str
) -> list[str]:
    """Give readers the backup's publication, unless what they have is readable and no older."""
    if PUBLISHED_FILE not in manifest.files:
        return []
    path = settings.published_path
    path.parent.mkdir(parents=True, exist_ok=True)
    incoming = _incoming(path, stamp)
    try:
        _copy_checked(folder, PUBLISHED_FILE, manifest, incoming)
        theirs, ours = publication_of(incoming), publication_of(path)
        if ours is not None and ours >= (theirs or ""):
            return ["readers keep the publication they have, which is no older than the backup's"]
        with connect(settings) as warehouse, warehouse_errors(warehouse):
            if undone_purges(warehouse):
                empty_file(warehouse, incoming, personal_marts(settings))
        sync(incoming)
        aside = _put_aside(path, stamp)
        incoming.replace(path)
        sync(path.parent)
    finally:
        incoming.unlink(missing_ok=True)
    kept = f"; what was there is kept: {aside}" if aside else ""
    return [f"readers have the publication of the backup again{kept}"]


def publication_of(path: Path) -> str | None:
    """Which publication a published file is.

    None if it is not there or cannot be read; empty if it does not say, being of a version before.
    """
    if not path.exists():
        return None
    schema, table = PUBLICATION.split(".")
    with (
        suppress(FinhouseError, DuckdbWarehouse.engine_error),
        DuckdbWarehouse(path, DEFAULT_MEMORY_LIMIT, read_only=True) as published,
    ):
        if not published.table_exists(schema, table):
            return ""
        [(publication_id,)] = published.execute(f"select publication_id from {PUBLICATION}")
        return str(publication_id)
    return None


# What readers were told since the backup.

Reports = dict[str, tuple[Sequence[str], list[tuple]]]


def _reports_since(settings: Settings, manifest: Manifest) -> tuple[Reports, list[str]]:
    """Publications after the backup, the KPI values in them, and all purges, as known at present.

    Raises:
        WarehouseError: another process writes to it.
    """
    if settings.is_file and not settings.duckdb_path.exists():
        return {}, [_UNKNOWN_PURGES]
    try:
        with connect(settings) as present:
            reports = {}
            for table in _PURGES:
                columns = list(present.columns(SCHEMA, table))
                if columns:
                    rows = present.execute(f"select * from {qualified(SCHEMA, table)}")
                    reports[table] = (columns, rows)
            for table in _REPORTS:
                columns = list(present.columns(SCHEMA, table))
                if columns:
                    rows = present.execute(
                        f"select * from {qualified(SCHEMA, table)} where publication_id > $1",
                        (manifest.last_publication or "",),
                    )
                    reports[table] = (columns, rows)
    except (FinhouseError, DuckdbWarehouse.engine_error, psycopg.Error) as error:
        if "is locked" in str(error):
            raise
        reason = str(error).splitlines()[0]
        return {}, [
            f"what was published after the backup is not known: {reason}",
            _UNKNOWN_PURGES,
        ]
    count = len(reports["publications"][1]) if "publications" in reports else 0
    return reports, [f"{count} publications after the backup stay on record"] * bool(count)


def _add_reports(copied: Warehouse, reports: Reports) -> None:
    """Put them on record in the restored copy, before it is put in place."""
    if not any(rows for _, rows in reports.values()):
        return
    # The backup may be older than the first publication.
    create_reporting_tables(copied)
    with copied.transaction():
        for table, report in reports.items():
            _insert(copied, table, *report)


def _add_purges(copied: Warehouse, reports: Reports) -> None:
    """Put purges after the backup on record, as undone, and let all horizons hold again.

    They are taken from the reports, where they were read with them.
    """
    known = {table: reports.pop(table, ((), [])) for table in _PURGES}
    if not any(rows for _, rows in known.values()):
        return
    books = Bookkeeping(copied, SCHEMA)
    purges = qualified(SCHEMA, RETENTION_PURGES)
    with copied.transaction():
        there = {purge_id for (purge_id,) in copied.execute(f"select purge_id from {purges}")}
        for table in (RETENTION_PURGES, RETENTION_REFUSALS):
            columns, rows = known[table]
            at = columns.index("purge_id") if columns else 0
            since = [row for row in rows if row[at] not in there]
            _insert(copied, table, columns, since)
            if table == RETENTION_PURGES:
                for purge_id in {row[at] for row in since}:
                    copied.change(
                        f"update {purges} set undone_at = $1 where purge_id = $2",
                        (books.now(), purge_id),
                    )
        columns, rows = known[RETENTION_HORIZONS]
        for row in rows:
            value = dict(zip(columns, row, strict=True))
            copied.change(
                f"delete from {qualified(SCHEMA, RETENTION_HORIZONS)}"
                " where source_name = $1 and table_name = $2",
                (value["source_name"], value["table_name"]),
            )
        _insert(copied, RETENTION_HORIZONS, columns, rows)


def _insert(copied: Warehouse, table: str, columns: Sequence[str], rows: list[tuple]) -> None:
    listed = ", ".join(map(quoted, columns))
    for start in range(0, len(rows), _ROWS_AT_A_TIME):
        some = rows[start : start + _ROWS_AT_A_TIME]
        markers = ", ".join(
            "("
            + ", ".join(f"${row * len(columns) + place + 1}" for place in range(len(columns)))
            + ")"
            for row in range(len(some))
        )
        copied.execute(
            f"insert into {qualified(SCHEMA, table)} ({listed}) values {markers}",
            [value for row in some for value in row],
        )


# Postgres: databases.


def _restore_database(
    settings: Settings, folder: Path, manifest: Manifest, stamp: str
) -> tuple[str | None, list[str]]:
    url = warehouse_url(settings)
    _refuse_a_source(settings, url)
    database = str(conninfo.conninfo_to_dict(url).get("dbname"))
    incoming = half_restored(database)
    aside = shortened(database, f"{_BEFORE_DATABASE}{stamp}")
    with closing(maintenance(url)) as server:
        tools = ClientTools.for_server(server.info.server_version // 10000)
        exists = bool(_row(server, "select 1 from pg_database where datname = $1", database))
        if exists:
            with connect(settings) as present:
                _refuse_foreign_schemas(present, manifest)
        unknown = [
            role
            for role in manifest.readers
            if not _row(server, "select 1 from pg_roles where rolname = $1", role)
        ]
        try:
            create_database(server, incoming)
            tools.run(
                tools.restore,
                other_database(url, incoming),
                [
                    "--exit-on-error",
                    "--no-owner",
                    *(["--no-privileges"] if unknown else []),
                    "--jobs=2",
                    str(folder / WAREHOUSE_FILES["postgres"]),
                ],
                f"restoring {folder.name} into database {incoming}",
            )
            with (
                PostgresWarehouse(other_database(url, incoming)) as copied,
                warehouse_errors(copied),
            ):
                _check_rows(copied, manifest)
                copied.execute("analyze")
                # Asked last: until the swap readers may be told more.
                reports, notes = (
                    _reports_since(settings, manifest) if exists else ({}, [_UNKNOWN_PURGES])
                )
                _add_purges(copied, reports)
                _add_reports(copied, reports)
                if undone_purges(copied):
                    empty_published(settings, copied, personal_marts(settings))
            if exists:
                _copy_rights(server, database, incoming)
            _swap(server, database, incoming, aside, exists=exists)
        except BaseException:
            with suppress(psycopg.Error):
                drop_database(server, incoming)
            raise
    if unknown:
        notes.append(
            f"rights were not restored: there is no role {', '.join(unknown)}; `make serve` makes"
            " that of Superset, others: grant usage on schema published, grant select on its tables"
        )
    return (f"database {aside}" if exists else None), notes


def _refuse_a_source(settings: Settings, url: str) -> None:
    """A restore replaces the whole database: it must not hold an OLTP, too."""
    sources = map(read_source, available_sources())
    named = {s.url_env for s in sources if isinstance(s, PostgresDefinition) and s.url_env}
    for source in (settings.oltp_url, *map(settings.source_urls.get, sorted(named))):
        if source and place(source) == place(url):
            raise ConfigurationError(
                f"database {describe_server(url)} is the warehouse and a source: a restore would"
                " set the source back, too",
                "restore the archive by hand with pg_restore, schema by schema",
            )


def _refuse_foreign_schemas(present: Warehouse, manifest: Manifest) -> None:
    """Whatever the database holds beside the warehouse would be put aside with it."""
    known = {name.split(".")[0] for name in manifest.tables}
    foreign = [
        schema
        for schema in sorted({name.split(".")[0] for name in row_counts(present)} - known)
        if not schema.startswith(_OWN_SCHEMAS)
    ]
    if foreign:
        raise ConfigurationError(
            f"the warehouse's database has schema {', '.join(foreign)}, which the backup lacks: a"
            " restore would put it aside",
            "move it to a database of its own, or restore the archive by hand with pg_restore",
        )


def half_restored(database: str) -> str:
    """Name of the database that a restore fills before it puts it in place."""
    return shortened(database, _RESTORING_DATABASE)


def _row(server: psycopg.Connection, query: str, *params: object) -> tuple | None:
    return server.execute(query, params).fetchone()


def _copy_rights(server: psycopg.Connection, database: str, copy: str) -> None:
    """Let those connect to the new database who may connect to the old one, and nobody else."""
    rights = server.execute(
        "select grants.grantee, role.rolname, grants.privilege_type"
        " from pg_database cross join lateral aclexplode(datacl) as grants"
        " left join pg_roles as role on role.oid = grants.grantee"
        " where datname = $1 and datacl is not null",
        (database,),
    ).fetchall()
    if not rights:
        return
    name = sql.Identifier(copy)
    server.execute(sql.SQL("revoke all on database {} from public").format(name))
    for grantee, role, right in rights:
        to = sql.SQL("public") if grantee == 0 else sql.Identifier(role)
        server.execute(sql.SQL("grant {} on database {} to {}").format(sql.SQL(right), name, to))


def _swap(
    server: psycopg.Connection, database: str, incoming: str, aside: str, *, exists: bool
) -> None:
    """Rename both databases in one transaction, when nobody is connected to the old one.

    Raises:
        WarehouseError: another process writes to it, or its sessions do not end.
    """
    rename = sql.SQL("alter database {} rename to {}")
    for _ in range(_SWAP_ATTEMPTS):
        if exists:
            _end_readers(server, database)
        try:
            with server.transaction():
                if exists:
                    server.execute(rename.format(sql.Identifier(database), sql.Identifier(aside)))
                server.execute(rename.format(sql.Identifier(incoming), sql.Identifier(database)))
        except psycopg.errors.ObjectInUse:
            continue
        except psycopg.errors.InsufficientPrivilege as error:
            raise WarehouseError(
                f"no right to rename database {database}: {error.diag.message_primary}",
                f"make {quoted(server.info.user)} its owner, with the right to create databases",
            ) from error
        return
    raise WarehouseError(
        f"database {database} is in use by sessions that come again and again",
        "stop Superset and Airflow (make stop), then run the same command again",
    )


def _end_readers(server: psycopg.Connection, database: str) -> None:
    writer = _row(
        server,
        """
        select pid, usename, coalesce(nullif(application_name, ''), 'no name')
        from pg_stat_activity
        where datname = $1 and (
            backend_xid is not null
            or pid in (select pid from pg_locks where locktype = 'advisory' and granted)
        )
        """,
        database,
    )
    if writer:
        pid, user, name = writer
        raise WarehouseError(
            f"process {pid} (user {user}, {name}) is writing to database {database}",
            "wait for that load or build to end, then run the same command again",
        )
    server.execute(
        "select pg_terminate_backend(pid) from pg_stat_activity where datname = $1", (database,)
    )


def kept_copies(settings: Settings) -> list[Path]:
    """Copies of the warehouse and of publications that a purge of this target leaves alone.

    They are backups, what a restore set aside, what a copy for another environment fetched and was
    killed with, and the files of other engines in the same house.
    """
    kept = [backup.folder for backup in backups_in(backups_folder(settings))]
    for target in TARGETS:
        house = replace(settings, target=target)
        if not house.is_file:
            continue
        if house.is_bridged:
            kept.append(house.lake_home)
        for path in (house.duckdb_path, house.published_path):
            if target != settings.target:
                kept.append(path)
            kept += sorted(path.parent.glob(f"{path.name}.{BEFORE}-*"))
        if target != settings.target:
            kept += map(house.masked_path, CLEARANCES)
    kept.append(settings.fetched_path)
    return [path for path in dict.fromkeys(kept) if path.exists()]
