"""A second DuckDB file as the engine behind the bridge: shipping is judged without a cluster."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb

from finhouse.bridge import Engine, Mart, RawTable
from finhouse.errors import WarehouseError


class SecondFile(Engine):
    """Takes drops and hands marts back as any engine does; remembers what it was sent.

    Attributes:
        taken: ``schema.table`` of each drop it took, in order.
        refuses: ``schema.table`` of a drop it does not take.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.taken: list[str] = []
        self.refuses: str | None = None

    @property
    def location(self) -> str:
        return f"second file {self.path}"

    def exported(self, column: str, kind: str) -> str:
        return column

    def replace(self, tables: Sequence[RawTable]) -> None:
        with duckdb.connect(str(self.path)) as connection:
            for table in tables:
                name = f"{table.schema}.{table.table}"
                if name == self.refuses:
                    raise WarehouseError(f"{name} is refused", "try again")
                connection.execute(f"create schema if not exists {table.schema}")
                connection.execute(
                    f"create or replace table {name} as select * from read_parquet('{table.file}')"
                )
                self.taken.append(name)

    def drop(self, tables: Sequence[tuple[str, str]]) -> None:
        with duckdb.connect(str(self.path)) as connection:
            for schema, table in tables:
                connection.execute(f"drop table if exists {schema}.{table}")

    def export(self, marts: Sequence[Mart], folder: Path) -> None:
        with duckdb.connect(str(self.path)) as connection:
            for mart in marts:
                (folder / mart.name).mkdir()
                connection.execute(
                    f"copy marts.{mart.name} to '{folder}/{mart.name}/0.parquet' (format parquet)"
                )

    def imported(self, column: str, kind: str) -> str:
        return f"cast({column} as {kind})"

    def examples(self, queries: Mapping[str, str], folder: Path) -> dict[str, list[str]]:
        return {}

    def rows(self, sql: str) -> list[tuple]:
        """Rows of a query on what the engine holds."""
        with duckdb.connect(str(self.path)) as connection:
            return connection.execute(sql).fetchall()
