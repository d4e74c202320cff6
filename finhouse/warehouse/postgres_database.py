"""A Postgres database as the warehouse."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any

import psycopg

from finhouse.errors import WarehouseError
from finhouse.warehouse.base import Warehouse, qualified, quoted
from finhouse.warehouse.postgres_connection import connect_postgres

SESSION = {
    "timezone": "UTC",
    "datestyle": "ISO",
    "client_min_messages": "warning",
    "application_name": "finhouse",
}

_DEPENDENT_VIEWS = """
    with recursive dependents as (
        select c.oid, c.oid::regclass::text as name
        from pg_depend d
        join pg_rewrite r on r.oid = d.objid
        join pg_class c on c.oid = r.ev_class
        where d.refobjid = to_regclass($1) and c.oid <> d.refobjid
        union
        select c.oid, c.oid::regclass::text
        from dependents
        join pg_depend d on d.refobjid = dependents.oid
        join pg_rewrite r on r.oid = d.objid
        join pg_class c on c.oid = r.ev_class
        where c.oid <> dependents.oid
    )
    select name from dependents order by name
"""


class PostgresWarehouse(Warehouse):
    """A Postgres database that holds the raw layer and dbt's schemas.

    Attributes:
        connection: the raw psycopg connection, for COPY.
    """

    dialect = "postgres"
    engine_error = psycopg.Error
    # Session-local tables hide behind a schema of their own: pg_temp_N.
    _catalog_filter = "table_schema = $1 and table_name = $2"

    def __init__(self, url: str) -> None:
        """Connect.

        Raises:
            WarehouseError: malformed URL, unreachable server or refused credentials.
        """
        self.connection = connect_postgres(
            url, SESSION, "the Postgres warehouse", "WAREHOUSE_URL", WarehouseError
        )

    def execute(self, sql: str, params: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        cursor = self.connection.execute(sql, list(params) or None)
        return cursor.fetchall() if cursor.description else []

    def change(self, sql: str, params: Sequence[object] = ()) -> int:
        return self.connection.execute(sql, list(params) or None).rowcount

    def drop_table(self, schema: str, table: str) -> list[str]:
        name = qualified(schema, table)
        views = [str(row[0]) for row in self.execute(_DEPENDENT_VIEWS, (name,))]
        self.execute(f"drop table if exists {name} cascade")
        return views

    def lock_table(self, schema: str, table: str, *, wait: bool = False) -> None:
        function = "pg_advisory_xact_lock" if wait else "pg_try_advisory_xact_lock"
        taken = self.execute(
            f"select {function}(hashtextextended($1, 0))",
            (f"finhouse load of {schema}.{table}",),
        )
        if not wait and not taken[0][0]:
            raise WarehouseError(
                f"another process is loading {schema}.{table}", "wait for that load to end"
            )

    @property
    def identity(self) -> str:
        # Not the URL: one database has many, and an embedded server changes its port.
        [(server, database)] = self.execute(
            "select system_identifier::text, current_database()::text from pg_control_system()"
        )
        return f"postgres {server}/{database}"

    def index_rows(self, schema: str, table: str, columns: Sequence[str]) -> None:
        listed = ", ".join(quoted(name) for name in columns)
        self.execute(
            f"create index if not exists {quoted(f'{table[:52]}_loader_key')}"
            f" on {qualified(schema, table)} ({listed})"
        )

    def temporary(self, table: str) -> str:
        return f"pg_temp.{quoted(table)}"

    def _roll_back(self) -> None:
        with contextlib.suppress(psycopg.Error):
            self.connection.execute("rollback")

    def close(self) -> None:
        self.connection.close()
