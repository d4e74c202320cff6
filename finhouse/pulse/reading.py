"""Running what the guard let through: read-only, in one publication, within time and memory."""

from __future__ import annotations

import re
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb
import psycopg

from finhouse.dashboards.readers import reader_uri
from finhouse.dbt.data_classes import PERSONAL, data_class
from finhouse.dbt.manifest import marts_of, read_manifest
from finhouse.errors import TransformError, WarehouseError
from finhouse.publish import PUBLISHED_SCHEMA, RECENCY
from finhouse.pulse.guard import ROW_LIMIT, PublishedTables, SafeSql, checked
from finhouse.settings import Settings
from finhouse.warehouse.postgres_connection import connect_postgres

SECONDS = 10
MEMORY_LIMIT = "512MB"
# Publications that may come while one query runs.
_ATTEMPTS = 5
_COLUMNS_SQL = (
    "select table_name, column_name from information_schema.columns "
    f"where table_schema = '{PUBLISHED_SCHEMA}' order by table_name, ordinal_position"
)
_STATE_SQL = f"select domain, as_of_date, publication_id from {PUBLISHED_SCHEMA}.{RECENCY}"

Row = dict[str, Any]


class QueryFailedError(WarehouseError):
    """The engine refused the query of a monitor, or ended it."""


@dataclass(frozen=True)
class Publication:
    """What a query reads.

    Attributes:
        id: its identifier; empty for none.
        as_of: last complete day by domain.
    """

    id: str
    as_of: Mapping[str, date | None]

    def as_of_date(self, domain: str | None) -> date | None:
        """The day it speaks for: of a domain, or of the one that is furthest behind."""
        known = [day for day in self.as_of.values() if day]
        return self.as_of.get(domain) if domain else min(known, default=None)


class Reader(ABC):
    """What is published, for queries of monitors.

    Attributes:
        dialect: of its SQL: ``duckdb`` or ``postgres``.
        tables: what the SQL may name.
    """

    dialect: str

    def __init__(self, settings: Settings) -> None:
        personal = _personal(settings)
        columns = self._columns()
        # Of a table that the project does not know nobody says what it holds.
        known = {table: columns[table] for table in columns.keys() & personal.keys()}
        self.tables = PublishedTables(known, personal)

    def checked(self, sql: str) -> SafeSql:
        """The SQL as it may run.

        Raises:
            UnsafeSqlError: it may not.
        """
        return checked(sql, self.tables, self.dialect)

    def publication(self) -> Publication:
        """What is published now."""
        rows = self._rows(_STATE_SQL)
        return Publication(
            max((str(row["publication_id"]) for row in rows), default=""),
            {row["domain"]: row["as_of_date"] for row in rows},
        )

    def rows(self, sql: SafeSql) -> tuple[Publication, list[Row]]:
        """The rows of a query, and the publication that all of them are of.

        Raises:
            QueryFailedError: the engine refused or ended it, or it returns too many rows.
        """
        before = self.publication()
        for _ in range(_ATTEMPTS):
            found = self._rows(sql.text)
            if len(found) > ROW_LIMIT:
                raise QueryFailedError(
                    f"the query returns more than {ROW_LIMIT:,} rows", "aggregate, or filter"
                )
            after = self.publication()
            if after.id == before.id:
                return before, found
            before = after
        raise QueryFailedError(
            "builds are published faster than they can be read", "run the monitor again later"
        )

    def _columns(self) -> dict[str, tuple[str, ...]]:
        found: dict[str, list[str]] = {}
        for row in self._rows(_COLUMNS_SQL):
            found.setdefault(row["table_name"], []).append(row["column_name"])
        return {table: tuple(columns) for table, columns in found.items()}

    @abstractmethod
    def _rows(self, sql: str) -> list[Row]:
        """Rows of a query by column."""


class FileReader(Reader):
    """A published DuckDB file, opened once: what is published later is not seen."""

    dialect = "duckdb"

    def __init__(self, settings: Settings, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        super().__init__(settings)

    def _rows(self, sql: str) -> list[Row]:
        timer = threading.Timer(SECONDS, self._connection.interrupt)
        timer.start()
        try:
            found = self._connection.execute(sql)
            names = [column[0] for column in found.description or ()]
            return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
        except duckdb.InterruptException as error:
            raise _too_slow() from error
        except duckdb.Error as error:
            raise _failed(error) from error
        finally:
            timer.cancel()


class SchemaReader(Reader):
    """The published schema of a Postgres warehouse, by the role that may read nothing else."""

    dialect = "postgres"

    def __init__(self, settings: Settings, connection: psycopg.Connection) -> None:
        self._connection = connection
        super().__init__(settings)

    def _rows(self, sql: str) -> list[Row]:
        try:
            with self._connection.transaction():
                self._connection.execute("set transaction read only")
                found = self._connection.execute(sql)
                names = [column.name for column in found.description or ()]
                return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
        except psycopg.errors.QueryCanceled as error:
            raise _too_slow() from error
        except psycopg.Error as error:
            raise _failed(error) from error


@contextmanager
def open_reader(settings: Settings) -> Iterator[Reader]:
    """What the target has published, open for queries.

    Raises:
        WarehouseError: nothing is published, or it cannot be read.
        TransformError: dbt's manifest, which says which columns are personal, is missing.
    """
    if settings.is_file:
        with closing(_opened(settings)) as connection:
            yield FileReader(settings, connection)
        return
    # The role is one for all readers, and so is its password: Superset's folder keeps it.
    uri = reader_uri(settings, settings.superset_home)
    url = re.sub(r"^postgres(ql)?\+\w+:", "postgresql:", uri)
    options = {"statement_timeout": f"{SECONDS}s", "default_transaction_read_only": "on"}
    with connect_postgres(
        url, options, "the published schema", "READER_URL", WarehouseError
    ) as connection:
        yield SchemaReader(settings, connection)


def _opened(settings: Settings) -> duckdb.DuckDBPyConnection:
    if not settings.published_path.exists():
        raise WarehouseError("nothing has been published yet", "run `make build` first")
    config: dict[str, Any] = {
        "enable_external_access": False,
        "temp_directory": "",
        "memory_limit": MEMORY_LIMIT,
        "lock_configuration": True,
    }
    try:
        return duckdb.connect(str(settings.published_path), read_only=True, config=config)
    except duckdb.Error as error:
        raise WarehouseError(
            f"what is published cannot be opened: {_first_line(error)}", "run `make build`"
        ) from error


def _personal(settings: Settings) -> dict[str, Sequence[str]]:
    """Personal columns by mart, by the project as it was last built."""
    try:
        marts = marts_of(read_manifest(settings))
    except TransformError as error:
        raise TransformError(
            "which columns are personal is read off dbt's manifest, and there is none",
            "run `make build` in the house of the monitors",
        ) from error
    return {
        name: [column for column in mart["columns"] if data_class(mart, column) == PERSONAL]
        for name, mart in marts.items()
    }


def _too_slow() -> QueryFailedError:
    return QueryFailedError(
        f"the query was ended after {SECONDS} seconds", "read fewer rows, or a mart that is smaller"
    )


def _failed(error: Exception) -> QueryFailedError:
    return QueryFailedError(f"the query failed: {_first_line(error)}", "correct its SQL")


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]
