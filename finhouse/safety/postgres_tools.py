"""pg_dump, pg_restore and psql: which of them suit a server; databases made and dropped there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import conninfo, sql

from finhouse.errors import ConfigurationError, WarehouseError
from finhouse.oltp.server import program_path
from finhouse.warehouse import quoted
from finhouse.warehouse.postgres_connection import connect_postgres

WAREHOUSE_VARIABLE = "WAREHOUSE_URL"
_LONGEST_NAME = 63


@dataclass(frozen=True)
class ClientTools:
    """The client programs of one PostgreSQL version.

    Attributes:
        dump: path of pg_dump.
        restore: path of pg_restore.
    """

    dump: Path
    restore: Path

    @property
    def psql(self) -> Path:
        return self.restore.with_name("psql")

    @classmethod
    def for_server(cls, version: int) -> ClientTools:
        """Those of the embedded PostgreSQL, or on the PATH if the server is newer.

        Args:
            version: the server's major version.

        Raises:
            ConfigurationError: none that is new enough.
        """
        known = []
        for tools in _installed():
            found = _major_version(tools.dump)
            if found >= version:
                return tools
            known.append(f"{tools.dump} is version {found}")
        raise ConfigurationError(
            f"the Postgres warehouse has version {version}, and no pg_dump here is as new"
            f" ({'; '.join(known) or 'there is none'})",
            f"install the client programs of PostgreSQL {version} and put them on the PATH",
        )

    def run(self, program: Path, url: str, arguments: Sequence[str], doing: str) -> None:
        """Run one of them on a database; the password is in no command line.

        What it commits reaches the disk with the next ordinary commit on the server: pg_restore
        commits some thousand times.

        Raises:
            WarehouseError: it failed; its last lines are in the message.
        """
        parts = conninfo.conninfo_to_dict(url)
        password = parts.pop("password", None)
        result = subprocess.run(
            [str(program), f"--dbname={conninfo.make_conninfo(**parts)}", *arguments],
            env=os.environ
            | {"PGOPTIONS": "-c synchronous_commit=off"}
            | ({"PGPASSWORD": str(password)} if password else {}),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        if result.returncode:
            end = "\n".join(result.stderr.strip().splitlines()[-5:])
            raise WarehouseError(
                f"{doing} failed ({program.name} ended with {result.returncode}):\n{end}",
                "see to what it says, then run the same command again; nothing was changed",
            )


def _installed() -> list[ClientTools]:
    found = []
    for dump, restore in (
        (program_path("pg_dump"), program_path("pg_restore")),
        (shutil.which("pg_dump"), shutil.which("pg_restore")),
    ):
        if dump and restore and Path(dump).exists():
            found.append(ClientTools(Path(dump), Path(restore)))
    return found


def _major_version(program: Path) -> int:
    said = subprocess.run([str(program), "--version"], capture_output=True, text=True).stdout
    match = re.search(r"(\d+)", said)
    return int(match[1]) if match else 0


# Databases of a server.


def shortened(database: str, ending: str) -> str:
    """A name with an ending, as long as PostgreSQL allows."""
    return database[: _LONGEST_NAME - len(ending)] + ending


def other_database(url: str, database: str) -> str:
    """The address of another database of the same server."""
    return conninfo.make_conninfo(**conninfo.conninfo_to_dict(url) | {"dbname": database})


def maintenance(url: str, variable: str = WAREHOUSE_VARIABLE) -> psycopg.Connection:
    """A connection to the server outside the database of ``url``, which cannot be renamed else.

    Args:
        variable: that names the database, for the remedy.
    """
    try:
        return connect_postgres(
            other_database(url, "postgres"), {}, "the server", variable, WarehouseError
        )
    except WarehouseError:
        return connect_postgres(
            other_database(url, "template1"), {}, "the server", variable, WarehouseError
        )


def create_database(server: psycopg.Connection, database: str) -> None:
    """Make an empty database, in the place of one that was left."""
    try:
        drop_database(server, database)
        server.execute(sql.SQL("create database {}").format(sql.Identifier(database)))
    except psycopg.errors.InsufficientPrivilege as error:
        raise WarehouseError(
            f"no right to create database {database}: {error.diag.message_primary}",
            f"run on the server: alter role {quoted(server.info.user)} createdb; it must own the"
            " warehouse's database as well",
        ) from error


def drop_database(server: psycopg.Connection, database: str) -> None:
    """Drop it if it is there, whoever is connected."""
    server.execute(
        sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(database))
    )
