"""Who read which mart: counted by day from what Superset and the KPI API keep of their requests.

Both servers write lines of JSON beside themselves, and Superset keeps each query of SQL Lab. A log
that is rotated loses old lines and never changes one: of a day that was counted before, the greater
count is true.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from finhouse.console import console
from finhouse.extract_load.bookkeeping import ACCESS_LOG_DAILY, Bookkeeping
from finhouse.extract_load.state import SCHEMA
from finhouse.publish import PUBLISHED_SCHEMA
from finhouse.settings import Settings
from finhouse.warehouse import Warehouse, qualified

DASHBOARDS, SQL_LAB, API = "dashboards", "sql_lab", "api"
# A chart that asks for its rows; opening a dashboard reads nothing by itself. Of one request there
# are other entries, too, such as that of how long its answer took to write.
_CHART_DATA = ("ChartDataRestApi.data", "ChartDataRestApi.data_from_cache")
# What a mart is to Superset: a dataset, by the table that it reads.
_MARTS_OF_DATASETS = "select id, table_name from tables"
_DATASETS_OF_CHARTS = "select id, datasource_id from slices where datasource_type = 'table'"
_USERS = "select id, username from ab_user"
# Milliseconds since 1970, UTC.
_QUERIES = """
    select user_id, start_time, coalesce(executed_sql, sql)
    from query
    where status = 'success'
"""
UNREADABLE_SQL = "SQL that cannot be read"
THIS_MACHINE = "this machine"


@dataclass(frozen=True)
class Access:
    """A user, a day (UTC) and a mart.

    Attributes:
        channel: ``dashboards``, ``sql_lab`` or ``api``.
        user: name in Superset, or of the key.
    """

    day: date
    channel: str
    user: str
    mart: str


def collect(settings: Settings, warehouse: Warehouse) -> None:
    """Count what the logs have, and keep it in ``raw_operations.access_log_daily``."""
    books = Bookkeeping(warehouse, SCHEMA)
    counted = Counter((*_of_superset(settings), *_of_api(settings.api_home)))
    table = qualified(SCHEMA, ACCESS_LOG_DAILY)
    with warehouse.transaction():
        warehouse.lock_table(SCHEMA, ACCESS_LOG_DAILY, wait=True)
        known = {
            Access(*row[:-1]): row[-1]
            for row in warehouse.execute(
                f"select access_date, channel, user_name, mart_name, access_count from {table}"
            )
        }
        for access, count in counted.items():
            if count <= known.get(access, 0):
                continue
            key = (access.day, access.channel, access.user, access.mart)
            warehouse.change(
                f"delete from {table} where access_date = $1 and channel = $2"
                " and user_name = $3 and mart_name = $4",
                key,
            )
            books.record(ACCESS_LOG_DAILY, (*key, count, books.now()))


def _lines(files: list[Path]) -> Iterator[dict[str, Any]]:
    for file in files:
        with file.open(encoding="utf-8", errors="replace") as lines:
            for line in lines:
                # Between entries stand traces, and a line that is being written.
                try:
                    entry = json.loads(line)
                except ValueError:
                    continue
                if isinstance(entry, dict):
                    yield entry


def _day(text: object) -> date | None:
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return moment.astimezone(UTC).date() if moment.tzinfo else moment.date()


def _of_superset(settings: Settings) -> Iterator[Access]:
    metadata = settings.superset_home / "superset.db"
    if not metadata.exists():
        return
    try:
        with closing(sqlite3.connect(f"{metadata.as_uri()}?mode=ro", uri=True)) as database:
            marts = dict(database.execute(_MARTS_OF_DATASETS).fetchall())
            datasets = dict(database.execute(_DATASETS_OF_CHARTS).fetchall())
            users = dict(database.execute(_USERS).fetchall())
            queries = database.execute(_QUERIES).fetchall()
    except sqlite3.Error as error:
        console.print(f"  who read dashboards is not counted: {metadata}: {error}", markup=False)
        return

    def name(user: object) -> str:
        # Users are removed, and what they read stays.
        return str(users.get(user) or (f"user {user}" if user else "nobody logged in"))

    for entry in _lines(sorted(settings.superset_home.glob("events.jsonl*"))):
        day = _day(entry.get("at"))
        if day is None or entry.get("action") not in _CHART_DATA:
            continue
        # A chart that nobody has saved is known by the dataset it names; whoever names another than
        # that of the chart may have read either.
        named = {entry.get("dataset_id"), datasets.get(entry.get("slice_id"))}
        for mart in {marts[dataset] for dataset in named if dataset in marts}:
            yield Access(day, DASHBOARDS, name(entry.get("user_id")), str(mart))
    dialect = "postgres" if settings.target == "postgres" else "duckdb"
    for user, started, sql in queries:
        day = datetime.fromtimestamp(float(started) / 1000, UTC).date()
        for mart in _marts_in(sql, dialect):
            yield Access(day, SQL_LAB, name(user), mart)


def _marts_in(sql: str, dialect: str) -> set[str]:
    """Published tables that a text of statements reads."""
    # Takes as long to import as all else that a load needs, and few houses have a query to read.
    from sqlglot import exp, parse
    from sqlglot.errors import SqlglotError

    try:
        statements = [one for one in parse(sql, dialect=dialect) if one is not None]
    except SqlglotError:
        return {UNREADABLE_SQL}
    tables = {
        table.name.lower()
        for statement in statements
        for table in statement.find_all(exp.Table)
        if table.db.lower() in ("", PUBLISHED_SCHEMA)
    }
    return tables - {
        expression.alias_or_name.lower()
        for statement in statements
        for expression in statement.find_all(exp.CTE)
    }


def _of_api(home: Path) -> Iterator[Access]:
    for entry in _lines(sorted(home.glob("api.log*"))):
        # What is not answered gives away no rows.
        if entry.get("message") != "request" or entry.get("status") != 200:
            continue
        day, user = _day(entry.get("time")), entry.get("key_name") or THIS_MACHINE
        for mart in entry.get("marts") or ():
            if day:
                yield Access(day, API, str(user), str(mart))
