"""What changes how rows read without writing one: found, told and read again; and what does not."""

from __future__ import annotations

import psycopg
import pytest

from finhouse.extract_load.capture.setup import disable_capture, enable_capture
from tests.support.extract_load import APPEND, BY_SLOT, INCREMENTAL, Shop, orders_yaml

ORDERS = """
    create schema shop;
    create type shop.mood as enum ('sad', 'ok', 'happy');
    create domain shop.temper as shop.mood;
    create type shop.pair as (left_mood shop.mood, n int);
    create table shop.orders (
        id bigint primary key, mood shop.mood, moods shop.mood[], temper shop.temper,
        pair shop.pair, a int, b int
    );
    insert into shop.orders
    select i, 'ok', array['sad', 'ok']::shop.mood[], 'happy', ('ok', i)::shop.pair, i, -i
    from generate_series(1, 20) i
"""
PARTITIONED = """
    create schema shop;
    create table shop.orders (id bigint primary key, v text) partition by range (id);
    create table shop.first partition of shop.orders for values from (0) to (100);
    create table shop.second (id bigint primary key, v text);
    insert into shop.orders select i, 'first' from generate_series(1, 10) i;
    insert into shop.second select i, 'second' from generate_series(101, 110) i
"""
INHERITED = """
    create schema shop;
    create table shop.orders (id bigint primary key, v text);
    create table shop.second (id bigint primary key, v text);
    insert into shop.orders select i, 'first' from generate_series(1, 10) i;
    insert into shop.second select i, 'second' from generate_series(101, 110) i
"""
SECOND_RANGE = "for values from (100) to (200)"
# Name -> the table, what is done to it, what is said.
CASES = {
    "a label renamed": (
        ORDERS,
        "alter type shop.mood rename value 'ok' to 'fine'",
        "label 'ok' of an enum is 'fine' now",
    ),
    "labels swapped": (
        ORDERS,
        "alter type shop.mood rename value 'ok' to 'x'; alter type shop.mood rename value 'sad'"
        " to 'ok'; alter type shop.mood rename value 'x' to 'sad'",
        "of an enum is",
    ),
    "a column dropped and added again with a default": (
        ORDERS,
        "alter table shop.orders drop column a; alter table shop.orders add column a int default 7",
        "column a was dropped and added again",
    ),
    "two columns that change their names": (
        ORDERS,
        "alter table shop.orders rename a to c; alter table shop.orders rename b to a;"
        " alter table shop.orders rename c to b",
        "was dropped and added again",
    ),
    "another table of that name": (
        INHERITED,
        "alter table shop.orders rename to third; alter table shop.second rename to orders",
        "another table has its name now",
    ),
    "a partition attached": (
        PARTITIONED,
        f"alter table shop.orders attach partition shop.second {SECOND_RANGE}",
        "attached",
    ),
    "a child attached": (
        INHERITED,
        "alter table shop.second inherit shop.orders",
        "attached",
    ),
    "one partition attached, another taken away, as many rows in both": (
        PARTITIONED,
        "alter table shop.orders detach partition shop.first;"
        f" alter table shop.orders attach partition shop.second {SECOND_RANGE}",
        "attached",
    ),
}
HARMLESS = {
    "another label": (ORDERS, "alter type shop.mood add value 'angry'"),
    "another default": (ORDERS, "alter table shop.orders alter column a set default 9"),
    "an index and a comment": (
        ORDERS,
        "create index on shop.orders (a); comment on table shop.orders is 'x'",
    ),
    "a partition taken away": (PARTITIONED, "alter table shop.orders detach partition shop.first"),
    "statistics": (ORDERS, "analyze shop.orders"),
}


@pytest.fixture
def shop(oltp_url, settings, warehouse, declare) -> Shop:
    return Shop(oltp_url, settings, warehouse, declare("shop", orders_yaml(INCREMENTAL)))


def assert_equal(shop: Shop) -> None:
    """All columns, as text: enums, arrays and composites are that in raw."""
    with psycopg.connect(shop.oltp_url) as connection:
        cursor = connection.execute("select * from shop.orders limit 0")
        names = [column.name for column in cursor.description]
        listed = ", ".join(f"cast({name} as text)" for name in names)
        theirs = connection.execute(f"select {listed} from shop.orders").fetchall()
    ours = shop.warehouse.execute(f"select {listed} from raw_shop.orders")
    assert sorted(ours, key=str) == sorted(theirs, key=str)


@pytest.mark.parametrize("case", CASES)
def test_rows_that_read_otherwise_are_read_again(shop: Shop, capsys, case: str):
    table, change, said = CASES[case]
    shop.sql(table)
    shop.load()
    shop.sql(change)
    capsys.readouterr()
    shop.load()
    assert_equal(shop)
    assert said in " ".join(capsys.readouterr().out.split())
    shop.load()
    assert "read in full" not in capsys.readouterr().out, "told, and done, once"


@pytest.mark.parametrize("case", HARMLESS)
def test_what_changes_no_row_reads_no_row(shop: Shop, capsys, case: str):
    table, change = HARMLESS[case]
    shop.sql(table)
    shop.load()
    shop.sql(change)
    capsys.readouterr()
    shop.load()
    assert_equal(shop)
    assert "read in full" not in capsys.readouterr().out


def test_a_virtual_column_with_another_expression_is_read_again(shop: Shop):
    with psycopg.connect(shop.oltp_url) as connection:
        if connection.info.server_version < 180000:
            pytest.skip("virtual columns came with PostgreSQL 18")
    shop.sql(
        "create schema shop; create table shop.orders"
        " (id bigint primary key, v int generated always as (id * 2) virtual);"
        " insert into shop.orders values (1), (2)"
    )
    shop.load()
    shop.sql("alter table shop.orders alter column v set expression as (id * 3)")
    shop.load()
    assert shop.raw_rows(columns="id, v") == [(1, 3), (2, 6)]


def test_append_says_that_old_rows_stay(shop: Shop, capsys):
    (shop.definitions / "shop.yml").write_text(orders_yaml(APPEND), encoding="utf-8")
    shop.sql(ORDERS)
    shop.load()
    shop.sql("alter type shop.mood rename value 'ok' to 'fine'")
    capsys.readouterr()
    shop.load()
    said = " ".join(capsys.readouterr().out.split())
    assert "rows that are in raw stay as they are; --full-refresh reads them again" in said
    shop.load(full_refresh=True)
    assert_equal(shop)


def test_a_slot_reads_them_again_too(shop: Shop):
    (shop.definitions / "shop.yml").write_text(orders_yaml(BY_SLOT), encoding="utf-8")
    shop.sql(ORDERS)
    identity = shop.warehouse.identity
    enable_capture(shop.oltp_url, "shop", "orders", identity, shop.definitions)
    shop.load()
    shop.sql("alter type shop.mood rename value 'ok' to 'fine'")
    shop.load()
    assert_equal(shop)
    disable_capture(shop.oltp_url, "shop", "orders", identity, shop.definitions)


def test_a_state_of_an_older_version_is_taken_over(shop: Shop, capsys):
    shop.sql(ORDERS)
    shop.load()
    shop.warehouse.execute("alter table raw_operations.load_state drop column shape")
    capsys.readouterr()
    shop.load()
    assert "read in full" not in capsys.readouterr().out
    shop.sql("alter type shop.mood rename value 'ok' to 'fine'")
    shop.load()
    assert_equal(shop)
