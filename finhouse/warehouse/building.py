"""One build at a time: two dbt runs in one Postgres database would drop each other's tables.

A DuckDB file has one writing process anyhow. Loads take the tables they load, and nothing else
(``Warehouse.lock_table``): they run beside each other and beside a build.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from finhouse.errors import WarehouseError
from finhouse.oltp import warehouse_url
from finhouse.settings import Settings
from finhouse.warehouse.postgres_connection import connect_postgres

# The lock is of the session: it goes with the connection, so that who is killed leaves none.
_LOCK = "hashtextextended('finhouse build', 0)"
# How long a build that is about to end, or has just been killed, is waited for.
_GRACE_SECONDS = 3.0

# Both halves of the key, as pg_locks shows them.
_HOLDER = f"""
    select activity.pid, coalesce(nullif(activity.application_name, ''), 'no name'),
        coalesce(host(activity.client_addr), 'a local socket'),
        to_char(activity.backend_start at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS') || ' UTC'
    from pg_locks as locks
    inner join pg_stat_activity as activity on activity.pid = locks.pid
    where locks.locktype = 'advisory' and locks.granted and locks.objsubid = 1
        and locks.database = (select oid from pg_database where datname = current_database())
        and (locks.classid::bigint << 32 | locks.objid::bigint) = {_LOCK}
"""

# Warehouses that this process builds in: its publication belongs to its build.
_ours: set[str] = set()


@contextmanager
def only_build(settings: Settings, what: str) -> Iterator[None]:
    """Keep other builds and publications out of the warehouse while this one lasts.

    Nothing to do on other engines than Postgres.

    Args:
        what: what is done, as who is kept out is told of it: ``dbt build``.

    Raises:
        WarehouseError: another process builds there; the message says which, and since when.
    """
    url = warehouse_url(settings) if settings.target == "postgres" else ""
    if not url or url in _ours:
        yield
        return
    with connect_postgres(
        url, {}, "the Postgres warehouse", "WAREHOUSE_URL", WarehouseError
    ) as connection:
        _introduce(connection, what)
        _take(connection)
        _ours.add(url)
        try:
            yield
        finally:
            _ours.discard(url)


def _introduce(connection: psycopg.Connection, what: str) -> None:
    connection.execute(
        "select set_config('application_name', $1, false)",
        (f"finhouse {what}, process {os.getpid()} on {socket.gethostname()}",),
    )
    # Newer servers may end a session that says nothing for long, as this one.
    connection.execute(
        "select set_config(name, '0', false) from pg_settings where name = 'idle_session_timeout'"
    )


def _take(connection: psycopg.Connection) -> None:
    deadline = time.monotonic() + _GRACE_SECONDS
    while not connection.execute(f"select pg_try_advisory_lock({_LOCK})").fetchone()[0]:
        if time.monotonic() > deadline:
            raise _occupied(connection)
        time.sleep(0.2)


def _occupied(connection: psycopg.Connection) -> WarehouseError:
    holder = connection.execute(_HOLDER).fetchone()
    who = "by another process"
    if holder:
        pid, name, client, since = holder
        who = f"by {name}, from {client} since {since} (server process {pid})"
    return WarehouseError(
        f"the Postgres warehouse {connection.info.dbname} is being built {who}",
        "wait for that build to end, or end it; loads need not wait",
    )
