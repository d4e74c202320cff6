"""Telling a source table that changed harmlessly from one that must be looked at first."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from finhouse.errors import SchemaDriftError
from finhouse.extract_load.columns import CHARACTER_TYPES, SourceColumn
from finhouse.extract_load.tables.context import TableContext


def added_columns(
    context: TableContext,
    known: Sequence[SourceColumn],
    present: Sequence[SourceColumn],
    raw_columns: Collection[str],
) -> list[SourceColumn]:
    """Columns the source has gained since the last load.

    Args:
        context: the table.
        known: the columns as loaded last time.
        present: the columns as they are now, without omitted ones.
        raw_columns: the columns the raw table has.

    Raises:
        SchemaDriftError: a column is gone, has another type, or a key column may now be NULL.
    """
    now = {column.name: column for column in present}
    for old in known:
        new = now.get(old.name)
        if new is None:
            raise _drift(
                context,
                f"column {old.name!r} ({old.source_type}) is gone from the source, or now omitted",
            )
        if _changed_type(old, new):
            raise _drift(
                context,
                f"column {old.name!r} was {old.source_type} and is now {new.source_type}",
            )
        if old.name in context.table.key and new.nullable and not old.nullable:
            raise _drift(
                context,
                f"key column {old.name!r} was {old.source_type} not null and is now"
                f" {new.source_type} null",
            )
        if old.name not in raw_columns:
            raise _drift(context, f"the raw table has lost column {old.name!r} ({old.source_type})")
    before = {column.name for column in known}
    return [column for column in present if column.name not in before]


def _changed_type(old: SourceColumn, new: SourceColumn) -> bool:
    # varchar(20) -> varchar(50) -> text: the same text in raw, before and after.
    if old.type_name in CHARACTER_TYPES and new.type_name in CHARACTER_TYPES:
        return False
    return old.source_type != new.source_type


def _drift(context: TableContext, what: str) -> SchemaDriftError:
    return SchemaDriftError(
        f"{context.shown}: {what}; nothing was loaded",
        "review what depends on it, then load that table with --full-refresh (tables:"
        f" {context.table_name}): its raw table is rebuilt",
    )
