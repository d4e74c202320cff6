"""What raw and source differ in is found, pinned to key ranges, and healed there alone."""

from __future__ import annotations

import itertools
import json
import threading

import psycopg
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from finhouse.errors import ReconciliationError, WarehouseError
from finhouse.extract_load import refuse_differences
from finhouse.extract_load.bookkeeping import Bookkeeping
from finhouse.extract_load.postgres_source import PostgresSource
from finhouse.extract_load.reconcile.tables import TableReconciliation
from finhouse.extract_load.reconciling import altered_at_source
from finhouse.extract_load.tables.context import TableContext
from finhouse.sources import read_source
from tests.support.extract_load import (
    APPEND,
    BY_COLUMN,
    FULL,
    FULL_WITHOUT_KEY,
    INCREMENTAL,
    ORDERS_DDL,
    Shop,
    orders_yaml,
)
from tests.support.reconciling import counts, reconcile, reconcile_all, tamper

WITHOUT_DELETES = INCREMENTAL.replace("    reconcile_deletes: true\n", "")


@pytest.fixture
def shop(oltp_url, settings, warehouse, declare) -> Shop:
    made = Shop(oltp_url, settings, warehouse, declare("shop", orders_yaml(INCREMENTAL)))
    made.sql(ORDERS_DDL)
    return made


def test_equal_tables_are_equal(shop):
    shop.load()
    found = reconcile(shop)
    assert (found.status, found.is_healed, counts(found)) == ("equal", False, (0, 0, 0, 0))
    assert (found.source_rows, found.raw_rows) == (100, 100)
    assert (found.range_count, found.differing_range_count) == (10, 0)
    assert found.source_sums == found.raw_sums == {"id": "5050", "amount": "5100.50"}
    refuse_differences([found])


# (what is done to raw; missing, surplus, doubled, changed; differing ranges; an example key)
TAMPERINGS = {
    "rows deleted": (
        "delete from raw_shop.orders where id in (15, 16, 42)", (3, 0, 0, 0), 2, "15"
    ),
    "one cent": (
        "update raw_shop.orders set amount = amount + 0.01 where id = 15", (0, 0, 0, 1), 1, "15"
    ),
    "two cents that cancel out": (
        "update raw_shop.orders set amount = amount + case id when 15 then 0.01 else -0.01 end"
        " where id in (15, 16)", (0, 0, 0, 2), 1, "15",
    ),
    "a row added": (
        "insert into raw_shop.orders (id, amount) values (0, 1)", (0, 1, 0, 0), 1, "0"
    ),
    "a row without a key added": (
        "insert into raw_shop.orders (id, amount) values (null, 1)", (0, 1, 0, 0), 1, None
    ),
    "a row doubled": (
        "insert into raw_shop.orders select * from raw_shop.orders where id = 15",
        (0, 0, 1, 0), 1, "15",
    ),
    "an older row doubled": (
        "insert into raw_shop.orders (id, amount, status) values (15, 1, 'OLD')",
        (0, 0, 1, 1), 1, "15",
    ),
    "null to empty": (
        "update raw_shop.orders set status = '' where id = 15", (0, 0, 0, 1), 1, "15"
    ),
    "a microsecond": (
        "update raw_shop.orders set updated_at = updated_at + interval '1 microsecond'"
        " where id = 15", (0, 0, 0, 1), 1, "15",
    ),
    "a key changed": (
        "update raw_shop.orders set id = 1000 where id = 15", (1, 1, 0, 0), 2, "15"
    ),
    "everything": (
        "delete from raw_shop.orders where id < 100", (99, 0, 0, 0), 10, "1"
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    "mode",
    [
        INCREMENTAL,
        *(
            pytest.param(mode, marks=pytest.mark.full)
            for mode in (WITHOUT_DELETES, BY_COLUMN, FULL)
        ),
    ],
)
def test_tampering_is_found_and_only_its_ranges_are_reloaded(shop, declare, mode):
    declare("shop", orders_yaml(mode))
    shop.sql("update shop.orders set status = null where id = 15")
    # A column cursor reads its last two days again: let this row be alone in them.
    shop.sql("update shop.orders set updated_at = now() where id = 100")
    shop.load()
    for how in TAMPERINGS:
        is_found_and_healed(shop, how)


def is_found_and_healed(shop: Shop, how: str) -> None:
    statement, expected, ranges, example = TAMPERINGS[how]
    before = dict(shop.raw_rows(columns="id, _batch_id"))
    tamper(shop, statement)
    found = reconcile(shop)
    assert (found.status, counts(found)) == ("differs", expected), how
    assert found.differing_range_count == ranges, how
    examples = found.differences.examples
    assert example in (examples.missing, examples.surplus, examples.doubled, examples.changed), how
    with pytest.raises(ReconciliationError, match=r"shop\.orders"):
        refuse_differences([found])

    healed = reconcile(shop, heal=True)
    assert (healed.status, healed.is_healed, counts(healed)) == ("equal", True, expected), how
    shop.assert_equal()
    touched = {15, 16, 42} if how != "everything" else set(before)
    after = dict(shop.raw_rows(columns="id, _batch_id"))
    assert {key: batch for key, batch in after.items() if key not in touched} == {
        key: batch for key, batch in before.items() if key not in touched
    }, how
    written = {key for key in after if after[key] not in before.values()}
    assert written <= touched, how
    assert all(after[key] == healed.healed_batch_id for key in written), how

    again = reconcile(shop, heal=True)
    assert (again.status, again.is_healed, counts(again)) == ("equal", False, (0, 0, 0, 0)), how
    assert dict(shop.raw_rows(columns="id, _batch_id")) == after, how


def test_rows_that_changed_since_the_last_load_are_no_differences(shop):
    shop.load()
    shop.sql("update shop.orders set amount = 0 where id <= 20")
    shop.sql("insert into shop.orders select i, 1, 'NEW', now() from generate_series(200, 250) i")
    found = reconcile(shop)
    assert (found.status, counts(found)) == ("equal", (0, 0, 0, 0))
    shop.assert_equal()


@pytest.mark.parametrize("mode", [INCREMENTAL, FULL])
def test_hard_deletes_since_the_last_load_are_followed_where_declared(shop, declare, mode):
    declare("shop", orders_yaml(mode))
    shop.load()
    shop.sql("delete from shop.orders where id in (3, 33)")
    found = reconcile(shop)
    assert (found.status, counts(found)) == ("equal", (0, 0, 0, 0))
    assert shop.log("deleted_row_count")[-1] == (2,)
    shop.assert_equal()


def test_hard_deletes_are_found_where_loads_do_not_follow_them(shop, declare):
    declare("shop", orders_yaml(WITHOUT_DELETES))
    shop.load()
    shop.sql("delete from shop.orders where id in (3, 33)")
    shop.load()
    found = reconcile(shop)
    assert (found.status, counts(found)) == ("differs", (0, 2, 0, 0))
    assert found.differences.examples.surplus == "3"
    assert reconcile(shop, heal=True).is_healed
    shop.assert_equal()


def test_an_immutable_table_differs_where_the_source_has_changed_it(shop, declare):
    declare("shop", orders_yaml(APPEND + "    immutable: true\n"))
    shop.load()
    before = shop.raw_rows()
    assert (reconcile(shop).status, altered(shop)) == ("equal", ([], []))
    # Not loaded yet is no difference.
    shop.sql("insert into shop.orders values (101, 1, 'NEW', now())")
    assert altered(shop) == ([], [])
    shop.sql("update shop.orders set amount = 0 where id in (7, 50)")
    shop.sql("delete from shop.orders where id = 20")
    assert altered(shop) == (["20"], ["50", "7"])
    assert shop.raw_rows() == before
    for heal in (False, True):
        found = reconcile(shop, heal=heal)
        assert (found.status, counts(found)) == ("differs", (0, 1, 0, 2))
        assert "immutable: raw keeps what it has" in found.note
        with pytest.raises(ReconciliationError, match=r"1 surplus .* 2 changed"):
            refuse_differences([found])
    # What raw lacks is healed all the same; what was loaded first stays.
    tamper(shop, "delete from raw_shop.orders where id = 10")
    assert counts(reconcile(shop, heal=True)) == (1, 1, 0, 2)
    assert counts(reconcile(shop)) == (0, 1, 0, 2)
    kept = [row for row in shop.raw_rows() if row[0] not in (10, 101)]
    assert kept == [row for row in before if row[0] != 10]


def altered(shop: Shop) -> tuple[list[str], list[str]]:
    return altered_at_source(
        shop.settings,
        "shop",
        "orders",
        oltp_url=shop.oltp_url,
        warehouse=shop.warehouse,
        definitions=shop.definitions,
    )


def test_append_compares_distinct_keys_and_keeps_what_the_source_deleted(shop, declare):
    declare("shop", orders_yaml(APPEND))
    shop.sql("alter table shop.orders drop constraint orders_pkey")
    shop.sql("insert into shop.orders select * from shop.orders where id % 10 = 0")
    shop.load()
    shop.sql("update shop.orders set amount = 0 where id = 50")
    found = reconcile(shop)
    assert (found.status, found.source_rows, found.raw_rows) == ("equal", 100, 100)
    assert found.source_sums == {}
    shop.sql("delete from shop.orders where id = 20")
    tamper(
        shop,
        "delete from raw_shop.orders where id = 10",
        "insert into raw_shop.orders select * from raw_shop.orders where id = 30",
    )
    found = reconcile(shop)
    assert (found.status, counts(found)) == ("differs", (1, 1, 1, 0))
    healed = reconcile(shop, heal=True)
    assert (healed.status, healed.is_healed) == ("equal", True)
    assert "keeps 1 rows" in healed.note
    kept = [key for (key,) in shop.raw_rows(columns="id")]
    assert kept == list(range(1, 101))
    again = reconcile(shop)
    assert (again.status, counts(again)) == ("equal", (0, 1, 0, 0))


def test_tables_without_a_key_and_views_are_compared_whole(shop, declare):
    declare(
        "shop", orders_yaml(FULL_WITHOUT_KEY) + "  - name: seen\n    mode: full\n    key: [id]\n"
    )
    shop.sql("create view shop.seen as select id, amount from shop.orders")
    shop.sql("insert into shop.orders select * from shop.orders where false")
    shop.load_all()
    tamper(
        shop,
        "update raw_shop.orders set amount = 0 where id = 5",
        "delete from raw_shop.seen where id = 5",
    )
    # Their loads compare every row themselves, so there is nothing left to find.
    whole, seen = reconcile_all(shop)
    assert (whole.status, whole.range_count, whole.source_rows) == ("equal", 1, 100)
    assert (seen.status, seen.source_rows, seen.raw_rows) == ("equal", 100, 100)
    shop.assert_equal()


@pytest.mark.parametrize(
    "key_type, values",
    [
        ("uuid", [f"md5('{i}')::uuid" for i in range(60)]),
        ("text", [f"'{c}{i}'" for i in range(20) for c in ("a", "Z", "é")]),
        ("numeric(12,2)", [f"{i} - 30.5" for i in range(60)]),
        ("timestamptz", [f"timestamptz '2026-01-01' + interval '{i} hours'" for i in range(60)]),
        ("date", [f"date '0001-01-01' - {i}" for i in range(60)]),
    ],
)
def test_keys_of_any_type_make_the_same_ranges_on_both_sides(shop, key_type, values):
    shop.sql("drop table shop.orders")
    shop.sql(f"create table shop.orders (id {key_type} primary key, v text)")
    for value in values:
        shop.sql(f"insert into shop.orders values ({value}, 'v')")
    shop.load()
    found = reconcile(shop)
    assert (found.status, found.range_count) == ("equal", 6)
    tamper(
        shop,
        "delete from raw_shop.orders where id = (select min(id) from raw_shop.orders)"
        if key_type != "uuid"
        else "delete from raw_shop.orders where cast(id as text) ="
        " (select min(cast(id as text)) from raw_shop.orders)",
    )
    found = reconcile(shop)
    assert (counts(found), found.differing_range_count) == ((1, 0, 0, 0), 1)
    assert reconcile(shop, heal=True).is_healed
    assert reconcile(shop).status == "equal"
    assert shop.warehouse.count("raw_shop.orders", "v = 'v'") == 60


def test_keys_of_several_columns(shop, declare):
    declare("shop", orders_yaml(INCREMENTAL.replace("[id]", "[id, part]")))
    shop.sql("drop table shop.orders")
    shop.sql(
        "create table shop.orders (id integer, part varchar(9), v numeric(9,2),"
        " primary key (id, part));"
        "insert into shop.orders select i, p, i from generate_series(1, 50) i,"
        " unnest(array['', 'a,1', 'b']) p"
    )
    shop.load()
    found = reconcile(shop)
    assert (found.status, found.range_count, found.source_sums) == (
        "equal", 15, {"id": "3825", "v": "3825.00"}
    )  # fmt: skip
    tamper(shop, "update raw_shop.orders set v = -1 where id = 7 and part = 'a,1'")
    found = reconcile(shop)
    assert (counts(found), found.differing_range_count) == ((0, 0, 0, 1), 1)
    assert found.differences.examples.changed == "7, a,1"
    assert found.differing_sums == ["v"]
    assert reconcile(shop, heal=True).is_healed
    assert shop.raw_rows(columns="id, part, v", order="1, 2") == sorted(
        shop.source_rows(columns="id, part, v")
    )


def test_concurrent_writes_in_the_source_are_no_differences(shop):
    """Rows written after the snapshot, or in a transaction still open at it, change nothing."""
    shop.load()
    with psycopg.connect(shop.oltp_url) as late:
        late.execute("update shop.orders set amount = 7 where id = 7")
        late.execute("insert into shop.orders values (500, 1, 'LATE', now())")
        found = reconcile(shop)
        assert (found.status, found.source_rows) == ("equal", 100)
    found = reconcile(shop)
    assert (found.status, found.source_rows) == ("equal", 101)
    shop.assert_equal()


def test_writes_during_the_reconciliation_are_no_differences(shop):
    """Another session inserts, updates and deletes all the time."""
    shop.sql(
        "insert into shop.orders select i, 1, 'BULK', now() from generate_series(101, 20000) i"
    )
    shop.load()
    stop = threading.Event()

    def write() -> None:
        with psycopg.connect(shop.oltp_url, autocommit=True) as connection:
            for turn in itertools.count():
                if stop.is_set():
                    return
                connection.execute(
                    "update shop.orders set amount = amount + 1 where id %% 50 = %s", (turn % 50,)
                )
                connection.execute("insert into shop.orders select max(id) + 1 from shop.orders")
                connection.execute("delete from shop.orders where id = %s", (turn + 1,))

    writer = threading.Thread(target=write)
    writer.start()
    try:
        found = [reconcile(shop, range_rows=1_000) for _ in range(5)]
    finally:
        stop.set()
        writer.join()
    assert [(f.status, counts(f)) for f in found] == [("equal", (0, 0, 0, 0))] * 5
    assert len({f.source_sums["amount"] for f in found}) == 5, "the writer stood still"
    assert reconcile(shop).status == "equal"
    shop.assert_equal()


def test_a_load_that_came_between_is_refused(shop):
    """Its snapshot may be newer: comparing with, or healing from, the older one would harm."""
    shop.load()
    definition = read_source("shop", shop.definitions)
    books = Bookkeeping(shop.warehouse, "raw_shop")
    seen = books.last_load("shop", "orders")
    with PostgresSource(shop.oltp_url) as source:
        shop.sql("update shop.orders set amount = 0 where id = 1")
        shop.load()
        context = TableContext(
            shop.warehouse, books, definition, "a batch", source, definition.tables[0]
        )
        reconciliation = TableReconciliation(context, last_batch=seen.batch_id, range_rows=10)
        with pytest.raises(WarehouseError, match="another process loaded"):
            reconciliation.run(heal=True)
    shop.assert_equal()


def test_each_run_leaves_one_row_a_table(shop):
    shop.load()
    tamper(shop, "update raw_shop.orders set amount = 0 where id = 5")
    found = reconcile(shop, heal=True)
    [row] = shop.warehouse.execute(
        "select batch_id, table_name, status, is_healed, healed_batch_id, changed_row_count,"
        " changed_key, differing_range_count, differing_sums, source_sums, raw_sums"
        " from raw_operations.source_reconciliation"
    )
    assert row[:9] == (
        found.batch_id, "orders", "equal", True, found.healed_batch_id, 1, "5", 1, "amount",
    )  # fmt: skip
    assert json.loads(row[9])["amount"] == "5100.50"
    assert json.loads(row[10])["amount"] == "5095.45"
    modes = shop.warehouse.execute(
        "select load_mode, updated_row_count from raw_operations.load_log order by loaded_at"
    )
    assert modes == [("incremental", 0), ("incremental", 0), ("heal", 1)]
    reconcile(shop)
    assert shop.warehouse.count("raw_operations.source_reconciliation") == 2, (
        "another batch, another row"
    )


ROWS = st.dictionaries(
    st.integers(-40, 40),
    st.tuples(
        st.one_of(st.none(), st.decimals(-9, 9, places=2)),
        st.one_of(st.none(), st.text(max_size=3).filter(lambda t: "\0" not in t)),
    ),
    max_size=25,
)


def test_any_difference_is_counted_and_healed(oltp_url, settings, warehouse, declare):
    """Two arbitrary tables: the counts are those a person would find; healing makes them one."""
    shop = Shop(oltp_url, settings, warehouse, declare("shop", orders_yaml(BY_COLUMN)))
    shop.sql(
        "create schema shop; create table shop.orders"
        " (id integer primary key, v numeric(5,2), t text, updated_at timestamptz)"
    )
    old = "2020-01-01"

    @hypothesis_settings(
        max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
    )
    @given(ROWS, ROWS)
    def check(theirs, ours):
        shop.sql("truncate shop.orders")
        # The cursor's column stands still, so the catching up reads this one row alone.
        shop.sql("insert into shop.orders values (1000, 0, '', '2025-01-01')")
        shop.load(full_refresh=True)
        with psycopg.connect(shop.oltp_url, autocommit=True) as connection:
            for key, (v, t) in theirs.items():
                connection.execute(
                    "insert into shop.orders values (%s, %s, %s, %s)", (key, v, t, old)
                )
        for key, (v, t) in ours.items():
            shop.warehouse.execute(
                "insert into raw_shop.orders (id, v, t, updated_at)"
                f" values ($1, $2, $3, timestamptz '{old} 00:00:00+00')",
                (key, v, t),
            )
        shared = theirs.keys() & ours.keys()
        expected = (
            len(theirs.keys() - ours.keys()),
            len(ours.keys() - theirs.keys()),
            0,
            sum(theirs[key] != ours[key] for key in shared),
        )
        found = reconcile(shop, heal=True, range_rows=4)
        assert counts(found) == expected
        assert found.status == "equal" and found.is_healed == (sum(expected) > 0)
        assert shop.raw_rows(columns="id, v, t") == shop.source_rows(columns="id, v, t")

    check()
