"""A load of few changes reads few rows: counted by the servers themselves, not by a clock."""

from __future__ import annotations

import time
from dataclasses import dataclass

import psycopg
import pytest

from finhouse.extract_load import LoadResult, load_source
from finhouse.extract_load.capture.setup import enable_capture
from finhouse.settings import PROJECT_ROOT
from finhouse.sources.definitions import SOURCES_FOLDER
from tests.support.extract_load import BY_SLOT, INCREMENTAL, ORDERS_DDL, Shop, orders_yaml

ROWS = 200_000
SECONDS = 30.0


@dataclass(frozen=True)
class RowsRead:
    """What was read of a table: whole scans, rows in them, rows found through an index."""

    scans: int
    by_scan: int
    by_index: int


def rows_read(url: str, table: str) -> RowsRead:
    """The server's count so far; sessions report theirs when they end."""
    with psycopg.connect(url, autocommit=True) as connection:
        others = (
            "select count(*) from pg_stat_activity where datname = current_database()"
            " and pid <> pg_backend_pid() and backend_type <> 'autovacuum worker'"
        )
        deadline = time.monotonic() + SECONDS
        while connection.execute(others).fetchone()[0]:
            assert time.monotonic() < deadline, "another session stays open"
            time.sleep(0.02)
        found = connection.execute(
            "select seq_scan, seq_tup_read, coalesce(idx_tup_fetch, 0)"
            " from pg_stat_user_tables where relid = to_regclass(%s)",
            (table,),
        ).fetchone()
    return RowsRead(*found)


def difference(before: RowsRead, after: RowsRead) -> RowsRead:
    return RowsRead(
        after.scans - before.scans,
        after.by_scan - before.by_scan,
        after.by_index - before.by_index,
    )


def big_shop(oltp_url, settings, warehouse, folder) -> Shop:
    shop = Shop(oltp_url, settings, warehouse, folder)
    shop.sql(ORDERS_DDL)
    shop.sql(f"insert into shop.orders select i, 1, 'NEW' from generate_series(101, {ROWS}) i")
    shop.sql("alter table shop.orders set (autovacuum_enabled = false)")
    shop.sql("vacuum analyze shop.orders")
    return shop


def test_a_thousand_changes_cost_a_thousand_rows(oltp_url, settings, warehouse, declare):
    shop = big_shop(oltp_url, settings, warehouse, declare("shop", orders_yaml(BY_SLOT)))
    enable_capture(oltp_url, "shop", "orders", warehouse.identity, shop.definitions)
    shop.load()
    shop.sql("update shop.orders set status = 'PAID' where id between 1001 and 1800")
    shop.sql("delete from shop.orders where id between 5001 and 5100")
    shop.sql(
        f"insert into shop.orders select i, 1, 'NEW' from"
        f" generate_series({ROWS} + 1, {ROWS} + 100) i"
    )
    before = rows_read(oltp_url, "shop.orders")
    counts = shop.load().counts
    cost = difference(before, rows_read(oltp_url, "shop.orders"))
    assert (counts.inserted, counts.updated, counts.deleted) == (100, 800, 100)
    assert (cost.scans, cost.by_scan) == (0, 0)
    assert cost.by_index <= 1_000
    shop.assert_equal()
    # The same by xmin, so that what is counted here is known to count.
    (shop.definitions / "shop.yml").write_text(orders_yaml(INCREMENTAL))
    shop.load()
    before = rows_read(oltp_url, "shop.orders")
    shop.load()
    assert difference(before, rows_read(oltp_url, "shop.orders")).by_scan >= ROWS


@pytest.fixture
def wallet(oltp_url, declare):
    """The wallet's own schema with many events, its own source file, and slots for two tables."""
    declared = (SOURCES_FOLDER / "wallet.yml").read_text()
    for table in ("transaction_events", "transactions"):
        head, found, rest = declared.partition(f"- name: {table}\n")
        assert found
        declared = head + found + rest.replace("cursor: xmin", "cursor: replication_slot", 1)
    folder = declare("wallet", declared)
    ddl = (PROJECT_ROOT / "finhouse" / "oltp" / "schemas" / "wallet.sql").read_text()
    with psycopg.connect(oltp_url, autocommit=True) as connection:
        connection.execute(ddl)
        connection.execute(new_events(1, ROWS))
        connection.execute("vacuum analyze wallet.transaction_events")
    return folder


def new_events(first: int, last: int) -> str:
    return f"""
        insert into wallet.transaction_events (
            event_id, transaction_id, user_id, event_type, "timestamp", amount, currency
        )
        select md5(i::text)::uuid, md5((i / 4)::text)::uuid, md5((i % 1000)::text)::uuid,
            'submitted', now(), 1, 'ZAR'
        from generate_series({first}, {last}) i
    """


def test_a_micro_batch_of_wallet_events_costs_only_the_new_rows(
    oltp_url, settings, warehouse, wallet
):
    events, raw = "wallet.transaction_events", "raw_wallet.transaction_events"
    on_postgres = settings.target == "postgres"

    def micro_batch() -> tuple[LoadResult, RowsRead]:
        before = rows_read(oltp_url, events)
        [result] = load_source(
            settings,
            "wallet",
            oltp_url=oltp_url,
            warehouse=warehouse,
            tables=["transaction_events"],
            definitions=wallet,
        )
        return result, difference(before, rows_read(oltp_url, events))

    def change(sql: str) -> None:
        with psycopg.connect(oltp_url, autocommit=True) as connection:
            connection.execute(sql)

    enable_capture(oltp_url, "wallet", "transaction_events", warehouse.identity, wallet)
    first, _ = micro_batch()
    assert first.counts.inserted == ROWS
    if on_postgres:
        warehouse.execute(f"alter table {raw} set (autovacuum_enabled = false)")
        warehouse.execute(f"analyze {raw}")

    idle, cost = micro_batch()
    assert idle.counts.read == 0
    assert cost == RowsRead(0, 0, 0)

    # 100 new events, ten old ones delivered again, one new one delivered twice.
    change(new_events(ROWS + 1, ROWS + 100))
    change(new_events(1, 10))
    change(new_events(ROWS + 100, ROWS + 100))
    if on_postgres:
        warehouse.execute("select pg_stat_force_next_flush()")
        raw_before = own_rows_read(warehouse, raw)
    busy, cost = micro_batch()
    counts = busy.counts
    assert (counts.inserted, counts.duplicates) == (100, 21)
    assert (cost.scans, cost.by_scan) == (0, 0)
    # Each key finds all rows that bear it: those delivered again are found twice.
    assert cost.by_index == 100 + 1 + 2 * 10
    if on_postgres:
        warehouse.execute("select pg_stat_force_next_flush()")
        raw_cost = difference(raw_before, own_rows_read(warehouse, raw))
        assert (raw_cost.scans, raw_cost.by_scan) == (0, 0)
        assert raw_cost.by_index <= counts.read
    assert warehouse.execute(f"select count(*), count(distinct event_id) from {raw}") == [
        (ROWS + 100, ROWS + 100)
    ]
    # Neither side is counted: that alone would read both tables whole.
    assert warehouse.execute(
        "select source_row_count, raw_row_count, inserted_row_count from raw_operations.load_log"
        " order by started_at desc limit 1"
    ) == [(None, None, 100)]


def own_rows_read(warehouse, table: str) -> RowsRead:
    [row] = warehouse.execute(
        "select seq_scan, seq_tup_read, coalesce(idx_tup_fetch, 0) from pg_stat_user_tables"
        " where relid = to_regclass($1)",
        (table,),
    )
    return RowsRead(*row)


def test_a_micro_batch_by_an_indexed_column_reads_the_lookback_only(
    oltp_url, settings, warehouse, declare
):
    by_column = "    mode: append\n    key: [id]\n    cursor: id\n    lookback: '50'\n"
    shop = big_shop(oltp_url, settings, warehouse, declare("shop", orders_yaml(by_column)))
    shop.load()
    shop.sql(f"insert into shop.orders values ({ROWS + 1}), ({ROWS + 2})")
    before = rows_read(oltp_url, "shop.orders")
    counts = shop.load().counts
    cost = difference(before, rows_read(oltp_url, "shop.orders"))
    assert (counts.inserted, counts.duplicates, counts.source) == (2, 51, None)
    assert (cost.scans, cost.by_scan) == (0, 0)
    # Planning a range looks up its ends in the index as well.
    assert 53 <= cost.by_index <= 60
