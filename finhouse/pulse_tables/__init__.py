"""The application tables of pulse, in PostgreSQL: where they are, and how they get there.

They are written by the runner of the monitors and by the API, and loaded like any source. They
stand below both, so that a load finds them in a house in which no monitor has ever run.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import psycopg
from psycopg.rows import dict_row

from finhouse.errors import ServiceError
from finhouse.oltp import embedded_oltp_url
from finhouse.pulse_tables.templates import FILE as TEMPLATES_FILE
from finhouse.pulse_tables.templates import write_templates
from finhouse.settings import PULSE_VARIABLE, Settings
from finhouse.warehouse.postgres_connection import connect_postgres, describe_server

SCHEMA = "pulse"
_DDL = Path(__file__).parent / "tables.sql"
_SETTINGS = {"timezone": "UTC", "search_path": SCHEMA}
_EDITION_SQL = "select obj_description(to_regnamespace($1), 'pg_namespace')"


def pulse_url(settings: Settings) -> str:
    """Address of the database with schema ``pulse``; its tables and templates are made if need be.

    ``PULSE_URL`` names it, else it is that of the embedded server, also where ``OLTP_URL`` names
    somebody's own source: that one is only read.

    Raises:
        ServiceError: the database cannot be reached, or the tables cannot be made there.
    """
    url = settings.pulse_url or embedded_oltp_url(settings)
    with _connected(url) as connection:
        _ensure_tables(connection, url)
    return url


@contextmanager
def connect_pulse(settings: Settings) -> Iterator[psycopg.Connection]:
    """A connection to the tables: autocommit, parameters ``%s``, rows as mappings by column.

    Raises:
        ServiceError: as ``pulse_url``.
    """
    url = pulse_url(settings)
    with _connected(url) as connection:
        connection.cursor_factory = psycopg.Cursor
        connection.row_factory = dict_row
        yield connection


@contextmanager
def _connected(url: str) -> Iterator[psycopg.Connection]:
    role = "the database of the monitors"
    with connect_postgres(url, _SETTINGS, role, PULSE_VARIABLE, ServiceError) as connection:
        yield connection


@cache
def _edition() -> str:
    """Which tables and templates this version of the project has: noted beside them."""
    digest = hashlib.sha256(_DDL.read_bytes() + TEMPLATES_FILE.read_bytes())
    return f"finhouse pulse, edition {digest.hexdigest()[:16]}"


def _ensure_tables(connection: psycopg.Connection, url: str) -> None:
    if connection.execute(_EDITION_SQL, (SCHEMA,)).fetchone() == (_edition(),):
        return
    try:
        with connection.transaction():
            # Of two that find nothing one makes the tables, and the other one waits.
            connection.execute("select pg_advisory_xact_lock(hashtext('finhouse pulse'))")
            connection.execute(_DDL.read_text(encoding="utf-8"))
            connection.cursor_factory = psycopg.Cursor
            write_templates(connection)
            connection.execute(f"comment on schema {SCHEMA} is '{_edition()}'")
    except psycopg.Error as error:
        raise ServiceError(
            f"the tables of schema {SCHEMA} cannot be made at {describe_server(url)}: "
            f"{str(error).strip()}",
            f"let a role that may create schemas run `finhouse pulse init` once, or set "
            f"{PULSE_VARIABLE} to another database",
        ) from error
