"""The database of Superset's viewers: the published marts, read-only, and nothing else."""

from __future__ import annotations

import secrets
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from finhouse.console import console
from finhouse.errors import ServiceError, WarehouseError
from finhouse.files import read_back, write_whole
from finhouse.oltp import warehouse_url
from finhouse.publish import PUBLISHED_SCHEMA
from finhouse.settings import Settings
from finhouse.warehouse.postgres_address import postgres_address
from finhouse.warehouse.postgres_connection import connect_postgres
from finhouse.warehouse.tls import require_tls

ROLE = "finhouse_reader"
STATEMENT_TIMEOUT = "30s"
# DuckDB would take four fifths of the machine's memory, and as much disk as it finds.
MEMORY_LIMIT, TEMPORARY_FILES_LIMIT = "1GB", "1GB"


def reader_uri(settings: Settings, home: Path) -> str:
    """SQLAlchemy address of the published marts for readers; makes the Postgres role if need be.

    Args:
        home: Superset's folder, where the role's password is kept.

    Raises:
        WarehouseError: nothing is published, or the role cannot be made.
    """
    if settings.is_file:
        return (
            # Without external access SQL cannot reach a file of this machine.
            f"duckdb:///{quote(str(settings.published_path))}"
            "?access_mode=read_only&enable_external_access=false&lock_configuration=true"
            f"&memory_limit={MEMORY_LIMIT}&max_temp_directory_size={TEMPORARY_FILES_LIMIT}"
        )
    if settings.reader_url:
        require_tls(settings.reader_url, "READER_URL")
        return settings.reader_url
    return _postgres_reader(warehouse_url(settings), private_text(home / "reader_password"))


def private_text(path: Path) -> str:
    """Text of a file only its owner may read; a random one is written on first use.

    One that is damaged is replaced: who hands it out sets it where it is asked for.
    """
    if path.exists():
        try:
            return kept_text(path, "")
        except ServiceError as error:
            console.print(f"  {error.message}: a new one is made", markup=False)
    made = secrets.token_urlsafe(24)
    write_whole(path, made, private=True)
    return made


def kept_text(path: Path, remedy: str) -> str:
    """Text of such a file that must not be replaced.

    Raises:
        ServiceError: it is damaged.
    """
    return read_back(path, _printable, ServiceError, remedy)


def _printable(text: str) -> str:
    if not text.strip().isprintable():
        raise ValueError
    return text.strip()


def _postgres_reader(url: str, password: str) -> str:
    """Give the reader's role its password and its one schema; return its address."""
    role, schema = sql.Identifier(ROLE), sql.Identifier(PUBLISHED_SCHEMA)
    statements = [
        sql.SQL("alter role {} login noinherit password {}").format(role, sql.Literal(password)),
        sql.SQL("alter role {} set default_transaction_read_only = on").format(role),
        sql.SQL("alter role {} set statement_timeout = {}").format(
            role, sql.Literal(STATEMENT_TIMEOUT)
        ),
        sql.SQL("grant usage on schema {} to {}").format(schema, role),
        sql.SQL("grant select on all tables in schema {} to {}").format(schema, role),
    ]
    with connect_postgres(url, {}, "the warehouse", "WAREHOUSE_URL", WarehouseError) as connection:
        try:
            if not connection.execute(
                "select 1 from pg_roles where rolname = $1", (ROLE,)
            ).fetchone():
                statements.insert(0, sql.SQL("create role {}").format(role))
            for statement in statements:
                connection.execute(statement)
        except psycopg.Error as error:
            raise WarehouseError(
                f"the role {ROLE}, which reads schema {PUBLISHED_SCHEMA} for Superset, cannot be "
                f"made: {str(error).strip()}",
                "run `make build` first; where you may not create roles, set READER_URL to the "
                "address of one that may read that schema",
            ) from error
    return postgres_address(url).sqlalchemy(ROLE, password)
