"""Shipping to Snowflake and fetching from it, on the emulator."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from finhouse.bridge import Mart, RawTable, fetch, ship
from finhouse.bridge.fetching import duckdb_type
from finhouse.bridge.snowflake import SnowflakeEngine
from finhouse.engines.snowflake_account import snowflake_emulator
from finhouse.errors import WarehouseError
from finhouse.settings import Settings
from finhouse.warehouse import Warehouse, open_warehouse, quoted
from tests.support.snowflake import ask

pytestmark = pytest.mark.full

# Contract type -> values, null and extremes among them.
VALUES = {
    "bigint": ["9223372036854775807", "-9223372036854775808", "0", "null"],
    "integer": ["2147483647", "-1", "0", "null"],
    "numeric(38, 2)": ["999999999999999999999999999999999999.99", "-0.01", "0", "null"],
    "numeric(30, 12)": ["0.000000000001", "-123456789012345678.5", "0", "null"],
    "boolean": ["true", "false", "true", "null"],
    "date": ["'1850-02-28'", "'9999-12-31'", "'1582-10-10'", "null"],
    "timestamp": [
        "'1850-02-28 23:59:59.999999'",
        "'2026-06-30 00:00:00.000001'",
        "'9999-12-31 23:59:59'",
        "null",
    ],
    "string": ["'Ünï \U0001f600 ''quoted''\n\\ back'", "''", "'\\N'", "null"],
}


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    home = tmp_path_factory.mktemp("house")
    settings = Settings(home=home, landing=home / "landing", target="snowflake")
    yield settings
    snowflake_emulator(settings).stop()


@pytest.fixture(scope="module")
def engine(settings: Settings) -> SnowflakeEngine:
    return SnowflakeEngine(settings)


@pytest.fixture
def stage(settings: Settings) -> Iterator[Warehouse]:
    """An empty stage."""
    settings.duckdb_path.unlink(missing_ok=True)
    with open_warehouse(settings) as opened:
        opened.create_schema("raw_testing")
        yield opened


def rows(settings: Settings, sql: str) -> list[list[str]] | str:
    """What Snowflake answers."""
    return ask(snowflake_emulator(settings).serve(), [sql])[0]


def test_without_an_account_the_output_says_that_it_is_an_emulator(engine: SnowflakeEngine):
    assert "it is not Snowflake" in engine.notice


def test_every_contract_type_comes_back_as_it_went(
    settings: Settings, engine: SnowflakeEngine, stage: Warehouse, tmp_path: Path
):
    listed = ", ".join(f'"{kind}" {duckdb_type(kind)}' for kind in VALUES)
    stage.execute(f"create table raw_testing.everything ({listed})")
    for row in zip(*VALUES.values(), strict=True):
        stage.execute(f"insert into raw_testing.everything values ({', '.join(row)})")
    columns = stage.columns("raw_testing", "everything")
    for name in ("everything", "nothing"):
        drop = tmp_path / f"{name}.parquet"
        listed = ", ".join(
            f"{engine.exported(quoted(column), kind)} as {quoted(column)}"
            for column, kind in columns.items()
        )
        where = "true" if name == "everything" else "false"
        stage.execute(
            f"copy (select {listed} from raw_testing.everything where {where})"
            f" to '{drop}' (format parquet)"
        )
        engine.replace([RawTable("marts", name, columns, drop)])
    marts = [
        Mart(name, {kind: kind for kind in VALUES}, frozenset(), "It's all.", {})
        for name in ("everything", "nothing")
    ]
    assert fetch(engine, stage, tmp_path / "fetched", marts) == 4
    assert stage.columns("marts", "everything") == columns
    assert stage.execute("select * from marts.nothing") == []
    order = ' order by "bigint" nulls last'
    assert stage.execute(f"select * from marts.everything{order}") == stage.execute(
        f"select * from raw_testing.everything{order}"
    )


def test_raw_types_hold_their_values_in_snowflake(
    settings: Settings, engine: SnowflakeEngine, stage: Warehouse
):
    stage.execute(
        "create table raw_testing.odd as select"
        " cast('2026-07-01 00:30:00.123456+02' as timestamptz) as moment,"
        " cast('infinity' as date) as forever, cast('-infinity' as timestamp) as never,"
        " cast('c0ffee00-0000-4000-8000-000000000001' as uuid) as id,"
        " cast(9223372036854775807 as hugeint) as large,"
        " cast(0.1 as double) as tenth, 'x' as \"order\", cast(null as varchar) as empty"
    )
    ship(engine, stage, settings.lake_home)
    assert rows(
        settings,
        "select cast(convert_timezone('UTC', moment) as timestamp_ntz), forever, never, id, large,"
        ' tenth, "ORDER", empty from raw_testing.odd',
    ) == [
        [
            "2026-06-30 22:30:00.123456",
            "9999-12-31",
            "0001-01-01 00:00:00",
            "c0ffee00-0000-4000-8000-000000000001",
            "9223372036854775807",
            "0.1",
            "x",
            None,
        ]
    ]


def test_only_what_changed_is_shipped(
    settings: Settings, engine: SnowflakeEngine, stage: Warehouse
):
    stage.execute("create table raw_testing.kept as select 1 as n")
    stage.execute("create table raw_testing.edited as select n from range(3) as numbers(n)")
    first = ship(engine, stage, settings.lake_home)
    assert set(first.tables) == {"raw_testing.kept", "raw_testing.edited"}
    assert ship(engine, stage, settings.lake_home).tables == ()
    stage.execute("delete from raw_testing.edited where n = 1")
    stage.execute("drop table raw_testing.kept")
    again = ship(engine, stage, settings.lake_home)
    assert (again.tables, again.dropped) == (("raw_testing.edited",), ("raw_testing.kept",))
    assert rows(settings, "select n from raw_testing.edited order by n") == [["0"], ["2"]]
    assert "does not exist" in rows(settings, "select n from raw_testing.kept")


def test_a_refused_shipment_leaves_the_rows_before_and_is_made_again(
    settings: Settings,
    engine: SnowflakeEngine,
    stage: Warehouse,
    monkeypatch: pytest.MonkeyPatch,
):
    stage.execute("create table raw_testing.guarded as select 'first' as word")
    ship(engine, stage, settings.lake_home)
    stage.execute("update raw_testing.guarded set word = 'second'")
    with monkeypatch.context() as patched:
        # A column that Snowflake is told to hold as a number refuses a word.
        patched.setattr("finhouse.bridge.snowflake.snowflake_type", lambda kind: "number(38, 0)")
        with pytest.raises(WarehouseError, match="Snowflake refused"):
            ship(engine, stage, settings.lake_home)
    assert rows(settings, "select word from raw_testing.guarded") == [["first"]]
    assert "raw_testing.guarded" in ship(engine, stage, settings.lake_home).tables
    assert rows(settings, "select word from raw_testing.guarded") == [["second"]]


def test_a_mart_that_breaks_its_contract_leaves_the_marts_before(
    engine: SnowflakeEngine, stage: Warehouse, tmp_path: Path
):
    stage.create_schema("marts")
    stage.execute("create table marts.short as select 7 as n")
    drop = tmp_path / "short.parquet"
    stage.execute(f"copy (select 'seven' as n) to '{drop}' (format parquet)")
    engine.replace([RawTable("marts", "short", {"n": "VARCHAR"}, drop)])
    with pytest.raises(duckdb.Error, match="seven"):
        fetch(
            engine,
            stage,
            tmp_path / "fetched",
            [Mart("short", {"n": "integer"}, frozenset(), "", {})],
        )
    assert stage.execute("select n from marts.short") == [(7,)]


def test_rows_of_failed_tests_are_shown(engine: SnowflakeEngine, tmp_path: Path):
    found = engine.examples(
        {"good": "select 1 as n, cast('2026-01-31' as date) as day", "bad": "select nonsense"},
        tmp_path,
    )
    assert found == {"good": ['{"n": 1, "day": "2026-01-31"}']}
