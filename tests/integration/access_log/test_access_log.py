"""Reads are counted from the logs that the servers write themselves."""

from __future__ import annotations

import json
import logging
import sqlite3
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

from finhouse.access_log import UNREADABLE_SQL, collect
from finhouse.api.guard import Admission
from finhouse.api.keys import KeyRing
from finhouse.api.observing import LOGGER, JsonLines
from finhouse.warehouse import open_warehouse
from tests.support.api import api_of, ask, write_publication

COUNTED = (
    "select channel, user_name, mart_name, access_count from raw_operations.access_log_daily"
    " order by 1, 2, 3"
)


STAGES = ("DOCUMENT_SUBMITTED", "VERIFICATION_COMPLETED", "TIER_UPGRADE")


@contextmanager
def logged(file: Path):
    """As the server logs: each entry one line of JSON."""
    file.parent.mkdir(parents=True, exist_ok=True)
    handler, logger = logging.FileHandler(file), logging.getLogger(LOGGER)
    handler.setFormatter(JsonLines())
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
        handler.close()


def counted(settings) -> list[tuple]:
    with open_warehouse(settings) as warehouse:
        collect(settings, warehouse)
        return warehouse.execute(COUNTED)


def write_events(home: Path, *events: dict) -> None:
    """Events as Superset's own logger writes them (finhouse/dashboards/inside/event_log.py)."""
    home.mkdir(parents=True, exist_ok=True)
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    with (home / "events.jsonl").open("a") as lines:
        for event in events:
            lines.write(
                json.dumps({"at": now, "dashboard_id": 1, "duration_ms": 9, **event}) + "\n"
            )


def write_metadata(home: Path) -> None:
    """The tables of Superset's metadata that are read, with the columns of its models."""
    home.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(home / "superset.db")) as database:
        database.executescript("""
            create table tables (id integer primary key, table_name varchar(250) not null);
            create table slices (
                id integer primary key, datasource_id integer, datasource_type varchar(200)
            );
            create table ab_user (id integer primary key, username varchar(64) not null);
            create table query (
                id integer primary key, user_id integer, start_time numeric(20, 6),
                status varchar(16), sql text, executed_sql text
            );
            insert into tables values (1, 'dim_users'), (2, 'kpi_monthly');
            insert into slices values (10, 1, 'table'), (11, 2, 'table'), (12, 1, 'query');
            insert into ab_user values (1, 'ada');
        """)


def test_without_any_log_there_is_nothing(settings):
    assert counted(settings) == []


def test_requests_to_the_api_are_counted_by_key_and_mart(settings):
    write_publication(
        settings.published_path,
        "p1",
        "create table published.kyc_funnel as select 5 as merchant_count, unnest(['"
        + "', '".join(STAGES)
        + "']) as stage",
    )
    keys = KeyRing(settings.api_home)
    secret = keys.add("bi", ("read:kpi", "read:restricted"))
    app = api_of(settings, Admission(needs_key=True), domains=("merchant_activity",))
    bearer = {"Authorization": f"Bearer {secret}"}
    address = "/analytics/kyc-funnel"
    with logged(settings.api_home / "api.log"):
        assert ask(app, address).status_code == 401
        first = ask(app, address, bearer)
        assert first.status_code == 200, first.text
        # From memory, and nothing new: the one gives rows away, the other does not.
        assert ask(app, address, bearer).status_code == 200
        unchanged = ask(app, address, {**bearer, "If-None-Match": first.headers["ETag"]})
        assert unchanged.status_code == 304
    found = {mart: count for channel, user, mart, count in counted(settings) if user == "bi"}
    assert found["kyc_funnel"] == 2
    # Counted again, from the same log, it is the same.
    assert {m: c for _, u, m, c in counted(settings) if u == "bi"} == found


def test_charts_are_counted_by_user_and_the_mart_of_their_dataset(settings):
    home = settings.superset_home
    write_metadata(home)
    write_events(
        home,
        {"user_id": 1, "action": "ChartDataRestApi.data_from_cache", "slice_id": 10},
        {"user_id": 1, "action": "ChartDataRestApi.data", "slice_id": 10},
        {"user_id": 1, "action": "ChartDataRestApi.json_dumps", "slice_id": 10},
        {"user_id": 1, "action": "DashboardRestApi.get", "slice_id": None},
        {"user_id": 1, "action": "ChartRestApi.get", "slice_id": 10},
        {"user_id": 7, "action": "ChartDataRestApi.data", "slice_id": 11},
        {"user_id": None, "action": "ChartDataRestApi.data", "slice_id": 11},
        {"user_id": 1, "action": "ChartDataRestApi.data", "slice_id": 12},
        {"user_id": 1, "action": "ChartDataRestApi.data", "slice_id": 99},
        # Not saved; of another dataset than its chart; of none there is.
        {"user_id": 2, "action": "ChartDataRestApi.data", "slice_id": None, "dataset_id": 1},
        {"user_id": 3, "action": "ChartDataRestApi.data", "slice_id": 10, "dataset_id": 2},
        {"user_id": 3, "action": "ChartDataRestApi.data", "slice_id": None, "dataset_id": 77},
        # Entries nobody can date.
        {"user_id": 1, "action": "ChartDataRestApi.data", "slice_id": 10, "at": None},
        {"user_id": 1, "action": "ChartDataRestApi.data", "slice_id": 10, "at": "yesterday"},
    )
    with (home / "events.jsonl").open("a") as lines:
        lines.write('{"at": "2026-06-30T00:00:00.0')
    expected = [
        ("dashboards", "ada", "dim_users", 2),
        ("dashboards", "nobody logged in", "kpi_monthly", 1),
        ("dashboards", "user 2", "dim_users", 1),
        ("dashboards", "user 3", "dim_users", 1),
        ("dashboards", "user 3", "kpi_monthly", 1),
        ("dashboards", "user 7", "kpi_monthly", 1),
    ]
    assert counted(settings) == expected


def test_queries_of_sql_lab_are_counted_by_the_marts_they_name(settings):
    write_metadata(settings.superset_home)
    queries = [
        (1, "success", "with u as (select * from dim_users) select * from u", None),
        (1, "success", "select 1; select * from published.fct_orders, DIM_USERS as d", None),
        (1, "success", "select * from seen", "select * from run_in_truth"),
        (1, "success", "select * from information_schema.tables", None),
        (None, "success", "selec nothing from", None),
        (1, "failed", "select * from never_answered", None),
    ]
    with closing(sqlite3.connect(settings.superset_home / "superset.db")) as database:
        database.executemany(
            "insert into query (user_id, start_time, status, sql, executed_sql)"
            " values (?, 1782864000000.5, ?, ?, ?)",
            queries,
        )
        database.commit()
    expected = [
        ("sql_lab", "ada", "dim_users", 2),
        ("sql_lab", "ada", "fct_orders", 1),
        ("sql_lab", "ada", "run_in_truth", 1),
        ("sql_lab", "nobody logged in", UNREADABLE_SQL, 1),
    ]
    assert counted(settings) == expected
    assert counted(settings) == expected
    with open_warehouse(settings) as warehouse:
        [(day,)] = warehouse.execute(
            "select distinct access_date from raw_operations.access_log_daily"
        )
    assert day == date(2026, 7, 1)


def test_a_rotated_log_takes_nothing_back(settings):
    home = settings.superset_home
    write_metadata(home)
    event = {"user_id": 1, "action": "ChartDataRestApi.data", "slice_id": 10}
    write_events(home, event, event, event)
    assert counted(settings)[0][-1] == 3
    (home / "events.jsonl").rename(home / "events.jsonl.1")
    write_events(home, event)
    assert counted(settings)[0][-1] == 4
    (home / "events.jsonl.1").unlink()
    assert counted(settings)[0][-1] == 4


def test_metadata_that_cannot_be_read_is_said(settings, capsys):
    settings.superset_home.mkdir(parents=True)
    (settings.superset_home / "superset.db").write_text("no database")
    write_events(settings.superset_home, {"user_id": 1, "action": "x", "slice_id": 1})
    assert counted(settings) == []
    assert "who read dashboards is not counted" in capsys.readouterr().out
