"""Rows past their retention go, holds stay, and nothing brings back what went."""

from __future__ import annotations

from datetime import date

import pytest

from finhouse.errors import ConfigurationError, WarehouseError
from finhouse.extract_load import DateWindow
from finhouse.extract_load.capture.setup import enable_capture
from finhouse.extract_load.horizon import Horizon
from finhouse.extract_load.tables.loading import TableLoad
from finhouse.warehouse import open_warehouse
from tests.support.retention import FIRST_DAY, MODES, POLICIES, by_table

TOKENS = (
    "select count(*) from raw_shop.orders where cast(customer_id as text) like '00000000-0000-8%'"
)
SUMS = "select count(*), sum(amount), count(distinct customer_id) from raw_shop.orders"


def test_what_is_due_goes_but_what_is_on_hold(shop):
    sums = shop.rows(SUMS)
    assert by_table(shop.purge().apply()) == {
        # Three months of three customers, three more of the second.
        "orders": (12, 3, 9),
        "clicks": (12, 3, 9),
        # The first is named by nothing any more; the second lives on, the third is on hold.
        "customers": (1, 0, 1),
    }
    assert shop.rows(TOKENS) == [(9,)]
    # Sums do not move; the second customer counts once before the horizon and once after it.
    [(rows, amount, customers)] = shop.rows(SUMS)
    assert (rows, amount, customers) == (sums[0][0], sums[0][1], sums[0][2] + 1)
    assert shop.rows(
        "select count(*), min(clicked_on) from raw_shop.clicks"
        " where cast(customer_id as text) not like '%3'"
    ) == [(12, date(2025, 7, 15))]
    [gone] = shop.rows(
        "select cast(id as text), born, nickname from raw_shop.customers"
        " where cast(id as text) like '00000000-0000-8%'"
    )
    # What may not be null is a token, too; the customer's orders bear the same one.
    assert gone[1] is None
    assert gone[2].startswith("00000000-0000-8")
    assert shop.rows(
        f"select count(*) from raw_shop.orders where cast(customer_id as text) = '{gone[0]}'"
    ) == [(3,)]


def test_a_rehearsal_says_the_same_and_changes_nothing(shop):
    before, books = shop.raw(), shop.rows("select count(*) from raw_operations.load_log")
    rehearsed = shop.purge().rehearse()
    assert shop.raw() == before
    assert shop.rows("select count(*) from raw_operations.load_log") == books
    assert shop.rows("select count(*) from raw_operations.retention_purges") == [(0,)]
    assert shop.purge().apply() == rehearsed


def test_the_record_is_whole_and_each_refusal_is_logged(shop):
    shop.purge().apply()
    assert shop.rows(
        "select table_name, action, keep_months, legal_basis, as_of_date, first_day,"
        " due_row_count, held_row_count, purged_row_count, completed_at is not null"
        " from raw_operations.retention_purges order by 1"
    ) == [
        ("clicks", "delete", 12, "Test", date(2026, 7, 1), FIRST_DAY, 12, 3, 9, True),
        ("customers", "anonymise", 12, "Test", date(2026, 7, 1), FIRST_DAY, 1, 0, 1, True),
        ("orders", "anonymise", 12, "Test", date(2026, 7, 1), FIRST_DAY, 12, 3, 9, True),
    ]
    [(hold,)] = shop.rows("select cast(id as text) from raw_shop.holds where released_at is null")
    assert shop.rows(
        "select table_name, hold_id, subject_type, row_count"
        " from raw_operations.retention_refusals order by 1"
    ) == [("clicks", hold, "customer", 3), ("orders", hold, "customer", 3)]


def test_purging_again_finds_nothing_but_what_is_on_hold(shop):
    shop.purge().apply()
    before = shop.raw()
    assert by_table(shop.purge().apply()) == {
        "orders": (3, 3, 0),
        "clicks": (3, 3, 0),
        "customers": (0, 0, 0),
    }
    assert shop.raw() == before


def test_a_hold_placed_since_the_last_load_counts_and_a_released_one_does_not(shop):
    shop.sql(
        "update shop.holds set released_at = now();"
        "insert into shop.holds values"
        " (gen_random_uuid(), 'ORDER', '12', now(), null)"
    )
    found = by_table(shop.purge().apply())
    # The order's click is held with it.
    assert (found["orders"], found["clicks"]) == ((12, 1, 11), (12, 1, 11))


def test_a_hold_on_something_unknown_stops_everything(shop):
    shop.sql("insert into shop.holds values (gen_random_uuid(), 'parcel', '1', now(), null)")
    before = shop.raw()
    with pytest.raises(WarehouseError, match="on a 'parcel', a kind of subject that no table"):
        shop.purge().apply()
    assert shop.raw() == before


def test_a_day_to_come_is_refused_but_may_be_rehearsed(shop):
    with pytest.raises(ConfigurationError, match=r"2099-01-01 is after .* shop has lived"):
        shop.purge(date(2099, 1, 1)).apply()
    assert by_table(shop.purge(date(2099, 1, 1)).rehearse())["orders"] == (24, 3, 21)


@pytest.mark.parametrize(
    "mode",
    [
        mode if mode == "incremental" else pytest.param(mode, marks=pytest.mark.full)
        for mode in MODES
    ],
)
def test_nothing_brings_back_what_went(make_shop, mode):
    shop = make_shop(mode)
    if mode == "by slot":
        with open_warehouse(shop.settings) as warehouse:
            identity = warehouse.identity
        enable_capture(shop.oltp_url, "shop", "orders", identity, shop.definitions)
    shop.load()
    shop.purge().apply()
    after = shop.raw()

    def unchanged() -> None:
        assert shop.raw() == after

    shop.load()
    unchanged()
    assert {found.status for found in shop.reconcile(heal=True)} == {"equal"}
    unchanged()
    # Written anew in the source, which no cursor overlooks.
    shop.sql("update shop.orders set status = 'LATE' where ordered_at < '2025-07-01'")
    shop.load()
    unchanged()
    # Deleted there: what is on hold stays in raw.
    shop.sql("delete from shop.orders where ordered_at < '2025-02-01'")
    assert all(result.counts.deleted == 0 for result in shop.load())
    unchanged()
    assert {found.status for found in shop.reconcile(heal=True)} == {"equal"}
    unchanged()
    shop.load(full_refresh=True)
    unchanged()
    shop.load(tables=["clicks"], window=DateWindow(date(2025, 1, 1), date(2026, 7, 1)))
    unchanged()
    # And what is within reach is followed as ever.
    shop.sql(
        "insert into shop.orders values (901, '00000000-0000-4000-9000-000000000002', 5, 'NEW',"
        " '2026-06-20')"
    )
    shop.load()
    assert len(shop.raw()["orders"]) == len(after["orders"]) + 1
    assert {found.status for found in shop.reconcile()} == {"equal"}


@pytest.mark.parametrize("mode", ["incremental", "full"])
def test_differences_within_reach_are_found_and_healed(make_shop, mode):
    shop = make_shop(mode)
    shop.load()
    shop.purge().apply()
    after = shop.raw()
    shop.execute(
        "delete from raw_shop.orders where id = 152",
        "update raw_shop.orders set amount = 0 where id = 142",
    )
    [found] = [f for f in shop.reconcile(heal=True) if f.table_name == "orders"]
    assert (found.differences.missing, found.differences.changed, found.status) == (1, 1, "equal")
    assert shop.raw() == after


def test_a_row_that_is_dated_anew_comes_back_into_reach(shop):
    shop.purge().apply()
    shop.sql("update shop.orders set ordered_at = '2026-06-01' where id = 12")
    shop.load()
    assert shop.rows("select count(*) from raw_shop.orders where id = 12") == [(1,)]
    shop.load(full_refresh=True)
    assert shop.rows("select count(*) from raw_shop.orders where id = 12") == [(1,)]
    assert {found.status for found in shop.reconcile()} == {"equal"}


def test_a_longer_retention_brings_nothing_back(shop):
    shop.purge().apply()
    after = shop.raw()
    shop.policies.write_text(POLICIES.replace(",12,", ",15,"))
    shop.purge().apply()
    shop.load()
    assert shop.raw() == after


def test_examples_of_reconciliations_are_forgotten_with_the_rows(shop):
    shop.execute("delete from raw_shop.orders where id = 1")
    shop.reconcile()
    keys = (
        "select missing_key from raw_operations.source_reconciliation where table_name = 'orders'"
    )
    assert shop.rows(keys) == [("1",)]
    shop.purge().apply()
    assert shop.rows(keys) == [(None,)]


def test_a_purge_that_comes_between_is_noticed_by_the_load(shop, monkeypatch):
    """A load that looked for the horizon before a purge set it loads nothing."""
    run, purged = TableLoad.run, []

    def purge_first(self, **options):
        if not purged and self._context.table_name == "orders":
            assert self._context.horizon is None
            purged.append(True)
            with self._warehouse.transaction():
                books = self._context.books
                since = books.now()
                books.save_horizon("shop", "orders", Horizon("ordered_at", FIRST_DAY, since, "p"))
        return run(self, **options)

    monkeypatch.setattr(TableLoad, "run", purge_first)
    with pytest.raises(WarehouseError, match=r"raw_shop\.orders was purged meanwhile"):
        shop.load()
    shop.load()
