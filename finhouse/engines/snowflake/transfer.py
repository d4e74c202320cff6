"""Tables from the DuckDB stage to Snowflake, and back."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from finhouse.errors import WarehouseError
from finhouse.warehouse import qualified, quoted

if TYPE_CHECKING:
    import pyarrow as pa
    from snowflake.connector import SnowflakeConnection
    from snowflake.connector.cursor import SnowflakeCursor

# Snowflake loads files of one to two hundred megabytes best, several at a time.
FILE_SIZE = "150MB"
_SIMPLE_TYPES = {
    "TINYINT": "number(38, 0)",
    "SMALLINT": "number(38, 0)",
    "INTEGER": "number(38, 0)",
    "BIGINT": "number(38, 0)",
    "BOOLEAN": "boolean",
    "DATE": "date",
    "DOUBLE": "double",
    "FLOAT": "double",
    "TIME": "time(6)",
    "TIMESTAMP": "timestamp_ntz(6)",
    "TIMESTAMP WITH TIME ZONE": "timestamp_tz(6)",
    "VARCHAR": "text",
    "BLOB": "binary",
}


def snowflake_type(duckdb_type: str) -> str:
    """The Snowflake type that holds every value of a DuckDB type; text for all that is special."""
    if decimal := re.fullmatch(r"DECIMAL\((\d+),(\d+)\)", duckdb_type):
        return f"number({decimal[1]}, {decimal[2]})"
    return _SIMPLE_TYPES.get(duckdb_type, "text")


def ship_table(
    connection: SnowflakeConnection,
    stage: duckdb.DuckDBPyConnection,
    schema: str,
    table: str,
) -> int:
    """Put a table of the stage in place of Snowflake's of that name; return its number of rows.

    By Snowflake's own way of bulk loading: Parquet files, PUT into a stage of the session, COPY
    into a new table, which then takes the name by one statement. Readers see the old table or the
    new one, and whatever stops it half-way leaves the old one.

    Args:
        stage: the DuckDB file that extract-load wrote.

    Raises:
        WarehouseError: Snowflake refused, or took another number of rows than was sent.
    """
    columns = stage.execute(
        "select column_name, data_type from information_schema.columns"
        " where table_catalog = current_database() and table_schema = ? and table_name = ?"
        " order by ordinal_position",
        [schema, table],
    ).fetchall()
    target = qualified(schema.upper(), table.upper())
    incoming = qualified(schema.upper(), f"{table}__incoming".upper())
    definitions = ", ".join(
        f"{quoted(name.upper())} {snowflake_type(kind)}" for name, kind in columns
    )
    with connection.cursor() as cursor, tempfile.TemporaryDirectory() as folder:
        try:
            rows = _write_parquet(stage, schema, table, columns, Path(folder))
            cursor.execute(f"create schema if not exists {quoted(schema.upper())}")
            cursor.execute(f"create or replace transient table {incoming} ({definitions})")
            if rows:
                _load(cursor, schema, table, incoming, sorted(Path(folder).glob("*.parquet")))
            [(taken,)] = cursor.execute(f"select count(*) from {incoming}").fetchall()
            if taken != rows:
                raise WarehouseError(
                    f"Snowflake took {taken:,} of {rows:,} rows of {schema}.{table}",
                    "run this again; the table there is still the one before",
                )
            cursor.execute(f"create or replace transient table {target} clone {incoming}")
            cursor.execute(f"drop table {incoming}")
        except _connector_error() as error:
            raise WarehouseError(
                f"Snowflake refused {schema}.{table}: {error.msg}",
                "check the grants in docs/engines.md, then run this again",
            ) from error
    return rows


def fetch_table(connection: SnowflakeConnection, schema: str, table: str) -> Iterator[pa.Table]:
    """The rows of a table as Arrow, batch by batch; decimals exact, timestamps in microseconds.

    Raises:
        WarehouseError: Snowflake refused.
    """
    with connection.cursor() as cursor:
        try:
            cursor.execute(f"select * from {qualified(schema.upper(), table.upper())}")
            yield from cursor.fetch_arrow_batches(force_microsecond_precision=True)
        except _connector_error() as error:
            raise WarehouseError(
                f"Snowflake does not hand over {schema}.{table}: {error.msg}",
                "see that the build made it, and that the role may read it",
            ) from error


def _write_parquet(
    stage: duckdb.DuckDBPyConnection,
    schema: str,
    table: str,
    columns: list[tuple[str, str]],
    folder: Path,
) -> int:
    # Special types travel as text, so that both sides mean the same.
    selected = ", ".join(
        f"cast({quoted(name)} as varchar) as {quoted(name)}"
        if snowflake_type(kind) == "text"
        else quoted(name)
        for name, kind in columns
    )
    [(rows,)] = stage.execute(
        f"copy (select {selected} from {qualified(schema, table)}) to '{folder}'"
        f" (format parquet, file_size_bytes '{FILE_SIZE}', overwrite_or_ignore)"
    ).fetchall()
    return int(rows)


def _load(
    cursor: SnowflakeCursor, schema: str, table: str, incoming: str, files: list[Path]
) -> None:
    files_stage = qualified(schema.upper(), f"{table}__files".upper())
    # Of the session: it and its files go when the session does.
    cursor.execute(f"create or replace temporary stage {files_stage}")
    for file in files:
        cursor.execute(f"put 'file://{file}' @{files_stage} auto_compress = false")
    # Without logical types Snowflake would read timestamps as numbers.
    cursor.execute(
        f"copy into {incoming} from @{files_stage}"
        " file_format = (type = parquet use_logical_type = true)"
        " match_by_column_name = case_insensitive purge = true"
    )


def _connector_error() -> type[Exception]:
    from snowflake.connector.errors import Error

    return Error
