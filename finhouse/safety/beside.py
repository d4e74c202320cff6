"""What a house keeps beside its warehouse, and no source could give again.

The monitors with their alerts and judgements (schema ``pulse`` of a PostgreSQL database), and what
analysts made by hand in Superset (its metadata, an SQLite file).
"""

from __future__ import annotations

import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import psycopg
from psycopg import conninfo, sql

from finhouse.background import BackgroundServer
from finhouse.errors import ConfigurationError, WarehouseError
from finhouse.oltp import EmbeddedServer, embedded_oltp_url, warehouse_url
from finhouse.pulse_tables import SCHEMA as PULSE_SCHEMA
from finhouse.safety.manifest import Manifest
from finhouse.safety.postgres_tools import (
    ClientTools,
    create_database,
    drop_database,
    maintenance,
    other_database,
    shortened,
)
from finhouse.settings import PULSE_VARIABLE, Settings
from finhouse.warehouse import quoted
from finhouse.warehouse.postgres_connection import connect_postgres

PULSE, SUPERSET = "pulse", "superset"
BESIDE = (PULSE, SUPERSET)
PULSE_FILE, SUPERSET_FILE, SECRET_FILE = "pulse.dump", "superset.db", "superset_secret_key"
# Tables that are empty where nobody has written to them since they were made anew.
_WRITTEN_SQL = (
    "select 1 from pulse.pulse_monitors union all select 1 from pulse.pulse_query_history limit 1"
)
_BEFORE = "__before_restore_"
_TESTED = "__restore_test"
# As text in all sessions, so that a checksum means the same in a copy.
_SETTINGS = {"timezone": "UTC", "search_path": ""}


def states(connection: psycopg.Connection, schema: str) -> dict[str, str]:
    """Rows and checksum of each table of a schema, whatever the order of its rows."""
    found = {}
    for (table,) in connection.execute(
        "select tablename from pg_tables where schemaname = %s order by 1", (schema,)
    ).fetchall():
        name = sql.Identifier(schema, table)
        row = connection.execute(
            sql.SQL(
                "select count(*), coalesce(sum(hashtextextended(t::text, 0)::numeric), 0)::text"
                " from {} as t"
            ).format(name)
        ).fetchone()
        found[str(table)] = "{} rows, {}".format(*row)
    return found


def _sqlite_states(path: Path) -> dict[str, str]:
    found = {}
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as metadata:
        metadata.text_factory = bytes
        for (table,) in metadata.execute(
            "select name from sqlite_master where type = 'table' order by 1"
        ).fetchall():
            name = table.decode()
            [(rows,)] = metadata.execute(f"select count(*) from {quoted(name)}").fetchall()
            found[name] = f"{rows} rows"
    return found


# Into a backup.


def copy_beside(settings: Settings, folder: Path, *, secrets: bool) -> dict[str, dict[str, str]]:
    """Copy what there is into a folder; say what each has, by table.

    Args:
        secrets: also Superset's key, which opens what it keeps encrypted.
    """
    found = {}
    if url := _present_pulse(settings):
        found[PULSE] = _dump_pulse(url, folder / PULSE_FILE)
    metadata = settings.superset_home / SUPERSET_FILE
    if metadata.exists():
        copy = folder / SUPERSET_FILE
        with (
            closing(sqlite3.connect(f"file:{metadata}?mode=ro", uri=True)) as source,
            closing(sqlite3.connect(copy)) as destination,
        ):
            source.backup(destination)
        found[SUPERSET] = _sqlite_states(copy)
        secret = settings.superset_home / "secret_key"
        if secrets and secret.exists():
            (folder / SECRET_FILE).write_bytes(secret.read_bytes())
    return found


def _present_pulse(settings: Settings) -> str | None:
    """Address of the database of the monitors, if it is there and no part of the warehouse."""
    url = settings.pulse_url
    if not url:
        if not EmbeddedServer(settings.oltp_home).data.exists():
            return None
        url = embedded_oltp_url(settings)
    if settings.target == "postgres" and place(url) == place(warehouse_url(settings)):
        return None
    with _connected(url) as connection:
        [there] = connection.execute("select to_regnamespace(%s)", (PULSE_SCHEMA,)).fetchone()
    return url if there else None


def place(url: str) -> tuple[str, str, str]:
    """Host, port and database of an address."""
    parts = conninfo.conninfo_to_dict(url)
    found = (parts.get("host", "localhost"), parts.get("port", 5432), parts.get("dbname", ""))
    return tuple(map(str, found))  # type: ignore[return-value]


@contextmanager
def _connected(url: str) -> Iterator[psycopg.Connection]:
    role = "the database of the monitors"
    with connect_postgres(url, _SETTINGS, role, PULSE_VARIABLE, WarehouseError) as connection:
        connection.cursor_factory = psycopg.Cursor
        yield connection


def _dump_pulse(url: str, file: Path) -> dict[str, str]:
    with _connected(url) as connection:
        tools = ClientTools.for_server(connection.info.server_version // 10000)
        connection.execute("begin isolation level repeatable read, read only")
        [snapshot] = connection.execute("select pg_export_snapshot()").fetchone()
        tools.run(
            tools.dump,
            url,
            [
                "--format=custom",
                f"--schema={PULSE_SCHEMA}",
                f"--snapshot={snapshot}",
                f"--file={file}",
            ],
            "the backup of the monitors",
        )
        found = states(connection, PULSE_SCHEMA)
        connection.execute("rollback")
    return found


# Out of one.


def check_beside(settings: Settings, folder: Path, manifest: Manifest) -> None:
    """Read all of it in a new place, and compare each table with the manifest.

    Raises:
        WarehouseError: something differs, or cannot be read; nothing that is in use is touched.
    """
    if PULSE in manifest.beside:
        _compare(PULSE, _pulse_in_a_new_place(settings, folder), manifest)
    if SUPERSET in manifest.beside:
        try:
            found = _sqlite_states(folder / SUPERSET_FILE)
        except sqlite3.Error as error:
            raise WarehouseError(
                f"the copy of Superset's metadata cannot be read: {error}",
                "restore another backup; nothing was changed",
            ) from error
        _compare(SUPERSET, found, manifest)


def _compare(what: str, found: dict[str, str], manifest: Manifest) -> None:
    expected = dict(manifest.beside[what])
    for table in sorted(found.keys() | expected.keys()):
        if found.get(table) != expected.get(table):
            raise WarehouseError(
                f"the copy of {what} differs from the backup's manifest: {table} has"
                f" {found.get(table)}, not {expected.get(table)}",
                "restore another backup; nothing was changed",
            )


def _pulse_in_a_new_place(settings: Settings, folder: Path) -> dict[str, str]:
    """Restore the monitors into a database that is dropped again; what it has."""
    url = settings.pulse_url or embedded_oltp_url(settings)
    database = pulse_test_database(url)
    with closing(maintenance(url, PULSE_VARIABLE)) as server:
        tools = ClientTools.for_server(server.info.server_version // 10000)
        create_database(server, database)
        try:
            tools.run(
                tools.restore,
                other_database(url, database),
                ["--exit-on-error", "--no-owner", "--no-privileges", str(folder / PULSE_FILE)],
                f"restoring the monitors into database {database}",
            )
            with _connected(other_database(url, database)) as copied:
                return states(copied, PULSE_SCHEMA)
        finally:
            drop_database(server, database)


def pulse_test_database(url: str) -> str:
    """Name of the database that the monitors are tried in."""
    named = str(conninfo.conninfo_to_dict(url).get("dbname") or "")
    return shortened(named, f"__{PULSE_SCHEMA}{_TESTED}")


def refuse_unknown(manifest: Manifest, wanted: tuple[str, ...]) -> None:
    """Refuse to put back what a backup does not hold.

    Raises:
        ConfigurationError: naming it.
    """
    for name in wanted:
        if name not in manifest.beside:
            raise ConfigurationError(
                f"the backup holds no {name}", "leave out --with, or name another backup"
            )


def restore_beside(
    settings: Settings, folder: Path, manifest: Manifest, wanted: tuple[str, ...]
) -> list[str]:
    """Put back what is lost, and what is asked for; say what was done.

    What is there and not asked for stays: alerts that people have judged since the backup are as
    good a record as the backup's.

    Raises:
        ConfigurationError: Superset runs.
    """
    stamp = datetime.now(UTC).strftime("%Y%m%d_%H%M%S_%f")
    notes = []
    if PULSE in manifest.beside:
        url = settings.pulse_url or embedded_oltp_url(settings)
        if PULSE in wanted or not _has_monitors(url):
            notes.append(_restore_pulse(url, folder, stamp))
        else:
            notes.append("the monitors are kept as they are; --with pulse puts back the backup's")
    if SUPERSET in manifest.beside:
        metadata = settings.superset_home / SUPERSET_FILE
        if SUPERSET in wanted or not metadata.exists():
            notes.append(_restore_superset(settings, folder, stamp))
        else:
            notes.append("Superset's metadata are kept; --with superset puts back the backup's")
    return notes


def _has_monitors(url: str) -> bool:
    with _connected(url) as connection:
        [there] = connection.execute("select to_regclass('pulse.pulse_monitors')").fetchone()
        return bool(there and connection.execute(_WRITTEN_SQL).fetchone())


def _restore_pulse(url: str, folder: Path, stamp: str) -> str:
    """Make room for the backup's schema, and make it, in one transaction."""
    aside = f"{PULSE_SCHEMA}{_BEFORE}{stamp}"
    with _connected(url) as connection:
        [there] = connection.execute("select to_regnamespace(%s)", (PULSE_SCHEMA,)).fetchone()
        tools = ClientTools.for_server(connection.info.server_version // 10000)
    script = folder / "pulse.sql"
    written = subprocess.run(
        [
            *(str(tools.restore), "--no-owner", "--no-privileges"),
            *(f"--file={script}", str(folder / PULSE_FILE)),
        ],
        capture_output=True,
        text=True,
    )
    if written.returncode:
        raise WarehouseError(
            f"the monitors cannot be read from the backup: {written.stderr.strip()}",
            "restore another backup; nothing was changed",
        )
    # Tables that were made anew since the loss, and hold nothing, are not worth a name.
    is_written = _has_monitors(url)
    schema = quoted(PULSE_SCHEMA)
    make_room = (
        f"alter schema {schema} rename to {quoted(aside)}"
        if is_written
        else f"drop schema {schema} cascade"
    )
    tools.run(
        tools.psql,
        url,
        [
            *("--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1"),
            *([f"--command={make_room}"] if there else []),
            f"--file={script}",
        ],
        "putting the monitors back",
    )
    kept = f"; those that were there are kept in schema {aside}" if is_written else ""
    return f"the monitors are those of the backup{kept}"


def _restore_superset(settings: Settings, folder: Path, stamp: str) -> str:
    home = settings.superset_home
    if BackgroundServer(home, "Superset").is_running():
        raise ConfigurationError(
            f"Superset in {home} runs: its metadata cannot be replaced",
            "stop it (make serve-stop), then run the same command again",
        )
    home.mkdir(parents=True, exist_ok=True)
    kept = ""
    # The key first: without it nothing that the metadata keep encrypted can be read.
    for name, target in ((SECRET_FILE, "secret_key"), (SUPERSET_FILE, SUPERSET_FILE)):
        source, path = folder / name, home / target
        if not source.exists():
            continue
        incoming = path.with_name(f".{target}.incoming-{stamp}")
        incoming.write_bytes(source.read_bytes())
        if path.exists():
            aside = path.with_name(f"{target}.before-restore-{stamp}")
            path.replace(aside)
            kept = f"; what was there is kept: {aside}" if name == SUPERSET_FILE else kept
        incoming.replace(path)
    return f"Superset's metadata are those of the backup{kept}"
