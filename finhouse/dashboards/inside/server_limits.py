"""Limits that keep the server answering: a query's time, a user's queries at once, log-ins.

A query runs in a thread of the server, where Superset's own time-out, a signal, cannot end it. Here
its connection is interrupted when its time is up, whoever still waits for it.
"""

from __future__ import annotations

import os
import threading
from collections import Counter
from typing import Any

from flask import Flask, g, request
from limits import parse
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter
from sqlalchemy import event
from sqlalchemy.pool import Pool
from werkzeug.exceptions import TooManyRequests

QUERY_SECONDS = int(os.environ.get("FINHOUSE_QUERY_SECONDS", "30"))
# A browser asks one server for six things at a time.
QUERIES_OF_A_USER = 8
LOGINS = parse("20 per minute")
_LOGIN_PATHS = ("/login/", "/api/v1/security/login")
# Ways to a query: charts, and SQL Lab.
_QUERYING = ("ChartDataRestApi.", "SqlLabRestApi.execute_sql_query")

_under_way: Counter[str] = Counter()
_counting = threading.Lock()


def limit_queries(app: Flask) -> None:
    """End queries that take too long, and refuse those of a user who has too many running."""
    event.listen(Pool, "checkout", _start_the_clock)
    event.listen(Pool, "checkin", _stop_the_clock)
    app.before_request(_count_in)
    app.teardown_request(_count_out)


def limit_logins(app: Flask) -> None:
    """Refuse an address that tries to log in too often, by the form or the REST API."""
    logins = FixedWindowRateLimiter(MemoryStorage())

    def count() -> None:
        is_login = request.method == "POST" and request.path in _LOGIN_PATHS
        if is_login and not logins.hit(LOGINS, str(request.remote_addr)):
            raise TooManyRequests(f"More than {LOGINS} log-ins: wait a minute.")

    app.before_request(count)


def _start_the_clock(connection: Any, record: Any, _proxy: Any) -> None:
    """A connection is held as long as its query; Postgres ends queries by its own clock."""
    if type(connection).__module__ == "duckdb_engine":
        clock = threading.Timer(QUERY_SECONDS, connection.interrupt)
        clock.daemon = True
        clock.start()
        record.info["clock"] = clock


def _stop_the_clock(_connection: Any, record: Any) -> None:
    if clock := record.info.pop("clock", None):
        clock.cancel()


def _count_in() -> None:
    if not (request.endpoint or "").startswith(_QUERYING):
        return
    user = _user()
    with _counting:
        if _under_way[user] >= QUERIES_OF_A_USER:
            raise TooManyRequests(
                f"{QUERIES_OF_A_USER} of your queries are still running: wait for one to end."
            )
        _under_way[user] += 1
        g.counted_for = user


def _count_out(_error: BaseException | None) -> None:
    if user := g.pop("counted_for", None):
        with _counting:
            _under_way[user] -= 1


def _user() -> str:
    """Whose request it is: by session or, before it is verified, by its token."""
    from flask_login import current_user

    token = request.headers.get("Authorization")
    return token or str(current_user.get_id() or request.remote_addr)
