"""Persons who come back after a purge: rows before the horizon whom rows within theirs name.

A person's own row is dated by its last change. Who returns after years is named by a new event
while that row, unchanged at the source, is before the horizon: without it the event would name
nobody.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from finhouse.extract_load.columns import TIME_TYPES
from finhouse.sources.definitions import raw_schema
from finhouse.warehouse import qualified, quoted

if TYPE_CHECKING:
    from finhouse.extract_load.tables.context import TableContext


def person_key(context: TableContext) -> str | None:
    """The key column of a table whose rows are persons; None of other tables."""
    person = context.definition.person
    if not person or not context.table.is_of(person):
        return None
    [key] = set(context.table.columns_of(person)) & set(context.table.key)
    return key


def named_persons(context: TableContext, key: str, within: str) -> str:
    """Query, in the source's SQL, of the persons whom rows within their horizons name.

    Those whom such a person's own row names, as who referred him, are among them.

    Args:
        key: as ``person_key`` says.
        within: condition of the persons' own rows within the horizon.
    """
    person = context.definition.person
    assert person
    schema = context.definition.database_schema
    own = qualified(schema, context.table.name_in_source)
    seeds = []
    for table in context.definition.tables:
        held = context.warehouse.columns(raw_schema(context.source_name), table.name)
        columns = [name for name in table.columns_of(person) if name in held]
        if table.name == context.table_name:
            columns = [name for name in columns if name != key]
            kept = within
        elif columns:
            kept = _kept(context, table.name, table.name_in_source)
        relation = qualified(schema, table.name_in_source)
        seeds += [
            f"select {quoted(name)} from {relation} where {quoted(name)} is not null and {kept}"
            for name in columns
        ]
    if not seeds:
        return f"select {quoted(key)} from {own} where false"
    others = [name for name in context.table.columns_of(person) if name != key]
    named = " union ".join(seeds)
    if not others:
        return named
    values = ", ".join(f"(_fh_own.{quoted(name)})" for name in others)
    return (
        f"with recursive _fh_named (_fh_key) as (({named}) union"
        f" select _fh_other from _fh_named inner join {own} as _fh_own"
        f" on _fh_own.{quoted(key)} = _fh_named._fh_key"
        f" cross join lateral (values {values}) as _fh_values (_fh_other)"
        " where _fh_other is not null) select _fh_key from _fh_named"
    )


def _kept(context: TableContext, table: str, name_in_source: str) -> str:
    """Condition of the rows of another table that are within its own horizon."""
    horizon = context.books.horizon(context.source_name, table)
    if horizon is None:
        return "true"
    described = context.source.describe(context.definition.database_schema, name_in_source)
    column = described.declared_column(
        "retention date",
        horizon.column,
        TIME_TYPES,
        f"correct the row of {table} in retention_policies.csv and purge again",
    )
    return f"not {horizon.before(column.type_name)}"
