"""A restore that is only tried: into a new place, compared table by table, and removed again.

What a backup is worth shows when it is read. Nothing that is in use is opened, let alone changed.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import duckdb
import psycopg
from psycopg import conninfo

from finhouse.console import heartbeat
from finhouse.errors import ConfigurationError, WarehouseError
from finhouse.extract_load.running import warehouse_errors
from finhouse.oltp import warehouse_url
from finhouse.publish import PUBLISHED_SCHEMA
from finhouse.safety.backup import (
    backups_folder,
    backups_in,
    engine_of,
    remove_dead,
    row_counts,
    table_checksums,
)
from finhouse.safety.beside import check_beside
from finhouse.safety.cipher import BackupKey
from finhouse.safety.files import copy_apart, folder_in_use, house_lock, remove_folder
from finhouse.safety.manifest import PUBLISHED_FILE, WAREHOUSE_FILES, Manifest, read_manifest
from finhouse.safety.opening import INCOMING, opened
from finhouse.safety.postgres_tools import (
    ClientTools,
    create_database,
    drop_database,
    maintenance,
    other_database,
    shortened,
)
from finhouse.safety.restore import find_backup
from finhouse.settings import Settings
from finhouse.warehouse import Warehouse
from finhouse.warehouse.duckdb_file import DuckdbWarehouse
from finhouse.warehouse.opening import DEFAULT_MEMORY_LIMIT
from finhouse.warehouse.postgres_database import PostgresWarehouse
from finhouse.warehouse.remedies import remedy_of

_ENDING = "__restore_test"


@dataclass(frozen=True)
class Drill:
    """A backup that can be restored.

    Attributes:
        compared: tables whose rows and checksums are those of the backup, beside the warehouse too.
        by_count: tables of which the rows were counted alone: another version of the engine reads
            them here, or the backup is older than checksums.
        seconds: what it took, decrypting included.
    """

    folder: Path
    manifest: Manifest
    compared: int
    by_count: int
    seconds: float


def try_restore(
    settings: Settings,
    backup: Path | None = None,
    folder: Path | None = None,
    key: BackupKey | None = None,
) -> Drill:
    """Restore a backup into a new place, compare it with its manifest, and remove it.

    Args:
        backup: as of ``restore_backup``; None: the newest of the target.
        folder: where backups are kept; default ``backups_folder``.

    Raises:
        ConfigurationError: there is no such backup, or the key does not open it.
        WarehouseError: it is damaged, or what comes out differs from what went in.
    """
    chosen = find_backup(settings, backup) if backup else _newest(settings, folder)
    manifest = read_manifest(chosen)
    if manifest.target != settings.target:
        raise ConfigurationError(
            f"{chosen.name} is a backup of target {manifest.target}, and the target here is"
            f" {settings.target}",
            f"run: finhouse --target {manifest.target} restore-test {chosen}",
        )
    started = time.monotonic()
    settings.engine_home.mkdir(parents=True, exist_ok=True)
    with house_lock(settings.engine_home), heartbeat("restoring"):
        remove_dead(settings.engine_home)
        with opened(settings, chosen, manifest, key) as (plain, of_plain):
            try:
                read = _read_file if settings.is_file else _read_database
                by_checksum = read(settings, plain, of_plain)
            except (OSError, psycopg.Error, DuckdbWarehouse.engine_error) as error:
                raise WarehouseError(
                    f"backup {chosen.name} cannot be restored: {str(error).splitlines()[0]}",
                    f"{remedy_of(error)}, then run the same command again; the house is as it was",
                ) from error
            check_beside(settings, plain, of_plain)
    beside = sum(map(len, manifest.beside.values()))
    tables = len(manifest.tables)
    return Drill(
        chosen,
        manifest,
        (tables if by_checksum else 0) + beside,
        0 if by_checksum else tables,
        time.monotonic() - started,
    )


def _newest(settings: Settings, folder: Path | None) -> Path:
    kept = folder or backups_folder(settings)
    ours = [one.folder for one in backups_in(kept) if one.manifest.target == settings.target]
    if not ours:
        raise ConfigurationError(
            f"there is no backup of target {settings.target} in {kept}",
            "make one with `finhouse backup`, or name its folder with --from",
        )
    return ours[-1]


def drill_database(database: str) -> str:
    """Name of the database that a restore is tried in."""
    return shortened(database, _ENDING)


def _read_file(settings: Settings, folder: Path, manifest: Manifest) -> bool:
    place = settings.engine_home / f"{INCOMING}restore-test"
    remove_folder(place)
    try:
        with folder_in_use(place):
            copy = place / WAREHOUSE_FILES["duckdb"]
            copy_apart(folder / copy.name, copy)
            with DuckdbWarehouse(copy, DEFAULT_MEMORY_LIMIT) as restored:
                by_checksum = _compare(restored, manifest)
            if PUBLISHED_FILE in manifest.files:
                # Not named as its schema is: DuckDB would not know which of both is meant.
                _read_published(folder / PUBLISHED_FILE, place / "readers.duckdb")
    finally:
        remove_folder(place)
    return by_checksum


def _read_published(file: Path, copy: Path) -> None:
    """Read every row that readers would see."""
    copy_apart(file, copy)
    with duckdb.connect(copy, read_only=True) as published:
        tables = published.execute(
            "select table_name from duckdb_tables() where schema_name = ?", [PUBLISHED_SCHEMA]
        ).fetchall()
        for (table,) in tables:
            name = table.replace('"', '""')
            published.execute(f'select sum(hash(t)::hugeint) from {PUBLISHED_SCHEMA}."{name}" as t')
            published.fetchall()


def _read_database(settings: Settings, folder: Path, manifest: Manifest) -> bool:
    url = warehouse_url(settings)
    database = drill_database(str(conninfo.conninfo_to_dict(url).get("dbname")))
    with closing(maintenance(url)) as server:
        tools = ClientTools.for_server(server.info.server_version // 10000)
        create_database(server, database)
        try:
            tools.run(
                tools.restore,
                other_database(url, database),
                [
                    *("--exit-on-error", "--no-owner", "--no-privileges", "--jobs=2"),
                    str(folder / WAREHOUSE_FILES["postgres"]),
                ],
                f"restoring {folder.name} into database {database}",
            )
            with (
                PostgresWarehouse(other_database(url, database)) as restored,
                warehouse_errors(restored),
            ):
                return _compare(restored, manifest)
        finally:
            drop_database(server, database)


def _compare(restored: Warehouse, manifest: Manifest) -> bool:
    """Compare each table; whether by its rows' checksum, or by their number alone."""
    _same("rows", row_counts(restored), manifest.tables)
    comparable = bool(manifest.checksums) and engine_of(restored) == manifest.engine
    if comparable:
        _same("checksum", table_checksums(restored), manifest.checksums)
    return comparable


def _same(what: str, found: Mapping[str, object], expected: Mapping[str, object]) -> None:
    for table in sorted(found.keys() | expected.keys()):
        if found.get(table) != expected.get(table):
            raise WarehouseError(
                f"the restored copy differs from the backup's manifest: {what} of {table} is"
                f" {found.get(table)}, not {expected.get(table)}",
                "restore another backup; nothing was changed",
            )
