"""Loading a range of days again: raw equals the source there, and keeps its hands off the rest."""

from __future__ import annotations

from datetime import date

import pytest

from finhouse.errors import ConfigurationError, SchemaDriftError
from finhouse.extract_load import DateWindow
from tests.support.extract_load import (
    APPEND,
    FULL,
    INCREMENTAL,
    ORDERS_DDL,
    Shop,
    orders_yaml,
)

# 100 orders, one an hour from 2026-01-01 01:00 UTC: the 2nd of January has ids 24 to 47.
WINDOWED = INCREMENTAL + "    event_time: updated_at\n"
SECOND_OF_JANUARY = DateWindow(date(2026, 1, 2), date(2026, 1, 2))
ALL_DAYS = DateWindow(date(2026, 1, 1), date(2026, 1, 31))


@pytest.fixture
def shop(oltp_url, settings, warehouse, declare) -> Shop:
    made = Shop(oltp_url, settings, warehouse, declare("shop", orders_yaml(WINDOWED)))
    made.sql(ORDERS_DDL)
    made.load()
    return made


def state(shop: Shop) -> list[tuple]:
    return shop.warehouse.execute("select * from raw_operations.load_state")


def test_rows_of_the_window_are_made_equal_and_others_left_alone(shop):
    before = state(shop)
    for statement in (
        "update raw_shop.orders set amount = 0 where id in (10, 24, 30)",
        "delete from raw_shop.orders where id in (11, 31, 47)",
        "insert into raw_shop.orders (id, updated_at) values"
        " (900, timestamptz '2026-01-02 00:00:00+00'), (901, timestamptz '2026-01-03 00:00:00+00')",
    ):
        shop.warehouse.execute(statement)
    result = shop.load(window=SECOND_OF_JANUARY)
    assert result.load_mode == "window"
    counts = result.counts
    assert (counts.read, counts.inserted, counts.updated, counts.deleted) == (24, 2, 2, 1)
    in_window = "updated_at >= timestamptz '2026-01-02 00:00:00+00'"
    in_window += " and updated_at < timestamptz '2026-01-03 00:00:00+00'"
    assert shop.warehouse.count("raw_shop.orders", in_window) == 24
    batches = dict(shop.raw_rows(columns="id, _batch_id"))
    assert {key for key, batch in batches.items() if batch == result.batch_id} == {24, 30, 31, 47}
    # What is wrong outside stays so.
    assert (10, 0) in [(key, amount) for key, amount in shop.raw_rows(columns="id, amount")]
    assert 11 not in batches and 901 in batches and 900 not in batches
    assert state(shop) == before

    again = shop.load(window=SECOND_OF_JANUARY)
    assert not again.changed
    assert dict(shop.raw_rows(columns="id, _batch_id")) == batches
    assert shop.load(window=ALL_DAYS).counts.read == 100
    shop.load()
    shop.assert_equal()


def test_a_row_that_moved_into_the_window_is_not_doubled(shop):
    shop.sql("update shop.orders set updated_at = '2026-01-02 12:30Z' where id = 90")
    shop.load(window=SECOND_OF_JANUARY)
    shop.assert_equal()


def test_a_row_that_moved_out_of_the_window_is_not_lost(shop):
    shop.sql("update shop.orders set updated_at = '2026-01-20', status = 'MOVED' where id < 30")
    shop.sql("delete from shop.orders where id = 40")
    result = shop.load(window=SECOND_OF_JANUARY)
    assert (result.counts.updated, result.counts.deleted) == (6, 1)
    moved = shop.warehouse.execute(
        "select id from raw_shop.orders where status = 'MOVED' order by 1"
    )
    assert [key for (key,) in moved] == list(range(24, 30))
    shop.load()
    shop.assert_equal()


def test_rows_that_lost_their_date_are_followed(shop):
    shop.sql("update shop.orders set updated_at = null where id = 30")
    shop.sql("update shop.orders set updated_at = 'infinity' where id = 31")
    shop.load(window=SECOND_OF_JANUARY)
    shop.assert_equal()


def test_a_row_doubled_in_raw_becomes_one(shop):
    shop.warehouse.execute(
        "insert into raw_shop.orders select * from raw_shop.orders where id in (30, 31)"
    )
    shop.warehouse.execute(
        "insert into raw_shop.orders (id, amount, updated_at) values"
        " (32, 0, timestamptz '2025-01-01 00:00:00+00')"
    )
    assert shop.load(window=SECOND_OF_JANUARY).counts.deleted == 3
    shop.assert_equal()


def test_days_are_utc_and_both_ends_count(shop):
    shop.sql(
        "insert into shop.orders values (200, 1, 'A', '2026-01-02 01:59:59.999999+02'),"
        " (201, 1, 'B', '2026-01-02 02:00:00+02'), (202, 1, 'C', '2026-01-02 23:59:59.999999Z'),"
        " (203, 1, 'D', '2026-01-03 00:00Z')"
    )
    shop.load(window=SECOND_OF_JANUARY)
    assert [key for (key,) in shop.raw_rows(columns="id") if key >= 200] == [201, 202]


@pytest.mark.parametrize("kind", ["date", "timestamp"])
def test_dates_and_naive_timestamps_count_as_they_are_written(shop, declare, kind):
    shop.sql(f"alter table shop.orders alter column updated_at type {kind}")
    shop.load(full_refresh=True)
    shop.warehouse.execute("update raw_shop.orders set amount = 0")
    result = shop.load(window=SECOND_OF_JANUARY)
    assert result.counts.updated == shop.warehouse.count("raw_shop.orders", "amount > 0") == 24


@pytest.mark.parametrize(
    "key_type, value",
    [
        ("text", "'it''s {a}, \"' || i"),
        ("uuid", "md5(i::text)::uuid"),
        ("numeric(20,3)", "i + 0.125"),
        ("timestamptz", "timestamptz '0001-12-31 23:00Z BC' + i * interval '0.000001 second'"),
        ("date", "date '0001-12-31 BC' - i"),
        ("bytea", "decode('00ff' || to_hex(i + 4096), 'hex')"),
        ("double precision", "i / 3.0"),
        ("integer[]", "array[i, null]"),
    ],
)
def test_rows_with_any_key_are_followed_out_of_the_window(shop, declare, key_type, value):
    declare("shop", orderless(WINDOWED))
    shop.sql(
        f"create table shop.things (id {key_type}, part integer, updated_at timestamptz,"
        " primary key (id, part));"
        f"insert into shop.things select {value}, i % 2, '2026-01-02' from generate_series(1, 9) i"
    )
    shop.load()
    shop.sql("update shop.things set updated_at = '2026-03-01'")
    shop.sql("delete from shop.things where part = 0")
    result = shop.load(window=SECOND_OF_JANUARY)
    assert (result.counts.updated, result.counts.deleted, result.counts.raw) == (5, 4, 5)


def orderless(settings_text: str) -> str:
    return orders_yaml(settings_text).replace("orders", "things").replace("[id]", "[id, part]")


def test_more_rows_than_one_query_asks_for_are_followed(shop):
    shop.sql(
        "insert into shop.orders select i, 1, 'BULK', '2026-01-02'"
        " from generate_series(1000, 25999) i"
    )
    shop.load()
    shop.sql("update shop.orders set updated_at = '2026-05-01' where status = 'BULK'")
    assert shop.load(window=SECOND_OF_JANUARY).counts.updated == 25_000
    shop.assert_equal()


def test_append_adds_new_keys_only(shop, declare):
    declare("shop", orders_yaml(APPEND + "    event_time: updated_at\n"))
    shop.load()
    shop.warehouse.execute("delete from raw_shop.orders where id in (5, 30)")
    shop.sql("update shop.orders set amount = 0 where id in (31, 32)")
    shop.sql("delete from shop.orders where id = 33")
    result = shop.load(window=SECOND_OF_JANUARY)
    assert (result.counts.inserted, result.counts.updated, result.counts.deleted) == (1, 0, 0)
    amounts = dict(shop.raw_rows(columns="id, amount"))
    assert 30 in amounts and 33 in amounts and 5 not in amounts
    assert amounts[31] != 0


def test_a_table_that_was_never_loaded_is_loaded_as_a_whole(shop, declare):
    declare("shop", orders_yaml(WINDOWED).replace("orders", "fresh"))
    shop.sql("create table shop.fresh as select * from shop.orders")
    result = shop.load(window=SECOND_OF_JANUARY)
    assert (result.load_mode, result.counts.inserted) == ("incremental", 100)
    assert "loaded as usual" in result.note


def test_drift_is_noticed(shop):
    shop.sql("alter table shop.orders add column note text default 'n'")
    file = shop.definitions / "shop.yml"
    text = file.read_text()
    file.write_text(text.replace("{3 technical: rest}", "{2 behaviour: [note], 3 technical: rest}"))
    assert "new column note" in shop.load(window=SECOND_OF_JANUARY).note
    assert shop.warehouse.count("raw_shop.orders", "note = 'n'") == 100
    shop.sql("alter table shop.orders drop column status")
    with pytest.raises(SchemaDriftError, match="status"):
        shop.load(window=SECOND_OF_JANUARY)


def test_what_has_no_days_is_refused(shop, declare):
    declare("shop", orders_yaml(INCREMENTAL))
    with pytest.raises(ConfigurationError, match="orders declares no event_time"):
        shop.load(window=SECOND_OF_JANUARY)
    declare("shop", orders_yaml(INCREMENTAL + "    event_time: status\n"))
    with pytest.raises(ConfigurationError, match="status of orders has type text"):
        shop.load(window=SECOND_OF_JANUARY)
    declare("shop", orders_yaml(INCREMENTAL + "    event_time: nowhere\n"))
    with pytest.raises(ConfigurationError, match="nowhere of orders does not exist"):
        shop.load(window=SECOND_OF_JANUARY)
    declare("shop", orders_yaml(FULL))
    with pytest.raises(ConfigurationError, match="mode full"):
        shop.load(window=SECOND_OF_JANUARY, tables=["orders"])
    with pytest.raises(ConfigurationError, match="full refresh"):
        shop.load(window=SECOND_OF_JANUARY, full_refresh=True)
    with pytest.raises(ConfigurationError, match="ends before it begins"):
        DateWindow(date(2026, 1, 2), date(2026, 1, 1))


def test_mode_full_is_loaded_as_usual_with_its_source(shop, declare, capsys):
    declare("shop", orders_yaml(FULL))
    shop.warehouse.execute("delete from raw_shop.orders where id = 99")
    assert shop.load(window=SECOND_OF_JANUARY).load_mode == "full"
    assert "orders: mode full, loaded as usual" in capsys.readouterr().out
    shop.assert_equal()
