"""Tables to Snowflake and back, in Snowflake's environment: a request as JSON on standard input.

``{"drop": [[schema, table]], "replace": [{"schema", "table", "columns", "file"}], "export":
[{"mart", "folder"}], "examples": {name: query}}``, each part optional; the examples found are
answered as JSON on standard output. Ends with 1 and one paragraph on standard error when Snowflake
refuses.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import snowflake.connector
from snowflake.connector.cursor import DictCursor, SnowflakeCursor

# The connector's argument -> the variable profiles.yml reads.
_ARGUMENTS = {
    "account": "SNOWFLAKE_ACCOUNT",
    "host": "SNOWFLAKE_HOST",
    "port": "SNOWFLAKE_PORT",
    "protocol": "SNOWFLAKE_PROTOCOL",
    "user": "SNOWFLAKE_USER",
    "password": "DBT_ENV_SECRET_SNOWFLAKE_PASSWORD",
    "private_key_file": "SNOWFLAKE_PRIVATE_KEY_PATH",
    "private_key_file_pwd": "DBT_ENV_SECRET_SNOWFLAKE_PRIVATE_KEY_PASSPHRASE",
    "authenticator": "SNOWFLAKE_AUTHENTICATOR",
    "role": "SNOWFLAKE_ROLE",
    "warehouse": "SNOWFLAKE_WAREHOUSE",
    "database": "SNOWFLAKE_DATABASE",
}
# What dbt's sessions must have, too, for naive timestamps to be UTC: name -> values that serve.
_PARAMETERS = {"TIMEZONE": ("UTC", "Etc/UTC"), "TIMESTAMP_TYPE_MAPPING": ("TIMESTAMP_NTZ",)}
_RETRY_SECONDS = 120


class RefusedError(Exception):
    """Snowflake will not do what it was asked, in words for a reader."""


def connect(variables: Mapping[str, str] = os.environ) -> snowflake.connector.SnowflakeConnection:
    """Open a connection as the variables of profiles.yml say.

    Raises:
        RefusedError: the user's sessions read timestamps otherwise than in UTC.
    """
    arguments: dict[str, Any] = {
        argument: variables[name] for argument, name in _ARGUMENTS.items() if variables.get(name)
    }
    connection = snowflake.connector.connect(
        **arguments,
        application="finhouse",
        arrow_number_to_decimal=True,
        network_timeout=_RETRY_SECONDS,
        session_parameters={"CLIENT_OUT_OF_BAND_TELEMETRY_ENABLED": False},
    )
    with connection.cursor() as cursor:
        for name, right in _PARAMETERS.items():
            for row in cursor.execute(f"show parameters like '{name}' in session").fetchall():
                if row[1] not in right:
                    raise RefusedError(
                        f"the parameter {name} is {row[1]} in this user's sessions and must be "
                        f"{right[0]}: alter user {variables['SNOWFLAKE_USER']} "
                        f"set {name} = '{right[0]}'"
                    )
    return connection


def replace_table(
    cursor: SnowflakeCursor, schema: str, table: str, columns: Mapping[str, str], file: str
) -> None:
    """Put the rows of a Parquet file in place of a table's.

    By Snowflake's own way of bulk loading: PUT into a stage of the session, COPY into a new table,
    which then takes the name in one statement. Readers see the old rows or the new ones, and
    whatever stops it half-way leaves the old ones.

    Args:
        columns: name -> Snowflake's type.

    Raises:
        RefusedError: Snowflake took another number of rows than the file has.
    """
    target = qualified(schema, table)
    incoming = qualified(schema, f"{table}__incoming")
    stage = qualified(schema, f"{table}__files")
    rows = pq.ParquetFile(file).metadata.num_rows
    definitions = ", ".join(f"{quoted(name)} {kind}" for name, kind in columns.items())
    create_schema(cursor, schema)
    cursor.execute(f"create or replace transient table {incoming} ({definitions})")
    # Of the session: the stage and its files go when the session does.
    cursor.execute(f"create or replace temporary stage {stage}")
    path = file.replace("'", "\\'")
    cursor.execute(f"put 'file://{path}' @{stage} auto_compress = false")
    # By default Snowflake would read timestamps as numbers, and the text \N as null.
    cursor.execute(
        f"copy into {incoming} from @{stage}"
        " file_format = (type = parquet use_logical_type = true null_if = ())"
        " match_by_column_name = case_insensitive purge = true"
    )
    [(taken,)] = cursor.execute(f"select count(*) from {incoming}").fetchall()
    if taken != rows:
        raise RefusedError(f"{schema}.{table}: {taken:,} rows arrived of {rows:,} that were sent")
    cursor.execute(f"create or replace transient table {target} clone {incoming}")
    cursor.execute(f"drop table {incoming}")


def create_schema(cursor: SnowflakeCursor, schema: str) -> None:
    """Create a schema unless it is there: asking for one that is needs the right to create it."""
    [(found,)] = cursor.execute(
        "select count(*) from information_schema.schemata where upper(schema_name) = %s",
        (schema.upper(),),
    ).fetchall()
    if not found:
        cursor.execute(f"create schema if not exists {quoted(schema)}")


def export_mart(cursor: SnowflakeCursor, mart: str, folder: Path) -> None:
    """Write a mart as Parquet files, one a result batch: decimals exact, times in microseconds."""
    folder.mkdir(parents=True)
    for number, batch in enumerate(_batches(cursor, qualified("marts", mart))):
        pq.write_table(_widened(batch), folder / f"{number:06}.parquet")


def _batches(cursor: SnowflakeCursor, table: str) -> Iterator[pa.Table]:
    cursor.execute(f"select * from {table}")
    if cursor.rowcount:
        yield from cursor.fetch_arrow_batches(force_microsecond_precision=True)
    else:
        yield cursor.fetch_arrow_all(force_return_table=True, force_microsecond_precision=True)


def _widened(table: pa.Table) -> pa.Table:
    """Integers as 64 bits: Snowflake sends each batch in the fewest bits that hold its values."""
    return table.cast(
        pa.schema(
            pa.field(field.name, pa.int64() if pa.types.is_integer(field.type) else field.type)
            for field in table.schema
        )
    )


def example_rows(
    connection: snowflake.connector.SnowflakeConnection, queries: Mapping[str, str]
) -> dict[str, list[str]]:
    """Rows of each query as JSON; a query that fails is left out."""
    found = {}
    with connection.cursor(DictCursor) as cursor:
        for name, query in queries.items():
            try:
                rows = cursor.execute(query).fetchall()
            except snowflake.connector.errors.Error:
                continue
            found[name] = [
                json.dumps({key.lower(): value for key, value in row.items()}, default=str)
                for row in rows
            ]
    return found


def quoted(name: str) -> str:
    """A name as Snowflake keeps one that was written without quotes: in capitals."""
    return '"' + name.upper().replace('"', '""') + '"'


def qualified(schema: str, table: str) -> str:
    """``schema.table`` as a quoted SQL name."""
    return f"{quoted(schema)}.{quoted(table)}"


def answer(request: Mapping[str, Any]) -> dict[str, list[str]]:
    """Do what a request asks; return the examples found."""
    with connect() as connection, connection.cursor() as cursor:
        for schema, table in request.get("drop", ()):
            cursor.execute(f"drop table if exists {qualified(schema, table)}")
        for table in request.get("replace", ()):
            replace_table(cursor, **table)
        for mart in request.get("export", ()):
            export_mart(cursor, mart["mart"], Path(mart["folder"]))
        return example_rows(connection, request.get("examples", {}))


def main() -> int:
    try:
        json.dump(answer(json.load(sys.stdin)), sys.stdout)
    except (RefusedError, snowflake.connector.errors.Error) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
