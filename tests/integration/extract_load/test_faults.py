"""Servers away, processes killed, files locked: what is said and what is kept."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import textwrap
import time
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import duckdb
import psycopg
import pytest

from finhouse.errors import ConfigurationError, SourceError, WarehouseError
from finhouse.extract_load import load_source
from finhouse.extract_load.bookkeeping import Bookkeeping
from finhouse.settings import Settings
from finhouse.warehouse import open_warehouse
from tests.support.extract_load import (
    BY_COLUMN,
    FULL,
    INCREMENTAL,
    ORDERS_DDL,
    SECONDS,
    Shop,
    orders_yaml,
    wait_until,
)
from tests.support.reconciling import counts, reconcile
from tests.support.sources import classified


@pytest.fixture
def shop(oltp_url, settings, warehouse, declare) -> Shop:
    made = Shop(oltp_url, settings, warehouse, declare("shop", orders_yaml(INCREMENTAL)))
    made.sql(ORDERS_DDL)
    return made


def start_loading(shop: Shop, function: str = "load_source", options: str = "") -> subprocess.Popen:
    """The same load, or another function of the package, in a process of its own."""
    program = textwrap.dedent(f"""
        from pathlib import Path
        from finhouse.extract_load import {function}
        from finhouse.settings import Settings
        from finhouse.warehouse import open_warehouse
        settings = Settings(Path({str(shop.settings.home)!r}), Path({str(shop.settings.landing)!r}),
                            {shop.settings.target!r}, None, {shop.settings.warehouse_url!r})
        with open_warehouse(settings) as warehouse:
            {function}(settings, "shop", oltp_url={shop.oltp_url!r}, warehouse=warehouse,
                        definitions=Path({str(shop.definitions)!r}), {options})
    """)
    return subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


@pytest.mark.parametrize("work", ["load", "reconcile"])
def test_a_source_that_dies_after_the_commit_leaves_one_record(shop, monkeypatch, work):
    """Rows and record are in the warehouse: what becomes of the source is no second outcome."""
    shop.load()
    shop.sql("update shop.orders set status = 'PAID' where id = 7")
    transaction = type(shop.warehouse).transaction

    @contextmanager
    def then_the_source_dies(self):
        with transaction(self):
            yield
        shop.sql(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where application_name = 'finhouse' and datname = 'oltp_under_test'"
        )

    monkeypatch.setattr(type(shop.warehouse), "transaction", then_the_source_dies)
    with suppress(SourceError):
        shop.load() if work == "load" else reconcile(shop)
    monkeypatch.undo()
    shop.assert_equal()
    twice = shop.warehouse.execute(
        "select batch_id from raw_operations.load_log"
        " group by batch_id, source_name, table_name, file_name having count(*) > 1"
    )
    assert twice == []
    shop.load()
    shop.assert_equal()


def test_a_load_that_was_recorded_cannot_fail_any_more(shop):
    shop.load()
    [(batch,)] = shop.log("batch_id")
    books, late = Bookkeeping(shop.warehouse, "raw_shop"), SourceError("gone", "nothing")
    books.log_failure(batch, "shop", "orders", "full", None, datetime(2026, 1, 1), late)
    assert shop.log("status") == [("succeeded",)]
    books.log_failure("another", "shop", "orders", "full", None, datetime(2026, 1, 1), late)
    assert sorted(shop.log("status")) == [("failed",), ("succeeded",)]


def two_tables(shop: Shop) -> None:
    shop.sql(
        "create table shop.payments (id bigint primary key); insert into shop.payments values (1)"
    )
    (shop.definitions / "shop.yml").write_text(
        classified(orders_yaml(FULL) + "  - name: payments\n" + FULL), encoding="utf-8"
    )


@pytest.mark.parametrize("locked", ["orders", "payments"])
def test_a_locked_table_is_given_up_by_name_and_the_others_are_loaded(shop, monkeypatch, locked):
    two_tables(shop)
    monkeypatch.setenv("FINHOUSE_LOCK_SECONDS", "1")
    with psycopg.connect(shop.oltp_url, application_name="migration") as blocker:
        blocker.execute(f"lock table shop.{locked} in access exclusive mode")
        with pytest.raises(SourceError) as refused:
            shop.load()
        said = str(refused.value)
        assert f"table {locked} of the OLTP database is locked by process" in said
        assert str(blocker.info.backend_pid) in said and "migration" in said
        assert "FINHOUSE_LOCK_SECONDS" in said
    other = {"orders": "payments", "payments": "orders"}[locked]
    assert shop.raw_rows(other, "count(*)")[0][0] == len(shop.source_rows(other))
    shop.load()
    shop.assert_equal()


def test_a_table_that_is_read_is_free_while_the_next_one_is_waited_for(shop, monkeypatch):
    two_tables(shop)
    shop.warehouse.close()
    monkeypatch.setenv("FINHOUSE_LOCK_SECONDS", "30")
    waits = (
        "select 1 from pg_locks as l join pg_stat_activity as a using (pid)"
        " where not l.granted and a.application_name = 'finhouse'"
    )
    with psycopg.connect(shop.oltp_url) as blocker, psycopg.connect(shop.oltp_url) as migration:
        blocker.execute("lock table shop.payments in access exclusive mode")
        load = start_loading(shop)
        with psycopg.connect(shop.oltp_url, autocommit=True) as look:
            wait_until(lambda: look.execute(waits).fetchone() is not None)
        migration.execute("set lock_timeout = '5s'")
        migration.execute("alter table shop.orders add column note text")
        migration.commit()
        blocker.rollback()
        assert load.wait(SECONDS) == 0


def test_a_server_that_ends_long_transactions_does_not_end_a_load(shop):
    shop.sql("alter database oltp_under_test set transaction_timeout = '50ms'")
    shop.load()
    shop.assert_equal()


@pytest.mark.parametrize("given", ["0", "soon", "-1"])
def test_an_odd_number_of_lock_seconds_is_refused(shop, monkeypatch, given):
    monkeypatch.setenv("FINHOUSE_LOCK_SECONDS", given)
    with pytest.raises(ConfigurationError, match="FINHOUSE_LOCK_SECONDS"):
        shop.load()


# The source stops at row 60,000 of 100,000 until this lock is free, so the kill is always mid-way.
SLOW_TABLE = """
    create function shop.wait_at(id bigint) returns bigint language plpgsql volatile as $$
    begin
        if id = 60000 and current_query() ilike 'copy%' then
            perform pg_advisory_xact_lock_shared(42);
        end if;
        return id;
    end $$;
    create table shop.stored as select i::bigint as id, md5(i::text) as v
        from generate_series(1, 100000) i;
    create view shop.orders_view as select shop.wait_at(id) as id, v from shop.stored;
"""


def test_kill_9_in_the_middle_keeps_the_old_rows_and_the_next_run_heals(shop):
    shop.sql("drop table shop.orders")
    shop.sql(SLOW_TABLE)
    shop.sql("alter view shop.orders_view rename to orders")
    (shop.definitions / "shop.yml").write_text(orders_yaml("    mode: full\n"))
    shop.load()
    before = shop.raw_rows()
    shop.warehouse.close()
    shop.sql("update shop.stored set v = v || '!'")
    with psycopg.connect(shop.oltp_url) as gate:
        gate.execute("select pg_advisory_xact_lock(42)")
        process = start_loading(shop)
        with psycopg.connect(shop.oltp_url, autocommit=True) as watcher:
            waiting = "select count(*) from pg_locks where locktype = 'advisory' and not granted"
            wait_until(lambda: watcher.execute(waiting).fetchone()[0] == 1)
        process.kill()
        process.wait(SECONDS)
    shop.warehouse = _open_when_free(shop.settings)
    with shop.warehouse:
        assert shop.raw_rows() == before
        shop.load()
        rows = shop.raw_rows(columns="id, v")
        assert len(rows) == len(set(rows)) == 100_000
        assert rows == shop.source_rows(columns="id, v")


# Healing reads whole rows of the range that holds row 60,000; comparing reads digests.
SLOW_HEALING = """
    create function shop.wait_at(id bigint) returns bigint language plpgsql volatile as $$
    begin
        if id = 60000 and current_query() ilike 'copy%'
            and current_query() not ilike '%digest%' then
            perform pg_advisory_xact_lock_shared(42);
        end if;
        return id;
    end $$;
    create table shop.stored as
        select i::bigint as id, (i * 0.5)::numeric(9, 1) as amount,
            timestamptz '2020-01-01' as updated_at
        from generate_series(1, 99999) i;
    insert into shop.stored values (100000, 1, '2026-01-01');
    create view shop.orders as
        select shop.wait_at(id) as id, amount, updated_at from shop.stored;
"""


def test_kill_9_while_healing_leaves_no_gap_and_healing_again_heals(shop):
    shop.sql("drop table shop.orders")
    shop.sql(SLOW_HEALING)
    (shop.definitions / "shop.yml").write_text(orders_yaml(BY_COLUMN))
    shop.load()
    shop.warehouse.execute("delete from raw_shop.orders where id between 59001 and 59010")
    shop.warehouse.execute("update raw_shop.orders set amount = 0 where id between 59011 and 59020")
    before = shop.raw_rows(columns="*")
    shop.warehouse.close()
    with psycopg.connect(shop.oltp_url) as gate:
        gate.execute("select pg_advisory_xact_lock(42)")
        process = start_loading(shop, "reconcile_source", "heal=True, range_rows=5000")
        with psycopg.connect(shop.oltp_url, autocommit=True) as watcher:
            waiting = "select count(*) from pg_locks where locktype = 'advisory' and not granted"
            wait_until(lambda: watcher.execute(waiting).fetchone()[0] == 1)
        if shop.settings.target == "postgres":
            with open_warehouse(shop.settings) as reader:
                shown = reader.execute("select * from raw_shop.orders order by 1")
                assert shown == before, "a reader saw a healing half done"
        process.kill()
        process.wait(SECONDS)
    shop.warehouse = _open_when_free(shop.settings)
    with shop.warehouse:
        assert shop.raw_rows(columns="*") == before
        reports = "select status, is_healed from raw_operations.source_reconciliation"
        assert shop.warehouse.execute(reports) == [("differs", False)]
        healed = reconcile(shop, heal=True, range_rows=5_000)
        assert (healed.is_healed, counts(healed)) == (True, (10, 0, 0, 10))
        assert healed.differing_range_count == 1
        assert shop.raw_rows(columns="id, amount") == shop.source_rows(columns="id, amount")


def _open_when_free(settings: Settings):
    """A killed process's server session ends a moment after it."""
    deadline = time.monotonic() + SECONDS
    while True:
        try:
            opened = open_warehouse(settings)
            if settings.target == "duckdb":
                return opened
            busy = opened.execute(
                "select count(*) from pg_stat_activity where datname = current_database()"
                " and pid <> pg_backend_pid() and backend_type = 'client backend'"
            )
            if busy[0][0] == 0:
                return opened
            opened.close()
        except WarehouseError:
            pass
        assert time.monotonic() < deadline, "the warehouse stays busy"
        time.sleep(0.05)


def test_kill_9_at_random_moments_loses_and_doubles_nothing(shop):
    shop.sql(
        "insert into shop.orders select i, 1, 'BULK', now() from generate_series(101, 150000) i"
    )
    shop.warehouse.close()
    for delay in (0.6, 0.8, 1.0, 1.2):
        shop.sql("update shop.orders set amount = amount + 1 where id % 3 = 0")
        shop.sql("delete from shop.orders where id in (select max(id) from shop.orders)")
        process = start_loading(shop)
        time.sleep(delay)
        process.kill()
        process.wait(SECONDS)
    shop.warehouse = _open_when_free(shop.settings)
    with shop.warehouse:
        shop.load()
        shop.assert_equal("id, amount, status")


def test_a_source_session_that_is_terminated_leaves_raw_as_it_was(shop, declare):
    declare("shop", orders_yaml(FULL) + "  - name: other\n    mode: full\n")
    shop.sql(
        "create table shop.other as select 1 as id; create table shop.ending (id bigint);"
        # Reading that row ends the reading session, as a failing server would.
        "create function shop.die(id bigint) returns bigint language plpgsql as $$ begin"
        " if id in (select e.id from shop.ending as e)"
        " then perform pg_terminate_backend(pg_backend_pid()); end if;"
        " return id; end $$;"
        "alter table shop.orders rename to stored_orders;"
        "create view shop.orders as select shop.die(id) as id, amount, status, updated_at"
        " from shop.stored_orders"
    )
    shop.load_all()
    before = shop.raw_rows()
    shop.sql("insert into shop.ending values (50); update shop.stored_orders set amount = 0")
    with pytest.raises(SourceError, match="terminating connection") as caught:
        shop.load_all()
    assert str(caught.value).count("from the OLTP database failed") == 2
    assert caught.value.remedy
    assert shop.raw_rows() == before
    assert [row[0] for row in shop.log("status")] == [*["succeeded"] * 2, *["failed"] * 2]
    shop.sql("truncate shop.ending")
    shop.load_all()
    shop.assert_equal()


def test_tables_loaded_before_and_after_a_failing_one_stay_loaded(shop, declare):
    text = orders_yaml(FULL) + "  - name: missing\n    mode: full\n  - name: last\n    mode: full\n"
    declare("shop", text)
    shop.sql("create table shop.last as select 1 as id")
    with pytest.raises(SourceError, match=r"no table shop\.missing") as caught:
        shop.load_all()
    assert caught.value.remedy
    assert shop.warehouse.count("raw_shop.orders") == 100
    assert shop.warehouse.count("raw_shop.last") == 1
    assert [row[0] for row in shop.log("status")] == ["succeeded", "failed", "succeeded"]
    shop.sql("create table shop.missing as select 1 as id")
    assert [result.changed for result in shop.load_all()] == [False, True, False]


def test_no_right_to_read_is_said(shop):
    shop.sql("drop role if exists nobody_reads")
    shop.sql("create role nobody_reads login password 'x'")
    shop.sql("grant usage on schema shop to nobody_reads")
    shop.oltp_url = "postgresql://nobody_reads:x@" + shop.oltp_url.partition("@")[2]
    with pytest.raises(SourceError, match=r"no right to read shop\.orders") as caught:
        shop.load()
    assert "grant select" in caught.value.remedy


@pytest.mark.parametrize(
    ("granted", "denied"),
    [
        ("id, amount, status, updated_at", "xmin"),
        ("id, amount, xmin", "status, updated_at"),
        ("id", "amount, status, updated_at, xmin"),
    ],
)
def test_rights_on_columns_that_are_missing_are_named_with_their_grant(
    shop, granted: str, denied: str
):
    shop.sql("drop role if exists by_column")
    shop.sql("create role by_column login password 'x'")
    shop.sql(f"grant usage on schema shop to by_column; grant select ({granted}) on shop.orders"
             " to by_column")  # fmt: skip
    as_owner = shop.oltp_url
    shop.oltp_url = "postgresql://by_column:x@" + as_owner.partition("@")[2]
    with pytest.raises(SourceError, match=f"no right to read {denied} of shop.orders") as caught:
        shop.load()
    # The remedy is a statement that helps.
    grant = re.search(r"grant select .*? to \S*by_column\S*", caught.value.remedy)
    assert grant
    with psycopg.connect(as_owner) as owner:
        owner.execute(grant[0].rstrip(","))
    assert shop.load().counts.inserted == 100
    assert not shop.load().changed


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("alter schema shop rename to store", "has no schema shop"),
        ("create role visitor login password 'x'", "no right to use schema shop"),
    ],
)
def test_a_schema_that_is_not_there_is_one_line(shop, declare, change: str, said: str):
    several = "".join(f"  - {{name: t{number}, mode: full}}\n" for number in range(9))
    declare("shop", orders_yaml(INCREMENTAL) + several)
    shop.sql("drop role if exists visitor")
    shop.sql(change)
    if "visitor" in change:
        shop.oltp_url = "postgresql://visitor:x@" + shop.oltp_url.partition("@")[2]
    with pytest.raises(SourceError, match=said) as caught:
        shop.load()
    assert len(str(caught.value).splitlines()) <= 2
    assert "store" in caught.value.remedy or "grant usage on schema" in caught.value.remedy


def test_row_security_is_an_error_and_not_fewer_rows(shop):
    shop.sql("drop role if exists restricted")
    shop.sql("create role restricted login password 'x'")
    shop.sql("grant usage on schema shop to restricted; grant select on shop.orders to restricted")
    shop.sql("alter table shop.orders enable row level security")
    shop.oltp_url = "postgresql://restricted:x@" + shop.oltp_url.partition("@")[2]
    with pytest.raises(SourceError, match="row-level security"):
        shop.load()


@pytest.mark.parametrize(
    "url, message",
    [
        ("postgresql://u:secret@127.0.0.1:1/oltp", "cannot be reached"),
        ("postgresql://u:secret@no-such-host.invalid/oltp?sslmode=require", "cannot be reached"),
        ("postgresql://u:secret@[", "malformed"),
    ],
)
def test_an_oltp_server_that_is_not_there_is_said_without_its_password(shop, url, message):
    shop.oltp_url = url
    with pytest.raises(SourceError, match=message) as caught:
        shop.load()
    assert "OLTP_URL" in caught.value.remedy
    assert "secret" not in str(caught.value)


def test_wrong_credentials_and_a_wrong_database_are_said(shop):
    good = shop.oltp_url
    shop.oltp_url = good.replace("@", "wrong@", 1)
    with pytest.raises(SourceError, match="refuses these credentials"):
        shop.load()
    shop.oltp_url = good + "_x"
    with pytest.raises(SourceError, match='database "oltp_under_test_x" does not exist'):
        shop.load()


def test_a_source_of_tables_needs_an_oltp_url(shop):
    shop.oltp_url = ""
    with pytest.raises(ConfigurationError, match="needs its database"):
        shop.load()


def test_unknown_sources_and_tables_are_said_with_the_known_ones(shop):
    with pytest.raises(ConfigurationError, match="no table nonsense") as caught:
        shop.load(tables=["nonsense"])
    assert "orders" in caught.value.remedy
    with pytest.raises(ConfigurationError, match="unknown source 'wallets'") as caught:
        load_source(shop.settings, "wallets", oltp_url=None, warehouse=shop.warehouse)
    assert "wallet" in caught.value.remedy


def test_a_table_that_another_loader_holds_is_refused(shop, target):
    if target == "duckdb":
        pytest.skip("a DuckDB file has one writing process; its lock is tested below")
    shop.load()
    with open_warehouse(shop.settings) as other, other.transaction():
        other.lock_table("raw_shop", "orders")
        with pytest.raises(WarehouseError, match="another process is loading"):
            shop.load()


class TestOpeningDuckdb:
    @pytest.fixture
    def settings(self, tmp_path: Path) -> Settings:
        return Settings(home=tmp_path / "home", landing=tmp_path)

    def test_a_locked_file_names_its_holder(self, settings):
        with open_warehouse(settings):
            program = (
                "from pathlib import Path\n"
                "from finhouse.settings import Settings\n"
                "from finhouse.warehouse import open_warehouse\n"
                f"open_warehouse(Settings(Path({str(settings.home)!r}), Path('.')))\n"
            )
            failed = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
        assert "is locked by" in failed.stderr
        assert f"PID {os.getpid()}" in failed.stderr

    def test_another_kind_of_file(self, settings):
        settings.home.mkdir()
        settings.duckdb_path.write_bytes(b"hello" * 5000)
        with pytest.raises(WarehouseError, match="is not a DuckDB database"):
            open_warehouse(settings)

    def test_a_file_of_another_version(self, settings, monkeypatch):
        def refuse(*_, **__):
            # DuckDB's own words; a file of another version cannot be written here.
            raise duckdb.IOException(
                "IO Error: Trying to read a database file with version number 99, but we can only"
                " read versions between 64 and 68."
            )

        monkeypatch.setattr(duckdb, "connect", refuse)
        with pytest.raises(WarehouseError, match="was written by another DuckDB version"):
            open_warehouse(settings)

    def test_a_damaged_file(self, settings):
        open_warehouse(settings).close()
        content = bytearray(settings.duckdb_path.read_bytes())
        content[12] ^= 255
        settings.duckdb_path.write_bytes(content)
        with pytest.raises(WarehouseError, match="cannot be opened"):
            open_warehouse(settings)

    def test_a_folder_in_its_place(self, settings):
        settings.duckdb_path.mkdir(parents=True)
        with pytest.raises(WarehouseError, match="not writable: it is a folder"):
            open_warehouse(settings)

    def test_a_home_that_cannot_be_made(self, settings, tmp_path):
        (tmp_path / "file").write_text("")
        with pytest.raises(WarehouseError, match="cannot be created") as caught:
            open_warehouse(replace(settings, home=tmp_path / "file" / "home"))
        assert "FINHOUSE_HOME" in caught.value.remedy

    def test_a_folder_without_the_right_to_write(self, settings, monkeypatch):
        settings.home.mkdir()
        monkeypatch.setattr(os, "access", lambda *_: False)
        with pytest.raises(WarehouseError, match="not writable"):
            open_warehouse(settings)

    def test_sessions_run_in_utc_and_within_the_memory_limit(self, settings):
        with open_warehouse(settings, memory_limit="300MB") as opened:
            shown = opened.execute(
                "select current_setting('TimeZone'), current_setting('memory_limit')"
            )
        assert shown == [("UTC", "286.1 MiB")]


def test_a_postgres_warehouse_without_url_or_server_is_said(tmp_path):
    settings = Settings(home=tmp_path, landing=tmp_path, target="postgres")
    with pytest.raises(ConfigurationError, match="no warehouse URL"):
        open_warehouse(settings)
    with pytest.raises(WarehouseError, match="cannot be reached") as caught:
        open_warehouse(settings, "postgresql://u:secret@127.0.0.1:1/w")
    assert "WAREHOUSE_URL" in caught.value.remedy
    assert "secret" not in str(caught.value)
