"""What parity calls a difference between two engines, and what is of each one's own run."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from finhouse.parity import compare_mart
from finhouse.publish import PUBLISHED_SCHEMA
from finhouse.warehouse import Warehouse
from finhouse.warehouse.duckdb_file import DuckdbWarehouse

Publish = Callable[[str, str], Warehouse]


@pytest.fixture
def publish(tmp_path: Path):
    """Publishes a mart of one row in a warehouse of its own."""
    with ExitStack() as opened:

        def made(mart: str, row: str) -> Warehouse:
            path = tmp_path / f"{len(list(tmp_path.iterdir()))}.duckdb"
            warehouse = opened.enter_context(DuckdbWarehouse(path, "256MB"))
            warehouse.connection.execute(f"create schema {PUBLISHED_SCHEMA}")
            warehouse.connection.execute(f"create table {PUBLISHED_SCHEMA}.{mart} as select {row}")
            return warehouse

        yield made


# Midnight, and the end of a month, may come between the builds of two engines.
def test_the_day_a_source_of_files_was_looked_at_is_no_difference(publish: Publish):
    row = "date '{}' as as_of_date, date '{}' as first_kept_date, 3000 as row_count"
    before = publish("retention_report", row.format("2026-11-30", "2021-11-01"))
    after = publish("retention_report", row.format("2026-12-01", "2021-12-01"))
    compared = compare_mart("retention_report", before, after)
    assert (compared.rows, compared.columns, compared.differences) == (1, ("row_count",), 0)


def test_what_is_counted_is_a_difference(publish: Publish):
    row = "date '2026-11-30' as as_of_date, date '2021-11-01' as first_kept_date, {} as row_count"
    one, other = (publish("retention_report", row.format(count)) for count in (3000, 2999))
    compared = compare_mart("retention_report", one, other)
    assert (compared.missing, compared.surplus) == (((3000,),), ((2999,),))


def test_a_day_of_another_mart_is_a_difference(publish: Publish):
    one, other = (
        publish("kpi_daily", f"date '{day}' as as_of_date") for day in ("2026-11-30", "2026-12-01")
    )
    assert compare_mart("kpi_daily", one, other).differences == 1
