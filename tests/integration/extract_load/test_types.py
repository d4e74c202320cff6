"""Exotic values reach both warehouses exactly; what cannot be held is refused by name."""

from __future__ import annotations

import psycopg
import pytest

from finhouse.errors import ConfigurationError, SourceError
from tests.support.extract_load import FULL, Shop, orders_yaml
from tests.support.reconciling import counts, reconcile

# (column, type, type in raw on duckdb, values as PostgreSQL text; None is NULL)
COLUMNS = [
    ("c_bool", "boolean", "BOOLEAN", ["true", "false", None]),
    ("c_int2", "smallint", "SMALLINT", ["-32768", "32767", None]),
    ("c_int4", "integer", "INTEGER", ["-2147483648", "2147483647", None]),
    ("c_int8", "bigint", "BIGINT", ["-9223372036854775808", "9223372036854775807", None]),
    ("c_float4", "real", "FLOAT", ["NaN", "-Infinity", "3.4028235e+38"]),
    ("c_float8", "double precision", "DOUBLE", ["NaN", "Infinity", "5e-324"]),
    ("c_money2", "numeric(15,2)", "DECIMAL(15,2)", ["-9999999999999.99", "0.01", None]),
    ("c_wide", "numeric(38,10)", "DECIMAL(38,10)", ["9" * 28 + ".0123456789", "-1e-10", "0"]),
    ("c_beyond", "numeric(60,20)", "VARCHAR", ["9" * 40 + ".01234567890123456789", "NaN", None]),
    ("c_free", "numeric", "VARCHAR", ["1e-30", "Infinity", "123456789012345678901234567890.5"]),
    ("c_negative_scale", "numeric(5,-2)", "VARCHAR", ["12300", "-100", None]),
    ("c_text", "text", "VARCHAR", ["", "Zoë 'quote' \"x\" \\N \t\n 漢字 🏦", None]),
    ("c_varchar", "varchar(20)", "VARCHAR", ["a ", " b", None]),
    ("c_char", "char(5)", "VARCHAR", ["ab", "", None]),
    ("c_date", "date", "DATE", ["infinity", "-infinity", "4714-11-24 BC"]),
    ("c_date2", "date", "DATE", ["2024-02-29", "5874897-12-31", None]),
    ("c_time", "time", "TIME", ["24:00:00", "00:00:00.000001", None]),
    ("c_timetz", "timetz", "VARCHAR", ["12:30:00+02", "24:00:00-12", None]),
    ("c_ts", "timestamp", "TIMESTAMP", ["infinity", "-infinity", "4714-11-24 00:00:00 BC"]),
    ("c_ts2", "timestamp", "TIMESTAMP", ["294246-12-31 23:59:59.999999", "1970-01-01", None]),
    ("c_tstz", "timestamptz", "TIMESTAMP WITH TIME ZONE", ["infinity", "-infinity", None]),
    (
        "c_tstz2",
        "timestamptz",
        "TIMESTAMP WITH TIME ZONE",
        ["2026-03-29 02:30:00.123456+02", "1969-12-31 23:59:59.999999+00", "0001-01-01 00:00Z BC"],
    ),
    ("c_interval", "interval", "VARCHAR", ["1 mon -2 days +03:04:05.6", "00:00:00", None]),
    ("c_uuid", "uuid", "UUID", ["ffffffff-ffff-ffff-ffff-ffffffffffff", "0" * 32, None]),
    ("c_json", "json", "VARCHAR", ['{"b": 1, "a":[null]}', '"x"', None]),
    ("c_jsonb", "jsonb", "VARCHAR", ['{"b": 1, "a": [null]}', "1e400", None]),
    ("c_array", "integer[]", "VARCHAR", ["{1,NULL,3}", "{}", None]),
    ("c_matrix", "text[][]", "VARCHAR", ['{{a,"b c"},{"",NULL}}', "[0:1]={x,y}", None]),
    ("c_range", "tstzrange", "VARCHAR", ["[2026-01-01 00:00+00,)", "empty", None]),
    ("c_enum", "shop.mood", "VARCHAR", ["happy", "so so", None]),
    ("c_domain", "shop.positive", "VARCHAR", ["1", "2147483647", None]),
    ("c_composite", "shop.pair", "VARCHAR", ['(1,"a b")', "(,)", None]),
    ("c_inet", "inet", "VARCHAR", ["::1", "10.0.0.0/8", None]),
    ("c_money", "money", "VARCHAR", ["$1,000.50", "-$0.01", None]),
    ("c_bit", "bit varying(5)", "VARCHAR", ["101", "", None]),
    ("Odd Name", "text", "VARCHAR", ["x", "y", None]),
    ("order", "text", "VARCHAR", ["x", "y", None]),
]  # fmt: skip


@pytest.fixture
def shop(oltp_url, settings, warehouse, declare) -> Shop:
    definitions = declare("shop", orders_yaml(FULL).replace("orders", "exotic"))
    made = Shop(oltp_url, settings, warehouse, definitions)
    made.sql(
        "create schema shop;"
        "create type shop.mood as enum ('happy', 'so so');"
        "create type shop.pair as (a integer, b text);"
        "create domain shop.positive as integer check (value > 0)"
    )
    return made


def make_exotic(shop: Shop) -> None:
    listed = ", ".join(f'"{name}" {kind}' for name, kind, _, _ in COLUMNS)
    shop.sql(f"create table shop.exotic (id integer primary key, c_bytea bytea, {listed})")
    for row in range(3):
        values = [values[row] for _, _, _, values in COLUMNS]
        markers = ", ".join(["%s"] * len(values))
        shop.sql(f"insert into shop.exotic values ({row}, '\\x00ff5c', {markers})", values)


def test_every_value_equals_the_source_text(shop, target):
    make_exotic(shop)
    shop.load()
    for name, kind, _, _ in COLUMNS:
        # DuckDB and Postgres spell some equal values differently: compare in PostgreSQL's words.
        from_source = shop.source_rows("exotic", f'id, "{name}"::text')
        spelled = f'id, cast("{name}" as text)'
        from_raw = shop.raw_rows("exotic", spelled)
        if target == "duckdb":
            from_raw = [(id_, _as_postgres(value, kind)) for id_, value in from_raw]
        assert from_raw == from_source, name
    assert {bytes(row[0]) for row in shop.raw_rows("exotic", "c_bytea")} == {b"\x00\xff\\"}


def _as_postgres(text: str | None, kind: str) -> str | None:
    """DuckDB's spelling of a value in PostgreSQL's."""
    if text is None:
        return None
    if kind in ("real", "double precision"):
        return {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}.get(text, text)
    if kind in ("date", "timestamp", "timestamptz") and "(BC)" in text:
        return text.replace(" (BC)", "") + " BC"
    return text


def test_raw_types_are_as_documented(shop, target):
    make_exotic(shop)
    shop.load()
    raw = shop.warehouse.columns("raw_shop", "exotic")
    if target == "duckdb":
        assert [raw[name] for name, *_ in COLUMNS] == [kind for _, _, kind, _ in COLUMNS]
    assert list(raw)[-2:] == ["_loaded_at", "_batch_id"]


def test_a_second_load_of_exotic_values_changes_nothing(shop):
    make_exotic(shop)
    shop.load()
    everything = ", ".join(
        f'cast("{name}" as text)' for name in shop.warehouse.columns("raw_shop", "exotic")
    )
    before = shop.raw_rows("exotic", everything)
    assert not shop.load().changed
    assert shop.raw_rows("exotic", everything) == before


def test_exotic_values_are_reconciled_without_false_differences(shop):
    make_exotic(shop)
    shop.load()
    found = reconcile(shop)
    assert (found.status, counts(found)) == ("equal", (0, 0, 0, 0))
    assert found.source_sums == found.raw_sums
    assert found.source_sums["c_int8"] == "-1"


@pytest.mark.full
def test_one_exotic_value_that_differs_is_found(shop):
    """Of each type a value becomes that of another row, or NULL; what is found is healed."""
    make_exotic(shop)
    shop.load()
    for name, kind, _, _ in COLUMNS:
        for other in ("null", f'(select "{name}" from raw_shop.exotic where id = 1)'):
            changed = shop.raw_rows("exotic", f'id, "{name}" is not distinct from {other}')[0][1]
            shop.warehouse.execute(f'update raw_shop.exotic set "{name}" = {other} where id = 0')
            expected = (0, 0, 0, 0) if changed else (0, 0, 0, 1)
            assert counts(reconcile(shop, heal=True)) == expected, f"{kind} becomes {other}"
    assert reconcile(shop).status == "equal"


@pytest.mark.parametrize("kind", ["real", "double precision", "numeric(4,4)", "numeric(38,38)"])
def test_random_numbers_are_spelled_alike(shop, kind):
    shop.sql(
        f"create table shop.exotic (id integer primary key, v {kind});"
        "select setseed(0.5);"
        f"insert into shop.exotic select i, ((random() - 0.5)"
        f"{'' if 'numeric' in kind else ' * 10 ^ (i % 60 - 30)'})::{kind}"
        " from generate_series(1, 2000) i;"
        "insert into shop.exotic values (0, 0), (-1, '-0')"
    )
    shop.load()
    assert reconcile(shop).status == "equal"


@pytest.mark.parametrize("kind", ["date", "timestamp", "timestamptz", "time"])
def test_random_times_are_spelled_alike(shop, kind):
    first = "'00:00'" if kind == "time" else "'4000-01-01 BC'"
    span = "random() * interval '86399 seconds'"
    if kind != "time":
        span = "random() * interval '9000 years' + interval '1 microsecond' * (random() * 1e6)::int"
    shop.sql(
        f"create table shop.exotic (id integer primary key, v {kind});"
        "select setseed(0.5);"
        f"insert into shop.exotic select i, ({kind} {first} + {span})::{kind}"
        " from generate_series(1, 2000) i"
    )
    shop.load()
    assert reconcile(shop).status == "equal"


def test_a_source_in_another_encoding_is_equal(shop, oltp_server, settings):
    with psycopg.connect(oltp_server.url("postgres"), autocommit=True) as connection:
        connection.execute("drop database if exists latin with (force)")
        connection.execute(
            "create database latin encoding 'LATIN1' locale_provider 'libc' locale 'C'"
            " template template0"
        )
    shop.oltp_url = oltp_server.url("latin")
    shop.sql("create schema shop; create table shop.exotic (id integer primary key, v text)")
    shop.sql("insert into shop.exotic values (1, 'Zoë'), (2, 'zoe')")
    shop.load()
    assert reconcile(shop).status == "equal"
    shop.warehouse.execute("update raw_shop.exotic set v = 'Zoé' where id = 1")
    assert counts(reconcile(shop)) == (0, 0, 0, 1)


def test_numerics_that_are_not_a_number_are_refused_by_name(shop):
    shop.sql("create table shop.exotic (id integer primary key, ok numeric(9,2), fee numeric(9,2))")
    shop.sql("insert into shop.exotic values (1, 1, 1), (2, 2, 'NaN')")
    with pytest.raises(SourceError, match=r"column 'fee' \(numeric\(9,2\)\) of exotic holds NaN"):
        shop.load()
    assert not shop.warehouse.table_exists("raw_shop", "exotic")


def test_times_that_duckdb_cannot_hold_are_refused_by_name(shop, target):
    shop.sql("create table shop.exotic (id integer primary key, at timestamptz)")
    shop.sql("insert into shop.exotic values (1, '294276-12-31')")
    if target == "postgres":
        assert shop.load().counts.raw == 1
    else:
        with pytest.raises(SourceError, match="column 'at' of exotic"):
            shop.load()


def test_omitted_columns_never_leave_the_source(shop, declare):
    shop.sql("create table shop.exotic (id integer primary key, phone text, name text)")
    shop.sql("insert into shop.exotic values (1, '+27', 'n')")
    text = orders_yaml(FULL).replace("orders", "exotic")
    declare("shop", text + "    personal_data: {phone: omit, name: keep}\n")
    # Not even the right to read the column is needed.
    shop.sql("drop role if exists reader")
    shop.sql("create role reader login password 'reader'")
    shop.sql(
        "grant usage on schema shop to reader; grant select (id, name) on shop.exotic to reader"
    )
    owner, _, rest = shop.oltp_url.partition("@")
    assert owner
    shop.oltp_url = f"postgresql://reader:reader@{rest}"
    shop.load()
    assert list(shop.warehouse.columns("raw_shop", "exotic")) == [
        "id", "name", "_loaded_at", "_batch_id",
    ]  # fmt: skip


def test_a_misspelt_personal_column_is_an_error(shop, declare):
    shop.sql("create table shop.exotic (id integer primary key, phone text)")
    text = orders_yaml(FULL).replace("orders", "exotic")
    declare("shop", text + "    personal_data: {fone: omit}\n")
    with pytest.raises(ConfigurationError, match="fone"):
        shop.load()


@pytest.mark.parametrize("column", ["_loaded_at", "_Batch_Id", '"ID"'])
def test_column_names_that_clash_are_refused(shop, column):
    shop.sql(f"create table shop.exotic (id integer primary key, {column} text)")
    if column == "_Batch_Id":
        shop.sql('alter table shop.exotic rename column _batch_id to "_Batch_Id"')
    with pytest.raises(SourceError, match="clashes"):
        shop.load()


def test_partitioned_tables_views_and_empty_tables(shop, declare):
    text = orders_yaml("    mode: incremental\n    key: [id]\n    cursor: xmin\n")
    declare("shop", text + "  - name: seen\n    mode: full\n  - name: nothing\n    mode: full\n")
    shop.sql(
        "create table shop.orders (id integer primary key, v text) partition by range (id);"
        "create table shop.orders_1 partition of shop.orders for values from (0) to (10);"
        "create table shop.orders_2 partition of shop.orders for values from (10) to (20);"
        "insert into shop.orders values (1, 'a'), (11, 'b');"
        "create view shop.seen as select * from shop.orders;"
        "create table shop.nothing (a integer, b text)"
    )
    assert [result.counts.raw for result in shop.load_all()] == [2, 2, 0]
    shop.sql("update shop.orders set v = 'c', id = 12 where id = 1")
    shop.load_all()
    assert shop.raw_rows("orders", "id, v") == [(1, "a"), (11, "b"), (12, "c")]
    assert shop.raw_rows("seen", "id, v") == [(11, "b"), (12, "c")]
