"""A source may call its columns what it likes: no name of the loader's SQL is ever among them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import psycopg
import pytest
import sqlglot
from psycopg import sql
from sqlglot import exp

from finhouse.errors import ConfigurationError, SourceError
from finhouse.extract_load import DateWindow, load_source, reconcile_source
from finhouse.extract_load.postgres_source import PostgresSource
from finhouse.sources import read_source
from finhouse.sources.definitions import FILE_COLUMNS, LOADER_COLUMNS, OWN_PREFIX
from finhouse.warehouse import Warehouse, quoted
from tests.support.extract_load import Shop

KEY, VALUE, DAY = "id", "v", "day"
# What loaders, this one before it had a prefix among them, call things; and words of SQL.
COMMON_NAMES = (
    *("t", "i", "k", "s", "r", "d", "rows", "held", "copy", "copies", "arrived", "position"),
    *("rowid", "row_position", "range_number", "digest", "bound", "keys", "totalled", "s0"),
    *("raw_rows", "raw_side", "source_side", "paired", "judged", "wanted", "lowest", "highest"),
    *("is_changed", "shown", "missing", "surplus", "doubled", "changed", "absent", "left_keys"),
    *("k0", "incoming", "target", "select", "from", "order", "group", "user", "count", "finhouse"),
)
MODES = {
    "by key": "    mode: incremental\n    key: [{key}]\n    cursor: xmin\n"
    "    reconcile_deletes: true\n    event_time: {day}\n",
    "append": "    mode: append\n    key: [{key}]\n    cursor: xmin\n    event_time: {day}\n",
    "whole": "    mode: full\n    key: [{key}]\n",
    "whole, no key": "    mode: full\n",
}


def live(shop: Shop, declare, mode: str, key: str, columns: list[str]) -> None:
    """Load a table, change it and raw in each way, load, compare, heal; raw equals the source.

    Args:
        key: name of its key.
        columns: names of its other columns; the first is its day.
    """
    day, *others = columns
    names = [key, day, *others]
    listed = ", ".join(f"{quoted(name)} {'date' if name == day else 'bigint'}" for name in names)
    shop.sql(
        "drop schema if exists shop cascade; create schema shop; "
        f"create table shop.orders ({listed})"
    )
    put = sql.SQL(
        "insert into shop.orders select n, date '2026-01-01' + n, {} from generate_series({}, {}) n"
    )

    def add(first: int, last: int) -> None:
        values = sql.SQL(", ").join([sql.SQL("n * 10")] * len(others))
        with psycopg.connect(shop.oltp_url, autocommit=True) as connection:
            connection.execute(put.format(values, first, last))

    if mode != "whole, no key":
        shop.sql(f"alter table shop.orders add primary key ({quoted(key)})")
    shop.definitions = declare(
        "shop",
        "kind: postgres\nname: shop\nschema: shop\ntables:\n  - name: orders\n"
        + MODES[mode].format(key=quoted(key), day=quoted(day)),
    )
    raw = shop.warehouse

    def assert_equal() -> None:
        everything = ", ".join(map(quoted, names))
        ours = raw.execute(f"select {everything} from raw_shop.orders order by 1, 3")
        with psycopg.connect(shop.oltp_url) as connection:
            theirs = connection.execute(
                f"select {everything} from shop.orders order by 1, 3"
            ).fetchall()
        assert ours == theirs

    def compare(*, heal: bool) -> None:
        reconcile_source(
            shop.settings, "shop", oltp_url=shop.oltp_url, warehouse=raw, heal=heal,
            range_rows=5, definitions=shop.definitions,
        )  # fmt: skip

    add(1, 20)
    shop.load(full_refresh=True)
    assert_equal()
    add(21, 25)
    if mode != "append":
        shop.sql(f"update shop.orders set {quoted(others[0])} = -1 where {quoted(key)} < 5")
        shop.sql(f"delete from shop.orders where {quoted(key)} between 8 and 9")
    shop.load()
    assert_equal()
    # Raw loses, doubles and, but for keys alone, changes rows: found and healed.
    raw.execute(f"delete from raw_shop.orders where {quoted(key)} = 2")
    raw.execute(
        f"insert into raw_shop.orders select * from raw_shop.orders where {quoted(key)} = 12"
    )
    if mode != "append":
        raw.execute(f"update raw_shop.orders set {quoted(others[-1])} = 7 where {quoted(key)} = 17")
    compare(heal=True)
    assert_equal()
    if mode in ("by key", "append"):
        raw.execute(f"delete from raw_shop.orders where {quoted(key)} = 3")
        window = DateWindow(date(2026, 1, 2), date(2026, 1, 6))
        load_source(
            shop.settings, "shop", oltp_url=shop.oltp_url, warehouse=raw,
            definitions=shop.definitions, window=window,
        )  # fmt: skip
        assert_equal()


@pytest.fixture
def shop(oltp_url, settings, warehouse, tmp_path) -> Shop:
    return Shop(oltp_url, settings, warehouse, tmp_path)


@pytest.mark.parametrize("mode", MODES)
def test_columns_of_any_common_name_are_loaded(shop: Shop, declare, mode: str):
    key, *columns = COMMON_NAMES
    live(shop, declare, mode, key, columns)


@pytest.mark.parametrize("key", ["rowid", "digest", "held"])
def test_a_key_of_any_common_name_is_one(shop: Shop, declare, key: str):
    live(shop, declare, "append", key, ["day", "t", "copy"])


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch, warehouse: Warehouse) -> list[tuple[str, str]]:
    """Dialect and text of all that is run."""
    found: list[tuple[str, str]] = []

    def record(owner: type, method: str, dialect: str, position: int) -> None:
        original = getattr(owner, method)

        def recorded(self, *arguments, **options):
            found.append((dialect, str(arguments[position])))
            return original(self, *arguments, **options)

        monkeypatch.setattr(owner, method, recorded)

    dialect = "duckdb" if warehouse.dialect == "duckdb" else "postgres"
    record(type(warehouse), "execute", dialect, 0)
    record(type(warehouse), "change", dialect, 0)
    record(PostgresSource, "query", "postgres", 0)
    record(PostgresSource, "arrow_stream", "postgres", 1)
    record(PostgresSource, "copy_blocks", "postgres", 1)
    return found


def names_in(statement: str, dialect: str) -> Iterator[str]:
    for tree in sqlglot.parse(statement, dialect=dialect):
        if tree:
            for node in tree.find_all(exp.Identifier):
                yield node.name.lower()


@pytest.mark.parametrize("mode", MODES)
def test_every_name_that_the_sql_makes_bears_the_prefix(
    shop: Shop, declare, statements: list[tuple[str, str]], mode: str
):
    """Of the statements about a table of the user's, found by parsing all that is run."""
    live(shop, declare, mode, KEY, [DAY, VALUE])
    about_it = [
        (dialect, text)
        for dialect, text in statements
        if OWN_PREFIX in text or "shop.orders" in text.replace('"', "")
    ]
    assert len(about_it) > 20
    users = {"raw_shop", "shop", "orders", KEY, VALUE, DAY, *LOADER_COLUMNS}
    # Schemas of temporary tables; hidden columns, whose names PostgreSQL lets no column have; the
    # collation C.
    system = {"temp", "main", "pg_temp", "ctid", "xmin", "c"}
    made = {name for dialect, text in about_it for name in names_in(text, dialect)}
    strangers = {n for n in made - users - system if not n.startswith(OWN_PREFIX)}
    assert strangers == set()


@pytest.mark.parametrize("name", ["_loaded_at", "_BATCH_ID", f"{OWN_PREFIX}x", "_Fh_"])
def test_a_column_of_the_loaders_own_name_is_refused(shop: Shop, declare, name: str):
    shop.sql(f'create schema shop; create table shop.orders (id bigint primary key, "{name}" text)')
    shop.definitions = declare(
        "shop",
        "kind: postgres\nname: shop\nschema: shop\ntables:\n  - name: orders\n"
        "    mode: full\n    key: [id]\n",
    )
    with pytest.raises(SourceError, match="the loader's own"):
        shop.load()


@pytest.mark.parametrize("name", [*LOADER_COLUMNS, *FILE_COLUMNS, f"{OWN_PREFIX}x"])
def test_a_column_of_a_file_of_the_loaders_own_name_is_refused(declare, name: str):
    folder = declare(
        "drops",
        "kind: csv_folder\nname: drops\nfolder: drops\nfile_pattern: drops_{date:%Y%m%d}.csv\n"
        f"table: drops\ncolumns: [a, {name}]\n",
    )
    with pytest.raises(ConfigurationError, match="loader's own"):
        read_source("drops", folder)


@pytest.mark.parametrize("name", ["operations", "seeds"])
def test_a_source_of_our_own_schemas_name_is_refused(declare, name: str):
    folder = declare(
        name,
        f"kind: postgres\nname: {name}\nschema: shop\ntables:\n  - {{name: orders, mode: full}}\n",
    )
    with pytest.raises(ConfigurationError, match=f"raw_{name} is finhouse's own"):
        read_source(name, folder)


def test_a_key_of_one_column_may_be_written_without_brackets(declare):
    folder = declare(
        "shop",
        "kind: postgres\nname: shop\nschema: shop\ntables:\n"
        "  - {name: orders, mode: full, key: id}\n",
    )
    assert read_source("shop", folder).tables[0].key == ("id",)
