"""The published Postgres schema, read by the role that may read nothing else.

A swap renames schemas, and a query finds its tables by name when it begins: two queries of one
request may find two publications, whatever their snapshot. So the publication is asked for before
and after; where another one has come in between, all is read again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import psycopg
from psycopg_pool import ConnectionPool, PoolTimeout

from finhouse.api.problems import unready
from finhouse.api.publications import (
    ID_SQL,
    OTHER_VERSION,
    Found,
    Publications,
    Published,
    Row,
    by_column,
)

CONNECTIONS = 8
WAIT_SECONDS = 10
# Publications that may come while one request reads.
ATTEMPTS = 5
_NOT_THERE = (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn)


class PublishedSchema(Publications):
    """Publications that are a schema, swapped by renaming.

    Args:
        address: of the reader's role, as psycopg takes it.
    """

    def __init__(self, address: str) -> None:
        self._pool = ConnectionPool(
            address,
            min_size=1,
            max_size=CONNECTIONS,
            timeout=WAIT_SECONDS,
            kwargs={"autocommit": True, "cursor_factory": psycopg.RawCursor},
            # One that the server has closed is not handed out.
            check=ConnectionPool.check_connection,
            open=True,
        )

    def peek(self) -> None:
        return None

    def read(self, use: Callable[[Published], Found]) -> Found:
        try:
            with self._pool.connection() as connection:
                return _read(connection, use)
        except _NOT_THERE as error:
            raise unready(OTHER_VERSION) from error
        except (psycopg.OperationalError, PoolTimeout) as error:
            raise unready("The warehouse does not answer.") from error

    def close(self) -> None:
        self._pool.close()


def _read(connection: psycopg.Connection, use: Callable[[Published], Found]) -> Found:
    def rows(sql: str, params: Sequence[object] = ()) -> list[Row]:
        found = connection.execute(sql, list(params) or None)
        names = [column.name for column in found.description or ()]
        return by_column(names, found.fetchall())

    before = _current(connection)
    for _ in range(ATTEMPTS):
        try:
            found = use(Published(before, rows))
        except Exception:
            # What is half of one publication and half of another may be wrong in any way.
            if (after := _current(connection)) == before:
                raise
        else:
            if (after := _current(connection)) == before:
                return found
        before = after
    raise unready("Builds are published faster than they can be read.")


def _current(connection: psycopg.Connection) -> str:
    row = connection.execute(ID_SQL).fetchone()
    return str(row[0]) if row else ""
