"""The tables of the monitors, as requests reach them: live, beside what is published."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg.rows import dict_row
from psycopg_pool import ConnectionPool, PoolTimeout

from finhouse.api.problems import unready
from finhouse.errors import ServiceError
from finhouse.pulse_tables import pulse_url
from finhouse.settings import Settings
from finhouse.warehouse.postgres_connection import with_options

CONNECTIONS = 4
WAIT_SECONDS = 5


class MonitorsTables:
    """Connections to the tables, made when the first request needs one.

    Args:
        settings: say where the tables are.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._pool: ConnectionPool | None = None

    @contextmanager
    def connection(self) -> Iterator[psycopg.Connection]:
        """A connection: autocommit, rows as mappings by column.

        Raises:
            ProblemError: the database does not answer.
        """
        try:
            with self._opened().connection() as connection:
                yield connection
        except (ServiceError, psycopg.OperationalError, PoolTimeout) as error:
            # It may come up somewhere else: an embedded server whose port was taken does.
            self.close()
            raise unready("The database of the monitors does not answer.") from error

    def close(self) -> None:
        """Close whatever is open."""
        with self._lock:
            pool, self._pool = self._pool, None
        if pool:
            pool.close()

    def _opened(self) -> ConnectionPool:
        with self._lock:
            if self._pool is None:
                self._pool = ConnectionPool(
                    with_options(pulse_url(self._settings), {"timezone": "UTC"}),
                    min_size=1,
                    max_size=CONNECTIONS,
                    timeout=WAIT_SECONDS,
                    kwargs={"autocommit": True, "row_factory": dict_row},
                    # One that the server has closed is not handed out.
                    check=ConnectionPool.check_connection,
                    open=True,
                )
            return self._pool
