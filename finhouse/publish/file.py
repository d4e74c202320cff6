"""A publication as a DuckDB file, and a file for each clearance."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from finhouse.clearances import CLEARANCES, Masks
from finhouse.errors import PublishError
from finhouse.publish.names import (
    PUBLICATION,
    PUBLISHED_SCHEMA,
    Marts,
    count_rows,
    loses_rows,
    stamp,
)
from finhouse.publish.reporting import PUBLICATION_COLUMNS
from finhouse.settings import Settings
from finhouse.warehouse import Warehouse, qualified, quoted, text_literal
from finhouse.warehouse.duckdb_file import put_in_place, remove_database
from finhouse.warehouse.remedies import remedy_of

_DESCRIBED = """
select database_name, schema_name, table_name, comment from duckdb_tables()
union all
select database_name, schema_name, view_name, comment from duckdb_views()
"""


def publish_files(
    settings: Settings,
    warehouse: Warehouse,
    marts: Marts,
    masks: Masks,
    record: Sequence[object],
) -> int:
    """Put the published file and those of clearances in place; return the rows of the first."""
    everything = dict.fromkeys(marts.names, "*")
    files: dict[Path, Mapping[str, str]] = {settings.published_path: everything} | {
        settings.masked_path(clearance): selects for clearance, selects in masks.selects.items()
    }
    try:
        rows = [
            _write_incoming(warehouse, path, marts, selects, record)
            for path, selects in files.items()
        ]
        if not settings.aside:
            for clearance in set(CLEARANCES) - set(masks.selects):
                _remove_masked(settings.masked_path(clearance))
        # The whole comes last: while it is the previous one, the publication has not happened.
        for path in reversed(files):
            put_in_place(_incoming(path), path)
    except (OSError, warehouse.engine_error) as error:
        for path in files:
            remove_database(_incoming(path))
        raise PublishError(
            f"cannot write {' and '.join(map(str, files))}: {error}",
            f"{remedy_of(error)}; readers of everything keep the previous build, and those "
            "with a clearance get all of this one or keep it, too",
        ) from error
    return rows[0]


def _incoming(destination: Path) -> Path:
    return destination.with_name(f".{destination.name}.incoming")


def _write_incoming(
    warehouse: Warehouse,
    destination: Path,
    marts: Marts,
    selects: Mapping[str, str],
    record: Sequence[object],
) -> int:
    """Copy the marts into a new DuckDB file beside its destination; return the number of rows.

    Args:
        selects: mart -> what is selected of it.
    """
    incoming = _incoming(destination)
    schema = f"incoming.{PUBLISHED_SCHEMA}"
    destination.parent.mkdir(parents=True, exist_ok=True)
    remove_database(incoming)
    warehouse.execute(f"attach {text_literal(str(incoming))} as incoming")
    try:
        # One transaction, as a thousand comments are: each alone would be written to the disk.
        with warehouse.transaction():
            warehouse.execute(f"create schema {schema}")
            for mart in marts.names:
                warehouse.execute(
                    f"create table {schema}.{mart} as select {selects[mart]}"
                    f" from {marts.schema}.{mart}"
                )
            stamp(warehouse, schema, marts, record)
            _copy_comments(warehouse, schema, marts)
            rows = count_rows(warehouse, schema, marts)
            warehouse.execute(f"create schema incoming.{PUBLICATION.partition('.')[0]}")
            warehouse.execute(f"create table incoming.{PUBLICATION} ({PUBLICATION_COLUMNS})")
            warehouse.change(
                f"insert into incoming.{PUBLICATION} values ($1, $2, $3, $4, $5)",
                (*record, rows),
            )
        warehouse.execute("checkpoint incoming")
    finally:
        warehouse.execute("detach incoming")
    return rows


def _copy_comments(warehouse: Warehouse, schema: str, marts: Marts) -> None:
    """Carry the documentation of tables and columns over: readers' tools show it."""
    # Of domains that were built before and are not chosen now there are marts, too.
    listed = ", ".join(map(text_literal, marts.names))
    of_marts = (
        f"database_name = current_database() and schema_name = '{marts.schema}'"
        f" and table_name in ({listed}) and comment is not null"
    )
    for table, comment in warehouse.execute(
        f"select table_name, comment from ({_DESCRIBED}) where {of_marts}"
    ):
        warehouse.execute(f"comment on table {schema}.{table} is {text_literal(comment)}")
    for table, column, comment in warehouse.execute(
        f"select table_name, column_name, comment from duckdb_columns() where {of_marts}"
    ):
        warehouse.execute(
            f'comment on column {schema}.{table}."{column}" is {text_literal(comment)}'
        )


def _remove_masked(path: Path) -> None:
    """Remove the file of a clearance that no role has any more, and its folder if that is empty."""
    path.unlink(missing_ok=True)
    with suppress(OSError):
        path.parent.rmdir()


def empty_file(warehouse: Warehouse, destination: Path, marts: Collection[str] | None) -> None:
    """Write the file anew: of rows that are merely deleted, the bytes would stay."""
    if not destination.exists():
        return
    incoming = _incoming(destination)
    remove_database(incoming)
    warehouse.execute(f"attach {text_literal(str(destination))} as seen (read_only)")
    try:
        warehouse.execute(f"attach {text_literal(str(incoming))} as incoming")
        try:
            with warehouse.transaction():
                _copy_seen(warehouse, marts)
            warehouse.execute("checkpoint incoming")
        finally:
            warehouse.execute("detach incoming")
    finally:
        warehouse.execute("detach seen")
    put_in_place(incoming, destination)


def _copy_seen(warehouse: Warehouse, marts: Collection[str] | None) -> None:
    tables = warehouse.execute(
        "select schema_name, table_name, comment from duckdb_tables()"
        " where database_name = 'seen' order by 1, 2"
    )
    for schema in dict.fromkeys(schema for schema, _, _ in tables):
        warehouse.execute(f"create schema if not exists incoming.{quoted(schema)}")
    for schema, table, comment in tables:
        name = qualified(schema, table)
        is_emptied = schema == PUBLISHED_SCHEMA and loses_rows(table, marts)
        warehouse.execute(
            f"create table incoming.{name} as select * from seen.{name}"
            + (" where false" if is_emptied else "")
        )
        if comment is not None:
            warehouse.execute(f"comment on table incoming.{name} is {text_literal(comment)}")
    for schema, table, column, comment in warehouse.execute(
        "select schema_name, table_name, column_name, comment from duckdb_columns()"
        " where database_name = 'seen' and comment is not null"
    ):
        warehouse.execute(
            f"comment on column incoming.{qualified(schema, table)}.{quoted(column)}"
            f" is {text_literal(comment)}"
        )
