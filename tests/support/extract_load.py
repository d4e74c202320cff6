"""Helpers of the extract-load tests: a shop with one table, loaded any way."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from finhouse.extract_load import LoadResult, load_source
from finhouse.settings import Settings
from finhouse.warehouse import Warehouse
from tests.support.sources import classified

SECONDS = 60.0

ORDERS_DDL = """
    create schema shop;
    create table shop.orders (
        id bigint primary key,
        amount numeric(15,2),
        status text,
        updated_at timestamptz
    );
    insert into shop.orders
    select i, i * 1.01, 'NEW', timestamptz '2026-01-01' + i * interval '1 hour'
    from generate_series(1, 100) i
"""


def orders_yaml(settings_text: str) -> str:
    """A source file with one table ``orders``; ``settings_text`` is indented YAML."""
    return classified(
        f"kind: postgres\nname: shop\nschema: shop\ntables:\n  - name: orders\n{settings_text}"
    )


FULL = "    mode: full\n    key: [id]\n"
FULL_WITHOUT_KEY = "    mode: full\n"
INCREMENTAL = (
    "    mode: incremental\n    key: [id]\n    cursor: xmin\n    reconcile_deletes: true\n"
)
BY_COLUMN = "    mode: incremental\n    key: [id]\n    cursor: updated_at\n    lookback: 2 days\n"
BY_SLOT = INCREMENTAL.replace("xmin", "replication_slot")
APPEND = "    mode: append\n    key: [id]\n    cursor: xmin\n"
APPEND_BY_SLOT = APPEND.replace("xmin", "replication_slot")


@dataclass
class Shop:
    """An OLTP database, a warehouse and the source file that ties them together."""

    oltp_url: str
    settings: Settings
    warehouse: Warehouse
    definitions: Path

    def sql(self, statement: str, params: Sequence[object] = ()) -> None:
        """Change the OLTP database, committed."""
        with psycopg.connect(self.oltp_url, autocommit=True) as connection:
            connection.execute(statement, params or None)

    def load(self, **options: Any) -> LoadResult:
        """Load the source; the result of its last table."""
        return self.load_all(**options)[-1]

    def load_all(self, **options: Any) -> list[LoadResult]:
        return load_source(
            self.settings,
            "shop",
            oltp_url=self.oltp_url,
            warehouse=self.warehouse,
            definitions=self.definitions,
            **options,
        )

    def source_rows(self, table: str = "orders", columns: str = "*") -> list[tuple]:
        with psycopg.connect(self.oltp_url) as connection:
            connection.execute("set timezone = 'UTC'")
            return connection.execute(f"select {columns} from shop.{table} order by 1").fetchall()

    def raw_rows(self, table: str = "orders", columns: str = "*", order: str = "1") -> list[tuple]:
        return self.warehouse.execute(f"select {columns} from raw_shop.{table} order by {order}")

    def assert_equal(self, columns: str = "id, amount, status, updated_at::text") -> None:
        """Raw holds exactly the rows of the source."""
        assert self.raw_rows(columns=columns) == self.source_rows(columns=columns)

    def log(self, columns: str) -> list[tuple]:
        return self.warehouse.execute(
            f"select {columns} from raw_operations.load_log order by started_at, loaded_at"
        )


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait until ``condition`` holds; fail after ``SECONDS``."""
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline, "timed out"
        time.sleep(0.02)
