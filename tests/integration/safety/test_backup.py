"""A warehouse is lost, and comes back with its history; or the backup is refused, by name."""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner
from psycopg import conninfo

from finhouse.cli import main
from finhouse.errors import ConfigurationError, WarehouseError
from finhouse.extract_load.capture.setup import enable_capture
from finhouse.safety import restore
from finhouse.safety.backup import back_up, backups_in
from finhouse.safety.manifest import MANIFEST_FILE, WAREHOUSE_FILES, read_manifest
from finhouse.safety.postgres_tools import ClientTools
from finhouse.safety.restore import restore_backup
from finhouse.warehouse import open_warehouse
from tests.support.extract_load import APPEND, APPEND_BY_SLOT, BY_SLOT, orders_yaml
from tests.support.safety import KeptHouse

REPORTED = "select value from raw_operations.reported_kpis order by publication_id"


def live_on(house: KeptHouse) -> None:
    """Changes, deletes, a file and a publication after the backup."""
    house.sql("update shop.orders set status = 'PAID' where id <= 10")
    house.sql("delete from shop.orders where id between 20 and 25")
    house.sql("insert into shop.orders values (101, 5, 'NEW', now())")
    house.deliver("20260102", 2)
    house.load()
    house.load("deliveries")
    house.publish(200)


def test_a_lost_warehouse_comes_back_with_its_history_and_loads_on(house, settings):
    house.sql("delete from shop.orders where id = 7")
    house.load()
    before = house.books()
    made = back_up(settings)
    live_on(house)
    house.lose_warehouse()
    house.sql("insert into shop.orders values (102, 6, 'NEW', now())")

    restored = restore_backup(settings, Path(made.folder.name))
    assert restored.aside is None
    assert house.books() == before
    assert house.published_value() == 100
    house.load()
    house.load("deliveries")
    house.assert_equal()
    assert house.rows("select count(*) from raw_deliveries.parcels") == [(5,)]
    assert house.load()[-1].counts.inserted == 0
    again = house.publish(300)
    assert again.publication_id > before["publications"][-1][0]
    assert house.rows(REPORTED) == [(100,), (300,)]


def test_a_warehouse_that_is_there_is_kept_and_what_readers_were_told_stays_on_record(
    house, settings
):
    made = back_up(settings)
    live_on(house)
    told = house.rows("select * from raw_operations.publications order by 1")
    restored = restore_backup(settings, made.folder)
    assert house.rows("select count(*) from raw_shop.orders") == [(100,)]
    assert house.rows("select * from raw_operations.publications order by 1") == told
    assert house.rows(REPORTED) == [(100,), (200,)]
    assert restored.aside
    if settings.is_file:
        # Readers of a file keep the newer publication; on Postgres the database holds it.
        assert house.published_value() == 200
        with open_warehouse(replace(settings, home=settings.home / "other")) as other:
            other.execute(f"attach '{restored.aside}' as aside (read_only)")
            assert other.count("aside.raw_shop.orders") == 95
    else:
        assert house.published_value() == 100
        kept = restored.aside.removeprefix("database ")
        assert set(house.databases()) == {house.database, kept}
        parts = conninfo.conninfo_to_dict(settings.warehouse_url) | {"dbname": kept}
        with psycopg.connect(conninfo.make_conninfo(**parts)) as aside:
            assert aside.execute("select count(*) from raw_shop.orders").fetchone() == (95,)
        drop(house, kept)
    house.load()
    house.assert_equal()
    house.publish(400)
    assert house.rows(REPORTED) == [(100,), (200,), (400,)]
    # A second time, the same backup.
    kept = restore_backup(settings, made.folder).aside
    house.load()
    house.assert_equal()
    assert house.rows(REPORTED) == [(100,), (200,), (400,)]
    if not settings.is_file:
        drop(house, kept.removeprefix("database "))


def test_reports_that_began_after_the_backup_stay_on_record(house, settings):
    house.execute("drop table raw_operations.publications")
    house.execute("drop table raw_operations.reported_kpis")
    made = back_up(settings)
    assert made.manifest.last_publication is None
    live_on(house)
    told = house.rows(REPORTED)
    assert told[-1] == (200,)
    aside = restore_backup(settings, made.folder).aside
    assert house.rows(REPORTED) == told
    if not settings.is_file:
        drop(house, aside.removeprefix("database "))


def drop(house: KeptHouse, database: str) -> None:
    with psycopg.connect(house.server_url, autocommit=True) as connection:
        connection.execute(f"drop database {database}")


def test_rows_that_only_raw_has_come_back(house, settings):
    """Mode append keeps what the source has deleted: no source could give it again."""
    (house.definitions / "shop.yml").write_text(orders_yaml(APPEND))
    house.load()
    house.sql("delete from shop.orders where id <= 30")
    house.load()
    made = back_up(settings)
    house.lose_warehouse()
    restore_backup(settings, made.folder)
    house.sql("insert into shop.orders values (101, 5, 'NEW', now())")
    house.load()
    assert house.rows("select count(*) from raw_shop.orders") == [(101,)]


@pytest.mark.parametrize("declared", [BY_SLOT, APPEND_BY_SLOT], ids=["incremental", "append"])
def test_a_slot_that_is_ahead_of_the_restored_state_is_noticed(house, settings, declared):
    (house.definitions / "shop.yml").write_text(orders_yaml(declared))
    with open_warehouse(settings) as warehouse:
        identity = warehouse.identity
    enable_capture(house.oltp_url, "shop", "orders", identity, house.definitions)
    house.load()
    made = back_up(settings)
    house.sql("insert into shop.orders values (101, 5, 'NEW', now())")
    house.load()
    house.lose_warehouse()
    restore_backup(settings, made.folder)
    house.sql("insert into shop.orders values (102, 6, 'NEW', now())")
    [loaded] = house.load()
    assert "replication slot is ahead" in loaded.note
    house.assert_equal()
    house.sql("insert into shop.orders values (103, 7, 'NEW', now())")
    [loaded] = house.load()
    assert (loaded.note, loaded.counts.inserted) == ("", 1)


def test_files_are_private_and_the_manifest_says_what_is_there(house, settings):
    made = back_up(settings)
    assert stat.S_IMODE(made.folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in made.folder.iterdir()} == {0o600}
    manifest = read_manifest(made.folder)
    assert manifest == made.manifest
    assert (manifest.target, manifest.tables["raw_shop.orders"]) == (settings.target, 100)
    assert manifest.last_publication == house.books()["publications"][-1][0]


def test_a_flipped_byte_in_any_file_is_refused_by_name_and_changes_nothing(house, settings):
    made = back_up(settings)
    live_on(house)
    before = house.books()
    for path in sorted(made.folder.iterdir()):
        whole = path.read_bytes()
        for place in (0, len(whole) // 2, len(whole) - 1):
            path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
            with pytest.raises(WarehouseError, match=re.escape(path.name)):
                restore_backup(settings, made.folder)
        path.write_bytes(whole[:-1])
        with pytest.raises(WarehouseError, match=re.escape(path.name)):
            restore_backup(settings, made.folder)
        path.write_bytes(whole)
    (made.folder / WAREHOUSE_FILES[settings.target]).unlink()
    with pytest.raises(WarehouseError, match=WAREHOUSE_FILES[settings.target]):
        restore_backup(settings, made.folder)
    assert house.books() == before
    house.assert_equal()


def test_what_is_no_backup_of_this_target_is_refused(house, settings, tmp_path):
    made = back_up(settings)
    other = {"duckdb": "postgres", "postgres": "duckdb"}[settings.target]
    with pytest.raises(ConfigurationError, match=f"target {settings.target} .*0.1.0"):
        restore_backup(replace(settings, target=other), made.folder)
    with pytest.raises(ConfigurationError, match=made.folder.name):
        restore_backup(settings, Path("nonsense"))
    with pytest.raises(ConfigurationError, match="is no backup"):
        restore_backup(settings, tmp_path)
    manifest = made.folder / MANIFEST_FILE
    manifest.write_text(replace(made.manifest, format=3).text())
    with pytest.raises(ConfigurationError, match="format 3"):
        restore_backup(settings, made.folder)


def test_only_the_newest_are_kept_and_others_are_left_alone(house, settings, tmp_path):
    folder = tmp_path / "kept"
    made = [back_up(settings, folder, keep=2).folder for _ in range(3)]
    assert [backup.folder for backup in backups_in(folder)] == made[1:]
    # Of another warehouse: a copy whose manifest names another one.
    foreign = folder / made[0].name
    shutil.copytree(made[1], foreign)
    said = replace(read_manifest(foreign), identity="another")
    (foreign / MANIFEST_FILE).write_text(said.text())
    last = back_up(settings, folder, keep=1)
    assert [backup.folder for backup in backups_in(folder)] == [foreign, last.folder]
    assert last.removed == tuple(made[1:])


@pytest.mark.full
@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("function", ["row_counts", "sync", "Path.rename", "remove_folder"])
def test_a_killed_backup_leaves_no_half_backup(house, settings, function, moment):
    folder = settings.home / "backups"
    first = back_up(settings)
    house.killed_in("backup", "back_up(settings, keep=1)", function, moment)
    whole = backups_in(folder)
    for backup in whole:
        restore_backup(settings, backup.folder)
    assert first in whole or len(whole) == 1
    second = back_up(settings, keep=1)
    assert [path.name for path in folder.iterdir()] == [second.folder.name]
    if not settings.is_file:
        for database in house.databases():
            if database != house.database:
                drop(house, database)


AT_THE_SWAP = {
    "duckdb": [
        ("copy_apart", "before"),
        ("_check_rows", "after"),
        ("_put_aside", "before"),
        ("_put_aside", "after"),
        ("Path.replace", "after"),
        ("_restore_published", "before"),
        ("ensure_reporting_tables", "before"),
    ],
    "postgres": [
        ("create_database", "after"),
        ("_check_rows", "before"),
        ("_swap", "before"),
        ("_end_readers", "after"),
        ("_swap", "after"),
        ("ensure_reporting_tables", "before"),
    ],
}


@pytest.mark.full
def test_a_killed_restore_leaves_the_old_or_the_new(house, settings):
    made = back_up(settings)
    new = house.rows("select id, status from raw_shop.orders order by 1")
    live_on(house)
    for function, moment in AT_THE_SWAP[settings.target]:
        house.load()
        old = house.rows("select id, status from raw_shop.orders order by 1")
        call = f"restore_backup(settings, Path({str(made.folder)!r}))"
        house.killed_in("restore", call, function, moment)
        left = house.rows("select id, status from raw_shop.orders order by 1")
        is_swapped = (function, moment) in (
            ("Path.replace", "after"),
            ("_restore_published", "before"),
            ("_swap", "after"),
            ("ensure_reporting_tables", "before"),
        )
        assert left == (new if is_swapped else old), (function, moment)
        restore_backup(settings, made.folder)
        house.load()
        house.assert_equal()
        assert house.rows(REPORTED) == [(100,), (200,)]
    if not settings.is_file:
        for database in house.databases():
            if database != house.database:
                drop(house, database)


def test_readers_read_on_while_a_backup_is_made(house, settings):
    done, seen = threading.Event(), []

    def read() -> None:
        while not done.is_set():
            seen.append(house.published_value())

    reader = threading.Thread(target=read)
    reader.start()
    try:
        back_up(settings)
    finally:
        done.set()
        reader.join()
    assert set(seen) == {100}


@pytest.mark.parametrize("target", ["duckdb"], indirect=True)
def test_a_file_that_somebody_writes_is_left_alone(house, settings):
    made = back_up(settings)
    program = (
        "import duckdb, sys, time;"
        f"held = duckdb.connect({str(settings.duckdb_path)!r}); print('held', flush=True);"
        "time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as writer:
        try:
            assert writer.stdout.readline() == b"held\n"
            for attempt in (
                lambda: restore_backup(settings, made.folder),
                lambda: back_up(settings),
            ):
                with pytest.raises(WarehouseError, match="is locked by"):
                    attempt()
        finally:
            writer.kill()
    assert len(backups_in(settings.home / "backups")) == 1
    assert not list(settings.home.glob(".warehouse*"))


@pytest.mark.parametrize("target", ["duckdb"], indirect=True)
def test_a_load_in_the_midst_is_not_lost(house, settings, monkeypatch):
    made = back_up(settings)
    house.sql("insert into shop.orders values (101, 5, 'NEW', now())")
    check = restore._check_rows

    def loaded_before(copied, manifest):
        house.load()
        check(copied, manifest)

    monkeypatch.setattr(restore, "_check_rows", loaded_before)
    with pytest.raises(WarehouseError, match=r"wrote to .* meanwhile"):
        restore_backup(settings, made.folder)
    house.assert_equal()
    assert [path.name for path in settings.home.glob("*warehouse*")] == ["warehouse.duckdb"]


@pytest.mark.parametrize("target", ["duckdb"], indirect=True)
def test_a_file_that_cannot_be_opened_is_replaced_and_kept(house, settings):
    made = back_up(settings)
    settings.duckdb_path.write_bytes(os.urandom(5000))
    settings.duckdb_path.with_name("warehouse.duckdb.wal").write_bytes(b"torn")
    settings.published_path.write_bytes(b"torn")
    restored = restore_backup(settings, made.folder)
    assert any("is not known" in note for note in restored.notes)
    assert Path(restored.aside).stat().st_size == 5000
    assert house.published_value() == 100
    house.load()
    house.assert_equal()


@pytest.mark.parametrize("target", ["duckdb"], indirect=True)
def test_a_restored_stage_is_shipped_again_as_a_whole(settings):
    """What an engine of its own holds is not what it held at the backup."""
    stage = replace(settings, target="spark")
    with open_warehouse(stage) as warehouse:
        warehouse.execute("create schema raw_operations")
        warehouse.execute("create table raw_operations.shipments as select 'orders' as table_name")
        warehouse.execute("create table raw_operations.kept as select 1 as number")
    made = back_up(stage)
    assert made.folder.name.endswith("-spark")
    restore_backup(stage, made.folder)
    with open_warehouse(stage) as warehouse:
        assert warehouse.count("raw_operations.shipments") == 0
        assert warehouse.count("raw_operations.kept") == 1


@pytest.mark.parametrize("target", ["postgres"], indirect=True)
class TestPostgres:
    """What only a server can do."""

    def test_a_table_that_is_being_replaced_is_copied_whole(self, house, settings):
        """TRUNCATE shows in snapshots that are older than its commit."""
        with psycopg.connect(settings.warehouse_url) as loading:
            loading.execute("create temporary table again as select * from raw_shop.orders")
            loading.execute("truncate raw_shop.orders")
            loading.execute("insert into raw_shop.orders select * from again")
            committing = threading.Timer(1.0, loading.commit)
            committing.start()
            made = back_up(settings)
            committing.join()
        assert made.manifest.tables["raw_shop.orders"] == 100
        house.lose_warehouse()
        restore_backup(settings, made.folder)
        assert house.rows("select count(*) from raw_shop.orders") == [(100,)]

    def test_a_publication_in_the_midst_is_copied_whole(self, house, settings, monkeypatch):
        """Its tables take over the names of those that the snapshot sees."""
        run, times = ClientTools.run, []

        def published_before(tools, *arguments):
            times.append(1)
            if len(times) == 1:
                house.publish(200)
            run(tools, *arguments)

        monkeypatch.setattr(ClientTools, "run", published_before)
        made = back_up(settings)
        monkeypatch.undo()
        assert (len(times), made.manifest.tables["published.kpi_monthly"]) == (2, 1)
        house.lose_warehouse()
        restore_backup(settings, made.folder)
        assert house.published_value() == 200

    def test_readers_keep_their_rights(self, house, settings):
        with psycopg.connect(settings.warehouse_url, autocommit=True) as owner:
            owner.execute("drop role if exists viewer_under_test")
            owner.execute("create role viewer_under_test")
            owner.execute("grant usage on schema published to viewer_under_test")
            owner.execute("grant select on published.kpi_monthly to viewer_under_test")
            owner.execute(f"revoke all on database {house.database} from public")
        may = "select has_table_privilege('viewer_under_test', 'published.kpi_monthly', 'select')"
        made = back_up(settings)
        assert made.manifest.readers == ("viewer_under_test",)
        aside = restore_backup(settings, made.folder).aside.removeprefix("database ")
        assert house.rows(may) == [(True,)]
        open_to_all = "has_database_privilege('viewer_under_test', current_database(), 'connect')"
        assert house.rows(f"select {open_to_all}") == [(False,)]
        drop(house, aside)
        house.lose_warehouse()
        with psycopg.connect(house.server_url, autocommit=True) as server:
            server.execute("drop role viewer_under_test")
        restored = restore_backup(settings, made.folder)
        assert any("no role viewer_under_test" in note for note in restored.notes)
        house.assert_equal()

    def test_a_writer_is_waited_for_and_a_reader_is_not(self, house, settings):
        made = back_up(settings)
        with psycopg.connect(settings.warehouse_url) as writer:
            writer.execute("insert into raw_shop.orders (id) values (500)")
            with pytest.raises(WarehouseError, match=f"process {writer.info.backend_pid} "):
                restore_backup(settings, made.folder)
            writer.rollback()
        assert house.databases() == [house.database]
        with psycopg.connect(settings.warehouse_url) as reader:
            reader.execute("select * from published.kpi_monthly")
            aside = restore_backup(settings, made.folder).aside
            with pytest.raises(psycopg.OperationalError):
                reader.execute("select 1")
        drop(house, aside.removeprefix("database "))

    def test_a_database_with_more_than_the_warehouse_is_not_replaced(self, house, settings):
        made = back_up(settings)
        house.execute("create schema payroll")
        house.execute("create table payroll.salaries (amount numeric)")
        with pytest.raises(ConfigurationError, match="schema payroll"):
            restore_backup(settings, made.folder)
        for url in (settings.warehouse_url, f"{settings.warehouse_url}?connect_timeout=9"):
            with pytest.raises(ConfigurationError, match="is the warehouse and a source"):
                restore_backup(replace(settings, oltp_url=url), made.folder)

    def test_a_server_that_is_newer_than_every_pg_dump_is_refused(self, house, settings):
        with pytest.raises(ConfigurationError, match="has version 99, and no pg_dump"):
            ClientTools.for_server(99)


@pytest.mark.parametrize("target", ["duckdb"], indirect=True)
def test_the_commands_say_what_they_did_and_what_comes_next(house, settings, monkeypatch):
    monkeypatch.setenv("FINHOUSE_HOME", str(settings.home))
    run = CliRunner().invoke
    result = run(main, ["backup", "--keep", "1", "--unencrypted"], catch_exceptions=False)
    assert result.exit_code == 0 and "finhouse restore" in result.output, result.output
    [made] = backups_in(settings.home / "backups")
    result = run(main, ["restore", made.folder.name], catch_exceptions=False)
    assert result.exit_code == 0 and "is kept" in result.output, result.output
    assert run(main, ["restore", "nonsense"]).exit_code == ConfigurationError.exit_code
