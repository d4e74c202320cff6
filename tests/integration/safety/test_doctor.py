"""Each state that a kill or a fault leaves is named, repaired, and a load works after it."""

from __future__ import annotations

import json
import os
import shutil

import duckdb
import psycopg
import pytest
from click.testing import CliRunner

from finhouse.cli import main
from finhouse.errors import WarehouseError
from finhouse.extract_load.capture.setup import capture_status
from finhouse.safety.backup import back_up
from finhouse.safety.doctor import Finding, examine
from finhouse.warehouse import open_warehouse
from tests.support.extract_load import BY_SLOT, INCREMENTAL, orders_yaml
from tests.support.safety import KeptHouse

pytestmark = pytest.mark.full

CSV_ROWS = "select count(*) from raw_deliveries.parcels"


def look(house: KeptHouse, *, repair: bool = False) -> tuple[list[Finding], list[Finding]]:
    return examine(
        house.settings, repair=repair, oltp_url=house.oltp_url, definitions=house.definitions
    )


def repaired(house: KeptHouse, *told: str) -> list[Finding]:
    """The findings: named first, each with one of ``told``, then repaired, and gone after that."""
    _, found = look(house)
    said = [f"{finding.place} {finding.what}" for finding in found]
    assert len(said) == len(told), said
    for words, sentence in zip(told, said, strict=True):
        assert words in sentence
    done, remaining = look(house, repair=True)
    assert ([finding.place for finding in done], remaining) == (
        [finding.place for finding in found],
        [],
    )
    assert look(house) == ([], [])
    return done


def loads_again(house: KeptHouse) -> None:
    house.sql("insert into shop.orders values (901, 5, 'NEW', now()) on conflict do nothing")
    house.load()
    house.load("deliveries")
    house.assert_equal()
    assert house.rows(CSV_ROWS) == [(3,)]
    assert look(house) == ([], [])


def test_a_sound_house_has_no_findings(house):
    assert look(house, repair=True) == ([], [])
    loads_again(house)


def test_a_house_that_never_loaded_has_none_either(settings, oltp_url, declare):
    definitions = declare("shop", orders_yaml(INCREMENTAL))
    assert examine(settings, oltp_url=oltp_url, definitions=definitions) == ([], [])
    if settings.is_file:
        assert not settings.duckdb_path.exists()


def test_a_batch_that_succeeded_and_failed(house, settings):
    [(batch,)] = house.rows(
        "select batch_id from raw_operations.load_log where table_name = 'orders'"
    )
    house.execute(
        "insert into raw_operations.load_log (batch_id, source_name, table_name, status,"
        f" error_message) values ('{batch}', 'shop', 'orders', 'failed', 'the source is gone')"
    )
    repaired(house, "succeeded and that it failed")
    [(held,)] = house.rows("select removed_rows from raw_operations.repairs")
    assert json.loads(held)[0]["error_message"] == "the source is gone"
    statuses = "select status from raw_operations.load_log where table_name = 'orders'"
    assert house.rows(statuses) == [("succeeded",)]
    loads_again(house)


def test_a_state_without_its_table(house):
    house.execute("drop table raw_shop.orders")
    repaired(house, "there is no such table")
    loads_again(house)


def test_a_state_that_cannot_be_read(house):
    house.execute("update raw_operations.load_state set columns = '[{\"name\": '")
    _, found = look(house)
    assert [finding.what for finding in found] == ["the state of raw_shop.orders cannot be read"]
    # Without a state the table would be made again: its rows are kept.
    done, remaining = look(house, repair=True)
    assert (len(done), remaining) == (2, [])
    kept = done[1].remedy.removeprefix("renames it to ")
    assert house.rows(f"select count(*) from raw_shop.{kept}") == [(100,)]
    loads_again(house)


def test_a_table_without_its_state(house):
    house.execute("delete from raw_operations.load_state")
    [found] = repaired(house, "the loader has no state of it")
    kept = found.remedy.removeprefix("renames it to ")
    assert house.rows(f"select count(*) from raw_shop.{kept}") == [(100,)]
    loads_again(house)


def test_rows_of_a_file_that_are_gone_are_loaded_again(house):
    house.execute("delete from raw_deliveries.parcels where weight = '1'")
    house.load("deliveries")
    assert house.rows(CSV_ROWS) == [(2,)]
    repaired(house, "has 2 rows of parcels_20260101.csv, which was loaded with 3")
    loads_again(house)


def test_rows_that_are_gone_with_their_file_are_not_repaired(house, settings):
    house.execute("drop table raw_deliveries.parcels")
    delivered = settings.landing / "deliveries" / "parcels_20260101.csv"
    content = delivered.read_text()
    delivered.unlink()
    done, [finding] = look(house, repair=True)
    assert (done, finding.repair) == ([], None)
    assert "deliver parcels_20260101.csv again" in finding.remedy
    delivered.write_text(content)
    repaired(house, "has 0 rows of parcels_20260101.csv")
    loads_again(house)


def test_rows_of_a_file_that_nobody_knows(house):
    house.execute("delete from raw_operations.file_state")
    repaired(house, "of which the loader knows nothing")
    house.load("deliveries")
    loads_again(house)


def test_json_that_is_torn(house, settings):
    (settings.dbt_output / "run_results.json").write_text('{"results": [')
    repaired(house, "run_results.json is no JSON")
    settings.demo_home.mkdir()
    (settings.demo_home / "truth_wallet.json").write_text("")
    done, [finding] = look(house, repair=True)
    assert (done, finding.repair) == ([], None)
    (settings.demo_home / "truth_wallet.json").unlink()
    loads_again(house)


def test_what_a_killed_backup_leaves(house, settings):
    house.killed_in("backup", "back_up(settings)", "row_counts", "before")
    repaired(house, ".incoming-")
    assert list((settings.home / "backups").iterdir()) == []
    back_up(settings)
    loads_again(house)


def test_a_source_without_its_slot_and_a_slot_without_its_reader(house, settings):
    (house.definitions / "shop.yml").write_text(orders_yaml(BY_SLOT))
    repaired(house, "of shop.orders is not there")
    house.load()
    loads_again(house)
    (house.definitions / "shop.yml").write_text(orders_yaml(INCREMENTAL))
    repaired(house, "nothing reads it")
    with open_warehouse(settings) as warehouse:
        identity = warehouse.identity
    assert capture_status(house.oltp_url, identity, definitions=house.definitions) == []
    loads_again(house)


def test_a_source_that_cannot_be_asked_is_a_finding(house, settings):
    (house.definitions / "shop.yml").write_text(orders_yaml(BY_SLOT))
    _, [finding] = examine(
        settings,
        oltp_url="postgresql://nobody@127.0.0.1:9/nothing",
        definitions=house.definitions,
    )
    assert "cannot be looked at" in finding.what and finding.repair is None


@pytest.mark.parametrize("target", ["duckdb"], indirect=True)
class TestFiles:
    """What can be wrong with DuckDB files."""

    def test_a_publication_that_is_not_on_record(self, house):
        house.execute("delete from raw_operations.publications")
        house.execute("delete from raw_operations.reported_kpis")
        repaired(house, "which is not on record")
        assert house.rows("select value from raw_operations.reported_kpis") == [(100,)]
        loads_again(house)

    @pytest.mark.parametrize("fault", ["missing", "torn"])
    def test_a_published_file_that_readers_cannot_open(self, house, settings, fault):
        if fault == "missing":
            settings.published_path.unlink()
        else:
            settings.published_path.write_bytes(b"torn")
        done, [finding] = look(house, repair=True)
        assert (done, finding.why) == ([], "readers have nothing")
        house.publish(100)
        loads_again(house)

    def test_a_file_of_a_clearance_that_is_of_another_publication(self, house, settings):
        masked = settings.masked_path("internal")
        masked.parent.mkdir()
        shutil.copy(settings.published_path, masked)
        assert look(house) == ([], [])
        with duckdb.connect(str(masked)) as file:
            file.execute("update operations.publication set publication_id = 'another'")
        for told in ("of publication another", "nobody knows which"):
            done, [finding] = look(house, repair=True)
            assert (done, finding.place) == ([], str(masked)) and told in finding.what
            masked.write_bytes(b"torn")

    def test_what_a_killed_publication_leaves(self, house, settings):
        left = settings.published_path.with_name(f".{settings.published_path.name}.incoming")
        left.write_bytes(b"half")
        left.with_name(f"{left.name}.wal").write_bytes(b"half")
        repaired(house, "of a publication", ".wal of a publication")
        loads_again(house)

    @pytest.mark.parametrize(
        ("function", "moment", "told"),
        [("_check_rows", "before", "of a restore"), ("_put_aside", "after", "is a second name")],
    )
    def test_what_a_killed_restore_leaves(self, house, settings, function, moment, told):
        made = back_up(settings)
        call = f"restore_backup(settings, Path({str(made.folder)!r}))"
        house.killed_in("restore", call, function, moment)
        found = look(house, repair=True)
        assert any(told in finding.what for finding in found[0]) and found[1] == []
        assert [path.name for path in settings.home.glob("*warehouse*")] == ["warehouse.duckdb"]
        assert look(house) == ([], [])
        loads_again(house)

    @pytest.mark.parametrize("fault", ["missing", "torn"])
    def test_a_warehouse_that_is_lost(self, house, settings, fault):
        if fault == "missing":
            settings.duckdb_path.unlink()
        else:
            settings.duckdb_path.write_bytes(os.urandom(5000))
        done, [finding] = look(house, repair=True)
        assert done == [] and "finhouse restore" in finding.remedy

    def test_the_command_ends_with_an_error_while_findings_remain(
        self, house, settings, monkeypatch
    ):
        monkeypatch.setenv("FINHOUSE_HOME", str(settings.home))
        monkeypatch.setenv("FINHOUSE_TARGET", "duckdb")
        run = CliRunner().invoke
        assert run(main, ["doctor"]).exit_code == 0
        left = settings.published_path.with_name(f".{settings.published_path.name}.incoming")
        left.write_bytes(b"half")
        result = run(main, ["doctor"])
        assert result.exit_code == WarehouseError.exit_code
        assert str(left) in result.output and "finhouse doctor --repair" in result.output
        result = run(main, ["doctor", "--repair"])
        assert result.exit_code == 0 and "1 repaired" in result.output
        assert run(main, ["doctor"]).exit_code == 0


def test_what_a_killed_build_of_a_past_day_leaves(house):
    house.execute("create schema aside_march__marts")
    house.execute("create table aside_march__marts.kpi_monthly (value integer)")
    repaired(house, "aside_march__marts")
    loads_again(house)


@pytest.mark.parametrize("target", ["postgres"], indirect=True)
class TestSchemas:
    """What can be wrong in a Postgres database."""

    def test_what_a_killed_publication_leaves(self, house):
        for schema in ("published__incoming", "published__outgoing_20260101"):
            house.execute(f"create schema {schema}")
            house.execute(f"create table {schema}.kpi_monthly (value integer)")
        repaired(house, "published__incoming", "published__outgoing_20260101")
        loads_again(house)

    def test_a_schema_that_is_being_read_is_left(self, house, settings):
        house.execute("create schema published__outgoing_20260101")
        house.execute("create table published__outgoing_20260101.kpi_monthly (value integer)")
        with psycopg.connect(settings.warehouse_url) as reader:
            reader.execute("select * from published__outgoing_20260101.kpi_monthly")
            with pytest.raises(WarehouseError, match="lock timeout"):
                look(house, repair=True)
        repaired(house, "published__outgoing_20260101")

    def test_what_a_killed_restore_leaves(self, house, settings):
        made = back_up(settings)
        call = f"restore_backup(settings, Path({str(made.folder)!r}))"
        house.killed_in("restore", call, "_check_rows", "before")
        repaired(house, "__restoring of a restore")
        assert house.databases() == [house.database]
        loads_again(house)
