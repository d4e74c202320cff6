"""Publication: one atomic swap under readers, and nothing else."""

from __future__ import annotations

import threading

import duckdb
import psycopg
import pytest

from finhouse.oltp import warehouse_url
from finhouse.publish import PUBLISHED_SCHEMA, publish
from finhouse.warehouse import connect
from tests.support.house import House, marts

SWAPS = 8


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


def test_published_file_is_documented_and_holds_marts_only(company: House):
    settings = company.settings()
    with duckdb.connect(str(settings.published_path), read_only=True) as reader:
        schemas = reader.execute(
            "select distinct schema_name from duckdb_tables() where not internal"
        ).fetchall()
        comments = reader.execute(
            "select count(*), count(comment) from duckdb_columns() where not internal"
        ).fetchone()
    assert schemas == [(PUBLISHED_SCHEMA,)]
    assert comments[0] == comments[1] > 300


@pytest.mark.full
def test_fewer_domains_are_published_from_a_warehouse_that_has_all(
    company_copy: House, target: str
):
    house = House(company_copy.home, "merchant_activity")
    house.succeed("--target", target, "dbt", "parse", "--quiet")
    house.succeed("--target", target, "publish")
    left = marts(house, target)
    assert "fct_activities" in left and "dim_users" not in left
    company_copy.succeed("--target", target, "dbt", "parse", "--quiet")
    company_copy.succeed("--target", target, "publish")
    assert "dim_users" in marts(company_copy, target)


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
