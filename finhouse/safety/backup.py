"""A consistent copy of the warehouse and of what readers see, in a folder of its own.

The whole warehouse is copied, models and marts too: one file copy (DuckDB) or one snapshot
(Postgres) is consistent without a list of what must be kept, and a restored warehouse serves
readers before the next build. The copy is written aside and renamed when it is whole.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import psycopg

from finhouse import __version__
from finhouse.console import console, heartbeat
from finhouse.errors import ConfigurationError, FinhouseError, WarehouseError
from finhouse.extract_load.running import warehouse_errors
from finhouse.oltp import warehouse_url
from finhouse.publish import PUBLICATION_ID, PUBLISHED_SCHEMA
from finhouse.safety.beside import copy_beside
from finhouse.safety.cipher import ENDING, BackupKey
from finhouse.safety.files import (
    LOCK_SUFFIX,
    copy_apart,
    folder_in_use,
    house_lock,
    is_dead,
    remove_folder,
    sync,
)
from finhouse.safety.manifest import (
    MANIFEST_FILE,
    PUBLISHED_FILE,
    WAREHOUSE_FILES,
    FilePrint,
    Manifest,
    read_manifest,
)
from finhouse.safety.opening import INCOMING
from finhouse.safety.postgres_tools import ClientTools
from finhouse.settings import Settings
from finhouse.warehouse import Warehouse, connect, qualified
from finhouse.warehouse.duckdb_file import DuckdbWarehouse
from finhouse.warehouse.opening import DEFAULT_MEMORY_LIMIT
from finhouse.warehouse.postgres_database import PostgresWarehouse

KEPT = 7
OUTGOING = ".outgoing-"
_ATTEMPTS = 5
# Schemas of a publication that is being made, or of one before.
_TRANSIENT = f"{PUBLISHED_SCHEMA}__"
_CATALOG_SCHEMAS = "('information_schema', 'pg_catalog')"


@dataclass(frozen=True)
class Backup:
    """A whole backup.

    Attributes:
        folder: where it is; its name is its moment and target.
        removed: older ones that it made superfluous.
    """

    folder: Path
    manifest: Manifest
    removed: tuple[Path, ...] = ()


def backups_folder(settings: Settings) -> Path:
    """Where backups go unless told otherwise."""
    return settings.home / "backups"


def backups_in(folder: Path) -> list[Backup]:
    """The whole backups in a folder, the oldest first; damaged manifests are left out, and said."""
    found = []
    for path in sorted(folder.glob(f"[0-9]*/{MANIFEST_FILE}")):
        try:
            found.append(Backup(path.parent, read_manifest(path.parent)))
        except FinhouseError as error:
            console.print(f"  not counted: {error.message}", markup=False)
    return found


def back_up(
    settings: Settings,
    folder: Path | None = None,
    keep: int = KEPT,
    key: BackupKey | None = None,
) -> Backup:
    """Back up the warehouse of the target, what its readers see, and what is kept beside it.

    On DuckDB nobody else writes meanwhile, as during a load; on Postgres loads and builds go on,
    except for those that replace a table as a whole, which wait. Readers are not disturbed.

    Args:
        folder: where backups are kept; default ``backups_folder``.
        keep: how many backups of this warehouse the folder keeps, this one included.
        key: encrypts it; None leaves it in plain.

    Raises:
        WarehouseError: the warehouse cannot be opened, or copied.
        ConfigurationError: there is no warehouse, the folder cannot be written, or no pg_dump
            suits the server.
    """
    folder = folder or backups_folder(settings)
    if settings.is_file and not settings.duckdb_path.exists():
        raise ConfigurationError(
            f"there is no warehouse to back up: {settings.duckdb_path} is not there",
            "run `make build` first, or set FINHOUSE_HOME to the folder of your data",
        )
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with house_lock(settings.engine_home):
            remove_dead(folder)
            remove_dead(settings.engine_home)
            made = _write(settings, folder, key)
            return Backup(made.folder, made.manifest, _thin_out(folder, made.manifest, keep))
    except OSError as error:
        raise ConfigurationError(
            f"the folder {folder} cannot be written: {error.strerror}",
            "name another one with --to, or free some disk space",
        ) from error


def dead_backups(folder: Path) -> list[Path]:
    """What killed backups left in a folder: half of a new one, or of one that was removed."""
    begun = {
        path.with_suffix("") if path.suffix == LOCK_SUFFIX else path
        for path in folder.glob(f"{INCOMING}*")
    }
    return sorted([*filter(is_dead, begun), *folder.glob(f"{OUTGOING}*")])


def remove_dead(folder: Path) -> None:
    """Remove it."""
    for path in dead_backups(folder):
        remove_folder(path)


def _write(settings: Settings, folder: Path, key: BackupKey | None) -> Backup:
    now = datetime.now(UTC).replace(tzinfo=None)
    final = folder / f"{now.strftime(PUBLICATION_ID)}-{settings.target}"
    finished = folder / f"{INCOMING}{final.name}"
    # Nothing in plain goes to where the backups are, which may be another machine's disk.
    incoming = settings.engine_home / f"{INCOMING}{final.name}" if key else finished
    with ExitStack() as in_use:
        for place in dict.fromkeys((finished, incoming)):
            in_use.enter_context(folder_in_use(place))
        with connect(settings) as warehouse, warehouse_errors(warehouse):
            identity, engine = warehouse.identity, engine_of(warehouse)
            for _ in range(_ATTEMPTS):
                with _held_still(warehouse), heartbeat("copying"):
                    if isinstance(warehouse, PostgresWarehouse):
                        _dump(settings, warehouse, incoming)
                    else:
                        _copy_files(settings, incoming)
                    tables = row_counts(warehouse)
                    checksums = table_checksums(warehouse)
                    last_load = _latest(warehouse, "load_log", "loaded_at")
                    last_publication = _latest(warehouse, "publications", "publication_id")
                    readers = _roles(warehouse)
                    renamed = _renamed(warehouse)
                if not renamed:
                    break
                console.print(f"  {renamed} was replaced while it was copied: once more")
            else:
                raise WarehouseError(
                    f"{renamed} was replaced {_ATTEMPTS} times while it was copied",
                    "run the same command again when publications are less frequent",
                )
        if settings.is_file:
            _check_copy(incoming / WAREHOUSE_FILES["duckdb"], tables)
        with heartbeat("copying what is beside it"):
            beside = copy_beside(settings, incoming, secrets=key is not None)
        plain = {path.name: FilePrint.of(path) for path in sorted(incoming.iterdir())}
        if key:
            with heartbeat("encrypting"):
                for name in plain:
                    key.encrypt(incoming / name, finished / f"{name}{ENDING}")
            shutil.rmtree(incoming)
        manifest = Manifest(
            finhouse=__version__,
            target=settings.target,
            identity=identity,
            engine=engine,
            taken_at=now.isoformat(),
            last_load=last_load,
            last_publication=last_publication,
            readers=readers,
            tables=tables,
            files={path.name: FilePrint.of(path) for path in sorted(finished.iterdir())},
            checksums=checksums,
            beside=beside,
            encrypted_for=key.public if key else None,
            plain=plain if key else {},
        )
        written = finished / MANIFEST_FILE
        written.write_text(manifest.text())
        for path in finished.iterdir():
            sync(path)
        sync(finished)
        finished.rename(final)
        sync(folder)
    return Backup(final, manifest)


@contextmanager
def _held_still(warehouse: Warehouse) -> Iterator[None]:
    """See the warehouse at one moment: nobody else writes the DuckDB file, or one snapshot.

    On Postgres the tables are locked before the snapshot is taken: TRUNCATE, DROP and ALTER TABLE
    show in older snapshots, too, so that a table that is being replaced would be copied empty.

    Raises:
        WarehouseError: tables are made and dropped all the time.
    """
    if not isinstance(warehouse, PostgresWarehouse):
        # Nothing is left in the log beside the file.
        warehouse.execute("checkpoint")
        yield
        return
    for _ in range(_ATTEMPTS):
        before = _tables(warehouse)
        warehouse.execute("begin isolation level repeatable read, read only")
        try:
            if before:
                names = ", ".join(qualified(*name) for name in before)
                warehouse.execute(f"lock table {names} in access share mode")
            if _tables(warehouse) == before:
                yield
                return
        except (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName):
            continue
        finally:
            warehouse.execute("rollback")
    raise WarehouseError(
        "tables of the Postgres warehouse are being made and dropped: no moment was found to copy"
        " them at",
        "run the same command again when the build has ended",
    )


def _renamed(warehouse: Warehouse) -> str:
    """A table whose name has passed to another one since the snapshot; empty if there is none.

    A publication renames schemas, which no lock of their tables prevents. Names mean what they mean
    now, whatever snapshot reads the rows: the new table would be copied, and be empty.
    """
    if not isinstance(warehouse, PostgresWarehouse):
        return ""
    for schema, table in _tables(warehouse):
        name = qualified(schema, table)
        if warehouse.execute(
            "select 1 from pg_class c inner join pg_namespace n on n.oid = c.relnamespace"
            " where n.nspname = $1 and c.relname = $2 and to_regclass($3) is distinct from c.oid",
            (schema, table, name),
        ):
            return f"{schema}.{table}"
    return ""


def _copy_files(settings: Settings, incoming: Path) -> None:
    copy_apart(settings.duckdb_path, incoming / WAREHOUSE_FILES["duckdb"])
    if settings.published_path.exists():
        copy_apart(settings.published_path, incoming / PUBLISHED_FILE)


def _check_copy(copy: Path, tables: dict[str, int]) -> None:
    with DuckdbWarehouse(copy, DEFAULT_MEMORY_LIMIT, read_only=True) as copied:
        if row_counts(copied) != tables:
            raise WarehouseError(
                f"the copy {copy} does not have the rows of the warehouse",
                "check the disk, then run the same command again",
            )


def _dump(settings: Settings, warehouse: PostgresWarehouse, incoming: Path) -> None:
    tools = ClientTools.for_server(warehouse.connection.info.server_version // 10000)
    [(snapshot,)] = warehouse.execute("select pg_export_snapshot()")
    tools.run(
        tools.dump,
        warehouse_url(settings),
        [
            "--format=custom",
            "--compress=gzip:1",
            f"--snapshot={snapshot}",
            f"--exclude-schema={_TRANSIENT}*",
            f"--file={incoming / WAREHOUSE_FILES['postgres']}",
        ],
        "the backup of the Postgres warehouse",
    )


def row_counts(warehouse: Warehouse) -> dict[str, int]:
    """Rows of every table, by ``schema.table``."""
    return {
        f"{schema}.{table}": warehouse.count(qualified(schema, table))
        for schema, table in _tables(warehouse)
    }


def table_checksums(warehouse: Warehouse) -> dict[str, str]:
    """A checksum of the rows of every table, whatever their order, by ``schema.table``.

    It means the same wherever the same version of the engine reads the same rows.
    """
    checksum = (
        "sum(hashtextextended(t::text, 0)::numeric)"
        if isinstance(warehouse, PostgresWarehouse)
        else "sum(hash(t)::hugeint)"
    )
    found = {}
    for schema, table in _tables(warehouse):
        [(value,)] = warehouse.execute(
            f"select cast({checksum} as text) from {qualified(schema, table)} as t"
        )
        found[f"{schema}.{table}"] = str(value)
    return found


def _tables(warehouse: Warehouse) -> list[tuple[str, str]]:
    rows = warehouse.execute(
        "select table_schema, table_name from information_schema.tables"
        " where table_catalog = current_database() and table_type = 'BASE TABLE'"
        f" and table_schema not in {_CATALOG_SCHEMAS}"
        f" and not starts_with(table_schema, '{_TRANSIENT}') order by 1, 2"
    )
    return [(str(schema), str(table)) for schema, table in rows]


def _latest(warehouse: Warehouse, table: str, column: str) -> str | None:
    if not warehouse.table_exists("raw_operations", table):
        return None
    [(value,)] = warehouse.execute(f"select max({column})::text from raw_operations.{table}")
    return value


def engine_of(warehouse: Warehouse) -> str:
    """Name and version of the database, as far as copies depend on it."""
    if isinstance(warehouse, PostgresWarehouse):
        return f"PostgreSQL {warehouse.connection.info.server_version // 10000}"
    return f"DuckDB {duckdb.__version__}"


def _roles(warehouse: Warehouse) -> tuple[str, ...]:
    if not isinstance(warehouse, PostgresWarehouse):
        return ()
    rows = warehouse.execute(
        """
        select distinct role.rolname
        from (
            select nspacl as acl, nspowner as owner from pg_namespace
            union all
            select relacl, relowner from pg_class
        ) as objects
        cross join lateral aclexplode(objects.acl) as grants
        inner join pg_roles as role on role.oid = grants.grantee
        where grants.grantee <> objects.owner and grants.grantee >= 16384
        order by 1
        """
    )
    return tuple(str(role) for (role,) in rows)


def _thin_out(folder: Path, newest: Manifest, keep: int) -> tuple[Path, ...]:
    """Remove the oldest backups of the same warehouse beyond ``keep``."""
    ours = [
        backup
        for backup in backups_in(folder)
        if (backup.manifest.target, backup.manifest.identity) == (newest.target, newest.identity)
    ]
    superfluous = [backup.folder for backup in ours[:-keep]]
    for path in superfluous:
        # A kill half-way leaves nothing that looks whole.
        remove_folder(path.rename(path.with_name(f"{OUTGOING}{path.name}")))
    return tuple(superfluous)
