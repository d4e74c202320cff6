"""Every load mode on both warehouses: what arrives, what is counted, what stays untouched."""

from __future__ import annotations

import psycopg
import pytest

from finhouse.errors import SourceError
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


@pytest.fixture
def shop(oltp_url, settings, warehouse, declare) -> Shop:
    made = Shop(oltp_url, settings, warehouse, declare("shop", orders_yaml(INCREMENTAL)))
    made.sql(ORDERS_DDL)
    return made


def use(shop: Shop, declare, mode: str) -> None:
    shop.definitions = declare("shop", orders_yaml(mode))


@pytest.mark.parametrize("mode", [FULL, FULL_WITHOUT_KEY, INCREMENTAL, BY_COLUMN, APPEND])
def test_first_load_copies_everything_and_the_second_changes_nothing(shop, declare, mode):
    use(shop, declare, mode)
    first = shop.load()
    assert (first.counts.source, first.counts.read, first.counts.inserted) == (100, 100, 100)
    assert first.counts.raw == 100
    shop.assert_equal()
    before = shop.raw_rows()
    second = shop.load()
    assert not second.changed
    # Including _loaded_at and _batch_id.
    assert shop.raw_rows() == before


@pytest.mark.parametrize("mode", [FULL, INCREMENTAL])
def test_inserts_updates_and_hard_deletes_arrive_and_only_they(shop, declare, mode):
    use(shop, declare, mode)
    first = shop.load()
    shop.sql("update shop.orders set status = 'PAID' where id in (3, 4)")
    shop.sql("delete from shop.orders where id <= 2")
    shop.sql("insert into shop.orders values (101, 1, 'NEW', now())")
    second = shop.load()
    counts = second.counts
    assert (counts.inserted, counts.updated, counts.deleted, counts.raw) == (1, 2, 2, 99)
    shop.assert_equal()
    batches = dict(shop.raw_rows(columns="id, _batch_id"))
    assert {id_ for id_, batch in batches.items() if batch == second.batch_id} == {3, 4, 101}
    assert batches[50] == first.batch_id


def test_a_table_without_key_is_replaced_when_it_differs(shop, declare):
    use(shop, declare, FULL_WITHOUT_KEY)
    shop.load()
    shop.sql("alter table shop.orders drop constraint orders_pkey")
    shop.sql("insert into shop.orders select * from shop.orders where id = 7")
    shop.sql("delete from shop.orders where id = 8")
    assert shop.load().changed
    shop.assert_equal()


def test_xmin_sees_rows_whose_updated_at_was_not_touched_and_late_commits(shop):
    late = psycopg.connect(shop.oltp_url)
    late.execute("insert into shop.orders values (500, 5, 'LATE', timestamptz '2020-01-01')")
    shop.sql("insert into shop.orders values (501, 5, 'EARLY', null)")
    shop.load()
    late.commit()
    late.close()
    shop.sql("update shop.orders set status = 'X', updated_at = updated_at where id = 1")
    shop.sql("insert into shop.orders values (502, 5, 'TIE', timestamptz '2026-01-01 01:00+00')")
    second = shop.load()
    assert (second.counts.inserted, second.counts.updated) == (2, 1)
    shop.assert_equal()


def test_a_column_cursor_heals_inside_its_lookback_and_reads_nulls(shop, declare):
    use(shop, declare, BY_COLUMN)
    shop.load()
    # The watermark is 2026-01-05 04:00; one row just inside two days before it, one outside.
    shop.sql("insert into shop.orders values (201, 1, 'INSIDE', '2026-01-03 05:00+00')")
    shop.sql("insert into shop.orders values (202, 1, 'OUTSIDE', '2026-01-01 00:00+00')")
    shop.sql("insert into shop.orders values (203, 1, 'NULL', null)")
    shop.sql("insert into shop.orders values (204, 1, 'TIE', '2026-01-05 04:00+00')")
    shop.sql("insert into shop.orders values (205, 1, 'ENDLESS', 'infinity')")
    shop.sql("insert into shop.orders values (206, 1, 'FUTURE', '2999-01-01')")
    assert shop.load().counts.inserted == 5
    # Neither infinity nor the year 2999 may become the watermark.
    shop.sql("insert into shop.orders values (207, 1, 'NEXT', '2026-01-05 05:00+00')")
    assert shop.load().counts.inserted == 1
    assert not shop.load().changed
    loaded = {row[0] for row in shop.raw_rows(columns="id")}
    assert loaded & set(range(201, 208)) == {201, 203, 204, 205, 206, 207}


def test_a_column_cursor_with_reconciliation_heals_what_it_missed(shop, declare):
    use(shop, declare, BY_COLUMN + "    reconcile_deletes: true\n")
    shop.load()
    shop.sql("insert into shop.orders values (202, 1, 'OUTSIDE', '2020-01-01')")
    shop.sql("delete from shop.orders where id = 1")
    healed = shop.load()
    assert "missing in raw" in healed.note
    shop.assert_equal()


def test_an_integer_cursor_takes_a_number_as_lookback(shop, declare):
    use(shop, declare, "    mode: append\n    key: [id]\n    cursor: id\n    lookback: '5'\n")
    shop.load()
    shop.sql("insert into shop.orders values (101, 1, 'A', null)")
    counts = shop.load().counts
    assert (counts.read, counts.inserted, counts.duplicates) == (7, 1, 6)


def test_append_drops_repeats_and_never_changes_or_deletes(shop, declare):
    use(shop, declare, APPEND)
    shop.sql("alter table shop.orders drop constraint orders_pkey")
    shop.sql("insert into shop.orders select * from shop.orders where id <= 10")
    first = shop.load().counts
    assert (first.read, first.inserted, first.duplicates, first.raw) == (110, 100, 10, 100)
    before = shop.raw_rows()
    shop.sql("insert into shop.orders select id, 99, 'AGAIN' from shop.orders where id = 20")
    shop.sql("insert into shop.orders values (101, 1, 'A', null), (101, 1, 'A', null)")
    shop.sql("delete from shop.orders where id = 30")
    second = shop.load().counts
    assert (second.inserted, second.duplicates, second.raw) == (1, 2, 101)
    assert shop.raw_rows()[:100] == before


def test_a_repeated_key_is_an_error_that_names_it(shop):
    shop.load()
    before = shop.raw_rows()
    shop.sql("alter table shop.orders drop constraint orders_pkey")
    shop.sql("insert into shop.orders values (7777, 1, 'A', null), (7777, 2, 'B', null)")
    with pytest.raises(SourceError, match=r"key \(id\) = \(7777\) occurs 2 times"):
        shop.load()
    assert shop.raw_rows() == before
    assert [row[0] for row in shop.log("status")] == ["succeeded", "failed"]


@pytest.mark.parametrize("mode", [FULL, INCREMENTAL, APPEND])
def test_a_null_key_is_an_error(shop, declare, mode):
    use(shop, declare, mode)
    shop.sql("alter table shop.orders drop constraint orders_pkey")
    shop.sql("alter table shop.orders alter id drop not null")
    shop.sql("insert into shop.orders values (null, 1, 'A', null)")
    with pytest.raises(SourceError, match="is NULL in 1 row"):
        shop.load()


def test_raw_that_lost_rows_is_found_and_healed(shop):
    shop.load()
    shop.warehouse.execute("delete from raw_shop.orders where id = 42")
    healed = shop.load()
    assert "1 row of the source were missing in raw" in healed.note
    shop.assert_equal()


def test_another_source_server_forces_a_full_read(shop):
    shop.load()
    shop.warehouse.execute("update raw_operations.load_state set source_identity = 'elsewhere'")
    shop.sql("update shop.orders set status = 'X' where id = 1")
    again = shop.load()
    assert "another server" in again.note
    assert again.counts.read == 100
    shop.assert_equal()


@pytest.mark.parametrize("stored", [str(2**62), "3"])
def test_a_transaction_counter_that_cannot_be_compared_forces_a_full_read(shop, stored):
    shop.load()
    if stored == "3":
        # Far more than two billion transactions ago, seen from a server of the next epochs.
        stored = str(-(2**31))
    shop.warehouse.execute("update raw_operations.load_state set cursor_value = $1", (stored,))
    assert "read in full" in shop.load().note
    shop.assert_equal()


def test_xmin_reads_across_the_32_bit_boundary():
    """The condition's arithmetic, against a transcription of PostgreSQL's circular comparison."""
    from finhouse.extract_load.state import TableState
    from finhouse.extract_load.tables.cursors import RowVersionCursor

    cursor = RowVersionCursor.__new__(RowVersionCursor)
    for since, xmin, newer in [
        (100, 100, True),
        (100, 99, False),
        (2**32 + 5, 4, False),
        (2**32 + 5, 5, True),
        (2**32 - 10, 3, True),
        (2**33 - 10, 2**32 - 11, False),
    ]:
        sql = cursor.condition(TableState("xmin", str(since), "", ()))
        expression = sql.replace("xmin::text::bigint", str(xmin))
        assert eval(expression) is newer, (since, xmin)


def test_changing_the_cursor_in_the_source_file_reads_in_full(shop, declare):
    shop.load()
    use(shop, declare, BY_COLUMN)
    assert "the cursor changed" in shop.load().note
    shop.assert_equal()


def test_full_refresh_makes_raw_anew(shop):
    first = shop.load()
    again = shop.load(full_refresh=True)
    assert again.counts.inserted == 100
    assert {row[0] for row in shop.raw_rows(columns="_batch_id")} == {again.batch_id}
    assert again.batch_id != first.batch_id


def test_views_on_raw_survive_every_ordinary_load(shop, declare):
    shop.load()
    shop.warehouse.execute("create view staging as select id, status from raw_shop.orders")
    shop.sql("update shop.orders set status = 'X'")
    shop.load()
    shop.sql("alter table shop.orders add column note text default 'n'")
    classes = "    classes: {2 behaviour: [note], 3 technical: rest}\n"
    use(shop, declare, INCREMENTAL + classes)
    shop.load()
    use(shop, declare, FULL + classes)
    shop.sql("update shop.orders set status = 'Y'")
    shop.load()
    assert shop.warehouse.execute("select distinct status from staging") == [("Y",)]


def test_the_log_has_one_row_per_load_with_its_counts(shop):
    shop.load()
    shop.sql("update shop.orders set status = 'X' where id = 5")
    result = shop.load()
    rows = shop.log(
        "batch_id, source_name, table_name, load_mode, file_name, status, source_row_count,"
        " read_row_count, inserted_row_count, updated_row_count, deleted_row_count,"
        " duplicate_row_count, raw_row_count, error_message"
    )
    assert rows[1] == (
        result.batch_id, "shop", "orders", "incremental", None, "succeeded",
        100, 1, 0, 1, 0, 0, 100, None,
    )  # fmt: skip
    started, loaded = shop.log("started_at, loaded_at")[1]
    assert started <= loaded
    assert started.tzinfo is None


def test_all_tables_of_one_call_are_read_from_one_snapshot(shop, declare, monkeypatch):
    """A row moved between two tables while they are loaded is in exactly one of them."""
    text = orders_yaml(FULL) + "  - name: archive\n" + FULL
    shop.definitions = declare("shop", text)
    shop.sql("create table shop.archive (like shop.orders including all)")
    from finhouse.extract_load.tables.loading import TableLoad

    run = TableLoad.run

    def move_a_row_then_run(self, *, full_refresh):
        if self._table.name == "archive":
            shop.sql(
                "with moved as (delete from shop.orders where id = 1 returning *)"
                " insert into shop.archive select * from moved"
            )
        return run(self, full_refresh=full_refresh)

    monkeypatch.setattr(TableLoad, "run", move_a_row_then_run)
    shop.load_all()
    held = [shop.warehouse.count(f"raw_shop.{t}", "id = 1") for t in ("orders", "archive")]
    assert held == [1, 0]
