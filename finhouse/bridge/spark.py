"""Spark as the engine: Iceberg tables, reached by the connection dbt uses, files by the lake.

Statements run as a dbt operation, so that a session on this machine and a cluster behind Thrift
or HTTP are reached by one profile. Dates and timestamps travel as whole numbers: how Spark reads
and writes ancient ones in Parquet depends on settings a cluster may have otherwise.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from finhouse.bridge.engine import (
    Engine,
    Mart,
    RawTable,
    held_day,
    held_moment,
    is_timestamp,
)
from finhouse.dbt.process import run_dbt
from finhouse.engines.spark_session import METHOD, spark_method
from finhouse.errors import WarehouseError
from finhouse.settings import Settings

_SAME = ("BOOLEAN", "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "FLOAT", "DOUBLE", "BLOB")
_WIDER = {
    "UTINYINT": "smallint",
    "USMALLINT": "integer",
    "UINTEGER": "bigint",
    "UBIGINT": "decimal(20, 0)",
    "HUGEINT": "decimal(38, 0)",
}
# Linux takes 128 KiB an argument; JSON and UTF-8 may double some characters.
_ARGUMENT_CHARACTERS = 60_000


class SparkEngine(Engine):
    """A Spark session of this machine, or a cluster."""

    def __init__(self, settings: Settings) -> None:
        """Connect lazily: nothing is asked of Spark before there is something to do."""
        self._settings = settings

    @property
    def location(self) -> str:
        if spark_method() == METHOD:
            return f"spark session {self._settings.engine_home}"
        return f"spark {self._settings.lake_url or self._settings.lake_home}"

    def exported(self, column: str, kind: str) -> str:
        if kind == "DATE":
            return f"cast({held_day(column)} - date '1970-01-01' as integer)"
        if is_timestamp(kind):
            return f"epoch_us({held_moment(column)})"
        if kind in _SAME or kind.startswith("DECIMAL"):
            return column
        return f"cast({column} as {_WIDER.get(kind, 'varchar')})"

    def replace(self, tables: Sequence[RawTable]) -> None:
        schemas = sorted({table.schema for table in tables})
        self.run(
            [f"create schema if not exists {schema}" for schema in schemas]
            + [self._replacement(table) for table in tables]
        )

    def _replacement(self, table: RawTable) -> str:
        columns = ", ".join(_read(_quoted(name), kind) for name, kind in table.columns.items())
        return (
            f"create or replace table {table.schema}.{table.table} using iceberg as"
            f" select {columns} from parquet.`{self._url(table.file)}`"
        )

    def drop(self, tables: Sequence[tuple[str, str]]) -> None:
        self.run([f"drop table if exists {schema}.{table}" for schema, table in tables])

    def export(self, marts: Sequence[Mart], folder: Path) -> None:
        self.run([self._extract(mart, folder / mart.name) for mart in marts])

    def _extract(self, mart: Mart, folder: Path) -> str:
        columns = ", ".join(_written(_quoted(name), kind) for name, kind in mart.columns.items())
        return (
            f"insert overwrite directory '{self._url(folder)}' using parquet"
            f" select {columns} from marts.{mart.name}"
        )

    def imported(self, column: str, kind: str) -> str:
        if kind == "date":
            return f"date '1970-01-01' + {column}"
        if kind == "timestamp":
            return f"make_timestamp({column})"
        return f"cast({column} as {kind})"

    def examples(self, queries: Mapping[str, str], folder: Path) -> dict[str, list[str]]:
        found = {}
        for number, (name, query) in enumerate(queries.items()):
            place = folder / str(number)
            try:
                self.run(
                    [
                        f"insert overwrite directory '{self._url(place)}' using json"
                        f" select * from (\n{query}\n)"
                    ]
                )
            except WarehouseError:
                continue
            files = sorted(place.glob("*.json"))
            found[name] = [line for file in files for line in file.read_text().splitlines()]
        return found

    def _url(self, path: Path) -> str:
        """A place in the lake as Spark names it."""
        lake = self._settings.lake_home
        url = self._settings.lake_url or lake.as_uri()
        return f"{url}/{path.relative_to(lake).as_posix()}"

    def run(self, statements: Sequence[str]) -> None:
        """Run SQL statements one after another.

        Raises:
            WarehouseError: Spark refused one; those before it stay done.
        """
        for batch in _batches(statements):
            code = run_dbt(
                self._settings,
                [
                    "run-operation",
                    "run_statements",
                    "--quiet",
                    "--args",
                    json.dumps({"statements": batch}),
                ],
            )
            if code:
                raise WarehouseError(
                    "Spark refused what the bridge asked of it "
                    f"(dbt run-operation ended with {code})",
                    "read dbt's message above; see docs/reference/engines.md for what Spark needs",
                )


def _batches(statements: Sequence[str]) -> Iterator[list[str]]:
    """The statements in order, in parts that fit one argument of a process."""
    batch: list[str] = []
    for statement in statements:
        if batch and sum(map(len, batch)) + len(statement) > _ARGUMENT_CHARACTERS:
            yield batch
            batch = []
        batch.append(statement)
    if batch:
        yield batch


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def _read(column: str, kind: str) -> str:
    """A column of a drop as Spark is to hold it."""
    if kind == "DATE":
        return f"date_from_unix_date({column}) as {column}"
    return f"timestamp_micros({column}) as {column}" if is_timestamp(kind) else column


def _written(column: str, kind: str) -> str:
    """A column of a mart as Spark is to write it."""
    if kind == "date":
        return f"unix_date({column}) as {column}"
    return f"unix_micros({column}) as {column}" if kind == "timestamp" else column
