"""Rows past their retention go, holds stay, and nothing brings back what went."""

from __future__ import annotations

from datetime import date

import pytest

from finhouse.errors import ConfigurationError, WarehouseError
from finhouse.extract_load import DateWindow
from finhouse.extract_load.capture.setup import enable_capture
from finhouse.extract_load.horizon import Horizon
from finhouse.extract_load.tables.loading import TableLoad
from finhouse.retention.measuring import measure
from finhouse.warehouse import open_warehouse
from tests.support.retention import AS_OF, FIRST_DAY, MODES, POLICIES, by_table

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


@pytest.mark.parametrize("kind", ["timestamptz", "timestamp", "date"])
def test_a_hold_is_in_force_up_to_the_moment_of_its_release(shop, kind):
    """The clock of the source stands still, so that the boundary is met exactly."""
    shop.sql(
        "do $$ begin execute format('alter database %I set finhouse.clock = %L',"
        " current_database(), '2026-07-01 12:00+00'); end $$;"
        f"alter table shop.holds alter released_at type {kind} using null"
    )
    after = "2026-07-02" if kind == "date" else "2026-07-01 12:00:00.000001"
    at = "2026-07-01" if kind == "date" else "2026-07-01 12:00"
    zone = "+00" if kind == "timestamptz" else ""
    shop.sql(f"update shop.holds set released_at = '{after}{zone}'")
    shop.execute("delete from raw_operations.load_log where source_name = 'shop'")
    shop.load(full_refresh=True)
    # Both are on hold; what is overdue says so too.
    held = by_table(shop.purge().rehearse())
    assert (held["orders"], held["clicks"]) == ((12, 6, 6), (12, 6, 6))
    measure(shop.settings, as_of=AS_OF, policies=shop.policies, definitions=shop.definitions)
    assert shop.rows(
        "select held_row_count from raw_operations.retention_status where table_name = 'orders'"
    ) == [(6,)]
    shop.sql(f"update shop.holds set released_at = '{at}{zone}'")
    shop.load()
    freed = by_table(shop.purge().rehearse())
    assert (freed["orders"], freed["clicks"]) == ((12, 0, 12), (12, 0, 12))


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


RETURNING = {
    "incremental": {},
    "by column": {"cursor: xmin": "cursor: updated_at\n    lookback: 2 days"},
    "by slot": {"cursor: xmin": "cursor: replication_slot"},
    "append": {"mode: incremental": "mode: append", "    reconcile_deletes: true\n": ""},
    "full": {
        "mode: incremental": "mode: full",
        "    cursor: xmin\n    reconcile_deletes: true\n": "",
    },
}


@pytest.mark.parametrize(
    "how",
    [
        how if how == "incremental" else pytest.param(how, marks=pytest.mark.full)
        for how in RETURNING
    ],
)
def test_who_returns_after_a_purge_is_loaded_with_what_names_him(make_shop, how):
    """And who referred him; the token of what he was stays, and nobody else comes back."""
    shop = make_shop()
    persons, rest = shop.definitions.joinpath("shop.yml").read_text().split("  - name: orders", 1)
    for old, new in RETURNING[how].items():
        assert old in persons
        persons = persons.replace(old, new)
    persons = persons.replace("id: customer}", "id: customer, referrer: customer}").replace(
        "nickname: keep", "nickname: keep, referrer: keep"
    )
    shop.definitions.joinpath("shop.yml").write_text(f"{persons}  - name: orders{rest}")
    person = "00000000-0000-4000-9000-00000000000"
    shop.sql(
        "update shop.holds set released_at = now();"
        "alter table shop.customers add column referrer uuid;"
        f"insert into shop.customers values ('{person}4', '1990-01-01', 'nick 4', '2024-01-01');"
        f"insert into shop.customers values ('{person}5', '1990-01-01', 'nick 5', '2024-01-01');"
        f"update shop.customers set referrer = '{person}4' where id = '{person}1'"
    )
    if how == "by slot":
        with open_warehouse(shop.settings) as warehouse:
            identity = warehouse.identity
        enable_capture(shop.oltp_url, "shop", "customers", identity, shop.definitions)
    shop.load()
    # Twice, as who is named by somebody who goes is gone with the next purge.
    shop.purge().apply()
    shop.purge().apply()

    def known() -> list[str]:
        rows = shop.rows("select cast(id as text) from raw_shop.customers order by 1")
        return [key[-1] for (key,) in rows if not key.startswith("00000000-0000-8")]

    def nameless() -> int:
        [(count,)] = shop.rows(
            "select count(*) from raw_shop.orders where customer_id not in"
            " (select id from raw_shop.customers)"
            " and cast(customer_id as text) not like '00000000-0000-8%'"
        )
        return count

    tokens = shop.rows(TOKENS)
    shop.load()
    assert (known(), nameless()) == (["2"], 0)
    shop.sql(f"insert into shop.orders values (901, '{person}1', 5, 'NEW', '2026-06-20')")
    shop.load()
    assert (known(), nameless()) == (["1", "2", "4"], 0)
    assert shop.rows(
        f"select count(*), min(nickname) from raw_shop.customers where id = '{person}1'"
    ) == [(1, "nick 1")]
    assert shop.rows(TOKENS) == tokens
    after = shop.rows("select * from raw_shop.customers order by id")
    shop.load()
    assert {found.status for found in shop.reconcile(heal=True)} == {"equal"}
    assert shop.rows("select * from raw_shop.customers order by id") == after
    # He is followed as ever, and not purged while the order is there.
    assert by_table(shop.purge().apply())["customers"] == (0, 0, 0)
    shop.execute(f"delete from raw_shop.customers where id = '{person}4'")
    assert {found.status for found in shop.reconcile(heal=True)} == {"equal"}
    shop.load(full_refresh=True)
    assert (known(), nameless()) == (["1", "2", "4"], 0)
    shop.sql("delete from shop.orders where id = 901")
    shop.load()
    shop.purge().apply()
    shop.purge().apply()
    assert known() == ["2"]
    shop.load()
    assert known() == ["2"]


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


@pytest.mark.parametrize(
    "target", [pytest.param("postgres", marks=pytest.mark.full)], indirect=True
)
def test_a_table_that_is_empty_after_the_purge_has_no_statistics_of_who_was_in_it(shop):
    """Postgres keeps those of an empty table; DuckDB's go with the rows."""
    shop.sql(
        "update shop.holds set released_at = now(); update shop.clicks set customer_id ="
        " '00000000-0000-4000-9000-000000000001', clicked_on = '2025-01-15'"
    )
    shop.load()
    shop.execute("analyze raw_shop.clicks")
    known = (
        "select count(*) from pg_stats where schemaname = 'raw_shop' and tablename = 'clicks'"
        " and cast(most_common_vals as text) like '%4000-9000%'"
    )
    assert shop.rows(known) == [(1,)]
    shop.purge().apply()
    assert shop.rows("select count(*) from raw_shop.clicks") == [(0,)]
    assert shop.rows(known) == [(0,)]
