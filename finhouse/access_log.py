"""Who read which mart: counted by day from the logs of Superset and of the KPI API.

Both servers write lines of JSON beside themselves. A log that is rotated loses old lines and never
changes one: of a day that was counted before, the greater count is true.
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
from finhouse.settings import Settings
from finhouse.warehouse import Warehouse, qualified

DASHBOARDS, API = "dashboards", "api"
# A chart that asks for its rows; opening a dashboard reads nothing by itself.
_CHART_DATA = "ChartDataRestApi."
# What a mart is to Superset: the dataset of a chart, by the table that it reads.
_MARTS_OF_CHARTS = """
    select slices.id, tables.table_name
    from slices inner join tables on slices.datasource_id = tables.id
    where slices.datasource_type = 'table'
"""
_USERS = "select id, username from ab_user"
THIS_MACHINE = "this machine"


@dataclass(frozen=True)
class Access:
    """A user, a day (UTC) and a mart.

    Attributes:
        channel: ``dashboards`` or ``api``.
        user: name in Superset, or of the key.
    """

    day: date
    channel: str
    user: str
    mart: str


def collect(settings: Settings, warehouse: Warehouse) -> None:
    """Count what the logs have, and keep it in ``raw_operations.access_log_daily``."""
    books = Bookkeeping(warehouse, SCHEMA)
    counted = Counter((*_of_dashboards(settings.superset_home), *_of_api(settings.api_home)))
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


def _day(text: object) -> date:
    moment = datetime.fromisoformat(str(text))
    return moment.astimezone(UTC).date() if moment.tzinfo else moment.date()


def _of_dashboards(home: Path) -> Iterator[Access]:
    files, metadata = sorted(home.glob("events.jsonl*")), home / "superset.db"
    if not files or not metadata.exists():
        return
    try:
        with closing(sqlite3.connect(f"{metadata.as_uri()}?mode=ro", uri=True)) as database:
            marts = dict(database.execute(_MARTS_OF_CHARTS).fetchall())
            users = dict(database.execute(_USERS).fetchall())
    except sqlite3.Error as error:
        console.print(f"  who read dashboards is not counted: {metadata}: {error}", markup=False)
        return
    for entry in _lines(files):
        mart = marts.get(entry.get("slice_id"))
        if mart and str(entry.get("action", "")).startswith(_CHART_DATA):
            user = entry.get("user_id")
            # Users are removed, and what they read stays.
            name = users.get(user) or (f"user {user}" if user else "nobody logged in")
            yield Access(_day(entry["at"]), DASHBOARDS, str(name), str(mart))


def _of_api(home: Path) -> Iterator[Access]:
    for entry in _lines(sorted(home.glob("api.log*"))):
        # What is not answered gives away no rows.
        if entry.get("message") != "request" or entry.get("status") != 200:
            continue
        for mart in entry.get("marts") or ():
            user = entry.get("key_name") or THIS_MACHINE
            yield Access(_day(entry["time"]), API, str(user), str(mart))
