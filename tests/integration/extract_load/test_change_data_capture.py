"""Cursor replication_slot: raw follows the source's own log, and nothing is lost on the way."""

from __future__ import annotations

import random
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import psycopg
import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from psycopg import conninfo

from finhouse.cli import main
from finhouse.errors import ConfigurationError, SourceError
from finhouse.extract_load.capture.setup import (
    CaptureStatus,
    capture_status,
    disable_capture,
    enable_capture,
)
from finhouse.settings import Settings
from finhouse.warehouse import open_warehouse
from tests.support.extract_load import (
    APPEND_BY_SLOT,
    BY_SLOT,
    INCREMENTAL,
    ORDERS_DDL,
    SECONDS,
    Shop,
    orders_yaml,
    wait_until,
)


@pytest.fixture
def shop(oltp_url, settings, warehouse, declare) -> Shop:
    """A shop whose orders are captured; nothing is loaded yet."""
    made = Shop(oltp_url, settings, warehouse, declare("shop", orders_yaml(BY_SLOT)))
    made.sql(ORDERS_DDL)
    enable(made)
    return made


def enable(shop: Shop, url: str | None = None) -> bool:
    return enable_capture(
        url or shop.oltp_url, "shop", "orders", shop.warehouse.identity, shop.definitions
    )


def disable(shop: Shop) -> bool:
    return disable_capture(
        shop.oltp_url, "shop", "orders", shop.warehouse.identity, shop.definitions
    )


def status(shop: Shop) -> CaptureStatus:
    [only] = capture_status(shop.oltp_url, shop.warehouse.identity, definitions=shop.definitions)
    return only


def declared(shop: Shop, settings_text: str) -> None:
    (shop.definitions / "shop.yml").write_text(orders_yaml(settings_text))


def one(url: str, query: str) -> tuple:
    with psycopg.connect(url, autocommit=True) as connection:
        return connection.execute(query).fetchone()


def test_each_kind_of_change_arrives_and_nothing_else_is_read(shop):
    first = shop.load()
    assert (first.counts.source, first.counts.inserted, first.counts.raw) == (100, 100, 100)
    shop.sql("insert into shop.orders values (101, 1, 'NEW', null)")
    shop.sql("update shop.orders set status = 'PAID' where id in (1, 2)")
    shop.sql("update shop.orders set id = 300 where id = 3")
    shop.sql("delete from shop.orders where id in (4, 5)")
    second = shop.load()
    counts = second.counts
    assert (counts.read, counts.inserted, counts.updated, counts.deleted) == (4, 2, 2, 3)
    assert (counts.source, counts.raw, second.note) == (None, None, "")
    shop.assert_equal()
    third = shop.load()
    assert not third.changed
    assert third.counts.read == 0


def test_a_row_that_came_and_went_between_two_loads_leaves_no_trace(shop):
    shop.load()
    shop.sql("insert into shop.orders values (101, 1, 'NEW', null)")
    shop.sql("delete from shop.orders where id = 101")
    assert not shop.load().changed
    shop.assert_equal()


def test_deleted_rows_stay_in_raw_where_deletes_are_not_reconciled(shop):
    declared(shop, BY_SLOT.replace("    reconcile_deletes: true\n", ""))
    shop.load()
    shop.sql("delete from shop.orders where id = 1")
    shop.sql("update shop.orders set status = 'PAID' where id = 2")
    assert shop.load().counts.updated == 1
    assert len(shop.raw_rows()) == 100


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("truncate shop.orders", "truncated"),
        ("begin; truncate shop.orders; insert into shop.orders values (7); commit", "truncated"),
        ("alter table shop.orders alter amount type numeric(15,2) using amount * 2", "rewritten"),
    ],
)
def test_what_names_no_rows_makes_the_table_be_read_in_full(shop, statement, reason):
    shop.load()
    shop.sql("update shop.orders set status = 'PAID' where id = 2")
    shop.sql(statement)
    shop.sql("insert into shop.orders values (500, 1, 'NEW', null)")
    assert reason in shop.load().note
    shop.assert_equal()
    assert shop.load().note == ""


def test_an_update_that_leaves_a_toasted_value_alone_keeps_it(shop):
    shop.sql("alter table shop.orders alter status set storage external")
    shop.sql("update shop.orders set status = repeat('x', 100000) || id where id <= 3")
    shop.load()
    shop.sql("update shop.orders set amount = -1 where id <= 3")
    assert shop.load().counts.updated == 3
    shop.assert_equal()
    assert {len(row[0]) for row in shop.raw_rows(columns="status") if row[0] != "NEW"} == {100_001}


def test_keys_of_any_text_in_several_columns(shop):
    shop.sql(
        "drop table shop.orders; create table shop.orders ("
        "  code text, at timestamptz, mark numeric(10,3), v int, primary key (code, at, mark));"
        "alter table shop.orders alter code set storage external"
    )
    declared(shop, BY_SLOT.replace("[id]", "[code, at, mark]"))
    enable(shop)
    shop.load()
    codes = ["", "'", '"', "\\", "a,b", "{}", "NULL", "é\n\t", "long" * 600]
    with psycopg.connect(shop.oltp_url, autocommit=True) as connection:
        for number, code in enumerate(codes):
            connection.execute(
                "insert into shop.orders values (%s, now(), %s / 8.0, 0)", (code, number)
            )
    shop.load()
    shop.sql("update shop.orders set v = v + 1")
    shop.sql("delete from shop.orders where code = '{}'")
    result = shop.load()
    assert (result.counts.updated, result.counts.deleted) == (len(codes) - 1, 1)
    assert shop.raw_rows(columns="code, mark, v") == sorted(
        shop.source_rows(columns="code, mark, v")
    )


def test_a_transaction_that_commits_late_is_not_lost_and_a_rolled_back_one_not_seen(shop):
    shop.load()
    with psycopg.connect(shop.oltp_url) as late, psycopg.connect(shop.oltp_url) as undone:
        late.execute("update shop.orders set status = 'LATE' where id = 1")
        undone.execute("update shop.orders set status = 'UNDONE' where id = 2")
        shop.sql("update shop.orders set status = 'SOON' where id = 3")
        assert shop.load().counts.updated == 1
        shop.assert_equal()
        undone.rollback()
        late.commit()
    assert shop.load().counts.updated == 1
    shop.assert_equal()


def test_what_is_committed_while_a_first_load_runs_comes_with_the_second(shop):
    """The first load waits for a lock on the table; its snapshot is older than the change."""
    with psycopg.connect(shop.oltp_url) as writer:
        writer.execute("lock table shop.orders in access exclusive mode")
        writer.execute("update shop.orders set status = 'PAID' where id = 1")
        writer.execute("delete from shop.orders where id = 2")
        failures = load_until_committed(shop, writer)
    assert not failures
    assert len(shop.raw_rows()) == 100
    second = shop.load().counts
    assert (second.updated, second.deleted) == (1, 1)
    shop.assert_equal()


def test_a_table_truncated_while_it_is_loaded_is_an_error_and_heals(shop):
    shop.load()
    with psycopg.connect(shop.oltp_url) as writer:
        writer.execute("truncate shop.orders")
        failures = load_until_committed(shop, writer)
    assert len(shop.raw_rows()) == 100
    assert "truncated or rewritten while it was being loaded" in str(failures[0])
    shop.load()
    assert shop.raw_rows() == []


def load_until_committed(shop: Shop, writer: psycopg.Connection) -> list[Exception]:
    """Load beside ``writer``, which holds a lock on the table until the load waits for it."""
    failures: list[Exception] = []
    loading = threading.Thread(target=_collect(failures, shop.load))
    loading.start()
    waiting = "select count(*) from pg_locks where not granted"
    wait_until(lambda: one(shop.oltp_url, waiting) == (1,))
    writer.commit()
    loading.join(SECONDS)
    return failures


def _collect(failures: list[Exception], action: Callable[[], object]) -> Callable[[], None]:
    def run() -> None:
        try:
            action()
        except Exception as error:
            failures.append(error)

    return run


IDS = st.integers(1, 6)
VALUES = st.one_of(st.none(), st.sampled_from(["", "a", "é"]))
CHANGES = st.one_of(
    st.tuples(st.just("put"), IDS, VALUES),
    st.tuples(st.just("put in a late transaction"), st.integers(7, 12), VALUES),
    st.tuples(st.just("delete"), IDS, st.none()),
    st.tuples(st.just("move"), IDS, IDS),
    st.tuples(st.just("truncate"), st.none(), st.none()),
    st.tuples(st.just("rewrite"), st.none(), st.none()),
    st.tuples(st.just("undo"), IDS, st.none()),
    st.tuples(st.just("load"), st.none(), st.none()),
    st.tuples(st.just("commit the late transaction"), st.none(), st.none()),
)
PUT = "insert into shop.orders values (%s, %s) on conflict (id) do update set v = excluded.v"


def test_raw_equals_the_source_after_any_sequence(shop):
    @hypothesis_settings(
        max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
    )
    @given(st.lists(CHANGES, max_size=12))
    def check(changes):
        with (
            psycopg.connect(shop.oltp_url, autocommit=True) as connection,
            psycopg.connect(shop.oltp_url) as late,
        ):
            connection.execute(
                "drop table shop.orders; create table shop.orders (id bigint primary key, v text)"
            )
            enable(shop)
            shop.load(full_refresh=True)

            def load() -> None:
                shop.load()
                held = connection.execute("select id, v from shop.orders order by id").fetchall()
                assert shop.raw_rows(columns="id, v") == held

            for action, id_, value in changes:
                if action == "put":
                    connection.execute(PUT, (id_, value))
                elif action == "put in a late transaction":
                    late.execute(PUT, (id_, value))
                elif action == "commit the late transaction":
                    late.commit()
                elif action == "delete":
                    connection.execute("delete from shop.orders where id = %s", (id_,))
                elif action == "move":
                    connection.execute("delete from shop.orders where id = %s", (value,))
                    connection.execute("update shop.orders set id = %s where id = %s", (value, id_))
                elif action == "undo":
                    with connection.transaction(force_rollback=True):
                        connection.execute("delete from shop.orders where id = %s", (id_,))
                elif action == "truncate":
                    late.commit()
                    connection.execute("truncate shop.orders")
                elif action == "rewrite":
                    late.commit()
                    connection.execute("vacuum (full, freeze) shop.orders")
                else:
                    load()
            late.commit()
            load()

    check()


@pytest.mark.full
def test_loads_beside_writers_see_whole_transactions_and_end_equal(shop):
    """Writers move money between rows: each snapshot has the same sum, so must raw."""
    shop.sql("update shop.orders set amount = 100")
    shop.load()
    stop = threading.Event()
    failures: list[Exception] = []

    def write(seed: int) -> None:
        chance = random.Random(seed)
        with psycopg.connect(shop.oltp_url) as connection:
            while not stop.is_set():
                low, high = sorted(chance.sample(range(1, 101), 2))
                for id_, amount in ((low, -1), (high, 1)):
                    connection.execute(
                        "update shop.orders set amount = amount + %s where id = %s", (amount, id_)
                    )
                fresh = chance.randrange(1000, 2000)
                connection.execute(
                    "insert into shop.orders values (%s, 0, 'ZERO', now())"
                    " on conflict (id) do update set status = excluded.status || 'x'",
                    (fresh,),
                )
                if chance.random() < 0.3:
                    connection.execute(
                        "delete from shop.orders where id = %s", (chance.randrange(1000, 2000),)
                    )
                if chance.random() < 0.1:
                    connection.rollback()
                else:
                    connection.commit()

    def write_patiently(seed: int) -> None:
        while not stop.is_set():
            try:
                write(seed)
            except psycopg.errors.DeadlockDetected:
                seed += 1000

    writers = [
        threading.Thread(target=_collect(failures, lambda seed=seed: write_patiently(seed)))
        for seed in range(3)
    ]
    for writer in writers:
        writer.start()
    changed = 0
    for _ in range(25):
        changed += shop.load().changed
        assert shop.warehouse.execute("select sum(amount) from raw_shop.orders") == [(10_000,)]
    stop.set()
    for writer in writers:
        writer.join(SECONDS)
    assert not failures
    assert changed > 5
    shop.load()
    shop.assert_equal()


KILLED_BEFORE_THE_SLOT_MOVES = """
    import os, signal
    from pathlib import Path
    from finhouse.extract_load import load_source
    from finhouse.extract_load.tables import cursors
    from finhouse.settings import Settings
    from finhouse.warehouse import open_warehouse

    cursors.advance = lambda *arguments: os.kill(os.getpid(), signal.SIGKILL)
    settings = Settings(Path({home!r}), Path({landing!r}), {target!r}, None, {warehouse_url!r})
    with open_warehouse(settings) as warehouse:
        load_source(settings, "shop", oltp_url={oltp_url!r}, warehouse=warehouse,
                    definitions=Path({definitions!r}))
"""


def test_kill_9_between_the_commit_and_the_move_of_the_slot_does_no_harm(shop):
    shop.load()
    shop.sql("update shop.orders set status = 'PAID' where id <= 10")
    shop.sql("delete from shop.orders where id > 90")
    before = status(shop).slot.confirmed
    shop.warehouse.close()
    program = textwrap.dedent(KILLED_BEFORE_THE_SLOT_MOVES).format(
        home=str(shop.settings.home),
        landing=str(shop.settings.landing),
        target=shop.settings.target,
        warehouse_url=shop.settings.warehouse_url,
        oltp_url=shop.oltp_url,
        definitions=str(shop.definitions),
    )
    killed = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=SECONDS)
    assert killed.returncode == -9
    with open_warehouse(shop.settings) as shop.warehouse:
        # The rows are there, and the slot has not moved.
        shop.assert_equal()
        assert status(shop).slot.confirmed == before
        shop.sql("update shop.orders set status = 'DONE' where id = 50")
        again = shop.load()
        assert (again.counts.read, again.counts.updated, again.counts.deleted) == (11, 1, 0)
        assert again.note == ""
        shop.assert_equal()
        assert status(shop).slot.confirmed > before


def test_a_slot_made_anew_is_noticed_and_the_table_read_in_full(shop):
    shop.load()
    assert disable(shop)
    assert not disable(shop)
    shop.sql("delete from shop.orders where id = 1")
    with pytest.raises(SourceError, match="not enabled") as caught:
        shop.load()
    assert "finhouse cdc enable shop orders" in caught.value.remedy
    assert enable(shop)
    assert not enable(shop)
    assert "slot is ahead" in shop.load().note
    shop.assert_equal()
    assert shop.load().note == ""


@pytest.fixture
def small_log(oltp_server) -> Iterator[None]:
    """The server keeps one megabyte of log for slots, no more."""
    with psycopg.connect(oltp_server.url("postgres"), autocommit=True) as connection:
        connection.execute("alter system set max_slot_wal_keep_size = '1MB'")
        connection.execute("select pg_reload_conf()")
        yield
        connection.execute("alter system reset max_slot_wal_keep_size")
        connection.execute("select pg_reload_conf()")


def test_a_lost_slot_is_an_error_and_enabling_again_heals(shop, small_log):
    shop.load()
    for number in range(4):
        shop.sql(f"insert into shop.orders values ({1000 + number})")
        shop.sql("select pg_switch_wal()")
    shop.sql("checkpoint")
    with pytest.raises(SourceError, match="is lost") as caught:
        shop.load()
    assert "finhouse cdc enable shop orders" in caught.value.remedy
    assert status(shop).state == "lost"
    assert enable(shop)
    assert "slot is ahead" in shop.load().note
    shop.assert_equal()


def test_a_slot_moved_by_somebody_else_is_noticed(shop):
    shop.load()
    shop.sql("delete from shop.orders where id = 1")
    shop.sql(
        "select pg_replication_slot_advance(slot_name, pg_current_wal_lsn())"
        " from pg_replication_slots where database = current_database()"
    )
    assert "slot is ahead" in shop.load().note
    shop.assert_equal()


def test_two_warehouses_have_a_slot_each(shop, tmp_path):
    other = Settings(home=tmp_path / "other", landing=tmp_path / "landing")
    with open_warehouse(other) as warehouse:
        second = Shop(shop.oltp_url, other, warehouse, shop.definitions)
        with pytest.raises(SourceError, match="not enabled"):
            second.load()
        enable(second)
        for each in (shop, second):
            each.load()
        shop.sql("update shop.orders set status = 'PAID' where id = 1")
        for each in (shop, second):
            result = each.load()
            assert (result.counts.updated, result.note) == (1, "")
            each.assert_equal()
        listed = capture_status(shop.oltp_url, warehouse.identity, definitions=shop.definitions)
        assert [line.reader for line in listed] == ["shop.orders", ""]


def test_status_tells_how_far_the_slot_is_behind(shop):
    shop.load()
    caught_up = status(shop)
    assert (caught_up.reader, caught_up.state) == ("shop.orders", "reserved")
    shop.sql("insert into shop.orders select i from generate_series(1000, 21000) i")
    assert status(shop).slot.behind_bytes > caught_up.slot.behind_bytes + 1_000_000
    # A warehouse on the same server writes to the same log: the second load leaves next to nothing.
    shop.load()
    shop.load()
    assert status(shop).slot.behind_bytes < 200_000
    disable(shop)
    assert status(shop).state == "not enabled"


@contextmanager
def role(shop: Shop, name: str, attributes: str) -> Iterator[str]:
    """URL of a role that may read the shop."""
    shop.sql(f"create role {name} login password 'secret' {attributes}")
    shop.sql(f"grant usage on schema shop to {name}; grant select on shop.orders to {name}")
    parts = conninfo.conninfo_to_dict(shop.oltp_url) | {"user": name, "password": "secret"}
    try:
        yield conninfo.make_conninfo("", **parts)
    finally:
        shop.sql(f"drop owned by {name}; drop role {name}")


def test_loading_needs_the_right_to_replicate_and_no_more(shop):
    with role(shop, "plain_reader", "") as url, pytest.raises(SourceError, match="no right") as why:
        replace(shop, oltp_url=url).load()
    assert 'alter role "plain_reader" with replication' in why.value.remedy
    with role(shop, "replicating_reader", "replication") as url:
        reader = replace(shop, oltp_url=url)
        reader.load()
        shop.sql("delete from shop.orders where id = 1")
        assert reader.load().counts.deleted == 1


def test_enabling_needs_the_owner_of_the_table(shop):
    disable(shop)
    with role(shop, "stranger", "replication") as url:
        shop.sql("grant create on database oltp_under_test to stranger")
        with pytest.raises(SourceError, match="must be owner of table orders"):
            enable(shop, url)
    assert enable(shop)


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("alter table shop.orders drop constraint orders_pkey", "by nothing in the log"),
        ("alter table shop.orders replica identity full", "by the full row in the log"),
        (
            "alter table shop.orders drop constraint orders_pkey, add primary key (id, amount)",
            r"by \(amount, id\) in the log",
        ),
        ("drop publication {name}", "does not exist"),
        ("alter publication {name} set (publish = 'insert')", "every kind of change"),
        ("alter publication {name} set table shop.orders (id, amount)", "does not publish the key"),
        ("comment on publication {name} is null", "was not completed"),
        (
            "create table shop.heir () inherits (shop.orders)",
            "not a plain table",
        ),
    ],
)
def test_what_would_lose_changes_is_refused(shop, statement, message):
    shop.load()
    shop.sql(statement.format(name=status(shop).name))
    with pytest.raises(SourceError, match=message) as caught:
        shop.load()
    assert caught.value.remedy


def test_a_table_that_loads_otherwise_cannot_be_enabled(shop):
    declared(shop, INCREMENTAL)
    with pytest.raises(ConfigurationError, match="has cursor xmin"):
        enable(shop)
    with pytest.raises(ConfigurationError, match="no database table 'baskets'"):
        enable_capture(shop.oltp_url, "shop", "baskets", "any", shop.definitions)


def test_going_over_from_xmin_and_back_reads_once_in_full(shop):
    declared(shop, INCREMENTAL)
    shop.load()
    declared(shop, BY_SLOT)
    assert "the cursor changed" in shop.load().note
    assert shop.load().note == ""
    declared(shop, INCREMENTAL)
    assert "the cursor changed" in shop.load().note
    shop.assert_equal()


def test_a_new_column_and_a_full_refresh_keep_the_place_in_the_log(shop):
    shop.load()
    shop.sql("alter table shop.orders add note text")
    shop.sql("update shop.orders set note = 'x' where id = 1")
    declared(shop, BY_SLOT + "    classes: {2 behaviour: [note], 3 technical: rest}\n")
    assert "new column note" in shop.load().note
    shop.sql("update shop.orders set note = 'y' where id = 2")
    assert shop.load().counts.updated == 1
    shop.sql("update shop.orders set note = 'z' where id = 3")
    shop.load(full_refresh=True)
    assert shop.load().counts.read == 0
    shop.assert_equal("id, status, note")


def test_more_changes_than_fit_in_one_batch_of_keys(shop):
    shop.sql("insert into shop.orders select i, 1 from generate_series(101, 130000) i")
    shop.load()
    shop.sql("update shop.orders set amount = amount + 1")
    shop.sql("delete from shop.orders where id % 10 = 0")
    counts = shop.load().counts
    assert (counts.updated, counts.deleted) == (117_000, 13_000)
    shop.assert_equal()


@pytest.fixture
def events(oltp_url, settings, warehouse, declare) -> Shop:
    """A table without a primary key whose rows are only added, some under the same key."""
    made = Shop(oltp_url, settings, warehouse, declare("shop", orders_yaml(APPEND_BY_SLOT)))
    made.sql(
        "create schema shop; create table shop.orders (id bigint, v text);"
        "create index on shop.orders (id);"
        "insert into shop.orders select i, 'first' from generate_series(1, 1000) i"
    )
    enable(made)
    return made


def test_append_takes_each_new_key_once_and_ignores_all_else(events):
    events.load()
    events.sql("insert into shop.orders values (1, 'again'), (1001, 'first'), (1001, 'second')")
    events.sql("update shop.orders set v = 'changed' where id = 2")
    events.sql("delete from shop.orders where id = 3")
    counts = events.load().counts
    assert (counts.inserted, counts.updated, counts.deleted, counts.duplicates) == (1, 0, 0, 3)
    assert events.raw_rows(columns="id, v") == [(i, "first") for i in range(1, 1002)]
    events.sql("truncate shop.orders; insert into shop.orders values (1002, 'first')")
    assert events.load().counts.inserted == 1
    assert len(events.raw_rows()) == 1002


def test_append_refuses_a_key_that_is_null_and_goes_on_when_it_is_gone(events):
    events.load()
    events.sql("insert into shop.orders values (null, 'x'), (1001, 'first')")
    with pytest.raises(SourceError, match="is NULL in 1 row"):
        events.load()
    events.sql("delete from shop.orders where id is null")
    assert events.load().counts.inserted == 1


def test_append_needs_an_index_on_the_key(events):
    events.load()
    events.sql("drop index shop.orders_id_idx")
    with pytest.raises(SourceError, match="has no index") as caught:
        events.load()
    assert "create index concurrently on shop.orders (id)" in caught.value.remedy


def test_the_commands_say_what_they_did(oltp_url, settings, warehouse):
    warehouse.close()
    env = {
        "OLTP_URL": oltp_url,
        "PULSE_URL": oltp_url,
        "WAREHOUSE_URL": settings.warehouse_url or "",
        "FINHOUSE_HOME": str(settings.home),
        "FINHOUSE_TARGET": settings.target,
    }

    def finhouse(*arguments: str) -> tuple[int, str]:
        result = CliRunner().invoke(main, arguments, env=env)
        return result.exit_code, result.output

    assert finhouse("cdc", "disable", "wallet", "users") == (
        0,
        "wallet.users was not captured for this warehouse\n",
    )
    code, text = finhouse("cdc", "enable", "wallet", "users")
    assert code == 2
    assert "declare cursor: replication_slot in wallet.yml first" in text
    with psycopg.connect(oltp_url, autocommit=True) as connection:
        connection.execute("select pg_create_logical_replication_slot('finhouse_old', 'pgoutput')")
    code, text = finhouse("cdc", "status")
    assert code == 0
    assert "finhouse_old" in text
    assert "(not read by this warehouse)" in text
