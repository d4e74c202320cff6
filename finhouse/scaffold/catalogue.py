"""What a PostgreSQL schema says of itself: tables, columns, keys, references and comments."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import psycopg

from finhouse.errors import SourceError
from finhouse.extract_load.columns import SourceColumn
from finhouse.extract_load.postgres_source import SESSION
from finhouse.extract_load.sql import first_line, shown_name
from finhouse.warehouse import qualified
from finhouse.warehouse.postgres_connection import connect_postgres, describe_server

FEW_ROWS = 10_000
"""Up to here a table counts as small: comparing all of its rows costs less than thinking."""

_SCHEMAS = """
    select n.nspname::text, obj_description(n.oid, 'pg_namespace')
    from pg_namespace n
    where n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
    order by 1
"""
# Of a partitioned table the parent alone: it holds the rows of its partitions.
_TABLES = """
    select
        c.oid,
        c.relname::text,
        obj_description(c.oid, 'pg_class'),
        has_table_privilege(c.oid, 'select')
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = $1 and c.relkind in ('r', 'p') and not c.relispartition
    order by c.relname
"""
_COLUMNS = """
    select
        a.attname::text,
        format_type(a.atttypid, a.atttypmod),
        case when t.typtype = 'b' and n.nspname = 'pg_catalog' then t.typname::text else '' end,
        not a.attnotnull,
        col_description(a.attrelid, a.attnum),
        (
            select array_agg(e.enumlabel::text order by e.enumsortorder)
            from pg_enum e
            where e.enumtypid = a.atttypid
        ),
        case when t.typtype = 'd' then format_type(t.typbasetype, t.typtypmod) end,
        case when t.typtype = 'd' then b.typname::text end
    from pg_attribute a
    join pg_type t on t.oid = a.atttypid
    join pg_namespace n on n.oid = t.typnamespace
    left join pg_type b on b.oid = t.typbasetype
    where a.attrelid = $1 and a.attnum > 0 and not a.attisdropped
    order by a.attnum
"""
_KEYS = """
    select
        array(
            select a.attname::text
            from unnest(i.indkey[:i.indnkeyatts - 1]) with ordinality as k (attnum, position)
            join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum
            order by k.position
        )
    from pg_index i
    where
        i.indrelid = $1 and i.indisunique and i.indisvalid and i.indimmediate
        and i.indpred is null and i.indexprs is null
    order by not i.indisprimary, i.indnkeyatts, i.indexrelid
"""
_REFERENCES = """
    select
        array(
            select a.attname::text
            from unnest(f.conkey) with ordinality as k (attnum, position)
            join pg_attribute a on a.attrelid = f.conrelid and a.attnum = k.attnum
            order by k.position
        ),
        n.nspname::text,
        c.relname::text,
        array(
            select a.attname::text
            from unnest(f.confkey) with ordinality as k (attnum, position)
            join pg_attribute a on a.attrelid = f.confrelid and a.attnum = k.attnum
            order by k.position
        )
    from pg_constraint f
    join pg_class c on c.oid = f.confrelid
    join pg_namespace n on n.oid = c.relnamespace
    where f.conrelid = $1 and f.contype = 'f' and f.conparentid = 0
    order by f.conname
"""


@dataclass(frozen=True)
class CatalogueColumn:
    """A column and its comment.

    Attributes:
        source: name, type and whether it allows NULL.
        labels: the values of an enum, in its order; empty for other types.
        base: of a domain, the column as it would be of the type below; raw holds it as text.
    """

    source: SourceColumn
    comment: str = ""
    labels: tuple[str, ...] = ()
    base: SourceColumn | None = None

    @property
    def name(self) -> str:
        return self.source.name


@dataclass(frozen=True)
class Reference:
    """A foreign key into the same schema, or into ``schema`` where that is another one."""

    columns: tuple[str, ...]
    schema: str
    table: str
    referenced: tuple[str, ...]


@dataclass(frozen=True)
class CatalogueTable:
    """A table as the catalogue describes it.

    Attributes:
        key: the primary key, else a unique key without NULLs; empty where the table has none.
        is_small: it has at most ``FEW_ROWS`` rows; False where nobody may count them.
        is_readable: whether this user may read it.
    """

    name: str
    comment: str
    columns: tuple[CatalogueColumn, ...]
    key: tuple[str, ...]
    references: tuple[Reference, ...]
    is_small: bool
    is_readable: bool

    def column(self, name: str) -> CatalogueColumn:
        return next(column for column in self.columns if column.name == name)


@dataclass(frozen=True)
class Catalogue:
    """A schema."""

    schema: str
    comment: str
    tables: tuple[CatalogueTable, ...]


def read_catalogue(url: str, schema: str, tables: Collection[str] = ()) -> Catalogue:
    """Describe the tables of a schema, or some of them; nothing is written and no row is read.

    Raises:
        SourceError: the server cannot be reached, or has no such schema or table.
    """
    server = describe_server(url)
    with connect_postgres(url, SESSION, "the OLTP database", "OLTP_URL", SourceError) as connection:
        try:
            comments = dict(_rows(connection, _SCHEMAS))
            if schema not in comments:
                raise SourceError(
                    f"{server} has no schema {schema!r}",
                    f"use one of {', '.join(comments) or '(it has none)'}",
                )
            found = _rows(connection, _TABLES, schema)
            names = [row[1] for row in found]
            if not found:
                raise SourceError(
                    f"schema {schema!r} of {server} has no tables", "name the schema that has them"
                )
            for unknown in sorted(set(tables) - set(names)):
                raise SourceError(
                    f"schema {schema!r} of {server} has no table {unknown!r}",
                    f"use one of {', '.join(names)}",
                )
            chosen = [row for row in found if not tables or row[1] in tables]
            described = tuple(_table(connection, schema, *row) for row in chosen)
        except psycopg.Error as error:
            raise SourceError(
                f"reading the catalogue of {server} failed: {first_line(error)}",
                "check the OLTP server and its log, then run the same command again",
            ) from error
    return Catalogue(schema, comments[schema] or "", described)


def _rows(connection: psycopg.Connection, sql: str, *params: object) -> list[tuple[Any, ...]]:
    return connection.execute(sql, list(params) or None).fetchall()


def _table(
    connection: psycopg.Connection,
    schema: str,
    oid: int,
    name: str,
    comment: str | None,
    is_readable: bool,
) -> CatalogueTable:
    columns = tuple(
        CatalogueColumn(
            source=SourceColumn(*row[:4]),
            comment=row[4] or "",
            labels=tuple(row[5] or ()),
            base=SourceColumn(row[0], row[6], row[7], row[3]) if row[6] else None,
        )
        for row in _rows(connection, _COLUMNS, oid)
    )
    if not columns:
        raise SourceError(
            f"table {shown_name(schema, name)} has no columns", "drop it, or give it a column"
        )
    required = {column.name for column in columns if not column.source.nullable}
    keys = [tuple(row[0]) for row in _rows(connection, _KEYS, oid)]
    return CatalogueTable(
        name=name,
        comment=comment or "",
        columns=columns,
        key=next((key for key in keys if required.issuperset(key)), ()),
        references=tuple(
            Reference(tuple(own), to_schema, to_table, tuple(referenced))
            for own, to_schema, to_table, referenced in _rows(connection, _REFERENCES, oid)
        ),
        is_small=is_readable and _is_small(connection, qualified(schema, name)),
        is_readable=is_readable,
    )


def _is_small(connection: psycopg.Connection, sql_name: str) -> bool:
    # Counted, as the planner's guess is absent until somebody analyses the table; and only so far.
    counted = f"select count(*) from (select 1 from {sql_name} limit {FEW_ROWS + 1}) as counted"
    return int(_rows(connection, counted)[0][0]) <= FEW_ROWS
