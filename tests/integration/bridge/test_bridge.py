"""Shipping raw tables and fetching marts: what moves, what does not, and what a kill leaves."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from finhouse.bridge import Mart, Shipment, fetch, ship
from finhouse.errors import WarehouseError
from finhouse.settings import PROJECT_ROOT
from finhouse.warehouse import Warehouse
from finhouse.warehouse.duckdb_file import DuckdbWarehouse
from tests.support.second_file import SecondFile

KPIS = Mart(
    "kpis",
    {"code": "string", "day": "date", "value": "numeric(20, 2)", "seen_at": "timestamp"},
    frozenset({"code"}),
    "One row a KPI; the company's own.",
    {"code": "Code of the KPI.", "day": "", "value": "It's worth.", "seen_at": ""},
)


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Warehouse]:
    """A stage with two raw tables and a table that is not raw."""
    with DuckdbWarehouse(tmp_path / "stage.duckdb", "512MB") as warehouse:
        warehouse.execute("create schema raw_shop")
        warehouse.execute("create table raw_shop.orders as select range as id from range(3)")
        warehouse.execute("create table raw_shop.empty (id bigint, name text)")
        warehouse.execute("create schema marts")
        warehouse.execute("create table marts.kpis (code text)")
        yield warehouse


@pytest.fixture
def engine(tmp_path: Path) -> SecondFile:
    return SecondFile(tmp_path / "engine.duckdb")


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    return tmp_path / "lake"


def test_raw_tables_are_shipped_once(stage: Warehouse, engine: SecondFile, lake: Path):
    assert ship(engine, stage, lake) == Shipment(("raw_shop.empty", "raw_shop.orders"), 3, (), 0)
    assert engine.rows("select id from raw_shop.orders order by id") == [(0,), (1,), (2,)]
    assert engine.rows("select count(*) from raw_shop.empty") == [(0,)]
    assert ship(engine, stage, lake) == Shipment((), 0, (), 2)
    assert engine.taken == ["raw_shop.empty", "raw_shop.orders"]


@pytest.mark.parametrize(
    "change",
    [
        "insert into raw_shop.orders values (7)",
        "update raw_shop.orders set id = 9 where id = 1",
        "delete from raw_shop.orders where id = 1",
        "alter table raw_shop.orders add column note text",
        "create or replace table raw_shop.orders as select range::integer as id from range(3)",
    ],
)
def test_what_changed_is_shipped_and_nothing_else(
    stage: Warehouse, engine: SecondFile, lake: Path, change: str
):
    ship(engine, stage, lake)
    stage.execute(change)
    assert ship(engine, stage, lake).tables == ("raw_shop.orders",)
    expected = stage.execute("select * from raw_shop.orders order by id")
    assert engine.rows("select * from raw_shop.orders order by id") == expected
    assert len(list((lake / "raw_shop" / "orders").iterdir())) == 1


def test_a_table_that_is_gone_is_dropped(stage: Warehouse, engine: SecondFile, lake: Path):
    ship(engine, stage, lake)
    stage.execute("drop table raw_shop.orders")
    assert ship(engine, stage, lake).dropped == ("raw_shop.orders",)
    assert engine.rows("select table_name from duckdb_tables()") == [("empty",)]
    assert ship(engine, stage, lake) == Shipment((), 0, (), 1)


def test_everything_is_shipped_when_asked(stage: Warehouse, engine: SecondFile, lake: Path):
    ship(engine, stage, lake)
    assert len(ship(engine, stage, lake, everything=True).tables) == 2


def test_another_engine_is_shipped_everything(
    stage: Warehouse, engine: SecondFile, lake: Path, tmp_path: Path
):
    ship(engine, stage, lake)
    assert len(ship(SecondFile(tmp_path / "other.duckdb"), stage, lake).tables) == 2


def test_a_refused_shipment_is_made_again(stage: Warehouse, engine: SecondFile, lake: Path):
    engine.refuses = "raw_shop.orders"
    with pytest.raises(WarehouseError, match="refused"):
        ship(engine, stage, lake)
    engine.refuses = None
    assert "raw_shop.orders" in ship(engine, stage, lake).tables
    assert engine.rows("select count(*) from raw_shop.orders") == [(3,)]


KILLED = """
import os, signal, sys
from pathlib import Path
from finhouse.bridge import ship
from finhouse.warehouse.duckdb_file import DuckdbWarehouse
from tests.support.second_file import SecondFile

class Killed(SecondFile):
    def replace(self, tables):
        if sys.argv[2] == "after":
            super().replace(tables)
        os.kill(os.getpid(), signal.SIGKILL)

home = Path(sys.argv[1])
with DuckdbWarehouse(home / "stage.duckdb", "512MB") as stage:
    ship(Killed(home / "engine.duckdb"), stage, home / "lake")
"""


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_killed_shipment_is_made_again(
    tmp_path: Path, stage: Warehouse, engine: SecondFile, lake: Path, moment: str
):
    """Killed between drop and registration, before or after the engine took it.

    The stage then returns to what was shipped before: nobody may take it for unchanged.
    """
    ship(engine, stage, lake)
    stage.execute("insert into raw_shop.orders values (7)")
    stage.close()
    killed = subprocess.run([sys.executable, "-c", KILLED, tmp_path, moment], cwd=PROJECT_ROOT)
    assert killed.returncode == -9
    with DuckdbWarehouse(tmp_path / "stage.duckdb", "512MB") as again:
        again.execute("delete from raw_shop.orders where id = 7")
        assert ship(engine, again, lake).tables == ("raw_shop.orders",)
    assert engine.rows("select count(*) from raw_shop.orders") == [(3,)]
    assert len(list((lake / "raw_shop" / "orders").iterdir())) == 1


def kpis(engine: SecondFile, rows: str) -> None:
    """Let the engine have made the mart."""
    with duckdb.connect(str(engine.path)) as connection:
        connection.execute("create schema if not exists marts")
        connection.execute(
            "create or replace table marts.kpis as select * from (values "
            f"{rows}) as t (code, day, value, seen_at)"
        )


def test_marts_come_back_with_the_types_of_their_contracts(
    stage: Warehouse, engine: SecondFile, tmp_path: Path
):
    kpis(engine, "('a', date '1899-12-31', 1.5, timestamp '2026-01-02 03:04:05.678901')")
    assert fetch(engine, stage, tmp_path / "fetched", [KPIS]) == 1
    assert stage.execute("select * from marts.kpis") == [
        ("a", date(1899, 12, 31), Decimal("1.50"), datetime(2026, 1, 2, 3, 4, 5, 678901))
    ]
    assert stage.columns("marts", "kpis") == {
        "code": "VARCHAR",
        "day": "DATE",
        "value": "DECIMAL(20,2)",
        "seen_at": "TIMESTAMP",
    }
    comments = stage.execute(
        "select comment from duckdb_columns() where table_name = 'kpis' and schema_name = 'marts'"
    )
    assert ("It's worth.",) in comments
    assert not (tmp_path / "fetched").exists()


def test_marts_are_replaced_all_or_none(stage: Warehouse, engine: SecondFile, tmp_path: Path):
    kpis(engine, "('a', date '2026-01-01', 1.5, null::timestamp)")
    fetch(engine, stage, tmp_path / "fetched", [KPIS])
    kpis(engine, "(null, date '2026-01-01', 1.5, null::timestamp)")
    with pytest.raises(duckdb.ConstraintException, match="NOT NULL"):
        fetch(engine, stage, tmp_path / "fetched", [KPIS])
    assert stage.execute("select code from marts.kpis") == [("a",)]
