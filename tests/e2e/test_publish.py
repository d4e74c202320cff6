"""Publication: one atomic swap under readers, and nothing else."""

from __future__ import annotations

import threading

import duckdb
import psycopg
import pytest

import finhouse.publish
from finhouse.oltp import warehouse_url
from finhouse.publish import PUBLICATION, PUBLISHED_SCHEMA, ensure_reporting_tables, publish
from finhouse.warehouse import Warehouse, connect
from tests.support.house import House, marts

SWAPS = 4


@pytest.mark.full
def test_readers_never_fail_nor_see_half_a_build(company_copy: House, target: str):
    """Two marts of one build agree whenever a reader looks, over many swaps."""
    settings = company_copy.settings(target)
    query = (
        f"select (select sum(total_transactions) from {PUBLISHED_SCHEMA}.daily_metrics), "
        f"(select count(*) from {PUBLISHED_SCHEMA}.fct_transactions)"
    )
    stop = threading.Event()
    seen: list[tuple] = []
    errors: list[Exception] = []

    def read() -> None:
        while not stop.is_set():
            try:
                if target == "duckdb":
                    with duckdb.connect(str(settings.published_path), read_only=True) as reader:
                        seen.append(reader.execute(query).fetchone())
                else:
                    with psycopg.connect(warehouse_url(settings)) as reader:
                        seen.append(reader.execute(query).fetchone())
            except Exception as error:
                errors.append(error)

    reader = threading.Thread(target=read)
    reader.start()
    with connect(settings) as warehouse:
        for _ in range(SWAPS):
            publication = publish(settings, warehouse)
    stop.set()
    reader.join()
    assert errors == []
    assert len(seen) > SWAPS
    assert all(daily == facts for daily, facts in seen)
    assert publication.reported_values == 0


PUBLICATIONS = "select * from raw_operations.publications order by publication_id"
RESTATE = (
    "update marts.kpi_monthly set numerator = numerator + 1 "
    "where kpi_code = 'mau' and month_start = '2026-03-01'"
)


def reported(warehouse: Warehouse) -> list[tuple]:
    """Values reported of the month that RESTATE changes, oldest first, with their causes."""
    return warehouse.execute(
        "select numerator, cause_kind, cause_batches from raw_operations.reported_kpis "
        "where kpi_code = 'mau' and period_grain = 'month' and period_start = '2026-03-01' "
        "order by publication_id"
    )


@pytest.mark.full
def test_a_publication_and_its_record_are_one(
    company_copy: House, target: str, monkeypatch: pytest.MonkeyPatch
):
    """Killed in between, either readers have the old build, or the record is made up for."""
    settings = company_copy.settings(target)
    seen = f"select numerator from {PUBLISHED_SCHEMA}.kpi_monthly where kpi_code = 'mau' order by 1"

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    before = company_copy.published_rows(seen, target)
    with connect(settings) as warehouse:
        ensure_reporting_tables(settings, warehouse)
        [(first, *_)] = reported(warehouse)
        warehouse.execute(RESTATE)
        with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
            patched.setattr(finhouse.publish, "record_file", die)
            patched.setattr(finhouse.publish.schema, "record_publication", die)
            patched.setattr(finhouse.publish, "ensure_reporting_tables", lambda *_: None)
            publish(settings, warehouse)
        assert [row[0] for row in reported(warehouse)] == [first]
    after = company_copy.published_rows(seen, target)
    # What a load does before anything else.
    with connect(settings) as warehouse:
        ensure_reporting_tables(settings, warehouse)
        values = [row[0] for row in reported(warehouse)]
    if settings.is_file:
        assert after != before and values == [first, first + 1]
    else:
        assert after == before and values == [first]


@pytest.mark.full
def test_the_cause_of_a_restatement_is_written_down(company_copy: House, target: str):
    settings = company_copy.settings(target)
    with connect(settings) as warehouse:
        warehouse.execute(RESTATE)
        warehouse.execute(
            "insert into marts.kpi_restatements select 'mau', 'wallet', 'month', '2026-03-01', 1, "
            "1, null, 1, 2, null, 2, 1, now()::timestamp, now()::timestamp, 'late_data', '[\"b2\"]'"
        )
        publish(settings, warehouse)
        causes = [row[1:] for row in reported(warehouse)]
    assert causes == [(None, None), ("late_data", '["b2"]')]


@pytest.mark.full
def test_a_clock_that_was_put_back_reports_nothing_again(company_copy: House, target: str):
    settings = company_copy.settings(target)
    with connect(settings) as warehouse:
        for table in ("publications", "reported_kpis"):
            warehouse.execute(
                f"update raw_operations.{table} set publication_id = '29990101T000000.999999Z'"
            )
        if settings.is_file:
            settings.published_path.unlink()
        assert [publish(settings, warehouse).reported_values for _ in range(2)] == [0, 0]
        warehouse.execute(RESTATE)
        assert [publish(settings, warehouse).reported_values for _ in range(2)] == [1, 0]
        ids = [row[0] for row in warehouse.execute(PUBLICATIONS)]
    assert ids == [
        "29990101T000000.999999Z",
        *(f"29990101T000001.00000{number}Z" for number in range(4)),
    ]


@pytest.mark.full
def test_a_reader_who_does_not_end_holds_up_no_publication(
    company_copy: House, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(finhouse.publish.schema, "READERS_SECONDS", 1)
    settings = company_copy.settings("postgres")
    left = (
        "select count(*) from information_schema.schemata "
        "where schema_name like 'published\\_\\_outgoing%'"
    )
    with connect(settings) as warehouse:
        with psycopg.connect(warehouse_url(settings)) as idle:
            idle.execute(f"select count(*) from {PUBLISHED_SCHEMA}.kpi_scorecard")
            publish(settings, warehouse)
            publish(settings, warehouse)
            assert warehouse.execute(left) == [(1,)]
            assert warehouse.execute("select count(*) from raw_operations.publications")[0][0] >= 3
            assert "is still being read" in capsys.readouterr().out
        publish(settings, warehouse)
        assert warehouse.execute(left) == [(0,)]


@pytest.mark.full
def test_a_published_file_that_is_broken_is_said_and_replaced(
    company_copy: House, capsys: pytest.CaptureFixture[str]
):
    settings = company_copy.settings()
    settings.published_path.write_bytes(b"not a database")
    with connect(settings) as warehouse:
        ensure_reporting_tables(settings, warehouse)
        assert "cannot be read" in capsys.readouterr().out
        publish(settings, warehouse)
    assert marts(company_copy)


def test_published_file_is_documented_and_holds_marts_only(company: House):
    settings = company.settings()
    with duckdb.connect(str(settings.published_path), read_only=True) as reader:
        schemas = reader.execute(
            "select distinct schema_name from duckdb_tables() where not internal"
        ).fetchall()
        comments = reader.execute(
            "select count(*), count(comment) from duckdb_columns() "
            f"where not internal and schema_name = '{PUBLISHED_SCHEMA}'"
        ).fetchone()
    assert set(schemas) == {(PUBLISHED_SCHEMA,), (PUBLICATION.partition(".")[0],)}
    assert comments[0] == comments[1] > 300


@pytest.mark.full
def test_postgres_readers_keep_their_grants(company_copy: House):
    settings = company_copy.settings("postgres")
    with connect(settings) as warehouse:
        warehouse.execute("create role viewer nologin")
        warehouse.execute(f"grant usage on schema {PUBLISHED_SCHEMA} to viewer")
        warehouse.execute(f"grant select on all tables in schema {PUBLISHED_SCHEMA} to viewer")
        publish(settings, warehouse)
        warehouse.execute("set role viewer")
        assert warehouse.execute(f"select count(*) from {PUBLISHED_SCHEMA}.kpi_scorecard")[0][0]
