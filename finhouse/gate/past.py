"""What some days may do to the past of a raw table, done to each of them: a sample of its rows is
changed, a sample deleted, and a sample comes late.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from finhouse.sources import CsvFolderDefinition, available_sources, raw_schema, read_source
from finhouse.warehouse.base import qualified, quoted, text_literal
from finhouse.warehouse.duckdb_file import DuckdbWarehouse
from finhouse.warehouse.opening import DEFAULT_MEMORY_LIMIT

# One row in so many, and which of them: by a hash of what identifies it.
_ONE_IN = 50
_CHANGED, _DELETED, _LATE = 0, 1, 2
_LOADERS_OWN = ("_loaded_at", "_batch_id")
_NUMBERS = ("DECIMAL", "DOUBLE", "FLOAT", "INTEGER", "BIGINT", "SMALLINT", "HUGEINT")


def change_the_past(before: Path, after: Path) -> None:
    """Change old rows of every raw table of ``after``, as loads do: with a later ``_loaded_at``.

    Rows that come late are taken out of ``before``. Files and append-only tables get late rows
    alone; rows are deleted where the source file says that deletes are looked for.

    Args:
        before, after: warehouse files of one company, the second of some days later.
    """
    with DuckdbWarehouse(after, DEFAULT_MEMORY_LIMIT) as warehouse:
        warehouse.execute(f"attach {text_literal(str(before))} as earlier")
        for name in available_sources():
            definition = read_source(name)
            schema = raw_schema(name)
            if isinstance(definition, CsvFolderDefinition):
                _change(warehouse, schema, definition.table, (), changes=False, deletes=False)
                continue
            for table in definition.tables:
                _change(
                    warehouse,
                    schema,
                    table.name,
                    table.key,
                    changes=table.mode != "append",
                    deletes=table.mode == "full" or table.reconcile_deletes,
                )
        warehouse.execute("detach earlier")


def _change(
    warehouse: DuckdbWarehouse,
    schema: str,
    table: str,
    key: Sequence[str],
    *,
    changes: bool,
    deletes: bool,
) -> None:
    columns = warehouse.columns(schema, table)
    if not columns:
        return
    where = qualified(schema, table)
    own = [name for name in columns if name not in _LOADERS_OWN]
    identity = ", ".join(quoted(name) for name in key or own)

    def sample(number: int) -> str:
        return f"hash({identity}) % {_ONE_IN} = {number}"

    later = (
        "_loaded_at = (select max(loaded_at) from raw_operations.load_log),"
        " _batch_id = (select max(batch_id) from raw_operations.load_log)"
    )
    warehouse.execute(f"delete from earlier.{where} where {sample(_LATE)}")
    warehouse.execute(f"update {where} set {later} where {sample(_LATE)}")
    numbers = [
        f"{quoted(name)} = coalesce(try_cast({quoted(name)} + 1 as {kind}), {quoted(name)})"
        for name, kind in columns.items()
        if kind.startswith(_NUMBERS) and name not in key and not name.endswith("_id")
    ]
    if changes and numbers:
        warehouse.execute(
            f"update {where} set {later}, {', '.join(numbers)} where {sample(_CHANGED)}"
        )
    if deletes:
        warehouse.execute(f"delete from {where} where {sample(_DELETED)}")
